package agentdb

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/rs/zerolog"

	"loyaltill/agent/loyalty"
	"loyaltill/store"
)

//go:embed migrations
var migrations embed.FS

// Files in the database folder.
const (
	LedgerFile  = "ledger.db"
	MembersFile = "members.db"
)

// Errors that callers act on.
var (
	// ErrConflict says that a transaction id or a print key was used before for something else.
	ErrConflict = errors.New("known under the same key with other content")
	// ErrDayChanged says that the business day is not the one that the caller expected.
	ErrDayChanged = errors.New("the business day has changed")
	// ErrEmptyDay says that nothing happened since the last close.
	ErrEmptyDay = errors.New("nothing to close")
	// ErrNotFound says that there is no such row.
	ErrNotFound = errors.New("not found")
	// ErrForeign says that the folder belongs to another store or another life of this one.
	ErrForeign = errors.New("the ledger belongs to another identity")
	// ErrState says that a print job or intent is not in a state that allows the step.
	ErrState = errors.New("not possible in this state")
)

// DB is the store's two databases.
type DB struct {
	ledger   *store.DB
	members  *store.DB
	identity *store.Identity
	calendar store.Calendar
	genesis  store.Hash
	log      zerolog.Logger
	wake     chan struct{}
	now      func() time.Time
	leases   leases
	wrap     store.KeyWrap // of the keys of members
}

// Open opens or makes both files in dir. The ledger must belong to the identity; a members file that cannot be read is
// put aside and made anew, head office sends it again.
func Open(ctx context.Context, dir string, id *store.Identity, log zerolog.Logger, now func() time.Time) (*DB, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("open ledger: %w", err)
	}
	ledger, err := openFile(ctx, filepath.Join(dir, LedgerFile), "migrations/ledger", now, false)
	if err != nil {
		return nil, err
	}
	db := &DB{ledger: ledger, identity: id, calendar: id.Calendar(), genesis: id.Genesis(), log: log,
		wake: make(chan struct{}, 1), now: now, wrap: id.KeyWrap()}
	if err := db.claim(ctx); err != nil {
		return nil, errors.Join(err, ledger.Close())
	}
	db.members, err = openMembers(ctx, filepath.Join(dir, MembersFile), now, log)
	if err != nil {
		return nil, errors.Join(err, ledger.Close())
	}
	if err := errors.Join(db.settlePending(ctx), db.countOnce(ctx), db.ShowEnrolled(ctx), db.forget(ctx)); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}

func openFile(ctx context.Context, path, folder string, now func() time.Time, rebuildable bool) (*store.DB, error) {
	files, err := fs.Sub(migrations, folder)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	return store.Open(ctx, path, store.Options{Migrations: files, Now: now, Rebuildable: rebuildable})
}

// openMembers puts a file aside that SQLite cannot read.
func openMembers(ctx context.Context, path string, now func() time.Time, log zerolog.Logger) (*store.DB, error) {
	db, err := openFile(ctx, path, "migrations/members", now, true)
	if err == nil || !store.IsCorrupt(err) {
		return db, err
	}
	aside := fmt.Sprintf("%s.damaged-%d", path, now().UnixMilli())
	log.Error().Err(err).Str("aside", aside).Msg("members file is damaged, head office will send it again")
	if err := os.Rename(path, aside); err != nil {
		return nil, fmt.Errorf("put damaged members file aside: %w", err)
	}
	for _, suffix := range []string{"-wal", "-shm"} {
		if err := os.Remove(path + suffix); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("put damaged members file aside: %w", err)
		}
	}
	return openFile(ctx, path, "migrations/members", now, true)
}

// claim writes whose log this is into a new ledger and compares it in an old one.
func (db *DB) claim(ctx context.Context) error {
	id := db.identity
	err := db.ledger.Write(ctx, func(tx *store.Tx) error {
		var storeID, epoch uint32
		var install, genesis []byte
		err := tx.QueryRow(`SELECT store, epoch, install_id, genesis FROM ledger`, nil, &storeID, &epoch, &install, &genesis)
		if errors.Is(err, sql.ErrNoRows) {
			_, err = tx.Exec(`INSERT INTO ledger (one, store, epoch, install_id, genesis) VALUES (1, ?, ?, ?, ?)`,
				id.Store, id.Epoch, id.InstallID[:], db.genesis[:])
			return err
		}
		if err != nil {
			return err
		}
		return db.owns(storeID, epoch, install, genesis)
	})
	if err != nil {
		return fmt.Errorf("open ledger %s: %w", db.ledger.Path(), err)
	}
	return nil
}

