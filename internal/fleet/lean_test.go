package fleet

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"testing/synctest"
	"time"

	"loyaltill/agent/loyalty"
	"loyaltill/store"
	"loyaltill/sync/headoffice"
	"loyaltill/sync/uplink"
	"loyaltill/sync/wire"
)

// lean is a store of a level that is about head office: no ledger on disk, but the shipped rules and client, and a line with faults.
type lean struct {
	*shop
	client  *uplink.Client
	session uint64
	dice    *rand.Rand

	told   loyalty.Seq // head office has everything up to here
	before store.Hash  // chain value there
	head   store.Hash
	bodies [][]byte // what comes after
	last   *wire.Batch
}

const (
	leanBatch = 500 // entries
	leanTries = 100 // of one batch; each is a few seconds of the fleet's time
)

// flood runs a plan of lean stores: every store sells its day's sales one after the other and sends them by the batch.
func (w *world) flood() error {
	stores := make([]*lean, len(w.shops))
	for i, s := range w.shops {
		var err error
		if stores[i], err = w.lean(s); err != nil {
			return err
		}
	}
	for d := range w.plan.days {
		for i, s := range stores {
			at := time.Duration(d)*day + opening + trading*time.Duration(i)/time.Duration(len(stores))
			time.Sleep(time.Until(w.began.Add(at)))
			if err := s.sellDay(); err != nil {
				return fmt.Errorf("day %d: %w", d+1, err)
			}
			synctest.Wait() // head office has posted
		}
	}
	return w.judgeFlood(stores)
}

func (w *world) lean(s *shop) (*lean, error) {
	if err := s.prove(); err != nil {
		return nil, err
	}
	client, err := uplink.NewClientOver(s.identity, w.codec, s.line, time.Now)
	if err != nil {
		return nil, err
	}
	l := &lean{shop: s, client: client, before: s.identity.Genesis(), head: s.identity.Genesis(), dice: rand.New(rand.NewPCG(w.plan.seed, uint64(s.no)))}
	return l, l.open()
}

// open begins a session, as often as it takes.
func (l *lean) open() (err error) {
	id, request := loyalty.StoreID(l.identity.Store), wire.SessionRequest{Protocol: wire.Protocol, Epoch: loyalty.Epoch(l.identity.Epoch),
		InstallID: l.identity.InstallID, BootNonce: store.ID16{byte(l.no), byte(l.no >> 8), 1}, Head: wire.Head{Seq: l.told, Hash: l.before}}
	for range leanTries {
		var answer wire.SessionAnswer
		if answer, err = l.client.OpenSession(l.w.ctx, id, request); err == nil {
			l.session = answer.Session
			return nil
		}
		time.Sleep(time.Second)
	}
	return err
}

func (l *lean) sellDay() error {
	for range l.w.plan.sales {
		if err := l.sell(); err != nil {
			return err
		}
		if len(l.bodies) == leanBatch {
			if err := l.send(); err != nil {
				return err
			}
		}
	}
	return l.send()
}

// sell makes the entry of a sale; nine of ten are a member's, and give a point for a whole euro.
func (l *lean) sell() error {
	w, seq := l.w, l.told+loyalty.Seq(len(l.bodies))+1
	calendar := l.identity.Calendar()
	at := calendar.Local(time.Now())
	head := loyalty.EntryHead{Store: loyalty.StoreID(l.identity.Store), Epoch: loyalty.Epoch(l.identity.Epoch), Seq: seq, Txn: w.txn("lean", l.no, seq),
		At: at, Day: calendar.BusinessDay(time.Now()), Lane: 1, Cashier: "anna"}
	cents := 100 + l.dice.Int64N(9900)
	in := loyalty.QuoteInput{Place: loyalty.Place{Store: head.Store, Lane: head.Lane, At: head.At, Day: head.Day},
		Sale: loyalty.Sale{Lines: []loyalty.Line{{SKU: "4750001", Name: "Goods", Category: "food", Quantity: 1000, Amount: cents, Tax: 2100}},
			Tenders: []loyalty.Tender{{Kind: loyalty.TenderCash, Amount: cents}}}}
	if l.dice.IntN(10) > 0 {
		in.Member = &loyalty.MemberState{ID: w.members[l.dice.IntN(len(w.members))], Medium: loyalty.MediumNumber}
	}
	q, err := w.programme.Quote(in)
	if err != nil {
		return err
	}
	e, err := w.programme.Post(q, in, head)
	if err != nil {
		return err
	}
	body, err := e.Encode()
	if err != nil {
		return err
	}
	if e.Member != 0 {
		w.model.lean[e.Member] += loyalty.Points(cents / 100)
	}
	w.figures.sales++
	l.bodies, l.head = append(l.bodies, body), l.head.Next(body)
	return nil
}

