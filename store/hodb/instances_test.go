package hodb

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"loyaltill/agent/loyalty"
	"loyaltill/internal/pgserver"
	"loyaltill/store"
)

// twoInstances open one PostgreSQL database, with two enrolled stores.
func twoInstances(t *testing.T) (url string, a, b *DB) {
	t.Helper()
	url = pgserver.Only(t)
	a, b = openDB(t, url), openDB(t, url)
	for id := loyalty.StoreID(1); id <= 2; id++ {
		update(t, a, func(tx *Tx) error {
			if err := tx.PutStore(Store{ID: id, Name: "Store", TimeZone: "Europe/Riga", Language: "lv"}); err != nil {
				return err
			}
			_, err := tx.OpenEpoch(id, store.ID16{byte(id)}, store.ID16{9})
			return err
		})
	}
	return url, a, b
}

// add ingests one entry more.
func add(db *DB, id loyalty.StoreID, during func()) error {
	return db.Ingest(context.Background(), func(tx *Tx) error {
		head, err := tx.LockHead(id, 1)
		if err != nil {
			return err
		}
		during()
		body := []byte(fmt.Sprintf(`{"seq":%d}`, head.Seq+1))
		return tx.Append(head, [][]byte{body}, []store.Hash{head.Hash.Next(body)}, func(store.Position) []byte { return []byte{1} })
	})
}

// While one instance posts, and while it takes the log of one store, the other takes the log of another store.
func TestLogsOfStoresDoNotWaitForEachOtherNorForPosting(t *testing.T) {
	_, a, b := twoInstances(t)
	update(t, a, func(*Tx) error { return add(b, 1, func() {}) })
	err := add(a, 1, func() {
		if err := add(b, 2, func() {}); err != nil {
			t.Error(err)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
}

// Many hands add to one log through two instances: the lock of its head makes them one row, without a gap.
func TestTheLogOfOneStoreGrowsByOneAtATime(t *testing.T) {
	_, a, b := twoInstances(t)
	const hands, each = 4, 10
	var wg sync.WaitGroup
	for i := range hands {
		wg.Go(func() {
			for range each {
				if err := add([]*DB{a, b}[i%2], 1, func() {}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	err := b.View(t.Context(), func(tx *Tx) error {
		head, err := tx.Head(1, 1)
		if err != nil {
			return err
		}
		if head.Seq != hands*each {
			t.Errorf("the head is at %d, want %d", head.Seq, hands*each)
		}
		at := head.Genesis()
		return tx.EachEntry(Range{Store: 1, Epoch: 1, First: 1, Last: head.Seq}, func(e Entry) error {
			if at = at.Next(e.Body); at != e.Hash {
				return fmt.Errorf("the chain breaks at %v", e.Key)
			}
			return nil
		})
	})
	if err != nil {
		t.Fatal(err)
	}
}

// Two instances number changes at once; who follows the feed through either misses none and sees no number twice.
func TestTheFeedOfTwoInstancesHasNoGap(t *testing.T) {
	_, a, b := twoInstances(t)
	const each = 40
	var wg sync.WaitGroup
	done := make(chan struct{})
	for n, db := range []*DB{a, b} {
		wg.Go(func() {
			for i := range each {
				err := db.Update(context.Background(), func(tx *Tx) error { return tx.touchFeed(TopicHot, 0, fmt.Sprintf("%d/%d", n, i)) })
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	go func() { wg.Wait(); close(done) }()
	var after int64
	for last := false; ; {
		select {
		case <-done:
			last = true
		default:
		}
		var page []Change
		err := b.View(t.Context(), func(tx *Tx) (err error) {
			page, err = tx.Changes(1, after, 7)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range page {
			if after++; c.Seq != after {
				t.Fatalf("after %d came %d", after-1, c.Seq)
			}
		}
		if last && len(page) == 0 {
			break
		}
	}
	if after < 2*each {
		t.Errorf("saw %d changes, want %d", after, 2*each)
	}
}

// The connection of an instance breaks in the middle of its posting, as when its machine dies: nothing of it stays, and the other goes on.
func TestPostingGoesOnWhenTheInstanceThatPostsDies(t *testing.T) {
	url, a, b := twoInstances(t)
	err := a.Update(t.Context(), func(tx *Tx) error {
		if err := tx.touchFeed(TopicHot, 0, "of the dead"); err != nil {
			return err
		}
		pgserver.Exec(t, url, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE state = 'idle in transaction' AND datname = current_database()")
		return tx.touchFeed(TopicHot, 0, "too late")
	})
	if !errors.Is(err, ErrUnavailable) {
		t.Errorf("the dead instance was told %v", err)
	}
	for _, db := range []*DB{b, a} { // it comes back, too
		update(t, db, func(tx *Tx) error {
			changes, err := tx.Changes(1, 0, 10)
			if len(changes) != 0 {
				t.Errorf("of the dead instance there is %+v", changes)
			}
			return err
		})
	}
}

func TestOnlyACommitWhoseAnswerIsLostIsUnknown(t *testing.T) {
	for _, row := range []struct {
		what    string
		err     error
		unknown bool
	}{
		{"done", nil, false},
		{"refused by the server", &pgconn.PgError{Severity: "ERROR", Code: "40001"}, false},
		{"the server was stopped meanwhile", &pgconn.PgError{Severity: "FATAL", Code: "57P01"}, true},
		{"the connection broke", io.ErrUnexpectedEOF, true},
		{"nothing came in time", context.Canceled, true},
	} {
		var unknown *store.CommitError
		if errors.As(committed(row.err), &unknown) != row.unknown {
			t.Errorf("%s: %v", row.what, committed(row.err))
		}
	}
}
