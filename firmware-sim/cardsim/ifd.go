package cardsim

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"time"
)

// A reader of our own driver for pcscd listens on a unix socket. Its frames are those of firmware-sim/ifd/README.md: four bytes of
// length, one byte that says what is wanted or what came of it, and what belongs to that.
const (
	ifdScheme = "unix:"

	ifdPresence  = 0x01
	ifdPower     = 0x02
	ifdTransmit  = 0x03
	ifdControl   = 0x04
	ifdAttribute = 0x05

	ifdPowerOff = 0x00 // the others are power on and warm reset

	ifdDone         = 0x00
	ifdNoCard       = 0x01
	ifdNotSupported = 0x02

	ifdFrameMax = 1 << 17
)

// Attributes that a reader tells, PC/SC part 3, 3.1.2.
const (
	attrSerial  = 0x00010103
	attrChannel = 0x00020110
)

// listen is Run for a reader of our own driver: while it is plugged in, the driver finds a socket.
func (s *Slot) listen(ctx context.Context, path string) error {
	for ctx.Err() == nil {
		plugged, pull := context.WithCancel(ctx)
		err := s.whilePlugged(plugged, pull, path)
		pull()
		if err != nil {
			return fmt.Errorf("reader %s: %w", s.name, err)
		}
	}
	return nil
}

func (s *Slot) whilePlugged(ctx context.Context, pull context.CancelFunc, path string) error {
	s.mu.Lock()
	unplugged := s.unplugged
	s.pull = pull
	s.mu.Unlock()
	if !unplugged {
		return s.answerDrivers(ctx, path)
	}
	select {
	case <-ctx.Done():
	case <-s.changed:
	}
	return nil
}

// SetPlugged pulls the reader's cable out, or puts it back in: without it the driver finds nobody, and the card in the reader
// has no power.
func (s *Slot) SetPlugged(yes bool) error {
	if !s.ours() {
		return fmt.Errorf("reader %s: %w", s.name, ErrNotOurDriver)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.unplugged = !yes
	if !yes && s.pull != nil {
		s.pull()
	}
	if !yes && s.seat != nil {
		s.seat.card.PowerOff()
	}
	select {
	case s.changed <- struct{}{}:
	default:
	}
	return nil
}

// ours tells a reader of our own driver from one of vpcd's.
func (s *Slot) ours() bool { return strings.HasPrefix(s.addr, ifdScheme) }

// answerDrivers serves one driver after the other until the reader is unplugged.
func (s *Slot) answerDrivers(ctx context.Context, path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) { // of a simulator that was killed
		return err
	}
	listener, err := net.Listen("unix", path)
	if err != nil {
		return err
	}
	defer context.AfterFunc(ctx, func() { _ = listener.Close() })()
	defer func() { _ = listener.Close() }()
	for {
		conn, err := listener.Accept()
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return err
		}
		s.heard(true)
		(&driver{slot: s, conn: conn}).serve(ctx)
		s.heard(false)
	}
}

// heard notes whether a driver is there. One that goes takes the power away.
func (s *Slot) heard(yes bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.driven = yes
	if !yes && s.seat != nil {
		s.seat.card.PowerOff()
	}
}

// driver is one connection of the driver in pcscd.
type driver struct {
	slot *Slot
	conn net.Conn
	seen *seat // whose presence it was told last

	emptied time.Time // when that one was gone
}

// serve answers calls until the driver hangs up. It goes on reading while a customer types, so that a driver that is gone
// ends the typing.
func (d *driver) serve(ctx context.Context) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(ctx, func() { _ = d.conn.Close() })()
	calls := make(chan []byte)
	go func() {
		defer close(calls)
		defer cancel()
		for {
			call, err := readCall(d.conn)
			if err != nil {
				return
			}
			select {
			case calls <- call:
			case <-ctx.Done():
				return
			}
		}
	}()
	for call := range calls {
		answer := d.answer(ctx, call[0], call[1:])
		if answer.silent {
			continue // the driver gives up by itself
		}
		if err := answer.write(d.conn); err != nil {
			cancel()
		}
	}
}

