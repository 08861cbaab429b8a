package loyalty

import "fmt"

// CouponKind is a coupon that the till may print.
type CouponKind struct {
	ID    string
	Value int64 // minor units
	def   *couponDef
}

// Name is what the coupon is called, Text what it says below.
func (k CouponKind) Name(language string) string { return k.def.Name.in(language) }
func (k CouponKind) Text(language string) string { return k.def.Text.in(language) }

// Coupons lists the kinds in the order of the document.
func (p *Programme) Coupons() []CouponKind {
	kinds := make([]CouponKind, len(p.doc.Coupons))
	for i := range p.doc.Coupons {
		kinds[i] = p.couponKind(i)
	}
	return kinds
}

// Coupon finds a kind by its id.
func (p *Programme) Coupon(id string) (CouponKind, bool) {
	for i := range p.doc.Coupons {
		if p.doc.Coupons[i].ID == id {
			return p.couponKind(i), true
		}
	}
	return CouponKind{}, false
}

func (p *Programme) couponKind(i int) CouponKind {
	def := &p.doc.Coupons[i]
	value, _ := parseDecimal(string(def.Value), p.digits) // the compiler has read it
	return CouponKind{ID: def.ID, Value: value, def: def}
}

// maxSerial bounds a coupon's serial, which must fit a bar code.
const maxSerial = 40

// IssueCoupon makes the entry of one coupon of a kind, valid from the entry's business day. The serial is the caller's and
// must be its own for every coupon.
func (p *Programme) IssueCoupon(kind, serial string, member MemberID, head EntryHead) (Entry, error) {
	k, ok := p.Coupon(kind)
	if !ok {
		return Entry{}, &SaleError{"coupon", SaleCoupon}
	}
	day, ok := parseDay(head.Day)
	if !ok {
		return Entry{}, &SaleError{"day", SaleTime}
	}
	if serial == "" || len(serial) > maxSerial || !cleanText(serial) {
		return Entry{}, fmt.Errorf("issue coupon %s: serial %q: want 1 to %d bytes", kind, serial, maxSerial)
	}
	from := day + date(k.def.StartDays)
	e := head.Entry(KindCoupon)
	e.Member = member
	e.Coupon = &CouponBody{Coupon: kind, Serial: serial, Value: k.Value, Currency: p.Currency(),
		ValidFrom: from.String(), ValidTo: (from + date(k.def.ValidDays) - 1).String()}
	return e, nil
}
