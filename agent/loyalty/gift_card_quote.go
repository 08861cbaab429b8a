package loyalty

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// cardRun is a card told with a bill, on its way through the bill.
type cardRun struct {
	*giftCard
	state  *GiftCardState
	field  string // of the input, that says how much
	amount int64  // that it is to pay, or to take off; 0: nothing
	place  int    // among the states
	may    []int32
	open   int64 // of the goods that it may pay, at first
}

// cardRuns is the cards in the order in which they are looked at: those that may pay the least first, so that a card for
// few goods finds them unpaid; then by serial. lowering chooses those that lower the price.
func (b *bill) cardRuns(lowering bool) []cardRun {
	var runs []cardRun
	lines := b.byContent()
	for i := range b.in.GiftCards {
		state := &b.in.GiftCards[i]
		r := cardRun{giftCard: b.p.giftCardKind(state.Kind), state: state, amount: state.Off, field: fmt.Sprintf("gift_cards[%d].off", i), place: i}
		if r.lowers != lowering {
			continue
		}
		for k, t := range b.in.Sale.Tenders {
			if t.Serial == state.Serial {
				r.amount, r.field = t.Amount, fmt.Sprintf("tenders[%d]", k)
			}
		}
		for _, l := range lines {
			if r.mayPay(b, int(l)) {
				r.may = append(r.may, l)
			}
		}
		r.open = r.goods(b)
		runs = append(runs, r)
	}
	slices.SortFunc(runs, func(x, y cardRun) int {
		return cmp.Or(cmp.Compare(x.open, y.open), strings.Compare(x.state.Serial, y.state.Serial))
	})
	return runs
}

// mayPay says whether the kind may pay a line.
func (k *giftCard) mayPay(b *bill, line int) bool {
	if sold := b.p.giftCardOf(&b.in.Sale.Lines[line]); sold != nil && !sold.forCards {
		return false
	}
	sets := b.setsOf(line)
	_, not := firstOf(sets, k.except)
	_, yes := firstOf(sets, k.pays)
	return !not && (yes || len(k.pays) == 0)
}

// goods is what is left to pay of all that the card may pay. A card that may pay every line may pay the cash rounding too.
func (r *cardRun) goods(b *bill) int64 {
	left := int64(0)
	for _, i := range r.may {
		left += b.forCards(i)
	}
	if len(r.may) == len(b.out) && !r.lowers {
		left += b.in.Sale.Rounding
	}
	return max(left, 0)
}

// forCards is what cards may still pay of a line, after instruments and the cards before. What wallets paid lies where the
// split put it and might lie elsewhere as well: it only lowers what is due.
func (b *bill) forCards(i int32) int64 {
	return b.out[i].net() - shareOf(b.paid, int(i)) - shareOf(b.byCards, int(i))
}

// refusal says why a card pays nothing of any bill like this one: the code for the till and the finding with its figures.
func (r *cardRun) refusal(b *bill) (string, Finding) {
	no := func(code, explain string, detail string) (string, Finding) {
		return code, Finding{Rule: r.id, Code: explain, Detail: detail}
	}
	s := r.state
	switch {
	case !s.Active:
		return no(GiftCardInactive, ExplainGiftCardInactive, "")
	case s.Expires != "" && s.Expires < b.in.Place.Day:
		return no(GiftCardExpired, ExplainEnded, s.Expires)
	case r.uses > 0 && s.Uses >= r.uses:
		return no(GiftCardUsed, ExplainGiftCardUsed, "")
	case r.holder && (b.in.Member == nil || b.in.Member.ID != s.Holder):
		return no(GiftCardNotMember, ExplainGiftCardHolder, "")
	}
	why, ok := r.when.check(r.id, &b.at)
	if ok {
		return "", Finding{}
	}
	switch why.Code {
	case ExplainNotHere:
		return GiftCardNotHere, why
	case ExplainNotYet, ExplainEnded, ExplainNotToday, ExplainNotNow:
		return GiftCardNotNow, why
	case ExplainBelowMinimum:
		return GiftCardMinimum, why
	}
	return GiftCardNotMember, why
}

