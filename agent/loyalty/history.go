package loyalty

import "cmp"

// History is what a sale can depend on of a member's past. Who keeps the ledger adds it up, returns taken off; it is
// written down with the sale, so that the sale can be judged again.
type History struct {
	Purchases  int64       `json:"purchases,omitempty"` // sales before this one, all returned ones left out
	Balance    Points      `json:"balance,omitempty"`
	Segments   []string    `json:"segments,omitempty"`   // that head office put the member into
	Occasions  []string    `json:"occasions,omitempty"`  // that are on and not used, as Programme.Occasions names them
	Attributes []string    `json:"attributes,omitempty"` // of the member, as Programme.Attributes asks for them: city=riga
	Joined     string      `json:"joined,omitempty"`     // the day; only for rules that look at it
	Sums       []WindowSum `json:"sums,omitempty"`       // for the segments of the programme
	Last       string      `json:"last,omitempty"`       // day of the last purchase, likewise
	Referred   string      `json:"referred,omitempty"`   // the activity by which a friend brought the member, until the first purchase
	Given      []RuleSum   `json:"given,omitempty"`      // only rules with a cap over time need to be here
}

// RuleSum is what one rule, or one discount in minor units, has given a member in the day, week (from Monday), month, year and life that hold the sale's
// business day.
type RuleSum struct {
	Rule     string `json:"rule"`
	Day      Points `json:"day,omitempty"`
	Week     Points `json:"week,omitempty"`
	Month    Points `json:"month,omitempty"`
	Year     Points `json:"year,omitempty"`
	Lifetime Points `json:"lifetime,omitempty"`
}

// RulePoints is what one rule gave in one sale, multipliers and caps included; of a discount, minor units. With those of the sales before it makes up a
// RuleSum.
type RulePoints struct {
	Rule   string `json:"rule"`
	Points Points `json:"points"`
}

// Limits of the history that comes with a sale.
const (
	MaxGiven     = 32
	MaxSegments  = 64
	MaxOccasions = 8
)

func (h *History) check() error {
	if h.Purchases < 0 || h.Purchases > maxStanding || h.Balance < -maxStanding || h.Balance > maxStanding || len(h.Given) > MaxGiven {
		return &SaleError{"member.history", SaleRange}
	}
	if len(h.Segments) > MaxSegments || len(h.Occasions) > MaxOccasions {
		return &SaleError{"member.history", SaleTooLarge}
	}
	for _, list := range [][]string{h.Segments, h.Occasions} {
		for _, name := range list {
			if !idForm.MatchString(name) {
				return &SaleError{"member.history", SaleText}
			}
		}
	}
	if err := cmp.Or(h.checkWho(), h.checkSums()); err != nil {
		return err
	}
	for _, g := range h.Given {
		if !idForm.MatchString(g.Rule) {
			return &SaleError{"member.history.given", SaleText}
		}
		for _, n := range [...]Points{g.Day, g.Week, g.Month, g.Year, g.Lifetime} {
			if n < 0 || n > maxStanding {
				return &SaleError{"member.history.given", SaleRange}
			}
		}
	}
	return nil
}

// bytes is at least what JSON takes for the history.
func (h *History) bytes() int {
	n := len(`,"history":{"purchases":,"balance":-,"given":[]}`) + width(h.Purchases) + width(max(int64(h.Balance), -int64(h.Balance)))
	n += len(`,"segments":[],"occasions":[]`) + h.whoBytes() + h.sumBytes()
	for _, list := range [][]string{h.Segments, h.Occasions} {
		for _, name := range list {
			n += len(`"",`) + len(name)
		}
	}
	for _, g := range h.Given {
		n += len(`{"rule":"","day":,"week":,"month":,"year":,"lifetime":},`) + len(g.Rule)
		for _, p := range [...]Points{g.Day, g.Week, g.Month, g.Year, g.Lifetime} {
			n += width(int64(p))
		}
	}
	return n
}

// caps is the compiled limits of one rule; 0 is no limit.
type caps struct {
	sale, day, week, month, year, lifetime, balance int64
	refuse                                          bool // give nothing rather than less
}

// overTime says whether the rule's limits look back at sales before.
func (r *rule) overTime() bool { return r.visit || r.caps.overTime() }

func (k *caps) overTime() bool { return k.day+k.week+k.month+k.year+k.lifetime > 0 }

// given is what a member got from rules whose limits look back: later sales are held to them.
func (e *earning) given(o *outcome) []RulePoints {
	var list []RulePoints
	if e.in.Member == nil {
		return nil
	}
	for i := range e.cands {
		if c := &e.cands[i]; c.given > 0 && c.rule.overTime() {
			list = append(list, RulePoints{c.rule.id, c.given})
		}
	}
	for _, r := range o.reductions {
		if i := e.p.discountIndex(r.Rule); i >= 0 && e.p.discounts[i].caps.overTime() {
			list = append(list, RulePoints{r.Rule, Points(r.Amount)})
		}
	}
	return list
}

// room is the least that any limit leaves a rule, and the limit that leaves it; ok is false without any limit.
func (e *earning) room(r *rule) (room, limit int64, ok bool) {
	return r.caps.room(e.past(r.id), e.held(r.wallet))
}

// room is the least that any limit leaves after what was given before and what is held.
func (k *caps) room(past RuleSum, held Points) (room, limit int64, ok bool) {
	for _, c := range [...]struct {
		limit int64
		used  Points
	}{{k.sale, 0}, {k.day, past.Day}, {k.week, past.Week}, {k.month, past.Month}, {k.year, past.Year},
		{k.lifetime, past.Lifetime}, {k.balance, held}} {
		if left := max(c.limit-int64(c.used), 0); c.limit > 0 && (!ok || left < room) {
			room, limit, ok = left, c.limit, true
		}
	}
	return room, limit, ok
}

// held is what the member has in a wallet before the sale.
func (e *earning) held(wallet int) Points {
	m := e.in.Member
	switch {
	case m == nil:
		return 0
	case wallet > 0:
		return max(m.wallet(e.p.wallets[wallet].id).Balance, 0)
	case m.History == nil:
		return 0
	}
	return max(m.History.Balance, 0)
}
