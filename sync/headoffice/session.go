package headoffice

import (
	"context"
	"errors"
	"fmt"
	"time"

	"loyaltill/agent/loyalty"
	"loyaltill/store/hodb"
	"loyaltill/sync/wire"
)

// clockLayout is UTC with milliseconds (docs/wire.md, 2).
const clockLayout = "2006-01-02T15:04:05.000Z07:00"

func clockText(t time.Time) string { return t.UTC().Format(clockLayout) }

// OpenSession compares a store's head with ours and says what to do about it.
func (o *Office) OpenSession(ctx context.Context, id loyalty.StoreID, req wire.SessionRequest) (wire.SessionAnswer, error) {
	if req.Protocol < wire.MinProtocol || req.Protocol > wire.Protocol {
		p := wire.NewProblem(wire.CodeUpgradeRequired, "protocol %d is not spoken here", req.Protocol)
		p.MinProtocol = wire.MinProtocol
		return wire.SessionAnswer{}, p
	}
	if req.Head.Seq < 0 || req.BootNonce.IsZero() || req.Check != nil && req.Check.Seq < 0 ||
		req.Signed != nil && req.Signed.Seq < 0 {
		return wire.SessionAnswer{}, wire.NewProblem(wire.CodeBadRequest, "head, check or boot nonce is not possible")
	}
	answer := wire.SessionAnswer{Protocol: wire.Protocol, Clock: clockText(o.clock()), Columns: true}
	err := o.db.Update(ctx, func(tx *hodb.Tx) error {
		var err error
		if answer.FeedEpoch, _, err = tx.FeedHead(); err != nil {
			return err
		}
		return o.openSession(tx, id, req, &answer)
	})
	if err != nil {
		return wire.SessionAnswer{}, fmt.Errorf("open session of store %d: %w", id, err)
	}
	o.metrics.Session(string(answer.Verdict))
	o.changed.ring() // its allowances are in the feed once more
	o.log.Info().Uint32("store", uint32(id)).Uint64("session", answer.Session).Str("verdict", string(answer.Verdict)).
		Int64("seq", int64(answer.Head.Seq)).Str("agent", req.Agent).Msg("session opened")
	return answer, nil
}

func (o *Office) openSession(tx *hodb.Tx, id loyalty.StoreID, req wire.SessionRequest, answer *wire.SessionAnswer) error {
	head, err := tx.LockHead(id, req.Epoch)
	if errors.Is(err, hodb.ErrNotFound) || err == nil && head.InstallID != req.InstallID {
		return o.unknown(tx, id, req, answer)
	}
	if err != nil {
		return err
	}
	if head.State == hodb.HeadClosed {
		return o.afterTheEnd(tx, head, answer)
	}
	return o.openKnown(tx, head, req, answer)
}

// openKnown opens a session of a life that is not over.
func (o *Office) openKnown(tx *hodb.Tx, head *hodb.Head, req wire.SessionRequest, answer *wire.SessionAnswer) (err error) {
	answer.Head = wire.Head{Seq: head.Seq, Hash: head.Hash}
	answer.Signature = o.sign(head.Position())
	newest := head.Session
	if answer.Session, err = tx.OpenSession(head, req.BootNonce); err != nil {
		return err
	}
	if answer.Session < newest {
		if err := o.flip(tx, head, answer.Session); err != nil {
			return err
		}
	}
	if answer.Session != head.Session || head.Quarantined {
		answer.Verdict = wire.VerdictFenced
		return nil
	}
	if err := o.lostSince(tx, head, req.Signed); err != nil {
		return err
	}
	if answer.Session != newest {
		if err := tx.ForgetReservations(head.Store, head.Epoch, req.Head.Seq); err != nil {
			return err
		}
	}
	answer.Verdict, err = judgeHead(tx, head, req)
	if err == nil && (answer.Verdict == wire.VerdictInSync || answer.Verdict == wire.VerdictAhead) {
		return tx.TouchLeases(head.Store) // what it spends of them lasts from when it hears of them
	}
	if err != nil || answer.Verdict != wire.VerdictForked || head.State == hodb.HeadForked {
		return err
	}
	return o.fork(tx, head, req.Head.Seq, "a session showed another entry")
}

// afterTheEnd tells a box whose life is over in which one it goes on, if a person has decided so.
func (o *Office) afterTheEnd(tx *hodb.Tx, head *hodb.Head, answer *wire.SessionAnswer) (err error) {
	answer.Verdict = wire.VerdictUnknownInstall
	if answer.Next, err = o.nextLife(tx, head); err != nil || answer.Next == nil {
		return err
	}
	answer.Verdict, answer.Head = wire.VerdictForked, wire.Head{Seq: head.Seq, Hash: head.Hash}
	answer.Signature = o.sign(head.Position())
	return nil
}

// judgeHead says how a store's log stands to ours. A fork, once seen, stays.
func judgeHead(tx *hodb.Tx, head *hodb.Head, req wire.SessionRequest) (wire.Verdict, error) {
	if head.State == hodb.HeadForked {
		return wire.VerdictForked, nil
	}
	known := []wire.Head{req.Head}
	if req.Check != nil {
		known = append(known, *req.Check)
	}
	if req.Signed != nil {
		known = append(known, req.Signed.Head)
	}
	for _, theirs := range known {
		if theirs.Seq > head.Seq {
			continue
		}
		ours, err := tx.HashAt(head, theirs.Seq)
		if err != nil {
			return "", err
		}
		if ours != theirs.Hash {
			return wire.VerdictForked, nil
		}
	}
	switch {
	case req.Head.Seq == head.Seq:
		return wire.VerdictInSync, nil
	case req.Head.Seq > head.Seq:
		return wire.VerdictAhead, nil
	}
	return wire.VerdictBehind, nil
}

// fork stops a life of a log until a person has decided.
func (o *Office) fork(tx *hodb.Tx, head *hodb.Head, seq loyalty.Seq, note string) error {
	if err := tx.MarkForked(head); err != nil {
		return err
	}
	key := hodb.EntryKey{Store: head.Store, Epoch: head.Epoch, Seq: min(seq, head.Seq)}
	return tx.OpenCase(hodb.CaseFork, key, note+": a restored backup or a copied box; uploads are stopped")
}
