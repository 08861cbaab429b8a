package loyalty

import (
	"fmt"
	"slices"
	"strings"
)

// Difference is one figure of an entry that head office works out otherwise.
type Difference struct {
	Field          string `json:"field"`
	Store          int64  `json:"store"`
	HeadOffice     int64  `json:"head_office"`
	StoreText      string `json:"store_text,omitempty"` // for what is not a figure
	HeadOfficeText string `json:"head_office_text,omitempty"`
}

func (d Difference) String() string {
	if d.StoreText != d.HeadOfficeText {
		return fmt.Sprintf("%s: store %q, head office %q", d.Field, d.StoreText, d.HeadOfficeText)
	}
	return fmt.Sprintf("%s: store %d, head office %d", d.Field, d.Store, d.HeadOffice)
}

// Requote judges an uploaded sale again, from its lines, tenders and what was asked, and compares every figure. p is the
// programme version that the entry names, tier and available are what head office knows of the member at that moment.
// The member's past and standing are the store's word: ReviewTier settles the tier. Which lots a redemption drew on is the store's proposal and not compared; what it took in all is. An error means that
// the entry cannot be judged at all: it is not a sale, names another version, or holds what no till may send.
func (p *Programme) Requote(e *Entry, tier string, available Points) (Entry, []Difference, error) {
	if e.Kind != KindSale || e.Sale == nil {
		return Entry{}, nil, fmt.Errorf("requote entry %d: kind %q is no sale", e.Seq, e.Kind)
	}
	s := e.Sale
	if s.Programme != p.digest {
		return Entry{}, nil, fmt.Errorf("requote entry %d: it names programme %.12s, this is %.12s", e.Seq, s.Programme, p.digest)
	}
	in := inputOf(e)
	if m := in.Member; m != nil {
		m.Tier, m.Available, m.Advance = tier, available, p.toldAdvance(s)
	}
	head := headOf(e)
	head.Seed = s.Seed
	q, err := p.Quote(in)
	if err != nil {
		return Entry{}, nil, fmt.Errorf("requote entry %d: %w", e.Seq, err)
	}
	ours := p.entry(&q, &in, head)
	if len(s.Quote) == len(q.Digest) {
		ours.Sale.Quote = q.Digest // an older entry tells all of it
	}
	c := comparison{}
	c.sale(s, ours.Sale)
	c.moves(e.Moves, ours.Moves)
	if q.Due != 0 {
		c.figure("due", 0, q.Due)
	}
	return ours, c.found, nil
}

// inputOf is what the store quoted a sale from.
func inputOf(e *Entry) QuoteInput {
	s := e.Sale
	in := QuoteInput{GiftCards: s.GiftCards, Left: leftOf(s.Campaigns), Stock: s.Stock,
		Sale: Sale{Lines: s.Lines, Tenders: s.Tenders, Rounding: s.Rounding, Redeem: s.Asked, Shown: s.Shown, Rewards: s.Rewards}}
	if e.Member != 0 {
		in.Member = &MemberState{ID: e.Member, Tier: s.Tier, Available: s.Available, Medium: s.Medium, Standing: s.Standing, History: s.History,
			Personal: s.Personal, Stamps: toldStamps(s.Stamps), Reserved: s.Confirms, Floor: s.Floor}
		for _, w := range s.Wallets {
			in.Member.Wallets = append(in.Member.Wallets, WalletState{Wallet: w.Wallet, Available: w.Available, Balance: w.Held})
		}
	}
	for i := range s.Wallets {
		if a := s.Wallets[i].Asked; a != nil {
			in.Sale.Wallets = append(in.Sale.Wallets, WalletAsk{s.Wallets[i].Wallet, *a})
		}
	}
	in.Place = Place{Store: e.Store, Lane: e.Lane, At: e.At, Day: e.Day}
	return in
}

type comparison struct{ found []Difference }

func (c *comparison) figure(field string, store, headOffice int64) {
	if store != headOffice {
		c.found = append(c.found, Difference{Field: field, Store: store, HeadOffice: headOffice})
	}
}

