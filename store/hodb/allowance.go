package hodb

import (
	"fmt"

	"loyaltill/agent/loyalty"
)

// MembersForAllowances are members after a number who may get an allowance by policy, or have one; at most so many.
func (tx *Tx) MembersForAllowances(after loyalty.MemberID, limit int) ([]loyalty.MemberID, error) {
	return collect(tx, scanMemberID, `SELECT member_id FROM (
			SELECT owner_id AS member_id FROM account WHERE owner_id > 0 AND kind = 'main' AND unit = $3 AND balance > 0
			UNION SELECT member_id FROM lease WHERE automatic <> 0 AND state = 'open') AS concerned
		WHERE member_id > $1 ORDER BY member_id LIMIT $2`, after, limit, Points)
}

// MembersWithAllowances are those after a number who have one by policy.
func (tx *Tx) MembersWithAllowances(after loyalty.MemberID, limit int) ([]loyalty.MemberID, error) {
	return collect(tx, scanMemberID, `SELECT DISTINCT member_id FROM lease WHERE automatic <> 0 AND state = 'open' AND member_id > $1
		ORDER BY member_id LIMIT $2`, after, limit)
}

// LeasesOf are a member's allowances that have not ended, by number.
func (tx *Tx) LeasesOf(id loyalty.MemberID) ([]Lease, error) {
	return collect(tx, scanLease, selectLease+` WHERE member_id = $1 AND state <> 'ended' ORDER BY lease_no`, id)
}

// LeasedTo is what lies in the allowances that a store has by policy.
func (tx *Tx) LeasedTo(id loyalty.StoreID) (points loyalty.Points, err error) {
	err = tx.one(`SELECT CAST(COALESCE(SUM(granted - used), 0) AS BIGINT) FROM lease WHERE store_id = $1 AND automatic <> 0 AND state <> 'ended'`, id)(&points)
	return points, err
}

// UsualStore is where a member bought most often since a day, of equals the one with the lower number; 0 when nowhere so often.
func (tx *Tx) UsualStore(id loyalty.MemberID, since string, visits int64) (loyalty.StoreID, error) {
	purchases := fmt.Sprintf(tx.conn.dialect().jsonNumber, "step", "purchases")
	best, err := collect(tx, func(scan func(...any) error) (store loyalty.StoreID, err error) {
		err = scan(&store)
		return store, err
	}, `SELECT store_id FROM member_entry WHERE member_id = $1 AND business_day >= $2 AND store_id > 0 AND `+purchases+` > 0
		GROUP BY store_id HAVING COUNT(*) >= $3 ORDER BY COUNT(*) DESC, store_id LIMIT 1`, id, since, visits)
	if err != nil || len(best) == 0 {
		return 0, err
	}
	return best[0], nil
}
