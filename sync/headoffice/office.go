package headoffice

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"time"

	"github.com/rs/zerolog"

	"loyaltill/agent/loyalty"
	"loyaltill/internal/metrics"
	"loyaltill/store/hodb"
	"loyaltill/sync/wire"
)

// Office is head office at work: its keys, its books, and what it has compiled. It implements wire.HeadOffice.
type Office struct {
	home    *Home
	db      *hodb.DB
	clock   Clock
	entropy io.Reader
	log     zerolog.Logger
	codec   *wire.Codec
	metrics *metrics.Office
	watch   net.Listener
	changed *bell // rings when the feed or the published days have grown
	arrived *bell // rings when there is something to post
	wanted  *bell // rings when a store wants a snapshot

	mu         sync.Mutex
	programmes map[string]*loyalty.Programme
	renewed    time.Time // when the feed began a new life, as far as this process did it
	wants      []life    // of stores that want a snapshot
}

// Options are what an office needs from outside.
type Options struct {
	Clock   Clock
	Entropy io.Reader // for voucher references, store nonces and ids
	Log     zerolog.Logger
	Version string
	Watch   net.Listener // answers who watches over head office while it serves; nil: nobody
}

// OpenOffice opens the books of a home. store.ErrInUse says that another process has them.
func OpenOffice(ctx context.Context, home *Home, o Options) (*Office, error) {
	codec, err := wire.NewCodec()
	if err != nil {
		return nil, err
	}
	db, err := hodb.Open(ctx, home.books(), o.Clock)
	if err != nil {
		return nil, err
	}
	office := &Office{home: home, db: db, clock: o.Clock, entropy: o.Entropy, log: o.Log, codec: codec, watch: o.Watch, metrics: metrics.NewOffice(o.Version),
		changed: newBell(), arrived: newBell(), wanted: newBell(), programmes: map[string]*loyalty.Programme{}}
	if err := office.importStatements(ctx); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	for _, step := range []func(context.Context) error{office.keyEverybody, office.eraseAgain} {
		if err := step(ctx); err != nil {
			return nil, errors.Join(err, db.Close())
		}
	}
	office.metrics.Watch(office.measure)
	return office, nil
}

// Close closes the books.
func (o *Office) Close() error { return o.db.Close() }

// Run posts what arrives until ctx ends.
func (o *Office) Run(ctx context.Context) error {
	for {
		heard := o.arrived.wait()
		err := o.PostAll(ctx)
		if err == nil {
			err = o.beginDay(ctx)
		}
		wait := dayWatch // nothing arrives without a ring
		if err != nil && ctx.Err() == nil {
			o.log.Error().Err(err).Msg("posting stopped, trying again")
			wait = postRetry
		}
		if !pause(ctx, heard, wait) {
			return nil
		}
	}
}

// dayWatch is how often head office looks whether a day has begun.
const dayWatch = 10 * time.Minute

// postRetry is how long posting waits after a fault of the database.
const postRetry = 2 * time.Second

// pause waits for a ring, a time, or the end; false says that it is the end.
func pause(ctx context.Context, heard <-chan struct{}, most time.Duration) bool {
	timer := time.NewTimer(most)
	defer timer.Stop()
	select {
	case <-heard:
	case <-timer.C:
	case <-ctx.Done():
		return false
	}
	return true
}

// PostAll judges every batch that waits.
func (o *Office) PostAll(ctx context.Context) error {
	for {
		more, err := o.postNext(ctx)
		if err != nil || !more {
			return err
		}
	}
}

// bell wakes everyone who waits, any number of times.
type bell struct {
	mu sync.Mutex
	ch chan struct{}
}

func newBell() *bell { return &bell{ch: make(chan struct{})} }

// wait gives a channel that closes at the next ring. Take it before looking at what the ring is about.
func (b *bell) wait() <-chan struct{} {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.ch
}

func (b *bell) ring() {
	b.mu.Lock()
	defer b.mu.Unlock()
	close(b.ch)
	b.ch = make(chan struct{})
}

// programme gives a published version, compiled once; hodb.ErrNotFound when it was never published.
func (o *Office) programme(tx *hodb.Tx, digest string) (*loyalty.Programme, error) {
	o.mu.Lock()
	p := o.programmes[digest]
	o.mu.Unlock()
	if p != nil {
		return p, nil
	}
	document, err := tx.Programme(digest)
	if err != nil {
		return nil, err
	}
	if p, err = loyalty.Compile(document); err != nil {
		return nil, fmt.Errorf("compile published programme %s: %w", digest, err)
	}
	if p.Digest() != digest {
		return nil, fmt.Errorf("published programme %s has become %s", digest, p.Digest())
	}
	o.mu.Lock()
	o.programmes[digest] = p // as many as were ever published: few
	o.mu.Unlock()
	return p, nil
}

// published compiles every version that was ever published: few.
func (o *Office) published(tx *hodb.Tx) ([]*loyalty.Programme, error) {
	digests, err := tx.Programmes()
	if err != nil {
		return nil, err
	}
	all := make([]*loyalty.Programme, len(digests))
	for i, digest := range digests {
		if all[i], err = o.programme(tx, digest); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// asProblem makes any failure an answer: what is a problem stays, the rest is our fault and is logged.
func (o *Office) asProblem(err error) *wire.Problem {
	var p *wire.Problem
	if errors.As(err, &p) {
		return p
	}
	if errors.Is(err, hodb.ErrUnavailable) {
		o.log.Warn().Err(err).Msg("database does not answer")
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) || errors.Is(err, hodb.ErrUnavailable) {
		p := wire.NewProblem(wire.CodeUnavailable, "head office is busy or stopping")
		p.RetryAfter = busyRetry
		return p
	}
	o.log.Error().Err(err).Msg("request failed")
	return wire.NewProblem(wire.CodeInternal, "see head office's log")
}

// busyRetry is what a store is asked to wait at least.
const busyRetry = 2 * time.Second
