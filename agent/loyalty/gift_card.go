package loyalty

import (
	"fmt"
	"strings"
)

// A gift card of the programme is known by its serial. The serial stands in accounts, entries and logs, so it is no
// secret: what lets somebody pay, the number under the scratch field or the PIN, never comes here. Money of gift cards is
// in minor units, also in movements, and is a liability of its own beside points.

// Accounts of gift cards.
const (
	AccountGiftCardsIssued   = "gift_cards/issued"
	AccountGiftCardsRedeemed = "gift_cards/redeemed"
	AccountGiftCardsExpired  = "gift_cards/expired"
)

// AccountGiftCard holds the money on one card.
func AccountGiftCard(serial string) string { return "gift_card/" + serial }

// MaxGiftCards bounds the cards that one bill may be told of, and the lines that sell one.
const MaxGiftCards = 8

// GiftCardLine says that a line of the basket sells a card, or puts money on one that was sold before.
type GiftCardLine struct {
	Kind   string   `json:"kind"`
	Serial string   `json:"serial"`
	Holder MemberID `json:"holder,omitempty"` // for whom; of a kind that needs one, without it, the member of the bill
}

// GiftCardState is what is known of a card before the sale. Whoever keeps it adds up the card's entries.
type GiftCardState struct {
	Serial  string   `json:"serial"`
	Kind    string   `json:"kind"`
	Balance int64    `json:"balance"` // minor units
	Active  bool     `json:"active,omitempty"`
	Expires string   `json:"expires,omitempty"` // last valid day
	Holder  MemberID `json:"holder,omitempty"`
	Uses    int64    `json:"uses,omitempty"` // bills that it has paid
	Off     int64    `json:"off,omitempty"`  // of a kind that lowers the price: by so much; others pay as a tender
}

// GiftCardQuote is what a card may pay of this bill.
type GiftCardQuote struct {
	Serial string    `json:"serial"`
	Kind   string    `json:"kind"`
	Max    int64     `json:"max"`            // the most that it could pay, minor units
	Pays   int64     `json:"pays"`           // what it pays: the tender with its serial
	Left   int64     `json:"left"`           // on the card afterwards
	Code   string    `json:"code,omitempty"` // why it pays nothing: the code with which a tender is refused
	Clamps []Finding `json:"clamps"`         // every limit below what is on the card
}

// GiftCardSold is what a line puts on a card.
type GiftCardSold struct {
	Serial  string   `json:"serial"`
	Kind    string   `json:"kind"`
	Amount  int64    `json:"amount"`            // minor units
	Balance int64    `json:"balance"`           // with it
	Expires string   `json:"expires,omitempty"` // last valid day
	Holder  MemberID `json:"holder,omitempty"`
	Waits   bool     `json:"waits,omitempty"` // part of the bill is paid later: the card is not active until KindGiftCard says so
}

// Codes of a SaleError about gift cards.
const (
	GiftCardUnknown    = "gift_card.unknown"             // a serial of which nothing is known, or a kind that the programme does not have
	GiftCardInactive   = "gift_card.inactive"            // not sold, or sold and not paid
	GiftCardExpired    = "gift_card.expired"             //
	GiftCardUsed       = "gift_card.used"                // it has paid as many bills as it may
	GiftCardNotHere    = "gift_card.not_here"            // not in this store
	GiftCardNotNow     = "gift_card.not_now"             // not on this day, or at this hour
	GiftCardNotMember  = "gift_card.not_this_member"     // for another member, or for members who are something else
	GiftCardMinimum    = "gift_card.below_minimum"       // the basket is too small
	GiftCardTooLittle  = "gift_card.too_little"          // less is on the card
	GiftCardGoods      = "gift_card.not_for_these_goods" // more than the goods that it may pay
	GiftCardWhole      = "gift_card.whole_only"          // it pays all that is on it or nothing
	GiftCardLineBad    = "gift_card.line"                // a line that sells a card and is more than one piece, or discounted
	GiftCardValue      = "gift_card.value"               // not a face value of its kind, or more than may be on it
	GiftCardNoTopUp    = "gift_card.no_top_up"           // the card was sold before, and takes no more money
	GiftCardNoHolder   = "gift_card.holder_missing"      // a card for one member, and nobody named
	GiftCardSpent      = "gift_card.spent"               // goods that are a gift card come back, and its money is gone
	GiftCardSerialForm = "gift_card.serial"              // not an id, or twice on one bill
)