// belongs compares whose ledger it is without writing.
func (db *DB) belongs(ctx context.Context) error {
	var storeID, epoch uint32
	var install, genesis []byte
	err := db.ledger.Read().QueryRowContext(ctx, `SELECT store, epoch, install_id, genesis FROM ledger`).Scan(&storeID, &epoch, &install, &genesis)
	if err == nil {
		err = db.owns(storeID, epoch, install, genesis)
	}
	if err != nil {
		return fmt.Errorf("open ledger %s: %w", db.ledger.Path(), err)
	}
	return nil
}

func (db *DB) owns(storeID, epoch uint32, install, genesis []byte) error {
	id := db.identity
	if storeID != id.Store || epoch != id.Epoch || string(install) != string(id.InstallID[:]) || string(genesis) != string(db.genesis[:]) {
		return fmt.Errorf("%w: it is store %d epoch %d, the identity folder says store %d epoch %d", ErrForeign, storeID, epoch, id.Store, id.Epoch)
	}
	return nil
}

// Close waits for the running transactions and closes both files.
func (db *DB) Close() error {
	errs := []error{db.ledger.Close()}
	if db.members != nil {
		errs = append(errs, db.members.Close())
	}
	return errors.Join(errs...)
}

// Identity is who this ledger belongs to.
func (db *DB) Identity() *store.Identity { return db.identity }

// Store and Epoch are the log's, as the domain's types.
func (db *DB) Store() loyalty.StoreID { return loyalty.StoreID(db.identity.Store) }
func (db *DB) Epoch() loyalty.Epoch   { return loyalty.Epoch(db.identity.Epoch) }

// Wake gets a value after entries were committed, at most one that nobody has taken yet.
func (db *DB) Wake() <-chan struct{} { return db.wake }

func (db *DB) signal() {
	select {
	case db.wake <- struct{}{}:
	default:
	}
}

// Backup copies the ledger as of one moment into a new file; members come from head office. The copy counts all of its entries as
// sent: by the time at which somebody needs it they may be.
func (db *DB) Backup(ctx context.Context, target string) error {
	return db.ledger.Backup(ctx, target, `UPDATE ledger SET sent_through = (SELECT coalesce(max(seq), 0) FROM entry)`, `DELETE FROM advance_hold`)
}

// IntegrityCheck runs SQLite's integrity check over both files.
func (db *DB) IntegrityCheck(ctx context.Context) ([]string, error) {
	ledger, err := db.ledger.IntegrityCheck(ctx)
	if err != nil || db.members == nil {
		return ledger, err
	}
	members, err := db.members.IntegrityCheck(ctx)
	return append(ledger, members...), err
}

// Stats tell how the two files are doing.
func (db *DB) Stats() (ledger, members store.Stats) { return db.ledger.Stats(), db.members.Stats() }

// errProbe ends a probe without a trace.
var errProbe = errors.New("only a probe")

// Writable says whether the ledger takes entries now: it begins a transaction that comes to nothing.
func (db *DB) Writable(ctx context.Context) error {
	err := db.ledger.Write(ctx, func(*store.Tx) error { return errProbe })
	if errors.Is(err, errProbe) {
		return nil
	}
	return err
}

// Checkpoint empties the write-ahead logs, as at the close of a day.
func (db *DB) Checkpoint(ctx context.Context) error {
	return errors.Join(db.ledger.Checkpoint(ctx), db.members.Checkpoint(ctx))
}

// write runs fn durably. A commit with an unknown outcome is run once more on a new connection: fn looks for its own key
// first, so it finds what did reach the disk and writes what did not.
func (db *DB) write(ctx context.Context, fn func(*store.Tx) error) error {
	err := db.ledger.Write(ctx, fn)
	var unknown *store.CommitError
	if errors.As(err, &unknown) {
		db.log.Error().Err(err).Msg("commit failed, looking on a new connection")
		err = db.ledger.Write(ctx, fn)
	}
	return err
}

// millis is how instants are stored.
func millis(t time.Time) int64   { return t.UnixMilli() }
func instant(ms int64) time.Time { return time.UnixMilli(ms).UTC() }
