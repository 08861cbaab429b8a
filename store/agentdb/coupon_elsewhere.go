package agentdb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"loyaltill/store"
)

// CouponElsewhere is what head office knows of a coupon beside this store's own sales.
type CouponElsewhere struct {
	Serial string
	Used   int64 // by sales of other stores
	Void   bool
}

func putCoupon(tx *store.Tx, c *CouponElsewhere, epoch uint32) error {
	_, err := tx.Exec(`INSERT INTO coupon_elsewhere (serial, used, void, feed_epoch) VALUES (?, ?, ?, ?)
		ON CONFLICT (serial) DO UPDATE SET used = excluded.used, void = excluded.void, feed_epoch = excluded.feed_epoch`, c.Serial, c.Used, c.Void, epoch)
	return err
}

// CouponElsewhere is what head office told of a coupon; nothing for one that it never named.
func (db *DB) CouponElsewhere(ctx context.Context, serial string) (c CouponElsewhere, err error) {
	c.Serial = serial
	err = db.members.Read().QueryRowContext(ctx, `SELECT used, void FROM coupon_elsewhere WHERE serial = ?`, serial).Scan(&c.Used, &c.Void)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return c, fmt.Errorf("coupon %s elsewhere: %w", serial, err)
	}
	return c, nil
}
