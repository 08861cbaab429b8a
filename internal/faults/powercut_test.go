//go:build linux

package faults

import (
	"context"
	"database/sql"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	_ "modernc.org/sqlite"
)

var (
	pictures = flag.Int("pictures", 100, "power cuts that are looked at")
	kills    = flag.Int("kills", 6, "processes that are killed at a system call")
	seedFlag = flag.Uint64("seed", 20261122, "of the dice")
)

const lookers = 2

// The store's ledger, written by the store's own code in a process of its own, lies on a disk that remembers every write and
// sync. Then the power is cut at moments spread over the whole record: what was synced stays; of the rest nothing, all, some,
// or some sectors. Whatever is left opens, proves itself, and has every sale that was answered before the cut.
func TestAPowerCutAtAnyWriteLosesNoAnsweredSale(t *testing.T) {
	id := newIdentity(t)
	record := recordRun(t, func(dir string) *exec.Cmd { return sellCommand(t, id, dir, 300) })
	dice := rand.New(rand.NewPCG(*seedFlag, 1))
	disk := memoryDisk(t, 512<<20)
	queue := make(chan picture)
	var lookersDone sync.WaitGroup
	var mu sync.Mutex
	looked, entries := 0, int64(0)
	for n := range lookers {
		lookersDone.Go(func() {
			for p := range queue {
				dir := filepath.Join(disk, fmt.Sprint(n))
				got, err := lookAtLedger(p, dir, func(dir string, said map[int64]string) (int64, error) {
					return checkLedger(context.Background(), id, dir, said)
				})
				mu.Lock()
				if looked++; err != nil {
					t.Errorf("cut after %d of %d events, loss %d: %v", p.at, len(record), p.loss, err)
				}
				entries = max(entries, got)
				mu.Unlock()
			}
		})
	}
	develop(record, *pictures, dice, func(p picture) bool { queue <- p; return !t.Failed() })
	close(queue)
	lookersDone.Wait()
	t.Logf("seed %d: %d events, %d power cuts, all whole; the longest ledger had %d entries", *seedFlag, len(record), looked, entries)
}

// recordRun lets a program write to a recorded disk.
func recordRun(t *testing.T, command func(dir string) *exec.Cmd) []event {
	t.Helper()
	r := &recorder{}
	dir := r.mount(t)
	out, err := command(dir).CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	syncs := 0
	for _, e := range r.events {
		if e.change == synced {
			syncs++
		}
	}
	t.Logf("%d events, %d syncs recorded", len(r.events), syncs)
	return r.events
}

func lookAtLedger(p picture, dir string, check func(string, map[int64]string) (int64, error)) (int64, error) {
	if err := errors.Join(os.RemoveAll(dir), p.disk.write(dir)); err != nil {
		return 0, err
	}
	said, err := answers(p.answered)
	if err != nil {
		return 0, err
	}
	return check(dir, said)
}

// roleRows is a process that writes rows with SQLite alone, as durable as it is told to be.
const (
	roleRows       = "rows"
	envSynchronous = "LOYALTILL_FAULTS_SYNCHRONOUS"
	rowsFile       = "rows.db"
	rowCount       = 200
	rowBytes       = 700
)

func writeRowsFromEnvironment() (err error) {
	folder := os.Getenv(envFolder)
	answered, err := os.OpenFile(filepath.Join(folder, answeredFile), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, answered.Close()) }()
	db, err := sql.Open("sqlite", "file:"+filepath.Join(folder, rowsFile)+"?_pragma=journal_mode(wal)&_pragma=wal_autocheckpoint(40)&_pragma=synchronous("+
		os.Getenv(envSynchronous)+")")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	db.SetMaxOpenConns(1)
	if _, err := db.Exec(`CREATE TABLE entry (seq INTEGER PRIMARY KEY, body BLOB NOT NULL, mixed INTEGER NOT NULL); CREATE INDEX by_mixed ON entry (mixed)`); err != nil {
		return err
	}
	for n := 1; n <= rowCount; n++ {
		if _, err := db.Exec(`INSERT INTO entry VALUES (?, zeroblob(?), ?)`, n, rowBytes, n*7919%rowCount); err != nil {
			return err
		}
		if _, err := fmt.Fprintf(answered, "%d %064d\n", n, n); err != nil {
			return err
		}
	}
	return nil
}

// The recorder itself is put to the proof: with SQLite's settings that we refuse it must find lost rows and broken files,
// with ours none.
func TestTheRecorderCatchesWhatWeakerSettingsLose(t *testing.T) {
	for _, c := range []struct {
		synchronous   string
		loses, breaks bool
	}{{"full", false, false}, {"normal", true, false}, {"off", true, true}} {
		t.Run(c.synchronous, func(t *testing.T) {
			record := recordRun(t, func(dir string) *exec.Cmd {
				return childCommand(t, role+"="+roleRows, envFolder+"="+dir, envSynchronous+"="+c.synchronous)
			})
			disk := memoryDisk(t, 64<<20)
			whole, lost, broken := 0, 0, 0
			develop(record, *pictures, rand.New(rand.NewPCG(*seedFlag, 2)), func(p picture) bool {
				_, err := lookAtLedger(p, filepath.Join(disk, "image"), checkRows)
				switch {
				case err == nil:
					whole++
				case errors.Is(err, errLostRow):
					lost++
				default:
					broken++
				}
				return true
			})
			t.Logf("synchronous=%s: %d whole, %d without an answered row, %d broken", c.synchronous, whole, lost, broken)
			if (lost > 0) != c.loses || (broken > 0) != c.breaks {
				t.Errorf("want loss %v and breakage %v", c.loses, c.breaks)
			}
		})
	}
}

var errLostRow = errors.New("an answered row is lost")

func checkRows(dir string, said map[int64]string) (n int64, err error) {
	path := filepath.Join(dir, rowsFile)
	if _, err := os.Stat(path); err != nil {
		if len(said) > 0 {
			return 0, errLostRow
		}
		return 0, nil
	}
	db, err := sql.Open("sqlite", "file:"+path)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	db.SetMaxOpenConns(1)
	var check string
	if err := db.QueryRow(`PRAGMA integrity_check`).Scan(&check); err != nil || check != "ok" {
		return 0, errors.Join(fmt.Errorf("integrity: %s", check), err)
	}
	if err := db.QueryRow(`SELECT count(*) FROM sqlite_schema WHERE name = 'entry'`).Scan(&n); err != nil || n == 0 && len(said) == 0 {
		return 0, err
	}
	if n == 0 {
		return 0, errLostRow
	}
	if err := db.QueryRow(`SELECT count(*) FROM entry`).Scan(&n); err != nil {
		return 0, err
	}
	if n < int64(len(said)) {
		return n, errLostRow
	}
	return n, nil
}
