package hodb

import (
	"fmt"

	"loyaltill/agent/loyalty"
)

// CouponState is what became of a coupon in the chain, as far as stores have told.
type CouponState struct {
	Used int64 // by sales of every store but the one that asks
	Void bool
}

// UseCoupon writes down that a sale used a coupon, and gives how many sales have.
func (tx *Tx) UseCoupon(serial string, by EntryKey) (uses int64, err error) {
	err = tx.exec(`INSERT INTO coupon_use (serial, store_id, epoch, seq) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING`,
		serial, by.Store, by.Epoch, by.Seq)
	if err == nil {
		err = tx.one(`SELECT COUNT(*) FROM coupon_use WHERE serial = $1`, serial)(&uses)
	}
	if err == nil {
		err = tx.touchFeed(TopicCoupon, 0, serial)
	}
	if err != nil {
		return 0, fmt.Errorf("use of coupon %s: %w", serial, err)
	}
	return uses, nil
}

// FreeCoupon takes a use back: the goods of the sale were returned.
func (tx *Tx) FreeCoupon(serial string, by EntryKey) error {
	err := tx.exec(`DELETE FROM coupon_use WHERE serial = $1 AND store_id = $2 AND epoch = $3 AND seq = $4`, serial, by.Store, by.Epoch, by.Seq)
	if err == nil {
		err = tx.touchFeed(TopicCoupon, 0, serial)
	}
	if err != nil {
		return fmt.Errorf("free coupon %s: %w", serial, err)
	}
	return nil
}

// VoidCoupon takes a coupon out of use in every store, and gives how many sales have used it.
func (tx *Tx) VoidCoupon(serial string, by loyalty.StoreID) (uses int64, err error) {
	err = tx.exec(`INSERT INTO coupon_void (serial, store_id) VALUES ($1, $2) ON CONFLICT DO NOTHING`, serial, by)
	if err == nil {
		err = tx.one(`SELECT COUNT(*) FROM coupon_use WHERE serial = $1`, serial)(&uses)
	}
	if err == nil {
		err = tx.touchFeed(TopicCoupon, 0, serial)
	}
	if err != nil {
		return 0, fmt.Errorf("void coupon %s: %w", serial, err)
	}
	return uses, nil
}

// Coupon is what one store is told of a coupon. Its own sales it knows better.
func (tx *Tx) Coupon(serial string, asking loyalty.StoreID) (s CouponState, err error) {
	err = tx.one(`SELECT (SELECT COUNT(*) FROM coupon_use WHERE serial = $1 AND store_id <> $2),
		EXISTS (SELECT 1 FROM coupon_void WHERE serial = $1)`, serial, asking)(&s.Used, &s.Void)
	if err != nil {
		return CouponState{}, fmt.Errorf("coupon %s: %w", serial, err)
	}
	return s, nil
}
