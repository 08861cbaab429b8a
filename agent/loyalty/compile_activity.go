package loyalty

import "fmt"

// MaxActivities bounds what a till offers.
const MaxActivities = 64

type activityDef struct {
	ID       string       `json:"id"`
	Name     texts        `json:"name,omitempty"`
	Points   int64        `json:"points"` // of a referral: the referrer's
	Once     string       `json:"once,omitempty"`
	Proof    string       `json:"proof,omitempty"`
	Question texts        `json:"question,omitempty"`
	When     *whenDef     `json:"when,omitempty"`
	Cap      *capDef      `json:"cap,omitempty"`
	Pending  int64        `json:"pending_days,omitempty"`
	Expiry   *expiryDef   `json:"expiry,omitempty"`
	Referral *referralDef `json:"referral,omitempty"`
}

// referralDef pays both sides once the friend has bought and kept it.
type referralDef struct {
	Friend   int64   `json:"friend,omitempty"`    // points, with the first purchase
	Minimum  decimal `json:"minimum,omitempty"`   // of that purchase
	WaitDays int64   `json:"wait_days,omitempty"` // before the referrer is paid
}

func (c *compiler) compileActivities() {
	if len(c.doc.Activities) > MaxActivities {
		c.fault("activities", fmt.Sprintf("has %d activities", len(c.doc.Activities)), fmt.Sprintf("keep to %d", MaxActivities))
		return
	}
	for i := range c.doc.Activities {
		def, path := &c.doc.Activities[i], fmt.Sprintf("activities[%d]", i)
		c.checkTexts(path+".name", def.Name, false)
		c.checkPoints(path+".points", def.Points, 1)
		a := activity{id: def.ID, points: def.Points, pending: int(def.Pending), expiry: c.p.expiry, when: c.compileWhen(path+".when", def.When)}
		if a.when != nil && (a.when.minimum > 0 || a.when.purchase > 0 || a.when.every > 0 || a.when.occasion != "" || a.when.cel != nil ||
			len(a.when.contains)+len(a.when.tenders) > 0) {
			c.fault(path+".when", "asks of a bill, and there is none", "leave minimum, purchase, every, occasion, contains, tenders and cel out")
		}
		if def.Pending < 0 || def.Pending > maxExpiryDays {
			c.fault(path+".pending_days", "is out of range", fmt.Sprintf("write 1 to %d days", maxExpiryDays))
		}
		if def.Expiry != nil {
			a.expiry = c.compileExpiry(path+".expiry", &def.Expiry)
		}
		if a.caps = c.caps(path+".cap", def.Cap, false); a.caps.sale > 0 {
			c.fault(path+".cap.sale", "does nothing in an activity", "leave it out")
		}
		a.proof = proofKind(c.choice(path+".proof", &def.Proof, "none", "text", "phone", "email"))
		c.compileQuestion(path, def, &a)
		c.compileReferral(path, def, &a)
		c.p.activities = append(c.p.activities, a)
		if a.referral != nil && def.Referral.Friend > 0 {
			c.friends = append(c.friends, a.friendRule(def.Referral.Friend))
		}
	}
}

// compileQuestion takes an activity that is the answer to a question: the figure is all that it asks for.
func (c *compiler) compileQuestion(path string, def *activityDef, a *activity) {
	c.checkTexts(path+".question", def.Question, false)
	if a.asks = len(def.Question) > 0; a.asks && (a.proof != proofNone || def.Referral != nil) {
		c.fault(path+".question", "is answered by a figure and nothing else", "leave proof and referral out")
	}
}

func (c *compiler) compileReferral(path string, def *activityDef, a *activity) {
	if def.Referral == nil {
		a.once = once(c.choice(path+".once", &def.Once, "ever", "year", "month", "day", "always"))
		return
	}
	if def.Once != "" {
		c.fault(path+".once", "does nothing in a referral: every friend comes once", "leave it out")
	}
	r, at := def.Referral, path+".referral"
	c.checkPoints(at+".friend", r.Friend, 0)
	if r.WaitDays < 0 || r.WaitDays > maxExpiryDays {
		c.fault(at+".wait_days", "is out of range", fmt.Sprintf("write 0 to %d days", maxExpiryDays))
	}
	a.referral = &referral{minimum: c.money(at+".minimum", &r.Minimum, false), waitDays: int(r.WaitDays)}
}

func activityNotes() map[string]schemaNote {
	return map[string]schemaNote{
		"document.activities":   {"What gives points without a purchase.", schemaNode{"maxItems": MaxActivities}},
		"activity":              {"", without("referral", "once")},
		"activity.id":           {"Names the activity in every entry.", anID()},
		"activity.name":         {"For tills and receipts.", nil},
		"activity.points":       {"What it gives; of a referral, to who brought the friend.", between(1, maxPoints)},
		"activity.once":         {"How often one member can do it.", oneWord("ever", "year", "month", "day", "always")},
		"activity.proof":        {"What the till asks for; only a keyed hash of it is kept.", oneWord("none", "text", "phone", "email")},
		"activity.question":     {"Asked after a sale; a figure from 1, the worst, to 5 answers it.", nil},
		"activity.when":         {"The condition, without a bill.", nil},
		"activity.cap":          {"Most points of this activity.", schemaNode{"properties": schemaNode{"sale": false}}},
		"activity.pending_days": {"Days until the points can be spent.", between(0, maxExpiryDays)},
		"activity.expiry":       {"The last day of these points; left out, as the section expiry says.", nil},
		"activity.referral":     {"The member was brought by another; both are paid after the first purchase.", nil},
		"referral.friend":       {"The friend's points, with the first purchase.", between(0, maxPoints)},
		"referral.minimum":      {"Of that purchase.", nil},
		"referral.wait_days":    {"Days that its goods must have been kept before the referrer is paid.", between(0, maxExpiryDays)},
	}
}
