package loyalty

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"unicode/utf8"

	"cel.dev/cel-go/cel"
)

// Limits of what a document may hold.
const (
	MaxRules       = 20_000
	MaxSets        = 20_000
	MaxSetMarks    = 50_000 // marks and references of one set
	MaxTiers       = 32
	MaxCoupons     = 500
	MaxTextBytes   = 500
	maxLanguages   = 32
	maxSetDepth    = 16
	maxPoints      = 1_000_000_000_000 // of one setting
	maxMoney       = 1_000_000_000_000 // minor units, of one setting or one sale
	maxFactor      = 1_000_000         // thousandths
	maxExpiryDays  = 36_500
	maxExpiryMonth = 1_200
)

// compiler carries one document through its checks. Every check goes on after a fault, so that the author sees all.
type compiler struct {
	reader
	doc  document
	p    *Programme
	sets map[string]setID

	placeIDs map[string]placeID
	friends  []rule   // what referrals give with a first purchase
	env      *cel.Env // of expressions; nil before the first
	ask      map[string]func(*celSale) any
}

// Compile reads a programme document, YAML or JSON. Its error is Errors: every fault with its place and remedy.
func Compile(doc []byte) (*Programme, error) {
	if !utf8.Valid(doc) {
		return nil, Errors{{Problem: "the document is not UTF-8"}}
	}
	root, err := parseSource(doc)
	if err != nil {
		return nil, asErrors(err)
	}
	c := &compiler{reader: reader{at: map[string]place{}, text: map[string]place{}}, p: &Programme{}, placeIDs: map[string]placeID{}}
	c.value(&root, "", reflect.ValueOf(&c.doc).Elem())
	if c.readable() {
		c.compile()
	}
	if len(c.errs) > 0 {
		slices.SortStableFunc(c.errs, func(a, b DocError) int {
			if a.Line != b.Line {
				return a.Line - b.Line
			}
			return a.Column - b.Column
		})
		return nil, c.errs
	}
	return c.finish()
}

func asErrors(err error) error {
	var one DocError
	if errors.As(err, &one) {
		return Errors{one}
	}
	return Errors{{Problem: err.Error()}}
}

func (c *compiler) compile() {
	if c.doc.Format != DocumentFormat {
		c.fault("format", fmt.Sprintf("%d is not a format that this engine knows", c.doc.Format),
			fmt.Sprintf("write format: %d", DocumentFormat))
		return
	}
	c.compileHeader()
	c.compileTiers()
	c.compileLadder()
	c.compileOccasions()
	c.compileSets()
	c.compileStoreGroups()
	c.compileTenders()
	c.compileSegments()
	c.p.notFor = c.people("exclude_members", c.doc.NotFor)
	c.p.expiry = c.compileExpiry("expiry", &c.doc.Expiry)
	c.p.inactive = c.inactive("expiry", c.doc.Expiry)
	c.compileWallets()
	c.compileCampaigns()
	c.compileActivities()
	c.compileEarn()
	c.compileRedeem()
	c.compileReturns()
	c.compileCoupons()
	c.compileReductions()
	c.compileGiftCards()
	c.compileIssues()
	c.checkCapped()
	c.compileStamps()
	c.compileSurprises()
	c.checkStocked()
	c.compileLimits()
	c.compileMembers()
	c.mainWallet()
	c.compileMessages()
}

func (c *compiler) finish() (*Programme, error) {
	c.p.doc = c.doc
	canonical, err := c.doc.canonical()
	if err != nil {
		return nil, Errors{{Problem: err.Error()}}
	}
	sum := sha256.Sum256(canonical)
	c.p.canonical, c.p.digest = canonical, hex.EncodeToString(sum[:])
	c.p.index()
	return c.p, nil
}

