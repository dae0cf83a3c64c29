// A CSI driver without disks: it keeps a list of the volumes it was told to make and drops those it was told to destroy.
// The list is the evidence of what was destroyed; nothing else in the control plane knows.
//
// It knows CSI and its list, nothing of Kubernetes.
package main

import (
	"context"
	"errors"
	"flag"
	"log"
	"net"
	"net/http"
	"os"

	"github.com/container-storage-interface/spec/lib/go/csi"
	"google.golang.org/grpc"
)

func main() {
	name := flag.String("name", "", "the driver's name, as classes and volumes bear it")
	attach := flag.Bool("attach", false, "whether volumes are attached to nodes (PUBLISH_UNPUBLISH_VOLUME)")
	socket := flag.String("socket", "", "the unix socket CSI is spoken on")
	books := flag.String("books", "", "the unix socket the list is read on, in HTTP")
	flag.Parse()
	if *name == "" || *socket == "" || *books == "" {
		flag.Usage()
		os.Exit(2)
	}
	ledger := newLedger()
	failed := make(chan error, 2)
	go func() { failed <- serveBooks(*books, ledger) }()
	go func() { failed <- serveDriver(*socket, &driver{name: *name, attach: *attach, ledger: ledger}) }()
	log.Fatal(<-failed)
}

func serveDriver(socket string, driver *driver) error {
	listener, err := net.Listen("unix", socket)
	if err != nil {
		return err
	}
	server := grpc.NewServer(grpc.UnaryInterceptor(told))
	csi.RegisterIdentityServer(server, driver)
	csi.RegisterControllerServer(server, driver)
	return server.Serve(listener)
}

func serveBooks(socket string, ledger *ledger) error {
	listener, err := net.Listen("unix", socket)
	if err != nil {
		return err
	}
	err = http.Serve(listener, ledger.books())
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}

// told writes each call and its end to the log.
func told(ctx context.Context, request any, info *grpc.UnaryServerInfo, handle grpc.UnaryHandler) (any, error) {
	answer, err := handle(ctx, request)
	log.Printf("%s %v: %v", info.FullMethod, request, err)
	return answer, err
}
