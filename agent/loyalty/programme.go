package loyalty

import (
	"cmp"
	"slices"
	"strings"
)

// Programme is one compiled version of a rule set. It is immutable and may be used by any number of goroutines.
type Programme struct {
	doc       document
	canonical []byte
	digest    string

	validFrom   localTime
	dayCut      int // minute of the day at which a business day begins
	digits      int
	catalogue   catalogue
	exclude     []setID
	rules       []rule
	onSet       [][]int32 // rules by set
	onAll       []int32   // rules without a set
	tenderEarns map[TenderKind]bool
	redeem      *redeemRule
	wallets     []wallet // the main one first
	expiry      expiry
	inactive    int   // months without a purchase that end everything; 0: never
	earnPerSale int64 // 0: no limit
	noPurse     Points
	floor       floorDef
	allowance   allowanceDef
	returns     ReturnPolicy
	members     memberRules
	withoutBill bool // goods come back without it, at the lowest price
	occasions   []occasion
	ladder      *ladder // nil: tiers are only names
	keepsShares bool    // sales keep what a return by line needs
	looksBack   bool    // a condition or a cap asks of the member's past

	gates         []gate // of rules
	discountGates []gate
	places        places
	notFor        *people
	campaigns     []campaign
	activities    []activity
	actions       actionLimits
	segments      []segment // worked out here; others are shipped
	windows       []window  // of their sums

	discounts       []reduction
	discountOn      [][]int32 // discounts by set
	discountAll     []int32   // discounts on everything
	rewards         []reduction
	couponGives     []reduction // what coupons take off, by their place in the document
	couponTerms     []couponTerms
	giftCards       []giftCard
	issues          []issueRule       // by id
	supplies        map[string]supply // of rewards and coupons that there are only so many of
	stamps          []stampRule
	surprises       []surprise
	bestForCustomer bool
	maxOff          maxOff
}

type ruleKind uint8

const (
	perAmount ruleKind = iota
	perUnit
	perTender
	perSale
	multiply
	bonus
)

type roundAt uint8

const (
	atRule roundAt = iota
	atLine
	atSale
)

// rule is one compiled earn rule.
type rule struct {
	id             string
	kind           ruleKind
	points, per    int64
	proportional   bool
	beforeDiscount bool
	withoutTax     bool
	factor         int64 // thousandths
	targets        []int // of a multiplier; nil for every rule with per
	on             setID
	when           *when
	common         *when // of the campaign
	campaign       int32
	referral       bool // what a referred friend gets with the first purchase
	caps           caps
	pending        int // days
	mode           rounding
	at             roundAt
	expiry         expiry
	wallet         int
	tenders        []TenderKind // of a rule per tender
	visit          bool         // per sale, once a day
	least          least
	partner        string // empty: the programme itself
}

// expiry gives the last valid day of points earned on a day.
type expiry struct {
	never  bool
	days   int
	months int
	end    string
	dates  [maxExpiryDates]dayOfYear // rising; the unused ones are 0
}

func (e expiry) lastDay(earned date) string {
	if e.never {
		return ""
	}
	last := (earned + date(e.days)).plusMonths(e.months)
	if e.end != "" {
		last = last.endOf(e.end)
	}
	if e.dates[0] != 0 {
		last = last.next(e.dates[:])
	}
	return last.String()
}

type redeemRule struct {
	points, value int64 // points pay value minor units
	minimum       Points
	step          Points
	keep          Points
	share         int64 // basis points of the bill; 0: the whole
	except        []setID
}

// ID names the programme; its versions share it.
func (p *Programme) ID() string { return p.doc.Programme.ID }

// Version is the author's number of this version.
func (p *Programme) Version() int64 { return p.doc.Programme.Version }

// ValidFrom is the first moment of this version in each store's local time, 2026-01-01T00:00.
func (p *Programme) ValidFrom() string { return p.doc.Programme.ValidFrom }

// Currency is the ISO 4217 code of every amount, CurrencyDigits the places of its minor unit.
func (p *Programme) Currency() string    { return p.doc.Programme.Currency }
func (p *Programme) CurrencyDigits() int { return p.digits }

// Digest is the SHA-256 of the canonical form, hexadecimal. It is the identity of this version.
func (p *Programme) Digest() string { return p.digest }

// WithoutPurse is the most of a wallet that pays one sale of a member who has no card with a purse; nothing for a wallet that
// the programme does not have.
func (p *Programme) WithoutPurse(id WalletID) Points {
	if i := p.walletIndex(id); i >= 0 {
		return p.wallets[i].noPurse
	}
	return 0
}

// Canonical is the form that is signed, sent to stores and stored. The caller must not change it.
func (p *Programme) Canonical() []byte { return p.canonical }

// Name is the programme's name in the language, or in the nearest that it has.
func (p *Programme) Name(language string) string { return p.doc.Programme.Name.in(language) }

