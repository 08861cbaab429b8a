package loyalty

import "slices"

// Shares is the part of every line in what its sale earned and spent, in the order of the lines: all that a later return
// needs beside the lines. A list is left out when it would hold only zeros; a last zero is not written.
type Shares struct {
	Earned  []Points `json:"earned,omitempty"`
	Spent   []Points `json:"spent,omitempty"`   // points, on paying and on rewards
	Paid    []int64  `json:"paid,omitempty"`    // minor units that points, coupons and rewards paid
	Reduced []int64  `json:"reduced,omitempty"` // minor units that the programme took off the price

	Wallets []WalletShares `json:"wallets,omitempty"` // beside the points
	Stamps  []StampShares  `json:"stamps,omitempty"`
}

// WalletShares is the part of every line in what its sale earned and spent of one wallet.
type WalletShares struct {
	Wallet WalletID `json:"wallet"`
	Earned []Points `json:"earned,omitempty"`
	Spent  []Points `json:"spent,omitempty"`
	Paid   []int64  `json:"paid,omitempty"` // minor units
}

// shares works the parts out. A rule's points belong to the lines that it bore on, by what it counted on each; points
// that paid belong to the lines that they paid. The odd point does not follow the order in which lines were rung up.
func (e *earning) shares(q *Quote, o *outcome) (Shares, error) {
	lines := e.byContent()
	spent := make([]Points, len(e.out))
	earned, err := e.earnedByLine(e.ranks())
	if err != nil {
		return Shares{}, err
	}
	paid, reduced, prices := make([]int64, len(e.out)), make([]int64, len(e.out)), make([]int64, len(e.out))
	for i := range e.out {
		paid[i], reduced[i], prices[i] = e.out[i].PaidByPoints, e.out[i].Reduced, e.out[i].net()
	}
	spread := func(points Points, weight func(k int) int64, lines []int32) {
		weights := make([]int64, len(lines))
		for k := range lines {
			weights[k] = weight(k)
		}
		for k, n := range Split(int64(points), weights) {
			spent[lines[k]] += Points(n)
		}
	}
	spread(q.Redeem.Points, func(k int) int64 { return paid[lines[k]] }, lines)
	for r, taken := range o.reductions {
		part := o.parts[r]
		if taken.Amount == 0 { // a perk lies on all lines
			spread(taken.Points, func(k int) int64 { return prices[lines[k]] }, lines)
		} else if taken.Points > 0 {
			spread(taken.Points, func(k int) int64 { return part[k] }, o.lines[r])
		}
	}
	for i := range paid {
		paid[i] += shareOf(o.paid, i)
	}
	return Shares{Earned: trimmed(earned[0]), Spent: trimmed(spent), Paid: trimmed(paid), Reduced: trimmed(reduced),
		Wallets: e.walletShares(earned, lines), Stamps: e.stampShares(o)}, nil
}

// ranks is the place of every line in the order by content.
func (b *bill) ranks() []int32 {
	rank := make([]int32, len(b.out))
	for place, i := range b.byContent() {
		rank[i] = int32(place)
	}
	return rank
}

// earnedByLine is what every line earned, by wallet.
func (e *earning) earnedByLine(rank []int32) ([][]Points, error) {
	earned := make([][]Points, len(e.p.wallets))
	for i := range earned {
		earned[i] = make([]Points, len(e.out))
	}
	if e.in.Member == nil {
		return earned, nil
	}
	for i := range e.cands {
		if err := e.shareOut(&e.cands[i], rank, earned[e.cands[i].rule.wallet]); err != nil {
			return nil, err
		}
	}
	return earned, nil
}

// walletShares is the parts in every wallet beside the points that the sale used. What a wallet spent lies on the lines that
// it paid.
func (e *earning) walletShares(earned [][]Points, order []int32) []WalletShares {
	var all []WalletShares
	for w := 1; w < len(e.purses); w++ {
		u, s := &e.purses[w], WalletShares{Wallet: e.purses[w].id, Earned: trimmed(earned[w])}
		if u.Points > 0 {
			spent, weights := make([]Points, len(e.out)), make([]int64, len(e.out))
			for k, i := range order {
				weights[k] = u.paid[i]
			}
			for k, n := range Split(int64(u.Points), weights) {
				spent[order[k]] = Points(n)
			}
			s.Spent, s.Paid = trimmed(spent), trimmed(u.paid)
		}
		if s.Earned != nil || s.Spent != nil {
			all = append(all, s)
		}
	}
	return all
}

// stored is the shares as an entry holds them; nil when there is nothing to hold.
func (s Shares) stored() *Shares {
	if s.Earned == nil && s.Spent == nil && s.Paid == nil && s.Reduced == nil && s.Wallets == nil && s.Stamps == nil {
		return nil
	}
	return &s
}

