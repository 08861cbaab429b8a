package fleet

import (
	"bytes"
	"crypto/sha256"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"loyaltill/agent/loyalty"
	"loyaltill/store"
	"loyaltill/store/agentdb"
	"loyaltill/store/hodb"
	"loyaltill/sync/headoffice"
	"loyaltill/sync/wire"
)

// log is what head office has of one life of a store.
type log struct {
	bodies [][]byte
	hashes [][]byte
}

type life struct {
	store loyalty.StoreID
	epoch loyalty.Epoch
}

func (s *shop) life() life {
	return life{loyalty.StoreID(s.identity.Store), loyalty.Epoch(s.identity.Epoch)}
}

// logs reads head office's own database, past its code.
func (w *world) logs() (map[life]*log, error) {
	engine, name := "sqlite", "file:"+w.home.DatabasePath()+"?mode=ro"
	if w.plan.books != "" {
		engine, name = "pgx", w.plan.books
	}
	db, err := sql.Open(engine, name)
	if err != nil {
		return nil, err
	}
	defer db.Close()
	rows, err := db.QueryContext(w.ctx, `SELECT store_id, epoch, body, hash FROM entry ORDER BY store_id, epoch, seq`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	all := map[life]*log{}
	for rows.Next() {
		var of life
		var body, hash []byte
		if err := rows.Scan(&of.store, &of.epoch, &body, &hash); err != nil {
			return nil, err
		}
		if all[of] == nil {
			all[of] = &log{}
		}
		all[of].bodies, all[of].hashes = append(all[of].bodies, body), append(all[of].hashes, hash)
	}
	return all, rows.Err()
}

// judge looks for what is wrong with the whole chain, when everything is in step.
func (w *world) judge() error {
	if err := w.eachAwake((*shop).conclude); err != nil {
		return err
	}
	w.say("all stores were looked at")
	found, err := w.office.Verify(w.ctx)
	if err != nil {
		return err
	}
	for _, f := range found {
		return fmt.Errorf("head office: %s: %s: %s", f.Check, f.Where, f.Problem)
	}
	logs, err := w.logs()
	if err != nil {
		return err
	}
	for _, check := range []func(map[life]*log) error{w.samePrefix, w.nothingLost, w.reversals, w.sameBooks} {
		if err := check(logs); err != nil {
			return err
		}
	}
	if err := errors.Join(w.model.risk(), w.replay(), w.freshCopy()); err != nil {
		return err
	}
	return w.sum()
}

// samePrefix is I3 and the second half of I4: head office's log is the store's, and what it signed is in it.
func (w *world) samePrefix(logs map[life]*log) error {
	for _, s := range w.shops {
		head, signed := s.ending.head, s.ending.signed
		kept := logs[s.life()]
		if kept == nil {
			kept = &log{}
		}
		if int64(len(kept.hashes)) != head.Seq {
			return fmt.Errorf("store %d has %d entries, head office %d (I3)", s.no+1, head.Seq, len(kept.hashes))
		}
		if n := len(kept.hashes); n > 0 && (!bytes.Equal(kept.hashes[n-1], head.Hash[:]) || signed != head) {
			return fmt.Errorf("store %d and head office have other chain values at entry %d (I3, I4)", s.no+1, n)
		}
	}
	return nil
}

// nothingLost is I4 and I5: what a till was answered is at head office, and once.
func (w *world) nothingLost(logs map[life]*log) error {
	has, err := transactions(logs)
	if err != nil {
		return err
	}
	for _, t := range w.model.told {
		switch n := has[t.txn]; {
		case n == 0:
			w.figures.lost++
			err = fmt.Errorf("store %d: transaction %s was answered and is lost (I4)", t.shop.no+1, t.txn)
		case n > 1:
			w.figures.doubled++
			err = fmt.Errorf("store %d: transaction %s is there %d times (I5)", t.shop.no+1, t.txn, n)
		}
	}
	return err
}

func transactions(logs map[life]*log) (map[loyalty.TxnID]int, error) {
	has := map[loyalty.TxnID]int{}
	err := eachEntry(logs, func(e *loyalty.Entry) { has[e.Txn]++ })
	return has, err
}

// sameBooks holds head office's balances, and what every store shows, against the model.
func (w *world) sameBooks(logs map[life]*log) error {
	has, err := transactions(logs)
	if err != nil {
		return err
	}
	report, err := w.office.Report(w.ctx)
	if err != nil {
		return err
	}
	if report.Sum != 0 {
		return fmt.Errorf("all accounts sum to %d (I6)", report.Sum)
	}
	if err := errors.Join(w.noSurprises(&report), w.deficits(&report), w.allowances(&report)); err != nil {
		return err
	}
	want := w.model.balances(has)
	for _, m := range report.Members {
		at := slices.Index(w.members, m.ID)
		if m.Balance != want[m.ID] {
			return fmt.Errorf("member %d has %d points at head office, the tills told of %d", m.ID, m.Balance, want[m.ID])
		}
		if m.OnCard < 0 {
			w.figures.overspent++
			return fmt.Errorf("member %d spent %d points more than the card held", m.ID, -m.OnCard)
		}
		if len(m.Overspent) > 0 {
			w.figures.overdrafts++
		}
		for _, s := range w.shops {
			if shown := s.ending.balances[at]; shown != m.Balance {
				return fmt.Errorf("store %d shows member %d %d points, head office has %d (I11)", s.no+1, m.ID, shown, m.Balance)
			}
		}
	}
	return nil
}

// noSurprises lets no case stand that no fault explains.
func (w *world) noSurprises(r *headoffice.Report) error {
	forks := 0
	for _, c := range r.Cases {
		switch c.Kind {
		case hodb.CaseFork:
			forks++
		case hodb.CaseOverdrawn: // deficits compares them with the books
		default:
			entry := "nobody can read it"
			if b, err := w.office.Entries(w.ctx, wire.EntriesQuery{Store: c.Store, Epoch: c.Epoch, From: c.Seq, Limit: 1}); err == nil && len(b.Bodies) > 0 {
				entry = string(b.Bodies[0])
			}
			return fmt.Errorf("head office has a case %+v; the entry: %s", c, entry)
		}
	}
	if forks != w.figures.forks {
		return fmt.Errorf("%d cases of a fork, %d were made (I3)", forks, w.figures.forks)
	}
	for _, d := range r.Differences {
		return fmt.Errorf("head office judges otherwise: %+v", d)
	}
	return nil
}

// replay sends pieces of every log again, cut in any place: nothing may change (I16).
func (w *world) replay() error {
	before, err := w.state()
	if err != nil {
		return err
	}
	report, err := w.office.Report(w.ctx)
	if err != nil {
		return err
	}
	sessions := map[life]uint64{}
	for _, r := range report.Stores {
		for _, e := range r.Epochs {
			sessions[life{r.ID, e.Epoch}] = e.Session
		}
	}
	for _, s := range w.shops {
		if err := s.sendAgain(sessions[s.life()]); err != nil {
			return fmt.Errorf("store %d: %w (I16)", s.no+1, err)
		}
	}
	after, err := w.state()
	if err == nil && after != before {
		err = errors.New("batches that came again have changed head office (I16)")
	}
	return err
}

func (s *shop) sendAgain(session uint64) error {
	me := s.life()
	for _, r := range s.ending.again {
		answer, err := s.w.office.Push(s.w.ctx, &wire.Batch{Store: me.store, Epoch: me.epoch, Session: session, First: r.First,
			Prev: r.Prev, Head: r.Head, Bodies: r.Bodies})
		if err != nil || !answer.Replayed || int64(answer.AcceptedThrough) != s.ending.signed.Seq {
			return errors.Join(fmt.Errorf("entries from %d again: %+v", r.First, answer), err)
		}
	}
	return nil
}

// freshCopy makes one store's copy of the members anew from the feed: it must come to the same (I13).
func (w *world) freshCopy() error {
	s, other := w.shops[0], w.shops[len(w.shops)-1].ending.balances
	if err := s.end(); err != nil {
		return err
	}
	for _, suffix := range []string{"", "-wal", "-shm"} {
		if err := os.Remove(filepath.Join(s.folder(), agentdb.MembersFile+suffix)); err != nil && suffix == "" {
			return err
		}
	}
	if err := s.start(); err != nil {
		return err
	}
	err := s.until("has the members anew", func() (bool, error) {
		still, err := s.behind()
		return !still, err
	})
	if err != nil {
		return err
	}
	anew, err := s.shown()
	for i, id := range w.members {
		if err == nil && anew[i] != other[i] {
			return fmt.Errorf("member %d has %d points in a copy made anew, %d in another store (I13)", id, anew[i], other[i])
		}
	}
	return err
}

// state is head office's books as one number.
func (w *world) state() (string, error) {
	report, err := w.office.Report(w.ctx)
	if err != nil {
		return "", err
	}
	doc, err := json.Marshal(report)
	return fmt.Sprintf("%x", sha256.Sum256(doc)), err
}

// sum is what two runs of one seed have in common: every log, every balance, every figure.
func (w *world) sum() error {
	h := sha256.New()
	for _, s := range w.shops {
		fmt.Fprintln(h, s.no, s.ending.head)
	}
	state, err := w.state()
	fmt.Fprintln(h, state, w.figures.faults)
	if err == nil && w.plan.days <= mostExported {
		err = w.exports(h)
	}
	w.figures.digest = store.Hash(h.Sum(nil))
	return err
}
