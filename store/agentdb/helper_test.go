package agentdb

import (
	"bytes"
	"crypto/ecdh"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"loyaltill/agent/loyalty"
	"loyaltill/internal/blank"
	"loyaltill/store"
)

// clock is a store's clock that a test moves.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) set(t testing.TB, local string) {
	t.Helper()
	at, err := time.Parse(time.RFC3339, local)
	if err != nil {
		t.Fatal(err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = at
}

func newClock(t testing.TB) *clock {
	c := &clock{}
	c.set(t, "2026-11-22T10:15:00+02:00")
	return c
}

// box is a store box: an identity, a database folder and a clock.
type box struct {
	*DB
	dir      string
	identity *store.Identity
	position ed25519.PrivateKey
	clock    *clock
}

func newIdentity(t testing.TB) (*store.Identity, ed25519.PrivateKey) {
	t.Helper()
	ca, err := ecdh.P256().GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "identity")
	err = store.WriteIdentity(dir, store.Identity{Store: 17, Name: "Riga 1", Epoch: 3, InstallID: store.ID16{1},
		Nonce: store.ID16{2}, TimeZone: "Europe/Riga", DayCut: "04:00", Currency: "EUR", Language: "lv",
		HeadOffice: "https://127.0.0.1:1", Scheme: "4c595431", CardRoot: ca.PublicKey().Bytes(),
		PositionKey: store.HexBytes(public)},
		store.IdentityFiles{Cert: []byte("x"), Key: []byte("x"), CA: []byte("x"), NumberKey: bytes.Repeat([]byte{7}, 32)})
	if err != nil {
		t.Fatal(err)
	}
	id, err := store.LoadIdentity(dir)
	if err != nil {
		t.Fatal(err)
	}
	return id, private
}

var layStore = blank.OfStore("migrations")

func newBox(t testing.TB) *box {
	t.Helper()
	id, key := newIdentity(t)
	b := &box{dir: t.TempDir(), identity: id, position: key, clock: newClock(t)}
	layStore(t, b.dir)
	b.open(t)
	t.Cleanup(func() {
		if err := b.Close(); err != nil {
			t.Error(err)
		}
	})
	return b
}

func (b *box) open(t testing.TB) {
	t.Helper()
	db, err := Open(t.Context(), b.dir, b.identity, zerolog.Nop(), b.clock.now)
	if err != nil {
		t.Fatal(err)
	}
	b.DB = db
}

func (b *box) reopen(t testing.TB) {
	t.Helper()
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	b.open(t)
}

// txn is the nth transaction id of a test.
func txn(n int) (id loyalty.TxnID) {
	binary.BigEndian.PutUint64(id[8:], uint64(n))
	id[6], id[8] = 0x70, 0x80
	return id
}

// saleOf makes a sale entry that earns points for a member.
func saleOf(member loyalty.MemberID, earned loyalty.Points) func(loyalty.EntryHead, Tally) (loyalty.Entry, error) {
	return func(h loyalty.EntryHead, _ Tally) (loyalty.Entry, error) {
		e := loyalty.Entry{V: 1, Store: h.Store, Epoch: h.Epoch, Seq: h.Seq, Kind: loyalty.KindSale, Txn: h.Txn, Day: h.Day,
			At: h.At, Lane: 1, Cashier: "anna", Member: member}
		e.Sale = &loyalty.SaleBody{Programme: "p", Currency: "EUR", Total: 1000, ToPay: 1000, Earned: earned, Quote: "q",
			Lines:   []loyalty.Line{{SKU: "4750001", Quantity: 1000, Amount: 1000}},
			Tenders: []loyalty.Tender{{Kind: loyalty.TenderCash, Amount: 600}, {Kind: loyalty.TenderCard, Amount: 400}}}
		if earned > 0 && member != 0 {
			e.Moves = []loyalty.Movement{{From: loyalty.AccountIssued, To: loyalty.AccountMain(member), Points: earned,
				Lot: lotOf(h.Seq), Earned: h.Day, Expires: "2027-11-22"}}
		}
		return e, nil
	}
}

func lotOf(seq loyalty.Seq) loyalty.LotID {
	return loyalty.LotID(fmt.Sprintf("17-3-%d.1", seq))
}

func commitOf(n int, member loyalty.MemberID, earned loyalty.Points) Commit {
	id := txn(n)
	return Commit{Txn: id, RequestHash: sha256.Sum256(id[:]), Build: saleOf(member, earned)}
}

func (b *box) sell(t testing.TB, n int, member loyalty.MemberID, earned loyalty.Points) Committed {
	t.Helper()
	c, err := b.Append(t.Context(), commitOf(n, member, earned))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func (b *box) verifyClean(t testing.TB) Report {
	t.Helper()
	r, err := b.Verify(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range r.Findings {
		t.Errorf("finding %s at %d: %s", f.Code, f.Seq, f.Detail)
	}
	return r
}
