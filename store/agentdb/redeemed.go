package agentdb

import (
	"context"
	"database/sql"
	"fmt"

	"loyaltill/agent/loyalty"
	"loyaltill/store"
)

// memberDay is a member on one business day.
type memberDay struct {
	day    string
	member loyalty.MemberID
}

// Redeemed is the points that were redeemed without a purse in this store on a business day.
type Redeemed struct {
	ByMember loyalty.Points // the one asked for
	ByStore  loyalty.Points // all of them
}

// redeemedIn is the points that an entry's member redeemed without a purse, or beside it: what a limit of the day has to hold.
// What an allowance paid was no risk.
func redeemedIn(e *loyalty.Entry) loyalty.Points {
	if e.Sale == nil || e.Member == 0 {
		return 0
	}
	if e.Sale.Medium == loyalty.MediumPurse {
		return e.Sale.AdvancePoints()
	}
	return e.Sale.Redeemed + e.Sale.RewardPoints - e.Sale.LeasePoints()
}

func countRedeemed(tx *store.Tx, e *loyalty.Entry) error {
	return addRedeemed(tx, memberDay{e.Day, e.Member}, redeemedIn(e))
}

func addRedeemed(tx *store.Tx, at memberDay, points loyalty.Points) error {
	if points <= 0 {
		return nil
	}
	if _, err := tx.Exec(`INSERT INTO redeemed (day, member, points) VALUES (?, ?, ?)
		ON CONFLICT (day, member) DO UPDATE SET points = points + excluded.points`, at.day, at.member, points); err != nil {
		return fmt.Errorf("count what member %d redeemed: %w", at.member, err)
	}
	return nil
}

// Redeemed is what a member, and all members, redeemed without a purse on a business day; nothing for nobody.
func (db *DB) Redeemed(ctx context.Context, member loyalty.MemberID, day string) (Redeemed, error) {
	look := func(text string, args ...any) (*sql.Rows, error) {
		return db.ledger.Read().QueryContext(ctx, text, args...)
	}
	return readRedeemed(look, memberDay{day, member})
}

func readRedeemed(look lookup, at memberDay) (r Redeemed, err error) {
	if at.member == 0 {
		return r, nil
	}
	err = eachRedeemed(look, func(of memberDay, points loyalty.Points) {
		r.ByStore += points
		if of == at {
			r.ByMember = points
		}
	}, `SELECT day, member, points FROM redeemed WHERE day = ?`, at.day)
	return r, err
}

func eachRedeemed(look lookup, each func(memberDay, loyalty.Points), text string, args ...any) error {
	rows, err := look(text, args...)
	if err != nil {
		return fmt.Errorf("read what members redeemed: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var at memberDay
		var points loyalty.Points
		if err := rows.Scan(&at.day, &at.member, &points); err != nil {
			return fmt.Errorf("read what members redeemed: %w", err)
		}
		each(at, points)
	}
	return rows.Err()
}

// redeemed compares the sums with what the entries make them.
func (v *verifier) redeemed(look lookup) error {
	err := eachRedeemed(look, func(at memberDay, points loyalty.Points) {
		if want := v.used.redeemed[at]; want != points {
			v.find(FindTally, 0, "member %d redeemed %d points without a purse on %s, the entries say %d", at.member, points, at.day, want)
		}
		delete(v.used.redeemed, at)
	}, `SELECT day, member, points FROM redeemed`)
	for at, points := range v.used.redeemed {
		v.find(FindTally, 0, "member %d redeemed 0 points without a purse on %s, the entries say %d", at.member, at.day, points)
	}
	return err
}
