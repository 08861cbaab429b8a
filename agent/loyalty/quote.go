package loyalty

import "slices"

// QuoteInput is everything that a quote depends on, beside the programme.
type QuoteInput struct {
	Sale   Sale
	Member *MemberState // nil: nobody is identified
	Place  Place

	GiftCards []GiftCardState // that are to pay, or on which the bill puts money; any that the till shows
	Stock     []Stock         // of rewards and coupons that there are only so many of
	Left      []CampaignLeft  // what this store may still spend of campaigns with a budget; of those not named, nothing
}

// Quote is what the sale would earn and cost. It has no effect; posting needs its digest.
type Quote struct {
	Programme     string       `json:"programme"` // digest of the version
	Currency      string       `json:"currency"`
	Total         int64        `json:"total"` // lines less reductions, and cash rounding; minor units
	Lines         []QuotedLine `json:"lines"`
	Redeem        Redemption   `json:"redeem"`
	ToPay         int64        `json:"to_pay"` // total less what points, coupons and rewards pay
	Due           int64        `json:"due"`    // to pay less the tenders given so far
	Earned        Points       `json:"earned"`
	EarnedExpires string       `json:"earned_expires,omitempty"` // last valid day of the lot that ends first
	Lots          []EarnedLot  `json:"lots,omitempty"`
	Why           []Finding    `json:"why"`
	Digest        string       `json:"digest"`

	Reductions   []Reduction `json:"reductions,omitempty"` // what lowered the price, in the order in which it did
	Reduced      int64       `json:"reduced,omitempty"`    // minor units
	RewardPoints Points      `json:"reward_points,omitempty"`
	Advance      Points      `json:"advance,omitempty"` // of all that is drawn, what the purse does not pay: given by this store, and not sent yet
	Taxes        []TaxShare  `json:"taxes,omitempty"`   // of a bill with reductions: what is left at each rate

	Wallets       []WalletQuote   `json:"wallets,omitempty"`         // those beside the points that this store knows, in the order of the document
	Stamps        []StampUse      `json:"stamps,omitempty"`          // of the member's cards, and those that the bill bears on
	GiftCards     []GiftCardQuote `json:"gift_cards,omitempty"`      // of each card told, what it may pay
	GiftCardsSold []GiftCardSold  `json:"gift_cards_sold,omitempty"` // by lines of this bill

	Tier      *TierProgress `json:"tier,omitempty"`
	Occasions []string      `json:"occasions,omitempty"` // used up by this sale
	Given     []RulePoints  `json:"given,omitempty"`     // what rules with a cap over time gave
	Issues    []Issue       `json:"issues,omitempty"`    // coupons for another time
	Campaigns []CampaignUse `json:"campaigns,omitempty"` // what this sale spends of budgets

	Rewards    []RewardOffer `json:"rewards,omitempty"`     // when asked for, in the order of the document
	NextReward *Finding      `json:"next_reward,omitempty"` // likewise: the one that takes the fewest points more after this sale

	chances    []int // surprises that posting draws
	surprises  []Surprise
	personal   []string // articles of the bill on the member's list
	fromEarned Points   // of RewardPoints, paid with points of this very sale
	shares     Shares
	counts     *Standing
}

// Drawn is all points that the member's card or account pays: for the bill and for rewards.
func (q *Quote) Drawn() Points { return q.Redeem.Points + q.RewardPoints - q.fromEarned }

// QuotedLine is what became of a line, at the same index.
type QuotedLine struct {
	Amount       int64  `json:"amount"`
	Reduced      int64  `json:"reduced,omitempty"`        // taken off by the programme, minor units
	PaidByPoints int64  `json:"paid_by_points,omitempty"` // minor units
	PaidByWallet int64  `json:"paid_by_wallet,omitempty"` // by the wallets beside the points, minor units
	Earning      int64  `json:"earning"`                  // minor units that earning rules may count
	Excluded     string `json:"excluded,omitempty"`       // the set that keeps the line from earning
}

// Redemption is paying with points. It is a tender: it reduces what is to pay, not the price.
type Redemption struct {
	Asked  Points    `json:"asked"`
	Max    Points    `json:"max"`    // the most that could be asked
	Points Points    `json:"points"` // what would be taken
	Value  int64     `json:"value"`  // what they pay, minor units
	Clamps []Finding `json:"clamps"` // every limit below what was asked; of the available points when nothing was asked
}

// EarnedLot is points that the sale would earn together.
type EarnedLot struct {
	Points  Points `json:"points"`
	Expires string `json:"expires,omitempty"`
	Usable  string `json:"usable,omitempty"`  // first day on which they may be spent; empty: at once
	Partner string `json:"partner,omitempty"` // whose rules gave them
}

