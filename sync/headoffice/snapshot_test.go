package headoffice

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"loyaltill/internal/pgserver"
	"loyaltill/store/hodb"
	"loyaltill/sync/wire"
)

// copyOfFeed is what a store keeps of the feed: the newest row of everything, and how far it has come.
type copyOfFeed struct {
	rows map[string]string
	at   int64
}

func (c *copyOfFeed) take(t testing.TB, rows []wire.FeedRow) {
	t.Helper()
	for _, r := range rows {
		if r.Topic == wire.TopicLease { // in no copy
			continue
		}
		r.Seq, r.Group = 0, 0
		raw, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		c.rows[thing(&r)] = string(raw)
	}
}

// thing names what a row is about.
func thing(r *wire.FeedRow) string {
	switch {
	case r.Member != nil:
		return fmt.Sprint("member ", r.Member.ID)
	case r.Programme != nil:
		return fmt.Sprint("programme ", r.Programme.ID)
	case r.Hot != nil:
		return fmt.Sprint("hot ", r.Hot.Card)
	case r.Voucher != nil:
		return fmt.Sprint("voucher ", r.Voucher.Card, r.Voucher.Seq)
	case r.Issuer != nil:
		return fmt.Sprint("issuer ", r.Issuer.Key)
	case r.Renewal != nil:
		return fmt.Sprint("renewal ", r.Renewal.Card)
	case r.Range != nil:
		return fmt.Sprint("range ", r.Range.First)
	case r.Coupon != nil:
		return "coupon " + r.Coupon.Serial
	}
	return "watermark"
}

// follows pulls what is new in pages of a few rows.
func (c *centre) follows(own *copyOfFeed, limit int) {
	c.t.Helper()
	for more := true; more; {
		page, err := c.office.Feed(c.t.Context(), wire.FeedQuery{Store: 1, Epoch: 1, After: own.at, Limit: limit})
		if err != nil {
			c.t.Fatal(err)
		}
		own.take(c.t, page.Rows)
		own.at, more = page.Next, !page.UpToDate
	}
}

// snapshot takes the newest snapshot of store 1 as a store that has nothing.
func (c *centre) snapshot() *copyOfFeed {
	c.t.Helper()
	s, err := c.office.Snapshot(c.t.Context(), 1, 1)
	if err == nil {
		err = s.Verify(c.home.Keys.PositionKey(), 1, 1)
	}
	if err != nil {
		c.t.Fatal(err)
	}
	own := &copyOfFeed{rows: map[string]string{}, at: s.Cursor}
	for i, part := range s.Parts {
		content, err := c.office.SnapshotPart(c.t.Context(), 1, s.No, i+1)
		if err != nil || len(content) != part.Bytes {
			c.t.Fatalf("part %d has %d bytes of %d: %v", i+1, len(content), part.Bytes, err)
		}
		rows, err := c.office.codec.ReadPart(content)
		if err != nil || len(rows) != part.Rows {
			c.t.Fatalf("part %d has %d rows of %d: %v", i+1, len(rows), part.Rows, err)
		}
		own.take(c.t, rows)
	}
	return own
}

// I13: whoever begins with a snapshot, of whatever moment, and follows the feed from it, has what those have who followed it from the
// first row, and those who pull it whole in the end.
func TestASnapshotAndTheFeedBehindItSayWhatTheWholeFeedSaysOnBothEngines(t *testing.T) {
	w := newWorld(t, (*centre).publish)
	h := rapid.Custom(w.days).Example(17)
	c := w.again(pgserver.Chosen(t))
	defer c.close()
	always := &copyOfFeed{rows: map[string]string{}}
	var begun []*copyOfFeed
	for i, batch := range slices.Concat(h.batches...) {
		if _, err := c.office.Push(t.Context(), batch); err != nil {
			t.Fatal(err)
		}
		c.post()
		c.follows(always, 3)
		if i%4 == 0 {
			c.forgetSnapshots()
			begun = append(begun, c.snapshot())
		}
	}
	c.begin("2026-11-26")
	if err := c.office.db.Update(t.Context(), func(tx *hodb.Tx) error { return tx.BlockCard(w.card.id, "lost") }); err != nil {
		t.Fatal(err)
	}
	c.follows(always, 3)
	whole := &copyOfFeed{rows: map[string]string{}}
	c.follows(whole, wire.MaxFeedRows)
	for i, own := range append(begun, c.snapshot(), whole) {
		c.follows(own, 7)
		if own.at != always.at || !maps.Equal(own.rows, always.rows) {
			t.Errorf("copy %d of %d: at %d with %d things, who always followed is at %d with %d", i, len(begun)+2, own.at, len(own.rows), always.at, len(always.rows))
			for key, row := range always.rows {
				if own.rows[key] != row {
					t.Errorf("%s: %s, want %s", key, own.rows[key], row)
				}
			}
		}
	}
	if len(begun) < 3 || len(always.rows) < 8 {
		t.Errorf("%d snapshots of %d things", len(begun), len(always.rows))
	}
}

