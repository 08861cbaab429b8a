package agent

import (
	"context"
	"errors"

	"loyaltill/agent/loyalty"
	"loyaltill/internal/i18n"
	"loyaltill/store/agentdb"
)

// IssueCoupon books coupons and queues their papers. The serials follow from the key, so that a retry issues nothing twice.
func (a *Agent) IssueCoupon(ctx context.Context, n loyalty.LaneID, id loyalty.TxnID, r CouponRequest) (CouponAnswer, error) {
	l, err := a.lane(n)
	if err != nil {
		return CouponAnswer{}, err
	}
	hash, err := requestHash(n, "coupon", r)
	if err != nil {
		return CouponAnswer{}, err
	}
	c, err := a.once(ctx, id, hash, loyalty.KindCoupon, func() (agentdb.Committed, error) { return a.bookCoupon(ctx, l, id, hash, r) })
	if err != nil {
		return CouponAnswer{}, err
	}
	body := c.Entry.Coupon
	return CouponAnswer{
		Seq: c.Entry.Seq, Serial: body.Serial, Count: len(c.Entry.IssuedCoupons()), Value: body.Value, Currency: body.Currency, ValidFrom: body.ValidFrom, ValidTo: body.ValidTo,
		Job: firstJob(c), Replayed: c.Replayed,
	}, nil
}

func (a *Agent) bookCoupon(ctx context.Context, l *lane, id loyalty.TxnID, hash [32]byte, r CouponRequest) (agentdb.Committed, error) {
	var none agentdb.Committed
	p, err := a.programmeAt(ctx, a.now())
	if err != nil {
		return none, err
	}
	kind, ok := p.Coupon(r.Coupon)
	if !ok {
		return none, &Refusal{Code: CodeCouponUnknown, Field: "coupon"}
	}
	lang := a.storeLanguage()
	if asked, ok := i18n.Parse(r.Language); ok {
		lang = asked
	} else if r.Language != "" {
		return none, &Refusal{Code: CodeFieldInvalid, Field: "language"}
	}
	c, err := a.enter(ctx, agentdb.Commit{
		Txn: id, RequestHash: hash,
		Build: func(head loyalty.EntryHead, used agentdb.Tally) (loyalty.Entry, error) {
			head.Lane, head.Cashier = l.cfg.Number, r.Cashier
			return p.IssueCoupon(loyalty.CouponAsk{Coupon: kind.ID, Count: r.Count, Source: r.Source, Stock: stockOf(p, used)}, head)
		},
		Jobs: l.jobs(func(e *loyalty.Entry) []paper { return a.couponPapers(e, p, lang) }),
	})
	if err != nil {
		return none, appendRefusal(err)
	}
	l.printSoon()
	return c, nil
}

// appendRefusal names what the ledger refused.
func appendRefusal(err error) error {
	var sale *loyalty.SaleError
	var r *Refusal
	switch {
	case errors.As(err, &r):
		return r
	case errors.Is(err, agentdb.ErrConflict):
		return refuse(CodeKeyReused, err)
	case errors.Is(err, agentdb.ErrDayChanged), errors.Is(err, agentdb.ErrCouponUsed), errors.Is(err, agentdb.ErrCouponVoid):
		return refuse(CodeQuoteChanged, err)
	case errors.As(err, &sale) && sale.Code == loyalty.SaleQuoteChange:
		return refuse(CodeQuoteChanged, err)
	case errors.As(err, &sale):
		return quoteRefusal(err)
	}
	return refuseForNow(CodeLedgerUnavailable, err)
}

// firstJob is the print job of an entry, 0 for none.
func firstJob(c agentdb.Committed) int64 {
	if len(c.JobIDs) == 0 {
		return 0
	}
	return c.JobIDs[0]
}
