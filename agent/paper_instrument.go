package agent

import (
	"slices"

	"loyaltill/agent/loyalty"
	"loyaltill/agent/receipt"
	"loyaltill/internal/i18n"
)

// maskedCard is what paper tells of a gift card's serial: who finds the paper must not be able to spend the card.
func maskedCard(serial string) string {
	const shown = 4
	if serial == "" {
		return ""
	}
	return "…" + serial[max(len(serial)-shown, 0):]
}

// giftCardsOnPaper is the cards that paid, with what is left on them, and those that the bill sold.
func giftCardsOnPaper(body *loyalty.SaleBody, cards []loyalty.GiftCardQuote) []receipt.GiftCard {
	var all []receipt.GiftCard
	for _, told := range body.GiftCards {
		for _, c := range cards {
			if c.Serial == told.Serial && c.Pays > 0 {
				all = append(all, receipt.GiftCard{Card: maskedCard(c.Serial), Balance: c.Left, Ends: day(told.Expires)})
			}
		}
	}
	for _, c := range body.GiftCardsSold {
		all = append(all, receipt.GiftCard{Card: maskedCard(c.Serial), Balance: c.Balance, Ends: day(c.Expires), Waits: c.Waits, Sold: true})
	}
	return all
}

// reductionsOnPaper parts what lowered the price from what paid: coupons and rewards that do, and wallets beside the points.
func reductionsOnPaper(body *loyalty.SaleBody, p *loyalty.Programme, lang i18n.Lang) (reduced, paid []receipt.Reduction) {
	for _, r := range body.Reductions {
		line := receipt.Reduction{Name: p.RuleName(r.Rule, string(lang)), Serial: r.Serial, Amount: r.Amount}
		if r.Tender {
			paid = append(paid, line)
		} else {
			reduced = append(reduced, line)
		}
	}
	for _, w := range body.Wallets {
		if w.Value > 0 {
			paid = append(paid, receipt.Reduction{Name: p.NameOf(loyalty.ArgWallet, string(w.Wallet), string(lang)), Amount: w.Value})
		}
	}
	return reduced, paid
}

// wonOnPaper is what the programme says to who won a surprise.
func wonOnPaper(body *loyalty.SaleBody, p *loyalty.Programme, lang i18n.Lang) []string {
	var all []string
	for _, s := range body.Surprises {
		if text := p.SurpriseText(s.Rule, string(lang)); s.Won && text != "" {
			all = append(all, text)
		}
	}
	return all
}

// walletsOnPaper is how the wallets stand after a sale.
func (b *bill) walletsOnPaper(e *loyalty.Entry, lang i18n.Lang) []receipt.Wallet {
	var all []receipt.Wallet
	for _, q := range b.quote.Wallets {
		var lots []loyalty.Lot
		for _, held := range b.input.Member.Wallets {
			if held.Wallet == q.Wallet {
				lots = held.Lots
			}
		}
		lots = loyalty.ApplyWallet(lots, e.Moves, e.Member, q.Wallet)
		w := receipt.Wallet{
			Name: b.programme.NameOf(loyalty.ArgWallet, string(q.Wallet), string(lang)), Money: q.Money, Earned: q.Earned,
			Balance: loyalty.Balance(lots), Ending: endingSoon(held(lots, e.Day), e.Day),
		}
		if w.Earned != 0 || w.Balance != 0 || q.Redeem.Points != 0 {
			all = append(all, w)
		}
	}
	return all
}

// stampsOnPaper is how far every stamp card is.
func (b *bill) stampsOnPaper(lang i18n.Lang) []string {
	stamps := slices.DeleteFunc(slices.Clone(b.quote.Why), func(f loyalty.Finding) bool { return f.Code != loyalty.ExplainStamps })
	return explained(lang, b.programme, stamps)
}

// activeUntil is the day by which the member must buy again to keep the points; the zero time without points or such a rule.
func (b *bill) activeUntil(e *loyalty.Entry) (until string) {
	if e.Sale.Balance > 0 {
		until, _ = b.programme.ActiveUntil(e.Day) // of the points, on a day of our own ledger: both are known
	}
	return until
}

// lostOffer is what a return kept back because the goods that stay cost more by themselves: their parts in the bill less
// what is given for them.
func lostOffer(body *loyalty.ReturnBody, sale *loyalty.Returnable) int64 {
	if !body.Repriced {
		return 0
	}
	parts := int64(0)
	for _, back := range body.Lines {
		line := sale.Lines[back.Line]
		line.Price -= line.Paid
		parts += line.PriceOf(back.Quantity)
	}
	return max(parts-body.Money, 0)
}

// giftCardPapers is a slip for each gift card that the bill sold or topped up.
func giftCardPapers(r *receipt.Sale) []paper {
	var all []paper
	for _, c := range r.Cards {
		if c.Sold {
			all = append(all, paper{GiftCard: &receipt.GiftCardSlip{Print: r.Print, Number: r.Number, At: r.At, Card: c}})
		}
	}
	return all
}

// taxesOnPaper is the tax inside the bill by rate: as the quote parted it, or of the lines as they are when nothing lowered
// their prices. A till that names no rates gets no tax on paper.
func taxesOnPaper(body *loyalty.SaleBody, quoted []loyalty.TaxShare) []receipt.Tax {
	if len(quoted) == 0 {
		quoted = loyalty.TaxesOf(body.Lines)
	}
	var all []receipt.Tax
	for _, t := range quoted {
		if t.Rate != 0 {
			all = append(all, receipt.Tax{Rate: t.Rate, Amount: t.Amount, Tax: t.Tax})
		}
	}
	return all
}
