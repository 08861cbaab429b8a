package tears

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"time"

	"loyaltill/devices/card"
	"loyaltill/firmware-sim/cardsim"
)

// The card's end of the direct link, as cardsim.Slot speaks it, with a hand on the plug.
const (
	orderPowerOff = 0x00
	orderPowerOn  = 0x01
	orderReset    = 0x02
	orderATR      = 0x04

	dialEvery = 200 * time.Microsecond
	dialLimit = time.Minute
)

// When a moment lies with respect to what it names.
const (
	before = "before "
	after  = "after "

	powerOn      = "power on"
	beforeCommit = before + "a transaction"
	afterCommit  = after + "the commit" // and before the till hears of it
)

// mishap is what goes wrong with one exchange between card and reader.
type mishap struct {
	exchange int // counted from 1 in the run
	kind     mishapKind
	write    int    // powerLoss: of the exchange, counted from 1
	written  uint32 // powerLoss: the bits of that word that still arrive
}

type mishapKind string

const (
	lostBefore mishapKind = "lost before" // the card is torn out, the command does not reach it
	lostAfter  mishapKind = "lost after"  // the command is done, the card is torn out, its answer is lost
	powerLoss  mishapKind = "power loss"  // the card is torn out during one write of its memory
	damaged    mishapKind = "damaged"     // one bit of the answer arrives inverted; the card stays
)

func (m mishap) String() string {
	if m.kind == powerLoss {
		return fmt.Sprintf("exchange %d: %s at write %d (%08X)", m.exchange, m.kind, m.write, m.written)
	}
	return fmt.Sprintf("exchange %d: %s", m.exchange, m.kind)
}

// exchange is one command that went to the card, or its start.
type exchange struct {
	what   string
	writes int // of the card's memory
}

// plastic is the card in somebody's hand. It counts the exchanges of a run and lets the planned mishaps happen.
type plastic struct {
	card *cardsim.Card
	plan []mishap
	seen func(exchange int, when string) // told before and after each exchange

	mu   sync.Mutex
	past []exchange
}

var errTornOut = errors.New("card was torn out")

// do lets one exchange happen, or what becomes of it.
func (p *plastic) do(what string, command func() ([]byte, error)) ([]byte, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	n := len(p.past) + 1
	p.seen(n, before+what)
	planned := p.planned(n)
	nvm := p.card.Core().NVM()
	if planned.kind == powerLoss {
		nvm.FailAfter(planned.write, planned.written)
	}
	written := nvm.Writes()
	var answer []byte
	err := errTornOut
	if planned.kind != lostBefore {
		answer, err = command()
	}
	nvm.FailAfter(0, 0)
	p.past = append(p.past, exchange{what, int(nvm.Writes() - written)})
	switch {
	case planned.kind == lostAfter:
		err = errTornOut
	case planned.kind == damaged && len(answer) > 0:
		answer[0] ^= 1
	}
	if err != nil {
		p.card.PowerOff()
	}
	p.seen(n, after+what)
	return answer, err
}

func (p *plastic) planned(n int) mishap {
	for _, m := range p.plan {
		if m.exchange == n {
			return m
		}
	}
	return mishap{}
}

func (p *plastic) exchanges() []exchange {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.past
}

func (p *plastic) powerOn() error {
	_, err := p.do(powerOn, func() ([]byte, error) { return nil, p.card.PowerOn() })
	return err
}

func (p *plastic) process(capdu []byte) ([]byte, error) {
	return p.do(fmt.Sprintf("%02X", capdu[1]), func() ([]byte, error) {
		answer := p.card.Process(capdu)
		if answer == nil {
			return nil, errTornOut
		}
		return answer, nil
	})
}

// Transmit, Control, ATR and Close let somebody speak to the card without an agent.
func (p *plastic) Transmit(_ context.Context, capdu, rapdu []byte) (int, error) {
	answer, err := p.process(capdu)
	return copy(rapdu, answer), err
}
func (p *plastic) Control(context.Context, uint32, []byte) ([]byte, error) { return nil, errTornOut }
func (p *plastic) ATR() []byte                                             { return p.card.ATR() }
func (p *plastic) Close(card.Disposition) error                            { p.card.PowerOff(); return nil }

// inserted is the card's stay in a reader.
type inserted struct {
	conn net.Conn
	gone chan struct{}
}

// insert puts the card into the reader at address, as soon as that listens.
func (p *plastic) insert(ctx context.Context, address string) (*inserted, error) {
	ctx, cancel := context.WithTimeout(ctx, dialLimit)
	defer cancel()
	again := time.NewTicker(dialEvery)
	defer again.Stop()
	var dialer net.Dialer
	for {
		conn, err := dialer.DialContext(ctx, "tcp", address)
		if err == nil {
			in := &inserted{conn: conn, gone: make(chan struct{})}
			go in.serve(p)
			return in, nil
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("no reader at %s: %w", address, err)
		case <-again.C:
		}
	}
}

// remove takes the card out and waits until it is.
func (in *inserted) remove() {
	_ = in.conn.Close() // may be closed already
	<-in.gone
}

func (in *inserted) serve(p *plastic) {
	defer close(in.gone)
	defer p.card.PowerOff()
	defer func() { _ = in.conn.Close() }()
	header := make([]byte, 2)
	for {
		if _, err := io.ReadFull(in.conn, header); err != nil {
			return
		}
		body := make([]byte, binary.BigEndian.Uint16(header))
		if _, err := io.ReadFull(in.conn, body); err != nil {
			return
		}
		answer, answers, err := in.respond(p, body)
		if err != nil {
			return
		}
		if answers {
			frame := binary.BigEndian.AppendUint16(nil, uint16(len(answer)))
			if _, err := in.conn.Write(append(frame, answer...)); err != nil {
				return
			}
		}
	}
}

func (in *inserted) respond(p *plastic, body []byte) (answer []byte, answers bool, err error) {
	if len(body) > 1 {
		answer, err = p.process(body)
		return answer, true, err
	}
	switch body[0] {
	case orderPowerOff:
		p.card.PowerOff()
	case orderPowerOn:
		err = p.powerOn()
	case orderReset: // the end of a connection: nothing is under way that a recovery could settle
		err = p.card.PowerOn()
	case orderATR:
		return p.card.ATR(), true, nil
	}
	return nil, false, err
}
