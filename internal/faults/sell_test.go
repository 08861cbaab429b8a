//go:build linux

package faults

import (
	"bytes"
	"context"
	"crypto/ecdh"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/rs/zerolog"

	"loyaltill/agent/loyalty"
	"loyaltill/store"
	"loyaltill/store/agentdb"
)

// roleSell is a process that sells through the store's ledger and notes each answer in a file beside it.
const (
	roleSell     = "sell"
	envIdentity  = "LOYALTILL_FAULTS_IDENTITY"
	envFolder    = "LOYALTILL_FAULTS_FOLDER"
	envCount     = "LOYALTILL_FAULTS_COUNT"
	answeredFile = "answered"

	sellingTills    = 3       // together, so that commits are shared
	mostSales       = 100_000 // of one who sells until told that it is enough
	checkpointEvery = 40      // sales of the first till
	sellingMembers  = 5
)

// sellCommand starts this program again to sell so many, and on until its input ends.
func sellCommand(t testing.TB, identity *store.Identity, folder string, count int) *exec.Cmd {
	t.Helper()
	return childCommand(t, role+"="+roleSell, envIdentity+"="+identityFolder(identity),
		envFolder+"="+folder, envCount+"="+strconv.Itoa(count))
}

// childCommand starts this program again in another role.
func childCommand(t testing.TB, env ...string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), env...)
	return cmd
}

func sellFromEnvironment() (err error) {
	id, err := store.LoadIdentity(os.Getenv(envIdentity))
	if err != nil {
		return err
	}
	count, err := strconv.Atoi(os.Getenv(envCount))
	if err != nil {
		return err
	}
	folder := os.Getenv(envFolder)
	answered, err := os.OpenFile(filepath.Join(folder, answeredFile), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, answered.Close()) }()
	db, err := agentdb.Open(context.Background(), folder, id, zerolog.Nop(), time.Now)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	fmt.Println("selling")
	errs := make([]error, sellingTills+1)
	enough := make(chan struct{})
	var all sync.WaitGroup
	all.Go(func() {
		defer close(enough)
		_, errs[sellingTills] = io.Copy(io.Discard, os.Stdin)
	})
	for till := range sellingTills {
		all.Go(func() { errs[till] = sellAtTill(db, till, count, enough, answered) })
	}
	all.Wait()
	return errors.Join(errs...)
}

// sellAtTill sells this till's share. A sale that failed is tried again under its key, as a till does: what the ledger
// says the second time is the answer.
func sellAtTill(db *agentdb.DB, till, count int, enough <-chan struct{}, answered *os.File) error {
	for n := till; n < mostSales; n += sellingTills {
		if n >= count {
			select {
			case <-enough:
				return nil
			default:
			}
		}
		c, err := sell(db, n)
		if err != nil {
			fmt.Printf("refused %d: %v\n", n, err)
			c, err = sell(db, n)
		}
		if err != nil {
			return fmt.Errorf("sale %d, again: %w", n, err)
		}
		if _, err := fmt.Fprintf(answered, "%d %s\n", c.Entry.Seq, c.Hash); err != nil { // one write: whole lines
			return err
		}
		if till == 0 && n/sellingTills%checkpointEvery == checkpointEvery-1 {
			err := db.Checkpoint(context.Background())
			if err != nil {
				fmt.Printf("not checkpointed: %v\n", err)
				err = db.Checkpoint(context.Background())
			}
			if err != nil {
				return fmt.Errorf("checkpoint, again: %w", err)
			}
		}
	}
	return nil
}

// sell commits the nth sale of a run under a key that follows from n.
func sell(db *agentdb.DB, n int) (agentdb.Committed, error) {
	key := loyalty.TxnID(uuid.NewSHA1(uuid.Nil, []byte(strconv.Itoa(n))))
	member := loyalty.MemberID(n%sellingMembers + 1)
	return db.Append(context.Background(), agentdb.Commit{Txn: key, RequestHash: sha256.Sum256(key[:]), Build: saleOf(member)})
}

