package loyalty

// Role is who does something at the till.
type Role string

const (
	RoleCashier Role = "cashier"
	RoleManager Role = "manager"
)

// ActionKind is what is done.
type ActionKind string

const (
	ActionSale     ActionKind = "sale"
	ActionRedeem   ActionKind = "redeem" // points taken by a sale, rewards included
	ActionReturn   ActionKind = "return"
	ActionAdjust   ActionKind = "adjust"
	ActionActivity ActionKind = "activity"
)

// Action is something that is about to be done for a member. Whoever keeps the ledger counts: Hour and Day are the actions of
// the kind for the same member before this one, in the last sixty minutes and on the business day, in this store.
type Action struct {
	Kind   ActionKind
	By     Role
	Points Points // taken or given, never below zero
	Money  int64  // refunded by a return, minor units
	PIN    bool   // the member has shown the PIN
	Hour   int64
	Day    int64
}

// actionLimits is what the programme lets people do.
type actionLimits struct {
	withoutPIN Points // of a redemption; below 0: no limit
	cashier    roleLimits
	manager    roleLimits
	velocity   map[ActionKind]velocity
}

// roleLimits is the most that one person may do at once; below 0: no limit.
type roleLimits struct {
	redeem, adjust Points
	refund         int64
}

type velocity struct{ hour, day int64 } // 0: no limit

// LimitsActions says whether the programme limits what may be done at the till.
func (p *Programme) LimitsActions() bool { return p.actions.velocity != nil }

// CheckAction gives every limit of the programme that an action is beyond; none when it may be done. Detail says whose limit: what
// is beyond the cashier's alone, a manager may do.
func (p *Programme) CheckAction(a Action) []Finding {
	l := &p.actions
	if l.velocity == nil {
		return nil // no limits are written
	}
	var found []Finding
	if a.Kind == ActionRedeem && !a.PIN && l.withoutPIN >= 0 && a.Points > l.withoutPIN {
		found = append(found, Finding{Code: ExplainLimitPIN, Limit: int64(l.withoutPIN), Missing: int64(a.Points - l.withoutPIN)})
	}
	if f, beyond := l.manager.check(&a); beyond {
		f.Detail = string(RoleManager)
		found = append(found, f)
	} else if f, beyond := l.cashier.check(&a); beyond && a.By != RoleManager {
		f.Detail = string(RoleCashier)
		found = append(found, f)
	}
	v := l.velocity[a.Kind]
	if v.hour > 0 && a.Hour >= v.hour {
		found = append(found, Finding{Code: ExplainLimitHour, Limit: v.hour})
	}
	if v.day > 0 && a.Day >= v.day {
		found = append(found, Finding{Code: ExplainLimitDay, Limit: v.day})
	}
	return found
}

// check holds an action to what one person may do at once.
func (r *roleLimits) check(a *Action) (Finding, bool) {
	switch {
	case a.Kind == ActionRedeem && r.redeem >= 0 && a.Points > r.redeem:
		return Finding{Code: ExplainLimitPoints, Limit: int64(r.redeem)}, true
	case a.Kind == ActionAdjust && r.adjust >= 0 && a.Points > r.adjust:
		return Finding{Code: ExplainLimitPoints, Limit: int64(r.adjust)}, true
	case a.Kind == ActionReturn && r.refund >= 0 && a.Money > r.refund:
		return Finding{Code: ExplainLimitMoney, Base: r.refund}, true
	}
	return Finding{}, false
}
