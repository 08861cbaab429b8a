//go:build !linux

package pcscd

import (
	"context"
	"fmt"
	"os"
	"runtime"
)

type process struct{}

func unavailable() error { return fmt.Errorf("%w: not on %s", ErrUnavailable, runtime.GOOS) }

// Available tells that there is no private view on this system.
func Available(context.Context) error { return unavailable() }

// Isolate tells that there is no private view on this system.
func Isolate(context.Context) (code int, done bool, err error) { return 0, false, unavailable() }

// Start tells that there is no private view on this system.
func Start(context.Context, Options) (*Daemon, error) { return nil, unavailable() }

// Running finds none.
func Running(context.Context) (*Daemon, bool) { return nil, false }

func (d *Daemon) Signal(os.Signal) error { return unavailable() }

func (d *Daemon) Restart(context.Context) error { return unavailable() }

func (d *Daemon) Stop() error { return nil }
