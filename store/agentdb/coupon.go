package agentdb

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"loyaltill/agent/loyalty"
	"loyaltill/store"
)

// ErrCouponUsed says that sales of this store, or sales that wait for their card, used the coupon since the caller looked.
var ErrCouponUsed = errors.New("the coupon was used since")

// ErrCouponVoid says that the coupon was taken out of use.
var ErrCouponVoid = errors.New("the coupon is void")

// CouponUse is a coupon that a sale uses, with how often other sales of this store used it as far as the caller knew.
type CouponUse struct {
	Serial string
	Before int64
}

const isVoid = `SELECT EXISTS (SELECT 1 FROM coupon_void WHERE serial = ?)`

const countUses = `SELECT count(*) FROM coupon_used WHERE serial = ? AND txn <> ?`

// claimCoupons holds coupons for a sale. Claimed again by the same sale they stay as they are.
func claimCoupons(tx *store.Tx, txn loyalty.TxnID, uses []CouponUse) error {
	for _, u := range uses {
		var others int64
		var void bool
		if err := tx.QueryRow(countUses, []any{u.Serial, txn[:]}, &others); err != nil {
			return fmt.Errorf("look for coupon %s: %w", u.Serial, err)
		}
		if err := tx.QueryRow(isVoid, []any{u.Serial}, &void); err != nil {
			return fmt.Errorf("look for coupon %s: %w", u.Serial, err)
		}
		switch {
		case void:
			return fmt.Errorf("coupon %s: %w", u.Serial, ErrCouponVoid)
		case others > u.Before:
			return fmt.Errorf("coupon %s: %w", u.Serial, ErrCouponUsed)
		}
		if err := markCoupon(tx, txn, u.Serial); err != nil {
			return err
		}
	}
	return nil
}

// markCoupon writes down that a sale used a coupon. What stands in the log is not argued with: entries that come back from
// head office pass here too.
func markCoupon(tx *store.Tx, txn loyalty.TxnID, serial string) error {
	_, err := tx.Exec(`INSERT OR IGNORE INTO coupon_used (serial, txn) VALUES (?, ?)`, serial, txn[:])
	if err != nil {
		return fmt.Errorf("mark coupon %s: %w", serial, err)
	}
	return nil
}

// releaseCoupons lets go of what a sale held that will not come.
func releaseCoupons(tx *store.Tx, txn loyalty.TxnID) error {
	_, err := tx.Exec(`DELETE FROM coupon_used WHERE txn = ? AND NOT EXISTS (SELECT 1 FROM entry WHERE txn = ? AND kind = 'sale')`,
		txn[:], txn[:])
	if err != nil {
		return fmt.Errorf("release coupons: %w", err)
	}
	return nil
}

// UsedCoupons is the coupons that a bill uses up; those without effect are not among its reductions, and GS1's, which have no
// number, cannot be counted.
// elsewhere is how often other stores had used them.
func UsedCoupons(shown []loyalty.ShownCoupon, reductions []loyalty.Reduction, elsewhere map[string]int64) []CouponUse {
	var uses []CouponUse
	for _, r := range reductions {
		if r.Serial == "" || loyalty.IsUnnumbered(r.Serial) {
			continue
		}
		use := CouponUse{Serial: r.Serial}
		if i := slices.IndexFunc(shown, func(c loyalty.ShownCoupon) bool { return c.Serial == r.Serial }); i >= 0 {
			use.Before = shown[i].Used - elsewhere[r.Serial]
		}
		uses = append(uses, use)
	}
	return uses
}

func couponsOf(e *loyalty.Entry, elsewhere map[string]int64) []CouponUse {
	if e.Sale == nil {
		return nil
	}
	return UsedCoupons(e.Sale.Shown, e.Sale.Reductions, elsewhere)
}

