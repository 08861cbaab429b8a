//go:build linux && cgo && pcsc

package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"regexp"
	"strconv"
	"testing"

	"loyaltill/internal/pcscd"
)

// isolate runs the tests where a card service of their own can be started.
func isolate() {
	code, done, err := pcscd.Isolate(context.Background())
	if err != nil {
		fmt.Fprintln(os.Stderr, "tests with a card service:", err)
	}
	if done {
		os.Exit(code)
	}
}

func TestBatchThroughTheCardServiceGoesOnWhenKilled(t *testing.T) {
	daemon, err := pcscd.Start(t.Context(), pcscd.Options{Readers: 1})
	if err != nil {
		if os.Getenv("CI") == "" {
			t.Skip(err)
		}
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := daemon.Stop(); err != nil {
			t.Error(err)
		}
	})
	addr := net.JoinHostPort("127.0.0.1", strconv.Itoa(daemon.Ports[0]))
	newCounter(t, addr, "--reader", regexp.QuoteMeta(daemon.Readers[0])).killAndResume()
}
