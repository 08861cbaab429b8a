package headoffice

import (
	"errors"
	"fmt"
	"time"

	"loyaltill/agent/loyalty"
	"loyaltill/store"
	"loyaltill/store/hodb"
	"loyaltill/sync/wire"
)

// unknown answers a box whose life is not in the register. One above all that are known may be of a time that head office lost when
// it was restored: its grant proves it.
func (o *Office) unknown(tx *hodb.Tx, id loyalty.StoreID, req wire.SessionRequest, answer *wire.SessionAnswer) error {
	answer.Verdict = wire.VerdictUnknownInstall
	newest, err := tx.NewestEpoch(id)
	if err != nil || req.Epoch <= newest {
		return err
	}
	answer.Verdict = wire.VerdictAheadOfGrant
	if req.Grant == nil {
		return nil
	}
	head, err := o.adopt(tx, id, req)
	if err != nil {
		return err
	}
	return o.openKnown(tx, head, req, answer)
}

// adopt takes up a life again that head office granted before it was restored.
func (o *Office) adopt(tx *hodb.Tx, id loyalty.StoreID, req wire.SessionRequest) (*hodb.Head, error) {
	shown := req.Grant
	grant := store.Grant{Store: uint32(id), Epoch: uint32(req.Epoch), InstallID: req.InstallID, Nonce: shown.Nonce}
	if err := grant.Verify(o.home.Keys.PositionKey(), shown.Signature); err != nil {
		return nil, wire.NewProblem(wire.CodeForbidden, "%v", err)
	}
	told := Enrolment{Store: id, Name: shown.Name, TimeZone: shown.TimeZone, DayCut: shown.DayCut, Language: shown.Language}
	if err := told.checkStore(); err != nil {
		return nil, wire.NewProblem(wire.CodeBadRequest, "grant: %v", err)
	}
	if err := tx.PutStore(hodb.Store{ID: id, Name: shown.Name, TimeZone: shown.TimeZone, DayCut: shown.DayCut, Language: shown.Language}); err != nil {
		return nil, err
	}
	before, err := tx.Living(id)
	if err != nil {
		return nil, err
	}
	for _, h := range before {
		if err := o.tailLost(tx, h, "a later life was taken up again"); err != nil {
			return nil, err
		}
	}
	head, err := tx.OpenLife(grant)
	if err == nil {
		err = o.provide(tx, id, head.Epoch)
	}
	if err == nil {
		key := hodb.EntryKey{Store: id, Epoch: head.Epoch}
		err = tx.OpenCase(hodb.CaseAdopted, key, fmt.Sprintf("head office was restored to before it granted epoch %d; its log is taken from the store", head.Epoch))
	}
	return head, err
}

// lostSince sees by a position that head office signed that it was restored from an older dump. What the store still has comes again;
// what head office told in the time that it lost, it tells anew.
func (o *Office) lostSince(tx *hodb.Tx, head *hodb.Head, signed *wire.SignedHead) error {
	if signed == nil || signed.Seq <= head.Seq {
		return nil
	}
	p := store.Position{Store: uint32(head.Store), Epoch: uint32(head.Epoch), Seq: int64(signed.Seq), Hash: signed.Hash}
	if err := p.Verify(o.home.Keys.PositionKey(), signed.Signature); err != nil {
		return wire.NewProblem(wire.CodeBadRequest, "signed: %v", err)
	}
	known, err := tx.HasCase(hodb.CaseSignedLost)
	if err == nil && !known {
		_, err = tx.RenewFeed(tx.Now())
	}
	if err != nil {
		return err
	}
	key := hodb.EntryKey{Store: head.Store, Epoch: head.Epoch, Seq: signed.Seq}
	return tx.OpenCase(hodb.CaseSignedLost, key, fmt.Sprintf("head office had signed up to %d and holds %d: it was restored from an older dump; the store sends the rest again", signed.Seq, head.Seq))
}

// Two boxes that fence each other in turn show it by asking again after they were fenced, which a box that was only restarted never
// does: so often in so long.
const (
	flipsOfClones = 3
	flipWindow    = time.Hour
)

// flip notes that a fenced start of an agent is alive.
func (o *Office) flip(tx *hodb.Tx, head *hodb.Head, session uint64) error {
	flips, err := tx.Fence(head, session, tx.Now().Add(-flipWindow))
	if err != nil || flips < flipsOfClones || head.Quarantined {
		return err
	}
	key := hodb.EntryKey{Store: head.Store, Epoch: head.Epoch, Seq: head.Seq}
	return errors.Join(tx.Quarantine(head), tx.OpenCase(hodb.CaseCopiedBox, key,
		fmt.Sprintf("two boxes took this store's place from each other %d times in an hour: a copied box; neither uploads", flips)))
}