// judge works out the most that a card could pay when so much of the bill is open, and every limit below what is on it.
func (r *cardRun) judge(b *bill, open int64) GiftCardQuote {
	q := GiftCardQuote{Serial: r.state.Serial, Kind: r.id, Left: r.state.Balance, Clamps: []Finding{}}
	code, why := r.refusal(b)
	if code != "" {
		q.Code, q.Clamps = code, append(q.Clamps, why)
		return q
	}
	q.Max = r.state.Balance
	if q.Max == 0 {
		q.Code = GiftCardTooLittle
	}
	for _, limit := range []struct {
		code, refused string
		most          int64
	}{{ExplainGiftCardGoods, GiftCardGoods, r.goods(b)}, {ExplainGiftCardBill, SaleOverpaid, open}} {
		if limit.most >= r.state.Balance {
			continue
		}
		q.Clamps = append(q.Clamps, Finding{Rule: r.id, Code: limit.code, Limit: limit.most})
		if limit.most < q.Max {
			q.Max = limit.most
		}
		if limit.most == 0 && q.Code == "" {
			q.Code = limit.refused
		}
	}
	if r.whole && q.Max < r.state.Balance {
		q.Max, q.Code = 0, GiftCardWhole
		q.Clamps = append(q.Clamps, Finding{Rule: r.id, Code: ExplainGiftCardWhole, Limit: r.state.Balance})
	}
	return q
}

// refuses is why a tender of so much is not taken; empty when it is.
func (r *cardRun) refuses(q *GiftCardQuote) string {
	switch {
	case q.Max == 0 && q.Code != "":
		return q.Code
	case r.amount > r.state.Balance:
		return GiftCardTooLittle
	case r.amount > q.Max:
		return GiftCardGoods
	case r.whole && r.amount != r.state.Balance:
		return GiftCardWhole
	}
	return ""
}

// pay takes what the card pays out of the lines that it may pay.
func (r *cardRun) pay(b *bill, q *GiftCardQuote) {
	q.Pays, q.Left = r.amount, r.state.Balance-r.amount
	if r.uses > 0 && r.state.Uses+1 >= r.uses {
		q.Left = 0 // it ends
	}
	weights := make([]int64, len(r.may))
	for k, i := range r.may {
		weights[k] = b.forCards(i)
	}
	if b.byCards == nil {
		b.byCards = make([]int64, len(b.out))
	}
	for k, part := range Split(min(r.amount, sum(weights)), weights) {
		b.byCards[r.may[k]] += part
	}
}

// reduceByGiftCards takes off the price what cards of a kind that is a reduction are to pay, after every other reduction. A
// card that may not leaves a fault, to be told once it is known that the price stays.
func (b *bill) reduceByGiftCards(o *outcome) {
	for _, r := range b.cardRuns(true) {
		open := b.at.total - b.instruments
		q := r.judge(b, open)
		if code := r.refuses(&q); r.amount > 0 && code != "" {
			b.cardFault = &SaleError{r.field, code}
		} else if r.amount > 0 {
			before := slices.Clone(b.byCards)
			r.pay(b, &q)
			part := make([]int64, len(r.may))
			for k, i := range r.may {
				part[k] = b.byCards[i] - shareOf(before, int(i))
				b.out[i].Reduced += part[k]
				b.out[i].Earning = max(b.out[i].Earning-part[k], 0)
				b.byCards[i] -= part[k] // it is in the price now
			}
			b.at.total -= r.amount
			o.reductions = append(o.reductions, Reduction{Rule: r.id, Amount: r.amount}) // a serial would be a coupon used up
			o.parts, o.lines = append(o.parts, part), append(o.lines, r.may)
			o.why = append(o.why, Finding{Rule: r.id, Code: ExplainReduced, Applied: true, Value: r.amount, Detail: r.state.Serial})
		}
		b.cardQuotes = append(b.cardQuotes, placed{r.place, q})
	}
}

type placed struct {
	place int
	quote GiftCardQuote
}

// giftCards judges every card told: those that pay in turn, then what the others could.
func (b *bill) giftCards(q *Quote) error {
	if b.cardFault != nil {
		return b.cardFault
	}
	runs := b.cardRuns(false)
	for _, r := range runs {
		if r.amount == 0 {
			continue
		}
		card := r.judge(b, q.Due+r.amount)
		if code := r.refuses(&card); code != "" {
			return &SaleError{r.field, code}
		}
		r.pay(b, &card)
		card.Clamps = append(card.Clamps, Finding{Rule: r.id, Code: ExplainGiftCardPaid, Applied: true, Value: card.Pays, Base: card.Left, Detail: card.Serial})
		b.cardQuotes = append(b.cardQuotes, placed{r.place, card})
	}
	for _, r := range runs {
		if r.amount == 0 {
			b.cardQuotes = append(b.cardQuotes, placed{r.place, r.judge(b, q.Due)})
		}
	}
	slices.SortFunc(b.cardQuotes, func(x, y placed) int { return cmp.Compare(x.place, y.place) })
	for i := range b.cardQuotes {
		q.GiftCards = append(q.GiftCards, b.cardQuotes[i].quote)
	}
	q.GiftCardsSold = b.sold()
	return nil
}