// PointsName is what the programme calls its points; empty when it has no own word.
func (p *Programme) PointsName(language string) string { return p.doc.Programme.Points.in(language) }

// NameOf is the name of what a finding or a member's state refers to by its id: a rule, a set or a tier. Without a name
// it is the id itself.
func (p *Programme) NameOf(kind ArgKind, id, language string) string {
	var name texts
	switch kind {
	case ArgRule:
		name = p.ruleNames(id)
	case ArgSet:
		if name = p.doc.Sets[id].Name; name == nil {
			name = p.giftCardName(id)
		}
	case ArgWallet:
		if i := slices.IndexFunc(p.doc.Wallets, func(w walletDef) bool { return w.ID == id }); i >= 0 {
			name = p.doc.Wallets[i].Name
		}
	case ArgTier:
		if i := slices.IndexFunc(p.doc.Tiers, func(t tierDef) bool { return t.ID == id }); i >= 0 {
			name = p.doc.Tiers[i].Name
		}
	}
	return cmp.Or(name.in(language), id)
}

// RuleName and TierName are NameOf for the two kinds that most callers need.
func (p *Programme) RuleName(rule, language string) string { return p.NameOf(ArgRule, rule, language) }
func (p *Programme) TierName(tier, language string) string { return p.NameOf(ArgTier, tier, language) }

// Message is one of the programme's own texts: MessageReceipt or MessageScreen. Empty when it has none.
func (p *Programme) Message(name, language string) string { return p.doc.Messages[name].in(language) }

// SurpriseText is what the receipt says to who won a surprise. Empty when the programme says nothing of its own.
func (p *Programme) SurpriseText(surprise, language string) string {
	i := slices.IndexFunc(p.doc.Surprises, func(s surpriseDef) bool { return s.ID == surprise })
	if i < 0 {
		return ""
	}
	return p.doc.Surprises[i].Text.in(language)
}

// Names of messages.
const (
	MessageReceipt = "receipt" // at the foot of a receipt
	MessageScreen  = "screen"  // on the till's idle screen
)

// BusinessDay is the day to which a local time belongs: before the cut it is still the day before.
func (p *Programme) BusinessDay(local string) (string, error) {
	t, ok := parseLocal(local)
	if !ok {
		return "", &SaleError{Field: "place.at", Code: SaleTime}
	}
	if t.minute < p.dayCut {
		t.day--
	}
	return t.day.String(), nil
}

// InForce picks the version for a local time: the one that began last. Of two that began together the higher version
// wins, then the greater digest. It gives nil when none has begun.
func InForce(versions []*Programme, local string) (*Programme, error) {
	at, ok := parseLocal(local)
	if !ok {
		return nil, &SaleError{Field: "place.at", Code: SaleTime}
	}
	var best *Programme
	for _, p := range versions {
		if at.before(p.validFrom) {
			continue
		}
		if best == nil || best.yieldsTo(p) {
			best = p
		}
	}
	return best, nil
}

func (p *Programme) yieldsTo(o *Programme) bool {
	if p.validFrom != o.validFrom {
		return p.validFrom.before(o.validFrom)
	}
	if p.Version() != o.Version() {
		return p.Version() < o.Version()
	}
	return p.digest < o.digest
}

// in picks a language: the one wanted, else English, else the first by code.
func (t texts) in(language string) string {
	language, _, _ = strings.Cut(language, "-")
	if s, ok := t[language]; ok {
		return s
	}
	if s, ok := t["en"]; ok {
		return s
	}
	first := ""
	for code := range t {
		if first == "" || code < first {
			first = code
		}
	}
	return t[first]
}

// index lets a quote find its rules from its lines, so that rules which cannot match are not looked at.
func (p *Programme) index() {
	p.looksBack = p.asksPast()
	p.onSet = make([][]int32, len(p.catalogue.sets))
	p.gates = make([]gate, len(p.rules))
	for i := range p.rules {
		p.gates[i] = gateOf(p.rules[i].when, p.rules[i].common)
		p.gates[i].step = max(p.rules[i].kind, perSale)
		if on := p.rules[i].on; on == noSet {
			p.onAll = append(p.onAll, int32(i))
		} else {
			p.onSet[on] = append(p.onSet[on], int32(i))
		}
	}
	if len(p.discounts) == 0 {
		return
	}
	p.discountGates = make([]gate, len(p.discounts))
	p.discountOn = make([][]int32, len(p.catalogue.sets))
	for i := range p.discounts {
		p.discountGates[i] = gateOf(p.discounts[i].when, p.discounts[i].common)
		if on := p.discounts[i].on; on == noSet {
			p.discountAll = append(p.discountAll, int32(i))
		} else {
			p.discountOn[on] = append(p.discountOn[on], int32(i))
		}
	}
}
