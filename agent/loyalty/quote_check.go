package loyalty

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Limits of a sale. With those of the breakdown and of the movements they keep every entry within MaxBodyBytes, so that
// a sale that could be quoted can always be written.
const (
	MaxLines     = 500
	MaxTenders   = 16
	MaxLabels    = 16
	MaxLineBytes = 34 << 10 // of all lines together, as an entry writes them
	maxName      = 200
	maxMark      = 64
	maxCategory  = 200
	maxTier      = 40
	maxQuantity  = 1_000_000_000 // thousandths
	maxTax       = 10_000        // basis points
	maxStanding  = 1 << 60       // of a lifetime
)

// check validates a sale from outside and gives what conditions look at.
func (p *Programme) check(in *QuoteInput) (moment, error) {
	if err := checkLines(in.Sale.Lines, in.besideBytes()+p.stampBytes()+300*len(p.surprises)); err != nil {
		return moment{}, err
	}
	total, err := totalOf(&in.Sale)
	if err != nil {
		return moment{}, err
	}
	if err := checkTenders(in.Sale.Tenders); err != nil {
		return moment{}, err
	}
	if a := in.Sale.Redeem; a != nil && !a.valid() {
		return moment{}, &SaleError{"redeem", SaleRange}
	}
	if err := p.checkGiftCards(in); err != nil {
		return moment{}, err
	}
	if err := p.checkWallets(in); err != nil {
		return moment{}, err
	}
	if err := p.checkOffers(in); err != nil {
		return moment{}, err
	}
	if err := checkStock(in.Stock); err != nil {
		return moment{}, err
	}
	if err := checkLeft(in.Left); err != nil {
		return moment{}, err
	}
	if err := p.checkMember(in.Member); err != nil {
		return moment{}, err
	}
	if m := in.Member; m != nil {
		if err := m.checkReserved(in.Place.At); err != nil {
			return moment{}, err
		}
	}
	return p.moment(in, total)
}

func (p *Programme) moment(in *QuoteInput, total int64) (moment, error) {
	local, ok := parseLocal(in.Place.At)
	if !ok {
		return moment{}, &SaleError{"place.at", SaleTime}
	}
	day, ok := parseDay(in.Place.Day)
	if !ok {
		return moment{}, &SaleError{"place.day", SaleTime}
	}
	if local.before(p.validFrom) {
		return moment{}, &SaleError{"place.at", SaleNotInForce}
	}
	m := moment{day: day, minute: local.minute, store: in.Place.Store, total: total, weekday: 1 << day.weekday(), here: p.places.of(in.Place.Store), programme: p}
	if in.Member != nil {
		m.tier = in.Member.Tier
		m.member, m.medium = in.Member.ID, in.Member.Medium
		if h := in.Member.History; h != nil {
			m.purchase, m.past, m.segments = h.Purchases+1, h, p.segmentsOf(h, day)
		}
	}
	return m, nil
}

func (p *Programme) checkMember(m *MemberState) error {
	if m == nil {
		return nil
	}
	if m.ID < 1 || m.Medium != MediumPurse && m.Medium != MediumKeyed && m.Medium != MediumNumber {
		return &SaleError{"member", SaleMedium}
	}
	if m.Available < -maxPoints || m.Available > maxPoints {
		return &SaleError{"member.available", SaleRange}
	}
	if len(m.Tier) > maxTier || !cleanText(m.Tier) {
		return &SaleError{"member.tier", SaleTier}
	}
	if m.History != nil {
		if err := m.History.check(); err != nil {
			return err
		}
	}
	if err := p.checkStamps(m); err != nil {
		return err
	}
	if err := m.checkFloor(); err != nil {
		return err
	}
	if err := p.checkAdvance(m); err != nil {
		return err
	}
	if err := m.checkPersonal(); err != nil {
		return err
	}
	if s := m.Standing; s != nil && (s.Spend < 0 || s.Spend > maxStanding || s.Points < 0 || s.Points > maxStanding || s.Visits < 0 || s.Visits > maxStanding) {
		return &SaleError{"member.standing", SaleRange}
	}
	return nil
}

func checkLines(lines []Line, size int) error {
	if len(lines) == 0 {
		return &SaleError{"lines", SaleEmpty}
	}
	if len(lines) > MaxLines {
		return &SaleError{"lines", SaleTooLarge}
	}
	for i := range lines {
		if field, code := checkLine(&lines[i]); code != "" {
			return &SaleError{fmt.Sprintf("lines[%d].%s", i, field), code}
		}
		size += lineBytes(&lines[i])
	}
	if size > MaxLineBytes {
		return &SaleError{"lines", SaleTooLarge}
	}
	return nil
}

// besideBytes is what goes into the entry beside the lines and takes of their room.
func (in *QuoteInput) besideBytes() int {
	n := offerBytes(&in.Sale) + in.giftCardBytes() + stockBytes(in.Stock)
	if in.Member != nil {
		n += in.Member.floorBytes() + in.Member.advanceBytes()
	}
	if in.Member != nil && in.Member.History != nil {
		n += in.Member.History.bytes()
	}
	if in.Member != nil && len(in.Member.Personal) > 0 {
		n += personalBytes(in.Sale.Lines)
	}
	return n
}

// offerBytes is at least what JSON takes for coupons, rewards, and what they do.
func offerBytes(s *Sale) int {
	n := 0
	for i := range s.Shown {
		n += s.Shown[i].bytes()
	}
	for _, a := range s.Rewards {
		n += len(`{"reward":"","times":1000,"units":1000000,"points":1000000000000},{"rule":"","amount":1000000000000,"points":1000000000000},`) + 2*escaped(a.Reward)
	}
	return n
}