// GiftCardCodes is every code about gift cards, for whoever keeps their sentences.
func GiftCardCodes() []string {
	return []string{GiftCardUnknown, GiftCardInactive, GiftCardExpired, GiftCardUsed, GiftCardNotHere, GiftCardNotNow, GiftCardNotMember, GiftCardMinimum,
		GiftCardTooLittle, GiftCardGoods, GiftCardWhole, GiftCardLineBad, GiftCardValue, GiftCardNoTopUp, GiftCardNoHolder, GiftCardSpent, GiftCardSerialForm}
}

// giftCardOf is the kind of card that a line sells; nil for goods.
func (p *Programme) giftCardOf(l *Line) *giftCard {
	if l.GiftCard == nil {
		return nil
	}
	return p.giftCardKind(l.GiftCard.Kind)
}

// forPoints says whether points and other wallets may pay a line: any goods, and cards of a kind that says so.
func (p *Programme) forPoints(l *Line) bool {
	k := p.giftCardOf(l)
	return k == nil || k.forPoints
}

// sells is the card of a line as text, for the order of lines.
func (l *Line) sells() string {
	if l.GiftCard == nil {
		return ""
	}
	return l.GiftCard.Kind + " " + l.GiftCard.Serial
}

// GiftCardName is what a kind is called.
func (p *Programme) giftCardName(id string) texts {
	for i := range p.doc.GiftCards {
		if p.doc.GiftCards[i].ID == id {
			return p.doc.GiftCards[i].Name
		}
	}
	return nil
}

func (in *QuoteInput) giftCard(serial string) *GiftCardState {
	for i := range in.GiftCards {
		if in.GiftCards[i].Serial == serial {
			return &in.GiftCards[i]
		}
	}
	return nil
}

// checkGiftCards validates what is said of gift cards: states, lines that sell and tenders that pay.
func (p *Programme) checkGiftCards(in *QuoteInput) error {
	if len(in.GiftCards) > MaxGiftCards {
		return &SaleError{"gift_cards", SaleTooLarge}
	}
	for i := range in.GiftCards {
		c, at := &in.GiftCards[i], fmt.Sprintf("gift_cards[%d]", i)
		_, day := parseDay(c.Expires)
		switch {
		case !giftCardSerial(c.Serial) || in.giftCard(c.Serial) != c:
			return &SaleError{at + ".serial", GiftCardSerialForm}
		case p.giftCardKind(c.Kind) == nil:
			return &SaleError{at + ".kind", GiftCardUnknown}
		case c.Off < 0 || c.Off > 0 && !p.giftCardKind(c.Kind).lowers:
			return &SaleError{at + ".off", SaleRange}
		case c.Balance < 0 || c.Balance > maxMoney || c.Uses < 0 || c.Uses > maxStanding || c.Holder < 0:
			return &SaleError{at, SaleRange}
		case c.Expires != "" && !day:
			return &SaleError{at + ".expires", SaleTime}
		}
	}
	paying := map[string]bool{}
	for i, t := range in.Sale.Tenders {
		if t.Serial == "" {
			continue
		}
		at := fmt.Sprintf("tenders[%d].serial", i)
		if t.Kind != TenderGiftCard || paying[t.Serial] {
			return &SaleError{at, GiftCardSerialForm}
		}
		switch card := in.giftCard(t.Serial); {
		case card == nil:
			return &SaleError{at, GiftCardUnknown}
		case p.giftCardKind(card.Kind).lowers:
			return &SaleError{at, SaleTender}
		}
		paying[t.Serial] = true
	}
	return p.checkGiftCardLines(in)
}

func (p *Programme) checkGiftCardLines(in *QuoteInput) error {
	var sold []string
	for i := range in.Sale.Lines {
		l := &in.Sale.Lines[i]
		if l.GiftCard == nil {
			continue
		}
		if code := p.checkGiftCardLine(in, l); code != "" {
			return &SaleError{fmt.Sprintf("lines[%d].gift_card", i), code}
		}
		sold = append(sold, l.GiftCard.Serial)
	}
	if len(sold) > MaxGiftCards {
		return &SaleError{"lines", SaleTooLarge}
	}
	for i, s := range sold {
		for _, other := range sold[:i] {
			if s == other {
				return &SaleError{"lines", GiftCardSerialForm}
			}
		}
	}
	return nil
}

