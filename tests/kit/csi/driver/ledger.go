package main

import (
	"context"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"slices"
	"sync"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// What becomes of a DeleteVolume: it is obeyed, it fails, or it hangs until its caller has had enough.
const (
	obey = "obey"
	fail = "fail"
	hang = "hang"
)

// ledger is the list of volumes, in memory only, and the orders for single ones.
type ledger struct {
	mutex   sync.Mutex
	volumes map[string]struct{}
	orders  map[string]string
}

func newLedger() *ledger {
	return &ledger{volumes: map[string]struct{}{}, orders: map[string]string{}}
}

func (l *ledger) make(handle string) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	l.volumes[handle] = struct{}{}
}

func (l *ledger) destroy(ctx context.Context, handle string) error {
	l.mutex.Lock()
	order := l.orders[handle]
	l.mutex.Unlock()
	switch order {
	case fail:
		return status.Errorf(codes.Internal, "%s is not destroyed: the driver was told to fail", handle)
	case hang:
		<-ctx.Done()
		return status.FromContextError(ctx.Err()).Err()
	}
	l.mutex.Lock()
	defer l.mutex.Unlock()
	delete(l.volumes, handle)
	return nil
}

// books answers GET /volumes with all handles, takes a disk made by hand with PUT /volumes/HANDLE, and an order for
// DeleteVolume with PUT /orders/HANDLE, whose body is obey, fail or hang.
func (l *ledger) books() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /volumes", func(writer http.ResponseWriter, _ *http.Request) {
		l.mutex.Lock()
		handles := slices.Sorted(maps.Keys(l.volumes))
		l.mutex.Unlock()
		if handles == nil {
			handles = []string{}
		}
		writer.Header().Set("Content-Type", "application/json")
		// A reader that has gone away needs no answer.
		_ = json.NewEncoder(writer).Encode(handles)
	})
	mux.HandleFunc("PUT /volumes/{handle}", func(writer http.ResponseWriter, request *http.Request) {
		l.make(request.PathValue("handle"))
		writer.WriteHeader(http.StatusNoContent)
	})
	mux.HandleFunc("PUT /orders/{handle}", func(writer http.ResponseWriter, request *http.Request) {
		order, err := io.ReadAll(io.LimitReader(request.Body, 16))
		if err != nil || !slices.Contains([]string{obey, fail, hang}, string(order)) {
			http.Error(writer, "an order is obey, fail or hang", http.StatusBadRequest)
			return
		}
		l.mutex.Lock()
		defer l.mutex.Unlock()
		l.orders[request.PathValue("handle")] = string(order)
		writer.WriteHeader(http.StatusNoContent)
	})
	return mux
}
