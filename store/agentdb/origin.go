package agentdb

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"loyaltill/store"
)

// Origin is a web page of another server that may call the agent: scheme, host and port.
type Origin struct {
	Origin string
	Token  [sha256.Size]byte // hash of the token that works from there
	Since  time.Time
	Staff  StaffNumber // who let it in
}

const selectOrigin = `SELECT origin, token, since, staff FROM origin`

func scanOrigin(scan func(...any) error) (o Origin, err error) {
	var token []byte
	var since int64
	if err = scan(&o.Origin, &token, &since, &o.Staff); err == nil {
		o.Token, o.Since = [sha256.Size]byte(token), instant(since)
	}
	return o, err
}

// Origins are all of them, by name.
func (db *DB) Origins(ctx context.Context) ([]Origin, error) {
	return query(ctx, db.ledger.Read(), "origins", scanOrigin, selectOrigin+` ORDER BY origin`)
}

// OriginByName is one of them, or ErrNotFound.
func (db *DB) OriginByName(ctx context.Context, name string) (Origin, error) {
	o, err := scanOrigin(db.ledger.Read().QueryRowContext(ctx, selectOrigin+` WHERE origin = ?`, name).Scan)
	if errors.Is(err, sql.ErrNoRows) {
		err = ErrNotFound
	}
	if err != nil {
		return Origin{}, fmt.Errorf("origin: %w", err)
	}
	return o, nil
}

// AllowOrigin lets a page in; its token before, if it had one, works no more.
func (db *DB) AllowOrigin(ctx context.Context, o Origin) error {
	err := db.write(ctx, func(tx *store.Tx) error {
		_, err := tx.Exec(`INSERT INTO origin (origin, token, since, staff) VALUES (?, ?, ?, ?)
			ON CONFLICT (origin) DO UPDATE SET token = excluded.token, since = excluded.since, staff = excluded.staff`,
			o.Origin, o.Token[:], millis(tx.Now), o.Staff)
		return err
	})
	if err != nil {
		return fmt.Errorf("allow origin: %w", err)
	}
	return nil
}

// EndOrigin lets a page in no more. One that was not let in is ErrNotFound.
func (db *DB) EndOrigin(ctx context.Context, name string) error {
	err := db.write(ctx, func(tx *store.Tx) error {
		var known bool
		if err := tx.QueryRow(`SELECT EXISTS (SELECT 1 FROM origin WHERE origin = ?)`, []any{name}, &known); err != nil {
			return err
		}
		if !known {
			return ErrNotFound
		}
		_, err := tx.Exec(`DELETE FROM origin WHERE origin = ?`, name)
		return err
	})
	if err != nil {
		return fmt.Errorf("end origin: %w", err)
	}
	return nil
}