func (c *compiler) compileHeader() {
	h := &c.doc.Programme
	c.checkID("programme.id", h.ID)
	c.checkTexts("programme.name", h.Name, true)
	c.checkTexts("programme.points", h.Points, false)
	if h.Version < 1 {
		c.fault("programme.version", "must be 1 or more", "count versions from 1")
	}
	var ok bool
	if c.p.validFrom, ok = parseMinute(h.ValidFrom); !ok {
		c.fault("programme.valid_from", fmt.Sprintf("%q is not a local date and time", h.ValidFrom), "write it as 2026-01-31T00:00")
	}
	if h.BusinessDay == "" {
		h.BusinessDay = "00:00"
	}
	if c.p.dayCut, ok = parseClock(h.BusinessDay); !ok || c.p.dayCut >= minutesOfDay {
		c.fault("programme.business_day", fmt.Sprintf("%q is not a time of day", h.BusinessDay), "write it as 04:00")
	}
	c.compileCurrency(h)
}

// compileCurrency fixes the places of the minor unit in the document, so that a later table cannot change what an amount
// in it means.
func (c *compiler) compileCurrency(h *header) {
	if !currencyForm.MatchString(h.Currency) {
		c.fault("programme.currency", fmt.Sprintf("%q is not a currency", h.Currency), "write the ISO 4217 code, such as EUR")
	}
	if h.CurrencyDigits == nil {
		d := int64(currencyDigits(h.Currency))
		h.CurrencyDigits = &d
	}
	if d := *h.CurrencyDigits; d < 0 || d > 4 {
		c.fault("programme.currency_digits", "must be 0 to 4", "leave it out for the usual number of the currency")
		return
	}
	c.p.digits = int(*h.CurrencyDigits)
}

// ParseAmount reads an amount such as 12.50 into minor units of a currency; false when it is none.
func ParseAmount(currency, text string) (int64, bool) {
	n, ok := parseDecimal(text, currencyDigits(currency))
	return n, ok && n <= maxMoney
}

// currencyDigits are those of ISO 4217.
func currencyDigits(code string) int {
	switch code {
	case "BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "UYI", "VND", "VUV", "XAF", "XOF", "XPF":
		return 0
	case "BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND":
		return 3
	case "CLF", "UYW":
		return 4
	}
	return 2
}

func (c *compiler) compileTiers() {
	if len(c.doc.Tiers) > MaxTiers {
		c.fault("tiers", fmt.Sprintf("has %d tiers", len(c.doc.Tiers)), fmt.Sprintf("keep to %d", MaxTiers))
		return
	}
	seen := map[string]bool{}
	for i, t := range c.doc.Tiers {
		at := fmt.Sprintf("tiers[%d]", i)
		c.checkNewID(at+".id", t.ID, seen)
		c.checkTexts(at+".name", t.Name, true)
	}
}

func (c *compiler) compileTenders() {
	earns := map[TenderKind]bool{TenderCash: true, TenderCard: true, TenderGiftCard: true, TenderPoints: false}
	known := []string{string(TenderCash), string(TenderCard), string(TenderGiftCard), string(TenderPoints)}
	for _, name := range slices.Sorted(maps.Keys(c.doc.Tenders)) {
		if !slices.Contains(known, name) && name != string(TenderAccount) {
			c.fault("tenders."+name, "is not a tender", didYouMean(name, append(known, string(TenderAccount))))
			continue
		}
		earns[TenderKind(name)] = c.doc.Tenders[name].Earns
	}
	c.doc.Tenders = map[string]tenderDef{}
	for _, name := range known {
		c.doc.Tenders[name] = tenderDef{Earns: earns[TenderKind(name)]}
	}
	if earns[TenderAccount] { // left out where it does not, as in documents that did not know it
		c.doc.Tenders[string(TenderAccount)] = tenderDef{Earns: true}
	}
	c.p.tenderEarns = earns
}