// together says whether points of the two make one lot.
func (l *EarnedLot) together(o *EarnedLot) bool {
	return l.Expires == o.Expires && l.Usable == o.Usable && l.Partner == o.Partner
}

// net is the line's price after every reduction.
func (l *QuotedLine) net() int64 { return l.Amount - l.Reduced }

// Quote judges a sale. It gives the same answer to the same input, and a *SaleError or *RuleError when there is none.
func (p *Programme) Quote(in QuoteInput) (Quote, error) {
	at, err := p.check(&in)
	if err != nil {
		return Quote{}, err
	}
	var refused []string // rewards that the points of this sale do not pay for after all: at most all that are asked
	for {
		q, short, err := p.quote(&in, at, refused)
		if err != nil || short == "" {
			return q, err
		}
		refused = append(refused, short)
	}
}

// quote judges a sale without the rewards refused. It gives the reward that was to be paid with more points than the sale
// turned out to earn.
func (p *Programme) quote(in *QuoteInput, at moment, refused []string) (q Quote, short string, err error) {
	b := p.newBill(in, at)
	o, err := b.reduce(refused)
	if err != nil {
		return Quote{}, "", err
	}
	b.settleStamps(&o)
	b.reduceByGiftCards(&o)
	b.lift()
	q = Quote{Programme: p.digest, Currency: p.Currency(), Total: b.at.total}
	if err := b.pay(); err != nil {
		return Quote{}, "", err
	}
	q.Redeem, q.ToPay = b.purses[0].Redemption, q.Total-b.instruments-b.byWallets
	q.Due = q.ToPay - b.tendered
	b.takeOut()
	e := earning{bill: b}
	if err := e.run(); err != nil {
		return Quote{}, "", err
	}
	if o.ofEarned > e.earned[0] {
		return Quote{}, p.lastWithEarned(o.reductions), nil
	}
	if q.Due < 0 { // a reward that is not given after all must not make it so
		return Quote{}, "", &SaleError{Field: "tenders", Code: SaleOverpaid}
	}
	if err := b.giftCards(&q); err != nil {
		return Quote{}, "", err
	}
	q.Lines = b.out
	q.Earned, q.Lots, q.Why = e.earned[0], e.lots[0], e.why
	q.Wallets = e.wallets()
	q.EarnedExpires = soonest(q.Lots)
	q.Occasions = e.occasions(&o)
	q.Given = e.given(&o)
	q.Campaigns = b.used()
	q.Tier = b.progress(e.earned[0])
	if p.ladder != nil {
		counts := b.counts(e.earned[0])
		q.counts = &counts
	}
	q.personal = b.personal()
	q.reduced(b, &o)
	q.Advance = q.advance(in.Member)
	q.issue(b, &o)
	q.stamped(b)
	q.surprise(b)
	if in.Sale.Offers {
		q.catalogue(b, at, &o)
	}
	if p.keepsShares {
		if q.shares, err = e.shares(&q, &o); err != nil {
			return Quote{}, "", err
		}
	}
	if p.keepsShares || len(q.Reductions)+len(q.Given)+len(q.Issues)+len(q.Campaigns) > 0 {
		if err := q.fits(in); err != nil {
			return Quote{}, "", err
		}
	}
	q.Digest = digestOf(in, &q)
	return q, "", nil
}

// reduced writes down what became of the prices.
func (q *Quote) reduced(b *bill, o *outcome) {
	if len(o.why) > 0 {
		q.Why = slices.Concat(o.why, q.Why)
	}
	if len(o.reductions) == 0 {
		return
	}
	q.Reductions, q.RewardPoints, q.fromEarned, q.Taxes = o.reductions, o.spent, o.ofEarned, b.taxes()
	for i := range o.reductions {
		if !o.reductions[i].Tender {
			q.Reduced += o.reductions[i].Amount
		}
	}
}

// lastWithEarned is the reward to give up first.
func (p *Programme) lastWithEarned(taken []Reduction) string {
	for _, t := range slices.Backward(taken) {
		if k := p.rewardIndex(t.Rule); k >= 0 && p.rewards[k].withEarned {
			return t.Rule
		}
	}
	return ""
}

func soonest(lots []EarnedLot) string {
	first := ""
	for _, l := range lots {
		if l.Expires != "" && (first == "" || l.Expires < first) {
			first = l.Expires
		}
	}
	return first
}

