package agent

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"strings"

	"loyaltill/agent/loyalty"
	"loyaltill/store/agentdb"
)

// sale is what the rules judge. Coupons come with how often other sales have used them, those of other stores once more by
// themselves.
func (a *Agent) sale(ctx context.Context, p *loyalty.Programme, id loyalty.TxnID, r SaleRequest) (s loyalty.Sale, elsewhere map[string]int64, err error) {
	s = loyalty.Sale{Lines: r.Lines, Tenders: r.Tenders, Rounding: r.Rounding, Redeem: r.Redeem, Wallets: r.Wallets, Rewards: r.Rewards, Offers: true}
	if len(r.Coupons) > loyalty.MaxShown {
		return s, nil, &loyalty.SaleError{Field: "coupons", Code: loyalty.SaleTooLarge}
	}
	elsewhere = map[string]int64{}
	for i, c := range r.Coupons {
		shown, err := a.readCoupon(ctx, p, c)
		if err == nil {
			shown.Used, elsewhere[shown.Serial], err = a.uses(ctx, shown.Serial, id)
		}
		if err != nil {
			return s, nil, atCoupon(err, i)
		}
		s.Shown = append(s.Shown, shown)
	}
	return s, elsewhere, nil
}

// uses is how often other sales used a coupon, and how many of them other stores made, as head office told. One that was
// withdrawn is refused.
func (a *Agent) uses(ctx context.Context, serial string, by loyalty.TxnID) (all, elsewhere int64, err error) {
	void, err := a.db.CouponVoid(ctx, serial)
	if err != nil {
		return 0, 0, err
	}
	told, err := a.db.CouponElsewhere(ctx, serial)
	if err != nil {
		return 0, 0, err
	}
	if void || told.Void {
		return 0, 0, refuse(CodeCouponVoid, nil)
	}
	here, err := a.db.CouponUses(ctx, serial, by)
	return here + told.Used, told.Used, err
}

// atCoupon names the coupon of the request that an error is about.
func atCoupon(err error, i int) error {
	field := fmt.Sprintf("coupons[%d]", i)
	var r *Refusal
	if errors.As(err, &r) {
		r.Field = field
	}
	var bad *loyalty.SaleError
	if errors.As(err, &bad) {
		bad.Field = field
	}
	return err
}

// readCoupon finds out which coupon was shown. Its code may be signed by any store of the chain, or be GS1's; what this store
// has issued it also knows by the serial and by the number of an EAN-13.
func (a *Agent) readCoupon(ctx context.Context, p *loyalty.Programme, c Coupon) (loyalty.ShownCoupon, error) {
	if c.Code == "" {
		return loyalty.ShownCoupon{Coupon: c.Coupon, Serial: c.Serial}, nil
	}
	code := strings.TrimSpace(c.Code)
	if loyalty.IsUnnumbered(code) {
		return p.ReadGS1Coupon(code)
	}
	if digits, ok := loyalty.IsStoreNumber(code); ok {
		return a.numberedHere(ctx, p, code[:2], digits)
	}
	read, err := loyalty.CouponCode{}, error(nil)
	if loyalty.IsShortCoupon(code) {
		read, err = p.ReadShortCoupon(code, func(of loyalty.StoreID) ed25519.PrivateKey { return a.identity.PaperKey(uint32(of)) })
		code = read.Serial
	}
	if err != nil {
		return loyalty.ShownCoupon{}, err
	}
	issued, ok, err := a.knownHere(ctx, code)
	switch {
	case err != nil || ok:
		return issued, err
	case read.Serial != "":
		return read.ShownCoupon, nil
	}
	read, err = loyalty.ReadCouponCode(c.Code, a.paperKey)
	return read.ShownCoupon, err
}

// knownHere is a coupon that this store issued, on the terms of then.
func (a *Agent) knownHere(ctx context.Context, serial string) (loyalty.ShownCoupon, bool, error) {
	issued, err := a.db.CouponIssued(ctx, serial)
	if errors.Is(err, agentdb.ErrNotFound) {
		return loyalty.ShownCoupon{}, false, nil
	}
	if err != nil {
		return loyalty.ShownCoupon{}, false, err
	}
	for _, code := range issued.Entry.CouponCodes() { // a sale, or a batch, may have brought several
		if code.Serial == serial {
			return code.ShownCoupon, true, nil
		}
	}
	return loyalty.ShownCoupon{}, false, nil
}

// numberedHere is the coupon of a kind with this prefix that this store printed as an EAN-13. Of two that share a number, which
// is rare, it is the newest that can still be used.
func (a *Agent) numberedHere(ctx context.Context, p *loyalty.Programme, prefix string, digits int64) (loyalty.ShownCoupon, error) {
	none := loyalty.ShownCoupon{}
	serials, err := a.db.CouponsByDigits(ctx, digits)
	if err != nil {
		return none, err
	}
	found := none
	for _, serial := range serials {
		c, ok, err := a.knownHere(ctx, serial)
		if err != nil {
			return none, err
		}
		if k, known := p.Coupon(c.Coupon); !ok || !known || k.Prefix() != prefix {
			continue
		}
		row, err := a.db.CouponOf(ctx, serial)
		if err != nil {
			return none, err
		}
		if row.Void == 0 && row.Used == 0 {
			return c, nil
		}
		if found.Serial == "" {
			found = c
		}
	}
	if found.Serial == "" {
		return none, refuse(CodeCouponUnknown, nil)
	}
	return found, nil
}

// paperKey checks what a store of the chain has printed.
func (a *Agent) paperKey(of loyalty.StoreID) ed25519.PublicKey {
	return a.identity.PaperKey(uint32(of)).Public().(ed25519.PublicKey)
}

// admitCoupons refuses a bill with a coupon that cannot be taken here, now, or from this member: the cashier hands it back.
func (b *bill) admitCoupons() error {
	member := loyalty.MemberID(0)
	if b.input.Member != nil {
		member = b.input.Member.ID
	}
	for i, c := range b.input.Sale.Shown {
		if err := b.programme.AdmitCoupon(c, b.input.Place, member); err != nil {
			return atCoupon(err, i)
		}
	}
	return nil
}