// insertMarks keeps what later look-ups need of a coupon or a return.
func insertMarks(tx *store.Tx, e *loyalty.Entry) error {
	for _, u := range couponsOf(e, nil) {
		if err := markCoupon(tx, e.Txn, u.Serial); err != nil {
			return err
		}
	}
	for _, c := range e.IssuedCoupons() {
		if _, err := tx.Exec(`INSERT OR IGNORE INTO coupon_issued (serial, seq, digits) VALUES (?, ?, ?)`, c.Serial, e.Seq,
			loyalty.CouponDigits(c.Serial)); err != nil {
			return fmt.Errorf("mark issued coupon %s: %w", c.Serial, err)
		}
	}
	if err := markVoid(tx, e); err != nil {
		return err
	}
	if r := e.Return; r != nil && len(r.Unbilled) == 0 {
		if _, err := tx.Exec(`INSERT INTO sale_return (store, epoch, sale, seq) VALUES (?, ?, ?, ?)`, r.Store, r.Epoch, r.Seq, e.Seq); err != nil {
			return fmt.Errorf("mark return %d: %w", e.Seq, err)
		}
		return freeCoupons(tx, e)
	}
	return nil
}

// freeCoupons makes coupons usable again whose effect a return has undone. Uses are counted where the sale was made.
func freeCoupons(tx *store.Tx, e *loyalty.Entry) error {
	if e.Return.Store != e.Store || e.Return.Epoch != e.Epoch {
		return nil
	}
	for _, c := range e.Return.Coupons {
		_, err := tx.Exec(`DELETE FROM coupon_used WHERE serial = ? AND txn = (SELECT txn FROM entry WHERE seq = ? AND kind = 'sale')`, c.Serial, e.Return.Seq)
		if err != nil {
			return fmt.Errorf("free coupon %s: %w", c.Serial, err)
		}
	}
	return nil
}

// CouponIssued finds a coupon that this store issued; ErrNotFound when it did not.
func (db *DB) CouponIssued(ctx context.Context, serial string) (Committed, error) {
	return db.entry(ctx, `SELECT e.request, e.body, e.hash FROM coupon_issued c JOIN entry e ON e.seq = c.seq WHERE c.serial = ?`, serial)
}

// CouponUses counts the other sales of this store that used a coupon, or hold it.
func (db *DB) CouponUses(ctx context.Context, serial string, by loyalty.TxnID) (int64, error) {
	var others int64
	if err := db.ledger.Read().QueryRowContext(ctx, countUses, serial, by[:]).Scan(&others); err != nil {
		return 0, fmt.Errorf("look for coupon %s: %w", serial, err)
	}
	return others, nil
}

// ErrReturned says that goods of the sale came back since the caller looked.
var ErrReturned = errors.New("the sale has other returns now")

const selectReturns = `FROM sale_return r JOIN entry e ON e.seq = r.seq WHERE r.store = ? AND r.epoch = ? AND r.sale = ?`

// Returns gives every return of a sale that was made in this store, oldest first.
func (db *DB) Returns(ctx context.Context, of loyalty.EntryRef) ([]loyalty.ReturnBody, error) {
	return readReturns(db.reading(ctx), of)
}

func readReturns(look lookup, of loyalty.EntryRef) ([]loyalty.ReturnBody, error) {
	if of.Seq == 0 {
		return nil, nil
	}
	entries, err := readEntries(look, `SELECT e.body `+selectReturns+` ORDER BY r.seq`, of.Store, of.Epoch, of.Seq)
	if err != nil {
		return nil, err
	}
	var all []loyalty.ReturnBody
	for _, e := range entries {
		if e.Return == nil {
			return nil, fmt.Errorf("entry %d is no return", e.Seq)
		}
		all = append(all, *e.Return)
	}
	return all, nil
}

// checkReturn holds a return to the returns that its maker counted in.
func checkReturn(tx *store.Tx, e *loyalty.Entry, counted int) error {
	if e.Return == nil {
		return nil
	}
	var n int
	if err := tx.QueryRow(`SELECT count(*) `+selectReturns, []any{e.Return.Store, e.Return.Epoch, e.Return.Seq}, &n); err != nil {
		return fmt.Errorf("count returns: %w", err)
	}
	if n != counted {
		return fmt.Errorf("%d returns were counted in, there are %d: %w", counted, n, ErrReturned)
	}
	return nil
}
