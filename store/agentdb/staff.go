package agentdb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"loyaltill/agent/loyalty"
	"loyaltill/store"
)

// StaffNumber is what an entry calls them.
type StaffNumber = loyalty.StaffNumber

// Staff is somebody who works in the store.
type Staff struct {
	Number    StaffNumber
	Name      string
	Role      string
	Language  string
	PIN       string // its slow salted hash
	Version   int64  // goes up with every change
	Wrong     int    // tries since the PIN was right
	WaitUntil time.Time
	Since     time.Time
	Ended     time.Time // zero: works here
}

// Errors that callers act on.
var (
	// ErrName says that somebody else who works here has the name.
	ErrName = errors.New("name is taken")
	// ErrLastManager says that nobody would be left who may change anything.
	ErrLastManager = errors.New("the last manager")
)

// WaitError says until when no PIN of somebody is looked at.
type WaitError struct{ Left time.Duration }

func (e *WaitError) Error() string { return fmt.Sprintf("wait %v", e.Left) }

const selectStaff = `SELECT number, name, role, language, pin, version, wrong, wait_until, since, ended FROM staff`

func scanStaff(scan func(...any) error) (s Staff, err error) {
	var wait, since, ended int64
	err = scan(&s.Number, &s.Name, &s.Role, &s.Language, &s.PIN, &s.Version, &s.Wrong, &wait, &since, &ended)
	s.WaitUntil, s.Since = instant(wait), instant(since)
	if ended != 0 {
		s.Ended = instant(ended)
	}
	return s, err
}

// AllStaff is everybody, also who has left.
func (db *DB) AllStaff(ctx context.Context) ([]Staff, error) {
	return query(ctx, db.ledger.Read(), "staff", scanStaff, selectStaff+` ORDER BY number`)
}

// StaffByNumber is one of them.
func (db *DB) StaffByNumber(ctx context.Context, n StaffNumber) (Staff, error) {
	s, err := scanStaff(db.ledger.Read().QueryRowContext(ctx, selectStaff+` WHERE number = ?`, n).Scan)
	if errors.Is(err, sql.ErrNoRows) {
		err = ErrNotFound
	}
	if err != nil {
		return Staff{}, fmt.Errorf("staff %d: %w", n, err)
	}
	return s, nil
}

func staffIn(tx *store.Tx, n StaffNumber) (Staff, error) {
	s, err := scanStaff(func(into ...any) error { return tx.QueryRow(selectStaff+` WHERE number = ?`, []any{n}, into...) })
	if errors.Is(err, sql.ErrNoRows) {
		err = ErrNotFound
	}
	return s, err
}

