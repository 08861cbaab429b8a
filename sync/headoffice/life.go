package headoffice

import (
	"context"
	"errors"
	"fmt"
	"io"

	"loyaltill/agent/loyalty"
	"loyaltill/store"
	"loyaltill/store/hodb"
)

type enrolInput struct {
	Store    loyalty.StoreID `json:"store"`
	Name     string          `json:"name"`
	TimeZone string          `json:"time_zone"`
	DayCut   string          `json:"day_cut"`
	Language string          `json:"language"`

	HeadOffice string `json:"head_office"` // empty: as the box reaches it
}

type enrolOutcome struct {
	Epoch     loyalty.Epoch  `json:"epoch"`
	InstallID store.ID16     `json:"install_id"`
	Nonce     store.ID16     `json:"nonce"`
	Grant     store.HexBytes `json:"grant"`
}

// enrolStore begins a store's next life. The boxes of earlier ones can no longer upload.
func (o *Office) enrolStore(ctx context.Context, in enrolInput) (out enrolOutcome, err error) {
	err = o.db.Update(ctx, func(tx *hodb.Tx) (err error) {
		out, err = o.beginLife(tx, in)
		return err
	})
	return out, err
}

// beginLife opens the next life of a store's log and closes the ones before it, whose boxes may hold entries that never arrived.
func (o *Office) beginLife(tx *hodb.Tx, in enrolInput) (out enrolOutcome, err error) {
	for _, id := range []*store.ID16{&out.InstallID, &out.Nonce} {
		if _, err := io.ReadFull(o.entropy, id[:]); err != nil {
			return out, fmt.Errorf("enrol store %d: %w", in.Store, err)
		}
	}
	if err := tx.PutStore(hodb.Store{ID: in.Store, Name: in.Name, TimeZone: in.TimeZone, DayCut: in.DayCut, Language: in.Language}); err != nil {
		return out, err
	}
	before, err := tx.Living(in.Store)
	if err != nil {
		return out, err
	}
	for _, h := range before {
		if err := o.tailLost(tx, h, "the store was enrolled again"); err != nil {
			return out, err
		}
	}
	head, err := tx.OpenEpoch(in.Store, out.InstallID, out.Nonce)
	if err != nil {
		return out, err
	}
	out.Epoch = head.Epoch
	out.Grant = grantOf(head).Sign(o.home.Keys.position)
	return out, o.provide(tx, in.Store, head.Epoch)
}

// grantOf is what head office signs of a life when it opens it.
func grantOf(h *hodb.Head) store.Grant {
	return store.Grant{Store: uint32(h.Store), Epoch: uint32(h.Epoch), InstallID: h.InstallID, Nonce: h.Nonce}
}

// tailLost asks a person to look after what a life that ends may not have uploaded.
func (o *Office) tailLost(tx *hodb.Tx, h *hodb.Head, why string) error {
	key := hodb.EntryKey{Store: h.Store, Epoch: h.Epoch, Seq: h.Seq}
	return tx.OpenCase(hodb.CaseTailLost, key, fmt.Sprintf("%s: entries after %d of epoch %d may be on the old box's disk alone", why, h.Seq, h.Epoch))
}

type revokeInput struct {
	Store  loyalty.StoreID `json:"store"`
	Reason string          `json:"reason"`
}

// Revoked says which lives a revocation ended.
type Revoked struct {
	Store  loyalty.StoreID `json:"store"`
	Epochs []loyalty.Epoch `json:"epochs"`
}

// revokeStore refuses a store's certificates from now on, and its code if one is out.
func (o *Office) revokeStore(ctx context.Context, in revokeInput) (out Revoked, err error) {
	out = Revoked{Store: in.Store, Epochs: []loyalty.Epoch{}}
	err = o.db.Update(ctx, func(tx *hodb.Tx) error {
		out.Epochs = out.Epochs[:0]
		ended, err := tx.Revoke(in.Store, in.Reason)
		if err != nil {
			return err
		}
		for _, h := range ended {
			out.Epochs = append(out.Epochs, h.Epoch)
			if err := o.tailLost(tx, h, "revoked: "+in.Reason); err != nil {
				return err
			}
		}
		return nil
	})
	if err == nil && len(out.Epochs) == 0 {
		err = &FieldError{"store", "give a store that is enrolled", fmt.Errorf("store %d has no box", in.Store)}
	}
	return out, err
}

// Revoke refuses the certificates of a store's boxes from now on.
func (m Manager) Revoke(ctx context.Context, id loyalty.StoreID, reason string) (out Revoked, err error) {
	if reason == "" || len(reason) > maxReason {
		return out, &FieldError{"reason", fmt.Sprintf("say why, in 1 to %d bytes", maxReason), nil}
	}
	err = m.call(ctx, opRevoke, revokeInput{id, reason}, &out)
	return out, err
}

type settleInput struct {
	Store loyalty.StoreID `json:"store"`
	Case  int64           `json:"case"`
	Note  string          `json:"note"`
}

// settleCase closes a case of a store with what a person found. A fork is ended by a decision, not by a note.
func (o *Office) settleCase(ctx context.Context, in settleInput) (none, error) {
	err := o.db.Update(ctx, func(tx *hodb.Tx) error {
		err := tx.SettleCase(in.Store, in.Case, in.Note)
		if errors.Is(err, hodb.ErrNotFound) {
			return &FieldError{"case", `give the number of an open case of this store, as "headoffice report" has it; a fork is decided by "headoffice fork resolve"`, err}
		}
		if err != nil {
			return err
		}
		member, err := tx.OverdraftOfCase(in.Store, in.Case)
		if err == nil && member != 0 {
			err = freeOverdrawn(tx, member)
		}
		return err
	})
	return none{}, err
}

// SettleCase closes a case: what it asked for was done, or is written off.
func (m Manager) SettleCase(ctx context.Context, id loyalty.StoreID, no int64, note string) error {
	if note == "" || len(note) > maxReason {
		return &FieldError{"note", fmt.Sprintf("say what was found or done, in 1 to %d bytes", maxReason), nil}
	}
	var out none
	return m.call(ctx, opSettle, settleInput{id, no, note}, &out)
}
