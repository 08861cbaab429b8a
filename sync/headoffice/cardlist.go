package headoffice

import (
	"context"
	"errors"
	"fmt"
	"time"

	"loyaltill/agent/loyalty"
	"loyaltill/devices/card"
	"loyaltill/store/hodb"
)

// CardState is a card as head office knows it. It holds no secret and no whole number.
type CardState struct {
	Card     loyalty.CardID   `json:"card"`
	Member   loyalty.MemberID `json:"member"`
	Number   string           `json:"number"` // masked
	State    string           `json:"state"`  // made, active, given_up, blocked, ended
	Reason   string           `json:"reason,omitempty"`
	LastDay  string           `json:"last_day"`
	Issuer   string           `json:"issuer"` // its issuing key
	Holds    loyalty.Points   `json:"holds"`  // as far as stores have told, with what waits
	Ctr      uint32           `json:"ctr"`    // every record to here is known
	Vouchers []VoucherState   `json:"vouchers,omitempty"`
	Replaced *ReplacedState   `json:"replaced,omitempty"`
}

// VoucherState is a voucher that waits for its card.
type VoucherState struct {
	Seq    uint32 `json:"seq"`
	Kind   string `json:"kind"`
	Amount int32  `json:"amount"`
}

// ReplacedState says what becomes of a lost card's points.
type ReplacedState struct {
	By    string         `json:"by"`    // number of the new card, masked
	Due   string         `json:"due"`   // the day on which they move
	Moved bool           `json:"moved"` // they did
	Moves loyalty.Points `json:"points"`
}

type listInput struct {
	After  loyalty.CardID   `json:"after"`
	Member loyalty.MemberID `json:"member"` // 0: of all
}

// cardsListed is how many cards one answer holds.
const cardsListed = 1000

// listCards lists cards in the order of their ids.
func (o *Office) listCards(ctx context.Context, in listInput) (out []CardState, err error) {
	err = o.db.View(ctx, func(tx *hodb.Tx) error {
		cards, err := tx.CardsAfter(in.After, in.Member, cardsListed)
		for _, c := range cards {
			var s CardState
			if err == nil {
				s, err = cardState(tx, c)
			}
			out = append(out, s)
		}
		return err
	})
	return out, err
}

type showInput struct {
	Card loyalty.CardID `json:"card"`
}

func (o *Office) showCard(ctx context.Context, in showInput) (out CardState, err error) {
	err = o.db.View(ctx, func(tx *hodb.Tx) error {
		c, err := tx.Card(in.Card)
		if errors.Is(err, hodb.ErrNotFound) {
			return &FieldError{"card", "give the 16 digits of a card that head office has signed", err}
		}
		if err == nil {
			out, err = cardState(tx, c)
		}
		return err
	})
	return out, err
}

func cardState(tx *hodb.Tx, c hodb.Card) (s CardState, err error) {
	cert, err := card.ParseCertificate(c.Certificate)
	if err != nil {
		return s, fmt.Errorf("certificate of card %v: %w", c.ID, err)
	}
	s = CardState{Card: c.ID, Member: c.Member, LastDay: cert.LastDay.Date().Format(time.DateOnly), Issuer: cert.CA.String(), Ctr: c.KnownCtr}
	masks := map[[32]byte]string{}
	numbers, err := tx.Numbers(c.Member)
	for _, n := range numbers {
		masks[n.HMAC] = n.Masked
	}
	s.Number = masks[c.Number]
	if err == nil {
		s.Reason, err = tx.Hot(c.ID)
	}
	state, serr := tx.CardState(c.ID)
	if err = errors.Join(err, serr); err != nil {
		return s, err
	}
	switch s.State = string(state); {
	case c.Ended:
		s.State = "ended"
	case state == hodb.CardActive && s.Reason != "":
		s.State = "blocked"
	}
	if s.Holds, err = tx.Holding(c.ID); err != nil {
		return s, err
	}
	waiting, err := tx.WaitingVouchers(c.ID)
	for _, v := range waiting {
		s.Vouchers = append(s.Vouchers, VoucherState{v.Seq, card.VoucherKind(v.Kind).String(), v.Amount})
	}
	lost, lerr := tx.ReplacementsOf(c.Member)
	for _, r := range lost {
		if r.Card == c.ID {
			s.Replaced = &ReplacedState{By: masks[r.Number], Due: r.Due, Moved: r.Moved, Moves: r.Points}
		}
	}
	return s, errors.Join(err, lerr)
}

// EachCard tells of every card, or of one member's, in the order of their ids.
func (m Manager) EachCard(ctx context.Context, member loyalty.MemberID, tell func(CardState) error) error {
	in := listInput{Member: member}
	for {
		var page []CardState
		if err := m.call(ctx, opCards, in, &page); err != nil {
			return err
		}
		for _, s := range page {
			if err := tell(s); err != nil {
				return err
			}
			in.After = s.Card
		}
		if len(page) < cardsListed {
			return nil
		}
	}
}

// Card tells of one card.
func (m Manager) Card(ctx context.Context, id loyalty.CardID) (out CardState, err error) {
	err = m.call(ctx, opShow, showInput{id}, &out)
	return out, err
}