// shareOut adds one rule's points to its lines.
func (e *earning) shareOut(c *candidate, rank []int32, into []Points) error {
	if c.given == 0 {
		return nil
	}
	lines := slices.Clone(c.lines)
	slices.SortFunc(lines, func(a, b int32) int { return int(rank[a] - rank[b]) })
	weights, err := e.counted(c, lines)
	if err != nil {
		return err
	}
	for k, n := range Split(int64(c.given), weights) {
		into[lines[k]] += Points(n)
	}
	return nil
}

// counted is the weight of each line in a rule: its rounded points where the rule rounds by line, else its base with the
// multipliers on it. A bonus, and points per sale, lie on lines by their amounts; so do points for a base of nothing,
// which a tax taken out of a cent can leave.
func (e *earning) counted(c *candidate, lines []int32) ([]int64, error) {
	weights := make([]int64, len(lines))
	some := int64(0)
	if c.rule.kind < perSale {
		base, _ := e.weigh(&candidate{rule: c.rule, lines: lines})
		times := e.timesOn(c.index)
		for k := range lines {
			var ok bool
			if weights[k], ok = e.lineWeight(c, lines[k:k+1], base[k:k+1], times); !ok {
				return nil, &RuleError{c.rule.id}
			}
			if some, ok = addInt(some, weights[k]); !ok {
				return nil, &RuleError{c.rule.id}
			}
		}
	}
	if some == 0 {
		for k, i := range lines {
			weights[k] = e.out[i].Earning
		}
	}
	return weights, nil
}

func (e *earning) lineWeight(c *candidate, line []int32, base []int64, times []int) (int64, bool) {
	scaled, den, ok := e.scale(line, base, times)
	if !ok || c.rule.at != atLine {
		return scaled, ok
	}
	v, ok := c.rule.figure(base[0], scaled, den)
	if !ok {
		return 0, false
	}
	return v.round(c.rule.mode)
}

// trimmed drops zeros at the end, and a list of nothing else.
func trimmed[T ~int64](list []T) []T {
	for len(list) > 0 && list[len(list)-1] == 0 {
		list = list[:len(list)-1]
	}
	if len(list) == 0 {
		return nil
	}
	return list
}

// shareOf is the figure of line i, which a trimmed list may not reach.
func shareOf[T ~int64](list []T, i int) T {
	if i < len(list) {
		return list[i]
	}
	return 0
}

// bytes is at least what JSON takes for the shares.
func (s *Shares) bytes() int {
	n := len(`,"shares":{"earned":[],"spent":[],"paid":[],"reduced":[]}`)
	n += listBytes(s.Earned) + listBytes(s.Spent) + listBytes(s.Paid) + listBytes(s.Reduced)
	for _, t := range s.Stamps {
		n += len(`{"stamp":"","given":[],"used":[]},`) + len(t.Stamp) + listBytes(t.Given) + listBytes(t.Used)
	}
	for _, w := range s.Wallets {
		n += len(`{"wallet":"","earned":[],"spent":[],"paid":[]},`) + len(w.Wallet) + listBytes(w.Earned) + listBytes(w.Spent) + listBytes(w.Paid)
	}
	return n
}

func listBytes[T ~int64](list []T) int {
	n := 0
	for _, v := range list {
		n += width(int64(v)) + 1
	}
	return n
}

// fits holds what a bill adds to its entry beside the lines to the room that lines have.
func (q *Quote) fits(in *QuoteInput) error {
	size := linesBytes(in.Sale.Lines) + in.besideBytes() + q.shares.bytes() + q.walletBytes(in) + 700*len(q.Stamps)
	for _, r := range q.Reductions {
		size += len(`{"rule":"","amount":},`) + len(r.Rule) + width(r.Amount)
	}
	size += usesBytes(q.Campaigns)
	for _, g := range q.Given {
		size += len(`{"rule":"","points":},`) + len(g.Rule) + width(int64(g.Points))
	}
	for _, i := range q.Issues {
		size += int(i.Count) * (issuedBytes + len(i.Coupon) + len(i.Source))
	}
	if size > MaxLineBytes {
		return &SaleError{"lines", SaleTooLarge}
	}
	return nil
}

// issuedBytes is at least what JSON takes for a coupon that a sale issues, but for its kind and source.
const issuedBytes = len(`{"coupon":"","serial":"4294967295-012345678901","value":1000000000000,"currency":"EUR","valid_from":"2026-11-01","valid_to":"2026-11-30",`+
	`"uses":1000,"holder":9223372036854775807,"stores":[],"source":""},`) + MaxCouponStores*len(`4294967295,`)

func linesBytes(lines []Line) int {
	size := 0
	for i := range lines {
		size += lineBytes(&lines[i])
	}
	return size
}