func (c *comparison) text(field, store, headOffice string) {
	if store != headOffice {
		c.found = append(c.found, Difference{Field: field, StoreText: store, HeadOfficeText: headOffice})
	}
}

func (c *comparison) sale(s, o *SaleBody) {
	c.text("currency", s.Currency, o.Currency)
	c.text("medium", string(s.Medium), string(o.Medium))
	c.text("tier", s.Tier, o.Tier)
	c.text("reached", s.Reached, o.Reached)
	if s.Counts != nil && o.Counts != nil { // older entries do not say
		c.figure("counts.spend", s.Counts.Spend, o.Counts.Spend)
		c.figure("counts.visits", s.Counts.Visits, o.Counts.Visits)
	}
	c.text("personal", strings.Join(s.Personal, ","), strings.Join(o.Personal, ","))
	c.text("occasions", strings.Join(s.Occasions, ","), strings.Join(o.Occasions, ","))
	c.given(s.Given, o.Given)
	c.campaigns(s.Campaigns, o.Campaigns)
	c.figure("total", s.Total, o.Total)
	c.figure("reduced", s.Reduced, o.Reduced)
	c.figure("reward_points", int64(s.RewardPoints), int64(o.RewardPoints))
	c.reductions(s.Reductions, o.Reductions)
	c.figure("redeemed", int64(s.Redeemed), int64(o.Redeemed))
	c.figure("value", s.Value, o.Value)
	c.figure("advance", int64(s.AdvancePoints()), int64(o.AdvancePoints()))
	c.figure("to_pay", s.ToPay, o.ToPay)
	c.figure("earned", int64(s.Earned), int64(o.Earned))
	c.wallets(s.Wallets, o.Wallets)
	c.text("quote", s.Quote, o.Quote)
	c.issued(s.Issued, o.Issued)
	c.why(applied(s.Why), applied(o.Why))
	c.shares(s.Shares, o.Shares)
	c.giftCards(s, o)
	c.stamps(s.Stamps, o.Stamps)
	c.surprises(s.Surprises, o.Surprises)
}

func (c *comparison) given(s, o []RulePoints) {
	c.figure("given", int64(len(s)), int64(len(o)))
	for i := range min(len(s), len(o)) {
		at := fmt.Sprintf("given[%d]", i)
		c.text(at+".rule", s[i].Rule, o[i].Rule)
		c.figure(at+".points", int64(s[i].Points), int64(o[i].Points))
	}
}

func (c *comparison) wallets(s, o []WalletBody) {
	c.figure("wallets", int64(len(s)), int64(len(o)))
	for i := range min(len(s), len(o)) {
		at := fmt.Sprintf("wallets[%d]", i)
		c.text(at+".wallet", string(s[i].Wallet), string(o[i].Wallet))
		c.figure(at+".redeemed", int64(s[i].Redeemed), int64(o[i].Redeemed))
		c.figure(at+".value", s[i].Value, o[i].Value)
		c.figure(at+".earned", int64(s[i].Earned), int64(o[i].Earned))
	}
}

func (c *comparison) issued(s, o []CouponBody) {
	c.figure("issued", int64(len(s)), int64(len(o)))
	for i := range min(len(s), len(o)) {
		c.text(fmt.Sprintf("issued[%d]", i), fmt.Sprint(s[i]), fmt.Sprint(o[i]))
	}
}

func (c *comparison) reductions(s, o []Reduction) {
	c.figure("reductions", int64(len(s)), int64(len(o)))
	for i := range min(len(s), len(o)) {
		at := fmt.Sprintf("reductions[%d]", i)
		c.text(at+".rule", s[i].Rule+" "+s[i].Serial, o[i].Rule+" "+o[i].Serial)
		c.figure(at+".amount", s[i].Amount, o[i].Amount)
		c.figure(at+".points", int64(s[i].Points), int64(o[i].Points))
		c.figure(at+".times", s[i].Times, o[i].Times)
	}
}

