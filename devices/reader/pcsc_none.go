//go:build !windows && !(cgo && pcsc)

package reader

import (
	"context"
	"fmt"
	"io/fs"

	"loyaltill/devices"
	"loyaltill/devices/card"
)

// Without PC/SC a reader that is configured by name says so in its health, with the remedy in the catalogue: build with the
// tag pcsc where libpcsclite is installed, or use a direct link.

type withoutPCSC struct{ r *Reader }

func newPCSC(r *Reader) backend { return withoutPCSC{r} }

func (w withoutPCSC) run(ctx context.Context) { <-ctx.Done() }

func (w withoutPCSC) connect(context.Context) (card.Transmitter, error) { return nil, notBuilt() }

func (s *Service) watch(ctx context.Context) {
	s.serviceFailed(devices.Attention, CodeNotBuilt, notBuilt())
	for ctx.Err() == nil {
		s.beat.Store(s.now().UnixNano())
		rest(ctx, heartbeatCheck)
	}
}

func notBuilt() error {
	return fmt.Errorf("%w: build with -tags pcsc where libpcsclite is installed, or use a link", ErrNotBuilt)
}

func askPlate(string, fs.FS) (plate, error) { return plate{}, notBuilt() }

func version() string { return "" }

// Probe looks at the card service once.
func Probe() (Status, error) { return Status{}, notBuilt() }
