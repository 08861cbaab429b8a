package agentdb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"loyaltill/agent/loyalty"
	"loyaltill/store"
)

// checkVoid holds a void to what this store issued and nobody has used: a coupon that a sale took, or holds, stays its.
func checkVoid(tx *store.Tx, e *loyalty.Entry) error {
	if e.Void == nil {
		return nil
	}
	for _, serial := range e.Void.Serials {
		var issued, used, void bool
		err := tx.QueryRow(`SELECT EXISTS (SELECT 1 FROM coupon_issued WHERE serial = ?1), EXISTS (SELECT 1 FROM coupon_used WHERE serial = ?1),
			EXISTS (SELECT 1 FROM coupon_void WHERE serial = ?1)`, []any{serial}, &issued, &used, &void)
		switch {
		case err != nil:
			return fmt.Errorf("look for coupon %s: %w", serial, err)
		case !issued:
			return fmt.Errorf("coupon %s: %w", serial, ErrNotFound)
		case used:
			return fmt.Errorf("coupon %s: %w", serial, ErrCouponUsed)
		case void:
			return fmt.Errorf("coupon %s: %w", serial, ErrCouponVoid)
		}
	}
	return nil
}

// markVoid takes the coupons of an entry out of use, and their papers that have not begun to print out of the queue.
func markVoid(tx *store.Tx, e *loyalty.Entry) error {
	if e.Void == nil {
		return nil
	}
	for _, serial := range e.Void.Serials {
		if _, err := tx.Exec(`INSERT OR IGNORE INTO coupon_void (serial, seq) VALUES (?, ?)`, serial, e.Seq); err != nil {
			return fmt.Errorf("void coupon %s: %w", serial, err)
		}
		if err := cancelPapers(tx, serial, string(e.Void.Reason)); err != nil {
			return fmt.Errorf("void coupon %s: %w", serial, err)
		}
	}
	return nil
}

func cancelPapers(tx *store.Tx, serial, why string) error {
	rows, err := tx.Query(`SELECT id FROM print_job WHERE serial = ? AND state IN ('queued', 'uncertain', 'interrupted', 'expired')`, serial)
	if err != nil {
		return err
	}
	var jobs []int64
	for rows.Next() {
		var id int64
		if err := rows.Scan(&id); err != nil {
			return errors.Join(err, rows.Close())
		}
		jobs = append(jobs, id)
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return err
	}
	for _, id := range jobs {
		if err := moveJob(tx, id, JobEnd{State: JobCancelled, By: why}); err != nil {
			return err
		}
	}
	return nil
}

// CouponVoid says whether a coupon was taken out of use.
func (db *DB) CouponVoid(ctx context.Context, serial string) (void bool, err error) {
	if err := db.ledger.Read().QueryRowContext(ctx, isVoid, serial).Scan(&void); err != nil {
		return false, fmt.Errorf("look for coupon %s: %w", serial, err)
	}
	return void, nil
}

// CouponsByDigits gives the serials of the coupons that this store issued under ten digits of an EAN-13, newest first.
func (db *DB) CouponsByDigits(ctx context.Context, digits int64) ([]string, error) {
	return query(ctx, db.ledger.Read(), "coupons by digits", func(scan func(...any) error) (serial string, err error) {
		return serial, scan(&serial)
	}, `SELECT serial FROM coupon_issued WHERE digits = ? ORDER BY seq DESC`, digits)
}

// CouponRow is one coupon of the log.
type CouponRow struct {
	Serial string
	Seq    loyalty.Seq // the entry that brought it out
	Used   int64       // sales of this store that used it, or hold it
	Void   loyalty.Seq // the entry that took it out of use; 0 for none
	Job    int64       // its newest print job; 0: it was not printed here
	State  JobState    // of that job
}

const selectCoupons = `SELECT c.serial, c.seq, (SELECT count(*) FROM coupon_used u WHERE u.serial = c.serial),
	coalesce((SELECT v.seq FROM coupon_void v WHERE v.serial = c.serial), 0), coalesce(j.id, 0), coalesce(j.state, '')
	FROM coupon_issued c LEFT JOIN print_job j ON j.id = (SELECT max(id) FROM print_job p WHERE p.serial = c.serial) `

func scanCoupon(scan func(...any) error) (r CouponRow, err error) {
	return r, scan(&r.Serial, &r.Seq, &r.Used, &r.Void, &r.Job, &r.State)
}

// CouponsOf lists the coupons of an entry, in no order; none when it brought none.
func (db *DB) CouponsOf(ctx context.Context, seq loyalty.Seq) ([]CouponRow, error) {
	return query(ctx, db.ledger.Read(), "coupons", scanCoupon, selectCoupons+`WHERE c.seq = ?`, seq)
}

// CouponOf gives one coupon of the log; ErrNotFound when this store did not issue it.
func (db *DB) CouponOf(ctx context.Context, serial string) (CouponRow, error) {
	row, err := scanCoupon(db.ledger.Read().QueryRowContext(ctx, selectCoupons+`WHERE c.serial = ?`, serial).Scan)
	if errors.Is(err, sql.ErrNoRows) {
		err = ErrNotFound
	}
	if err != nil {
		return CouponRow{}, fmt.Errorf("coupon %s: %w", serial, err)
	}
	return row, nil
}

// CouponEntries lists the entries of kind coupon below a place in the log, newest first, those left out that were pruned.
func (db *DB) CouponEntries(ctx context.Context, below loyalty.Seq, limit int) ([]loyalty.Entry, error) {
	return query(ctx, db.ledger.Read(), "coupons", func(scan func(...any) error) (loyalty.Entry, error) {
		var body []byte
		if err := scan(&body); err != nil {
			return loyalty.Entry{}, err
		}
		e, err := loyalty.DecodeEntry(body)
		if err != nil {
			return loyalty.Entry{}, err
		}
		return *e, nil
	}, `SELECT body FROM entry WHERE seq IN (SELECT seq FROM coupon_issued) AND kind = 'coupon' AND body <> x'' AND (? = 0 OR seq < ?) ORDER BY seq DESC LIMIT ?`,
		below, below, limit)
}
