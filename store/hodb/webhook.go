package hodb

import (
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// Webhook is an address that is told when days were published, and how far the telling has come.
type Webhook struct {
	Name    string
	URL     string
	Private bool // the address may be one of a private network
	Nonce   []byte
	Told    int64 // number of the close up to which it has heard

	// Of the message on its way.
	Through int64 // number of its last close; 0: there is none
	Tries   int64
	First   time.Time
	Next    time.Time // nothing is sent before

	GaveUp int64     // newest close when the last message was given up; the next one waits for a newer close
	Error  string    // what became of the last try; empty: it was taken
	ToldAt time.Time // when one was last taken; zero: never
}

const webhookColumns = `name, url, private, nonce, told, through, tries, first_at, next_at, gave_up, error, told_at`

func scanWebhook(scan func(...any) error) (w Webhook, err error) {
	var private int64
	var first, next, told int64
	err = scan(&w.Name, &w.URL, &private, &w.Nonce, &w.Told, &w.Through, &w.Tries, &first, &next, &w.GaveUp, &w.Error, &told)
	w.Private, w.First, w.Next, w.ToldAt = private == 1, fromMS(first), fromMS(next), fromMS(told)
	return w, err
}

// fromMS reads an instant; 0 is none.
func fromMS(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}

func toMS(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

// Webhooks are all of them, by name.
func (tx *Tx) Webhooks() ([]Webhook, error) {
	return collect(tx, scanWebhook, `SELECT `+webhookColumns+` FROM webhook ORDER BY name`)
}

// Webhook reads one, for whoever is about to change it.
func (tx *Tx) Webhook(name string) (Webhook, error) {
	w, err := scanWebhook(tx.one(`SELECT `+webhookColumns+` FROM webhook WHERE name = $1`, name))
	if errors.Is(err, sql.ErrNoRows) {
		err = fmt.Errorf("webhook %s: %w", name, ErrNotFound)
	}
	return w, err
}

// PutWebhook enters a webhook, or writes what has become of it.
func (tx *Tx) PutWebhook(w Webhook) error {
	private := 0
	if w.Private {
		private = 1
	}
	err := tx.exec(`INSERT INTO webhook (`+webhookColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
		ON CONFLICT (name) DO UPDATE SET url = excluded.url, private = excluded.private, nonce = excluded.nonce, told = excluded.told,
			through = excluded.through, tries = excluded.tries, first_at = excluded.first_at, next_at = excluded.next_at,
			gave_up = excluded.gave_up, error = excluded.error, told_at = excluded.told_at`,
		w.Name, w.URL, private, w.Nonce, w.Told, w.Through, w.Tries, toMS(w.First), toMS(w.Next), w.GaveUp, w.Error, toMS(w.ToldAt))
	if err != nil {
		return fmt.Errorf("write webhook %s: %w", w.Name, err)
	}
	return nil
}

// RemoveWebhook forgets one.
func (tx *Tx) RemoveWebhook(name string) error {
	n, err := tx.changed(`DELETE FROM webhook WHERE name = $1`, name)
	if err == nil && n == 0 {
		err = fmt.Errorf("webhook %s: %w", name, ErrNotFound)
	}
	return err
}

// NewestClose is the number of the day published last; 0 before the first.
func (tx *Tx) NewestClose() (no int64, err error) {
	err = tx.one(`SELECT COALESCE(MAX(close_no), 0) FROM close`)(&no)
	return no, err
}
