package reader

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"time"

	"github.com/rs/zerolog"

	"loyaltill/devices"
	"loyaltill/devices/card"
)

// The direct link speaks the reader's side of the vpcd protocol: a frame is two bytes of length and a body. A body of one
// byte is an order to the card; every other one is a command APDU.
const (
	orderPowerOff = 0x00
	orderPowerOn  = 0x01
	orderReset    = 0x02
	orderATR      = 0x04

	frameHeader = 2
	maxFrame    = 1<<16 - 1
	writeLimit  = time.Second
)

// link is a reader without a card service: a card that is put in is a connection to its address.
type link struct {
	r       *Reader
	log     zerolog.Logger
	address string

	mu   sync.Mutex
	card *linkedCard // nil while the reader is empty
	used bool        // somebody has a connection to that card
}

// run listens until ctx ends. Like a reader's slot it has room for one card; the next waits outside.
func (l *link) run(ctx context.Context) {
	wait := newBackoff()
	for ctx.Err() == nil {
		err := l.listen(ctx, wait.Reset)
		if ctx.Err() != nil {
			return
		}
		if l.r.Health().Code != CodeLink {
			l.log.Warn().Err(err).Msg("direct card link cannot listen")
		}
		l.r.report(devices.Attention, CodeLink)
		rest(ctx, wait.NextBackOff())
	}
}

func (l *link) listen(ctx context.Context, listening func()) error {
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", l.address)
	if err != nil {
		return fmt.Errorf("listen for cards: %w", err)
	}
	defer closing(ctx, listener)()
	listening()
	l.r.listening(listener.Addr().String())
	defer l.r.listening("")
	for {
		conn, err := listener.Accept()
		if err != nil {
			return fmt.Errorf("take a card: %w", err)
		}
		l.hold(ctx, conn)
	}
}

// listening notes the address of a link, so that a port chosen by the system can be found.
func (r *Reader) listening(address string) {
	r.mu.Lock()
	r.listens = address
	r.mu.Unlock()
	if address != "" {
		r.report(devices.OK, "")
	}
}

// hold keeps one card until it goes.
func (l *link) hold(ctx context.Context, conn net.Conn) {
	c := &linkedCard{conn: conn, gone: make(chan struct{})}
	defer closing(ctx, conn)()
	l.put(c)
	l.r.saw(true, 0)
	c.read()
	l.put(nil)
	l.r.saw(false, 0)
}

// closing closes c when ctx ends, and at the latest when what it gives is called, which returns only when c is closed. Closing it
// twice would not do: the second time returns at once while the first is under way. A card could then still call in on a link
// that has ended, and nobody would see it.
func closing(ctx context.Context, c io.Closer) (now func()) {
	closed := make(chan struct{})
	end := func() {
		defer close(closed)
		_ = c.Close() // a connection may be broken already
	}
	forget := context.AfterFunc(ctx, end)
	return func() {
		if forget() {
			end()
		}
		<-closed
	}
}

func (l *link) put(c *linkedCard) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.card, l.used = c, false
}

func (l *link) connect(ctx context.Context) (card.Transmitter, error) {
	c, err := l.claim()
	if err != nil {
		return nil, fmt.Errorf("connect card on the link: %w", err)
	}
	atr, err := c.power(ctx)
	if err != nil {
		l.unclaim(c)
		return nil, fmt.Errorf("connect card on the link: %w", err)
	}
	return &linkConn{link: l, card: c, atr: atr}, nil
}

func (l *link) claim() (*linkedCard, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.card == nil {
		return nil, ErrNoCard
	}
	if l.used {
		return nil, fmt.Errorf("%w: the last connection is still open", ErrBusy)
	}
	l.used = true
	return l.card, nil
}

func (l *link) unclaim(c *linkedCard) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.card == c {
		l.used = false
	}
}

// linkedCard is the card at the other end of one connection.
type linkedCard struct {
	conn net.Conn
	gone chan struct{} // closed when nothing more comes

	mu      sync.Mutex
	waiting chan []byte // takes the one answer that is asked for; nil while none is
}

// read takes frames until the card goes. A frame that nobody asked for ends it too: no answer may be taken for another.
func (c *linkedCard) read() {
	defer close(c.gone)
	defer c.eject()
	header := make([]byte, frameHeader)
	for {
		if _, err := io.ReadFull(c.conn, header); err != nil {
			return
		}
		body := make([]byte, binary.BigEndian.Uint16(header))
		if _, err := io.ReadFull(c.conn, body); err != nil {
			return
		}
		c.mu.Lock()
		waiting := c.waiting
		c.waiting = nil
		c.mu.Unlock()
		if waiting == nil {
			return
		}
		waiting <- body // has room for one
	}
}

// eject ends the connection; read then sees the card go.
func (c *linkedCard) eject() { _ = c.conn.Close() }

// tell sends a frame, in one piece.
func (c *linkedCard) tell(body []byte) error {
	if len(body) > maxFrame {
		return fmt.Errorf("frame of %d bytes", len(body))
	}
	frame := append(binary.BigEndian.AppendUint16(make([]byte, 0, frameHeader+len(body)), uint16(len(body))), body...)
	defer clear(frame)
	if err := c.conn.SetWriteDeadline(time.Now().Add(writeLimit)); err != nil {
		return fmt.Errorf("%w: %w", ErrNoCard, err)
	}
	if _, err := c.conn.Write(frame); err != nil {
		c.eject()
		return fmt.Errorf("%w: %w", ErrNoCard, err)
	}
	return nil
}

// ask sends a frame and waits for the answer. A card that is late is put out: its answer could be taken for the next one.
func (c *linkedCard) ask(ctx context.Context, limit time.Duration, body []byte) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	waiting := make(chan []byte, 1)
	c.mu.Lock()
	busy := c.waiting != nil
	if !busy {
		c.waiting = waiting
	}
	c.mu.Unlock()
	if busy {
		return nil, ErrBusy
	}
	if err := c.tell(body); err != nil {
		return nil, err
	}
	timer := time.NewTimer(limit)
	defer timer.Stop()
	select {
	case answer := <-waiting:
		return answer, nil
	case <-c.gone:
		select {
		case answer := <-waiting: // the last thing it said
			return answer, nil
		default:
			return nil, ErrNoCard
		}
	case <-timer.C:
		c.eject()
		return nil, ErrTimeout
	case <-ctx.Done():
		c.eject()
		return nil, ctx.Err()
	}
}

// power switches the card on and asks for its answer to reset.
func (c *linkedCard) power(ctx context.Context) ([]byte, error) {
	if err := c.tell([]byte{orderPowerOn}); err != nil {
		return nil, err
	}
	atr, err := c.ask(ctx, apduLimit, []byte{orderATR})
	if errors.Is(err, ErrTimeout) {
		return nil, ErrMute
	}
	return atr, err
}
