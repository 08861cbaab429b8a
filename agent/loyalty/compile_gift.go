package loyalty

import (
	"fmt"
	"slices"
	"strings"
)

// MaxGiftCardKinds bounds the kinds of one programme.
const MaxGiftCardKinds = 100

const maxFaceValues = 32

type giftCardDef struct {
	ID       string     `json:"id"`
	Name     texts      `json:"name"`
	Values   []decimal  `json:"values,omitempty"` // face values; or
	From     decimal    `json:"from,omitempty"`   // any from ...
	To       decimal    `json:"to,omitempty"`     // ... to
	TopUp    bool       `json:"top_up,omitempty"`
	Most     decimal    `json:"most,omitempty"`  // on one card after a top-up
	Whole    bool       `json:"whole,omitempty"` // pays all that is on it, or nothing
	Uses     int64      `json:"uses,omitempty"`  // bills that it pays; what is left then ends. 0: any number
	Holder   bool       `json:"holder,omitempty"`
	Pays     []string   `json:"pays,omitempty"` // sets; empty for everything
	Except   []string   `json:"except,omitempty"`
	PaidWith []string   `json:"paid_with,omitempty"` // points, gift_card: what may buy it beside money
	When     *whenDef   `json:"when,omitempty"`
	Expiry   *expiryDef `json:"expiry,omitempty"`
	As       string     `json:"as,omitempty"`     // tender, reduction; empty is tender
	Refund   string     `json:"refund,omitempty"` // card, money; empty is card
}

// giftCard is one compiled kind.
type giftCard struct {
	id           string
	values       []int64 // rising; empty: from the least to the most
	least, most  int64
	topUp        bool
	full         int64 // most on one card; 0: no limit
	whole        bool
	uses         int64
	holder       bool
	pays, except []setID
	forPoints    bool // points may buy it
	forCards     bool // another gift card may
	when         *when
	expiry       expiry
	lowers       bool // it lowers the price instead of paying
	toMoney      bool // goods that come back give money, not the card its money
}

func (c *compiler) compileGiftCards() {
	if len(c.doc.GiftCards) > MaxGiftCardKinds {
		c.fault("gift_cards", fmt.Sprintf("has %d kinds", len(c.doc.GiftCards)), fmt.Sprintf("keep to %d", MaxGiftCardKinds))
		return
	}
	seen := c.ruleIDs()
	for i := range c.doc.GiftCards {
		def, path := &c.doc.GiftCards[i], fmt.Sprintf("gift_cards[%d]", i)
		c.checkNewID(path+".id", def.ID, seen)
		c.checkTexts(path+".name", def.Name, true)
		c.p.giftCards = append(c.p.giftCards, c.giftCard(path, def))
	}
}

// ruleIDs is every id that a finding may name as its rule.
func (c *compiler) ruleIDs() map[string]bool {
	seen := map[string]bool{}
	for _, d := range c.doc.earnDefs() {
		seen[d.def.ID] = true
	}
	for _, d := range c.doc.discountDefs() {
		seen[d.def.ID] = true
	}
	for i := range c.doc.Campaigns {
		seen[c.doc.Campaigns[i].ID] = true
	}
	for i := range c.doc.Rewards {
		seen[c.doc.Rewards[i].ID] = true
	}
	for i := range c.doc.Coupons {
		seen[c.doc.Coupons[i].ID] = true
	}
	return seen
}

func (c *compiler) giftCard(path string, def *giftCardDef) giftCard {
	k := giftCard{id: def.ID, topUp: def.TopUp, whole: def.Whole, uses: def.Uses, holder: def.Holder, when: c.compileWhen(path+".when", def.When)}
	c.faceValues(path, def, &k)
	k.full = c.money(path+".most", &def.Most, false)
	if def.Most != "" && !def.TopUp {
		c.fault(path+".most", "does nothing without top_up", "leave it out, or write top_up: true")
	}
	if def.Uses < 0 || def.Uses > maxTimes {
		c.fault(path+".uses", "is out of range", fmt.Sprintf("write 1 to %d", maxTimes))
	}
	k.pays, k.except = c.setList(path+".pays", &def.Pays), c.setList(path+".except", &def.Except)
	known := []string{string(TenderGiftCard), string(TenderPoints)}
	for i, name := range def.PaidWith {
		if !slices.Contains(known, name) {
			c.fault(fmt.Sprintf("%s.paid_with[%d]", path, i), fmt.Sprintf("%q cannot be allowed here", name), "write points or gift_card; money always may")
		}
	}
	slices.Sort(def.PaidWith)
	def.PaidWith = slices.Compact(def.PaidWith)
	k.forCards, k.forPoints = slices.Contains(def.PaidWith, known[0]), slices.Contains(def.PaidWith, known[1])
	k.expiry = c.compileExpiry(path+".expiry", &def.Expiry)
	if def.Expiry.InactiveMonths != 0 {
		c.fault(path+".expiry.inactive_months", "does nothing for a gift card", "leave it out: a top-up begins the time anew")
	}
	if def.As != "" {
		if k.lowers = c.choice(path+".as", &def.As, "tender", "reduction") == 1; !k.lowers {
			def.As = ""
		}
	}
	if def.Refund != "" {
		if k.toMoney = c.choice(path+".refund", &def.Refund, "card", "money") == 1; !k.toMoney {
			def.Refund = ""
		}
	}
	return k
}

// faceValues reads what a new card may hold: one of a list, or anything in a range.
func (c *compiler) faceValues(path string, def *giftCardDef, k *giftCard) {
	if (len(def.Values) > 0) == (def.From != "" || def.To != "") {
		c.fault(path, "must have values, or from and to", "write values: [10.00, 25.00], or from: 5.00 and to: 500.00")
		return
	}
	if len(def.Values) > maxFaceValues {
		c.fault(path+".values", fmt.Sprintf("has %d values", len(def.Values)), fmt.Sprintf("keep to %d", maxFaceValues))
		return
	}
	for i := range def.Values {
		k.values = append(k.values, c.money(fmt.Sprintf("%s.values[%d]", path, i), &def.Values[i], true))
	}
	if len(k.values) > 0 {
		slices.Sort(k.values)
		k.values = slices.Compact(k.values)
		def.Values = def.Values[:len(k.values)]
		for i, v := range k.values {
			def.Values[i] = formatDecimal(v, c.p.digits, false)
		}
		return
	}
	k.least, k.most = c.money(path+".from", &def.From, true), c.money(path+".to", &def.To, true)
	if k.least > k.most {
		c.fault(path+".to", fmt.Sprintf("%s is below %s", def.To, def.From), "put the lower amount first")
	}
}

// takes says whether a card of this kind may be sold, or topped up, with an amount.
func (k *giftCard) takes(amount int64) bool {
	if len(k.values) > 0 {
		_, found := slices.BinarySearch(k.values, amount)
		return found
	}
	return amount >= k.least && amount <= k.most
}

func (p *Programme) giftCardKind(id string) *giftCard {
	if i := slices.IndexFunc(p.giftCards, func(k giftCard) bool { return k.id == id }); i >= 0 {
		return &p.giftCards[i]
	}
	return nil
}

// giftCardSerial holds an id that may stand in an account's name and on paper.
func giftCardSerial(s string) bool {
	return s != "" && len(s) <= maxSerial && strings.Trim(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_") == ""
}
