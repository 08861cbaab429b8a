package printersim

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"sync"
	"time"

	"github.com/rs/zerolog"
)

// maxPrinters is how many printers one bench holds.
const maxPrinters = 64

// ErrName is wrapped when a printer's name cannot be part of a URL or is taken.
var ErrName = errors.New("a printer's name is unique and made of letters, digits, - and _, at most 32")

// Bench is a table with printers on it, each with a name.
type Bench struct {
	printers map[string]*printer
	names    []string // in the order given
	devices  map[string]string
}

// OpenBench makes the devices appear; nothing is printed before Run. Devices are released by Run's end or by Close.
func OpenBench(printers []PrinterConfig, log zerolog.Logger) (*Bench, error) {
	if len(printers) > maxPrinters {
		return nil, fmt.Errorf("open bench: %d printers, at most %d", len(printers), maxPrinters)
	}
	name := regexp.MustCompile(`^[A-Za-z0-9_-]{1,32}$`)
	b := &Bench{printers: make(map[string]*printer), devices: make(map[string]string)}
	for _, cfg := range printers {
		if !name.MatchString(cfg.Name) || b.printers[cfg.Name] != nil {
			return nil, errors.Join(fmt.Errorf("open printer %q: %w", cfg.Name, ErrName), b.Close())
		}
		p, err := newPrinter(cfg, time.Now, log)
		if err != nil {
			return nil, errors.Join(fmt.Errorf("open printer %s: %w", cfg.Name, err), b.Close())
		}
		b.printers[cfg.Name] = p
		b.names = append(b.names, cfg.Name)
		b.devices[cfg.Name] = p.cable.device()
	}
	return b, nil
}

// Devices is what a host opens to reach each printer: the path of the pty's link, or tcp:host:port.
func (b *Bench) Devices() map[string]string { return maps.Clone(b.devices) }

// Run works all printers until ctx ends, then takes their devices away.
func (b *Bench) Run(ctx context.Context) error {
	var work sync.WaitGroup
	errs := make([]error, len(b.names))
	for i, name := range b.names {
		work.Go(func() { errs[i] = b.printers[name].run(ctx) })
	}
	work.Wait()
	return errors.Join(append(errs, b.Close())...)
}

// Close takes the devices away from a bench that does not run.
func (b *Bench) Close() error {
	for _, p := range b.printers {
		p.cable.unplug()
	}
	return nil
}
