package headoffice

import (
	"database/sql"
	"os"
	"strings"
	"testing"

	"loyaltill/internal/pgserver"
	"loyaltill/store/hodb"
)

func TestVerifyNamesWhatSomebodyChangedInTheBooks(t *testing.T) {
	for _, row := range []struct {
		what  string
		sql   string
		check hodb.Check
	}{
		{"an account", `UPDATE account SET balance = balance + 1 WHERE kind = 'main'`, hodb.CheckAccounts},
		{"both sides of a pair of accounts", `UPDATE account SET balance = balance + CASE kind WHEN 'main' THEN 1 ELSE -1 END WHERE kind IN ('main', 'issued')`, hodb.CheckAccounts},
		{"a lot", `UPDATE lot SET remaining = remaining + 1`, hodb.CheckLots},
		{"a head", `UPDATE store_head SET seq = 1, posted_seq = 1`, hodb.CheckChain},
		{"a signature", `UPDATE store_head SET signature = hash`, hodb.CheckSignature},
		{"what was counted", `DELETE FROM posted_txn WHERE seq = 2`, hodb.CheckPosted},
		{"a published day", `UPDATE close SET manifest = CAST(replace(CAST(manifest AS TEXT), '"count":3', '"count":4') AS BLOB)`, hodb.CheckSignature},
		{"a file of a published day", `UPDATE close_file SET content = CAST(replace(CAST(content AS TEXT), '10000', '10001') AS BLOB) WHERE name = 'entries.csv'`, hodb.CheckFiles},
		{"a file that is gone", `DELETE FROM close_file WHERE name = 'entries.parquet'`, hodb.CheckFiles},
	} {
		if os.Getenv(pgserver.Env) != "" {
			row.sql = strings.NewReplacer("CAST(manifest AS TEXT)", "convert_from(manifest, 'UTF8')", "CAST(content AS TEXT)", "convert_from(content, 'UTF8')", "CAST(replace(", "convert_to(replace(", " AS BLOB)", ", 'UTF8')").Replace(row.sql)
		}
		t.Run(row.what, func(t *testing.T) {
			c, b := shop(t)
			anna := c.member("6034000000000018")
			b.sell(anna, 10000)
			b.sell(anna, 5000)
			b.closeDay()
			b.sync()
			c.settled()
			c.inOrder()
			c.tamper(row.sql)
			found, err := c.office.Verify(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			for _, f := range found {
				if f.Check == row.check {
					return
				}
			}
			t.Errorf("verify found %+v, want a finding about %s", found, row.check)
		})
	}
}

// tamper changes the books behind head office's back.
func (c *centre) tamper(statement string) {
	c.t.Helper()
	if c.stop != nil {
		c.stop()
	}
	if err := c.office.Close(); err != nil {
		c.t.Fatal(err)
	}
	defer c.open()
	if c.home.Database != "" {
		pgserver.Exec(c.t, c.home.Database, statement)
		return
	}
	db, err := sql.Open("sqlite", c.home.DatabasePath())
	if err != nil {
		c.t.Fatal(err)
	}
	defer db.Close()
	res, err := db.ExecContext(c.t.Context(), statement)
	if err != nil {
		c.t.Fatal(err)
	}
	if n, err := res.RowsAffected(); err != nil || n == 0 {
		c.t.Fatalf("%s changed %d rows, %v", statement, n, err)
	}
}

func TestEntriesAndLegsCannotBeChangedOrDeleted(t *testing.T) {
	c, b := shop(t)
	b.sell(c.member("6034000000000018"), 10000)
	b.sync()
	c.settled()
	c.stop()
	if err := c.office.Close(); err != nil {
		t.Fatal(err)
	}
	defer c.open()
	try := func(statement string) error { return pgserver.Try(t.Context(), c.home.Database, statement) }
	if c.home.Database == "" {
		db, err := sql.Open("sqlite", c.home.DatabasePath())
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		try = func(statement string) error {
			_, err := db.ExecContext(t.Context(), statement)
			return err
		}
	}
	for _, statement := range []string{`UPDATE entry SET body = 'x'`, `DELETE FROM entry`, `UPDATE leg SET amount = 9`, `DELETE FROM leg`} {
		if err := try(statement); err == nil {
			t.Errorf("%s: allowed", statement)
		}
	}
}
