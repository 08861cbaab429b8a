package fleet

import (
	"encoding/json"
	"fmt"
	"hash"
	"testing"

	"loyaltill/internal/pgserver"
	"loyaltill/sync/wire"
)

// mostExported is of how many days a fleet's exports are made at most: every file of every day, and the feed of every store.
const mostExported = 3

// exports is everything that leaves head office: closed days with their files, and the feed of each store from its beginning.
func (w *world) exports(h hash.Hash) error {
	const pageOfDays = 100
	for after := int64(0); ; {
		lines, err := w.office.Closes(w.ctx, after, pageOfDays)
		if err != nil {
			return err
		}
		for _, line := range lines {
			m, err := wire.ReadClose(line, w.home.Keys.PositionKey())
			if err != nil {
				return err
			}
			fmt.Fprintf(h, "%s\n", line)
			after = m.Cursor
			for _, name := range []string{wire.FileNDJSON, wire.FileCSV, wire.FileParquet} {
				file, err := w.office.CloseFile(w.ctx, m.Store, m.Day, m.Revision, name)
				if err != nil {
					return err
				}
				h.Write(file.Content)
			}
		}
		if len(lines) < pageOfDays {
			break
		}
	}
	out := json.NewEncoder(h)
	for _, s := range w.shops {
		for page := (&wire.FeedPage{}); !page.UpToDate; {
			var err error
			if page, err = w.office.Feed(w.ctx, wire.FeedQuery{Store: s.life().store, Epoch: page.Epoch, After: page.Next, Limit: wire.MaxFeedRows}); err != nil {
				return err
			}
			if err := out.Encode(page); err != nil {
				return err
			}
		}
	}
	return nil
}

// I17: a fleet whose head office has its books on PostgreSQL lives the same days as one whose head office has them in a file, and the
// same bytes leave both: files of closed days, feeds, the report, every log.
func TestAFleetIsTheSameOnBothEngines(t *testing.T) {
	if raceDetector {
		t.Skip("too slow with the race detector; the same fleets run without it")
	}
	books := pgserver.New(t)
	p := newPlan(small(), 7)
	file, err := run(t, p)
	if err != nil {
		t.Fatal(err)
	}
	p.books = books
	server, err := run(t, p)
	if err != nil {
		t.Fatalf("on PostgreSQL: %v", err)
	}
	if file.digest != server.digest {
		t.Errorf("with a file the fleet came to %v, with PostgreSQL to %v (I17)", file.digest, server.digest)
	}
}
