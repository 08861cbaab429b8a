package hodb

import "loyaltill/agent/loyalty"

// LiabilitySum is what moved on one business day in one unit: to members' accounts, and against them on accounts of one kind.
type LiabilitySum struct {
	Day, Unit string
	Kind      AccountKind    // of a store's or head office's account; empty: members' accounts together
	Amount    loyalty.Points // of all legs of the kind on the day
}

// Liability adds up all legs by day until one, both sides apart.
func (tx *Tx) Liability(to string) ([]LiabilitySum, error) {
	return collect(tx, func(scan func(...any) error) (s LiabilitySum, err error) {
		err = scan(&s.Day, &s.Unit, &s.Kind, &s.Amount)
		return s, err
	}, `SELECT business_day, unit, CASE WHEN owner_id > 0 THEN '' ELSE kind END AS account, CAST(SUM(amount) AS BIGINT) FROM leg
		WHERE business_day <= $1 AND unit IN (SELECT unit FROM account WHERE owner_id > 0)
		GROUP BY business_day, unit, account ORDER BY unit, business_day, account`, to)
}

// UnitSum is what members' accounts of a unit hold together.
type UnitSum struct {
	Unit string
	Held loyalty.Points
}

// Held adds up members' accounts as they stand.
func (tx *Tx) Held() ([]UnitSum, error) {
	return collect(tx, func(scan func(...any) error) (s UnitSum, err error) {
		err = scan(&s.Unit, &s.Held)
		return s, err
	}, `SELECT unit, CAST(SUM(balance) AS BIGINT) FROM account WHERE owner_id > 0 GROUP BY unit ORDER BY unit`)
}
