package loyalty

// VoidReason says why coupons were taken out of use.
type VoidReason string

// Reasons.
const (
	VoidMisprint VoidReason = "misprint" // the paper is torn or unreadable
	VoidLost     VoidReason = "lost"     // gone before a customer had it
	VoidUnwanted VoidReason = "unwanted" // too many, or the wrong ones
)

// VoidBody is coupons that this store issued and takes out of use. Nobody can pay with them any more, whoever holds the paper;
// a batch's stock does not grow again, because paper may be about.
type VoidBody struct {
	Serials []string   `json:"serials"`
	Reason  VoidReason `json:"reason"`

	New *CouponBody `json:"new,omitempty"` // in place of the only one of Serials
}

// ReplaceCoupon makes the entry that takes a coupon out of use and brings out another on the same terms. Its error is a *SaleError.
func ReplaceCoupon(old CouponBody, reason VoidReason, head EntryHead) (Entry, error) {
	e, err := VoidCoupons([]string{old.Serial}, reason, head)
	if err != nil {
		return Entry{}, err
	}
	e.Void.New = &old
	e.Void.New.Serial, e.Void.New.Count = CouponSerial(head.Store, head.Txn, 0), 0
	return e, nil
}

// VoidCoupons makes the entry that takes coupons out of use. That this store issued them and that none is used, or void
// already, is for the caller to know. Its error is a *SaleError.
func VoidCoupons(serials []string, reason VoidReason, head EntryHead) (Entry, error) {
	if len(serials) == 0 || len(serials) > MaxBatch {
		return Entry{}, &SaleError{"serials", SaleRange}
	}
	for _, serial := range serials {
		if serial == "" || len(serial) > maxSerial || !cleanText(serial) {
			return Entry{}, &SaleError{"serials", SaleCoupon}
		}
	}
	switch reason {
	case VoidMisprint, VoidLost, VoidUnwanted:
	default:
		return Entry{}, &SaleError{"reason", SaleText}
	}
	e := head.Entry(KindVoid)
	e.Void = &VoidBody{Serials: serials, Reason: reason}
	return e, nil
}
