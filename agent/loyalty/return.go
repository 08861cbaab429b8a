package loyalty

import (
	"fmt"
	"slices"
)

// ReturnPolicy says how a return settles points. It is that of the programme in force where the goods come back, or of the
// one that sold them: the shop's choice. What the goods earned is never computed again.
type ReturnPolicy struct {
	Programme string // digest of the version whose policy it is
	PerLine   bool   // take back what the line earned; else the bill's points in proportion to its price
	Reissue   bool   // spent points come back as a new lot; else with the life that they had
	GraceDays int    // life that spent points get when their own has ended; 0: they stay expired
	Shortage  Shortage
	Reprice   bool // goods that are kept cost what they would have cost alone; else each line has its part in the bill
	Coupons   bool // coupons that have lost their effect can be used again

	wallets       []wallet
	life          expiry // of a new lot
	points, value int64  // what withheld points are worth

	cardsToMoney []string // kinds of gift cards whose part is refunded in money
}

// Shortage says what happens when the points to take back are no longer there.
type Shortage string

const (
	ShortageClamp    Shortage = "clamp"    // what is there is taken
	ShortageNegative Shortage = "negative" // the balance goes below zero; what is earned next fills it
	ShortageWithhold Shortage = "withhold" // their worth is kept back from the money refunded
)

// TakesReturns says whether the programme has a returns section: its sales keep what a return by line needs.
func (p *Programme) TakesReturns() bool { return p.keepsShares }

// ReturnPolicy is the programme's.
func (p *Programme) ReturnPolicy() ReturnPolicy {
	r := p.returns
	r.Programme, r.life, r.wallets = p.digest, p.expiry, p.wallets
	if p.redeem != nil {
		r.points, r.value = p.redeem.points, p.redeem.value
	}
	for i := range p.giftCards {
		if p.giftCards[i].toMoney {
			r.cardsToMoney = append(r.cardsToMoney, p.giftCards[i].id)
		}
	}
	return r
}

// ReturnedLine is how much of a line of the sale comes back.
type ReturnedLine struct {
	Line     int   `json:"line"`     // index into the sale's lines
	Quantity int64 `json:"quantity"` // thousandths
}

// ReturnInput is everything that a return depends on.
type ReturnInput struct {
	Sale    Returnable
	Before  []ReturnBody   // every return of this sale made before
	Lines   []ReturnedLine // at most once each
	All     bool           // all that is left; Lines is then empty
	Lots    []Lot          // the member's, today
	Expired Points         // of the points that the sale earned, those that expired unspent: nobody owes them
	Policy  ReturnPolicy
	Terms   *Terms // of the sale, for a policy that prices anew what is kept; nil, as with a token: each line has its part
	Token   bool   // the bill's token is all that is known of the sale here

	GiftCards []GiftCardState // cards that the lines sold, today

	Wallets []ReturnWallet // the member's, today, beside the points
	wallet  WalletID       // that this is the view of
}

// ReturnBody is what a return did. Its figures are of this return alone; with those before it they sum to what one return
// of everything would have given.
type ReturnBody struct {
	Store     StoreID        `json:"store"` // of the sale
	Epoch     Epoch          `json:"epoch"`
	Seq       Seq            `json:"seq"`
	Programme string         `json:"programme"` // whose policy settled it
	Currency  string         `json:"currency"`
	Lines     []ReturnedLine `json:"lines"`
	Money     int64          `json:"money"`              // what was paid with money for these goods, minor units
	Withheld  int64          `json:"withheld,omitempty"` // of it, kept back for points that are gone; below zero when an earlier return withheld too much
	Refund    int64          `json:"refund"`             // money less withheld
	ToCards   []GiftCardPart `json:"to_cards,omitempty"` // of the refund, what goes back to the gift cards that paid
	Owed      Points         `json:"owed,omitempty"`     // earned points that the goods had
	Taken     Points         `json:"taken,omitempty"`    // of all that is owed, taken now
	Short     Points         `json:"short,omitempty"`    // still not taken after this return
	Back      Points         `json:"back,omitempty"`     // spent points given back
	Lapsed    Points         `json:"lapsed,omitempty"`   // spent points whose life has ended: they stay expired
	Balance   Points         `json:"balance,omitempty"`  // the member's after the return, as the store knew it; stands on the slip
	Wallets   []WalletReturn `json:"wallets,omitempty"`  // beside the points
	Coupons   []CouponBack   `json:"coupons,omitempty"`  // of the sale, that can be used again
	Repriced  bool           `json:"repriced,omitempty"` // what is kept was priced anew
	Token     bool           `json:"token,omitempty"`    // settled by the bill's token alone
	Unbilled  []UnbilledLine `json:"unbilled,omitempty"` // goods without a bill; no sale is named then
	Void      VoidedFor      `json:"void,omitempty"`     // the whole sale was undone on its own day
	Why       []Finding      `json:"why,omitempty"`

	Stamps    []StampReturn   `json:"stamps,omitempty"`
	GiftCards []GiftCardState `json:"gift_cards,omitempty"` // that come back, as told
}

