package headoffice

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"loyaltill/sync/wire"
)

// postgres starts a PostgreSQL of the test's own, on a socket in a folder of its own, and gives its address. It skips where there is
// none, but for CI.
func postgres(t *testing.T) string {
	t.Helper()
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/postgres")
	if err != nil || len(found) == 0 {
		if os.Getenv("CI") != "" {
			t.Fatal("no PostgreSQL: tools/deps.sh test installs it")
		}
		t.Skip("no PostgreSQL")
	}
	bin := filepath.Dir(slices.Max(found))
	dir, err := os.MkdirTemp("", "pg") // a socket's path is short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	as := &syscall.SysProcAttr{}
	if os.Getuid() == 0 { // it does not run as root
		as.Credential = credentialOf(t, "postgres")
		if err := os.Chown(dir, int(as.Credential.Uid), int(as.Credential.Gid)); err != nil {
			t.Fatal(err)
		}
	}
	data := filepath.Join(dir, "data")
	initdb := exec.CommandContext(t.Context(), filepath.Join(bin, "initdb"), "-D", data, "-U", "test", "-A", "trust", "-N", "-E", "UTF8", "--locale=C")
	initdb.SysProcAttr, initdb.Dir = as, dir
	if said, err := initdb.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, said)
	}
	server := exec.Command(filepath.Join(bin, "postgres"), "-D", data, "-k", dir, "-c", "listen_addresses=", "-c", "fsync=off")
	server.SysProcAttr, server.Dir = as, dir
	var log bytes.Buffer
	server.Stderr = &log
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Process.Signal(syscall.SIGINT); err != nil {
			t.Error(err)
		}
		_ = server.Wait() // its status says how it was stopped
	})
	address := "host=" + dir + " user=test dbname=postgres sslmode=disable"
	awaitPostgres(t, address, &log)
	return address
}

func awaitPostgres(t *testing.T, address string, log *bytes.Buffer) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for {
		conn, err := pgx.Connect(ctx, address)
		if err == nil {
			err = conn.Close(ctx)
		}
		if err == nil {
			return
		}
		if !pause(ctx, nil, 20*time.Millisecond) {
			t.Fatalf("PostgreSQL does not answer: %v\n%s", err, log)
		}
	}
}

func credentialOf(t *testing.T, name string) *syscall.Credential {
	t.Helper()
	u, err := user.Lookup(name)
	if err != nil {
		t.Fatal(err)
	}
	uid, err1 := strconv.ParseUint(u.Uid, 10, 32)
	gid, err2 := strconv.ParseUint(u.Gid, 10, 32)
	if err := errors.Join(err1, err2); err != nil {
		t.Fatal(err)
	}
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
}

// books is a back office's database.
type books struct {
	*accounts
	address string
	conn    *pgx.Conn
}

func (a *accounts) books(t *testing.T) *books {
	address := postgres(t)
	conn, err := pgx.Connect(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	return &books{a, address, conn}
}

func (b *books) pull() (days []Pulled, err error) {
	err = PullDatabase(b.t.Context(), PullFrom{b.identity, b.accounts.address, time.Now}, b.address, "loyalty", func(p Pulled) { days = append(days, p) })
	return days, err
}

// ask runs a query that gives one number.
func (b *books) ask(query string) (n int64) {
	b.t.Helper()
	if err := b.conn.QueryRow(b.t.Context(), query).Scan(&n); err != nil {
		b.t.Fatalf("%s: %v", query, err)
	}
	return n
}

func TestClosedDaysArePulledIntoADatabaseOnce(t *testing.T) {
	c, shop := closedShop(t)
	a := *c.accounts("accounts")
	b := a.books(t)
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
