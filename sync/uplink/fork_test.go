package uplink

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/rs/zerolog"

	"loyaltill/agent/loyalty"
	"loyaltill/store"
	"loyaltill/store/agentdb"
	"loyaltill/store/hodb"
	"loyaltill/sync/headoffice"
)

// restart begins the next life as a start of the agent does.
func (b *box) restart() {
	b.t.Helper()
	b.close()
	next, err := b.identity.Next()
	if err != nil || next == nil {
		b.t.Fatalf("no next life: %v", err)
	}
	if err := agentdb.NextLife(context.Background(), b.dir, b.identity, next, zerolog.Nop(), time.Now); err != nil {
		b.t.Fatal(err)
	}
	if b.identity, err = b.identity.TakeNext(); err != nil {
		b.t.Fatal(err)
	}
	b.open()
}

// redeem sells to a member who spends that many points.
func (b *box) redeem(member loyalty.MemberID, cents int64, points loyalty.Points) {
	b.t.Helper()
	state, err := b.db.State(context.Background(), member)
	if err != nil {
		b.t.Fatal(err)
	}
	state.Medium = loyalty.MediumNumber
	in := quoteInput(cents)
	in.Member, in.Sale.Redeem = &state.MemberState, &loyalty.Ask{Points: points}
	b.commit(loyalty.TxnID(uuid.Must(uuid.NewV7())), in)
}

func (b *box) closeDay() {
	b.t.Helper()
	txn := loyalty.TxnID(uuid.Must(uuid.NewV7()))
	if _, err := b.db.CloseDay(context.Background(), agentdb.CloseDay{Txn: txn, Lane: 1, Cashier: "anna"}); err != nil {
		b.t.Fatal(err)
	}
}

// forkedShop is a store whose backup of three sales sold on: head office has two sales behind them, the box five entries, one of them
// with a transaction that head office knows.
func forkedShop(t *testing.T) (o *office, b *box, member loyalty.MemberID, told loyalty.TxnID) {
	o = newOffice(t)
	prog := o.publish()
	member = o.member("6034000000000018")
	b = o.enrol(7, prog)
	b.connect()
	for range 3 {
		b.sell(member, 1000)
	}
	b.untilInSync()
	b.close()
	backup := t.TempDir()
	copyTree(t, b.dir, backup)
	b.open()
	b.connect()
	told = loyalty.TxnID(uuid.Must(uuid.NewV7()))
	b.sellAs(told, member, 2000)
	b.sell(member, 3000)
	b.untilInSync()
	b.close()
	replaceFolder(t, b.dir, backup)
	b.open()
	b.sellAs(told, member, 2000) // the till asked again
	b.sell(member, 4000)
	b.closeDay()
	b.sell(member, 5000)
	b.sell(0, 100)
	b.connect()
	b.untilState(StateForked)
	return o, b, member, told
}

func (o *office) fork() headoffice.Fork {
	o.t.Helper()
	f, err := o.manager().ShowFork(o.t.Context(), 7, 1)
	if err != nil {
		o.t.Fatal(err)
	}
	return f
}

func TestAForkIsExplainedToWhoeverDecides(t *testing.T) {
	o, b, member, told := forkedShop(t)
	f := o.fork()
	if f.Shared != 3 || f.HeadOffice.Count != 2 || f.HeadOffice.First != 4 || f.Box.Count != 5 || f.Box.Last != 8 || f.State != hodb.HeadForked {
		t.Errorf("%+v", f)
	}
	if len(f.Both) != 1 || f.Both[0].Txn != told || f.Both[0].HeadOffice.Seq != 4 {
		t.Errorf("told twice: %+v", f.Both)
	}
	points := func(r headoffice.BranchReport) loyalty.Points {
		if len(r.Members) != 1 || r.Members[0].Member != member {
			t.Fatalf("members %+v", r.Members)
		}
		return r.Members[0].Points
	}
	if ho, box := points(f.HeadOffice), points(f.Box); ho <= 0 || box <= ho {
		t.Errorf("points %d at head office, %d in the box", ho, box)
	}
	if _, err := o.manager().ResolveFork(t.Context(), 7, 9, "wrong"); err == nil {
		t.Error("a fork that is none was decided")
	}
	b.sell(member, 6000) // it goes on selling
	b.disconnect()
	b.connect()
	b.untilState(StateForked)
	if f := o.fork(); f.Box.Count != 6 {
		t.Errorf("%d entries of the box after one more sale", f.Box.Count)
	}
}

