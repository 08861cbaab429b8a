package headoffice

import (
	"context"
	"crypto/ecdh"
	"errors"
	"fmt"
	"io"

	"loyaltill/agent/loyalty"
	"loyaltill/devices/card"
	"loyaltill/store"
	"loyaltill/store/hodb"
)

// prepareInput is a card that is in a reader and has made its key.
type prepareInput struct {
	Member    loyalty.MemberID `json:"member"` // 0: a new one
	Tier      string           `json:"tier"`   // of a new one
	Language  string           `json:"language"`
	Number    numberRef        `json:"number"`
	PublicKey store.HexBytes   `json:"public_key"`
	LastDay   card.Day         `json:"last_day"`
	Flags     byte             `json:"flags"`
}

// prepareCard certifies the key of a blank. An earlier card of the number that was never finished is given up, and blocked in case
// that it is active after all; so there is never more than one card for a number.
func (o *Office) prepareCard(ctx context.Context, in prepareInput) (out cardOutcome, err error) {
	key, err := ecdh.P256().NewPublicKey(in.PublicKey)
	if err != nil {
		return out, fmt.Errorf("prepare card: %w", err)
	}
	if _, err := io.ReadFull(o.entropy, out.Card[:]); err != nil {
		return out, fmt.Errorf("prepare card: %w", err)
	}
	err = o.db.Update(ctx, func(tx *hodb.Tx) error {
		m, err := o.holder(tx, in)
		if err != nil {
			return err
		}
		if out.Tier, err = tx.TierOn(m, lastDay); err != nil {
			return err
		}
		out.Member, out.Language = m.ID, m.Language
		if err := giveUpUnfinished(tx, in.Number); err != nil {
			return err
		}
		c := cardInput{Member: m.ID, Number: in.Number, PublicKey: in.PublicKey, LastDay: in.LastDay, Flags: in.Flags}
		if out.Certificate, err = o.certify(tx, out.Card, key, c); err != nil {
			return err
		}
		row := hodb.Card{ID: out.Card, Member: m.ID, PublicKey: in.PublicKey, Certificate: out.Certificate,
			Tier: tierOnCard(out.Tier), Language: m.Language}
		if err := tx.AddCard(row, in.Number.row()); err != nil {
			return err
		}
		return tx.SetCardState(out.Card, hodb.CardMade)
	})
	return out, err
}

// holder finds the member that a card is made for, or enters a new one.
func (o *Office) holder(tx *hodb.Tx, in prepareInput) (*hodb.Member, error) {
	owner, err := tx.NumberOwner(in.Number.row())
	if err != nil {
		return nil, err
	}
	id := in.Member
	switch {
	case owner != 0 && id != 0 && owner != id:
		return nil, &FieldError{"number", "give a number of this member", fmt.Errorf("%s is member %d's", in.Number.Masked, owner)}
	case owner != 0:
		id = owner
	case id == 0:
		if id, err = o.enterMember(tx, hodb.Member{Tier: in.Tier, Language: in.Language}, in.Number.row()); err != nil {
			return nil, err
		}
	}
	m, err := tx.Member(id)
	if errors.Is(err, hodb.ErrNotFound) {
		return nil, &FieldError{"member", "give a member of the register, or none for a new one", err}
	}
	return m, err
}

func giveUpUnfinished(tx *hodb.Tx, number numberRef) error {
	ids, err := tx.CardsOfNumber(number.HMAC)
	if err != nil {
		return err
	}
	for _, id := range ids {
		state, err := tx.CardState(id)
		if err != nil {
			return err
		}
		if state != hodb.CardMade {
			return &FieldError{"number", `take it out of the list; a lost card is replaced with "headoffice card replace"`,
				fmt.Errorf("%s has card %v: %w", number.Masked, id, hodb.ErrTaken)}
		}
		if err := tx.SetCardState(id, hodb.CardGivenUp); err != nil {
			return err
		}
		if err := tx.BlockCard(id, "given up while it was made"); err != nil {
			return err
		}
	}
	return nil
}

type finishInput struct {
	Card loyalty.CardID `json:"card"`
	Hash store.HexBytes `json:"hash"` // of the certificate that the card says it holds
}

// finishOutcome says whose card it is. A card that head office did not make has no state.
type finishOutcome struct {
	Member loyalty.MemberID `json:"member"`
	State  hodb.CardState   `json:"state"`
}

// finishCard takes a card's word that it is active with the certificate that was made for it. Only then points wait for it. A card
// that was finished before stays as it is, and so does one that was given up: the outcome says it.
func (o *Office) finishCard(ctx context.Context, in finishInput) (out finishOutcome, err error) {
	err = o.db.Update(ctx, func(tx *hodb.Tx) error {
		c, err := tx.Card(in.Card)
		if errors.Is(err, hodb.ErrNotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		if out.State, err = tx.CardState(in.Card); err != nil {
			return err
		}
		out.Member = c.Member
		cert, err := card.ParseCertificate(c.Certificate)
		if err != nil {
			return err
		}
		if hash := cert.Hash(); string(hash[:]) != string(in.Hash) || out.State != hodb.CardMade {
			return nil
		}
		out.State = hodb.CardActive
		if err := tx.SetCardState(in.Card, hodb.CardActive); err != nil {
			return err
		}
		return o.makeVouchers(tx, c.Member)
	})
	return out, err
}

type planInput struct {
	Numbers []numberRef `json:"numbers"`
}

// planRow is what the register has under a number.
type planRow struct {
	Member loyalty.MemberID `json:"member"`
	Card   loyalty.CardID   `json:"card"`
	State  hodb.CardState   `json:"state"` // empty: there is no card
}

// planCards looks which numbers have a card already.
func (o *Office) planCards(ctx context.Context, in planInput) (out []planRow, err error) {
	err = o.db.View(ctx, func(tx *hodb.Tx) error {
		for _, n := range in.Numbers {
			var row planRow
			if row.Member, err = tx.NumberOwner(n.row()); err != nil {
				return err
			}
			ids, err := tx.CardsOfNumber(n.HMAC)
			if err == nil && len(ids) > 0 {
				row.Card = ids[len(ids)-1]
				row.State, err = tx.CardState(row.Card)
			}
			if err != nil {
				return err
			}
			out = append(out, row)
		}
		return nil
	})
	return out, err
}