// AddStaff gives somebody the next number. The same key gives the same person; with another request it is ErrConflict.
func (db *DB) AddStaff(ctx context.Context, key loyalty.TxnID, request [32]byte, s Staff, by Act) (Staff, error) {
	err := db.write(ctx, func(tx *store.Tx) error {
		var before []byte
		err := tx.QueryRow(`SELECT number, request FROM staff WHERE key = ?`, []any{key[:]}, &s.Number, &before)
		if err == nil {
			if [32]byte(before) != request {
				return ErrConflict
			}
			s, err = staffIn(tx, s.Number)
			return err
		}
		if !errors.Is(err, sql.ErrNoRows) {
			return err
		}
		if err := nameFree(tx, s.Name, 0); err != nil {
			return err
		}
		if err := tx.QueryRow(`SELECT coalesce(max(number), 0) + 1 FROM staff`, nil, &s.Number); err != nil {
			return err
		}
		if _, err = tx.Exec(`INSERT INTO staff (number, key, request, name, role, language, pin, since) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
			s.Number, key[:], request[:], s.Name, s.Role, s.Language, s.PIN, millis(tx.Now)); err != nil {
			return err
		}
		by.About = fmt.Sprint(s.Number)
		if _, err := writeAct(tx, by); err != nil {
			return err
		}
		s, err = staffIn(tx, s.Number)
		return err
	})
	if err != nil {
		return Staff{}, fmt.Errorf("add staff: %w", err)
	}
	return s, nil
}

func nameFree(tx *store.Tx, name string, but StaffNumber) error {
	var taken bool
	err := tx.QueryRow(`SELECT EXISTS (SELECT 1 FROM staff WHERE name = ? AND ended = 0 AND number <> ?)`, []any{name, but}, &taken)
	if err == nil && taken {
		err = ErrName
	}
	return err
}

// ChangeStaff changes somebody as change says, in one transaction with its act. keepManager refuses what would leave none.
func (db *DB) ChangeStaff(ctx context.Context, n StaffNumber, keepManager bool, change func(*Staff) Act) (Staff, error) {
	var s Staff
	err := db.write(ctx, func(tx *store.Tx) (err error) {
		if s, err = staffIn(tx, n); err != nil {
			return err
		}
		act := change(&s)
		if err := nameFree(tx, s.Name, n); err != nil && s.Ended.IsZero() {
			return err
		}
		ended := int64(0)
		if !s.Ended.IsZero() {
			ended = millis(s.Ended)
		}
		if _, err := tx.Exec(`UPDATE staff SET name = ?, role = ?, language = ?, pin = ?, version = version + 1, wrong = ?, wait_until = ?, ended = ?
			WHERE number = ?`, s.Name, s.Role, s.Language, s.PIN, s.Wrong, millis(s.WaitUntil), ended, n); err != nil {
			return err
		}
		if err := managerLeft(tx); keepManager && err != nil {
			return err
		}
		if _, err := writeAct(tx, act); err != nil {
			return err
		}
		s, err = staffIn(tx, n)
		return err
	})
	if err != nil {
		return Staff{}, fmt.Errorf("change staff %d: %w", n, err)
	}
	return s, nil
}

func managerLeft(tx *store.Tx) error {
	var left bool
	err := tx.QueryRow(`SELECT EXISTS (SELECT 1 FROM staff WHERE role = 'manager' AND ended = 0)`, nil, &left)
	if err == nil && !left {
		err = ErrLastManager
	}
	return err
}

// TryPIN counts a try before its PIN is looked at, so that neither a cut of the power nor a second try beside it is free. wait is
// how long nobody may try again after so many wrong ones; most is the longest of it. A *WaitError says that it is too early.
func (db *DB) TryPIN(ctx context.Context, n StaffNumber, wait func(wrong int) time.Duration, most time.Duration) (Staff, error) {
	var s Staff
	err := db.write(ctx, func(tx *store.Tx) (err error) {
		if s, err = staffIn(tx, n); err != nil {
			return err
		}
		if left := s.WaitUntil.Sub(tx.Now); left > 0 {
			return &WaitError{min(left, most)} // a clock that was set back locks nobody out for longer
		}
		s.Wrong++
		_, err = tx.Exec(`UPDATE staff SET wrong = ?, wait_until = ? WHERE number = ?`, s.Wrong, millis(tx.Now.Add(wait(s.Wrong))), n)
		return err
	})
	if err != nil {
		return Staff{}, fmt.Errorf("try of staff %d: %w", n, err)
	}
	return s, nil
}

// PINRight forgets the wrong tries.
func (db *DB) PINRight(ctx context.Context, n StaffNumber) error {
	err := db.write(ctx, func(tx *store.Tx) error {
		_, err := tx.Exec(`UPDATE staff SET wrong = 0, wait_until = 0 WHERE number = ?`, n)
		return err
	})
	if err != nil {
		return fmt.Errorf("sign in staff %d: %w", n, err)
	}
	return nil
}

// copyStaff takes people, trail, the web pages that were let in and what printers showed into the ledger of the next life.
func copyStaff(ctx context.Context, tx *store.Tx, from *store.Readers) error {
	for _, t := range [...]struct{ table, columns string }{
		{"staff", `number, key, request, name, role, language, pin, version, wrong, wait_until, since, ended`},
		{"act", `id, at, staff, name, second, what, about, before, after`},
		{"act_refused", `act, code`}, // behind what it refers to
		{"origin", `origin, token, since, staff`},
		{"commissioned", `id, at, lane, staff, name, ticket, model, given, profile, answers`},
	} {
		if err := copyRows(ctx, tx, from, t.table, t.columns); err != nil {
			return err
		}
	}
	return nil
}

func copyRows(ctx context.Context, tx *store.Tx, from *store.Readers, table, columns string) error {
	rows, err := from.QueryContext(ctx, `SELECT `+columns+` FROM `+table+` ORDER BY 1`)
	if err != nil {
		return err
	}
	defer rows.Close()
	n := strings.Count(columns, ",") + 1
	values, into := make([]any, n), make([]any, n)
	for i := range values {
		into[i] = &values[i]
	}
	for rows.Next() {
		if err := rows.Scan(into...); err != nil {
			return err
		}
		if _, err := tx.Exec(`INSERT INTO `+table+` (`+columns+`) VALUES (?`+strings.Repeat(", ?", n-1)+`)`, values...); err != nil {
			return err
		}
	}
	return rows.Err()
}
