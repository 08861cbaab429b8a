package uplink

import (
	"bytes"
	"database/sql"
	"io"
	"net/http"
	"strings"
	"testing"

	"loyaltill/agent/loyalty"
)

// compact puts the feed's floor on its newest row, as head office does a month later.
func (o *office) compact() {
	o.t.Helper()
	o.off()
	defer o.on()
	books, err := sql.Open("sqlite", "file:"+o.home.DatabasePath())
	if err != nil {
		o.t.Fatal(err)
	}
	defer books.Close()
	if _, err := books.Exec(`UPDATE counter SET value = (SELECT max(feed_seq) FROM feed) WHERE name = 'feed_floor'`); err != nil {
		o.t.Fatal(err)
	}
}

// A store that was off for too long comes from below the floor: it takes the snapshot by itself, though a line changes a byte of it
// and is lost, and then follows the feed. What it sold meanwhile counts once.
func TestAStoreFromBelowTheFloorTakesTheSnapshotByItself(t *testing.T) {
	o := newOffice(t)
	b := o.enrol(7, o.publish())
	anna := o.member("6034000000000018")
	b.connect()
	b.sell(anna, 10000)
	b.untilInSync()
	b.disconnect()
	b.sell(anna, 5000)
	berta := o.member("6034000000000026")
	o.compact()
	var parts counter
	b.line = func(next http.RoundTripper) http.RoundTripper {
		return roundTripper(func(r *http.Request) (*http.Response, error) {
			resp, err := next.RoundTrip(r)
			if err != nil || !strings.HasPrefix(r.URL.Path, "/v1/snapshots/") || strings.HasSuffix(r.URL.Path, "/latest") {
				return resp, err
			}
			switch parts.next() {
			case 1:
				resp.Body.Close()
				return nil, io.ErrUnexpectedEOF
			case 2:
				raw, err := io.ReadAll(resp.Body)
				raw[len(raw)/2] ^= 1
				resp.Body = io.NopCloser(bytes.NewReader(raw))
				return resp, err
			}
			return resp, nil
		})
	}
	b.connect()
	b.untilInSync()
	b.untilKnown(berta)
	if n := parts.next() - 1; n != 3 {
		t.Errorf("the part was fetched %d times", n)
	}
	b.untilKnown(o.member("6034000000000034"))
	sameLog(t, o, b)
	b.wantBalance(t, anna, o)
}

func (b *box) untilKnown(id loyalty.MemberID) {
	b.t.Helper()
	b.until("the store hears of a member", func(Status) bool {
		_, err := b.db.Member(b.t.Context(), id)
		return err == nil
	})
}

// wantBalance compares what a till shows with the books.
func (b *box) wantBalance(t testing.TB, id loyalty.MemberID, o *office) {
	t.Helper()
	eventually(t, "the store shows what head office holds", func() bool {
		shown, err := b.db.Balance(t.Context(), id)
		for _, m := range o.report().Members {
			if err == nil && m.ID == id && m.Balance == shown && m.Balance > 0 {
				return true
			}
		}
		return false
	}, func() string { return "another balance" })
}
