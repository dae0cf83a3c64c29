// Package k8s is the one provider that Vault names itself.
package k8s

import (
	"errors"
	"log"
)

type Provider struct{}

func (*Provider) Addrs(map[string]string, *log.Logger) ([]string, error) {
	return nil, errors.New("this Vault was built without auto_join")
}

func (*Provider) Help() string { return "" }