// VoidedFor says why a whole sale was undone on its own day.
type VoidedFor string

const (
	VoidedMistyped VoidedFor = "mistyped" // rung up wrong
	VoidedTwice    VoidedFor = "twice"    // rung up a second time
	VoidedUnpaid   VoidedFor = "unpaid"   // the payment failed
	VoidedCustomer VoidedFor = "customer" // they changed their mind
)

// Return makes the entry that takes back a part of a sale, or all of it: goods, money, points earned, points spent. Its
// figures follow from the sale's stored breakdown and from what came back before, so that any parts sum to the whole. A
// *SaleError says why nothing can be returned.
func Return(in ReturnInput, head EntryHead) (Entry, error) {
	if err := in.Sale.check(); err != nil {
		return Entry{}, err
	}
	day, ok := parseDay(head.Day)
	if !ok {
		return Entry{}, &SaleError{"day", SaleTime}
	}
	t, err := newTally(&in)
	if err != nil {
		return Entry{}, err
	}
	e := head.Entry(KindReturn)
	e.Member = in.Sale.Member
	if head.Store == in.Sale.Store && head.Epoch == in.Sale.Epoch {
		e.Ref = in.Sale.Seq
	}
	now, err := in.due(t.after)
	if err != nil {
		return Entry{}, err
	}
	was := in.settled()
	s := settlement{in: &in, head: head, day: day, at: AccountsOf(in.Sale.Member, MainWallet), body: &ReturnBody{Store: in.Sale.Store, Epoch: in.Sale.Epoch, Seq: in.Sale.Seq,
		Programme: in.Policy.Programme, Currency: in.Sale.Currency, Lines: t.lines, Money: max(now.money-was.money, 0), Owed: max(now.owed-was.owed, 0),
		Coupons: in.usable(now.coupons), Repriced: in.reprices(), Token: in.Token}}
	if err := s.settle(was, now); err != nil {
		return Entry{}, err
	}
	if err := s.settleWallets(t); err != nil {
		return Entry{}, err
	}
	s.stamps(t)
	if err := s.giftCards(t); err != nil {
		return Entry{}, err
	}
	s.body.Why = append(s.body.findings(), s.body.Why...)
	e.Return, e.Moves = s.body, s.moves
	return e, nil
}

// tally is how much of every line has come back: before this return, and with it.
type tally struct {
	lines         []ReturnedLine
	before, after []int64
}

func newTally(in *ReturnInput) (*tally, error) {
	n := len(in.Sale.Lines)
	t := &tally{before: make([]int64, n)}
	for i := range in.Before {
		b := &in.Before[i]
		if b.Store != in.Sale.Store || b.Epoch != in.Sale.Epoch || b.Seq != in.Sale.Seq {
			return nil, &SaleError{fmt.Sprintf("before[%d]", i), ReturnOther}
		}
		if at, code := t.add(&in.Sale, t.before, b.Lines); code != "" {
			return nil, &SaleError{fmt.Sprintf("before[%d].lines[%d]", i, at), code}
		}
	}
	t.after = slices.Clone(t.before)
	t.lines = in.Lines
	if in.All {
		t.lines = nil
		for i, l := range in.Sale.Lines {
			if left := l.Quantity - t.before[i]; left > 0 {
				t.lines = append(t.lines, ReturnedLine{i, left})
			}
		}
	}
	if len(t.lines) == 0 || in.All && len(in.Lines) > 0 {
		if in.Token && in.All && len(in.Before) > 0 {
			return nil, &SaleError{"token", ReturnTokenUsed}
		}
		return nil, &SaleError{"lines", ReturnNothing}
	}
	if at, code := t.add(&in.Sale, t.after, t.lines); code != "" {
		if code == ReturnMore && in.Token && t.lines[at].Quantity <= in.Sale.Lines[t.lines[at].Line].Quantity {
			code = ReturnTokenUsed
		}
		return nil, &SaleError{fmt.Sprintf("lines[%d]", at), code}
	}
	return t, nil
}

