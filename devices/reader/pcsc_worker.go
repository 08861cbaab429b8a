//go:build windows || (cgo && pcsc)

package reader

import (
	"context"
	"runtime"
	"sync"
	"time"

	"github.com/ebfe/scard"
)

// pcscReader speaks with the card in one reader, on a thread of its own and through a PC/SC context of its own: calls on a
// shared context wait for each other, and a card that does not answer would stop all lanes.
type pcscReader struct {
	r     *Reader
	jobs  chan *job
	ended chan struct{} // closed when no job is taken any more

	mu    sync.Mutex
	stuck bool // a job was given up and still runs

	// These belong to the thread.
	pcsc *scard.Context
	card *scard.Card
}

// job is one call into PC/SC. Both sides look at abandoned under the reader's lock.
type job struct {
	do        func() error
	done      chan error // holds the result
	finished  bool
	abandoned bool
}

func newPCSC(r *Reader) backend {
	return &pcscReader{r: r, jobs: make(chan *job), ended: make(chan struct{})}
}

// run is the thread. A call that hangs keeps it beyond the end of ctx; Service.Run tells.
func (p *pcscReader) run(ctx context.Context) {
	defer close(p.ended)
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	defer p.release()
	for {
		select {
		case <-ctx.Done():
			return
		case j := <-p.jobs:
			p.finish(j, guarded(j.do))
		}
	}
}

// finish hands the result over. When nobody waits for it any more the connection is of no use: its card may be another one.
func (p *pcscReader) finish(j *job, err error) {
	p.mu.Lock()
	j.finished = true
	late := j.abandoned
	p.mu.Unlock()
	if !late {
		j.done <- err
		return
	}
	p.release()
	p.mu.Lock()
	p.stuck = false
	p.mu.Unlock()
	p.r.hangs(false)
}

// call runs do on the thread. After limit, or when ctx ends, it gives the call up: it may still happen, and until it has
// ended no other call is let in.
func (p *pcscReader) call(ctx context.Context, limit time.Duration, do func() error) error {
	p.mu.Lock()
	stuck := p.stuck
	p.mu.Unlock()
	if stuck {
		return ErrStuck
	}
	timer := time.NewTimer(limit)
	defer timer.Stop()
	j := &job{do: do, done: make(chan error, 1)}
	select {
	case p.jobs <- j:
	case <-p.ended:
		return ErrEnded
	case <-timer.C:
		return ErrTimeout
	case <-ctx.Done():
		return ctx.Err()
	}
	select {
	case err := <-j.done:
		return err
	case <-timer.C:
		return p.abandon(j, ErrTimeout)
	case <-ctx.Done():
		return p.abandon(j, ctx.Err())
	}
}

// abandon gives a running call up, unless it has ended at this very moment.
func (p *pcscReader) abandon(j *job, why error) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if j.finished {
		return <-j.done
	}
	j.abandoned, p.stuck = true, true
	p.r.hangs(true)
	return why
}

// release closes what the thread holds. PC/SC may be gone already, so errors say nothing.
func (p *pcscReader) release() {
	if p.card != nil {
		_ = p.card.Disconnect(scard.ResetCard)
		p.card = nil
	}
	if p.pcsc != nil {
		_ = p.pcsc.Release()
		p.pcsc = nil
	}
}
