//go:build windows || (cgo && pcsc)

package reader

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/ebfe/scard"

	"loyaltill/devices/apdu"
	"loyaltill/devices/card"
)

const (
	shareFirst = 50 * time.Millisecond
	shareMost  = 500 * time.Millisecond
	shareLimit = 2 * time.Second // a security agent that looks at a new card is done by then
	closeLimit = 2 * time.Second
)

// errOwn tells a connection of this program from one of another: only the other is waited for.
var errOwn = errors.New("the last connection is still open")

func (p *pcscReader) connect(ctx context.Context) (card.Transmitter, error) {
	name := p.r.Name()
	if name == "" {
		return nil, p.absent()
	}
	var atr []byte
	wait, waited := shareFirst, time.Duration(0)
	for {
		err := p.call(ctx, connectLimit, func() (err error) {
			atr, err = p.open(name)
			return err
		})
		if err == nil {
			return &pcscConn{p: p, atr: atr}, nil
		}
		if !errors.Is(err, ErrBusy) || errors.Is(err, errOwn) || ctx.Err() != nil {
			return nil, fmt.Errorf("connect card in %q: %w", name, err)
		}
		if waited >= shareLimit {
			return nil, fmt.Errorf("connect card in %q: %w", name, &BusyError{Programs: programsWithPCSC(os.DirFS(procDir), os.Getpid())})
		}
		rest(ctx, wait)
		waited += wait
		wait = min(2*wait, shareMost)
	}
}

// absent says why there is no reader.
func (p *pcscReader) absent() error {
	switch p.r.Health().Code {
	case CodeAmbiguous, CodeTaken:
		return ErrAmbiguous
	case CodeNoService, CodeHangs:
		return ErrService
	case CodeDenied:
		return ErrDenied
	}
	return ErrNoReader
}

// open runs on the thread. It connects for this program alone. A context that was made before a restart of the card service is
// of no use any more, and nothing tells: the first failure makes a new one.
func (p *pcscReader) open(name string) ([]byte, error) {
	if p.card != nil {
		return nil, fmt.Errorf("%w: %w", ErrBusy, errOwn)
	}
	old := p.pcsc != nil
	atr, err := p.openOnce(name)
	if old && errors.Is(err, ErrService) {
		atr, err = p.openOnce(name)
	}
	return atr, err
}

func (p *pcscReader) openOnce(name string) ([]byte, error) {
	if p.pcsc == nil {
		pcsc, err := scard.EstablishContext()
		if err != nil {
			return nil, classify(err)
		}
		p.pcsc = pcsc
	}
	connected, err := p.pcsc.Connect(name, scard.ShareExclusive, scard.ProtocolAny)
	if err != nil {
		err = classify(err)
		if errors.Is(err, ErrService) || errors.Is(err, ErrInternal) {
			p.release() // a context does not live longer than its service
		}
		return nil, err
	}
	p.card = connected
	status, err := connected.Status()
	if err != nil {
		p.release()
		return nil, classify(err)
	}
	return status.Atr, nil
}

// pcscConn is one connection to one card. After the first error nothing more is sent: a handle may go on working with a card
// that took the first one's place.
type pcscConn struct {
	p      *pcscReader
	atr    []byte
	broken error
}

func (c *pcscConn) ATR() []byte { return bytes.Clone(c.atr) }

// Transmit gives an APDU two seconds.
func (c *pcscConn) Transmit(ctx context.Context, capdu, rapdu []byte) (int, error) {
	if len(capdu) < minCommand {
		return 0, fmt.Errorf("transmit: command of %d bytes", len(capdu))
	}
	var answer []byte
	err := c.call(ctx, apduLimit, capdu, func(own []byte) (err error) {
		if c.p.card.ActiveProtocol() == scard.ProtocolT0 {
			own = forT0(own)
		}
		if answer, err = c.p.card.Transmit(own); err != nil {
			return classify(err)
		}
		if len(answer) < minAnswer { // pcscd reports a card torn out during the command as success
			return fmt.Errorf("%w: answer of %d bytes", ErrNoCard, len(answer))
		}
		return nil
	})
	if err != nil {
		return 0, fmt.Errorf("transmit: %w", err)
	}
	if len(answer) > len(rapdu) {
		c.broken = fmt.Errorf("transmit: %w: %d bytes, room for %d", apdu.ErrTooLong, len(answer), len(rapdu))
		return 0, c.broken
	}
	return copy(rapdu, answer), nil
}

// Control gives the reader as long as somebody may type. That a reader does not know a code says nothing of the card: the
// connection stays good unless the call was given up.
func (c *pcscConn) Control(ctx context.Context, code uint32, in []byte) ([]byte, error) {
	var out []byte
	var refused error
	err := c.call(ctx, controlLimit, in, func(own []byte) error {
		out, refused = c.p.card.Control(code, own)
		return nil
	})
	if err == nil {
		err = classify(refused)
	}
	if err != nil {
		return nil, fmt.Errorf("control reader: %w", err)
	}
	return out, nil
}

// call runs do on the thread with a copy of input: a call that is given up may go on reading it. The copy is overwritten.
func (c *pcscConn) call(ctx context.Context, limit time.Duration, input []byte, do func(own []byte) error) error {
	if c.broken != nil {
		return c.broken
	}
	own := bytes.Clone(input)
	c.broken = c.p.call(ctx, limit, func() error {
		defer clear(own)
		if c.p.card == nil {
			return ErrNoCard
		}
		return do(own)
	})
	return c.broken
}

// Close ends the connection. The card loses session and PIN state with every disposition but Leave.
func (c *pcscConn) Close(how card.Disposition) error {
	err := c.p.call(context.Background(), closeLimit, func() error {
		if c.p.card == nil {
			return nil
		}
		err := c.p.card.Disconnect(dispositionOf(how))
		c.p.card = nil
		if err = classify(err); errors.Is(err, ErrService) {
			c.p.release()
		}
		return err
	})
	c.broken = ErrEnded
	if err == nil || errors.Is(err, ErrNoCard) { // taken out: there is nothing to reset
		return nil
	}
	return fmt.Errorf("close card: %w", err)
}

func dispositionOf(how card.Disposition) scard.Disposition {
	switch how {
	case card.Leave:
		return scard.LeaveCard
	case card.Unpower:
		return scard.UnpowerCard
	case card.Eject:
		return scard.EjectCard
	}
	return scard.ResetCard
}