func (c *comparison) shares(s, o *Shares) {
	if s == nil {
		s = &Shares{}
	}
	if o == nil {
		o = &Shares{}
	}
	compareLists(c, "shares.earned", s.Earned, o.Earned)
	compareLists(c, "shares.spent", s.Spent, o.Spent)
	compareLists(c, "shares.paid", s.Paid, o.Paid)
	compareLists(c, "shares.reduced", s.Reduced, o.Reduced)
	c.figure("shares.wallets", int64(len(s.Wallets)), int64(len(o.Wallets)))
	for i := range min(len(s.Wallets), len(o.Wallets)) {
		at := fmt.Sprintf("shares.wallets[%d]", i)
		c.text(at, string(s.Wallets[i].Wallet), string(o.Wallets[i].Wallet))
		compareLists(c, at+".earned", s.Wallets[i].Earned, o.Wallets[i].Earned)
		compareLists(c, at+".spent", s.Wallets[i].Spent, o.Wallets[i].Spent)
		compareLists(c, at+".paid", s.Wallets[i].Paid, o.Wallets[i].Paid)
	}
}

func compareLists[T ~int64](c *comparison, field string, s, o []T) {
	for i := range max(len(s), len(o)) {
		c.figure(fmt.Sprintf("%s[%d]", field, i), int64(shareOf(s, i)), int64(shareOf(o, i)))
	}
}

// why compares what gave or took points. Findings that changed nothing may differ: a clamp names what was available, and
// head office may know more than the store did.
func (c *comparison) why(s, o []Finding) {
	c.figure("why", int64(len(s)), int64(len(o)))
	for i := range min(len(s), len(o)) {
		if s[i] == o[i] {
			continue
		}
		c.text(fmt.Sprintf("why[%d]", i), s[i].Rule+" "+s[i].Code, o[i].Rule+" "+o[i].Code)
		c.figure(fmt.Sprintf("why[%d].points", i), int64(s[i].Points), int64(o[i].Points))
	}
}

func applied(why []Finding) []Finding {
	out := make([]Finding, 0, len(why))
	for _, f := range why {
		if f.Applied && (f.Points != 0 || f.Value != 0) {
			out = append(out, f)
		}
	}
	return out
}

// moves compares the lots made one by one, and what was taken by the accounts between which it went.
func (c *comparison) moves(s, o []Movement) {
	made := func(all []Movement) []Movement {
		return slices.DeleteFunc(slices.Clone(all), func(m Movement) bool { return !issues(m.From) })
	}
	ms, mo := made(s), made(o)
	c.figure("lots", int64(len(ms)), int64(len(mo)))
	for i := range min(len(ms), len(mo)) {
		at := fmt.Sprintf("lots[%d]", i)
		c.figure(at+".points", int64(ms[i].Points), int64(mo[i].Points))
		c.text(at+".from", ms[i].From, mo[i].From)
		c.text(at+".to", ms[i].To, mo[i].To)
		c.text(at+".lot", string(ms[i].Lot), string(mo[i].Lot))
		c.text(at+".expires", ms[i].Expires, mo[i].Expires)
		c.text(at+".earned", ms[i].Earned, mo[i].Earned)
		c.text(at+".usable", ms[i].Usable, mo[i].Usable)
	}
	for _, m := range flows(s, o) {
		c.figure("moves "+m.From+" -> "+m.To, taken(s, m), taken(o, m))
	}
	for i, m := range s {
		c.positive(i, m)
	}
}

// flows is every pair of accounts, other than those that make lots, once, in the order of first use.
func flows(lists ...[]Movement) []Movement {
	var pairs []Movement
	for _, list := range lists {
		for _, m := range list {
			pair := Movement{From: m.From, To: m.To}
			if !issues(m.From) && !slices.Contains(pairs, pair) {
				pairs = append(pairs, pair)
			}
		}
	}
	return pairs
}

func taken(moves []Movement, pair Movement) int64 {
	total := int64(0)
	for _, m := range moves {
		if m.From == pair.From && m.To == pair.To {
			total += int64(m.Points)
		}
	}
	return total
}
