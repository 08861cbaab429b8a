package e2e

import (
	"database/sql"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/uuid"
	_ "modernc.org/sqlite"

	"loyaltill/internal/stage"
)

func TestAChangedPointInTheLedgerIsFound(t *testing.T) {
	shop := openShop(t, nil)
	for range 3 {
		if _, err := ring(t.Context(), shop.API, uuid.Must(uuid.NewV7()).String(), 1240); err != nil {
			t.Fatal(err)
		}
	}
	verify(t, shop)
	if err := shop.Agent.Stop(); err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("sqlite", filepath.Join(shop.AgentData(), "ledger.db"))
	if err != nil {
		t.Fatal(err)
	}
	for _, change := range []string{
		`DROP TRIGGER entry_no_update`,
		`UPDATE entry SET body = CAST(replace(CAST(body AS TEXT), '"earned":124', '"earned":125') AS BLOB) WHERE seq = 2`,
	} {
		if _, err := db.ExecContext(t.Context(), change); err != nil {
			t.Fatal(err)
		}
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	out, err := shop.Run(t.Context(), "loyaltill", "verify", "--config", shop.AgentConfig())
	if err == nil || !strings.Contains(err.Error(), "status 12") || !strings.Contains(string(out), "BROKEN chain (I2), entry 2") {
		t.Errorf("verify: %v\n%s", err, out)
	}
}

func TestTheDoctorFindsAHealthyShopHealthy(t *testing.T) {
	shop := openShop(t, nil)
	out, err := shop.Run(t.Context(), "loyaltill", "doctor", "--config", shop.AgentConfig())
	if err != nil || strings.Contains(string(out), "FAIL") {
		t.Errorf("%v\n%s", err, out)
	}
	for _, what := range []string{"identity", "reader", "printer", "disk", "database", "head office", "clock"} {
		if !strings.Contains(string(out), "ok    "+what) {
			t.Errorf("no line on %s:\n%s", what, out)
		}
	}
	status, err := shop.Run(t.Context(), "loyaltill", "status", "--config", shop.AgentConfig())
	if err != nil || !strings.Contains(string(status), "store 1") || !strings.Contains(string(status), "paper: the built-in templates\n") {
		t.Errorf("status: %v\n%s", err, status)
	}
	printCoupons(t, shop)
	if err := shop.HeadOffice.Stop(); err != nil {
		t.Fatal(err)
	}
	out, err = shop.Run(t.Context(), "loyaltill", "doctor", "--config", shop.AgentConfig())
	if err == nil || !strings.Contains(string(out), "FAIL  head office") || !strings.Contains(string(out), "selling goes on without") {
		t.Errorf("with head office away: %v\n%s", err, out)
	}
}

// printCoupons has a manager print a batch, look at it, and replace a torn one.
func printCoupons(t *testing.T, shop *stage.Shop) {
	t.Helper()
	run := func(want string, args ...string) []string {
		t.Helper()
		out, err := shop.Run(t.Context(), "loyaltill", append(args, "--config", shop.AgentConfig())...)
		if err != nil || !strings.Contains(string(out), want) {
			t.Fatalf("%v lacks %q: %v\n%s", args, want, err, out)
		}
		return strings.Fields(string(out))
	}
	run("3 of 3 printed", "coupon", "print", "coffee", "--count", "3", "--cashier", "Ilze")
	list := run("coffee", "coupon", "list", "--limit", "1") // a line of names, a line of figures
	batch := list[len(list)/2]
	serial := run("confirmed", "coupon", "show", batch)[6]
	run(serial+" is void", "coupon", "void", serial, "--replace")
	run("true", "coupon", "show", batch)
	if out, err := shop.Run(t.Context(), "loyaltill", "coupon", "void", serial, "--config", shop.AgentConfig()); err == nil || !strings.Contains(err.Error(), "coupon_void") {
		t.Errorf("voided twice: %v\n%s", err, out)
	}
	if out, err := shop.Run(t.Context(), "loyaltill", "coupon", "print", "tea", "--config", shop.AgentConfig()); err == nil || !strings.Contains(err.Error(), "coupon_unknown") {
		t.Errorf("a kind that is not there: %v\n%s", err, out)
	}
}