func (t *tally) add(sale *Returnable, to []int64, lines []ReturnedLine) (int, string) {
	seen := make([]bool, len(to))
	for k, l := range lines {
		if l.Line < 0 || l.Line >= len(to) || seen[l.Line] {
			return k, ReturnLine
		}
		seen[l.Line] = true
		if left := sale.Lines[l.Line].Quantity - to[l.Line]; l.Quantity < 1 || l.Quantity > left {
			return k, ReturnMore
		}
		to[l.Line] += l.Quantity
	}
	return 0, ""
}

// due is what a sale owes both ways once so much of it has come back. Each figure depends on the quantities alone; a part
// of a return gives what is due less what parts before it gave. That is why parts sum to the whole.
type due struct {
	money       int64
	owed, spent Points
	coupons     []string // serials of those that have lost their effect
	complete    bool     // all is back
}

// settled is what the returns before have given.
func (in *ReturnInput) settled() due {
	var d due
	for i := range in.Before {
		b := &in.Before[i]
		d.money += b.Money
		d.owed += b.Owed
		d.spent += b.Back + b.Lapsed
	}
	return d
}

func (in *ReturnInput) due(back []int64) (due, error) {
	d := in.parts(back)
	if !in.reprices() || d.complete {
		return d, nil
	}
	price, still, err := in.Terms.kept(back)
	if err != nil {
		return due{}, err
	}
	d.money = min(max(in.Sale.ToPay-max(price-in.stillPaid(back), 0), 0), in.Terms.listed(back))
	d.coupons = in.Sale.couponsBut(still)
	return d, nil
}

// parts gives every line its part in the bill.
func (in *ReturnInput) parts(back []int64) due {
	s := &in.Sale
	d := due{complete: true}
	var price, earned int64
	for i, l := range s.Lines {
		d.complete = d.complete && back[i] == l.Quantity
		part := func(n int64) int64 {
			f, _ := mulDiv(n, back[i], l.Quantity) // back <= quantity: within range
			return f.whole
		}
		whole := part(l.Price)
		price += whole
		d.money += part(l.Price - l.Paid) // one floor: the difference of two may fall as more comes back
		d.spent += Points(part(int64(l.Spent)))
		earned += part(int64(l.Earned))
	}
	if d.complete { // with cash rounding, and with what no line could carry
		return due{s.ToPay, s.Earned, s.spent(), s.couponsBut(nil), true}
	}
	later, sold := int64(0), s.Earned
	for i := range s.later {
		if l := &s.later[i]; l.wallet == in.wallet {
			later += l.owed(s, back, in.Policy.PerLine)
			sold -= l.earned
		}
	}
	if !in.Policy.PerLine {
		earned = floorPart(int64(sold), price, s.price())
	}
	earned += later
	d.money, d.owed, d.spent = min(d.money, s.ToPay), min(Points(earned), s.Earned), min(d.spent, s.spent())
	return d
}

func (in *ReturnInput) reprices() bool { return in.Policy.Reprice && in.Terms != nil }

// CouponBack names a coupon whose one use by a sale is taken back.
type CouponBack struct {
	Coupon string `json:"coupon"` // kind in the programme
	Serial string `json:"serial"`
}

// usable is the coupons with these serials that can be used again and were not given back before.
func (in *ReturnInput) usable(lost []string) []CouponBack {
	var list []CouponBack
	for _, c := range in.Sale.Coupons {
		given := slices.ContainsFunc(in.Before, func(b ReturnBody) bool { return slices.Contains(b.Coupons, c) })
		if in.Policy.Coupons && slices.Contains(lost, c.Serial) && !given {
			list = append(list, c)
		}
	}
	return list
}

// couponsBut is the serials of the sale's coupons without some.
func (r *Returnable) couponsBut(still []string) []string {
	var lost []string
	for _, c := range r.Coupons {
		if !slices.Contains(still, c.Serial) {
			lost = append(lost, c.Serial)
		}
	}
	return lost
}

func (r *Returnable) price() int64 {
	total := int64(0)
	for i := range r.Lines {
		total += r.Lines[i].Price
	}
	return total
}
