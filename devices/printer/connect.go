package printer

import (
	"context"
	"errors"
	"io"

	"loyaltill/devices"
)

// connect opens the port and stays until it is lost; it reports whether the printer had answered.
func (p *Printer) connect(ctx context.Context) bool {
	if p.abandoned() >= maxAbandoned {
		return false
	}
	answered, err := p.visit(ctx, p.cfg.Device)
	if ctx.Err() == nil {
		p.lost(explained(err))
	}
	var open *openError
	if answered || !errors.As(err, &open) || open.code != CodeAbsent || p.identity() == "" {
		return answered
	}
	for _, name := range otherNames(p.cfg.Device) {
		if answered, err = p.visit(ctx, name); answered && ctx.Err() == nil {
			p.lost(explained(err))
			return true
		}
	}
	return false
}

// visit opens a port and stays until it is lost. On another port than the configured one it stays only with the printer
// that it knows.
func (p *Printer) visit(ctx context.Context, device string) (answered bool, err error) {
	line := lineSettings{baud: p.baud, parity: p.cfg.Profile.IO.Parity}
	if line.baud == 0 {
		line.baud = p.cfg.Baud
	}
	if line.baud == 0 {
		line.baud = p.cfg.Profile.IO.Baud
	}
	port, err := openPort(ctx, device, line)
	if err != nil {
		return false, err
	}
	s := newSession(p, newWire(port), line.baud)
	s.device, s.unknown = device, device != p.cfg.Device
	err = s.run(ctx)
	hung, closeErr := s.wire.close()
	if closeErr != nil {
		p.log.Debug().Err(closeErr).Msg("printer port closed badly")
	}
	if hung != nil {
		p.hung = append(p.hung, hung)
	}
	if !s.answered && s.serial && (errors.Is(err, errSilent) || errors.Is(err, errGarbled)) && p.hunt(ctx, device, line.baud) {
		return p.visit(ctx, device)
	}
	_, tcp := port.(tcpPort)
	switch {
	case s.foreign && !s.answered && !s.serial:
		err = &openError{devices.Attention, CodeBadDevice, err}
	case tcp && s.heard.Equal(s.opened) && errors.Is(err, io.EOF):
		err = &openError{devices.Absent, CodeRefused, err} // taken and hung up at once: it serves somebody else
	}
	return s.answered && !s.unknown, err
}

// explained is the state and code for the end of a link.
func explained(err error) (devices.State, devices.Code, error) {
	var open *openError
	switch {
	case errors.As(err, &open):
		return open.state, open.code, err
	case errors.Is(err, errStuck):
		return devices.Stuck, CodePortStuck, err
	case errors.Is(err, errAnother):
		return devices.Attention, CodeAnother, err
	case errors.Is(err, errGarbled):
		return devices.Attention, CodeWrongSpeed, err
	case errors.Is(err, errSilent):
		return devices.Absent, CodeSilent, err
	}
	return devices.Absent, CodeAbsent, err
}