// lineBytes is at least what JSON takes for the line.
func lineBytes(l *Line) int {
	n := len(`{"sku":"","quantity":,"amount":},`) + escaped(l.SKU) + width(l.Quantity) + width(l.Amount)
	for _, text := range [...]struct{ field, value string }{{`,"name":""`, l.Name}, {`,"category":""`, l.Category}, {`,"brand":""`, l.Brand}} {
		if text.value != "" {
			n += len(text.field) + escaped(text.value)
		}
	}
	if len(l.Labels) > 0 {
		n += len(`,"labels":[]`)
		for _, t := range l.Labels {
			n += len(`"",`) + escaped(t)
		}
	}
	if l.Discount != 0 {
		n += len(`,"discount":`) + width(l.Discount)
	}
	if l.Tax != 0 {
		n += len(`,"tax":`) + width(l.Tax)
	}
	return n
}

// width is the digits of a number that is not below zero.
func width(n int64) int {
	w := 1
	for ; n >= 10; n /= 10 {
		w++
	}
	return w
}

// escaped is the length of a text in JSON: quotes, backslashes and line ends take two bytes, U+2028 and U+2029 six
// instead of three.
func escaped(s string) int {
	n := len(s)
	for i := range len(s) {
		switch s[i] {
		case '"', '\\', '\n':
			n++
		case 0xe2:
			if strings.HasPrefix(s[i:], "\u2028") || strings.HasPrefix(s[i:], "\u2029") {
				n += 3
			}
		}
	}
	return n
}

func checkLine(l *Line) (field, code string) {
	switch {
	case l.SKU == "" || len(l.SKU) > maxMark || !cleanText(l.SKU):
		return "sku", SaleText
	case len(l.Name) > maxName || !cleanText(l.Name):
		return "name", SaleText
	case len(l.Category) > maxCategory || !cleanText(l.Category):
		return "category", SaleText
	case len(l.Brand) > maxMark || !cleanText(l.Brand):
		return "brand", SaleText
	case len(l.Labels) > MaxLabels:
		return "labels", SaleTooLarge
	case l.Quantity < 0:
		return "quantity", SaleNegative
	case l.Quantity == 0 || l.Quantity > maxQuantity:
		return "quantity", SaleRange
	case l.Amount < 0:
		return "amount", SaleNegative
	case l.Amount > maxMoney:
		return "amount", SaleRange
	case l.Discount < 0:
		return "discount", SaleNegative
	case l.Discount > maxMoney:
		return "discount", SaleRange
	case l.Tax < 0 || l.Tax > maxTax:
		return "tax", SaleRange
	}
	for _, t := range l.Labels {
		if t == "" || len(t) > maxMark || !cleanText(t) {
			return "labels", SaleText
		}
	}
	return "", ""
}

// totalOf adds the bill up: at most MaxLines lines of at most maxMoney, so nothing can overflow on the way.
func totalOf(s *Sale) (int64, error) {
	total := s.Rounding
	if total > maxMoney || total < -maxMoney {
		return 0, &SaleError{"rounding", SaleRange}
	}
	for i := range s.Lines {
		total += s.Lines[i].Amount
	}
	if total < 0 {
		return 0, &SaleError{"rounding", SaleNegative}
	}
	if total > maxMoney {
		return 0, &SaleError{"lines", SaleRange}
	}
	return total, nil
}

func checkTenders(tenders []Tender) error {
	if len(tenders) > MaxTenders {
		return &SaleError{"tenders", SaleTooLarge}
	}
	for i, t := range tenders {
		switch {
		case !slices.Contains(tillTenders(), t.Kind): // points are a redemption, not a tender of the till
			return &SaleError{fmt.Sprintf("tenders[%d].kind", i), SaleTender}
		case t.Amount < 0:
			return &SaleError{fmt.Sprintf("tenders[%d].amount", i), SaleNegative}
		case t.Amount == 0 || t.Amount > maxMoney:
			return &SaleError{fmt.Sprintf("tenders[%d].amount", i), SaleRange}
		}
	}
	return nil
}

// byContent is the lines in an order that does not depend on the order in which they were rung up, so that the odd minor
// unit of a split, and with it the points, does not either. Lines that are equal in everything stay as they are.
func (b *bill) byContent() []int32 {
	if b.content != nil {
		return b.content
	}
	lines := b.in.Sale.Lines
	order := make([]int32, len(lines))
	for i := range order {
		order[i] = int32(i)
	}
	slices.SortFunc(order, func(i, j int32) int {
		if c := compareLines(&lines[i], &lines[j]); c != 0 {
			return c
		}
		return cmp.Compare(i, j)
	})
	b.content = order
	return order
}

// compareLines goes by the first thing that differs, which almost always is the SKU.
func compareLines(a, b *Line) int {
	if c := strings.Compare(a.SKU, b.SKU); c != 0 {
		return c
	}
	return cmp.Or(
		strings.Compare(a.Category, b.Category),
		strings.Compare(a.Brand, b.Brand),
		slices.Compare(a.Labels, b.Labels),
		cmp.Compare(a.Quantity, b.Quantity),
		cmp.Compare(a.Amount, b.Amount),
		cmp.Compare(a.Discount, b.Discount),
		cmp.Compare(a.Tax, b.Tax),
		strings.Compare(a.sells(), b.sells()),
	)
}
