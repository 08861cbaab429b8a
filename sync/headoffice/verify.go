package headoffice

import (
	"context"
	"fmt"
	"slices"

	"loyaltill/agent/loyalty"
	"loyaltill/store/hodb"
	"loyaltill/sync/wire"
)

// Verify recomputes the books and checks everything that head office has signed.
func (o *Office) Verify(ctx context.Context) (found []hodb.Finding, err error) {
	err = o.db.View(ctx, func(tx *hodb.Tx) error {
		rules, err := o.published(tx)
		if err != nil {
			return err
		}
		if found, err = tx.Verify(idleBy(rules)); err != nil {
			return err
		}
		if err := o.verifyTiers(tx, &found); err != nil {
			return err
		}
		return o.verifySigned(tx, &found)
	})
	if found == nil {
		found = []hodb.Finding{}
	}
	return found, err
}

// verifyTiers reviews everybody again, from his first day on.
func (o *Office) verifyTiers(tx *hodb.Tx, found *[]hodb.Finding) error {
	j, err := o.judge(tx)
	if err != nil {
		return err
	}
	reviewed, err := tx.Reviewed()
	if err != nil || !j.ladder {
		return err
	}
	members, err := tx.Members()
	for _, id := range members {
		if err == nil {
			err = j.verifyTiersOf(id, reviewed, found)
		}
	}
	return err
}

// verifyTiersOf leaves out days whose reviews go on, or are to be done again: some members are ahead.
func (j *judge) verifyTiersOf(id loyalty.MemberID, reviewed string, found *[]hodb.Finding) error {
	first, err := j.tx.FirstDay(id)
	if err != nil || first == "" {
		return err
	}
	first = j.reviewable(first)
	has, err := j.tx.TierMoves(id, first)
	if err != nil {
		return err
	}
	m, err := j.registered(id)
	if err != nil {
		return err
	}
	went, err := j.tx.Went(id)
	if err != nil {
		return err
	}
	want, err := j.tierMoves(m, first, went)
	if err != nil {
		return err
	}
	goesOn := func(move hodb.TierMove) bool { return reviewed < j.poster.Begun() && move.From > reviewed }
	if has, want = slices.DeleteFunc(has, goesOn), slices.DeleteFunc(want, goesOn); !slices.Equal(has, want) {
		*found = append(*found, hodb.Finding{Check: hodb.CheckTiers, Where: fmt.Sprintf("member %d", id),
			Problem: fmt.Sprintf("tiers moved %v, the reviews give %v", has, want)})
	}
	return nil
}

func (o *Office) verifySigned(tx *hodb.Tx, found *[]hodb.Finding) error {
	report := func(where string, err error) {
		*found = append(*found, hodb.Finding{Check: hodb.CheckSignature, Where: where, Problem: err.Error()})
	}
	heads, err := tx.Heads()
	if err != nil {
		return err
	}
	for _, h := range heads {
		if h.Seq == 0 {
			continue
		}
		if err := h.Position().Verify(o.home.Keys.PositionKey(), h.Signature); err != nil {
			report(fmt.Sprintf("store %d epoch %d", h.Store, h.Epoch), err)
		}
	}
	closes, err := tx.Closes(0, 1<<31-1)
	if err != nil {
		return err
	}
	for _, c := range closes {
		where := fmt.Sprintf("close of store %d on %s", c.Range.Store, c.Day)
		manifest, err := wire.ReadClose(c.Manifest, o.home.Keys.PositionKey())
		if err != nil {
			report(where, err)
			continue
		}
		faults, err := verifyFiles(tx, c, manifest)
		if err != nil {
			return err
		}
		for _, fault := range faults {
			*found = append(*found, hodb.Finding{Check: hodb.CheckFiles, Where: where, Problem: fault})
		}
	}
	return nil
}
