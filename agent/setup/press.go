package setup

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/rs/zerolog"

	"loyaltill/devices"
	"loyaltill/devices/escpos"
	"loyaltill/devices/printer"
)

// Press is a port with a printer that no lane has.
type Press struct {
	Device string
	Baud   int // 0: the profile's
	Wait   time.Duration
	Now    func() time.Time
	Say    func(devices.Code) // what somebody has to do before it can print; nil: nobody is told
}

// UnreadyError says what kept a printer from being ready.
type UnreadyError struct {
	Device string
	Code   devices.Code // empty when time was up
	Err    error
}

func (e *UnreadyError) Error() string {
	return fmt.Sprintf("printer %s is not ready: %s", e.Device, e.Code)
}
func (e *UnreadyError) Unwrap() error { return e.Err }

// With has the printer do something once it is ready, and lets go of the port.
func (p Press) With(ctx context.Context, profile *escpos.Profile, do func(context.Context, *printer.Printer, printer.Status) error) (err error) {
	pr := printer.New(printer.Config{Name: profile.ID, Device: p.Device, Baud: p.Baud, Profile: profile}, zerolog.Nop(), p.Now)
	ctx, cancel := context.WithTimeout(ctx, p.Wait)
	ended := make(chan error, 1)
	go func() { ended <- pr.Run(ctx) }()
	defer func() {
		cancel()
		err = errors.Join(err, <-ended)
	}()
	st, err := p.reach(ctx, pr)
	if err != nil {
		return err
	}
	return do(ctx, pr, st)
}

// reach waits until the printer can print. What a person has to do is said once.
func (p Press) reach(ctx context.Context, pr *printer.Printer) (printer.Status, error) {
	var said devices.Code
	for {
		changed, st := pr.Changed(), pr.Status()
		code := st.Health.Code
		switch {
		case st.Link == printer.LinkUp && (st.State == printer.StateReady || st.State == printer.StatePrintedOnly):
			return st, nil
		case st.Link == printer.LinkAbsent && code != "":
			return st, &UnreadyError{Device: p.Device, Code: code}
		case code != said && code != "" && st.Link == printer.LinkUp:
			said = code
			if p.Say != nil {
				p.Say(code)
			}
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return st, &UnreadyError{Device: p.Device, Code: said, Err: ctx.Err()}
		}
	}
}
