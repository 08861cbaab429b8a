package headoffice

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"

	"github.com/jackc/pgx/v5"

	"loyaltill/agent/loyalty"
	"loyaltill/store"
	"loyaltill/sync/nightly"
	"loyaltill/sync/wire"
)

// database is a sink of typed tables in one schema of a PostgreSQL database. A day, and how far the schema has come, are one
// transaction: each (store, day, revision) is there once, whatever breaks.
type database struct {
	conn   *pgx.Conn
	schema string // checked: it may stand in SQL
}

// schemaShape is a name that needs no quoting.
var schemaShape = regexp.MustCompile(`^[a-z_][a-z0-9_]{0,62}$`)

// closedTables are the tables of docs/nightly.md. A column is added by a later version, never changed.
const closedTables = `
CREATE TABLE IF NOT EXISTS progress (one boolean PRIMARY KEY DEFAULT true CHECK (one), cursor json NOT NULL);
CREATE TABLE IF NOT EXISTS close (store bigint, business_day date, rev integer, cursor bigint NOT NULL UNIQUE, epoch bigint NOT NULL,
	first_seq bigint NOT NULL, last_seq bigint NOT NULL, entries bigint NOT NULL, repeated bigint NOT NULL, totals json NOT NULL, changes json NOT NULL,
	published timestamptz NOT NULL, manifest text NOT NULL, PRIMARY KEY (store, business_day, rev));
CREATE TABLE IF NOT EXISTS entry (store bigint, epoch bigint, seq bigint, business_day date, at timestamptz, kind text NOT NULL, txn uuid,
	counted boolean NOT NULL, lane integer, cashier text, member bigint, programme text, medium text, tier text, currency text, total bigint, reduced bigint,
	value bigint, to_pay bigint, earned bigint, redeemed bigint, points bigint NOT NULL, sold_store bigint, sold_epoch bigint, sold_seq bigint,
	returned bigint, withheld bigint, refund bigint, points_taken bigint, points_back bigint, lines integer NOT NULL,
	closed_day date NOT NULL, rev integer NOT NULL, body text NOT NULL, PRIMARY KEY (store, epoch, seq),
	FOREIGN KEY (store, closed_day, rev) REFERENCES close (store, business_day, rev));
CREATE TABLE IF NOT EXISTS line (store bigint, epoch bigint, seq bigint, no integer, sku text NOT NULL, name text NOT NULL, category text NOT NULL,
	quantity bigint NOT NULL, amount bigint NOT NULL, discount bigint NOT NULL, tax bigint NOT NULL, PRIMARY KEY (store, epoch, seq, no),
	FOREIGN KEY (store, epoch, seq) REFERENCES entry);
CREATE TABLE IF NOT EXISTS tender (store bigint, epoch bigint, seq bigint, no integer, kind text NOT NULL, amount bigint NOT NULL,
	PRIMARY KEY (store, epoch, seq, no), FOREIGN KEY (store, epoch, seq) REFERENCES entry);
CREATE TABLE IF NOT EXISTS movement (store bigint, epoch bigint, seq bigint, no integer, from_account text NOT NULL, to_account text NOT NULL,
	points bigint NOT NULL, lot text NOT NULL, PRIMARY KEY (store, epoch, seq, no), FOREIGN KEY (store, epoch, seq) REFERENCES entry);
`

// PullDatabase fetches every closed day that a schema does not have into its tables, which it makes. address is a PostgreSQL connection
// string; an empty one is taken from the environment (PGHOST, PGPASSWORD, …).
func PullDatabase(ctx context.Context, from PullFrom, address, schema string, got func(Pulled)) (err error) {
	if !schemaShape.MatchString(schema) {
		return &FieldError{"schema", "give a name of a-z, 0-9 and _ such as loyalty", fmt.Errorf("%q", schema)}
	}
	conn, err := pgx.Connect(ctx, address)
	if err != nil {
		return &FieldError{"database", "give a PostgreSQL connection string such as postgres://user@host/name", err}
	}
	defer func() { err = errors.Join(err, conn.Close(context.WithoutCancel(ctx))) }()
	into := &database{conn, schema}
	if err := into.prepare(ctx); err != nil {
		return &FieldError{"schema", "give a schema that this user owns, or a user who may make one", err}
	}
	return pull(ctx, from, into, got)
}

