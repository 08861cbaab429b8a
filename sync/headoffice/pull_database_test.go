package headoffice

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"loyaltill/internal/pgserver"
	"loyaltill/sync/wire"
)

// tablesOf is a back office's database.
type tablesOf struct {
	*accounts
	address string
	conn    *pgx.Conn
}

func (a *accounts) tables(t *testing.T) *tablesOf {
	address := pgserver.New(t)
	conn, err := pgx.Connect(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	return &tablesOf{a, address, conn}
}

func (b *tablesOf) pull() (days []Pulled, err error) {
	err = PullDatabase(b.t.Context(), PullFrom{b.identity, b.accounts.address, time.Now}, b.address, "loyalty", func(p Pulled) { days = append(days, p) })
	return days, err
}

// ask runs a query that gives one number.
func (b *tablesOf) ask(query string) (n int64) {
	b.t.Helper()
	if err := b.conn.QueryRow(b.t.Context(), query).Scan(&n); err != nil {
		b.t.Fatalf("%s: %v", query, err)
	}
	return n
}

func TestClosedDaysArePulledIntoADatabaseOnce(t *testing.T) {
	c, shop := closedShop(t)
	a := *c.accounts("accounts")
	b := a.tables(t)
	if days, err := b.pull(); err != nil || len(days) != 1 || days[0].Place != "loyalty" {
		t.Fatal(days, err)
	}
	if days, err := b.pull(); err != nil || len(days) != 0 {
		t.Fatal(days, err)
	}
	shop.clock = shop.clock.Add(24 * time.Hour)
	shop.sell(0, 100)
	shop.closeDay()
	shop.sync()
	c.settled()

	// The next day does not arrive whole at first: nothing of it may stay.
	inner := *a.centre
	b.accounts.centre = &inner
	straight := inner.address
	b.tamper(func(path string, body []byte) []byte {
		if strings.HasSuffix(path, wire.FileParquet) {
			return body[:len(body)-1]
		}
		return body
	})
	if _, err := b.pull(); mustFail[*wire.Problem](t, err).Code != wire.CodeDamaged {
		t.Error(err)
	}
	if n := b.ask("SELECT count(*) FROM loyalty.entry"); n != 3 {
		t.Errorf("%d entries after a pull that failed", n)
	}
	inner.address = straight
	if days, err := b.pull(); err != nil || len(days) != 1 {
		t.Fatal(days, err)
	}
	for query, want := range map[string]int64{
		"SELECT count(*) FROM loyalty.close":                                                                                2,
		"SELECT count(*) FROM loyalty.entry":                                                                                5,
		"SELECT sum(total) FROM loyalty.entry WHERE business_day = DATE '2026-11-24'":                                       1550,
		"SELECT sum(amount) FROM loyalty.line":                                                                              1650,
		"SELECT sum(amount) FROM loyalty.tender WHERE kind = 'cash'":                                                        1650,
		"SELECT sum(points) - sum(m.n) FROM loyalty.entry, (SELECT sum(points) n FROM loyalty.movement) m WHERE points > 0": 0,
		"SELECT (totals->>'sales')::bigint FROM loyalty.close WHERE business_day = DATE '2026-11-24'":                       2,
		"SELECT count(*) FROM loyalty.entry WHERE body::json->>'seq' = seq::text AND txn IS NOT NULL":                       5,
	} {
		if got := b.ask(query); got != want {
			t.Errorf("%s: %d, want %d", query, got, want)
		}
	}
	if seen, err := c.office.receipts(t.Context()); err != nil || len(seen) != 1 || seen[0].Days != 2 {
		t.Errorf("receipts %+v %v", seen, err)
	}
}

func TestADatabaseThatIsMeantWronglyIsNamed(t *testing.T) {
	for schema, field := range map[string]string{`x"; DROP`: "schema", "Loyalty": "schema", "loyalty": "database"} {
		err := PullDatabase(t.Context(), PullFrom{}, "host=/nonexistent user=test", schema, nil)
		if f := mustFail[*FieldError](t, err); f.Field != field {
			t.Errorf("%s: %v", schema, err)
		}
	}
}
