package loyalty

// CouponKind is a coupon that the till may print.
type CouponKind struct {
	ID    string
	Value int64 // minor units
	def   *couponDef
}

// Name is what the coupon is called, Text what it says below.
func (k CouponKind) Name(language string) string { return k.def.Name.in(language) }
func (k CouponKind) Text(language string) string { return k.def.Text.in(language) }

// Uses is how often one may be used.
func (k CouponKind) Uses() int64 {
	if k.def == nil {
		return 1
	}
	return max(k.def.Uses, 1)
}

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

// MaxBatch is the most coupons that one entry brings out: what a till's printer does in a quarter of an hour.
const MaxBatch = 500

// CouponAsk is coupons to be issued without a sale. Their serials follow from the entry's transaction (CouponSerial).
type CouponAsk struct {
	Coupon string       // kind
	Count  int64        // so many; 0: one
	Source string       // campaign or channel, if any
	Member *MemberState // for whom; nil: for whoever comes
	Stock  []Stock      // of kinds that there are only so many of
}

// IssueCoupon makes the entry of one coupon or of a batch, valid from the entry's business day. Its error is a *SaleError.
func (p *Programme) IssueCoupon(ask CouponAsk, head EntryHead) (Entry, error) {
	count := max(ask.Count, 1)
	if ask.Count < 0 || count > MaxBatch {
		return Entry{}, &SaleError{"count", SaleRange}
	}
	k := p.couponIndex(ask.Coupon)
	if k < 0 {
		return Entry{}, &SaleError{"coupon", SaleCoupon}
	}
	day, ok := parseDay(head.Day)
	if !ok {
		return Entry{}, &SaleError{"day", SaleTime}
	}
	if err := p.checkMember(ask.Member); err != nil {
		return Entry{}, err
	}
	if err := checkStock(ask.Stock); err != nil {
		return Entry{}, err
	}
	b := bill{p: p, in: &QuoteInput{Member: ask.Member, Stock: ask.Stock}}
	if room, why := b.left(ask.Coupon); why.Code == ExplainMembersOnly {
		return Entry{}, &SaleError{"coupon", CouponNotYours}
	} else if room < count {
		return Entry{}, &SaleError{"coupon", CouponGone}
	}
	e := head.Entry(KindCoupon)
	if ask.Member != nil {
		e.Member = ask.Member.ID
	}
	body, code := p.couponBody(k, day, e.Member)
	if code != "" {
		return Entry{}, &SaleError{"coupon", code}
	}
	body.Serial, body.Source = CouponSerial(head.Store, head.Txn, 0), ask.Source
	if count > 1 {
		body.Count = count
	}
	if err := body.shown().check("coupon"); err != nil {
		return Entry{}, err
	}
	e.Coupon = &body
	return e, nil
}

// couponBody is a coupon of a kind as it is issued on a day, but for its serial; or the code of why there is none.
func (p *Programme) couponBody(k int, day date, member MemberID) (body CouponBody, code string) {
	def, terms := &p.doc.Coupons[k], &p.couponTerms[k]
	from := day + date(def.StartDays)
	to := from + date(def.ValidDays) - 1
	if def.ValidTo != "" {
		to, _ = parseDay(def.ValidTo)
	}
	if to < from {
		return CouponBody{}, CouponExpired
	}
	body = CouponBody{Coupon: def.ID, Value: p.couponKind(k).Value, Currency: p.Currency(), ValidFrom: from.String(), ValidTo: to.String(), Uses: def.Uses}
	if terms.holder {
		if body.Holder = member; member == 0 {
			return CouponBody{}, CouponNotYours
		}
	}
	if len(terms.stores) <= MaxCouponStores {
		body.Stores = terms.stores
	}
	return body, ""
}

// shown is the coupon as it will be shown.
func (b *CouponBody) shown() *ShownCoupon {
	return &ShownCoupon{Coupon: b.Coupon, Serial: b.Serial, ValidFrom: b.ValidFrom, ValidTo: b.ValidTo, Value: b.Value, Currency: b.Currency,
		Uses: b.Uses, Member: b.Holder, Stores: b.Stores, Source: b.Source}
}

// CouponCodes is the coupons that an entry issued, to be signed and printed.
func (e *Entry) CouponCodes() []CouponCode {
	var codes []CouponCode
	for _, body := range e.IssuedCoupons() {
		codes = append(codes, CouponCode{Issuer: e.Store, ShownCoupon: *body.shown()})
	}
	return codes
}

// IssuedCoupons is the coupons that an entry brought out: its own, those that came with a sale, or one in place of another.
func (e *Entry) IssuedCoupons() []CouponBody {
	switch {
	case e.Coupon != nil:
		return e.Coupon.each(e.Store, e.Txn)
	case e.Void != nil && e.Void.New != nil:
		return []CouponBody{*e.Void.New}
	case e.Sale != nil:
		return e.Sale.Issued
	}
	return nil
}

// each is the coupons of a batch, one by one.
func (b *CouponBody) each(store StoreID, txn TxnID) []CouponBody {
	all := []CouponBody{*b}
	all[0].Count = 0
	for i := 1; i < int(min(b.Count, MaxBatch)); i++ {
		next := all[0]
		next.Serial = CouponSerial(store, txn, i)
		all = append(all, next)
	}
	return all
}
