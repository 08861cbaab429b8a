package agent

import (
	"context"
	"errors"
	"fmt"

	"loyaltill/agent/loyalty"
	"loyaltill/store/agentdb"
)

// sale is what the rules judge.
func (a *Agent) sale(ctx context.Context, id loyalty.TxnID, r SaleRequest) (loyalty.Sale, error) {
	s := loyalty.Sale{Lines: r.Lines, Tenders: r.Tenders, Rounding: r.Rounding, Redeem: r.Redeem, Rewards: r.Rewards}
	for i, c := range r.Coupons {
		if i >= loyalty.MaxShown {
			return s, &loyalty.SaleError{Field: "coupons", Code: loyalty.SaleTooLarge}
		}
		shown, err := a.readCoupon(ctx, c)
		if err == nil {
			err = a.unused(ctx, shown, id)
		}
		var r *Refusal
		if errors.As(err, &r) {
			r.Field = fmt.Sprintf("coupons[%d]", i)
		}
		if err != nil {
			return s, err
		}
		s.Shown = append(s.Shown, shown)
	}
	return s, nil
}

// readCoupon finds out which coupon was shown. What this store has issued it knows by the serial; its own ledger says more
// than the paper.
func (a *Agent) readCoupon(ctx context.Context, c Coupon) (loyalty.ShownCoupon, error) {
	if c.Code == "" {
		return loyalty.ShownCoupon{Coupon: c.Coupon, Serial: c.Serial}, nil
	}
	issued, err := a.db.CouponIssued(ctx, c.Code)
	if errors.Is(err, agentdb.ErrNotFound) {
		return loyalty.ShownCoupon{}, refuse(CodeCouponUnknown, err)
	}
	if err != nil {
		return loyalty.ShownCoupon{}, err
	}
	body := issued.Entry.Coupon
	return loyalty.ShownCoupon{Coupon: body.Coupon, Serial: body.Serial, ValidFrom: body.ValidFrom, ValidTo: body.ValidTo}, nil
}

// unused refuses a coupon that another sale of this store has used.
func (a *Agent) unused(ctx context.Context, c loyalty.ShownCoupon, id loyalty.TxnID) error {
	uses, err := a.db.CouponUses(ctx, c.Serial, id)
	if err == nil && uses > 0 {
		err = refuse(CodeCouponUsed, nil)
	}
	return err
}
