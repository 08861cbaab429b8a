package agentdb

import (
	"context"
	"fmt"

	"loyaltill/agent/loyalty"
	"loyaltill/store"
)

// MemberDay is a member on a business day of this store.
type MemberDay struct {
	Day    string
	Member loyalty.MemberID
}

// maxMemberDays bounds one look.
const maxMemberDays = 1000

// MemberDays lists for whom something was done at least so often on one business day, from a day on; the newest days first.
func (db *DB) MemberDays(ctx context.Context, kind loyalty.Kind, since string, least int64) ([]MemberDay, error) {
	return db.memberDays(ctx, `SELECT day, member FROM entry WHERE kind = ? AND day >= ? AND member > 0
		GROUP BY day, member HAVING count(*) >= ? ORDER BY day DESC, member LIMIT ?`, kind, since, least, maxMemberDays)
}

// OwnCardDays lists on which business days cards of staff were used for a sale, from a day on.
func (db *DB) OwnCardDays(ctx context.Context, since string) ([]MemberDay, error) {
	return db.memberDays(ctx, `SELECT day, member FROM entry WHERE kind = 'sale' AND day >= ? AND member > 0
		AND member IN (SELECT member FROM staff_card) GROUP BY day, member ORDER BY day DESC, member LIMIT ?`, since, maxMemberDays)
}

func (db *DB) memberDays(ctx context.Context, text string, args ...any) ([]MemberDay, error) {
	return query(ctx, db.ledger.Read(), "days of members", func(scan func(...any) error) (m MemberDay, err error) {
		return m, scan(&m.Day, &m.Member)
	}, text, args...)
}

// maxDayEntries bounds the entries of one member on one day that are read.
const maxDayEntries = 200

// EntriesOn are the entries of a kind for a member on a business day, in the order of the log. What was pruned is not among them.
func (db *DB) EntriesOn(ctx context.Context, kind loyalty.Kind, d MemberDay) ([]*loyalty.Entry, error) {
	return query(ctx, db.ledger.Read(), "entries of a day", func(scan func(...any) error) (*loyalty.Entry, error) {
		var body []byte
		if err := scan(&body); err != nil {
			return nil, err
		}
		return loyalty.DecodeEntry(body)
	}, `SELECT body FROM entry WHERE kind = ? AND day = ? AND member = ? AND member > 0 AND body <> x'' ORDER BY seq LIMIT ?`, kind, d.Day, d.Member, maxDayEntries)
}

// StaffCards says which member each of staff is.
func (db *DB) StaffCards(ctx context.Context) (map[StaffNumber]loyalty.MemberID, error) {
	type card struct {
		staff  StaffNumber
		member loyalty.MemberID
	}
	rows, err := query(ctx, db.ledger.Read(), "cards of staff", func(scan func(...any) error) (c card, err error) {
		return c, scan(&c.staff, &c.member)
	}, `SELECT staff, member FROM staff_card`)
	all := make(map[StaffNumber]loyalty.MemberID, len(rows))
	for _, c := range rows {
		all[c.staff] = c.member
	}
	return all, err
}

// SetStaffCard says whose card is somebody's own, 0 for none, with its act.
func (db *DB) SetStaffCard(ctx context.Context, n StaffNumber, member loyalty.MemberID, by Act) error {
	err := db.write(ctx, func(tx *store.Tx) error {
		if _, err := staffIn(tx, n); err != nil {
			return err
		}
		text, args := `INSERT INTO staff_card (staff, member) VALUES (?, ?) ON CONFLICT (staff) DO UPDATE SET member = excluded.member`, []any{n, member}
		if member == 0 {
			text, args = `DELETE FROM staff_card WHERE staff = ?`, []any{n}
		}
		if _, err := tx.Exec(text, args...); err != nil {
			return err
		}
		_, err := writeAct(tx, by)
		return err
	})
	if err != nil {
		return fmt.Errorf("own card of staff %d: %w", n, err)
	}
	return nil
}

// AlertSeen is the newest act by which somebody said that they have seen an alert; nil when nobody has.
func (db *DB) AlertSeen(ctx context.Context, alert string) (*Act, error) {
	acts, err := db.acts(ctx, `WHERE what = 'alert_seen' AND about = ? ORDER BY id DESC LIMIT 1`, alert)
	if err != nil || len(acts) == 0 {
		return nil, err
	}
	return &acts[0], nil
}