func (s *database) prepare(ctx context.Context) error {
	return pgx.BeginFunc(ctx, s.conn, func(tx pgx.Tx) error {
		for _, statement := range []string{
			"SELECT pg_advisory_xact_lock(hashtext('loyaltill pull'))", // two pulls at a time may both make it
			"CREATE SCHEMA IF NOT EXISTS " + s.schema, "SET search_path = " + s.schema, closedTables} {
			if _, err := tx.Exec(ctx, statement); err != nil {
				return err
			}
		}
		return nil
	})
}

func (s *database) load(ctx context.Context) (at progress, err error) {
	return readProgress(s.conn.QueryRow(ctx, "SELECT cursor FROM progress"))
}

func readProgress(row pgx.Row) (at progress, err error) {
	var doc []byte
	if err = row.Scan(&doc); errors.Is(err, pgx.ErrNoRows) {
		return at, nil
	}
	if err == nil {
		err = decodeStrict(doc, &at)
	}
	if err != nil {
		err = fmt.Errorf("read table progress: %w", err)
	}
	return at, err
}

func (s *database) note(ctx context.Context, at progress) error {
	return pgx.BeginFunc(ctx, s.conn, func(tx pgx.Tx) error { return move(ctx, tx, at.After, at) })
}

// errOtherPull says that the schema has moved meanwhile.
var errOtherPull = errors.New("another pull into this schema is running; run this one again")

// move goes from one cursor to the next, unless another pull has moved it.
func move(ctx context.Context, tx pgx.Tx, from int64, next progress) error {
	if _, err := tx.Exec(ctx, "LOCK TABLE progress IN EXCLUSIVE MODE"); err != nil {
		return err
	}
	at, err := readProgress(tx.QueryRow(ctx, "SELECT cursor FROM progress"))
	if err != nil {
		return err
	}
	if at.After != from {
		return errOtherPull
	}
	doc, err := json.Marshal(next)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, "INSERT INTO progress (cursor) VALUES ($1) ON CONFLICT (one) DO UPDATE SET cursor = excluded.cursor", string(doc))
	return err
}

// keep writes a day and moves the cursor, or does neither.
func (s *database) keep(ctx context.Context, d *closedDay, before, next progress) (place string, err error) {
	bodies, rows, err := d.content(ctx)
	if err != nil {
		return "", err
	}
	err = pgx.BeginFunc(ctx, s.conn, func(tx pgx.Tx) error {
		if err := move(ctx, tx, before.After, next); err != nil {
			return err
		}
		return d.write(ctx, tx, bodies, rows)
	})
	return s.schema, err
}

// content fetches the entries, and the same entries as rows.
func (d *closedDay) content(ctx context.Context) (bodies [][]byte, rows []nightly.Row, err error) {
	log, err := d.whole(ctx, wire.FileNDJSON)
	if err != nil {
		return nil, nil, err
	}
	columns, err := d.whole(ctx, wire.FileParquet)
	if err != nil {
		return nil, nil, err
	}
	if rows, err = nightly.ReadParquet(columns); err != nil {
		return nil, nil, err
	}
	bodies = bytes.Split(bytes.TrimSuffix(log, []byte{'\n'}), []byte{'\n'})
	if len(bodies) != len(rows) || int64(len(rows)) != d.Count {
		return nil, nil, wire.NewProblem(wire.CodeDamaged, "%d entries and %d rows, the manifest says %d", len(bodies), len(rows), d.Count)
	}
	return bodies, rows, nil
}

// whole fetches one of the day's files into memory and checks it.
func (d *closedDay) whole(ctx context.Context, name string) (content []byte, err error) {
	f, found := d.FileNamed(name)
	if !found || f.Bytes < 0 || f.Bytes > maxCloseFile {
		return nil, wire.NewProblem(wire.CodeDamaged, "the day has no %s of at most %d bytes; pull it into a folder", name, maxCloseFile)
	}
	body, _, err := d.fetch(ctx, f, 0)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, body.Close()) }()
	if content, err = io.ReadAll(io.LimitReader(body, f.Bytes+1)); err != nil {
		return nil, err
	}
	if int64(len(content)) != f.Bytes || store.Hash(sha256.Sum256(content)) != f.SHA256 {
		return nil, wire.NewProblem(wire.CodeDamaged, "%s is not the file of the manifest; run pull again", f.Path)
	}
	return content, nil
}