func TestADecidedForkGoesOnInANewLifeAndNothingCountsTwice(t *testing.T) {
	o, b, member, told := forkedShop(t)
	if _, err := o.manager().ResolveFork(t.Context(), 7, 1, "restored from Monday's backup"); err != nil {
		t.Fatal(err)
	}
	b.disconnect()
	b.connect()
	b.untilState(StateDecided)
	late := b.sell(member, 7000) // while the agent waits for its restart
	b.restart()
	if b.identity.Epoch != 2 || b.identity.ForkedFrom.Seq != 3 {
		t.Fatalf("identity %+v", b.identity)
	}
	again, err := b.db.EntryByTxn(t.Context(), late.Entry.Txn)
	if err != nil || again.RequestHash != late.RequestHash || again.Entry.Was == nil || *again.Entry.Was != (loyalty.EntryRef{Store: 7, Epoch: 1, Seq: late.Entry.Seq}) {
		t.Errorf("the till's next question gets %+v, %v", again.Entry, err)
	}
	b.connect()
	b.untilInSync()
	sameLog(t, o, b)
	report, err := b.db.Verify(t.Context(), nil)
	if err != nil || len(report.Findings) > 0 {
		t.Errorf("the store's verify: %+v, %v", report.Findings, err)
	}
	if err := o.PostAll(t.Context()); err != nil {
		t.Fatal(err)
	}
	found, err := o.Verify(t.Context())
	if err != nil || len(found) > 0 {
		t.Errorf("head office's verify: %+v, %v", found, err)
	}
	r := o.report()
	kinds := map[hodb.CaseKind]string{}
	for _, c := range r.Cases {
		kinds[c.Kind] = c.State
	}
	if len(r.Cases) != 2 || kinds[hodb.CaseFork] != "settled" || kinds[hodb.CaseTxnRepeated] != "open" || len(r.Differences) > 0 {
		t.Errorf("cases %+v, differences %+v", r.Cases, r.Differences)
	}
	var sales loyalty.Points // of 1000, 1000, 1000, 2000, 3000; 4000, 5000, 7000
	seen := map[loyalty.TxnID]bool{}
	for _, body := range append(o.entries(b, 1), o.entries(b, 2)...) {
		e, err := loyalty.DecodeEntry(body)
		if err != nil {
			t.Fatal(err)
		}
		if e.Sale != nil && e.Member == member && !seen[e.Txn] {
			for _, m := range e.Moves {
				sales += m.Points
			}
		}
		seen[e.Txn] = true
	}
	if !seen[told] || r.Members[0].Balance != sales {
		t.Errorf("the member has %d points, the sales gave %d", r.Members[0].Balance, sales)
	}
}

// entries are the bodies of one life, as head office has them.
func (o *office) entries(b *box, epoch loyalty.Epoch) (all [][]byte) {
	o.view(func(tx *hodb.Tx) error {
		return tx.EachEntry(hodb.Range{Store: b.db.Store(), Epoch: epoch, First: 1, Last: 1000}, func(e hodb.Entry) error {
			all = append(all, e.Body)
			return nil
		})
	})
	return all
}

// lots are a member's, as head office has them.
func (o *office) lots(member loyalty.MemberID) (lots []loyalty.Lot) {
	o.view(func(tx *hodb.Tx) (err error) {
		lots, err = tx.Lots(member, hodb.Points)
		return err
	})
	return lots
}

func (o *office) view(look func(*hodb.Tx) error) {
	o.t.Helper()
	f, err := hodb.OpenReadOnly(o.t.Context(), o.home.DatabasePath(), time.Now)
	if err != nil {
		o.t.Fatal(err)
	}
	if err := errors.Join(f.View(o.t.Context(), look), f.Close()); err != nil {
		o.t.Fatal(err)
	}
}

