package headoffice

import (
	"fmt"
	"slices"

	"loyaltill/agent/loyalty"
	"loyaltill/store/hodb"
)

// coupons keeps the chain's list of what was used and withdrawn, which every store hears of. Stores that had no line to each
// other may both have taken a coupon: the sales stand, and somebody looks.
func (j *judge) coupons(m *matter) error {
	switch e := m.entry; {
	case e.Sale != nil:
		return j.couponsUsed(m, e.Sale)
	case e.Return != nil:
		for _, c := range e.Return.Coupons {
			if err := j.tx.FreeCoupon(c.Serial, soldBy(e.Return)); err != nil {
				return err
			}
		}
	case e.Void != nil:
		for _, serial := range e.Void.Serials {
			uses, err := j.tx.VoidCoupon(serial, m.key.Store)
			if err == nil && uses > 0 {
				err = j.open(hodb.CaseCouponReused, m.key, fmt.Sprintf("coupon %s was withdrawn here and %d sales have used it", serial, uses))
			}
			if err != nil {
				return err
			}
		}
	}
	return nil
}

func (j *judge) couponsUsed(m *matter, sale *loyalty.SaleBody) error {
	for _, r := range sale.Reductions {
		if r.Serial == "" || loyalty.IsUnnumbered(r.Serial) {
			continue
		}
		uses, err := j.tx.UseCoupon(r.Serial, m.key)
		if err != nil {
			return err
		}
		state, err := j.tx.Coupon(r.Serial, 0)
		if err != nil {
			return err
		}
		most, err := j.usesOf(sale, r)
		if err != nil {
			return err
		}
		if uses > most || state.Void {
			note := fmt.Sprintf("coupon %s: %d sales have used it, %d may; withdrawn: %t", r.Serial, uses, most, state.Void)
			if err := j.open(hodb.CaseCouponReused, m.key, note); err != nil {
				return err
			}
		}
	}
	return nil
}

// usesOf is how often a coupon may be used: as it says itself, or its kind under the programme of the sale.
func (j *judge) usesOf(sale *loyalty.SaleBody, r loyalty.Reduction) (int64, error) {
	i := slices.IndexFunc(sale.Shown, func(c loyalty.ShownCoupon) bool { return c.Serial == r.Serial })
	if i < 0 {
		return 1, nil
	}
	if c := sale.Shown[i]; c.Uses > 0 {
		return c.Uses, nil
	}
	p, err := j.office.programme(j.tx, sale.Programme)
	if err != nil {
		return 1, nil //nolint:nilerr // the sale's own judgement says that its programme is not known
	}
	kind, _ := p.Coupon(sale.Shown[i].Coupon)
	return kind.Uses(), nil
}
