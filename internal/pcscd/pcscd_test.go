//go:build linux

package pcscd

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

func TestMain(m *testing.M) {
	code, done, err := Isolate(context.Background())
	if err != nil {
		fmt.Fprintln(os.Stderr, "tests with a card service:", err)
	}
	if done {
		os.Exit(code)
	}
	os.Exit(m.Run())
}

// start starts a service for one test, where that can be.
func start(t *testing.T, readers int) *Daemon {
	t.Helper()
	d, err := Start(t.Context(), Options{Readers: readers})
	if errors.Is(err, ErrUnavailable) && os.Getenv("CI") == "" {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Stop(); err != nil {
			t.Error(err)
		}
	})
	return d
}

func TestServiceListensForTheCardsOfEachReader(t *testing.T) {
	d := start(t, 3)
	if got := strings.Join(d.Readers, ", "); got != "Loyaltill 1 00 00, Loyaltill 1 00 01, Loyaltill 2 00 00" {
		t.Errorf("readers %s", got)
	}
	for i, port := range d.Ports {
		if !listening(port) {
			t.Errorf("reader %d does not listen on %d", i, port)
		}
	}
	if err := Available(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestServiceComesBackOnTheSamePorts(t *testing.T) {
	d := start(t, 1)
	for _, end := range []syscall.Signal{syscall.SIGTERM, syscall.SIGKILL, syscall.SIGSTOP} {
		if err := d.Signal(end); err != nil {
			t.Fatal(err)
		}
		if err := d.Restart(t.Context()); err != nil {
			t.Fatal(err)
		}
		if !listening(d.Ports[0]) {
			t.Fatalf("after signal %v nobody listens", end)
		}
	}
}

func TestStoppedServiceLeavesNothingBehind(t *testing.T) {
	d := start(t, 1)
	dir := d.process.dir
	if err := d.Stop(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(dir); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("its directory: %v", err)
	}
	if answers(d.process.inst.socket()) || listening(d.Ports[0]) {
		t.Error("it still answers")
	}
}

func TestServiceEndsWithItsContext(t *testing.T) {
	start(t, 1) // skips where nothing can be started
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Start(ctx, Options{Readers: 1}); err == nil {
		t.Error("started after its end")
	}
}

func TestOptionsOutOfRangeAreRefused(t *testing.T) {
	for _, opts := range []Options{{Readers: -1}, {Pinpads: -1}, {Readers: MaxReaders + 1}, {Readers: MaxReaders, Pinpads: 1}} {
		if _, err := Start(t.Context(), opts); err == nil {
			t.Errorf("%+v", opts)
		}
	}
}

func TestSecondServiceInTheSameViewIsRefusedNotMixedUp(t *testing.T) {
	start(t, 1)
	if d, err := Start(t.Context(), Options{Readers: 1}); err == nil {
		_ = d.Stop()
		t.Fatal("two services on one socket")
	}
}

func TestLogKeepsTheNewest(t *testing.T) {
	var l Log
	for range 3 {
		fmt.Fprint(&l, strings.Repeat("x", logLimit/2))
	}
	fmt.Fprint(&l, "end")
	if s := l.String(); len(s) != logLimit || !strings.HasSuffix(s, "xend") {
		t.Fatalf("%d bytes", len(s))
	}
}

func TestRunningServiceOfSomebodyElseIsNotOurs(t *testing.T) {
	d := start(t, 1)
	if other, found := Running(t.Context()); found {
		t.Fatalf("found %v with ports %v although only %v runs", other.Readers, other.Ports, d.Ports)
	}
	if matches, err := filepath.Glob(filepath.Join(d.process.dir, "*.so")); err != nil || len(matches) != 1 {
		t.Fatalf("driver copies %v, %v", matches, err)
	}
}
