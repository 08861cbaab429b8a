package headoffice

import (
	"context"
	"fmt"
	"time"

	"loyaltill/agent/loyalty"
	"loyaltill/devices/card"
	"loyaltill/store"
	"loyaltill/store/hodb"
	"loyaltill/sync/wire"
)

// renewInput says which cards get a new certificate for their own key.
type renewInput struct {
	Days int `json:"days"` // those that end within so many days, or have ended
}

// RenewOutcome counts what was done.
type RenewOutcome struct {
	Expiring int `json:"expiring"` // their last day was near or over
	Revoked  int `json:"revoked"`  // their issuing key is revoked
	Looked   int `json:"looked"`
}

const cardsAtOnce = 500 // of one transaction

// renewCards makes new certificates. Stores hand them over at the next tap, also to a card that they refuse until then.
func (o *Office) renewCards(ctx context.Context, in renewInput) (out RenewOutcome, err error) {
	for last, more := (loyalty.CardID{}), true; more; {
		err := o.db.Update(ctx, func(tx *hodb.Tx) error {
			cards, err := tx.LivingCards(last, cardsAtOnce)
			if err != nil || len(cards) == 0 {
				more = false
				return err
			}
			last = cards[len(cards)-1].ID
			return o.renewSome(tx, cards, in, &out)
		})
		if err != nil {
			return out, err
		}
	}
	return out, nil
}

func (o *Office) renewSome(tx *hodb.Tx, cards []hodb.Card, in renewInput, out *RenewOutcome) error {
	keys, err := o.issuingKeys(tx)
	if err != nil {
		return err
	}
	revoked := map[card.KeyID]bool{}
	for _, k := range keys {
		revoked[k.ID()] = k.Revoked
	}
	until := card.DayOf(tx.Now().Add(time.Duration(in.Days) * 24 * time.Hour))
	for _, c := range cards {
		out.Looked++
		cert, err := card.ParseCertificate(c.Certificate)
		if err != nil {
			return fmt.Errorf("certificate of card %v: %w", c.ID, err)
		}
		switch {
		case revoked[cert.CA]:
			out.Revoked++
		case cert.LastDay <= until:
			out.Expiring++
		default:
			continue
		}
		fresh, err := o.certify(tx, c.ID, cert.Key, cardInput{Flags: byte(cert.Flags)})
		if err == nil {
			err = tx.Renew(c.ID, fresh)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// renewal is what a store hands to the card.
func (w *feedWriter) renewal(key string) (*wire.RenewalRow, error) {
	row := &wire.RenewalRow{}
	if err := row.Card.UnmarshalText([]byte(key)); err != nil {
		return nil, err
	}
	c, err := w.tx.Card(row.Card)
	if err != nil {
		return nil, err
	}
	mac := card.CMAC(w.office.home.Keys.keyLD(c.ID), card.RenewalMACInput(card.ID(c.ID), c.Certificate))
	row.Certificate, row.MAC = c.Certificate, store.HexBytes(mac[:])
	return row, nil
}

// RenewCards makes new certificates for cards that end within so many days, and for those of revoked keys.
func (m Manager) RenewCards(ctx context.Context, days int) (out RenewOutcome, err error) {
	if days < 0 || days > 3650 {
		return out, &FieldError{"days", "give 0 to 3650 days", nil}
	}
	err = m.call(ctx, opRenew, renewInput{days}, &out)
	return out, err
}
