package hodb

import (
	"database/sql"
	"errors"
	"fmt"
	"time"

	"loyaltill/agent/loyalty"
)

// CloseFile is one file of a published day.
type CloseFile struct {
	Name    string
	Content []byte
}

// AddCloseFiles keeps the files of a published day.
func (tx *Tx) AddCloseFiles(c Close, files []CloseFile) error {
	for _, f := range files {
		err := tx.exec(`INSERT INTO close_file (store_id, business_day, rev, name, content) VALUES ($1, $2, $3, $4, $5)`,
			c.Range.Store, c.Day, c.Revision, f.Name, f.Content)
		if err != nil {
			return fmt.Errorf("publish %s of %s of store %d: %w", f.Name, c.Day, c.Range.Store, err)
		}
	}
	return nil
}

// CloseFile reads one file of a published day.
func (tx *Tx) CloseFile(id loyalty.StoreID, day string, revision int, name string) (content []byte, err error) {
	err = tx.one(`SELECT content FROM close_file WHERE store_id = $1 AND business_day = $2 AND rev = $3 AND name = $4`,
		id, day, revision, name)(&content)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, fmt.Errorf("%s of store %d on %s, revision %d: %w", name, id, day, revision, ErrNotFound)
	}
	return content, err
}

// ClosesOf are the revisions of a store's business day so far.
func (tx *Tx) ClosesOf(id loyalty.StoreID, day string) ([]Close, error) {
	return collect(tx, scanClose, `SELECT `+closeColumns+` FROM close WHERE store_id = $1 AND business_day = $2 ORDER BY rev`, id, day)
}

// Acknowledge notes that a back office has a published day; the first time counts.
func (tx *Tx) Acknowledge(c Close, backOffice string) error {
	return tx.exec(`INSERT INTO close_receipt (store_id, business_day, rev, back_office, close_no, received_at)
		VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (store_id, business_day, rev, back_office) DO NOTHING`,
		c.Range.Store, c.Day, c.Revision, backOffice, c.No, tx.now.UnixMilli())
}

// Receipts is how far a back office has come.
type Receipts struct {
	BackOffice string
	Count      int64 // days that it has
	Newest     int64 // cursor of the newest of them
	Missing    int64 // published days below Newest that it does not have
	Behind     int64 // published days above Newest
	LastAt     time.Time
}

// Receipts tells of every back office that ever acknowledged a day.
func (tx *Tx) Receipts() ([]Receipts, error) {
	return collect(tx, func(scan func(...any) error) (r Receipts, err error) {
		var at int64
		err = scan(&r.BackOffice, &r.Count, &r.Newest, &r.Missing, &r.Behind, &at)
		r.LastAt = time.UnixMilli(at)
		return r, err
	}, `SELECT r.back_office, r.n, r.newest,
			(SELECT COUNT(*) FROM close c WHERE c.close_no <= r.newest) - r.n, (SELECT COUNT(*) FROM close c WHERE c.close_no > r.newest), r.last_at
		FROM (SELECT back_office, COUNT(*) AS n, MAX(close_no) AS newest, MAX(received_at) AS last_at FROM close_receipt GROUP BY back_office) AS r
		ORDER BY r.back_office`)
}

// ReceiptsOf are the back offices that have a published day, and since when.
func (tx *Tx) ReceiptsOf(c Close) (map[string]time.Time, error) {
	type receipt struct {
		who string
		at  int64
	}
	rows, err := collect(tx, func(scan func(...any) error) (r receipt, err error) {
		err = scan(&r.who, &r.at)
		return r, err
	}, `SELECT back_office, received_at FROM close_receipt WHERE store_id = $1 AND business_day = $2 AND rev = $3`,
		c.Range.Store, c.Day, c.Revision)
	out := make(map[string]time.Time, len(rows))
	for _, r := range rows {
		out[r.who] = time.UnixMilli(r.at)
	}
	return out, err
}
