//go:build linux && cgo && pcsc

package reader

import (
	"context"
	"fmt"
	"os"
	"testing"

	"go.uber.org/goleak"

	"loyaltill/internal/pcscd"
)

// TestMain runs the tests in a view of the file system where a card service of their own can be started.
func TestMain(m *testing.M) {
	code, done, err := pcscd.Isolate(context.Background())
	if err != nil {
		fmt.Fprintln(os.Stderr, "tests with a card service:", err)
	}
	if done {
		os.Exit(code)
	}
	goleak.VerifyTestMain(m)
}

// cardService starts pcscd with virtual readers for one test.
func cardService(tb testing.TB, opts pcscd.Options) *pcscd.Daemon {
	tb.Helper()
	daemon, err := pcscd.Start(tb.Context(), opts)
	if err != nil {
		if os.Getenv("CI") == "" {
			tb.Skip(err)
		}
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := daemon.Stop(); err != nil {
			tb.Error(err)
		}
		if tb.Failed() {
			tb.Logf("pcscd:\n%s", daemon.Log)
		}
	})
	return daemon
}
