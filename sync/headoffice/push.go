package headoffice

import (
	"context"
	"errors"
	"fmt"

	"loyaltill/agent/loyalty"
	"loyaltill/store"
	"loyaltill/store/hodb"
	"loyaltill/sync/wire"
)

func (o *Office) sign(p store.Position) []byte { return p.Sign(o.home.Keys.position) }

// Push appends a batch, or finds that it is known. It judges the envelope only: number, chain and session. What the
// entries say is judged afterwards and can stop nothing.
func (o *Office) Push(ctx context.Context, b *wire.Batch) (wire.Accepted, error) {
	answer, fresh, err := o.take(ctx, b)
	o.counted(b, fresh, answer, err)
	return answer, err
}

// take is Push; fresh are the entries that head office had not yet.
func (o *Office) take(ctx context.Context, b *wire.Batch) (answer wire.Accepted, fresh [][]byte, err error) {
	hashes, err := b.Hashes()
	if err != nil {
		return wire.Accepted{}, nil, err
	}
	var refused *wire.Problem
	ingest := func(tx *hodb.Tx) error {
		answer, refused = wire.Accepted{}, nil
		fresh, err = o.push(tx, b, hashes, &answer, &refused)
		return err
	}
	if err = o.db.Ingest(ctx, ingest); err == nil && refused != nil && refused.Code == wire.CodeFork {
		err = o.db.Update(ctx, func(tx *hodb.Tx) error { return o.noteFork(tx, b, hashes) })
	}
	var commit *store.CommitError
	switch {
	case errors.As(err, &commit):
		p := wire.NewProblem(wire.CodeUnavailable, "the batch may be kept or not; send it again")
		p.RetryAfter = busyRetry
		o.log.Error().Err(err).Uint32("store", uint32(b.Store)).Msg("commit failed")
		return wire.Accepted{}, nil, p
	case err != nil:
		return wire.Accepted{}, nil, fmt.Errorf("push store %d epoch %d from %d: %w", b.Store, b.Epoch, b.First, err)
	case wentBack(refused, nil):
		if err := o.renewFeed(ctx); err != nil {
			return wire.Accepted{}, nil, err
		}
		return wire.Accepted{}, nil, refused
	case refused != nil:
		return wire.Accepted{}, nil, refused
	}
	if !answer.Replayed {
		o.arrived.ring()
	}
	return answer, fresh, nil
}

func (o *Office) push(tx *hodb.Tx, b *wire.Batch, hashes []store.Hash, answer *wire.Accepted, refused **wire.Problem) (fresh [][]byte, err error) {
	head, err := tx.LockHead(b.Store, b.Epoch)
	if errors.Is(err, hodb.ErrNotFound) {
		*refused = wire.NewProblem(wire.CodeEpochClosed, "epoch %d of store %d was never opened", b.Epoch, b.Store)
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	skip, problem, err := decide(tx, head, b, hashes)
	if err != nil {
		return nil, err
	}
	if problem != nil {
		*refused = problem
		return nil, nil
	}
	if answer.Replayed = skip == len(b.Bodies); !answer.Replayed {
		fresh = b.Bodies[skip:]
		if err := tx.Append(head, fresh, hashes[skip:], o.sign); err != nil {
			return nil, err
		}
	}
	answer.AcceptedThrough, answer.HeadHash = head.Seq, head.Hash
	answer.Signature = o.sign(head.Position())
	return fresh, nil
}

// noteFork remembers a fork that a batch showed, unless the log has closed meanwhile. It opens a case, which is no work for Ingest.
func (o *Office) noteFork(tx *hodb.Tx, b *wire.Batch, hashes []store.Hash) error {
	head, err := tx.LockHead(b.Store, b.Epoch)
	if err != nil {
		return err
	}
	_, problem, err := decide(tx, head, b, hashes)
	if err != nil || problem == nil || problem.Code != wire.CodeFork || head.State != hodb.HeadOpen {
		return err
	}
	return o.fork(tx, head, b.First, "a batch showed another entry")
}

// decide says how many of the batch's entries are known already, or why it is refused (docs/wire.md, 4).
func decide(tx *hodb.Tx, head *hodb.Head, b *wire.Batch, hashes []store.Hash) (skip int, refused *wire.Problem, err error) {
	fork := wire.NewProblem(wire.CodeFork, "store %d epoch %d has another entry from %d on", b.Store, b.Epoch, b.First)
	switch {
	case head.State == hodb.HeadClosed:
		return 0, wire.NewProblem(wire.CodeEpochClosed, "epoch %d of store %d is closed", b.Epoch, b.Store), nil
	case b.Session != head.Session || head.Quarantined:
		return 0, wire.NewProblem(wire.CodeFenced, "session %d is not the newest", b.Session), nil
	case head.State == hodb.HeadForked:
		return 0, fork, nil
	case b.First > head.Seq+1:
		p := wire.NewProblem(wire.CodeGap, "entries %d to %d are missing", head.Seq+1, b.First-1)
		p.Expected = head.Seq + 1
		return 0, p, nil
	}
	before, err := tx.HashAt(head, b.First-1)
	if err != nil {
		return 0, nil, err
	}
	if before != b.Prev {
		return 0, fork, nil
	}
	known := min(head.Seq, b.Last())
	if skip = int(known - b.First + 1); skip == 0 {
		return 0, nil, nil
	}
	ours, err := tx.HashAt(head, known)
	if err != nil {
		return 0, nil, err
	}
	if ours != hashes[skip-1] {
		return 0, fork, nil
	}
	return skip, nil, nil
}

// Entries gives a store its own entries back, for a box that was restored from an older backup.
func (o *Office) Entries(ctx context.Context, q wire.EntriesQuery) (*wire.Batch, error) {
	if q.From < 1 || q.Limit < 1 || q.Limit > wire.MaxBatchEntries {
		return nil, wire.NewProblem(wire.CodeBadRequest, "from %d, limit %d: want from 1 and a limit of 1 to %d", q.From, q.Limit, wire.MaxBatchEntries)
	}
	b := &wire.Batch{Store: q.Store, Epoch: q.Epoch, First: q.From}
	err := o.db.View(ctx, func(tx *hodb.Tx) error {
		head, err := storeHead(tx, q.Store, q.Epoch)
		if err != nil {
			return err
		}
		if q.From > head.Seq {
			b.Prev, b.Head = head.Hash, head.Hash
			return nil
		}
		return readBatch(tx, head, q, b)
	})
	if err != nil {
		return nil, fmt.Errorf("entries of store %d from %d: %w", q.Store, q.From, err)
	}
	return b, nil
}

// errFull ends a read at the limit of a message.
var errFull = errors.New("message is full")

func readBatch(tx *hodb.Tx, head *hodb.Head, q wire.EntriesQuery, b *wire.Batch) (err error) {
	if b.Prev, err = tx.HashAt(head, q.From-1); err != nil {
		return err
	}
	size, last := 0, min(head.Seq, q.From+loyalty.Seq(q.Limit)-1)
	err = tx.EachEntry(hodb.Range{Store: q.Store, Epoch: q.Epoch, First: q.From, Last: last}, func(e hodb.Entry) error {
		if size += len(e.Body) + 1; size > wire.MaxBatchBytes {
			return errFull
		}
		b.Bodies, b.Head = append(b.Bodies, e.Body), e.Hash
		return nil
	})
	if errors.Is(err, errFull) {
		return nil
	}
	return err
}