func (c *compiler) compileLimits() {
	l := c.doc.Limits
	if l == nil {
		l = &limitsDef{}
	}
	c.checkPoints("limits.earn_per_sale", l.EarnPerSale, 0)
	c.checkPoints("limits.redeem_without_purse", l.RedeemWithoutPurse, 0)
	c.compileFloor(l)
	c.compileAllowance(l)
	c.compileActions(l)
	if reflect.ValueOf(*l).IsZero() {
		c.doc.Limits = nil
	}
	c.p.earnPerSale, c.p.noPurse = l.EarnPerSale, Points(l.RedeemWithoutPurse)
}

func (c *compiler) compileMessages() {
	known := []string{MessageReceipt, MessageScreen}
	for _, name := range slices.Sorted(maps.Keys(c.doc.Messages)) {
		if !slices.Contains(known, name) {
			c.fault("messages."+name, "is not a message", didYouMean(name, known))
			continue
		}
		c.checkTexts("messages."+name, c.doc.Messages[name], true)
	}
}

var (
	idForm       = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]{0,39}$`)
	currencyForm = regexp.MustCompile(`^[A-Z]{3}$`)
	languageForm = regexp.MustCompile(`^[a-z]{2,3}$`)
)

func (c *compiler) checkID(path, id string) {
	if !idForm.MatchString(id) {
		c.fault(path, fmt.Sprintf("%q is not an id", id), "use 1 to 40 of a-z, 0-9, - and _, starting with a letter or digit")
	}
}

func (c *compiler) checkNewID(path, id string, seen map[string]bool) {
	c.checkID(path, id)
	if seen[id] {
		c.fault(path, fmt.Sprintf("%s is used before", id), "give every one its own id")
	}
	seen[id] = true
}

func (c *compiler) checkTexts(path string, t texts, needed bool) {
	if needed && len(t) == 0 {
		c.fault(path, "is missing", "write a text by language, such as {en: Green card}")
	}
	if len(t) > maxLanguages {
		c.fault(path, fmt.Sprintf("has %d languages", len(t)), fmt.Sprintf("keep to %d", maxLanguages))
		return
	}
	for _, code := range slices.Sorted(maps.Keys(t)) {
		at := path + "." + code
		if !languageForm.MatchString(code) {
			c.fault(at, "is not a language", "use a code such as en, lv or fa")
		}
		if s := t[code]; s == "" || len(s) > MaxTextBytes || !cleanText(s) {
			c.fault(at, "is empty, too long or has control characters", fmt.Sprintf("write 1 to %d bytes", MaxTextBytes))
		}
	}
}

// cleanText is UTF-8 without control characters other than a line end.
func cleanText(s string) bool {
	for _, r := range s {
		if r == utf8.RuneError || r < ' ' && r != '\n' || r == 0x7f {
			return false
		}
	}
	return true
}

func (c *compiler) checkPoints(path string, n, least int64) {
	if n < least || n > maxPoints {
		c.fault(path, fmt.Sprintf("%d is out of range", n), fmt.Sprintf("write %d to %d", least, int64(maxPoints)))
	}
}

// money reads an amount in the currency's major unit and puts its one spelling back.
func (c *compiler) money(path string, d *decimal, needed bool) int64 {
	if *d == "" && !needed {
		return 0
	}
	n, ok := parseDecimal(string(*d), c.p.digits)
	if !ok || n == 0 || n > maxMoney {
		c.fault(path, fmt.Sprintf("%q is not an amount above 0", string(*d)),
			fmt.Sprintf("write it with at most %d decimal places, such as %s", c.p.digits, formatDecimal(2000, c.p.digits, false)))
		return 1
	}
	*d = formatDecimal(n, c.p.digits, false)
	return n
}

// choice checks a word against those known; empty takes the first.
func (c *compiler) choice(path string, s *string, known ...string) int {
	if *s == "" {
		*s = known[0]
	}
	i := slices.Index(known, *s)
	if i < 0 {
		c.fault(path, fmt.Sprintf("%q is not known", *s), didYouMean(*s, known))
		return 0
	}
	return i
}
