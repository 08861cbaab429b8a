package hodb

import (
	"database/sql"
	"fmt"
	"time"

	"loyaltill/agent/loyalty"
)

// Condition is how the books stand at one moment, for whoever watches over head office.
type Condition struct {
	Heads          map[HeadState]int64 `json:"heads"`
	Quiet          []Quiet             `json:"quiet"`
	Newest         time.Time           `json:"newest"` // change of a store's log; zero: there is no store
	WaitingBatches int64               `json:"waiting_batches"`
	WaitingEntries int64               `json:"waiting_entries"`
	PostingLag     time.Duration       `json:"posting_lag_ns"`
	Cases          map[CaseKind]int64  `json:"cases"` // open ones
	Suspense       map[string]int64    `json:"suspense"`
	Differences    int64               `json:"differences"`
	Overdrafts     map[string]int64    `json:"overdrafts"` // sales that took what was not there, by who bears it
	Overdrawn      map[string]int64    `json:"overdrawn"`  // their points
	FeedHead       int64               `json:"feed_head"`
	Closes         int64               `json:"closes"`
	Unclosed       []Unclosed          `json:"unclosed"`
	Untaken        int64               `json:"untaken"` // webhooks whose last message was not taken
}

// Unclosed is the first entry of a store's log that belongs to no published day.
type Unclosed struct {
	Store    loyalty.StoreID `json:"store"`
	TimeZone string          `json:"time_zone"`
	DayCut   string          `json:"day_cut"` // HH:MM; empty is midnight
	Day      string          `json:"day"`     // business day; empty when the entry cannot be read
}

// Quiet is a store of which nothing was heard for QuietAfter, and the days on which it sold before.
type Quiet struct {
	Store    loyalty.StoreID `json:"store"`
	TimeZone string          `json:"time_zone"`
	Heard    time.Time       `json:"heard"` // an entry, or a start of its agent
	Days     []string        `json:"days"`  // business days published within QuietHabit, rising
}

const (
	QuietAfter = 24 * time.Hour
	QuietHabit = 35 * 24 * time.Hour
)

// Condition reads it.
func (tx *Tx) Condition() (c Condition, err error) {
	for _, step := range []func(*Condition) error{tx.heads, tx.waiting, tx.questions, tx.published} {
		if err := step(&c); err != nil {
			return c, fmt.Errorf("condition of the books: %w", err)
		}
	}
	return c, nil
}

func (tx *Tx) heads(c *Condition) (err error) {
	if c.Heads, err = counted[HeadState](tx, `SELECT state, COUNT(*) FROM store_head WHERE state <> 'closed' GROUP BY state`); err != nil {
		return err
	}
	var newest int64
	if err := tx.one(`SELECT COALESCE(MAX(moved_at), 0) FROM store_head`)(&newest); err != nil {
		return err
	}
	if newest > 0 {
		c.Newest = time.UnixMilli(newest)
	}
	c.Quiet, err = tx.quiet()
	return err
}

// quiet reads the stores that were not heard, each with its days.
func (tx *Tx) quiet() (all []Quiet, err error) {
	_, err = collect(tx, func(scan func(...any) error) (none struct{}, err error) {
		var q Quiet
		var heard int64
		var day string
		if err = scan(&q.Store, &q.TimeZone, &heard, &day); err != nil {
			return none, err
		}
		if len(all) == 0 || all[len(all)-1].Store != q.Store {
			q.Heard, q.Days = time.UnixMilli(heard), []string{}
			all = append(all, q)
		}
		if last := &all[len(all)-1]; day != "" {
			last.Days = append(last.Days, day)
		}
		return none, nil
	}, `SELECT q.store_id, s.time_zone, q.heard, COALESCE(c.business_day, '') FROM (
			SELECT h.store_id, MAX(CASE WHEN h.opened_at > h.moved_at THEN h.opened_at ELSE h.moved_at END) AS heard
			FROM (SELECT store_id, moved_at, COALESCE((SELECT opened_at FROM session o WHERE o.store_id = store_head.store_id
				AND o.epoch = store_head.epoch ORDER BY session_no DESC LIMIT 1), 0) AS opened_at
				FROM store_head WHERE state <> 'closed' AND moved_at < $1) AS h GROUP BY h.store_id) AS q
		JOIN store s ON s.store_id = q.store_id
		LEFT JOIN close c ON c.store_id = q.store_id AND c.business_day >= $2 AND c.rev = 1
		WHERE q.heard < $1 ORDER BY q.store_id, c.business_day`,
		tx.now.Add(-QuietAfter).UnixMilli(), tx.now.Add(-QuietHabit).UTC().Format(time.DateOnly))
	return all, err
}

