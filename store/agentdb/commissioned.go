package agentdb

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"loyaltill/agent/loyalty"
	"loyaltill/store"
)

// Commissioned is what somebody saw on the ticket of a lane's printer.
type Commissioned struct {
	At      time.Time
	Lane    loyalty.LaneID
	Staff   StaffNumber
	Name    string // of them, as it was then
	Ticket  string // key of its job
	Model   string // as the printer names itself
	Given   string // the profile before
	Profile string // id and hash of the one after
	Answers []TicketAnswer
}

// TicketAnswer is what was said to one question.
type TicketAnswer struct {
	About string `json:"about"`
	Of    string `json:"of,omitempty"`
	Yes   bool   `json:"yes"`
}

const selectCommissioned = `SELECT at, lane, staff, name, ticket, model, given, profile, answers FROM commissioned`

func scanCommissioned(scan func(...any) error) (c Commissioned, err error) {
	var at int64
	var answers string
	if err = scan(&at, &c.Lane, &c.Staff, &c.Name, &c.Ticket, &c.Model, &c.Given, &c.Profile, &answers); err != nil {
		return c, err
	}
	c.At = instant(at)
	return c, json.Unmarshal([]byte(answers), &c.Answers)
}

// Commission keeps the answers to a ticket; a ticket is answered once.
func (db *DB) Commission(ctx context.Context, c Commissioned) error {
	answers, err := json.Marshal(c.Answers)
	if err != nil {
		return fmt.Errorf("keep the answers to ticket %s: %w", c.Ticket, err)
	}
	err = db.write(ctx, func(tx *store.Tx) error {
		_, err := tx.Exec(`INSERT INTO commissioned (at, lane, staff, name, ticket, model, given, profile, answers) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
			millis(tx.Now), c.Lane, c.Staff, c.Name, c.Ticket, c.Model, c.Given, c.Profile, string(answers))
		return err
	})
	if err != nil {
		return fmt.Errorf("keep the answers to ticket %s: %w", c.Ticket, err)
	}
	return nil
}

// CommissionedBy is what was answered to a ticket, or ErrNotFound.
func (db *DB) CommissionedBy(ctx context.Context, ticket string) (Commissioned, error) {
	c, err := scanCommissioned(db.ledger.Read().QueryRowContext(ctx, selectCommissioned+` WHERE ticket = ?`, ticket).Scan)
	if errors.Is(err, sql.ErrNoRows) {
		err = ErrNotFound
	}
	if err != nil {
		return Commissioned{}, fmt.Errorf("answers to ticket %s: %w", ticket, err)
	}
	return c, nil
}

// LastCommissioned is the newest ticket of each lane that was answered.
func (db *DB) LastCommissioned(ctx context.Context) ([]Commissioned, error) {
	return query(ctx, db.ledger.Read(), "answers to tickets", scanCommissioned,
		selectCommissioned+` WHERE id IN (SELECT max(id) FROM commissioned GROUP BY lane) ORDER BY lane`)
}
