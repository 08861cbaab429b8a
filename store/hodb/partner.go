package hodb

import "loyaltill/agent/loyalty"

// PartnerAccount is what a partner's account did over some days, and what it stood at before.
type PartnerAccount struct {
	Kind   AccountKind
	Unit   string
	Before loyalty.Points // of all days before: given less taken back
	Issued loyalty.Points // what its rules gave
	Back   loyalty.Points // what returns took back of it
}

// PartnerAccounts adds up the legs of every partner's accounts by entry, so that what was settled later counts once; from one day to
// another, both included.
func (tx *Tx) PartnerAccounts(from, to string) ([]PartnerAccount, error) {
	return collect(tx, func(scan func(...any) error) (a PartnerAccount, err error) {
		err = scan(&a.Kind, &a.Unit, &a.Before, &a.Issued, &a.Back)
		return a, err
	}, `WITH entries AS (SELECT kind, unit, business_day, SUM(-amount) AS n FROM leg WHERE owner_id = $1 AND kind LIKE 'partner/%' AND business_day <= $3
			GROUP BY kind, unit, business_day, store_id, epoch, seq)
		SELECT kind, unit, CAST(SUM(CASE WHEN business_day < $2 THEN n ELSE 0 END) AS BIGINT),
			CAST(SUM(CASE WHEN business_day >= $2 AND n > 0 THEN n ELSE 0 END) AS BIGINT),
			CAST(SUM(CASE WHEN business_day >= $2 AND n < 0 THEN -n ELSE 0 END) AS BIGINT)
		FROM entries GROUP BY kind, unit ORDER BY kind, unit`, HeadOffice, from, to)
}
