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

// sale is what the rules judge. Coupons come with how often other sales of this store have used them.
func (a *Agent) sale(ctx context.Context, id loyalty.TxnID, r SaleRequest) (loyalty.Sale, error) {
	s := loyalty.Sale{Lines: r.Lines, Tenders: r.Tenders, Rounding: r.Rounding, Redeem: r.Redeem, Wallets: r.Wallets, Rewards: r.Rewards, Offers: true}
	if len(r.Coupons) > loyalty.MaxShown {
		return s, &loyalty.SaleError{Field: "coupons", Code: loyalty.SaleTooLarge}
	}
	for i, c := range r.Coupons {
		shown, err := a.readCoupon(ctx, c)
		if err == nil {
			shown.Used, err = a.db.CouponUses(ctx, shown.Serial, id)
		}
		if err != nil {
			return s, atCoupon(err, i)
		}
		s.Shown = append(s.Shown, shown)
	}
	return s, nil
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

// readCoupon finds out which coupon was shown. Its code may be signed by any store of the chain; what this store has issued
// it also knows by the serial.
func (a *Agent) readCoupon(ctx context.Context, c Coupon) (loyalty.ShownCoupon, error) {
	if c.Code == "" {
		return loyalty.ShownCoupon{Coupon: c.Coupon, Serial: c.Serial}, nil
	}
	issued, err := a.db.CouponIssued(ctx, strings.TrimSpace(c.Code))
	if errors.Is(err, agentdb.ErrNotFound) {
		code, err := loyalty.ReadCouponCode(c.Code, a.paperKey)
		return code.ShownCoupon, err
	}
	if err != nil {
		return loyalty.ShownCoupon{}, err
	}
	for _, code := range issued.Entry.CouponCodes() { // a sale may have brought several
		if code.Serial == strings.TrimSpace(c.Code) {
			return code.ShownCoupon, nil
		}
	}
	return loyalty.ShownCoupon{}, refuse(CodeCouponUnknown, nil)
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
