package headoffice

import (
	"context"
	"fmt"

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
		return o.verifySigned(tx, &found)
	})
	if found == nil {
		found = []hodb.Finding{}
	}
	return found, err
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
		if _, err := wire.ReadClose(c.Manifest, o.home.Keys.PositionKey()); err != nil {
			report(fmt.Sprintf("close of store %d on %s", c.Range.Store, c.Day), err)
		}
	}
	return nil
}
