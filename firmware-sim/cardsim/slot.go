package cardsim

import (
	"context"
	"errors"
	"net"
	"strings"
	"sync"
	"time"

	"github.com/rs/zerolog"
)

const (
	dialTimeout = 2 * time.Second
	backoffMin  = 20 * time.Millisecond
	backoffMax  = 2 * time.Second
)

// Slot is one virtual reader seen from its card. At a reader of vpcd it keeps a connection to the reader's address while a
// card is in it; without a card there is none, which is how the reader knows. At a reader of our own driver (the address is
// "unix:" and a path) it listens there, and has a pinpad.
type Slot struct {
	Contacts Contacts // where faults are armed
	Pinpad   Pinpad   // of a reader of our own driver

	// What a reader of our own driver says of itself; set before Run.
	Serial  string // as printed on it
	Channel uint32 // where it is plugged in, as SCARD_ATTR_CHANNEL_ID tells it

	name string
	addr string
	log  zerolog.Logger

	mu      sync.Mutex
	seat    *seat
	changed chan struct{} // holds one signal: the seat was taken, or the cable moved

	// Of a reader of our own driver.
	driven    bool // the driver is connected
	unplugged bool
	pull      context.CancelFunc // ends what goes on while the cable is in
}

// seat is one card's stay in a slot, from its insertion to its removal.
type seat struct {
	card *Card
	conn net.Conn
	gone chan struct{} // closed when the card leaves
}

// NewSlot names a reader and the address at which it waits for cards.
func NewSlot(name, addr string, log zerolog.Logger) *Slot {
	return &Slot{name: name, addr: addr, log: log.With().Str("device", name).Logger(), changed: make(chan struct{}, 1)}
}

// Insert puts a card in; one that was there is taken out and returned.
func (s *Slot) Insert(card *Card) (before *Card) {
	s.mu.Lock()
	defer s.mu.Unlock()
	before = s.eject()
	s.seatCard(card)
	return before
}

// seatCard needs the lock and an empty slot.
func (s *Slot) seatCard(card *Card) {
	s.seat = &seat{card: card, gone: make(chan struct{})}
	select {
	case s.changed <- struct{}{}:
	default:
	}
}

// Remove takes the card out, if there is one. It loses its power before Remove returns.
func (s *Slot) Remove() (before *Card) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.eject()
}

// Card is the card in the slot, or nil.
func (s *Slot) Card() *Card {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.seat == nil {
		return nil
	}
	return s.seat.card
}

// holds tells whether the card is in the slot, or will be by a swap that is armed.
func (s *Slot) holds(name string) bool {
	if f, ok := s.Contacts.Fault(); ok && f.Kind == Swap && f.Card == name {
		return true
	}
	card := s.Card()
	return card != nil && card.name == name
}

// Connected tells whether the reader has taken the card's connection.
func (s *Slot) Connected() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.seat != nil && (s.seat.conn != nil || s.driven)
}

// eject needs the lock. A connection that is closed twice says so, and nobody needs to know.
func (s *Slot) eject() *Card {
	seat := s.seat
	if seat == nil {
		return nil
	}
	s.seat = nil
	close(seat.gone)
	if seat.conn != nil {
		_ = seat.conn.Close()
	}
	seat.card.PowerOff()
	return seat.card
}

// Run keeps the connection of whatever card is in the slot until ctx ends; then the card is taken out.
func (s *Slot) Run(ctx context.Context) error {
	var watch sync.WaitGroup
	ctx, cancel := context.WithCancel(ctx)
	watch.Go(func() {
		<-ctx.Done()
		s.Remove() // closes the connection, which ends a read
	})
	defer func() {
		cancel()
		watch.Wait()
		s.Remove()
	}()
	if path, ours := strings.CutPrefix(s.addr, ifdScheme); ours {
		return s.listen(ctx, path)
	}
	for ctx.Err() == nil {
		if seat := s.current(); seat != nil {
			s.attend(ctx, seat)
			continue
		}
		select {
		case <-ctx.Done():
		case <-s.changed:
		}
	}
	return nil
}

func (s *Slot) current() *seat {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.seat
}

