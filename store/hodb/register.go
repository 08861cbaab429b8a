package hodb

import (
	"database/sql"
	"errors"
	"fmt"
	"time"

	"loyaltill/agent/loyalty"
	"loyaltill/store"
)

// ErrNotFound says that a row that was asked for by name is not there.
var ErrNotFound = errors.New("not found")

// ErrTaken says that a number or name is another's already.
var ErrTaken = errors.New("already taken")

// Store is one shop in the register.
type Store struct {
	ID       loyalty.StoreID `json:"id"`
	Name     string          `json:"name"`
	TimeZone string          `json:"time_zone"`
	Language string          `json:"language"`
	DayCut   string          `json:"day_cut,omitempty"` // HH:MM at which a business day begins; empty is midnight
}

// HeadState says whether a life of a store's log takes entries.
type HeadState string

const (
	HeadOpen   HeadState = "open"
	HeadForked HeadState = "forked" // another entry was shown under a known number; a person decides
	HeadClosed HeadState = "closed" // a newer life has begun
)

// Head is one life of one store's log and how far it has come.
type Head struct {
	Store     loyalty.StoreID
	Epoch     loyalty.Epoch
	State     HeadState
	InstallID store.ID16
	Nonce     store.ID16
	Seq       loyalty.Seq
	Hash      store.Hash
	Posted    loyalty.Seq // judged through here
	Signature []byte      // over the position of Seq and Hash
	Session   uint64      // the newest

	Quarantined bool          // two boxes speak for it in turn
	FromEpoch   loyalty.Epoch // the forked life that it follows, 0 if none
	FromSeq     loyalty.Seq   // the last entry that both branches of that life share
}

// Genesis is the chain's value before the first entry.
func (h *Head) Genesis() store.Hash {
	return store.Genesis(uint32(h.Store), uint32(h.Epoch), h.InstallID, h.Nonce)
}

// Position is what head office signs.
func (h *Head) Position() store.Position {
	return store.Position{Store: uint32(h.Store), Epoch: uint32(h.Epoch), Seq: int64(h.Seq), Hash: h.Hash}
}

// PutStore enters a store, or takes over a changed name, time zone or language.
func (tx *Tx) PutStore(s Store) error {
	return tx.exec(`INSERT INTO store (store_id, name, time_zone, language, day_cut, made_at) VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (store_id) DO UPDATE SET name = excluded.name, time_zone = excluded.time_zone, language = excluded.language,
		day_cut = excluded.day_cut`, s.ID, s.Name, s.TimeZone, s.Language, s.DayCut, tx.now.UnixMilli())
}

// OpenEpoch begins the next life of a store's log and closes the ones before it.
func (tx *Tx) OpenEpoch(id loyalty.StoreID, installID, nonce store.ID16) (*Head, error) {
	var last int64
	if err := tx.one(`SELECT COALESCE(MAX(epoch), 0) FROM store_head WHERE store_id = $1`, id)(&last); err != nil {
		return nil, fmt.Errorf("open epoch of store %d: %w", id, err)
	}
	return tx.OpenLife(store.Grant{Store: uint32(id), Epoch: uint32(last + 1), InstallID: installID, Nonce: nonce})
}

// OpenLife begins a life under a number that was granted, above all that are known, and closes the ones before it.
func (tx *Tx) OpenLife(g store.Grant) (*Head, error) {
	h := &Head{Store: loyalty.StoreID(g.Store), Epoch: loyalty.Epoch(g.Epoch), State: HeadOpen, InstallID: g.InstallID, Nonce: g.Nonce}
	h.Hash = h.Genesis()
	id, installID, nonce := h.Store, h.InstallID, h.Nonce
	err := tx.exec(`UPDATE store_head SET state = 'closed' WHERE store_id = $1`, id)
	if err == nil {
		err = tx.exec(`INSERT INTO store_head (store_id, epoch, state, install_id, nonce, seq, hash, posted_seq, session_no, moved_at)
			VALUES ($1, $2, $3, $4, $5, 0, $6, 0, 0, $7)`,
			id, h.Epoch, h.State, installID[:], nonce[:], h.Hash[:], tx.now.UnixMilli())
	}
	if err != nil {
		return nil, fmt.Errorf("open epoch %d of store %d: %w", h.Epoch, id, err)
	}
	return h, nil
}

const headColumns = `store_id, epoch, state, install_id, nonce, seq, hash, posted_seq, signature, session_no,
	quarantined_at IS NOT NULL, COALESCE(from_epoch, 0), COALESCE(from_seq, 0)`

func scanHead(scan func(...any) error) (*Head, error) {
	h := &Head{}
	var install, nonce, hash []byte
	err := scan(&h.Store, &h.Epoch, &h.State, &install, &nonce, &h.Seq, &hash, &h.Posted, &h.Signature, &h.Session,
		&h.Quarantined, &h.FromEpoch, &h.FromSeq)
	if err != nil {
		return nil, err
	}
	copy(h.InstallID[:], install)
	copy(h.Nonce[:], nonce)
	if h.Hash, err = store.HashFromBytes(hash); err != nil {
		return nil, fmt.Errorf("head of store %d epoch %d: %w", h.Store, h.Epoch, err)
	}
	return h, nil
}

