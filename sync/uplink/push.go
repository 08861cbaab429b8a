package uplink

import (
	"context"
	"errors"
	"time"

	"loyaltill/agent/loyalty"
	"loyaltill/store/agentdb"
	"loyaltill/sync/wire"
)

// pusher is one session's uploading: what head office has, and how large batches may be.
type pusher struct {
	u       *Uplink
	session uint64
	columns bool // head office reads batches column by column
	acked   loyalty.Seq
	most    int // entries in a batch; halved when head office says so
	wait    *patience
}

// pushFrom uploads what comes after the answer's head, one batch at a time, until a new session is needed.
func (u *Uplink) pushFrom(ctx context.Context, answer wire.SessionAnswer, wait *patience) error {
	p := &pusher{u: u, session: answer.Session, columns: answer.Columns, acked: answer.Head.Seq, most: batchEntries, wait: wait}
	for {
		if err := p.awaitWork(ctx); err != nil {
			return err
		}
		r, err := u.db.Outgoing(ctx, p.acked+1, p.most, batchBytes)
		if err != nil {
			return err
		}
		if len(r.Bodies) == 0 {
			continue
		}
		u.board.set(StateSending, nil)
		if err := p.deliver(ctx, r); err != nil {
			return err
		}
	}
}

// awaitWork returns when a batch is worth sending: enough entries or bytes wait, or the first has waited long enough.
func (p *pusher) awaitWork(ctx context.Context) error {
	var due <-chan time.Time
	for {
		count, bytes, err := p.u.db.Unsent(ctx, p.acked)
		if err != nil {
			return err
		}
		if count >= enoughEntries || bytes >= enoughBytes {
			return nil
		}
		if count == 0 {
			p.u.board.set(StateInSync, nil)
			p.wait.Reset()
		} else if due == nil {
			timer := time.NewTimer(p.u.linger)
			defer timer.Stop()
			due = timer.C
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-p.u.db.Wake():
		case <-due:
			return nil
		}
	}
}

// deliver sends one batch until head office has it, or has said something that changes what to send. The same bytes go
// again after a fault that may pass; what arrived twice is recognised by head office.
func (p *pusher) deliver(ctx context.Context, r *agentdb.Range) error {
	b := &wire.Batch{Store: p.u.db.Store(), Epoch: p.u.db.Epoch(), Session: p.session, First: r.First, Prev: r.Prev, Head: r.Head,
		Bodies: r.Bodies, Columns: p.columns}
	damaged := false
	for {
		answer, err := p.u.office.Push(ctx, b)
		if err == nil {
			return p.accept(ctx, answer)
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		switch wire.ClassOf(err) {
		case wire.AgainNow:
			if !damaged {
				damaged = true
				continue
			}
		case wire.AgainLater:
		case wire.Rewind:
			return p.rewind(err, b)
		case wire.Shrink:
			return p.shrink(err, len(b.Bodies))
		default: // a new session, or a person
			return err
		}
		p.u.board.set(StateOffline, err)
		if err := sleep(ctx, p.wait.after(err)); err != nil {
			return err
		}
	}
}

// accept keeps head office's signed position and goes on behind it.
func (p *pusher) accept(ctx context.Context, answer wire.Accepted) error {
	if err := p.u.db.Acked(ctx, p.u.position(answer.AcceptedThrough, answer.HeadHash), answer.Signature); err != nil {
		return err
	}
	p.acked = answer.AcceptedThrough
	p.wait.Reset()
	return nil
}

// rewind goes back to what head office expects. An answer that leads nowhere needs a new session.
func (p *pusher) rewind(err error, b *wire.Batch) error {
	var problem *wire.Problem
	if !errors.As(err, &problem) || problem.Expected < 1 || problem.Expected >= b.First {
		return err
	}
	p.acked = problem.Expected - 1
	return nil
}

// shrink halves the batches. One entry always fits, and so does a sale in advance with what it was paid with, which goes in one
// batch however small they get: if head office refuses even that, it is for a person.
func (p *pusher) shrink(err error, count int) error {
	if count == 1 {
		return wire.NewProblem(wire.CodeBadRequest, "a single entry was refused: %v", err)
	}
	if count > p.most {
		return wire.NewProblem(wire.CodeBadRequest, "%d entries that go together were refused: %v", count, err)
	}
	p.most = max(1, count/2)
	return nil
}
