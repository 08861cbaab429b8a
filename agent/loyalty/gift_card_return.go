package loyalty

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// SpentGiftCard is what a card paid of a sale.
type SpentGiftCard struct {
	Serial  string `json:"serial"`
	Kind    string `json:"kind"`
	Amount  int64  `json:"amount"`
	Expires string `json:"expires,omitempty"`
}

// GiftCardPart is money that goes back to one card.
type GiftCardPart struct {
	Serial string `json:"serial"`
	Amount int64  `json:"amount"`
}

func (r *Returnable) readGiftCards(s *SaleBody) {
	for i := range s.Lines {
		if g := s.Lines[i].GiftCard; g != nil {
			r.Lines[i].GiftCard = g.Serial
		}
	}
	for _, t := range s.Tenders {
		if i := slices.IndexFunc(s.GiftCards, func(c GiftCardState) bool { return c.Serial == t.Serial }); i >= 0 {
			r.GiftCards = append(r.GiftCards, SpentGiftCard{t.Serial, s.GiftCards[i].Kind, t.Amount, s.GiftCards[i].Expires})
		}
	}
	slices.SortFunc(r.GiftCards, func(a, b SpentGiftCard) int { return cmp.Compare(a.Serial, b.Serial) })
}

func (r *Returnable) checkGiftCards() bool {
	for i := range r.Lines {
		if s := r.Lines[i].GiftCard; s != "" && !giftCardSerial(s) {
			return false
		}
	}
	return len(r.GiftCards) <= MaxGiftCards && !slices.ContainsFunc(r.GiftCards, func(c SpentGiftCard) bool {
		return !giftCardSerial(c.Serial) || !idForm.MatchString(c.Kind) || c.Amount < 1 || c.Amount > maxMoney
	})
}

// giftCardParts is what of a refund goes back to cards. They come before money, each up to what it paid, one after the
// other by serial: so parts of a return give each card what the whole would. A card that has ended takes nothing back.
func giftCardParts(in *ReturnInput, refund int64, day string) []GiftCardPart {
	var parts []GiftCardPart
	for _, c := range in.Sale.GiftCards {
		if slices.Contains(in.Policy.cardsToMoney, c.Kind) || c.Expires != "" && c.Expires < day {
			continue
		}
		left := c.Amount
		for i := range in.Before {
			for _, p := range in.Before[i].ToCards {
				if p.Serial == c.Serial {
					left -= p.Amount
				}
			}
		}
		if part := min(left, refund); part > 0 {
			parts, refund = append(parts, GiftCardPart{c.Serial, part}), refund-part
		}
	}
	return parts
}

// giftCards sends money back to the cards that paid, and takes it off the cards that come back themselves.
func (s *settlement) giftCards(t *tally) error {
	for k, l := range t.lines {
		sold := &s.in.Sale.Lines[l.Line]
		if sold.GiftCard == "" {
			continue
		}
		at := fmt.Sprintf("lines[%d]", k)
		i := slices.IndexFunc(s.in.GiftCards, func(c GiftCardState) bool { return c.Serial == sold.GiftCard })
		switch {
		case i < 0:
			return &SaleError{at, GiftCardUnknown}
		case l.Quantity != sold.Quantity:
			return &SaleError{at, GiftCardLineBad}
		case s.in.GiftCards[i].Active && s.in.GiftCards[i].Balance < sold.Price:
			return &SaleError{at, GiftCardSpent}
		}
		s.body.GiftCards = append(s.body.GiftCards, s.in.GiftCards[i])
	}
	s.body.ToCards = giftCardParts(s.in, s.body.Refund, s.head.Day)
	s.moves = append(s.moves, giftCardMovesBack(s.in, s.body, s.head.Day)...)
	return nil
}

// giftCardMovesBack is the money of cards that a return moves, in minor units. Nothing is on a card that was never paid.
func giftCardMovesBack(in *ReturnInput, b *ReturnBody, day string) []Movement {
	var moves []Movement
	for _, p := range giftCardParts(in, b.Refund, day) {
		moves = append(moves, Movement{From: AccountGiftCardsRedeemed, To: AccountGiftCard(p.Serial), Points: Points(p.Amount)})
	}
	for _, c := range b.GiftCards {
		i := slices.IndexFunc(in.Sale.Lines, func(l ReturnableLine) bool { return l.GiftCard == c.Serial })
		if c.Active && i >= 0 && in.Sale.Lines[i].Price > 0 {
			moves = append(moves, Movement{From: AccountGiftCard(c.Serial), To: AccountGiftCardsIssued, Points: Points(in.Sale.Lines[i].Price)})
		}
	}
	slices.SortStableFunc(moves, func(a, b Movement) int { return strings.Compare(a.From+a.To, b.From+b.To) })
	return moves
}

// spentGiftCards writes the cards of a sale onto its bill token, under a label of their own.
func (d *digester) spentGiftCards(r *Returnable) {
	sold := slices.ContainsFunc(r.Lines, func(l ReturnableLine) bool { return l.GiftCard != "" })
	if !sold && len(r.GiftCards) == 0 {
		return
	}
	d.text(tokenGiftCards)
	for _, l := range r.Lines {
		d.text(l.GiftCard)
	}
	d.ints(int64(len(r.GiftCards)))
	for _, c := range r.GiftCards {
		d.text(c.Serial)
		d.text(c.Kind)
		d.ints(c.Amount, tokenDay(c.Expires))
	}
}

func (t *tokenReader) giftCards(r *Returnable) {
	for i := range r.Lines {
		r.Lines[i].GiftCard = t.text()
	}
	for range t.count() {
		r.GiftCards = append(r.GiftCards, SpentGiftCard{Serial: t.text(), Kind: t.text(), Amount: t.int(), Expires: t.day()})
	}
}