// Head reads one life of a store's log; ErrNotFound when it was never opened.
func (tx *Tx) Head(id loyalty.StoreID, epoch loyalty.Epoch) (*Head, error) {
	return tx.head(id, epoch, "")
}

// LockHead is Head; nobody else moves that head until the transaction ends.
func (tx *Tx) LockHead(id loyalty.StoreID, epoch loyalty.Epoch) (*Head, error) {
	return tx.head(id, epoch, tx.conn.dialect().rowLock)
}

func (tx *Tx) head(id loyalty.StoreID, epoch loyalty.Epoch, lock string) (*Head, error) {
	h, err := scanHead(tx.one(`SELECT `+headColumns+` FROM store_head WHERE store_id = $1 AND epoch = $2`+lock, id, epoch))
	if errors.Is(err, sql.ErrNoRows) {
		return nil, fmt.Errorf("store %d epoch %d: %w", id, epoch, ErrNotFound)
	}
	return h, err
}

// Heads reads every life of every store, in order.
func (tx *Tx) Heads() ([]*Head, error) {
	return collect(tx, scanHead,
		`SELECT `+headColumns+` FROM store_head ORDER BY store_id, epoch`)
}

// Stores reads the register.
func (tx *Tx) Stores() ([]Store, error) {
	return collect(tx, func(scan func(...any) error) (s Store, err error) {
		err = scan(&s.ID, &s.Name, &s.TimeZone, &s.Language, &s.DayCut)
		return s, err
	}, `SELECT store_id, name, time_zone, language, day_cut FROM store ORDER BY store_id`)
}

// TimeZones are those of the stores, each once.
func (tx *Tx) TimeZones() ([]string, error) {
	return collect(tx, func(scan func(...any) error) (zone string, err error) {
		err = scan(&zone)
		return zone, err
	}, `SELECT DISTINCT time_zone FROM store ORDER BY time_zone`)
}

// Population is how many stores have a log that is open, and how many members are active.
func (tx *Tx) Population() (stores, members int64, err error) {
	err = tx.one(`SELECT (SELECT COUNT(DISTINCT store_id) FROM store_head WHERE state <> 'closed'), (SELECT COUNT(*) FROM member WHERE status = 'active')`)(
		&stores, &members)
	return stores, members, err
}

// OpenSession gives the session of a boot nonce: the one it already has, or a new one that fences all before it.
func (tx *Tx) OpenSession(h *Head, nonce store.ID16) (session uint64, err error) {
	err = tx.one(`SELECT session_no FROM session WHERE store_id = $1 AND epoch = $2 AND boot_nonce = $3`,
		h.Store, h.Epoch, nonce[:])(&session)
	if err == nil || !errors.Is(err, sql.ErrNoRows) {
		return session, err
	}
	session = h.Session + 1
	err = tx.exec(`INSERT INTO session (store_id, epoch, session_no, boot_nonce, opened_at) VALUES ($1, $2, $3, $4, $5)`,
		h.Store, h.Epoch, session, nonce[:], tx.now.UnixMilli())
	if err == nil {
		err = tx.exec(`UPDATE store_head SET session_no = $3 WHERE store_id = $1 AND epoch = $2`, h.Store, h.Epoch, session)
	}
	h.Session = session
	return session, err
}

// Fence notes that a start of an agent asked after a newer one had taken its place, once for each, and counts how many did since.
func (tx *Tx) Fence(h *Head, session uint64, since time.Time) (flips int, err error) {
	err = tx.exec(`UPDATE session SET fenced_at = $4 WHERE store_id = $1 AND epoch = $2 AND session_no = $3 AND fenced_at IS NULL`,
		h.Store, h.Epoch, session, tx.now.UnixMilli())
	if err == nil {
		err = tx.one(`SELECT COUNT(*) FROM session WHERE store_id = $1 AND epoch = $2 AND fenced_at >= $3`, h.Store, h.Epoch, since.UnixMilli())(&flips)
	}
	if err != nil {
		return 0, fmt.Errorf("fence session %d of store %d: %w", session, h.Store, err)
	}
	return flips, nil
}

// Quarantine keeps every box of a life from uploading until the store is enrolled again.
func (tx *Tx) Quarantine(h *Head) error {
	h.Quarantined = true
	return tx.exec(`UPDATE store_head SET quarantined_at = $3 WHERE store_id = $1 AND epoch = $2 AND quarantined_at IS NULL`, h.Store, h.Epoch, tx.now.UnixMilli())
}

// MarkForked keeps a life of a log from taking more until a person has decided.
func (tx *Tx) MarkForked(h *Head) error {
	h.State = HeadForked
	return tx.exec(`UPDATE store_head SET state = 'forked' WHERE store_id = $1 AND epoch = $2 AND state = 'open'`, h.Store, h.Epoch)
}

// NewestEpoch is the number of a store's latest life, 0 when it has none.
func (tx *Tx) NewestEpoch(id loyalty.StoreID) (epoch loyalty.Epoch, err error) {
	err = tx.one(`SELECT COALESCE(MAX(epoch), 0) FROM store_head WHERE store_id = $1`, id)(&epoch)
	return epoch, err
}