// bill is a sale being judged.
type bill struct {
	p        *Programme
	in       *QuoteInput
	at       moment
	out      []QuotedLine
	sets     []setID // of all lines, one after the other
	setEnd   []int32 // where each line's sets end in sets
	content  []int32 // byContent's answer, once it was asked; nobody changes it
	tendered int64   // tenders other than points
	paid     []int64 // of each line, by coupons and rewards that pay; nil: nothing

	instruments int64 // all of paid

	byCards    []int64 // of each line, by gift cards; nil: nothing
	cardQuotes []placed
	cardFault  *SaleError
	stamps     []stampRun
	idle       int64 // of them, those that earn nothing

	purses      []purse // by wallet
	byWallets   int64   // what they pay together, minor units
	idleWallets int64   // of it, by those that earn nothing

	onRewards   Points        // held points that go to rewards
	uses        []CampaignUse // of budgets, by campaign; nil without budgets
	takesNoPart bool          // the member is excluded: judged as a sale to nobody
	account     *account      // the sale's, when money is received later
}

func (p *Programme) newBill(in *QuoteInput, at moment) *bill {
	lines := in.Sale.Lines
	b := &bill{p: p, in: in, at: at, out: make([]QuotedLine, len(lines)), setEnd: make([]int32, len(lines)),
		sets: make([]setID, 0, 4*len(lines))}
	b.at.bill, b.uses = b, p.budgets(in)
	if p.notFor.holds(&b.at) {
		b.asNobody()
	}
	for i := range lines {
		from := len(b.sets)
		b.sets = p.catalogue.of(&lines[i], b.listed(lines[i].SKU), b.sets)
		b.setEnd[i] = int32(len(b.sets))
		mine := b.sets[from:]
		b.out[i] = QuotedLine{Amount: lines[i].Amount, Earning: lines[i].Amount}
		if id, ok := firstOf(mine, p.exclude); ok {
			b.out[i].Excluded = p.catalogue.sets[id].name
		} else if k := p.giftCardOf(&lines[i]); k != nil {
			b.out[i].Excluded = k.id
		}
	}
	for _, t := range in.Sale.Tenders {
		b.tendered += t.Amount
		if !p.tenderEarns[t.Kind] {
			b.idle += t.Amount
		}
	}
	return b
}

// setsOf is the sets of line i, rising.
func (b *bill) setsOf(i int) []setID {
	from := int32(0)
	if i > 0 {
		from = b.setEnd[i-1]
	}
	return b.sets[from:b.setEnd[i]]
}

// firstOf finds the first id that both rising lists hold.
func firstOf(a, b []setID) (setID, bool) {
	for len(a) > 0 && len(b) > 0 {
		switch {
		case a[0] == b[0]:
			return a[0], true
		case a[0] < b[0]:
			a = a[1:]
		default:
			b = b[1:]
		}
	}
	return 0, false
}

// takeOut takes what tenders that earn nothing paid out of the lines' earning amounts; what wallets paid is out already.
func (b *bill) takeOut() {
	paid := b.idle + b.instruments + b.idleWallets
	if paid > 0 && paid >= b.at.total { // cash rounding must leave no crumb to earn on
		for i := range b.out {
			b.out[i].Earning = 0
		}
		return
	}
	if b.idle == 0 {
		return
	}
	lines := b.byContent()
	weights := make([]int64, len(lines))
	for k, i := range lines {
		weights[k] = b.out[i].Earning
	}
	for k, s := range Split(min(b.idle, sum(weights)), weights) {
		b.out[lines[k]].Earning -= s
	}
}

// unpaid is what no instrument and no wallet has paid of line i.
func (b *bill) unpaid(i int) int64 {
	return b.out[i].net() - shareOf(b.paid, i) - b.out[i].PaidByPoints - b.out[i].PaidByWallet
}

// share splits what a wallet pays over the lines that it may pay.
func (b *bill) share(u *purse) {
	if u.Value == 0 {
		return
	}
	if !u.earns {
		b.idleWallets += u.Value
	}
	lines := b.byContent()
	weights := make([]int64, len(lines))
	for k, i := range lines {
		if u.payable == nil || u.payable[i] {
			weights[k] = b.unpaid(int(i))
		}
	}
	u.paid = make([]int64, len(b.out))
	for k, s := range Split(min(u.Value, sum(weights)), weights) {
		l := &b.out[lines[k]]
		u.paid[lines[k]] = s
		if u.id == MainWallet {
			l.PaidByPoints = s
		} else {
			l.PaidByWallet += s
		}
		if !u.earns {
			l.Earning -= s
		}
	}
}

func sum(ns []int64) int64 {
	total := int64(0)
	for _, n := range ns {
		total += n
	}
	return total
}