// write fills the tables with a day.
func (d *closedDay) write(ctx context.Context, tx pgx.Tx, bodies [][]byte, rows []nightly.Row) error {
	totals, err := json.Marshal(d.Totals)
	if err != nil {
		return err
	}
	changes, err := json.Marshal(append([]wire.CloseChange{}, d.Changes...))
	if err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `INSERT INTO close (store, business_day, rev, cursor, epoch, first_seq, last_seq, entries, repeated, totals, changes, published, manifest)
		VALUES ($1, $2::text::date, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12::text::timestamptz, $13)`, int64(d.Store), d.Day, d.Revision, d.Cursor, int64(d.Epoch),
		int64(d.First), int64(d.Last), d.Count, d.Repeated, string(totals), string(changes), d.Published, string(d.line)); err != nil {
		return err
	}
	var t tables
	for i := range rows {
		t.add(&rows[i], bodies[i])
	}
	return t.copy(ctx, tx, d)
}

// tables are rows on their way into the tables beneath a close.
type tables struct{ entries, lines, tenders, movements [][]any }

func (t *tables) add(r *nightly.Row, body []byte) {
	t.entries = append(t.entries, []any{r.Store, r.Epoch, r.Seq, r.BusinessDay(), r.At, noZero(r.Kind), r.Txn, r.Counted, r.Lane, plain(r.Cashier), r.Member,
		plain(r.Programme), r.Medium, plain(r.Tier), plain(r.Currency), r.Total, r.Reduced, r.Value, r.ToPay, r.Earned, r.Redeemed, r.Points, r.SoldStore,
		r.SoldEpoch, r.SoldSeq, r.Returned, r.Withheld, r.Refund, r.TakenBack, r.GivenBack, r.LinesCount, nil, nil, string(body)})
	e, err := loyalty.DecodeEntry(body)
	if err != nil {
		return // its row says so
	}
	if e.Sale != nil {
		for i, l := range e.Sale.Lines {
			t.lines = append(t.lines, []any{r.Store, r.Epoch, r.Seq, i + 1, noZero(l.SKU), noZero(l.Name), noZero(l.Category), l.Quantity, l.Amount, l.Discount, l.Tax})
		}
		for i, p := range e.Sale.Tenders {
			t.tenders = append(t.tenders, []any{r.Store, r.Epoch, r.Seq, i + 1, noZero(string(p.Kind)), p.Amount})
		}
	}
	for i, m := range e.Moves {
		t.movements = append(t.movements, []any{r.Store, r.Epoch, r.Seq, i + 1, noZero(m.From), noZero(m.To), int64(m.Points), noZero(string(m.Lot))})
	}
}

// noZero takes out what PostgreSQL's text cannot hold; the body has it, escaped.
func noZero(s string) string { return strings.ReplaceAll(s, "\x00", "") }

func plain(s *string) *string {
	if s == nil {
		return nil
	}
	clean := noZero(*s)
	return &clean
}

func (t *tables) copy(ctx context.Context, tx pgx.Tx, d *closedDay) error {
	day := d.businessDay()
	for _, row := range t.entries {
		row[len(row)-3], row[len(row)-2] = day, d.Revision
	}
	for _, part := range []struct {
		name    string
		columns string
		rows    [][]any
	}{
		{"entry", strings.Join(nightly.Columns(), " ") + " closed_day rev body", t.entries},
		{"line", "store epoch seq no sku name category quantity amount discount tax", t.lines},
		{"tender", "store epoch seq no kind amount", t.tenders},
		{"movement", "store epoch seq no from_account to_account points lot", t.movements},
	} {
		if _, err := tx.CopyFrom(ctx, pgx.Identifier{part.name}, strings.Fields(part.columns), pgx.CopyFromRows(part.rows)); err != nil {
			return fmt.Errorf("write table %s: %w", part.name, err)
		}
	}
	return nil
}
