package loyalty

// clamp is one limit on a redemption.
type clamp struct {
	code   string
	most   Points
	base   int64
	factor int64
}

const maxClamps = 8 + MaxFloorLimits

// purse is one wallet of the member on one bill, and what is taken from it.
type purse struct {
	*wallet
	Redemption
	ask       *Ask
	available Points
	noPurse   Points  // most without the card
	payable   []bool  // lines that it may pay; nil: all
	paid      []int64 // what it pays of each, minor units; nil: nothing
}

// pay settles what every wallet pays: the points first, then the others in the order of the document, and after all of
// these those that are asked to pay the rest.
func (b *bill) pay() error {
	b.purses = make([]purse, len(b.p.wallets))
	for i := range b.purses {
		b.purses[i] = b.purse(&b.p.wallets[i])
	}
	for _, last := range []bool{false, true} {
		for i := range b.purses {
			u := &b.purses[i]
			if rest := u.ask != nil && u.ask.Rest; rest != last {
				continue
			}
			if err := b.redeem(u); err != nil {
				return err
			}
			b.byWallets += u.Value
			b.share(u)
		}
	}
	return nil
}

func (b *bill) purse(w *wallet) purse {
	u := purse{wallet: w, Redemption: Redemption{Clamps: []Finding{}}, ask: b.in.Sale.askOf(w.id)}
	if m := b.in.Member; m != nil && w.id == MainWallet {
		u.available, u.noPurse = max(m.held()-b.onRewards, 0), max(b.p.withoutPurse(m)-b.onRewards, 0)
	} else if m != nil {
		u.available, u.noPurse = max(m.wallet(w.id).Available, 0), w.noPurse
	}
	if w.redeem != nil && (len(w.redeem.except) > 0 || len(b.p.giftCards) > 0) {
		u.payable = make([]bool, len(b.out))
		for i := range u.payable {
			_, not := firstOf(b.setsOf(i), w.redeem.except)
			u.payable[i] = !not && b.p.forPoints(&b.in.Sale.Lines[i])
		}
	}
	return u
}

// redeem works out what a wallet may pay. Nothing asked gives what could be.
func (b *bill) redeem(u *purse) error {
	wanted := u.ask.wanted()
	code := ""
	switch {
	case u.redeem == nil:
		code = ExplainRedeemNone
	case b.in.Member == nil:
		code = ExplainRedeemNoMember
	case !u.here(b.at.store):
		code = ExplainRedeemNotHere
	}
	if code != "" {
		if wanted {
			u.Asked, u.Clamps = u.ask.Points, append(u.Clamps, u.tell(Finding{Code: code, Applied: true}))
		}
		return nil
	}
	rule := u.redeem
	clamps, err := b.clamps(u)
	if err != nil {
		return err
	}
	if u.Max, _, err = rule.settle(u.available, clamps); err != nil {
		return err
	}
	asked := u.available
	switch {
	case wanted && u.ask.Rest:
		if asked, err = rule.needs(max(b.at.total-b.instruments-b.byWallets-b.tendered, 0)); err != nil {
			return err
		}
	case wanted && !u.ask.All:
		asked = u.ask.Points
	}
	points, found, err := rule.settle(asked, clamps)
	if err != nil {
		return err
	}
	for i := range found {
		found[i] = u.tell(found[i])
	}
	if u.Clamps = found; !wanted {
		return nil
	}
	u.Asked, u.Points = asked, points
	u.Value, err = rule.pays(points)
	return err
}

// clamps lists every limit that the programme, the member and the bill set, in a fixed order. The step and the minimum
// come after them, in settle.
func (b *bill) clamps(u *purse) ([]clamp, error) {
	rule, left := u.redeem, b.at.total-b.byWallets
	list := make([]clamp, 0, maxClamps)
	list = append(list, clamp{code: ExplainRedeemAvailable, most: u.available})
	if rule.keep > 0 {
		list = append(list, clamp{code: ExplainRedeemKeep, most: max(u.available-rule.keep, 0), base: int64(rule.keep)})
	}
	if b.in.Member.Medium != MediumPurse {
		list = append(list, clamp{code: ExplainRedeemNoPurse, most: u.noPurse})
	}
	if u.id == MainWallet {
		list = b.floor(list)
	}
	byValue := func(code string, value, factor int64) error {
		most, err := rule.covers(value)
		list = append(list, clamp{code: code, most: most, base: value, factor: factor})
		return err
	}
	if err := byValue(ExplainRedeemBill, left, 0); err != nil {
		return nil, err
	}
	if u.payable != nil {
		mayNot := int64(0)
		for i, ok := range u.payable {
			if !ok {
				mayNot += b.unpaid(i)
			}
		}
		if err := byValue(ExplainRedeemSet, max(left-b.instruments-mayNot, 0), 0); err != nil {
			return nil, err
		}
	}
	if rule.share < fullShare {
		part, ok := mulDiv(b.at.total, rule.share, fullShare)
		if !ok {
			return nil, &RuleError{"redeem"}
		}
		if err := byValue(ExplainRedeemShare, part.whole, rule.share); err != nil {
			return nil, err
		}
	}
	// The last: it must not take the place of a limit that left room for just these tenders when the sale was quoted.
	return list, byValue(ExplainRedeemTendered, max(left-b.instruments-b.tendered, 0), 0)
}

