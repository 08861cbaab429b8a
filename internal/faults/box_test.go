//go:build linux

package faults

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/rs/zerolog"

	"loyaltill/agent/loyalty"
	"loyaltill/store"
	"loyaltill/store/agentdb"
	"loyaltill/sync/uplink"
	"loyaltill/sync/wire"
)

// copyTree copies a folder with its modes: a secret stays one.
func copyTree(t testing.TB, from, to string) {
	t.Helper()
	if out, err := exec.Command("cp", "-a", from, to).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
}

// replaceTree puts a copy in the place of a folder.
func replaceTree(t testing.TB, dir, with string) {
	t.Helper()
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	copyTree(t, with, dir)
}

// pointAt makes an identity folder find head office at another address.
func pointAt(t testing.TB, identity, url string) {
	t.Helper()
	setField(t, identity, "head_office", url)
}

// setField changes one line of an identity.
func setField(t testing.TB, identity, field, value string) {
	t.Helper()
	path := filepath.Join(identity, store.IdentityFile)
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	fields := map[string]any{}
	if err := json.Unmarshal(raw, &fields); err != nil {
		t.Fatal(err)
	}
	fields[field] = value
	if raw, err = json.Marshal(fields); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, raw, 0o600); err != nil {
		t.Fatal(err)
	}
}

func identityFolder(id *store.Identity) string { return filepath.Dir(id.Path(store.IdentityFile)) }

// identityURL is where an identity finds head office.
func identityURL(t testing.TB, identity string) string {
	t.Helper()
	id, err := store.LoadIdentity(identity)
	if err != nil {
		t.Fatal(err)
	}
	return id.HeadOffice
}

// box is a store's ledger with the agent's own client, driven step by step.
type box struct {
	*agentdb.DB
	id        *store.Identity
	client    *uplink.Client
	programme *loyalty.Programme
	boot      store.ID16
	session   uint64
}

// openBox takes the place of the shop's agent, which is stopped: a copy of its identity that finds head office at an address,
// and a ledger of its own.
func openBox(t testing.TB, identity, url string, now func() time.Time) *box {
	t.Helper()
	own := filepath.Join(t.TempDir(), "identity")
	copyTree(t, identity, own)
	if url != "" {
		pointAt(t, own, url)
	}
	id, err := store.LoadIdentity(own)
	if err != nil {
		t.Fatal(err)
	}
	document, err := os.ReadFile(filepath.Join("..", "..", "docs", "programmes", "plain.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	b := &box{id: id, boot: store.ID16(uuid.New())}
	if b.programme, err = loyalty.Compile(document); err != nil {
		t.Fatal(err)
	}
	if b.client, err = uplink.NewClient(id, time.Now); err != nil {
		t.Fatal(err)
	}
	if b.DB, err = agentdb.Open(t.Context(), t.TempDir(), id, zerolog.Nop(), now); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		b.client.Close()
		if err := b.Close(); err != nil {
			t.Error(err)
		}
	})
	return b
}

// firstMember is the number of the only member whom head office knows.
const firstMember loyalty.MemberID = 1

// post commits a sale of the member as the programme has it.
func (b *box) post(t testing.TB) agentdb.Committed {
	t.Helper()
	id := loyalty.TxnID(uuid.Must(uuid.NewV7()))
	c, err := b.Append(context.Background(), agentdb.Commit{Txn: id, RequestHash: sha256.Sum256(id[:]), Build: b.sale(firstMember)})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// sale is a sale of 12.40 of a member known by number, or of nobody.
func (b *box) sale(member loyalty.MemberID) func(loyalty.EntryHead, agentdb.Tally) (loyalty.Entry, error) {
	return func(h loyalty.EntryHead, _ agentdb.Tally) (loyalty.Entry, error) {
		h.Lane, h.Cashier = 1, "anna"
		in := loyalty.QuoteInput{Sale: loyalty.Sale{Lines: []loyalty.Line{{SKU: "4750001", Name: "Milk", Category: "food/dairy",
			Quantity: 1000, Amount: saleAmount, Tax: 2100}}}, Place: loyalty.Place{Store: h.Store, Lane: h.Lane, At: h.At, Day: h.Day}}
		if member != 0 {
			in.Member = &loyalty.MemberState{ID: member, Medium: loyalty.MediumNumber}
		}
		q, err := b.programme.Quote(in)
		if err != nil {
			return loyalty.Entry{}, err
		}
		in.Sale.Tenders = []loyalty.Tender{{Kind: loyalty.TenderCash, Amount: q.Due}}
		return b.programme.Post(q, in, h)
	}
}

// connect runs the agent's uplink until the test has ended and gives what it says.
func (b *box) connect(t testing.TB) func() uplink.Status {
	t.Helper()
	up, err := uplink.New(uplink.Options{DB: b.DB, HeadOffice: b.client, Agent: "faults", Log: zerolog.Nop(), Now: time.Now, Linger: time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); _ = up.Run(ctx) }() // ends with ctx and its error only
	t.Cleanup(func() { cancel(); <-done })
	return func() uplink.Status {
		status, err := up.Status(context.Background())
		if err != nil {
			t.Error(err)
		}
		return status
	}
}

// hello opens a session.
func (b *box) hello(ctx context.Context, office wire.HeadOffice) (wire.SessionAnswer, error) {
	head, err := b.Head(ctx)
	if err != nil {
		return wire.SessionAnswer{}, err
	}
	a, err := office.OpenSession(ctx, b.Store(), wire.SessionRequest{Protocol: wire.Protocol, Epoch: b.Epoch(), InstallID: b.id.InstallID,
		BootNonce: b.boot, Head: wire.Head{Seq: loyalty.Seq(head.Seq), Hash: head.Hash}, Agent: "faults", Clock: "2026-11-22T00:00:00.000Z"})
	if err == nil {
		b.session = a.Session
	}
	return a, err
}

// batch is a piece of the log.
func (b *box) batch(t testing.TB, first loyalty.Seq, count int) *wire.Batch {
	t.Helper()
	r, err := b.EntriesFrom(context.Background(), first, count, wire.MaxBatchBytes)
	if err != nil {
		t.Fatal(err)
	}
	return &wire.Batch{Store: b.Store(), Epoch: b.Epoch(), Session: b.session, First: r.First, Prev: r.Prev, Head: r.Head, Bodies: r.Bodies}
}
