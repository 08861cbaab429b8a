package printer

import (
	"context"
	"time"
)

// Speeds are those of printers' serial lines, the likely ones first.
func Speeds() []int { return []int{9600, 19200, 38400, 115200, 57600, 4800, 2400} }

// huntAgain is the pause between rounds: what is sent at a wrong speed may come out as letters.
const huntAgain = 10 * time.Minute

// hunt finds the speed of a serial line by a single query at each, and reports whether the printer answered.
func (p *Printer) hunt(ctx context.Context, device string, tried int) (found bool) {
	if !p.hunted.IsZero() && p.now().Sub(p.hunted) < huntAgain {
		return false
	}
	p.hunted = p.now()
	for _, baud := range Speeds() {
		if baud == tried || ctx.Err() != nil {
			continue
		}
		if p.answersAt(ctx, device, baud) {
			p.log.Warn().Int("configured", tried).Int("baud", baud).Msg("printer answers at another speed than configured")
			p.baud, p.hunted = baud, time.Time{}
			return true
		}
	}
	return false
}

func (p *Printer) answersAt(ctx context.Context, device string, baud int) bool {
	port, err := openPort(ctx, device, lineSettings{baud: baud, parity: p.cfg.Profile.IO.Parity})
	if err != nil {
		return false
	}
	s := newSession(p, newWire(port), baud)
	s.unknown = true
	err = s.discoverFor(ctx, 0) // one query: at a wrong speed it is letters to the printer
	hung, closeErr := s.wire.close()
	if hung != nil {
		p.hung = append(p.hung, hung)
	}
	if closeErr != nil {
		p.log.Debug().Err(closeErr).Msg("printer port closed badly")
	}
	return err == nil
}