func (p *Programme) checkGiftCardLine(in *QuoteInput, l *Line) string {
	g, k := l.GiftCard, p.giftCardOf(l)
	state := in.giftCard(g.Serial)
	switch {
	case !giftCardSerial(g.Serial):
		return GiftCardSerialForm
	case k == nil:
		return GiftCardUnknown
	case l.Quantity != quantityUnit || l.Discount != 0:
		return GiftCardLineBad
	case !k.takes(l.Amount):
		return GiftCardValue
	case g.Holder < 0 || k.holder && g.Holder == 0 && in.Member == nil && state == nil:
		return GiftCardNoHolder
	case state == nil:
		return ""
	case state.Kind != k.id:
		return GiftCardUnknown
	case !k.topUp:
		return GiftCardNoTopUp
	case !state.Active:
		return GiftCardInactive
	case state.Expires != "" && state.Expires < in.Place.Day:
		return GiftCardExpired
	case k.full > 0 && state.Balance+l.Amount > k.full:
		return GiftCardValue
	}
	return ""
}

// giftCardBytes is at least what JSON takes for the cards told and sold, and for their serials on lines and tenders.
func (in *QuoteInput) giftCardBytes() int {
	n := 0
	for _, c := range in.GiftCards {
		n += len(`{"serial":"","kind":"","balance":1000000000000,"active":true,"expires":"2026-01-01","holder":9223372036854775807,"uses":,"off":1000000000000},`) +
			len(c.Serial) + len(c.Kind) + width(c.Uses)
	}
	for _, t := range in.Sale.Tenders {
		n += len(t.Serial)
	}
	for i := range in.Sale.Lines {
		if g := in.Sale.Lines[i].GiftCard; g != nil {
			n += 300 + 4*(len(g.Serial)+len(g.Kind)) // the line, what it sold, its movement
		}
	}
	return n
}

// paidLater says whether a part of the bill is not paid when the sale is committed.
func paidLater(tenders []Tender) bool {
	for _, t := range tenders {
		if t.Kind == TenderAccount {
			return true
		}
	}
	return false
}

// sold is what the lines of a bill put on cards, in the order of the cards' serials.
func (b *bill) sold() []GiftCardSold {
	var all []GiftCardSold
	for _, i := range b.byContent() {
		l := &b.in.Sale.Lines[i]
		k := b.p.giftCardOf(l)
		if k == nil {
			continue
		}
		s := GiftCardSold{Serial: l.GiftCard.Serial, Kind: k.id, Amount: l.Amount, Balance: l.Amount,
			Expires: k.expiry.lastDay(b.at.day), Holder: l.GiftCard.Holder, Waits: paidLater(b.in.Sale.Tenders)}
		if state := b.in.giftCard(s.Serial); state != nil {
			s.Balance += state.Balance
			s.Holder = state.Holder
			if s.Expires != "" && (state.Expires == "" || state.Expires > s.Expires) { // a top-up never shortens
				s.Expires = state.Expires
			}
		} else if k.holder && s.Holder == 0 {
			s.Holder = b.in.Member.ID
		}
		all = append(all, s)
	}
	return all
}

// giftCards names the cards that a bill sells, and those that lower its price. What pays it is not in the name, so that the
// bill can be paid after it was quoted without being quoted again.
func (d *digester) giftCards(in *QuoteInput, q *Quote) {
	for _, c := range in.GiftCards {
		if c.Off > 0 {
			d.text("gift card off 1")
			d.text(c.Serial)
			d.ints(c.Off)
		}
	}
	if len(q.GiftCardsSold) == 0 {
		return
	}
	d.text("gift cards 1")
	d.ints(int64(len(q.GiftCardsSold)))
	for _, s := range q.GiftCardsSold {
		d.text(s.Serial)
		d.text(s.Kind)
		d.ints(s.Amount, int64(s.Holder))
		d.text(s.Expires)
	}
}

// String is the card as a comparison shows it.
func (s GiftCardSold) String() string {
	state := ""
	if s.Waits {
		state = " waits"
	}
	return strings.TrimSpace(fmt.Sprintf("%s %s %d of %d until %s for %d%s", s.Kind, s.Serial, s.Amount, s.Balance, s.Expires, s.Holder, state))
}
