package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"testing/fstest"
	"time"
)

const noteSchema = `-- +goose Up
CREATE TABLE note (id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE, at INTEGER NOT NULL) STRICT;
`

func notes() fs.FS { return fstest.MapFS{"00001_note.sql": {Data: []byte(noteSchema)}} }

func openNotes(t *testing.T, path string) *DB {
	t.Helper()
	db, err := Open(t.Context(), path, Options{Migrations: notes(), Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

func addNote(db *DB, text string) error {
	return db.Write(context.Background(), func(tx *Tx) error {
		_, err := tx.Exec(`INSERT INTO note (text, at) VALUES (?, ?)`, text, tx.Now.UnixMilli())
		return err
	})
}

func countNotes(t *testing.T, db *DB) (n int) {
	t.Helper()
	if err := db.Read().QueryRowContext(t.Context(), `SELECT count(*) FROM note`).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

func TestAFileIsOpenedDurablyOrNotAtAll(t *testing.T) {
	db := openNotes(t, filepath.Join(t.TempDir(), "a.db"))
	for name, want := range map[string]string{"journal_mode": "wal", "synchronous": "2", "foreign_keys": "1"} {
		var got string
		if err := db.writer.conn.QueryRowContext(t.Context(), "PRAGMA "+name).Scan(&got); err != nil {
			t.Fatal(err)
		}
		if got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	other, err := sql.Open("sqlite", db.writeDSN())
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	if err := checkDurable(t.Context(), other, true); err == nil {
		t.Error("a setting that reads back otherwise was accepted")
	}
}

func TestReadersCannotWrite(t *testing.T) {
	db := openNotes(t, filepath.Join(t.TempDir(), "a.db"))
	if _, err := db.Read().ExecContext(t.Context(), `INSERT INTO note (text, at) VALUES ('x', 1)`); err == nil {
		t.Fatal("a reader wrote")
	}
}

func TestOldSQLiteIsRefused(t *testing.T) {
	for version, want := range map[string]bool{"3.51.2": true, "3.51.3": false, "3.53.4": false, "4.0.0": false,
		"3.9.12": true, "3.51": true, "3.51.x": true} {
		if got := olderThan(version, MinSQLite); got != want {
			t.Errorf("%s: older is %v, want %v", version, got, want)
		}
	}
}

func TestASecondProcessIsKeptAway(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.db")
	openNotes(t, path)
	_, err := Open(t.Context(), path, Options{Migrations: notes(), Now: time.Now})
	if !errors.Is(err, ErrInUse) {
		t.Fatalf("got %v, want ErrInUse", err)
	}
}

func TestANewerSchemaIsRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.db")
	newer := fstest.MapFS{"00001_note.sql": {Data: []byte(noteSchema)},
		"00002_more.sql": {Data: []byte("-- +goose Up\nCREATE TABLE more (id INTEGER PRIMARY KEY) STRICT;\n")}}
	db, err := Open(t.Context(), path, Options{Migrations: newer, Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(t.Context(), path, Options{Migrations: notes(), Now: time.Now}); !errors.Is(err, ErrTooNew) {
		t.Fatalf("got %v, want ErrTooNew", err)
	}
}

// Sixteen tills write at once: every answered write is there, and far fewer transactions than writes were needed.
func TestWritersShareTransactions(t *testing.T) {
	db := openNotes(t, filepath.Join(t.TempDir(), "a.db"))
	const tills, each = 16, 50
	var wg sync.WaitGroup
	for till := range tills {
		wg.Go(func() {
			for i := range each {
				if err := addNote(db, fmt.Sprintf("%d/%d", till, i)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if n := countNotes(t, db); n != tills*each {
		t.Fatalf("%d notes, want %d", n, tills*each)
	}
	var moments int
	if err := db.Read().QueryRowContext(t.Context(), `SELECT count(DISTINCT at) FROM note`).Scan(&moments); err != nil {
		t.Fatal(err)
	}
	t.Logf("%d writes in about %d transactions", tills*each, moments)
}

func TestTimeStandsStillInATransaction(t *testing.T) {
	clock := time.Unix(0, 0)
	var mu sync.Mutex
	now := func() time.Time {
		mu.Lock()
		defer mu.Unlock()
		clock = clock.Add(time.Second)
		return clock
	}
	db, err := Open(t.Context(), filepath.Join(t.TempDir(), "a.db"), Options{Migrations: notes(), Now: now})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	group := make([]*request, 5)
	var seen [5]time.Time
	for i := range group {
		group[i] = &request{done: make(chan struct{}), run: func(tx *Tx) error { seen[i] = tx.Now; return nil }}
	}
	db.commitGroup(group)
	for i := range seen {
		if seen[i] != time.Unix(1, 0) {
			t.Errorf("request %d saw %v", i, seen[i])
		}
	}
}

// One request of a shared transaction fails: its own writes are undone, the others' stay.
func TestAFailedRequestTakesNobodyDown(t *testing.T) {
	db := openNotes(t, filepath.Join(t.TempDir(), "a.db"))
	boom := errors.New("boom")
	insert := func(text string, then error) *request {
		return &request{done: make(chan struct{}), run: func(tx *Tx) error {
			if _, err := tx.Exec(`INSERT INTO note (text, at) VALUES (?, 0)`, text); err != nil {
				return err
			}
			if then == nil {
				return nil
			}
			return then
		}}
	}
	panics := &request{done: make(chan struct{}), run: func(*Tx) error { panic("broken invariant") }}
	group := []*request{insert("a", nil), insert("b", boom), insert("a", nil), panics, insert("c", nil)}
	db.commitGroup(group)
	for i, want := range []bool{true, false, false, false, true} {
		if got := group[i].err == nil; got != want {
			t.Errorf("request %d: %v", i, group[i].err)
		}
	}
	if !errors.Is(group[1].err, boom) {
		t.Errorf("got %v, want boom", group[1].err)
	}
	if n := countNotes(t, db); n != 2 {
		t.Errorf("%d notes, want a and c", n)
	}
}

func TestALoneFailureLeavesNothing(t *testing.T) {
	db := openNotes(t, filepath.Join(t.TempDir(), "a.db"))
	boom := errors.New("boom")
	err := db.Write(t.Context(), func(tx *Tx) error {
		if _, err := tx.Exec(`INSERT INTO note (text, at) VALUES ('a', 0)`); err != nil {
			return err
		}
		return boom
	})
	if !errors.Is(err, boom) || countNotes(t, db) != 0 {
		t.Fatalf("err %v, %d notes", err, countNotes(t, db))
	}
	if err := addNote(db, "a"); err != nil {
		t.Fatal(err)
	}
}

// The transaction is lost under the group, as when the disk is full: nobody may be told that it worked.
func TestALostTransactionIsNobodysSuccess(t *testing.T) {
	db := openNotes(t, filepath.Join(t.TempDir(), "a.db"))
	lose := &request{done: make(chan struct{}), run: func(tx *Tx) error {
		if err := tx.w.exec("ROLLBACK"); err != nil {
			t.Error(err)
		}
		return errors.New("disk full")
	}}
	before := &request{done: make(chan struct{}), run: func(tx *Tx) error {
		_, err := tx.Exec(`INSERT INTO note (text, at) VALUES ('a', 0)`)
		return err
	}}
	after := &request{done: make(chan struct{}), run: before.run}
	db.commitGroup([]*request{before, lose, after})
	if before.err == nil || lose.err == nil || after.err == nil {
		t.Fatalf("errors %v, %v, %v", before.err, lose.err, after.err)
	}
	if n := countNotes(t, db); n != 0 {
		t.Fatalf("%d notes, want 0", n)
	}
	if err := addNote(db, "b"); err != nil {
		t.Fatalf("the next write: %v", err)
	}
}

// A commit fails with an unknown outcome: the next write works on a new connection; after two in a row writing ends.
func TestACommitOfUnknownOutcomeIsToldAndTheConnectionReplaced(t *testing.T) {
	db := openNotes(t, filepath.Join(t.TempDir(), "a.db"))
	endEarly := func(tx *Tx) error { return tx.w.exec("ROLLBACK") } // then COMMIT has no transaction
	var unknown *CommitError
	if err := db.Write(t.Context(), endEarly); !errors.As(err, &unknown) {
		t.Fatalf("got %v, want a CommitError", err)
	}
	old := db.writer.conn
	if err := addNote(db, "a"); err != nil {
		t.Fatal(err)
	}
	if db.writer.conn == old {
		t.Error("the broken connection is still in use")
	}
	for range 2 {
		if err := db.Write(t.Context(), endEarly); !errors.As(err, &unknown) {
			t.Fatalf("got %v, want a CommitError", err)
		}
	}
	if err := addNote(db, "b"); !errors.Is(err, ErrStopped) {
		t.Fatalf("got %v, want ErrStopped", err)
	}
	if n := countNotes(t, db); n != 1 {
		t.Errorf("reading stopped too: %d notes", n)
	}
}

func TestARequestThatWaitsCanLeave(t *testing.T) {
	db := openNotes(t, filepath.Join(t.TempDir(), "a.db"))
	db.turn <- struct{}{} // somebody's transaction takes long
	ctx, cancel := context.WithCancel(t.Context())
	answer := make(chan error)
	go func() {
		answer <- db.Write(ctx, func(*Tx) error { t.Error("ran after it had left"); return nil })
	}()
	cancel()
	if err := <-answer; !errors.Is(err, context.Canceled) {
		t.Fatalf("got %v", err)
	}
	<-db.turn
	if err := addNote(db, "a"); err != nil { // takes what is left in the queue along
		t.Fatal(err)
	}
}

func TestClosingAnswersEverybody(t *testing.T) {
	db := openNotes(t, filepath.Join(t.TempDir(), "a.db"))
	var wg sync.WaitGroup
	var mu sync.Mutex
	answered := 0
	started := make(chan struct{}, 8)
	for till := range 8 {
		wg.Go(func() {
			for i := 0; ; i++ {
				err := addNote(db, fmt.Sprintf("%d/%d", till, i))
				if i == 0 {
					started <- struct{}{}
				}
				if errors.Is(err, ErrClosed) {
					return
				}
				if err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				answered++
				mu.Unlock()
			}
		})
	}
	for range 8 {
		<-started
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	wg.Wait()
	again := openNotes(t, db.Path())
	if n := countNotes(t, again); n != answered {
		t.Fatalf("%d notes, %d were answered", n, answered)
	}
}

// A reader that is told to stop leaves by itself, and Close waits for it: who opens the file next must not find its locks and index.
func TestClosingWaitsForReadersThatWereToldToStop(t *testing.T) {
	for range 50 {
		db := openNotes(t, filepath.Join(t.TempDir(), "a.db"))
		ctx, stop := context.WithCancel(t.Context())
		tx, err := db.Read().BeginTx(ctx, nil)
		if err != nil {
			t.Fatal(err)
		}
		stop()
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
		if n := db.Read().Stats().OpenConnections; n != 0 {
			t.Fatalf("%d connections are open", n)
		}
		if err := tx.Rollback(); !errors.Is(err, sql.ErrTxDone) {
			t.Errorf("the reader's transaction goes on: %v", err)
		}
	}
}

func TestABackupIsWholeAndNeverOverwrites(t *testing.T) {
	dir := t.TempDir()
	db := openNotes(t, filepath.Join(dir, "a.db"))
	for i := range 100 {
		if err := addNote(db, fmt.Sprint(i)); err != nil {
			t.Fatal(err)
		}
	}
	target := filepath.Join(dir, "copy.db")
	if err := db.Backup(t.Context(), target); err != nil {
		t.Fatal(err)
	}
	if err := db.Backup(t.Context(), target); !errors.Is(err, fs.ErrExist) {
		t.Fatalf("got %v, want ErrExist", err)
	}
	copied := openNotes(t, target)
	if n := countNotes(t, copied); n != 100 {
		t.Fatalf("%d notes in the copy", n)
	}
	if findings, err := copied.IntegrityCheck(t.Context()); err != nil || len(findings) != 0 {
		t.Fatalf("%v, %v", findings, err)
	}
	if err := db.Checkpoint(t.Context()); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(db.Path() + "-wal"); err != nil || info.Size() != 0 {
		t.Fatalf("the write-ahead log was not emptied: %v, %v", info, err)
	}
}

func TestAFileThatIsNoDatabaseIsTold(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.db")
	if err := os.WriteFile(path, []byte("this is not a database, however long the text may be"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := Open(t.Context(), path, Options{Migrations: notes(), Now: time.Now})
	if !IsCorrupt(err) {
		t.Fatalf("got %v, want a corrupt file", err)
	}
}