// forgetSnapshots has the next store get a new one.
func (c *centre) forgetSnapshots() {
	c.t.Helper()
	err := c.office.db.Update(c.t.Context(), func(tx *hodb.Tx) error {
		return tx.AddSnapshot(&hodb.Snapshot{Store: 1, Epoch: 1}) // of another feed epoch
	})
	if err != nil {
		c.t.Fatal(err)
	}
}

// A month after a voucher went to its card nobody needs to hear of it. A store that has heard since goes on; one that has not, or
// is new, is sent to the snapshot, over the network, and goes on from there.
func TestTheFeedIsCompactedAndWhoComesFromBelowTheFloorTakesTheSnapshotOnBothEngines(t *testing.T) {
	c, b, _ := funded(t)
	c.settled()
	today := time.Now() // head office serves, and begins its days
	c.begin(today.AddDate(0, 0, 3).Format(time.DateOnly))
	old := b.feed(0, 0)
	far := old.Rows[0].Seq
	if out := c.begin(today.AddDate(0, 0, 3+feedKeptDays).Format(time.DateOnly)); out.Compacted != 1 {
		t.Errorf("%d things were taken out of the feed, want the voucher", out.Compacted)
	}
	b.feed(old.Next, 0)
	for _, after := range []int64{0, far} {
		_, p := b.tryFeed(wire.FeedQuery{Epoch: 1, After: after, Limit: 1})
		wantCode(t, p, wire.CodeFeedCompacted)
	}
	var s wire.Snapshot
	if p := b.do(t.Context(), http.MethodGet, c.address+"/v1/snapshots/latest", nil, nil, &s); p != nil {
		t.Fatal(p)
	}
	if err := s.Verify(b.id.PositionKey, 1, 1); err != nil || len(s.Parts) != 1 || s.Watermark != b.seq() {
		t.Fatalf("%+v, %v", s, err)
	}
	if err := s.Verify(b.id.PositionKey, 2, 1); err == nil {
		t.Error("the snapshot would do for another store")
	}
	var content bytes.Buffer
	part := fmt.Sprintf("%s/v1/snapshots/%d/", c.address, s.No)
	if p := b.do(t.Context(), http.MethodGet, part+"1", nil, nil, &content); p != nil {
		t.Fatal(p)
	}
	if sha256.Sum256(content.Bytes()) != s.Parts[0].SHA256 {
		t.Error("the part is not what the manifest names")
	}
	b.wantPiece(part+"1", content.Bytes()[10:20])
	rows, err := c.office.codec.ReadPart(content.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range rows {
		if r.Voucher != nil {
			t.Errorf("a voucher that is on its card: %+v", r)
		}
	}
	b.feed(s.Cursor, 0)
	again, err := c.office.Snapshot(t.Context(), 1, 1)
	if err != nil || again.No != s.No {
		t.Errorf("asked again: %+v, %v", again, err)
	}
	for _, nothing := range []string{"2", "0", "x"} {
		if p := b.do(t.Context(), http.MethodGet, part+nothing, nil, nil, &content); p == nil {
			t.Errorf("part %s was given", nothing)
		}
	}
}

// wantPiece goes on within a part, as after a lost line.
func (b *box) wantPiece(url string, want []byte) {
	b.t.Helper()
	req, err := http.NewRequestWithContext(b.t.Context(), http.MethodGet, url, nil)
	if err != nil {
		b.t.Fatal(err)
	}
	req.Header.Set("Range", "bytes=10-19")
	resp, err := b.client.Do(req)
	if err != nil {
		b.t.Fatal(err)
	}
	defer resp.Body.Close()
	got, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusPartialContent || !bytes.Equal(got, want) {
		b.t.Errorf("a piece of a part: %s, %x, want %x: %v", resp.Status, got, want, err)
	}
}
