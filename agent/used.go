package agent

import (
	"context"
	"fmt"
	"slices"

	"loyaltill/agent/loyalty"
	"loyaltill/store/agentdb"
)

// tellUsed tells a bill what this store has used up of budgets, stock and gift cards.
func (a *Agent) tellUsed(ctx context.Context, b *bill, id loyalty.TxnID, shown []GiftCard) error {
	for _, c := range shown {
		b.input.GiftCards = append(b.input.GiftCards, loyalty.GiftCardState{Serial: c.Serial, Off: c.Off})
	}
	used, err := a.db.Tally(ctx, id, serials(&b.input))
	if err != nil {
		return err
	}
	if b.who != nil {
		if used.Redeemed, err = a.db.Redeemed(ctx, b.who.member, b.input.Place.Day); err != nil {
			return err
		}
		if used.Lease, err = a.db.Lease(ctx, b.who.member); err != nil {
			return err
		}
		b.lease = used.Lease.Left
	}
	if b.mayAdvance() {
		if used.Advance, err = a.db.Advance(ctx, id, b.who.member, b.input.Place.Day); err != nil {
			return err
		}
	}
	b.tell(&b.input, used)
	for i, c := range shown {
		if !slices.ContainsFunc(b.input.GiftCards, func(known loyalty.GiftCardState) bool { return known.Serial == c.Serial }) {
			return &loyalty.SaleError{Field: fmt.Sprintf("gift_cards[%d].serial", i), Code: loyalty.GiftCardUnknown}
		}
	}
	return nil
}

// tell puts what is used up into an input. What a card is to take off the price stays as it was asked.
func (b *bill) tell(in *loyalty.QuoteInput, used agentdb.Tally) {
	b.floor(in, used)
	b.advance(in, used)
	in.Left = loyalty.Left(b.programme.Slices(in.Place.Store), used.Spent)
	in.Stock = stockOf(b.programme, used)
	asked := in.GiftCards
	in.GiftCards = used.GiftCards
	for i := range in.GiftCards {
		card := &in.GiftCards[i]
		if k := slices.IndexFunc(asked, func(c loyalty.GiftCardState) bool { return c.Serial == card.Serial }); k >= 0 {
			card.Off = asked[k].Off
		}
	}
}

// stockOf is what is gone of the things that the programme limits.
func stockOf(p *loyalty.Programme, used agentdb.Tally) []loyalty.Stock {
	limited := p.Stocked()
	return slices.DeleteFunc(slices.Clone(used.Gone), func(s loyalty.Stock) bool { return !slices.Contains(limited, s.Of) })
}

// serials is the gift cards that a bill has to do with: shown, to pay, or to be sold, each once.
func serials(in *loyalty.QuoteInput) []string {
	var all []string
	for _, c := range in.GiftCards {
		all = append(all, c.Serial)
	}
	for _, t := range in.Sale.Tenders {
		if t.Serial != "" {
			all = append(all, t.Serial)
		}
	}
	for i := range in.Sale.Lines {
		if g := in.Sale.Lines[i].GiftCard; g != nil {
			all = append(all, g.Serial)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// won is the draws of a sale that won something.
func won(all []loyalty.Surprise) []loyalty.Surprise {
	return slices.DeleteFunc(slices.Clone(all), func(s loyalty.Surprise) bool { return !s.Won })
}

// paidBy is the gift cards that paid a sale, as it left them.
func paidBy(e *loyalty.Entry) []GiftCardLeft {
	var all []GiftCardLeft
	for _, c := range e.Sale.GiftCards {
		card := GiftCardLeft{Serial: c.Serial, Left: c.Balance}
		for _, m := range e.Moves {
			switch loyalty.AccountGiftCard(c.Serial) {
			case m.From:
				card.Left -= int64(m.Points)
				if m.To == loyalty.AccountGiftCardsRedeemed {
					card.Paid += int64(m.Points)
				}
			case m.To:
				card.Left += int64(m.Points)
			}
		}
		if card.Paid > 0 {
			all = append(all, card)
		}
	}
	return all
}

// drawSeed is what surprises at a place in the log are drawn with.
func (a *Agent) drawSeed(at loyalty.Seq) string { return a.identity.DrawSeed(int64(at)) }
