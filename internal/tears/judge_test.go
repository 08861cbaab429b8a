package tears

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"

	"loyaltill/agent/loyalty"
	"loyaltill/devices/card"
	"loyaltill/firmware-sim/cardsim"
	"loyaltill/store/agentdb"
	"loyaltill/store/hodb"
	"loyaltill/sync/headoffice"
)

// ending is a settled world with everything that can be read from it.
type ending struct {
	world    *world
	purse    cardsim.Status
	entries  [2][]*loyalty.Entry
	hanging  []agentdb.Intent // for head office to decide
	problems []string
}

func (e *ending) wrong(format string, args ...any) {
	e.problems = append(e.problems, fmt.Sprintf(format, args...))
}

// judge says what is wrong with a settled world; nothing, one hopes.
func (r *rig) judge(w *world) []string {
	chip, err := cardsim.Restore(w.card, nil)
	check(r.t, err)
	e := &ending{world: w, purse: chip.Status()}
	for store := range w.stores {
		r.visit(w, store, func(l *life) { e.entries[store] = l.proven(e) })
	}
	e.points()
	e.advances()
	for i := range w.sales {
		e.sale(i)
	}
	if len(e.problems) == 0 && !e.forgotten() {
		r.headOffice(e)
	}
	return e.problems
}

// proven has the ledger prove itself and reads it; nothing may hang, and what was answered is answered the same again.
func (l *life) proven(e *ending) []*loyalty.Entry {
	t, ctx := l.rig.t, context.Background()
	report, err := l.db.Verify(ctx, nil)
	check(t, err)
	for _, f := range report.Findings {
		e.wrong("store %d: ledger: %+v", l.store+1, f)
	}
	l.renewed(e)
	for _, i := range must[[]agentdb.Intent](t)(l.db.OpenIntents(ctx, 10)) {
		if e.oldest() <= i.Ctr0+1 {
			e.wrong("store %d: intent of sale %v is %s for ever", l.store+1, i.Txn, i.State)
		}
		e.hanging = append(e.hanging, i)
	}
	for _, s := range l.w.sales {
		if s.store == l.store && s.answer != nil {
			again, err := l.agent.Commit(ctx, s.lane, s.txn, *s.request)
			if !again.Replayed {
				e.wrong("sale %v was made a second time", s.txn)
			}
			again.Replayed = false
			if err != nil || !reflect.DeepEqual(again, *s.answer) {
				e.wrong("sale %v was answered with %+v, now %+v, %v", s.txn, *s.answer, again, err)
			}
		}
	}
	log := must[*agentdb.Range](t)(l.db.EntriesFrom(ctx, 1, 1000, 1<<20))
	var all []*loyalty.Entry
	for _, body := range log.Bodies {
		all = append(all, must[*loyalty.Entry](t)(loyalty.DecodeEntry(body)))
	}
	return all
}

// renewed: the card has the certificate that head office made anew for it.
func (l *life) renewed(e *ending) {
	t, ctx := l.rig.t, context.Background()
	waits, found, err := l.db.RenewalOf(ctx, l.rig.chain.card)
	check(t, err)
	if !found {
		return
	}
	check(t, l.card.powerOn())
	look, err := card.LookAt(ctx, l.card)
	check(t, err)
	if renewal := (card.Renewal{Certificate: waits.Certificate, MAC: waits.MAC}); look.Certificate != renewal.Hash() {
		e.wrong("the card's new certificate never came to it")
	}
}

// points: what the card holds is what was loaded less what was paid for, and never was more paid for than loaded.
func (e *ending) points() {
	var paid loyalty.Points
	counters := map[uint32]loyalty.TxnID{}
	for _, entries := range e.entries {
		for _, entry := range entries {
			if entry.Sale == nil || entry.Sale.Redeemed == 0 {
				continue
			}
			debit := entry.Sale.Redeemed - entry.Sale.AdvancePoints()
			paid += debit
			if entry.Card == nil || loyalty.Points(entry.Card.Amount) != debit || entry.Card.Txn != entry.Txn {
				e.wrong("sale %v gave a reward for %d points without the card's debit: %+v", entry.Txn, debit, entry.Card)
				continue
			}
			if other, twice := counters[entry.Card.Ctr]; twice {
				e.wrong("sales %v and %v were paid by one debit", other, entry.Txn)
			}
			counters[entry.Card.Ctr] = entry.Txn
		}
	}
	in := e.loaded(paid)
	if paid > in {
		e.wrong("rewards for %d points, %d were loaded", paid, in)
	}
	lost := in - paid - e.givenUp() - loyalty.Points(e.purse.Balance)
	if len(e.hanging) == 1 && lost == e.hanging[0].Amount {
		return // the card no longer knows what became of one debit, and points are missing: head office decides
	}
	if lost != 0 {
		e.wrong("the card holds %d: %d loaded less %d paid make %d", e.purse.Balance, in, paid, in-paid)
	}
}

