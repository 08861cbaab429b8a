package agentdb

import (
	"context"
	"fmt"
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

// Acts reads the trail, newest first: below an id, or from its end when that is 0.
func (db *DB) Acts(ctx context.Context, below int64, limit int) ([]Act, error) {
	return query(ctx, db.ledger.Read(), "the trail", func(scan func(...any) error) (a Act, err error) {
		var at int64
		err = scan(&a.ID, &at, &a.Staff, &a.Name, &a.Second, &a.What, &a.About, &a.Before, &a.After, &a.Refused)
		a.At = instant(at)
		return a, err
	}, `SELECT id, at, staff, name, second, what, about, before, after, coalesce(code, '') FROM act LEFT JOIN act_refused ON act = id
		WHERE ? = 0 OR id < ? ORDER BY id DESC LIMIT ?`, below, below, limit)
}
