package uplink

import (
	"context"
	"errors"
	"time"

	"github.com/cenkalti/backoff/v4"

	"loyaltill/sync/wire"
)

const (
	firstPause  = 500 * time.Millisecond
	longestWait = 5 * time.Minute
	// recheck is how often a store asks again that was told to stop.
	recheck = 5 * time.Minute
)

// patience is an exponential back-off that never ends and honours the server's Retry-After, which backoff/v4 does not
// know.
type patience struct {
	exponential *backoff.ExponentialBackOff
	least       time.Duration
}

var _ backoff.BackOff = (*patience)(nil)

// newPatience spreads each pause over the whole of 0 to its length (full jitter): the library spreads by a factor around
// a middle, so the middle is half of what is meant.
func newPatience() *patience {
	e := backoff.NewExponentialBackOff()
	e.InitialInterval = firstPause / 2
	e.MaxInterval = longestWait / 2
	e.Multiplier = 2
	e.RandomizationFactor = 1
	e.MaxElapsedTime = 0 // the default gives up after 15 minutes
	e.Reset()
	return &patience{exponential: e}
}

// NextBackOff is the next pause, not shorter than the server asked for.
func (p *patience) NextBackOff() time.Duration {
	d := max(p.exponential.NextBackOff(), p.least)
	p.least = 0
	return d
}

// Reset starts over after a success.
func (p *patience) Reset() {
	p.exponential.Reset()
	p.least = 0
}

// after takes the server's wish from an error and gives the pause.
func (p *patience) after(err error) time.Duration {
	var problem *wire.Problem
	if errors.As(err, &problem) {
		p.least = problem.RetryAfter
	}
	return p.NextBackOff()
}

// sleep waits unless the context ends first.
func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