func TestBeginningTheNextLifeMayBeInterruptedAnywhere(t *testing.T) {
	o, b, _, _ := forkedShop(t)
	if _, err := o.manager().ResolveFork(t.Context(), 7, 1, "restored"); err != nil {
		t.Fatal(err)
	}
	b.disconnect()
	b.connect()
	b.untilState(StateDecided)
	b.close()
	next, err := b.identity.Next()
	if err != nil {
		t.Fatal(err)
	}
	begin := func() {
		t.Helper()
		if err := agentdb.NextLife(t.Context(), b.dir, b.identity, next, zerolog.Nop(), time.Now); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.MkdirAll(filepath.Join(b.dir, "next"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(b.dir, "next", agentdb.LedgerFile), []byte("half of an attempt"), 0o600); err != nil {
		t.Fatal(err)
	}
	begin()
	ledger, built := filepath.Join(b.dir, agentdb.LedgerFile), filepath.Join(b.dir, "next", agentdb.LedgerFile)
	if err := os.MkdirAll(filepath.Dir(built), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := store.Move(ledger, built); err != nil { // it stopped between the two names
		t.Fatal(err)
	}
	begin()
	begin() // all was done but the identity
	if b.identity, err = b.identity.TakeNext(); err != nil {
		t.Fatal(err)
	}
	b.open()
	if n := len(b.log()); n != 5 {
		t.Errorf("%d entries", n)
	}
}

func TestANextLifeWaitsForACardThatIsBeingAsked(t *testing.T) {
	o, b, _, _ := forkedShop(t)
	if _, err := o.manager().ResolveFork(t.Context(), 7, 1, "restored"); err != nil {
		t.Fatal(err)
	}
	b.disconnect()
	b.connect()
	b.untilState(StateDecided)
	err := b.db.OpenIntent(t.Context(), agentdb.Intent{Txn: loyalty.TxnID(uuid.Must(uuid.NewV7())), Lane: 1, Card: loyalty.CardID{1}, Amount: 5, Unlock: agentdb.Unlock{1}, Request: []byte("{}")})
	if err != nil {
		t.Fatal(err)
	}
	b.close()
	next, err := b.identity.Next()
	if err != nil {
		t.Fatal(err)
	}
	if err := agentdb.NextLife(t.Context(), b.dir, b.identity, next, zerolog.Nop(), time.Now); !errors.Is(err, agentdb.ErrUnfinished) || !strings.Contains(err.Error(), "debits of cards 1, papers 0;") {
		t.Errorf("got %v", err)
	}
}

func TestStaffAndTheTrailGoAlongIntoTheNextLife(t *testing.T) {
	o, b, _, _ := forkedShop(t)
	act := agentdb.Act{Name: "command line", What: "staff_add", After: "Anna, manager"}
	anna := agentdb.Staff{Name: "Anna", Role: "manager", Language: "lv", PIN: "$argon2id$kept"}
	before, err := b.db.AddStaff(t.Context(), loyalty.TxnID(uuid.Must(uuid.NewV7())), [32]byte{1}, anna, act)
	if err != nil {
		t.Fatal(err)
	}
	if err := b.db.RefuseAct(t.Context(), 1, "role_refused"); err != nil {
		t.Fatal(err)
	}
	if _, err := o.manager().ResolveFork(t.Context(), 7, 1, "restored from Monday's backup"); err != nil {
		t.Fatal(err)
	}
	b.disconnect()
	b.connect()
	b.untilState(StateDecided)
	b.restart()
	after, err := b.db.StaffByNumber(t.Context(), before.Number)
	if err != nil || after != before {
		t.Errorf("got %+v, %v, want %+v", after, err, before)
	}
	acts, err := b.db.Acts(t.Context(), agentdb.ActFilter{Limit: 10})
	if err != nil || len(acts) != 1 || acts[0].After != act.After || acts[0].Refused != "role_refused" {
		t.Errorf("trail %+v, %v", acts, err)
	}
}

// The ledger alone was put back: the copy of the members beside it, and cards, still tell of what the lost branch gave. The box sells
// under the same number, spends of that and gives points itself.
func TestPointsOfTheLostBranchAreNotTakenForTheBoxsOwn(t *testing.T) {
	o := newOffice(t)
	prog := o.publish("redeem_without_purse: 0", "redeem_without_purse: 500", "\nlimits:", "\nreturns: {earned: per_line} # keeps the life of what is drawn\nlimits:")
	member := o.member("6034000000000018")
	b := o.enrol(7, prog)
	b.close()
	b.ahead = -40 * 24 * time.Hour // what is earned then has another last day
	b.open()
	b.connect()
	b.sell(member, 20000)
	b.untilInSync()
	b.close()
	backup := t.TempDir()
	copyTree(t, b.dir, backup)
	b.open()
	b.connect()
	b.sell(0, 100) // where the box closes the day
	b.sell(member, 40000)
	b.until("the second sale in the members", func(s Status) bool { return s.Feed.Watermark == 3 })
	b.close()
	for _, end := range []string{"", "-wal", "-shm"} {
		ledger := agentdb.LedgerFile + end
		if err := errors.Join(os.RemoveAll(filepath.Join(b.dir, ledger)), os.Link(filepath.Join(backup, ledger), filepath.Join(b.dir, ledger))); err != nil && !errors.Is(err, os.ErrNotExist) {
			t.Fatal(err)
		}
	}
	b.ahead = 0
	b.open()
	b.redeem(member, 60000, 500)
	b.connect()
	b.untilState(StateForked)
	if _, err := o.manager().ResolveFork(t.Context(), 7, 1, "restored"); err != nil {
		t.Fatal(err)
	}
	b.disconnect()
	b.connect()
	b.untilState(StateDecided)
	b.restart()
	b.connect()
	b.untilInSync()
	if err := o.PostAll(t.Context()); err != nil {
		t.Fatal(err)
	}
	if found, err := o.Verify(t.Context()); err != nil || len(found) > 0 {
		t.Errorf("head office's verify: %+v, %v", found, err)
	}
	for _, c := range o.report().Cases {
		if c.Kind == hodb.CaseDifference {
			t.Errorf("head office does not follow the sale: %s", c.Note)
		}
	}
	var lots []string
	for _, l := range o.lots(member) {
		lots = append(lots, fmt.Sprintf("%s %d %v", l.ID, l.Remaining, l.Earned == o.lots(member)[0].Earned))
	}
	if got, want := strings.Join(lots, ", "), "7-1-3.1 100 true, 7-2-1.1 500 false"; got != want {
		t.Errorf("lots %s, want %s", got, want)
	}
}
