package loyalty

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// StampState is what is known of a member's stamp card before the sale.
type StampState struct {
	Stamp   string `json:"stamp"`
	Count   int64  `json:"count"`             // below zero after a return of goods whose stamps were used: the next ones fill it
	Today   int64  `json:"today,omitempty"`   // given on this business day
	Expires string `json:"expires,omitempty"` // last valid day of all of them
}

// endedBy says whether there are stamps, and their last day was before a day.
func (s *StampState) endedBy(day string) bool {
	return s.Count > 0 && s.Expires != "" && s.Expires < day
}

// StampUse is what a sale does to a stamp card, and how far it is then.
type StampUse struct {
	Told   StampState `json:"told"`
	Ended  int64      `json:"ended,omitempty"` // stamps whose last day was before the sale
	Given  int64      `json:"given,omitempty"`
	Used   int64      `json:"used,omitempty"`
	Times  int64      `json:"times,omitempty"`  // cards that were full and gave something
	Coupon string     `json:"coupon,omitempty"` // kind, issued Times times with the sale
	Reward string     `json:"reward,omitempty"` // to be handed out Times times

	Left    int64  `json:"left"`              // on the card after the sale
	Of      int64  `json:"of"`                // that fill it
	Expires string `json:"expires,omitempty"` // last valid day of what is left
}

// Accounts of stamps; their unit is one stamp. They are no points: nothing of a member's lots is in them.

func stampAccount(stamp, part string) string { return "stamps/" + stamp + "/" + part }

const stampsExpired = "expired"

// AccountStamps holds the stamps of a member.
func AccountStamps(stamp string, m MemberID) string {
	return stampAccount(stamp, fmt.Sprintf("member/%d", m))
}

// AccountStampCard says whose stamps an account holds, and of which card; false for any other account.
func AccountStampCard(account string) (m MemberID, card string, ok bool) {
	part := strings.Split(account, "/")
	if len(part) != 4 || part[0] != "stamps" || part[2] != "member" {
		return 0, "", false
	}
	id, err := strconv.ParseInt(part[3], 10, 64)
	return MemberID(id), part[1], err == nil && id > 0
}

// stampRun is one card on its way through a bill.
type stampRun struct {
	*stampRule
	use    StampUse
	lines  []int32
	pieces int64 // bought, of goods that cost something
	room   int64 // stamps that may be given
}

const maxStamps = 1 << 40 // on one card

func (p *Programme) checkStamps(m *MemberState) error {
	if len(m.Stamps) > MaxStampKinds {
		return &SaleError{"member.stamps", SaleTooLarge}
	}
	for i, s := range m.Stamps {
		_, day := parseDay(s.Expires)
		switch {
		case !idForm.MatchString(s.Stamp) || slices.ContainsFunc(m.Stamps[:i], func(o StampState) bool { return o.Stamp == s.Stamp }):
			return &SaleError{"member.stamps", SaleText}
		case s.Count < -maxStamps || s.Count > maxStamps || s.Today < 0 || s.Today > maxStamps:
			return &SaleError{"member.stamps", SaleRange}
		case s.Expires != "" && !day:
			return &SaleError{"member.stamps", SaleTime}
		}
	}
	return nil
}

// noStamps is cards that no bill can fill, so that a price does not hang on them.
func (p *Programme) noStamps() []StampState {
	var empty []StampState
	for i := range p.stamps {
		empty = append(empty, StampState{Stamp: p.stamps[i].id, Count: -maxStamps})
	}
	return empty
}

// stampRuns looks at every card of the programme before prices are reduced.
func (b *bill) stampRuns() {
	m := b.in.Member
	if m == nil {
		return
	}
	for i := range b.p.stamps {
		r := stampRun{stampRule: &b.p.stamps[i], use: StampUse{Told: StampState{Stamp: b.p.stamps[i].id}, Of: b.p.stamps[i].fill}}
		if k := slices.IndexFunc(m.Stamps, func(s StampState) bool { return s.Stamp == r.id }); k >= 0 {
			r.use.Told = m.Stamps[k]
		}
		if told := &r.use.Told; told.endedBy(b.in.Place.Day) {
			r.use.Ended = told.Count
		}
		for _, i := range b.byContent() {
			l := &b.in.Sale.Lines[i]
			if b.out[i].Excluded == "" && l.Amount > 0 && (r.on == noSet || b.holds(int(i), r.on)) {
				r.lines = append(r.lines, i)
				r.pieces += pieces(l)
			}
		}
		r.makeRoom(b)
		b.stamps = append(b.stamps, r)
	}
}

// makeRoom works out how many stamps the bill may give.
func (r *stampRun) makeRoom(b *bill) {
	if r.bySale {
		r.pieces = min(r.pieces, 1)
	}
	if _, ok := r.when.check(r.id, &b.at); !ok {
		return
	}
	r.room = r.pieces
	if r.perSale > 0 {
		r.room = min(r.room, r.perSale)
	}
	if r.perDay > 0 {
		r.room = min(r.room, max(r.perDay-r.use.Told.Today, 0))
	}
}

func (r *stampRun) held() int64 { return r.use.Told.Count - r.use.Ended }

// freePieces is how many of the pieces bought are free: each one after a full card, giving no stamp itself. A card that
// was full before frees the first.
func (r *stampRun) freePieces() int64 {
	if !r.free {
		return 0
	}
	return max(min((r.held()+r.room)/r.fill, (r.held()+r.pieces)/(r.fill+1), r.pieces), 0)
}