// floor adds the limits that hold while head office is out of reach; rewards were paid first.
func (b *bill) floor(list []clamp) []clamp {
	for _, l := range b.in.Member.Floor {
		c := clamp{code: l.Code, most: max(l.Most+b.in.Member.reserved()-b.onRewards, 0)}
		if l.Code == ExplainFloorSilence {
			c.base = b.p.floor.Hours
		}
		list = append(list, c)
	}
	return list
}

// wanted says whether anything is asked at all.
func (a *Ask) wanted() bool { return a != nil && (a.All || a.Rest || a.Points > 0) }

func (a *Ask) valid() bool {
	given := 0
	for _, is := range []bool{a.All, a.Rest, a.Points != 0} {
		if is {
			given++
		}
	}
	return given <= 1 && a.Points >= 0 && a.Points <= maxPoints
}

// settle brings what is asked within every limit, down to the step, within what other tenders leave, and to nothing when
// that is below the minimum. It reports each limit that is below what was asked; the one that decided is marked applied.
func (r *redeemRule) settle(asked Points, clamps []clamp) (Points, []Finding, error) {
	tendered := clamps[len(clamps)-1]
	found := make([]Finding, 0, len(clamps)+2)
	points, decided := asked, -1
	for _, c := range clamps[:len(clamps)-1] {
		if c.most >= asked {
			continue
		}
		if c.most < points {
			points, decided = c.most, len(found)
		}
		found = append(found, c.finding())
	}
	if decided >= 0 {
		found[decided].Applied = true
	}
	fitted, err := r.fit(points)
	if err != nil {
		return 0, nil, err
	}
	if fitted < points {
		found = append(found, Finding{Code: ExplainRedeemStep, Applied: true, Limit: int64(fitted), Base: int64(r.grain())})
	}
	least := r.wholeSteps(max(r.minimum, 1))
	if fitted >= least && tendered.most < fitted {
		fitted = tendered.most
		found = append(found, tendered.finding())
		found[len(found)-1].Applied = true
	}
	if fitted < least && asked > 0 {
		found = append(found, Finding{Code: ExplainRedeemMinimum, Applied: true, Limit: int64(least), Missing: int64(least - fitted)})
		return 0, found, nil
	}
	return fitted, found, nil
}

func (c *clamp) finding() Finding {
	return Finding{Code: c.code, Limit: int64(c.most), Base: c.base, Factor: c.factor}
}

// fit takes points down to a whole number of steps, and then to the fewest that pay as much: no point is taken for
// nothing.
func (r *redeemRule) fit(points Points) (Points, error) {
	points -= points % r.step
	value, err := r.pays(points)
	if err != nil || value == 0 {
		return 0, err
	}
	fewest, err := r.needs(value)
	if err != nil {
		return 0, err
	}
	return min(r.wholeSteps(max(fewest, r.minimum)), points), nil
}

// wholeSteps takes points up to a whole number of steps.
func (r *redeemRule) wholeSteps(points Points) Points {
	if over := points % r.step; over != 0 {
		points += r.step - over
	}
	return points
}

// grain is the step to which points are taken: the author's, or what pays one minor unit.
func (r *redeemRule) grain() Points {
	return max(r.step, Points((r.points+r.value-1)/r.value))
}

// pays is what points are worth, in whole minor units.
func (r *redeemRule) pays(points Points) (int64, error) {
	value, ok := mulDiv(int64(points), r.value, r.points)
	if !ok {
		return 0, &RuleError{"redeem"}
	}
	return value.whole, nil
}

// needs is the fewest points that pay a value.
func (r *redeemRule) needs(value int64) (Points, error) {
	points, ok := mulDiv(value, r.points, r.value)
	if !ok {
		return 0, &RuleError{"redeem"}
	}
	n, ok := points.round(roundCeil)
	if !ok {
		return 0, &RuleError{"redeem"}
	}
	return Points(n), nil
}

// covers is the points that can be taken without paying more than a value.
func (r *redeemRule) covers(value int64) (Points, error) {
	beyond, ok := mulDiv(value+1, r.points, r.value) // the first figure that would pay one more
	if !ok {
		return 0, &RuleError{"redeem"}
	}
	if beyond.rest == 0 {
		beyond.whole--
	}
	return r.fit(Points(beyond.whole))
}
