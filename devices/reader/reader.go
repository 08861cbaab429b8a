// Package reader finds card readers, tells when a card comes or goes, and opens connections to cards: through PC/SC, or over
// a direct link on which simulated cards call in without any card service.
//
// It owns every call to PC/SC: one goroutine that watches all readers, and one thread per lane's reader that speaks with its
// card. It must never guess which reader a lane means, let a second call into a reader whose first one hangs, or look into
// what passes through: a command may hold a PIN.
package reader

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"loyaltill/devices"
	"loyaltill/devices/card"
)

// What a reader can answer instead of a connection or an answer of the card. After any of them on a command that may change
// the card, what the card did is unknown.
var (
	ErrNoCard    = errors.New("no card in the reader")
	ErrMute      = errors.New("card does not answer")
	ErrBusy      = errors.New("reader is in use by another program or connection")
	ErrStuck     = errors.New("reader hangs in an earlier call")
	ErrTimeout   = errors.New("no answer in time")
	ErrNoReader  = errors.New("reader is not there")
	ErrAmbiguous = errors.New("several readers fit the configured name")
	ErrService   = errors.New("card service is not running")
	ErrDenied    = errors.New("card service refuses this user")
	ErrNotBuilt  = errors.New("this program was built without PC/SC")
	ErrEnded     = errors.New("reader service has ended")
	ErrInternal  = errors.New("card service call went wrong")
)

// Codes of a reader's health. Catalogues hold their texts and remedies.
const (
	CodeNotBuilt  devices.Code = "reader_not_built"
	CodeNoService devices.Code = "reader_service_down"
	CodeDenied    devices.Code = "reader_service_denied"
	CodeHangs     devices.Code = "reader_service_hangs"
	CodeMissing   devices.Code = "reader_absent"
	CodeAmbiguous devices.Code = "reader_ambiguous"
	CodeTaken     devices.Code = "reader_taken" // another lane has it
	CodeStuck     devices.Code = "reader_stuck"
	CodeLink      devices.Code = "reader_link_unavailable" // the direct link cannot listen
)

// Limits of one operation.
const (
	apduLimit    = 2 * time.Second
	controlLimit = 33 * time.Second // somebody types on a pinpad for up to 30, then the card answers
	connectLimit = 5 * time.Second
)

// Event is what is in the reader. Another Counter with Present means another insertion, also when no event told of the
// removal in between.
type Event struct {
	Present bool
	Counter uint32
	At      time.Time
}

// Reader is the reader of one lane.
type Reader struct {
	now     func() time.Time
	match   *matcher // nil on a direct link
	backend backend
	events  chan Event

	mu       sync.Mutex
	seen     devices.Health // as the watcher or the link saw it last
	stuck    devices.Health // of the call that was given up, while it lasts
	name     string         // the PC/SC reader that fits, "" while there is none
	listens  string         // address of the direct link, once it listens
	last     Event
	pcscSeen uint16 // insertions and removals as PC/SC counts them
}

// backend is how a reader is reached: PC/SC, or the direct link.
type backend interface {
	run(ctx context.Context)
	connect(ctx context.Context) (card.Transmitter, error)
}

// Events tells of insertions and removals. It holds the newest one only: who reads late learns how things are.
func (r *Reader) Events() <-chan Event { return r.events }

// Connect opens the card that is in the reader, for this caller alone. Another program that has it is waited for up to two
// seconds. The caller closes the connection; there is one at a time.
func (r *Reader) Connect(ctx context.Context) (card.Transmitter, error) {
	t, err := r.backend.connect(ctx)
	if err != nil {
		return nil, err
	}
	if err := checkATR(t.ATR()); err != nil {
		return nil, errors.Join(fmt.Errorf("%w: %w: %X", ErrMute, err, t.ATR()), t.Close(card.Unpower))
	}
	return t, nil
}

// Health is how the reader was seen last.
func (r *Reader) Health() devices.Health {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.stuck.State == devices.Stuck {
		return r.stuck
	}
	return r.seen
}

// Name is the reader's name in PC/SC, or the address of its link; empty while it is not there.
func (r *Reader) Name() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.match == nil {
		return r.listens
	}
	return r.name
}

// report notes what was seen of the reader itself.
func (r *Reader) report(state devices.State, code devices.Code) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.seen = r.seen.Next(state, code, r.now())
}

// hangs notes that a call was given up, or that it has come back.
func (r *Reader) hangs(yes bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	state := devices.OK
	if yes {
		state = devices.Stuck
	}
	r.stuck = r.stuck.Next(state, CodeStuck, r.now())
}

// saw publishes what is in the reader when that is news. counted is PC/SC's number of insertions and removals: two or more
// at once mean that the card was swapped between two looks.
func (r *Reader) saw(present bool, counted uint16) {
	r.mu.Lock()
	defer r.mu.Unlock()
	swapped := counted-r.pcscSeen >= 2
	r.pcscSeen = counted
	if present == r.last.Present && !(present && swapped) {
		return
	}
	r.last.Present, r.last.At = present, r.now()
	if present {
		r.last.Counter++
	}
	select {
	case <-r.events: // replaced by the newer one
	default:
	}
	r.events <- r.last // has room: this is the only sender, and it holds the lock
}
