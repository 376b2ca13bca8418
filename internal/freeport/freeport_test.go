package freeport_test

import (
	"net"
	"testing"

	"otpravka/internal/freeport"
)

func TestAddressesAreFreeAndDiffer(t *testing.T) {
	given := make(map[string]bool)
	for range 200 {
		addr := freeport.For(t)
		if given[addr] {
			t.Errorf("%s was given twice", addr)
		}
		given[addr] = true
		ln, err := net.Listen("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = ln.Close() }() // held, so that it is not free any more
		if port := ln.Addr().(*net.TCPAddr).Port; port >= 32768 {
			t.Errorf("%s may be given to an outgoing connection", addr)
		}
	}
}
