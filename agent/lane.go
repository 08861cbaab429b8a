package agent

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"loyaltill/agent/loyalty"
	"loyaltill/devices"
	"loyaltill/devices/card"
	"loyaltill/devices/card/profile"
	"loyaltill/devices/reader"
)

const (
	memberKept  = 5 * time.Minute        // how long who tapped stays after the card has gone
	healthEvery = 250 * time.Millisecond // how often a lane looks whether its devices' health has changed
)

// lane is one till: who stands there, and the one goroutine that may speak to the card.
type lane struct {
	a      *Agent
	cfg    LaneConfig
	reader *reader.Reader // nil: a till without cards
	queue  *queue         // nil: a till that prints nothing
	calls  chan func(context.Context)

	// Only the lane's goroutine touches these.
	transmitter card.Transmitter
	session     *card.Session
	pinpad      *card.Pinpad     // nil: this card's PIN is not typed on the reader
	reading     *profile.Reading // of a card of another maker, while its PIN is waited for
	present     bool             // a card is in the reader
	inside      *practiceCard    // nil: none; in training only

	training atomic.Pointer[training] // nil: the lane works

	asking atomic.Bool // a customer types on the reader, or is about to

	publishing sync.Mutex // held from looking at the state until it is told; guards shown
	shown      Display    // as last told to the customers' displays
	screens    hub        // those displays

	mu       sync.Mutex // guards what follows
	card     CardState
	who      *identified
	unknown  *nobody // of the card here, when it is no member's yet
	waiting  *Waiting
	reported LaneState // as last published
	told     told      // what the customer was told last
}

// How a lane knows a member.
const (
	byCard   = "card"
	byNumber = "number"
)

// identified is a member at this till.
type identified struct {
	member   loyalty.MemberID
	card     loyalty.CardID
	number   string // masked
	tier     string
	language string
	purse    loyalty.Points // what the card holds
	loaded   uint32         // sequence of the last voucher that is in it
	pin      *PINState
	trust    trust
	practice bool      // known by a practice card: its points are in the books of the training alone
	byNumber bool      // typed, scanned or swiped: no card was at the reader
	gone     time.Time // when the card was taken away; zero while it is there
}

// run owns the lane's card until ctx ends.
func (l *lane) run(ctx context.Context) {
	defer l.endSession()
	var taps <-chan reader.Event
	if l.reader != nil {
		taps = l.reader.Events()
	}
	tick := time.NewTicker(healthEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case tap := <-taps:
			l.endSession()
			l.present = tap.Present
			if t := l.training.Load(); t != nil {
				t.realCard(ctx, tap.Present)
			} else if tap.Present {
				l.tap(ctx)
			} else {
				l.setCard(CardNone, "")
			}
		case call := <-l.calls:
			call(ctx)
		case <-tick.C:
			l.forgetOld()
			l.publish()
		}
	}
}

// call runs f on the lane's goroutine and waits for it.
func (l *lane) call(ctx context.Context, f func(context.Context) error) error {
	done := make(chan error, 1)
	select {
	case l.calls <- func(laneCtx context.Context) { done <- f(laneCtx) }:
	case <-ctx.Done():
		return ctx.Err()
	case <-l.a.stopping:
		return errStopping
	}
	// From here the answer always comes: f bounds its own waiting, and a caller who left must not cut a DEBIT short.
	return <-done
}

var errStopping = errors.New("the agent is stopping")

func (l *lane) endSession() {
	if l.session != nil {
		l.session.End()
		l.session = nil
	}
	l.reading, l.pinpad, l.inside = nil, nil, nil
	if l.transmitter != nil {
		if err := l.transmitter.Close(card.Reset); err != nil {
			l.a.log.Debug().Err(err).Uint8("lane", uint8(l.cfg.Number)).Msg("card connection closed badly")
		}
		l.transmitter = nil
	}
	l.mu.Lock()
	if l.who != nil && l.who.gone.IsZero() {
		l.who.gone = l.a.now()
		if l.who.pin != nil {
			l.who.pin = &PINState{TriesLeft: l.who.pin.TriesLeft, Blocked: l.who.pin.Blocked, NotSet: l.who.pin.NotSet}
		}
	}
	l.mu.Unlock()
}