const saleEarns = 10

// saleOf makes a sale of 10.00 that earns a member points.
func saleOf(member loyalty.MemberID) func(loyalty.EntryHead, agentdb.Tally) (loyalty.Entry, error) {
	return func(h loyalty.EntryHead, _ agentdb.Tally) (loyalty.Entry, error) {
		e := loyalty.Entry{V: 1, Store: h.Store, Epoch: h.Epoch, Seq: h.Seq, Kind: loyalty.KindSale, Txn: h.Txn, Day: h.Day,
			At: h.At, Lane: 1, Cashier: "anna", Member: member}
		e.Sale = &loyalty.SaleBody{Programme: "p", Currency: "EUR", Total: 1000, ToPay: 1000, Earned: saleEarns, Quote: "q",
			Lines:   []loyalty.Line{{SKU: "4750001", Quantity: 1000, Amount: 1000}},
			Tenders: []loyalty.Tender{{Kind: loyalty.TenderCash, Amount: 1000}}}
		e.Moves = []loyalty.Movement{{From: loyalty.AccountIssued, To: loyalty.AccountMain(member), Points: saleEarns,
			Lot: loyalty.LotID(fmt.Sprintf("%d-%d-%d.1", h.Store, h.Epoch, h.Seq)), Earned: h.Day, Expires: "2099-11-22"}}
		return e, nil
	}
}

// newIdentity makes the identity of a store that no head office knows.
func newIdentity(t testing.TB) *store.Identity {
	t.Helper()
	root, err := ecdh.P256().GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	position, _, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "identity")
	err = store.WriteIdentity(dir, store.Identity{Store: 17, Name: "Riga 1", Epoch: 3, InstallID: store.ID16{1}, Nonce: store.ID16{2},
		TimeZone: "Europe/Riga", DayCut: "04:00", Currency: "EUR", Language: "lv", HeadOffice: "https://127.0.0.1:1",
		Scheme: "4c595431", CardRoot: root.PublicKey().Bytes(), PositionKey: store.HexBytes(position)},
		store.IdentityFiles{Cert: []byte("x"), Key: []byte("x"), CA: []byte("x"), NumberKey: bytes.Repeat([]byte{7}, 32)})
	if err != nil {
		t.Fatal(err)
	}
	id, err := store.LoadIdentity(dir)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// answers reads what the selling process noted: chain value by number.
func answers(text string) (map[int64]string, error) {
	out := map[int64]string{}
	for line := range strings.Lines(text) {
		number, hash, ok := strings.Cut(strings.TrimSpace(line), " ")
		seq, err := strconv.ParseInt(number, 10, 64)
		if !ok || err != nil || len(hash) != 2*sha256.Size {
			continue // the line that a kill cut
		}
		if out[seq] != "" {
			return nil, fmt.Errorf("entry %d was answered twice", seq)
		}
		out[seq] = hash
	}
	return out, nil
}

// checkLedger opens a folder as the agent does and compares it with what was answered. It gives the number of entries.
func checkLedger(ctx context.Context, id *store.Identity, folder string, answered map[int64]string) (entries int64, err error) {
	db, err := agentdb.Open(ctx, folder, id, zerolog.Nop(), time.Now)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	report, err := db.Verify(ctx, nil) // chain, pending rows, sums, SQLite's own check
	if err != nil {
		return 0, err
	}
	for _, f := range report.Findings {
		return report.Entries, fmt.Errorf("finding %s at %d: %s", f.Code, f.Seq, f.Detail)
	}
	for seq, hash := range answered {
		got, err := db.HashAt(ctx, loyalty.Seq(seq))
		if err != nil {
			return report.Entries, fmt.Errorf("entry %d was answered and is lost: %w", seq, err)
		}
		if got.String() != hash {
			return report.Entries, fmt.Errorf("entry %d was answered with %s, the ledger has %s", seq, hash, got)
		}
	}
	return report.Entries, nil
}
