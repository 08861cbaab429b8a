package headoffice

import (
	"bytes"
	"encoding/hex"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"loyaltill/agent/loyalty"
	"loyaltill/sync/wire"
)

func TestPointsTravelFromASaleByVoucherIntoTheCardAndOutAgain(t *testing.T) {
	c := newCentre(t)
	prog := c.publish()
	anna := c.member("6034000000000018")
	c.serve()
	b := c.enrol(1, prog)
	chip := c.chip(anna, "6034000000000018", b.id.CardRoot)

	earn := b.sell(anna, 10000)
	if earn.Sale.Earned != 200 {
		t.Fatalf("100.00 of bread on a Tuesday earned %d, want 200", earn.Sale.Earned)
	}
	b.sync()
	if m := c.settled().member(t, anna); m.Balance != 200 || m.OnCard != 200 || m.InPurse != 0 || len(m.Vouchers) != 1 {
		t.Fatalf("after the sale: %+v", m)
	}
	page := b.feed(0, 0)
	b.load(chip.take(page))
	b.sync()
	if m := c.settled().member(t, anna); m.InPurse != 200 || !m.Vouchers[0].Loaded {
		t.Fatalf("after the load: %+v", m)
	}
	if again := b.feed(0, 0); slices.ContainsFunc(again.Rows, func(r wire.FeedRow) bool { return r.Topic == wire.TopicVoucher }) {
		t.Error("a new store would still be told of a voucher that the card has")
	}

	paid := b.write(b.redeem(chip, 1000, 150))
	if paid.Sale.ToPay != 850 || paid.Sale.Earned != 16 { // 8.50 count: 8 points, doubled
		t.Fatalf("10.00 with 150 points: %+v", paid.Sale)
	}
	b.closeDay()
	b.sync()
	r := c.settled()
	m := r.member(t, anna)
	if m.Balance != 66 || m.InPurse != 50 || loyalty.Balance(m.Lots) != 66 {
		t.Fatalf("after the redemption: want 66 in all and 50 in the purse, got %+v", m)
	}
	if len(r.Cases)+len(r.Differences)+len(r.Suspense) > 0 {
		t.Errorf("an honest morning left %+v %+v %+v", r.Cases, r.Differences, r.Suspense)
	}
	c.inOrder()
	c.pullsTheDay(b)
	c.keepsNoSecret(chip)
}

// pullsTheDay pulls as a back office, twice.
func (c *centre) pullsTheDay(b *box) {
	c.t.Helper()
	identity, out := filepath.Join(c.t.TempDir(), "accounts"), filepath.Join(c.t.TempDir(), "closed")
	if err := c.manager().EnrolBackOffice("accounts", identity); err != nil {
		c.t.Fatal(err)
	}
	pulled := 0
	for range 2 { // the second time there is nothing new
		if err := PullFiles(c.t.Context(), PullFrom{identity, c.address, time.Now}, out, nil, func(Pulled) { pulled++ }); err != nil {
			c.t.Fatal(err)
		}
	}
	if pulled != 1 {
		c.t.Fatalf("pulled %d days, want 1", pulled)
	}
	got, err := os.ReadFile(filepath.Join(out, "1-2026-11-24-1.ndjson"))
	if err != nil {
		c.t.Fatal(err)
	}
	if want := append(bytes.Join(b.bodies, []byte("\n")), '\n'); !bytes.Equal(got, want) {
		c.t.Errorf("the day's file is not the store's own bytes:\n%s", got)
	}
}

// keepsNoSecret looks for what may be in no file and no log: PIN, PUK, printed number and card keys.
func (c *centre) keepsNoSecret(k *chip) {
	c.t.Helper()
	c.stop()
	if err := c.office.Close(); err != nil { // nobody may read a database file beside SQLite
		c.t.Fatal(err)
	}
	defer c.open()
	tx, ld := c.home.Keys.keyTX(k.id), c.home.Keys.keyLD(k.id)
	secrets := map[string][]byte{"PIN": []byte(testPIN), "PUK": []byte(testPUK), "number": []byte("6034000000000018"), "K_tx": tx[:], "K_ld": ld[:],
		"K_tx in text": []byte(hex.EncodeToString(tx[:])), "K_ld in text": []byte(hex.EncodeToString(ld[:]))}
	look := func(where string, content []byte) {
		for what, secret := range secrets {
			if bytes.Contains(content, secret) {
				c.t.Errorf("%s holds the %s", where, what)
			}
		}
	}
	look("the log", c.log.Bytes())
	err := filepath.WalkDir(c.home.Dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		look(path, content)
		return err
	})
	if err != nil {
		c.t.Fatal(err)
	}
}
