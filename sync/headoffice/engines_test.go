package headoffice

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"loyaltill/agent/loyalty"
	"loyaltill/internal/pgserver"
	"loyaltill/store/hodb"
	"loyaltill/sync/wire"
)

// I17: a head office on SQLite and one on PostgreSQL that are fed the same bytes export the same bytes: manifests and files of closed
// days, the feed of every store, and the report.
func TestBothEnginesExportTheSameBytes(t *testing.T) {
	postgres := pgserver.Only(t)
	w := newWorld(t, (*centre).publish)
	h := rapid.Custom(w.days).Example(17)
	exports := [2][]byte{}
	for i, database := range []string{"", postgres} {
		c := w.again(database)
		for _, batch := range slices.Concat(h.batches...) {
			if _, err := c.office.Push(t.Context(), batch); err != nil {
				t.Fatal(err)
			}
			if batch.First%3 == 0 { // some wait for those of the other store
				c.post()
			}
		}
		c.post()
		c.begin("2026-11-26")
		c.inOrder()
		exports[i] = c.exports()
		c.close()
	}
	if len(exports[0]) < 20_000 {
		t.Errorf("only %d bytes were compared", len(exports[0]))
	}
	if !bytes.Equal(exports[0], exports[1]) {
		folder := t.ArtifactDir()
		for i, name := range []string{"sqlite", "postgres"} {
			if err := os.WriteFile(filepath.Join(folder, name), exports[i], 0o600); err != nil {
				t.Error(err)
			}
		}
		t.Errorf("the engines export different bytes: compare %s/sqlite and %s/postgres", folder, folder)
	}
}

// days draws two days in both stores, with lies, bad proofs and a cloned card, each closed.
func (w *world) days(rt *rapid.T) history {
	const sales = 40
	boxes := w.fresh()
	for range 2 {
		for i := range sales {
			b := boxes[i%2]
			b.write(w.sale(rt, b, uint32(len(boxes[0].bodies)+len(boxes[1].bodies)+1)))
		}
		for _, b := range boxes {
			b.closeDay()
			b.clock = b.clock.AddDate(0, 0, 1)
		}
	}
	return w.cut(rt, boxes)
}

// again is the same head office with new books: the same keys, stores, members and cards, and its clock stands still.
func (w *world) again(database string) *centre {
	w.t.Helper()
	home := *w.home
	home.Dir, home.Database = w.t.TempDir(), database
	options := Options{Clock: func() time.Time { return opened().AddDate(0, 0, 2) }, Entropy: rand.NewChaCha8([32]byte{})}
	office, err := OpenOffice(w.t.Context(), &home, options)
	if err != nil {
		w.t.Fatal(err)
	}
	c := &centre{t: w.t, home: &home, office: office, log: &bytes.Buffer{}}
	var stores []hodb.Store
	var heads []*hodb.Head
	var cards []hodb.Card
	var numbers []hodb.Number
	w.first(func(tx *hodb.Tx) error {
		if stores, err = tx.Stores(); err == nil {
			heads, err = tx.Heads()
		}
		if err == nil {
			cards, err = tx.Cards(w.card.member)
		}
		if err == nil {
			numbers, err = tx.Numbers(w.card.member)
		}
		return err
	})
	c.publish()
	for _, digits := range []string{"6034000000000018", "6034000000000026", "6034000000000034"} {
		c.member(digits)
	}
	err = office.db.Update(w.t.Context(), func(tx *hodb.Tx) error {
		for i, s := range stores {
			if err := tx.PutStore(s); err != nil {
				return err
			}
			head, err := tx.OpenEpoch(s.ID, heads[i].InstallID, heads[i].Nonce)
			if err != nil {
				return err
			}
			if _, err := tx.OpenSession(head, w.boxes[i].boot); err != nil {
				return err
			}
		}
		return tx.AddCard(cards[0], numbers[0])
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return c
}

// first reads the books with which the world began.
func (w *world) first(fn func(*hodb.Tx) error) {
	w.t.Helper()
	home := *w.home
	home.Dir = w.t.TempDir()
	defer w.books.lay(w.t, &home)()
	db, err := hodb.Open(w.t.Context(), home.books(), time.Now)
	if err != nil {
		w.t.Fatal(err)
	}
	defer db.Close()
	if err := db.View(w.t.Context(), fn); err != nil {
		w.t.Fatal(err)
	}
}

// exports is everything that leaves this head office.
func (c *centre) exports() []byte {
	c.t.Helper()
	var out bytes.Buffer
	lines, err := c.office.Closes(c.t.Context(), 0, 100)
	if err != nil {
		c.t.Fatal(err)
	}
	for _, line := range lines {
		fmt.Fprintf(&out, "%s\n", line)
		m, err := wire.ReadClose(line, c.home.Keys.PositionKey())
		if err != nil {
			c.t.Fatal(err)
		}
		for _, name := range []string{wire.FileNDJSON, wire.FileCSV, wire.FileParquet} {
			file, err := c.office.CloseFile(c.t.Context(), m.Store, m.Day, m.Revision, name)
			if err != nil {
				c.t.Fatal(err)
			}
			out.Write(file.Content)
		}
	}
	enc := json.NewEncoder(&out)
	for store := loyalty.StoreID(1); store <= 2; store++ {
		page := &wire.FeedPage{}
		for !page.UpToDate {
			if page, err = c.office.Feed(c.t.Context(), wire.FeedQuery{Store: store, Epoch: page.Epoch, After: page.Next, Limit: 10}); err == nil {
				err = enc.Encode(page)
			}
			if err != nil {
				c.t.Fatal(err)
			}
		}
	}
	if err := enc.Encode(c.report()); err != nil {
		c.t.Fatal(err)
	}
	return out.Bytes()
}