func (tx *Tx) waiting(c *Condition) error {
	var oldest sql.NullInt64
	err := tx.one(`SELECT COUNT(*), COALESCE(SUM(last_seq - first_seq + 1), 0), MIN(received_at) FROM batch WHERE posted_at IS NULL`)(
		&c.WaitingBatches, &c.WaitingEntries, &oldest)
	if oldest.Valid {
		c.PostingLag = max(0, tx.now.Sub(time.UnixMilli(oldest.Int64)))
	}
	return err
}

func (tx *Tx) questions(c *Condition) (err error) {
	if c.Cases, err = counted[CaseKind](tx, `SELECT kind, COUNT(*) FROM case_file WHERE state = 'open' GROUP BY kind`); err != nil {
		return err
	}
	if c.Suspense, err = counted[string](tx, `SELECT reason, COUNT(*) FROM suspense GROUP BY reason`); err != nil {
		return err
	}
	if c.Overdrafts, err = counted[string](tx, `SELECT bears, COUNT(*) FROM overdraft GROUP BY bears`); err != nil {
		return err
	}
	if c.Overdrawn, err = counted[string](tx, `SELECT bears, CAST(SUM(points) AS BIGINT) FROM overdraft GROUP BY bears`); err != nil {
		return err
	}
	return tx.one(`SELECT COUNT(*) FROM difference`)(&c.Differences)
}

func (tx *Tx) published(c *Condition) (err error) {
	if _, c.FeedHead, err = tx.FeedHead(); err != nil {
		return err
	}
	if err := tx.one(`SELECT value, (SELECT COUNT(*) FROM webhook WHERE error <> '') FROM counter WHERE name = 'close'`)(&c.Closes, &c.Untaken); err != nil {
		return err
	}
	c.Unclosed, err = collect(tx, func(scan func(...any) error) (u Unclosed, err error) {
		var body []byte
		if err = scan(&u.Store, &u.TimeZone, &u.DayCut, &body); err != nil {
			return u, err
		}
		if e, bad := loyalty.DecodeEntry(body); bad == nil {
			u.Day = e.Day
		}
		return u, nil
	}, `SELECT h.store_id, s.time_zone, s.day_cut, e.body FROM store_head h JOIN store s ON s.store_id = h.store_id
		JOIN entry e ON e.store_id = h.store_id AND e.epoch = h.epoch AND e.seq =
			(SELECT COALESCE(MAX(c.last_seq), 0) + 1 FROM close c WHERE c.store_id = h.store_id AND c.epoch = h.epoch)
		WHERE h.state <> 'closed' AND e.seq <= h.posted_seq ORDER BY h.store_id`)
	return err
}

// counted reads how many rows each of a few names has.
func counted[K ~string](tx *Tx, query string) (map[K]int64, error) {
	type row struct {
		name K
		n    int64
	}
	rows, err := collect(tx, func(scan func(...any) error) (r row, err error) {
		err = scan(&r.name, &r.n)
		return r, err
	}, query)
	all := make(map[K]int64, len(rows))
	for _, r := range rows {
		all[r.name] = r.n
	}
	return all, err
}

// ReceivedAt is when a batch arrived.
func (tx *Tx) ReceivedAt(r Range) (time.Time, error) {
	var ms int64
	err := tx.one(`SELECT received_at FROM batch WHERE store_id = $1 AND epoch = $2 AND first_seq = $3`, r.Store, r.Epoch, r.First)(&ms)
	return time.UnixMilli(ms), err
}
