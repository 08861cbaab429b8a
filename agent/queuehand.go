package agent

import "context"

// inHand is the job that waits for the printer or is being printed.
type inHand struct {
	job   int64
	leave context.CancelFunc // ends its wait for the printer, or for a person
	ended chan struct{}
	want  wish
}

// wish is what a person wants with a job that the printer cannot finish now.
type wish struct {
	cancel  bool
	printer string // where it shall start over instead; empty: here
}

func (q *queue) take(job int64, leave context.CancelFunc) *inHand {
	h := &inHand{job: job, leave: leave, ended: make(chan struct{})}
	q.mu.Lock()
	q.held = h
	q.mu.Unlock()
	return h
}

func (q *queue) done(h *inHand) {
	q.mu.Lock()
	q.held = nil
	q.mu.Unlock()
	close(h.ended)
}

func (q *queue) wanted(h *inHand) wish {
	q.mu.Lock()
	defer q.mu.Unlock()
	return h.want
}

// letGo ends the wait of a job and returns a channel that is closed when the queue has settled it; nil when the queue
// does not have it.
func (q *queue) letGo(job int64, want wish) <-chan struct{} {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.held == nil || q.held.job != job {
		return nil
	}
	q.held.want = want
	q.held.leave()
	return q.held.ended
}