func readCall(r io.Reader) ([]byte, error) {
	var size [4]byte
	if _, err := io.ReadFull(r, size[:]); err != nil {
		return nil, err
	}
	n := binary.BigEndian.Uint32(size[:])
	if n < 1 || n > ifdFrameMax {
		return nil, fmt.Errorf("call of %d bytes", n)
	}
	call := make([]byte, n)
	_, err := io.ReadFull(r, call)
	return call, err
}

// ifdAnswer is what goes back to the driver.
type ifdAnswer struct {
	result byte
	data   []byte
	silent bool
}

// write sends the answer in one piece: the driver's patience is for each piece.
func (a ifdAnswer) write(conn net.Conn) error {
	if err := conn.SetWriteDeadline(time.Now().Add(writeTimeout)); err != nil {
		return err
	}
	frame := binary.BigEndian.AppendUint32(make([]byte, 0, 5+len(a.data)), uint32(1+len(a.data)))
	_, err := conn.Write(append(append(frame, a.result), a.data...))
	return err
}

func (d *driver) answer(ctx context.Context, call byte, input []byte) ifdAnswer {
	seat := d.slot.current()
	if call == ifdPresence {
		return d.presence(seat)
	}
	if call == ifdAttribute && len(input) == 4 {
		return d.slot.attribute(binary.BigEndian.Uint32(input))
	}
	if call == ifdControl && len(input) >= 4 {
		return d.slot.controlReader(ctx, seat, binary.BigEndian.Uint32(input), input[4:])
	}
	switch {
	case seat == nil:
		return ifdAnswer{result: ifdNoCard}
	case call == ifdPower && len(input) == 1:
		return d.slot.power(seat, input[0])
	case call == ifdTransmit:
		return d.slot.transmit(ctx, seat, input)
	}
	return ifdAnswer{result: ifdNotSupported}
}

// swapTime is how long a reader is empty at least between two cards. pcscd looks every 400 ms; a shorter gap may be seen by a
// call of a program and missed by pcscd itself, which then waits for a card for ever.
const swapTime = 500 * time.Millisecond

// presence tells of a swap as two events, like a reader with a switch in its slot: the card that was there is gone first.
func (d *driver) presence(seat *seat) ifdAnswer {
	if d.seen != nil && d.seen != seat {
		d.seen, d.emptied = nil, time.Now()
	}
	if seat == nil || time.Since(d.emptied) < swapTime {
		return ifdAnswer{data: []byte{0}}
	}
	d.seen = seat
	return ifdAnswer{data: []byte{1}}
}

func (s *Slot) attribute(tag uint32) ifdAnswer {
	switch {
	case tag == attrSerial && s.Serial != "":
		return ifdAnswer{data: []byte(s.Serial)}
	case tag == attrChannel && s.Channel != 0:
		return ifdAnswer{data: binary.LittleEndian.AppendUint32(nil, s.Channel)} // a DWORD of the host
	}
	return ifdAnswer{result: ifdNotSupported}
}

func (s *Slot) power(seat *seat, action byte) ifdAnswer {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.seat != seat {
		return ifdAnswer{result: ifdNoCard}
	}
	if action == ifdPowerOff {
		seat.card.PowerOff()
		return ifdAnswer{}
	}
	if s.powerOn(seat) != nil || !seat.card.powered() {
		return ifdAnswer{result: ifdNoCard}
	}
	return ifdAnswer{data: s.Contacts.ATR(seat.card)}
}

// transmit carries a command to the card. One that was put in since the driver last powered a card has no power and is no
// partner: a command is never taken over by another card.
func (s *Slot) transmit(ctx context.Context, seat *seat, capdu []byte) ifdAnswer {
	outcome, err := s.exchange(seat, capdu)
	switch {
	case err != nil, outcome.Delay > 0 && !pause(ctx, seat, outcome.Delay, outcome.Lifted):
		return ifdAnswer{result: ifdNoCard}
	case outcome.Silent:
		return ifdAnswer{silent: true}
	}
	return ifdAnswer{data: outcome.Answer}
}