// offerStamps puts the free pieces of full cards before the bill beside discounts.
func (s *stack) offerStamps() {
	for i := range s.stamps {
		if r := &s.stamps[i]; r.freePieces() > 0 {
			s.offer(&r.reduction).count = r.freePieces()
		}
	}
}

// settleStamps gives stamps, and takes those of full cards, once it is known which free pieces were given.
func (b *bill) settleStamps(o *outcome) {
	for i := range b.stamps {
		r := &b.stamps[i]
		u := &r.use
		if slices.ContainsFunc(o.reductions, func(t Reduction) bool { return t.Rule == r.id }) {
			u.Times = r.freePieces()
		}
		u.Given = min(r.room, r.pieces-u.Times)
		if !r.free {
			u.Given = r.room
			u.Times = max(r.held()+u.Given, 0) / r.fill
		}
		if r.coupon != "" && u.Times > 0 {
			room, _ := b.issuable(b.p.couponIndex(r.coupon), o.issues)
			if u.Times = min(u.Times, max(room, 0)); u.Times > 0 {
				o.issues = append(o.issues, Issue{Rule: r.id, Coupon: r.coupon, Count: u.Times})
			}
		}
		r.settle(b)
	}
}

// settle writes down where the card is after so many full ones.
func (r *stampRun) settle(b *bill) {
	u := &r.use
	if u.Used = u.Times * r.fill; u.Times > 0 {
		u.Coupon, u.Reward = r.coupon, r.reward
	}
	if u.Left = r.held() + u.Given - u.Used; u.Left > 0 {
		u.Expires = u.Told.Expires
		if u.Given > 0 || u.Expires == "" {
			u.Expires = r.expiry.lastDay(b.at.day)
		}
	}
}

// stampPoints lets the points of full cards be earned as a bonus: held to the caps of the bill, and on lines as all points
// are. Where nothing on the bill may earn, the card stays full.
func (e *earning) stampPoints() error {
	for i := range e.stamps {
		r := &e.stamps[i]
		if r.points == 0 || r.use.Times == 0 {
			continue
		}
		lines := slices.DeleteFunc(slices.Clone(r.lines), func(i int32) bool { return e.out[i].Earning == 0 })
		slices.Sort(lines)
		points, ok := mulInt(r.points, r.use.Times)
		if !ok || points > maxPoints {
			return &RuleError{r.id}
		}
		if len(lines) == 0 {
			r.use.Times = 0
			r.settle(e.bill)
			continue
		}
		e.cands = append(e.cands, candidate{rule: &rule{id: r.id, campaign: noCampaign, kind: bonus, points: points, on: r.on, expiry: e.p.expiry}, lines: lines})
	}
	return nil
}

// stamped writes down what became of every card that the member has or the bill bears on.
func (q *Quote) stamped(b *bill) {
	for i := range b.stamps {
		u := b.stamps[i].use
		if u == (StampUse{Told: StampState{Stamp: u.Told.Stamp}, Of: u.Of}) {
			continue
		}
		q.Stamps = append(q.Stamps, u)
		rule := u.Told.Stamp
		if u.Ended > 0 {
			q.Why = append(q.Why, Finding{Rule: rule, Code: ExplainStampsEnded, Limit: u.Ended, Detail: u.Told.Expires})
		}
		if u.Times > 0 {
			q.Why = append(q.Why, Finding{Rule: rule, Code: ExplainStampsFull, Applied: true, Limit: u.Times})
		}
		q.Why = append(q.Why, Finding{Rule: rule, Code: ExplainStamps, Applied: u.Given > 0, Base: u.Left, Limit: u.Of, Missing: max(u.Of-u.Left, 0)})
	}
}

// stamps names what a quote promises on stamp cards.
func (d *digester) stamps(uses []StampUse) {
	if len(uses) == 0 {
		return
	}
	d.text("stamps 1")
	d.ints(int64(len(uses)))
	for _, u := range uses {
		d.text(u.Told.Stamp)
		d.ints(u.Ended, u.Given, u.Used, u.Left)
	}
}

// stampMoves is the stamps of a sale, one movement a way.
func stampMoves(uses []StampUse, m MemberID) []Movement {
	var moves []Movement
	for _, u := range uses {
		id := u.Told.Stamp
		card := AccountStamps(id, m)
		for _, w := range []struct {
			from, to string
			n        int64
		}{{card, stampAccount(id, stampsExpired), u.Ended}, {stampAccount(id, "issued"), card, u.Given}, {card, stampAccount(id, "redeemed"), u.Used}} {
			if w.n > 0 {
				moves = append(moves, Movement{From: w.from, To: w.to, Points: Points(w.n)})
			}
		}
	}
	return moves
}

// toldStamps is the cards as a stored sale was told of them.
func toldStamps(uses []StampUse) []StampState {
	var told []StampState
	for _, u := range uses {
		if u.Told != (StampState{Stamp: u.Told.Stamp}) {
			told = append(told, u.Told)
		}
	}
	return told
}

func (c *comparison) stamps(s, o []StampUse) {
	c.figure("stamps", int64(len(s)), int64(len(o)))
	for i := range min(len(s), len(o)) {
		c.text(fmt.Sprintf("stamps[%d]", i), fmt.Sprint(s[i]), fmt.Sprint(o[i]))
	}
}

// stampBytes is at least what JSON takes for stamps: their uses and movements.
func (p *Programme) stampBytes() int { return 700 * len(p.stamps) }
