package loyalty

import (
	"fmt"
	"slices"
)

// Returnable is what a return needs to know of a sale. It is made of the sale's entry alone, so that rules which have
// changed since cannot change what is taken back, and it is small enough to travel with the bill to another store.
type Returnable struct {
	Store     StoreID          `json:"store"` // where the sale stands in the ledger
	Epoch     Epoch            `json:"epoch"`
	Seq       Seq              `json:"seq"`
	Day       string           `json:"day"`
	Member    MemberID         `json:"member,omitempty"`
	Programme string           `json:"programme"` // digest of the version that judged the sale
	Currency  string           `json:"currency"`
	ToPay     int64            `json:"to_pay"` // paid with money, minor units
	Earned    Points           `json:"earned,omitempty"`
	Lines     []ReturnableLine `json:"lines"`
	Lots      []LotID          `json:"lots,omitempty"`  // that the sale made
	Spent     []SpentLot       `json:"spent,omitempty"` // that the sale drew on, in the order of drawing

	Wallets   []ReturnableWallet `json:"wallets,omitempty"`  // beside the points
	Partners  []PartnerPart      `json:"partners,omitempty"` // of what was earned, by partners' rules
	Stamps    []ReturnableStamp  `json:"stamps,omitempty"`
	GiftCards []SpentGiftCard    `json:"gift_cards,omitempty"` // that paid, by serial
	Coupons   []CouponBack       `json:"coupons,omitempty"`    // that had an effect; a token does not carry them

	later []laterPart // by payments since some of the goods came back; in Earned too
}

// ReturnableLine is one line of the sale with its part in the bill.
type ReturnableLine struct {
	Quantity int64  `json:"quantity"`       // thousandths
	Price    int64  `json:"price"`          // minor units, reductions taken off
	Paid     int64  `json:"paid,omitempty"` // of the price, with something else than money
	Earned   Points `json:"earned,omitempty"`
	Spent    Points `json:"spent,omitempty"`
	GiftCard string `json:"gift_card,omitempty"` // serial of the card that the line sold or topped up
}

// PriceOf is the price of a part of the line, rounded down.
func (l ReturnableLine) PriceOf(quantity int64) int64 {
	part, _ := mulDiv(l.Price, quantity, l.Quantity) // not above the price while the quantity is not
	return part.whole
}

// SpentLot is points that the sale took from one lot; without an id, points that the card's purse proved.
type SpentLot struct {
	Lot     LotID  `json:"lot,omitempty"`
	Points  Points `json:"points"`
	Earned  string `json:"earned,omitempty"`
	Expires string `json:"expires,omitempty"`
}

// ReturnableOf reads the entry of a sale. Without stored shares, which an older entry may lack, earned and spent points lie
// on the lines by their prices.
func ReturnableOf(e *Entry) (Returnable, error) {
	if e.Kind != KindSale || e.Sale == nil {
		return Returnable{}, fmt.Errorf("read entry %d for a return: kind %q is no sale", e.Seq, e.Kind)
	}
	s := e.Sale
	if len(s.Lines) > MaxLines {
		return Returnable{}, fmt.Errorf("read entry %d for a return: %d lines", e.Seq, len(s.Lines))
	}
	r := Returnable{Store: e.Store, Epoch: e.Epoch, Seq: e.Seq, Day: e.Day, Member: e.Member, Programme: s.Programme,
		Currency: s.Currency, ToPay: s.ToPay, Earned: s.Earned, Lines: make([]ReturnableLine, len(s.Lines))}
	spent := Points(0)
	for _, m := range e.Moves {
		switch {
		case m.To == AccountMain(e.Member) && issues(m.From):
			r.Lots = append(r.Lots, m.Lot)
		case m.To == AccountRedeemed:
			r.Spent = append(r.Spent, SpentLot{Lot: m.Lot, Points: m.Points, Earned: m.Earned, Expires: m.Expires})
			spent += m.Points
		}
	}
	for _, c := range s.used() {
		r.Coupons = append(r.Coupons, CouponBack{c.Coupon, c.Serial})
	}
	r.readLines(s, spent)
	r.Wallets, r.Partners = walletsOf(e), partnersOf(e.Moves, AccountMain(e.Member))
	r.readGiftCards(s)
	r.readStamps(s)
	return r, r.check()
}

func (r *Returnable) readLines(s *SaleBody, spent Points) {
	stored := s.Shares
	if stored == nil {
		stored = &Shares{}
	}
	prices := make([]int64, len(s.Lines))
	for i := range s.Lines {
		prices[i] = s.Lines[i].Amount - shareOf(stored.Reduced, i)
		r.Lines[i] = ReturnableLine{Quantity: s.Lines[i].Quantity, Price: prices[i], Paid: shareOf(stored.Paid, i),
			Earned: shareOf(stored.Earned, i), Spent: shareOf(stored.Spent, i)}
		for _, w := range stored.Wallets {
			r.Lines[i].Paid += shareOf(w.Paid, i)
		}
	}
	if s.Shares != nil {
		return
	}
	for i, n := range Split(int64(s.Earned), prices) {
		r.Lines[i].Earned = Points(n)
	}
	for i, n := range Split(int64(spent), prices) {
		r.Lines[i].Spent = Points(n)
	}
	for i, n := range Split(min(s.Value+instruments(s.Reductions), sum(prices)), prices) {
		r.Lines[i].Paid = n
	}
}

// maxIssued is the most lots of one sale and its later payments.
const maxIssued = 8 * maxExpiries

// check holds the figures to what a sale can have, for an entry or a token from outside.
func (r *Returnable) check() error {
	bad := func(what string) error {
		return fmt.Errorf("read sale %d-%d-%d for a return: %s", r.Store, r.Epoch, r.Seq, what)
	}
	if len(r.Lines) == 0 || len(r.Lines) > MaxLines || len(r.Spent) > maxDraws+maxExpiries+1 || len(r.Lots) > maxIssued {
		return bad("no sale has so many lines or lots")
	}
	if r.ToPay < 0 || r.ToPay > maxMoney || r.Earned < 0 || r.Earned > maxPoints {
		return bad("its totals are out of range")
	}
	total := int64(0)
	for i, l := range r.Lines {
		if l.Quantity < 1 || l.Quantity > maxQuantity || l.Price < 0 || l.Price > maxMoney || l.Paid < 0 || l.Paid > l.Price ||
			l.Earned < 0 || l.Earned > maxPoints || l.Spent < 0 || l.Spent > maxPoints {
			return bad(fmt.Sprintf("line %d is out of range", i))
		}
		total += l.Price
	}
	if total > maxMoney {
		return bad("its lines are out of range")
	}
	if !r.checkGiftCards() || !r.checkStamps() {
		return bad("a gift card or a stamp card is out of range")
	}
	if slices.ContainsFunc(r.Spent, func(l SpentLot) bool { return l.Points < 1 || l.Points > maxPoints }) {
		return bad("a lot is out of range")
	}
	if !validPartners(r.Partners, r.Earned) || len(r.Wallets) > MaxWallets || slices.ContainsFunc(r.Wallets, func(w ReturnableWallet) bool { return !w.valid(len(r.Lines)) }) {
		return bad("a wallet is out of range")
	}
	return nil
}

// spent is the points that the sale took in all.
func (r *Returnable) spent() Points {
	all := Points(0)
	for _, l := range r.Spent {
		all += l.Points
	}
	return all
}