func (l *lane) setCard(phase CardPhase, code string) {
	l.showCard(CardState{State: phase, Code: code})
}

func (l *lane) showCard(state CardState) {
	l.mu.Lock()
	l.card = state
	l.unknown = nil
	l.mu.Unlock()
	l.publish()
}

func (l *lane) setWho(who *identified) {
	l.mu.Lock()
	l.who = who
	l.mu.Unlock()
	l.publish()
}

func (l *lane) setWaiting(w *Waiting) {
	l.mu.Lock()
	l.waiting = w
	l.mu.Unlock()
	l.publish()
}

// waitingFor tells the sale that hangs on a card here, if any.
func (l *lane) waitingFor() (loyalty.TxnID, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.waiting == nil {
		return loyalty.TxnID{}, false
	}
	return l.waiting.Sale, true
}

// atTill is a copy of who stands at the till, nil for nobody.
func (l *lane) atTill() *identified {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.copyOfWho()
}

func (l *lane) copyOfWho() *identified {
	if l.who == nil {
		return nil
	}
	who := *l.who
	return &who
}

func (l *lane) forgetOld() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.who != nil && !l.who.gone.IsZero() && l.a.now().Sub(l.who.gone) > memberKept {
		l.who = nil
	}
}

// state is the lane as it is now.
func (l *lane) state() LaneState {
	l.mu.Lock()
	cardState, waiting, who := l.card, l.waiting, l.copyOfWho()
	l.mu.Unlock()
	s := LaneState{Lane: l.cfg.Number, Name: l.cfg.Name, Card: cardState, Waiting: waiting, Training: l.inTraining()}
	s.Reader, s.Printer.Health = devices.Health{State: devices.Absent}, devices.Health{State: devices.Absent}
	switch {
	case l.a.practice != nil:
		s.Reader = l.a.practice.health()
	case l.reader != nil:
		s.Reader = l.reader.Health()
	}
	if l.queue != nil {
		s.Printer, s.Jobs = l.queue.state(), l.queue.open()
	}
	if who == nil {
		return s
	}
	m, err := l.a.memberView(context.Background(), *who)
	if err != nil {
		l.a.log.Error().Err(err).Uint8("lane", uint8(l.cfg.Number)).Msg("member at the till cannot be shown")
	}
	s.Member = m
	return s
}

// publish tells listeners, when anything has changed since the last time.
func (l *lane) publish() {
	l.publishing.Lock() // what was seen first is told first
	defer l.publishing.Unlock()
	s := l.state()
	s.Reader.LastGood, s.Printer.LastGood = time.Time{}, time.Time{} // moves all the time and tells nobody anything
	l.mu.Lock()
	same := sameLane(l.reported, s)
	l.reported = s
	l.mu.Unlock()
	if !same {
		l.a.events.publish(Event{Type: "lane", Data: s})
	}
	if l.screens.heard() {
		l.show(s)
	}
}

func sameLane(a, b LaneState) bool {
	if a.Reader != b.Reader || a.Printer != b.Printer || a.Card != b.Card || a.Jobs != b.Jobs {
		return false
	}
	if (a.Training == nil) != (b.Training == nil) || a.Training != nil && *a.Training != *b.Training {
		return false
	}
	if (a.Waiting == nil) != (b.Waiting == nil) || a.Waiting != nil && *a.Waiting != *b.Waiting {
		return false
	}
	if (a.Member == nil) != (b.Member == nil) {
		return false
	}
	if a.Member == nil {
		return true
	}
	x, y := *a.Member, *b.Member
	if (x.PIN == nil) != (y.PIN == nil) || x.PIN != nil && *x.PIN != *y.PIN {
		return false
	}
	x.PIN, y.PIN = nil, nil
	return x == y
}
