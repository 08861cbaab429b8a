package loyalty

import "fmt"

// maxActions bounds how often something may be done.
const maxActions = 10_000

// roleDef is the most that one person may do at once. What is left out has no limit; 0 is nothing at all.
type roleDef struct {
	Redeem *int64  `json:"redeem,omitempty"` // points
	Adjust *int64  `json:"adjust,omitempty"` // points, given or taken
	Refund decimal `json:"refund,omitempty"` // money of one return
}

// velocityDef is how often something may be done for one member in one store.
type velocityDef struct {
	Of   string `json:"of"`
	Hour int64  `json:"hour,omitempty"`
	Day  int64  `json:"day,omitempty"`
}

func (c *compiler) compileActions(l *limitsDef) {
	if l.WithoutPIN == nil && l.Cashier == nil && l.Manager == nil && len(l.Velocity) == 0 {
		return
	}
	a := &c.p.actions
	a.velocity = map[ActionKind]velocity{}
	a.withoutPIN = Points(c.most("limits.redeem_without_pin", l.WithoutPIN))
	a.cashier = c.role("limits.cashier", l.Cashier)
	a.manager = c.role("limits.manager", l.Manager)
	if beyond(int64(a.cashier.redeem), int64(a.manager.redeem)) || beyond(int64(a.cashier.adjust), int64(a.manager.adjust)) || beyond(a.cashier.refund, a.manager.refund) {
		c.fault("limits.manager", "may do less than a cashier", "write limits as high as the cashier's or higher")
	}
	for i := range l.Velocity {
		def, path := &l.Velocity[i], fmt.Sprintf("limits.velocity[%d]", i)
		known := []string{string(ActionSale), string(ActionRedeem), string(ActionReturn), string(ActionAdjust), string(ActionActivity)}
		if def.Of == "" {
			c.fault(path+".of", "is missing", "write sale, redeem, return, adjust or activity")
			continue
		}
		of := ActionKind(known[c.choice(path+".of", &def.Of, known...)])
		if _, twice := a.velocity[of]; twice {
			c.fault(path+".of", fmt.Sprintf("%s is limited before", of), "write hour and day together")
		}
		if def.Hour < 0 || def.Day < 0 || def.Hour+def.Day == 0 || max(def.Hour, def.Day) > maxActions || def.Day > 0 && def.Hour > def.Day {
			c.fault(path, "is no limit", fmt.Sprintf("write hour, day or both, the greater last, 1 to %d", maxActions))
		}
		a.velocity[of] = velocity{def.Hour, def.Day}
	}
}

// beyond says whether a cashier's limit is above a manager's.
func beyond(cashier, manager int64) bool { return manager >= 0 && cashier > manager }

// most reads a limit where 0 is nothing at all; -1 when it is left out.
func (c *compiler) most(path string, n *int64) int64 {
	if n == nil {
		return -1
	}
	c.checkPoints(path, *n, 0)
	return *n
}

func (c *compiler) role(path string, def *roleDef) roleLimits {
	if def == nil {
		return roleLimits{-1, -1, -1}
	}
	r := roleLimits{Points(c.most(path+".redeem", def.Redeem)), Points(c.most(path+".adjust", def.Adjust)), -1}
	if def.Refund != "" {
		n, ok := parseDecimal(string(def.Refund), c.p.digits)
		if !ok || n > maxMoney {
			c.fault(path+".refund", fmt.Sprintf("%q is not an amount", string(def.Refund)), fmt.Sprintf("write it with at most %d decimal places", c.p.digits))
		}
		def.Refund, r.refund = formatDecimal(n, c.p.digits, false), n
	}
	if r == (roleLimits{-1, -1, -1}) {
		c.fault(path, "limits nothing", "write redeem, adjust or refund, or leave it out")
	}
	return r
}

func actionNotes() map[string]schemaNote {
	return map[string]schemaNote{
		"limits.redeem_without_pin": {"Most points of a redemption without the PIN; left out, no limit.", between(0, maxPoints)},
		"limits.cashier":            {"Most that a cashier may do at once.", nil},
		"limits.manager":            {"Most that a manager may do at once.", nil},
		"limits.velocity":           {"How often something may be done for one member in one store.", nil},
		"role":                      {"", schemaNode{"minProperties": 1}},
		"role.redeem":               {"Points of one redemption.", between(0, maxPoints)},
		"role.adjust":               {"Points of one correction, given or taken.", between(0, maxPoints)},
		"role.refund":               {"Money of one return.", nil},
		"velocity":                  {"", schemaNode{"anyOf": []schemaNode{{"required": []string{"hour"}}, {"required": []string{"day"}}}}},
		"velocity.of":               {"What is done.", oneWord(string(ActionSale), string(ActionRedeem), string(ActionReturn), string(ActionAdjust), string(ActionActivity))},
		"velocity.hour":             {"In sixty minutes.", between(0, maxActions)},
		"velocity.day":              {"On a business day.", between(0, maxActions)},
	}
}
