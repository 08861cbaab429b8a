package hodb

import (
	"database/sql"
	"errors"
	"fmt"
	"time"

	"loyaltill/agent/loyalty"
)

// ReservationState says what became of points that a store asked for.
type ReservationState string

const (
	ReservationPending ReservationState = "pending"
	ReservationPosted  ReservationState = "posted"  // the sale has come
	ReservationVoid    ReservationState = "void"    // there will be no sale
	ReservationRefused ReservationState = "refused" // there were not so many
)

// OnlineReservation is points of a member that a store asked for, for one sale.
type OnlineReservation struct {
	Store  loyalty.StoreID
	Epoch  loyalty.Epoch
	Txn    loyalty.TxnID
	Member loyalty.MemberID
	Points loyalty.Points
	State  ReservationState
	Ends   time.Time

	Attempt int64 // of the sale, the newest that was heard of
}

// PutReservation enters one, or another figure for a sale whose reservation was void.
func (tx *Tx) PutReservation(r OnlineReservation) error {
	err := tx.exec(`INSERT INTO online_reservation (store_id, txn_id, epoch, member_id, points, state, made_at, ends_at, attempt)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
		ON CONFLICT (store_id, txn_id) DO UPDATE SET epoch = excluded.epoch, member_id = excluded.member_id, points = excluded.points,
			state = excluded.state, made_at = excluded.made_at, ends_at = excluded.ends_at, attempt = excluded.attempt, void_after = NULL`,
		r.Store, r.Txn[:], r.Epoch, r.Member, r.Points, r.State, tx.now.UnixMilli(), r.Ends.UnixMilli(), r.Attempt)
	if err == nil && r.State == ReservationPending {
		err = tx.exec(`INSERT INTO asked (member_id, store_id, txn_id, points, ends_at) VALUES ($1, $2, $3, $4, $5)`,
			r.Member, r.Store, r.Txn[:], r.Points, r.Ends.UnixMilli())
		if err == nil {
			err = tx.touchMember(r.Member)
		}
	}
	if err != nil {
		return fmt.Errorf("reserve for sale %s: %w", r.Txn, err)
	}
	return nil
}

// Reservation reads one; ErrNotFound when the sale never asked.
func (tx *Tx) Reservation(id loyalty.StoreID, txn loyalty.TxnID) (r OnlineReservation, err error) {
	r.Store, r.Txn = id, txn
	var ends int64
	err = tx.one(`SELECT epoch, member_id, points, state, ends_at, attempt FROM online_reservation WHERE store_id = $1 AND txn_id = $2`,
		id, txn[:])(&r.Epoch, &r.Member, &r.Points, &r.State, &ends, &r.Attempt)
	if errors.Is(err, sql.ErrNoRows) {
		err = ErrNotFound
	}
	if err != nil {
		return r, fmt.Errorf("reservation for sale %s: %w", txn, err)
	}
	r.Ends = time.UnixMilli(ends).UTC()
	return r, nil
}

// Reserved says whether a store has points reserved for sales that have not come.
func (tx *Tx) Reserved(id loyalty.StoreID) (some bool, err error) {
	err = tx.one(`SELECT EXISTS (SELECT 1 FROM online_reservation WHERE store_id = $1 AND state = 'pending')`, id)(&some)
	return some, err
}

// CloseReservation ends a pending reservation; what was not spent by then is the member's to spend again.
func (tx *Tx) CloseReservation(r OnlineReservation, state ReservationState) error {
	n, err := tx.changed(`UPDATE online_reservation SET state = $3 WHERE store_id = $1 AND txn_id = $2 AND state = 'pending'`, r.Store, r.Txn[:], state)
	if err == nil && n > 0 {
		err = tx.exec(`DELETE FROM asked WHERE member_id = $1 AND store_id = $2 AND txn_id = $3`, r.Member, r.Store, r.Txn[:])
		if err == nil {
			err = tx.touchMember(r.Member)
		}
	}
	if err != nil {
		return fmt.Errorf("end reservation for sale %s: %w", r.Txn, err)
	}
	return nil
}

// TryReservation notes that a sale is tried again with the figure that it has.
func (tx *Tx) TryReservation(r OnlineReservation, attempt int64) error {
	return tx.exec(`UPDATE online_reservation SET attempt = $3 WHERE store_id = $1 AND txn_id = $2`, r.Store, r.Txn[:], attempt)
}

// ForgetReservations says that the store's agent has started anew, when its log ended at a number: what it had asked for before
// and is not in the log up to there, it has forgotten.
func (tx *Tx) ForgetReservations(id loyalty.StoreID, epoch loyalty.Epoch, at loyalty.Seq) error {
	return tx.exec(`UPDATE online_reservation SET void_after = $3 WHERE store_id = $1 AND epoch = $2 AND state = 'pending' AND void_after IS NULL`,
		id, epoch, at)
}

// VoidForgotten ends the reservations of a log that its agent has forgotten, as far as the log is posted, and those of the store whose
// time is over.
func (tx *Tx) VoidForgotten(id loyalty.StoreID, epoch loyalty.Epoch, posted loyalty.Seq) error {
	return tx.voidEach(`store_id = $1 AND (epoch = $2 AND void_after <= $3 OR ends_at <= $4)`, id, epoch, posted, tx.now.UnixMilli())
}

// VoidOverdue ends the reservations of all stores whose time is over. Their points were free from then on; now stores hear of it.
func (tx *Tx) VoidOverdue() error {
	return tx.voidEach(`ends_at <= $1`, tx.now.UnixMilli())
}

func (tx *Tx) voidEach(where string, args ...any) error {
	over, err := collect(tx, func(scan func(...any) error) (r OnlineReservation, err error) {
		var txn []byte
		err = scan(&r.Store, &txn, &r.Member)
		copy(r.Txn[:], txn)
		return r, err
	}, `SELECT store_id, txn_id, member_id FROM online_reservation WHERE state = 'pending' AND `+where+` ORDER BY store_id, txn_id`, args...)
	for _, r := range over {
		if err == nil {
			err = tx.CloseReservation(r, ReservationVoid)
		}
	}
	return err
}
