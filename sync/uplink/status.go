package uplink

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/rs/zerolog"

	"loyaltill/agent/loyalty"
	"loyaltill/store/agentdb"
	"loyaltill/sync/wire"
)

// State is how the store stands to head office; it is a stable code for programs and pages.
type State string

const (
	StateStarting   State = "starting"        // no answer yet
	StateInSync     State = "in_sync"         // head office has everything
	StateSending    State = "sending"         // entries are on their way
	StateFetching   State = "fetching"        // own entries are coming back after a restored backup
	StateOffline    State = "offline"         // no answer; asking again
	StateForked     State = "forked"          // another log under our numbers: a person decides
	StateDecided    State = "decided"         // a person has decided a fork: the agent's next start goes on
	StateFenced     State = "fenced"          // another box speaks for this store: a person decides
	StateUnknown    State = "unknown_install" // this box is not enrolled, or its life is over
	StateRefused    State = "refused"         // head office does not accept us: Problem says why
	StatePruned     State = "pruned"          // head office was restored to before what this store keeps
	StateChainFault State = "chain_fault"     // our own log does not add up: run verify
)

// Stopped says that nothing is uploaded until a person has acted. Selling goes on.
func (s State) Stopped() bool {
	switch s {
	case StateForked, StateDecided, StateFenced, StateUnknown, StateRefused, StatePruned, StateChainFault:
		return true
	}
	return false
}

// Status is how the uplink is doing, for pages, doctor and metrics.
type Status struct {
	State        State
	Since        time.Time
	Problem      wire.Code     // what head office said last, empty when all is well
	Detail       string        // for logs and technicians
	AckedThrough loyalty.Seq   // head office has signed that it has everything through here
	Lag          int64         // entries that head office does not have yet
	ClockOffset  time.Duration // head office's clock minus ours at the last session
	FeedState    State         // starting, in_sync, fetching, offline or refused
	FeedSince    time.Time
	Feed         agentdb.FeedPosition
}

// board keeps what Status shows.
type board struct {
	mu  sync.Mutex
	log zerolog.Logger
	now func() time.Time
	s   Status

	push, feed complaint
}

func newBoard(log zerolog.Logger, now func() time.Time) *board {
	b := &board{log: log, now: now}
	b.s.State, b.s.Since = StateStarting, now()
	b.s.FeedState, b.s.FeedSince = StateStarting, now()
	return b
}

// set moves the push side to a state; err is nil when all is well.
func (b *board) set(state State, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.s.State != state {
		b.s.State, b.s.Since = state, b.now()
	}
	b.s.Problem, b.s.Detail = describe(err)
	b.push.tell(b.log, b.now(), "upload", state, err)
}

func (b *board) setFeed(state State, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.s.FeedState != state {
		b.s.FeedState, b.s.FeedSince = state, b.now()
	}
	b.feed.tell(b.log, b.now(), "feed", state, err)
}

func (b *board) clock(theirs string) {
	at, err := time.Parse(time.RFC3339Nano, theirs)
	if err != nil {
		return // a clock that cannot be read says nothing
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.s.ClockOffset = at.Sub(b.now())
}

func describe(err error) (wire.Code, string) {
	if err == nil {
		return "", ""
	}
	var p *wire.Problem
	if errors.As(err, &p) {
		return p.Code, err.Error()
	}
	return "", err.Error()
}

// logEvery bounds how often a fault that goes on is logged.
const logEvery = time.Minute

// complaint logs a fault once, then at most once a minute, and its end once.
type complaint struct {
	failing bool
	last    time.Time
}

func (c *complaint) tell(log zerolog.Logger, now time.Time, what string, state State, err error) {
	switch {
	case err == nil && c.failing:
		c.failing = false
		log.Info().Str("part", what).Str("state", string(state)).Msg("head office answers again")
	case err != nil && (!c.failing || now.Sub(c.last) >= logEvery):
		c.failing, c.last = true, now
		log.Warn().Str("part", what).Str("state", string(state)).Err(err).Msg("head office cannot be used")
	}
}

// Status reads how things stand now.
func (u *Uplink) Status(ctx context.Context) (Status, error) {
	// In this order: what is posted was signed for before, so the feed is behind the signature unless an answer is under way (sending).
	feed, err := u.db.FeedPosition(ctx)
	if err != nil {
		return Status{}, fmt.Errorf("uplink status: %w", err)
	}
	signed, _, err := u.db.Signed(ctx)
	if err != nil {
		return Status{}, fmt.Errorf("uplink status: %w", err)
	}
	head, err := u.db.Head(ctx)
	if err != nil {
		return Status{}, fmt.Errorf("uplink status: %w", err)
	}
	u.board.mu.Lock()
	s := u.board.s
	u.board.mu.Unlock()
	s.AckedThrough, s.Lag, s.Feed = loyalty.Seq(signed.Seq), head.Seq-signed.Seq, feed
	return s, nil
}
