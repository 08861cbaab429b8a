package loyalty

import "fmt"

// membersDef says what members and managers may do without a sale.
type membersDef struct {
	Transfer        *transferDef `json:"transfer,omitempty"` // left out: members give each other nothing
	ReplaceWaitDays int64        `json:"replace_wait_days,omitempty"`
	Reasons         []string     `json:"reasons,omitempty"`    // why something is done by hand; left out: any
	BelowZero       bool         `json:"below_zero,omitempty"` // an adjustment may take more than there is
}

type transferDef struct {
	Most     int64 `json:"most,omitempty"`  // points at once
	Month    int64 `json:"month,omitempty"` // given in a calendar month
	WaitDays int64 `json:"wait_days,omitempty"`
}

type memberRules struct {
	transfer    *transferRule // nil: not allowed
	replaceWait int           // days
	reasons     map[string]bool
	belowZero   bool
}

type transferRule struct {
	most, month Points // 0: no limit
	wait        int    // days
}

// maxReasons bounds the list from which a manager picks.
const maxReasons = 64

func (c *compiler) compileMembers() {
	def := c.doc.Members
	if def == nil {
		return
	}
	if def.Transfer == nil && def.ReplaceWaitDays == 0 && len(def.Reasons) == 0 && !def.BelowZero {
		c.fault("members", "says nothing", "write transfer: {wait_days: 3}, or leave it out")
	}
	m := &c.p.members
	if t := def.Transfer; t != nil {
		c.checkPoints("members.transfer.most", t.Most, 0)
		c.checkPoints("members.transfer.month", t.Month, 0)
		if t.Month > 0 && t.Most > t.Month {
			c.fault("members.transfer.most", "is above what a month allows", "write the smaller figure for one transfer")
		}
		c.checkDays("members.transfer.wait_days", t.WaitDays)
		m.transfer = &transferRule{Points(t.Most), Points(t.Month), int(t.WaitDays)}
	}
	c.checkDays("members.replace_wait_days", def.ReplaceWaitDays)
	m.replaceWait, m.belowZero = int(def.ReplaceWaitDays), def.BelowZero
	if len(def.Reasons) > maxReasons {
		c.fault("members.reasons", fmt.Sprintf("has %d reasons", len(def.Reasons)), fmt.Sprintf("keep to %d", maxReasons))
		return
	}
	m.reasons = map[string]bool{}
	for i, id := range def.Reasons {
		c.checkNewID(fmt.Sprintf("members.reasons[%d]", i), id, m.reasons)
	}
}

func (c *compiler) checkDays(path string, days int64) {
	if days < 0 || days > maxExpiryDays {
		c.fault(path, "is out of range", fmt.Sprintf("write 0 to %d days", maxExpiryDays))
	}
}

func memberNotes() map[string]schemaNote {
	return map[string]schemaNote{
		"document.members":          {"What members and managers may do without a sale.", nil},
		"members.transfer":          {"Points that members give each other; left out: none.", nil},
		"members.replace_wait_days": {"How many days the points of a lost card wait.", between(0, maxExpiryDays)},
		"members.reasons":           {"Why something is done by hand; left out: any id.", eachItem(anID())},
		"members.below_zero":        {"Whether an adjustment may take more than there is.", nil},
		"transfer.most":             {"Most points at once; 0 is no limit.", between(0, maxPoints)},
		"transfer.month":            {"Most points that a member gives in a calendar month; 0 is no limit.", between(0, maxPoints)},
		"transfer.wait_days":        {"How many days the receiver waits before spending them.", between(0, maxExpiryDays)},
	}
}
