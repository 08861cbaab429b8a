package loyalty

import (
	"maps"
	"slices"
)

// giftCardMoves is the money that a sale moves between cards and the programme, in minor units. Nothing is on a card
// that waits for its payment.
func (p *Programme) giftCardMoves(q *Quote, in *QuoteInput) []Movement {
	var moves []Movement
	for _, s := range q.GiftCardsSold {
		if !s.Waits {
			moves = append(moves, Movement{From: AccountGiftCardsIssued, To: AccountGiftCard(s.Serial), Points: Points(s.Amount), Expires: s.Expires})
		}
	}
	for _, c := range q.GiftCards {
		if c.Pays == 0 {
			continue
		}
		account := AccountGiftCard(c.Serial)
		moves = append(moves, Movement{From: account, To: AccountGiftCardsRedeemed, Points: Points(c.Pays)})
		if ended := in.giftCard(c.Serial).Balance - c.Pays - c.Left; ended > 0 { // the last use of a card ends it
			moves = append(moves, Movement{From: account, To: AccountGiftCardsExpired, Points: Points(ended)})
		}
	}
	return moves
}

// writeGiftCards puts into the entry what it takes to judge the cards of a sale again.
func (s *SaleBody) writeGiftCards(q *Quote, in *QuoteInput) {
	s.GiftCardsSold = q.GiftCardsSold
	for i := range q.GiftCards {
		c := &q.GiftCards[i]
		sold := slices.ContainsFunc(q.GiftCardsSold, func(g GiftCardSold) bool { return g.Serial == c.Serial })
		if c.Pays == 0 && !sold {
			continue
		}
		s.GiftCards = append(s.GiftCards, *in.giftCard(c.Serial))
		for _, f := range c.Clamps {
			if f.Applied {
				s.Why = append(s.Why, f)
			}
		}
	}
}

func (c *comparison) giftCards(s, o *SaleBody) {
	c.figure("gift_cards", int64(len(s.GiftCards)), int64(len(o.GiftCards)))
	c.figure("gift_cards_sold", int64(len(s.GiftCardsSold)), int64(len(o.GiftCardsSold)))
	for i := range min(len(s.GiftCardsSold), len(o.GiftCardsSold)) {
		c.text("gift_cards_sold", s.GiftCardsSold[i].String(), o.GiftCardsSold[i].String())
	}
}

// What became of a gift card outside a sale.
const (
	GiftCardActivate = "activate" // its bill has been paid
	GiftCardVoid     = "void"     // taken back as if it had not been sold
	GiftCardExpire   = "expire"   // its last day has passed
)

// GiftCardBody is one thing that became of a gift card outside a sale.
type GiftCardBody struct {
	Action   string   `json:"action"`
	Serial   string   `json:"serial"`
	Kind     string   `json:"kind"`
	Amount   int64    `json:"amount"`  // moved, minor units
	Balance  int64    `json:"balance"` // after it
	Currency string   `json:"currency"`
	Expires  string   `json:"expires,omitempty"`
	Holder   MemberID `json:"holder,omitempty"`
}

// ActivateGiftCard makes the entry that puts onto a card what a sale sold and left unpaid. ref is that sale's entry when
// this store wrote it, balance what is on the card already.
func (p *Programme) ActivateGiftCard(sold GiftCardSold, balance int64, ref Seq, head EntryHead) (Entry, error) {
	switch {
	case p.giftCardKind(sold.Kind) == nil || !giftCardSerial(sold.Serial):
		return Entry{}, &SaleError{"gift_card", GiftCardUnknown}
	case sold.Amount < 1 || sold.Amount > maxMoney || balance < 0 || balance > maxMoney || !sold.Waits:
		return Entry{}, &SaleError{"gift_card", GiftCardValue}
	}
	e := head.Entry(KindGiftCard)
	e.Ref = ref
	e.GiftCard = &GiftCardBody{Action: GiftCardActivate, Serial: sold.Serial, Kind: sold.Kind, Amount: sold.Amount, Balance: balance + sold.Amount,
		Currency: p.Currency(), Expires: sold.Expires, Holder: sold.Holder}
	e.Moves = []Movement{{From: AccountGiftCardsIssued, To: AccountGiftCard(sold.Serial), Points: Points(sold.Amount), Expires: sold.Expires}}
	return e, nil
}

// VoidGiftCard makes the entry that takes everything off a card, as if it had not been sold.
func (p *Programme) VoidGiftCard(card GiftCardState, head EntryHead) (Entry, error) {
	return p.endGiftCard(card, GiftCardVoid, AccountGiftCardsIssued, head)
}

// ExpireGiftCard makes the entry that ends a card whose last day is before the entry's. ok is false when there is nothing
// to do: its day has not come, or nothing is on it.
func (p *Programme) ExpireGiftCard(card GiftCardState, head EntryHead) (e Entry, ok bool, err error) {
	if card.Expires == "" || card.Expires >= head.Day || card.Balance == 0 {
		return Entry{}, false, nil
	}
	e, err = p.endGiftCard(card, GiftCardExpire, AccountGiftCardsExpired, head)
	return e, err == nil, err
}

func (p *Programme) endGiftCard(card GiftCardState, action, to string, head EntryHead) (Entry, error) {
	if p.giftCardKind(card.Kind) == nil || !giftCardSerial(card.Serial) {
		return Entry{}, &SaleError{"gift_card", GiftCardUnknown}
	}
	if card.Balance < 0 || card.Balance > maxMoney {
		return Entry{}, &SaleError{"gift_card.balance", SaleRange}
	}
	e := head.Entry(KindGiftCard)
	e.GiftCard = &GiftCardBody{Action: action, Serial: card.Serial, Kind: card.Kind, Amount: card.Balance, Currency: p.Currency(),
		Expires: card.Expires, Holder: card.Holder}
	if card.Balance > 0 {
		e.Moves = []Movement{{From: AccountGiftCard(card.Serial), To: to, Points: Points(card.Balance)}}
	}
	return e, nil
}

// GiftCardName is what a kind of gift card is called; false when the programme has no such kind.
func (p *Programme) GiftCardName(kind, language string) (string, bool) {
	for i := range p.doc.GiftCards {
		if p.doc.GiftCards[i].ID == kind {
			return p.doc.GiftCards[i].Name.in(language), true
		}
	}
	return "", false
}

// GiftCardSerial is the serial of the n-th gift card that a store prints for a request: as CouponSerial, behind a G.
func GiftCardSerial(store StoreID, request TxnID, n int) string {
	return "G" + CouponSerial(store, request, n)
}

// GiftCardKind is what a till needs of a kind to sell a card or to put money on one.
type GiftCardKind struct {
	ID          string
	Values      []int64 // face values, rising; empty: from the least to the most
	Least, Most int64
	TopUp       bool
	Holder      bool
}

// GiftCards are the kinds of gift card, in the order of the document.
func (p *Programme) GiftCards() []GiftCardKind {
	kinds := make([]GiftCardKind, len(p.giftCards))
	for i, k := range p.giftCards {
		kinds[i] = GiftCardKind{k.id, slices.Clone(k.values), k.least, k.most, k.topUp, k.holder}
	}
	return kinds
}

// GiftCardLowers says whether cards of a kind lower the price instead of paying.
func (p *Programme) GiftCardLowers(kind string) bool {
	k := p.giftCardKind(kind)
	return k != nil && k.lowers
}

// Reasons are those that something may be done by hand for; none: any id.
func (p *Programme) Reasons() []string { return slices.Sorted(maps.Keys(p.members.reasons)) }