// attend connects one card, again and again, until it leaves.
func (s *Slot) attend(ctx context.Context, seat *seat) {
	wait := backoffMin
	for failures := 0; ; failures++ {
		served, err := s.connect(ctx, seat)
		if served {
			wait, failures = backoffMin, 0
		}
		if failures == 0 && !seat.left() && ctx.Err() == nil {
			s.log.Warn().Err(err).Msg("reader does not answer, trying again")
		}
		if !pause(ctx, seat, wait, nil) {
			return
		}
		wait = min(2*wait, backoffMax)
	}
}

func (s *seat) left() bool {
	select {
	case <-s.gone:
		return true
	default:
		return false
	}
}

// pause waits, at most until enough is closed; false means that the card left meanwhile, or everything ends.
func pause(ctx context.Context, seat *seat, d time.Duration, enough <-chan struct{}) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-seat.gone:
		return false
	case <-enough:
		return true
	case <-timer.C:
		return true
	}
}

// connect dials and serves until the connection ends. served tells that the reader spoke to the card at all.
func (s *Slot) connect(ctx context.Context, seat *seat) (served bool, err error) {
	dialer := net.Dialer{Timeout: dialTimeout}
	conn, err := dialer.DialContext(ctx, "tcp", s.addr)
	if err != nil {
		return false, err
	}
	if !s.attach(seat, conn) {
		return false, conn.Close()
	}
	defer s.detach(seat)
	s.log.Info().Msg("card connected")
	f := newFrames(conn)
	for {
		body, err := f.read()
		if err != nil {
			return served, err
		}
		served = true
		if err := s.serve(ctx, f, seat, body); err != nil {
			return served, err
		}
	}
}

func (s *Slot) attach(seat *seat, conn net.Conn) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.seat != seat {
		return false
	}
	seat.conn = conn
	return true
}

// detach: a reader that hangs up takes the power away too.
func (s *Slot) detach(seat *seat) {
	s.mu.Lock()
	defer s.mu.Unlock()
	_ = seat.conn.Close()
	seat.conn = nil
	if s.seat == seat {
		seat.card.PowerOff()
	}
}

var errCardGone = errors.New("card left the reader")

// serve handles one frame of the reader.
func (s *Slot) serve(ctx context.Context, f *frames, seat *seat, body []byte) error {
	outcome, err := s.respond(seat, body)
	switch {
	case err != nil:
		return err
	case outcome.Silent:
		return nil
	case outcome.Delay > 0 && !pause(ctx, seat, outcome.Delay, outcome.Lifted):
		return errCardGone
	}
	return f.write(outcome.Answer)
}

func (s *Slot) respond(seat *seat, body []byte) (Outcome, error) {
	if len(body) == 1 {
		return s.control(seat, body[0])
	}
	return s.exchange(seat, body)
}

// exchange lets the card answer while it cannot be moved: a command reaches a card that is in the slot, or none.
func (s *Slot) exchange(seat *seat, capdu []byte) (Outcome, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.seat != seat {
		return Outcome{}, errCardGone
	}
	outcome := s.Contacts.Exchange(seat.card, capdu)
	if outcome.Err != nil {
		s.log.Error().Err(outcome.Err).Msg("card lost its memory file")
	}
	if outcome.Removed {
		s.eject()
		if outcome.Next != nil {
			s.seatCard(outcome.Next)
		}
		return Outcome{}, errCardGone
	}
	return outcome, nil
}

// powerOn needs the lock. A card that loses its power in its recovery has left.
func (s *Slot) powerOn(seat *seat) error {
	err := s.Contacts.PowerOn(seat.card)
	if errors.Is(err, ErrPowerLost) {
		s.eject()
		return errCardGone
	}
	if err != nil {
		s.log.Error().Err(err).Msg("card does not start")
	}
	return nil
}

func (s *Slot) control(seat *seat, code byte) (Outcome, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.seat != seat {
		return Outcome{}, errCardGone
	}
	switch code {
	case vpcdPowerOff:
		seat.card.PowerOff()
	case vpcdPowerOn, vpcdReset:
		if err := s.powerOn(seat); err != nil {
			return Outcome{}, err
		}
	case vpcdATR:
		return Outcome{Answer: s.Contacts.ATR(seat.card)}, nil
	default:
		s.log.Debug().Uint8("code", code).Msg("reader sent an unknown control code")
	}
	return Outcome{Silent: true}, nil
}
