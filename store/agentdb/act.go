package agentdb

import (
	"context"
	"fmt"
	"math"
	"time"

	"loyaltill/store"
)

// Act is something that somebody did by hand: a row of the trail.
type Act struct {
	ID      int64
	At      time.Time
	Staff   StaffNumber // 0: at the command line of this machine
	Name    string      // of them, as it was then
	Second  StaffNumber // who agreed to it, 0 for nobody
	What    string
	About   string
	Before  string
	After   string
	Refused string // why it came to nothing
}

// WriteAct puts an act into the trail before it is done, so that nothing is done without a trace.
func (db *DB) WriteAct(ctx context.Context, a Act) (int64, error) {
	var id int64
	err := db.write(ctx, func(tx *store.Tx) (err error) {
		id, err = writeAct(tx, a)
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("write down %s: %w", a.What, err)
	}
	return id, nil
}

func writeAct(tx *store.Tx, a Act) (id int64, err error) {
	if err := tx.QueryRow(`SELECT coalesce(max(id), 0) + 1 FROM act`, nil, &id); err != nil {
		return 0, err
	}
	_, err = tx.Exec(`INSERT INTO act (id, at, staff, name, second, what, about, before, after) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		id, millis(tx.Now), a.Staff, a.Name, a.Second, a.What, a.About, a.Before, a.After)
	return id, err
}

// RefuseAct says in the trail why an act came to nothing.
func (db *DB) RefuseAct(ctx context.Context, id int64, code string) error {
	err := db.write(ctx, func(tx *store.Tx) error {
		_, err := tx.Exec(`INSERT INTO act_refused (act, code) VALUES (?, ?) ON CONFLICT DO NOTHING`, id, code)
		return err
	})
	if err != nil {
		return fmt.Errorf("write down the end of act %d: %w", id, err)
	}
	return nil
}

// ActFilter is which acts are asked for; what is zero asks for all.
type ActFilter struct {
	Below       int64 // the last id of the page before
	Person      string
	What        string
	From, Until time.Time // from the first until before the second
	Limit       int
}

// Acts reads the trail, newest first.
func (db *DB) Acts(ctx context.Context, f ActFilter) ([]Act, error) {
	until := int64(math.MaxInt64)
	if !f.Until.IsZero() {
		until = millis(f.Until)
	}
	from := int64(0)
	if !f.From.IsZero() {
		from = millis(f.From)
	}
	return db.acts(ctx, `WHERE (?1 = 0 OR id < ?1) AND (?2 = '' OR name = ?2) AND (?3 = '' OR what = ?3) AND at >= ?4 AND at < ?5
		ORDER BY id DESC LIMIT ?6`, f.Below, f.Person, f.What, from, until, f.Limit)
}

// ActNames are the people and the kinds of acts that the trail has, in order.
func (db *DB) ActNames(ctx context.Context) (people, whats []string, err error) {
	text := func(scan func(...any) error) (s string, err error) { return s, scan(&s) }
	if people, err = query(ctx, db.ledger.Read(), "people of the trail", text, `SELECT DISTINCT name FROM act ORDER BY name`); err != nil {
		return nil, nil, err
	}
	whats, err = query(ctx, db.ledger.Read(), "kinds of acts", text, `SELECT DISTINCT what FROM act ORDER BY what`)
	return people, whats, err
}

// acts reads those that a condition names.
func (db *DB) acts(ctx context.Context, which string, args ...any) ([]Act, error) {
	return query(ctx, db.ledger.Read(), "the trail", func(scan func(...any) error) (a Act, err error) {
		var at int64
		err = scan(&a.ID, &at, &a.Staff, &a.Name, &a.Second, &a.What, &a.About, &a.Before, &a.After, &a.Refused)
		a.At = instant(at)
		return a, err
	}, `SELECT id, at, staff, name, second, what, about, before, after, coalesce(code, '') FROM act LEFT JOIN act_refused ON act = id `+which, args...)
}