// send pushes what head office does not have until it says that it has it.
func (l *lean) send() (err error) {
	if len(l.bodies) == 0 {
		return nil
	}
	b := &wire.Batch{Store: loyalty.StoreID(l.identity.Store), Epoch: loyalty.Epoch(l.identity.Epoch), Session: l.session, First: l.told + 1,
		Prev: l.before, Head: l.head, Bodies: l.bodies}
	l.line.mu.Lock()
	l.line.waiting[b.Last()] = time.Now()
	l.line.mu.Unlock()
	for range leanTries {
		var answer wire.Accepted
		if answer, err = l.client.Push(l.w.ctx, b); err == nil {
			if answer.AcceptedThrough != b.Last() || answer.HeadHash != b.Head {
				return fmt.Errorf("store %d sent entries up to %d, head office has them up to %d (I3)", b.Store, b.Last(), answer.AcceptedThrough)
			}
			l.told, l.before, l.bodies, l.last = b.Last(), b.Head, nil, b
			return nil
		}
		if class := wire.ClassOf(err); class != wire.AgainLater && class != wire.AgainNow {
			return err
		}
		time.Sleep(time.Second)
	}
	return fmt.Errorf("store %d: %d times: %w", b.Store, leanTries, err)
}

// judgeFlood looks for what is wrong when all is posted.
func (w *world) judgeFlood(stores []*lean) error {
	w.waits.Wait()
	synctest.Wait()
	found, err := w.office.Verify(w.ctx)
	if err != nil {
		return err
	}
	for _, f := range found {
		return fmt.Errorf("head office: %s: %s: %s", f.Check, f.Where, f.Problem)
	}
	for _, l := range stores {
		if l.last == nil {
			continue
		}
		answer, err := w.office.Push(w.ctx, l.last)
		if err != nil || !answer.Replayed || answer.AcceptedThrough != l.told {
			return errors.Join(fmt.Errorf("store %d: the last batch again: %+v (I16)", l.no+1, answer), err)
		}
	}
	report, err := w.office.Report(w.ctx)
	if err != nil {
		return err
	}
	if err := errors.Join(w.noSurprises(&report), w.allowances(&report)); err != nil {
		return err
	}
	return w.sameAsTold(&report, stores)
}

// sameAsTold holds heads and balances against what the stores made.
func (w *world) sameAsTold(r *headoffice.Report, stores []*lean) error {
	if r.Sum != 0 {
		return fmt.Errorf("all accounts sum to %d (I6)", r.Sum)
	}
	for i, s := range r.Stores {
		if e := s.Epochs[len(s.Epochs)-1]; e.Hash != stores[i].head || e.Posted != stores[i].told {
			return fmt.Errorf("store %d has %d entries, head office has posted %d (I3, I4)", s.ID, stores[i].told, e.Posted)
		}
	}
	for _, m := range r.Members {
		if m.Balance != w.model.lean[m.ID] {
			return fmt.Errorf("member %d has %d points, the stores gave %d (I7)", m.ID, m.Balance, w.model.lean[m.ID])
		}
	}
	return nil
}