// loaded is what the card has got by vouchers; less what it had to give back when it ended, which is all that it had not paid. By
// now it has heard everything.
func (e *ending) loaded(paid loyalty.Points) (in loyalty.Points) {
	for _, v := range e.world.vouchers {
		switch {
		case v.Seq > e.purse.LoadSeq:
			e.wrong("voucher %d never came to the card", v.Seq)
		case card.VoucherKind(v.Kind) == card.KindPoints:
			in += loyalty.Points(v.Amount)
		case card.VoucherKind(v.Kind) == card.KindTerminate:
			in = paid
		}
	}
	return in
}

// givenUp is what the card paid for sales that their store has given up without its undo: head office gives it back by voucher.
func (e *ending) givenUp() (points loyalty.Points) {
	for _, entries := range e.entries {
		for _, entry := range entries {
			if entry.Cancel != nil && e.debits(entry.Txn) > e.undos(entry.Txn) {
				points += min(e.world.pointsOf(entry.Txn), loaded) // an advance never was on the card
			}
		}
	}
	return points
}

// forgotten says whether the card has made more records than it keeps, oldest which one is the oldest that it has.
func (e *ending) forgotten() bool { return e.oldest() > 1 }

func (e *ending) oldest() uint32 {
	if len(e.purse.Journal) == 0 {
		return 0
	}
	return e.purse.Journal[len(e.purse.Journal)-1].Ctr
}

// sale compares what a till was told with what the store's ledger and the card say.
func (e *ending) sale(i int) {
	s := e.world.sales[i]
	if s.request != nil && !s.settled() && !e.forgotten() {
		e.wrong("sale %v never ends for its till", s.txn)
	}
	kinds := map[loyalty.Kind]int{}
	for _, entry := range e.entries[s.store] {
		if entry.Txn == s.txn {
			kinds[entry.Kind]++
		}
	}
	debits, undos := e.debits(s.txn), e.undos(s.txn)
	givenUp := slices.ContainsFunc(e.entries[s.store], func(entry *loyalty.Entry) bool { return entry.Txn == s.txn && entry.Cancel != nil })
	want := map[loyalty.Kind]int{}
	if s.answer != nil {
		want[loyalty.KindSale] = 1
	} else if undos > 0 || givenUp {
		want[loyalty.KindCancel] = 1
	}
	if !reflect.DeepEqual(kinds, want) {
		e.wrong("sale %v: entries %v, want %v (%s)", s.txn, kinds, want, s.refused)
	}
	if e.forgotten() {
		return
	}
	wantDebits := 0
	if s.answer != nil && s.points > 0 {
		wantDebits = 1
	}
	if debits > 1 || undos > debits || s.answer != nil && debits-undos != wantDebits || s.answer == nil && debits != undos && !givenUp {
		e.wrong("sale %v: %d debits and %d undone, answered: %v", s.txn, debits, undos, s.answer != nil)
	}
}

// headOffice has the chain's books judge what both stores have written, in either order of arrival.
func (r *rig) headOffice(e *ending) {
	t := r.t
	for _, order := range [][]int{{0, 1}, {1, 0}} {
		dir := filepath.Join(r.dir, "ho")
		check(t, os.RemoveAll(dir))
		check(t, os.CopyFS(dir, os.DirFS(e.world.home)))
		home := must[*headoffice.Home](t)(headoffice.OpenHome(dir))
		office := must[*headoffice.Office](t)(headoffice.OpenOffice(t.Context(), home, officeOptions()))
		for _, store := range order {
			r.visit(e.world, store, func(l *life) { r.chain.sync(office, l.db, anyVouchers) })
			check(t, office.PostAll(t.Context()))
		}
		report := must[headoffice.Report](t)(office.Report(t.Context()))
		check(t, office.Close())
		if e.purse.Terminated { // somebody showed it again, which head office is told of
			report.Cases = slices.DeleteFunc(report.Cases, func(c hodb.Case) bool { return c.Kind == hodb.CaseCardSuspect })
		}
		if report.Sum != 0 || len(report.Cases)+len(report.Differences)+len(report.Suspense) > 0 {
			e.wrong("head office, stores in the order %v: sum %d, %+v %+v %+v", order, report.Sum, report.Cases, report.Differences, report.Suspense)
		}
		if m := report.Members[0]; m.Balance != e.due() {
			e.wrong("head office owes the member %d points, earned less spent are %d", m.Balance, e.due())
		}
		if m := report.Members[0]; m.InPurse != loyalty.Points(e.purse.Balance) {
			e.wrong("head office believes %d points in the purse, the card holds %d", m.InPurse, e.purse.Balance)
		}
	}
}

// due is what the member has earned and not spent, nor lost with goods that he brought back.
func (e *ending) due() (points loyalty.Points) {
	for _, entries := range e.entries {
		for _, entry := range entries {
			if entry.Sale != nil {
				points += entry.Sale.Earned - entry.Sale.Redeemed
			}
			if entry.Return != nil {
				points -= entry.Return.Taken
			}
		}
	}
	return points
}

func (e *ending) debits(txn loyalty.TxnID) int { return e.records(txn, "debit") }

func (e *ending) undos(txn loyalty.TxnID) int { return e.records(txn, "undo") }

// records counts the card's records of a transaction.
func (e *ending) records(txn loyalty.TxnID, kind string) (n int) {
	for _, r := range e.purse.Journal {
		if r.Type == kind && r.Txid == fmt.Sprintf("%x", txn[:]) {
			n++
		}
	}
	return n
}
