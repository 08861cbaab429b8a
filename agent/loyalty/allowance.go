package loyalty

// allowanceDef is what head office sets aside of members' points for the store in which they buy most, so that this store may spend
// them while it is cut off, and no other store at any time.
type allowanceDef struct {
	Member int64 `json:"member"`
	Store  int64 `json:"store"`
	Share  int64 `json:"share"`
	Days   int64 `json:"days"`
	Visits int64 `json:"visits"`
	Hours  int64 `json:"hours"`
}

// Limits of a policy.
const (
	MaxAllowanceHours  = 31 * 24
	maxAllowanceDays   = 3660
	maxAllowanceVisits = 1000
)

func (c *compiler) compileAllowance(l *limitsDef) {
	if l.Allowance == nil {
		return
	}
	a := *l.Allowance
	c.checkPoints("limits.allowance.member", a.Member, 1)
	c.checkPoints("limits.allowance.store", a.Store, 1)
	for _, f := range []struct {
		name           string
		n, least, most int64
		remedy         string
	}{
		{"share", a.Share, 1, 100, "write a percentage of 1 to 100"},
		{"days", a.Days, 1, maxAllowanceDays, "write 1 to 3660"},
		{"visits", a.Visits, 1, maxAllowanceVisits, "write 1 to 1000"},
		{"hours", a.Hours, 1, MaxAllowanceHours, "write 1 to 744"},
	} {
		if f.n < f.least || f.n > f.most {
			c.fault("limits.allowance."+f.name, "is out of range", f.remedy)
		}
	}
	c.p.allowance = a
}

// Allowance is a programme's policy for what single stores may spend of members' points without asking.
type Allowance struct {
	Member Points // most of one member
	Store  Points // most of all members in one store
	Days   int64  // purchases of so many days decide which store is the member's
	Visits int64  // as many as he needs there
	Hours  int64  // how long it lasts

	share int64 // percent of what the member has free
}

// Allowance is the policy; false where there is none. What a store may spend of a member while it is cut off is limited by the floor
// limits, where there are any: an allowance is not larger either.
func (p *Programme) Allowance() (Allowance, bool) {
	d := p.allowance
	a := Allowance{Member: Points(d.Member), Store: Points(d.Store), Days: d.Days, Visits: d.Visits, Hours: d.Hours, share: d.Share}
	if risk := p.Risk(); risk.Days > 0 {
		a.Member, a.Store = min(a.Member, risk.MemberDay), min(a.Store, risk.StoreDay)
	}
	return a, d != allowanceDef{}
}

// Of is what the policy sets aside of a member who has so many points free.
func (a Allowance) Of(free Points) Points {
	if free <= 0 {
		return 0
	}
	return min(free/100*Points(a.share)+free%100*Points(a.share)/100, a.Member)
}
