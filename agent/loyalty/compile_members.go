package loyalty

import "fmt"

// membersDef says what members and managers may do without a sale.
type membersDef struct {
	Transfer        *transferDef `json:"transfer,omitempty"` // left out: members give each other nothing
	ReplaceWaitDays int64        `json:"replace_wait_days,omitempty"`
	Reasons         []string     `json:"reasons,omitempty"`    // why something is done by hand; left out: any
	BelowZero       bool         `json:"below_zero,omitempty"` // an adjustment may take more than there is
	Consent         *consentDef  `json:"consent,omitempty"`    // what customers agree to; left out: stores make no members
}

type transferDef struct {
	Most     int64               `json:"most,omitempty"`  // points at once
	Month    int64               `json:"month,omitempty"` // given in a calendar month
	WaitDays int64               `json:"wait_days,omitempty"`
	Wallets  []transferWalletDef `json:"wallets,omitempty"` // beside the points
}

// transferWalletDef lets members give each other of a wallet, in its own unit.
type transferWalletDef struct {
	Wallet WalletID `json:"wallet"`
	Most   figure   `json:"most,omitempty"`
	Month  figure   `json:"month,omitempty"`
}

type memberRules struct {
	transfer    *transferRule // nil: not allowed
	replaceWait int           // days
	reasons     map[string]bool
	belowZero   bool
}

type transferRule struct {
	most map[WalletID]transferMost // of the wallets that members may give of
	wait int                       // days
}

type transferMost struct{ once, month Points } // 0: no limit

// maxReasons bounds the list from which a manager picks.
const maxReasons = 64

func (c *compiler) compileMembers() {
	def := c.doc.Members
	if def == nil {
		return
	}
	if def.Transfer == nil && def.ReplaceWaitDays == 0 && len(def.Reasons) == 0 && !def.BelowZero && def.Consent == nil {
		c.fault("members", "says nothing", "write transfer: {wait_days: 3}, or leave it out")
	}
	if d := def.Consent; d != nil {
		c.checkID("members.consent.version", d.Version)
		c.checkTexts("members.consent.text", d.Text, true)
	}
	m := &c.p.members
	if t := def.Transfer; t != nil {
		c.checkDays("members.transfer.wait_days", t.WaitDays)
		m.transfer = &transferRule{c.transferMost(t), int(t.WaitDays)}
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

// transferMost compiles what members may give of each wallet.
func (c *compiler) transferMost(t *transferDef) map[WalletID]transferMost {
	most := map[WalletID]transferMost{}
	add := func(path string, w WalletID, once, month int64) {
		if month > 0 && once > month {
			c.fault(path+".most", "is above what a month allows", "write the smaller figure for one transfer")
		}
		most[w] = transferMost{Points(once), Points(month)}
	}
	c.checkPoints("members.transfer.most", t.Most, 0)
	c.checkPoints("members.transfer.month", t.Month, 0)
	add("members.transfer", MainWallet, t.Most, t.Month)
	for i := range t.Wallets {
		d, path := &t.Wallets[i], fmt.Sprintf("members.transfer.wallets[%d]", i)
		if _, twice := most[d.Wallet]; twice || c.p.walletIndex(d.Wallet) < 0 {
			c.fault(path+".wallet", fmt.Sprintf("%q is no wallet beside the points, or stands there twice", d.Wallet), "name one of wallets, once")
			continue
		}
		money := c.p.IsMoney(d.Wallet)
		add(path, d.Wallet, c.figure(path+".most", &d.Most, money, 0), c.figure(path+".month", &d.Month, money, 0))
	}
	return most
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
		"members.consent":           {"What a customer agrees to who becomes a member at a till; left out: tills make no members.", nil},
		"consent.version":           {"Another for every other wording; it is kept with each member.", anID()},
		"consent.text":              {"What is shown, or read out.", someText()},
		"transfer.most":             {"Most points at once; 0 is no limit.", between(0, maxPoints)},
		"transfer.month":            {"Most points that a member gives in a calendar month; 0 is no limit.", between(0, maxPoints)},
		"transfer.wallets":          {"Of which wallets beside the points members may give, too; left out: none.", nil},
		"transferWallet.wallet":     {"A wallet of the programme.", anID()},
		"transferWallet.most":       {"Most at once, in its unit; left out: no limit.", nil},
		"transferWallet.month":      {"Most in a calendar month; left out: no limit.", nil},
		"transfer.wait_days":        {"How many days the receiver waits before spending them.", between(0, maxExpiryDays)},
	}
}
