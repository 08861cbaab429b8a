package hodb

import (
	"database/sql"
	"errors"
	"fmt"

	"loyaltill/agent/loyalty"
)

// Close is one published business day: a part of a log and the line that describes it.
type Close struct {
	No       int64 // cursor of whoever pulls
	Range    Range
	Day      string
	Revision int
	Manifest []byte // without line end
}

// NextClose says where a store's next published day begins, its number, its revision, and the line before it (nil at first).
type NextClose struct {
	No       int64
	First    loyalty.Seq
	Revision int
	Previous []byte
}

// NextClose draws the number of the next close and finds its neighbours. Ranges tile each log.
func (tx *Tx) NextClose(id loyalty.StoreID, epoch loyalty.Epoch, day string) (n NextClose, err error) {
	if n.No, err = tx.draw("close", 1); err != nil {
		return n, err
	}
	err = tx.one(`SELECT COALESCE(MAX(last_seq), 0) + 1 FROM close WHERE store_id = $1 AND epoch = $2`, id, epoch)(&n.First)
	if err != nil {
		return n, err
	}
	err = tx.one(`SELECT COALESCE(MAX(rev), 0) + 1 FROM close WHERE store_id = $1 AND business_day = $2`, id, day)(&n.Revision)
	if err != nil {
		return n, err
	}
	err = tx.one(`SELECT manifest FROM close WHERE store_id = $1 ORDER BY close_no DESC LIMIT 1`, id)(&n.Previous)
	if errors.Is(err, sql.ErrNoRows) {
		err = nil
	}
	return n, err
}

// AddClose publishes a day.
func (tx *Tx) AddClose(c Close) error {
	r := c.Range
	err := tx.exec(`INSERT INTO close (store_id, business_day, rev, close_no, epoch, first_seq, last_seq, manifest)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`, r.Store, c.Day, c.Revision, c.No, r.Epoch, r.First, r.Last, c.Manifest)
	if err != nil {
		return fmt.Errorf("publish %s of store %d: %w", c.Day, r.Store, err)
	}
	return nil
}

const closeColumns = `close_no, store_id, epoch, first_seq, last_seq, business_day, rev, manifest`

func scanClose(scan func(...any) error) (c Close, err error) {
	r := &c.Range
	err = scan(&c.No, &r.Store, &r.Epoch, &r.First, &r.Last, &c.Day, &c.Revision, &c.Manifest)
	return c, err
}

// Closes are the published days after a cursor.
func (tx *Tx) Closes(after int64, limit int) ([]Close, error) {
	return collect(tx, scanClose, `SELECT `+closeColumns+` FROM close WHERE close_no > $1 ORDER BY close_no LIMIT $2`, after, limit)
}

// Close reads one published day.
func (tx *Tx) Close(id loyalty.StoreID, day string, revision int) (Close, error) {
	c, err := scanClose(tx.one(`SELECT `+closeColumns+` FROM close WHERE store_id = $1 AND business_day = $2 AND rev = $3`,
		id, day, revision))
	if errors.Is(err, sql.ErrNoRows) {
		return c, fmt.Errorf("close of store %d on %s, revision %d: %w", id, day, revision, ErrNotFound)
	}
	return c, err
}
