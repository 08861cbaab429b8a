package headoffice

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"runtime"
	"slices"
	"sync"
	"time"

	"loyaltill/agent/loyalty"
	"loyaltill/store"
	"loyaltill/store/hodb"
)

// entryTime is local time with milliseconds and offset, as entries carry it.
const entryTime = "2006-01-02T15:04:05.000-07:00"

// postedAtOnce bounds the entries that are posted in one transaction: small batches share one.
const postedAtOnce = 2000

// posted is a batch that was judged.
type posted struct {
	entries int
	arrived time.Time
	took    time.Duration
}

// postNext judges the oldest batches that wait, in one transaction; more says that others may wait still.
func (o *Office) postNext(ctx context.Context) (more bool, err error) {
	done, more, err := o.postSome(ctx, postedAtOnce)
	if err != nil && len(done) > 0 { // a batch at which posting stops takes none before it along
		done, more, err = o.postSome(ctx, 1)
	}
	if err != nil || len(done) == 0 {
		return false, err
	}
	now := o.clock()
	for _, b := range done {
		o.metrics.Posted(b.entries, b.took, now.Sub(b.arrived))
	}
	o.changed.ring()
	return more, nil
}

// postSome judges the oldest batches until there are so many entries. After an error done are those that it took along.
func (o *Office) postSome(ctx context.Context, entries int) (done []posted, more bool, err error) {
	err = o.db.Update(ctx, func(tx *hodb.Tx) error {
		for n := 0; n < entries; {
			var r hodb.Range
			if r, more, err = tx.NextUnposted(); err != nil || !more {
				return err
			}
			b := posted{entries: int(r.Last-r.First) + 1}
			if b.arrived, err = tx.ReceivedAt(r); err != nil {
				return err
			}
			start := o.clock()
			if err := o.post(tx, r); err != nil {
				return fmt.Errorf("post store %d epoch %d from %d: %w", r.Store, r.Epoch, r.First, err)
			}
			b.took = o.clock().Sub(start)
			done, n = append(done, b), n+b.entries
		}
		return nil
	})
	return done, more, err
}

// post judges every entry of a batch in its order, then brings balances, lots and vouchers up to date and tells the
// stores. Nothing that an entry says can make it fail.
func (o *Office) post(tx *hodb.Tx, r hodb.Range) error {
	entries, err := tx.Entries(r)
	if err != nil {
		return err
	}
	j, err := o.judge(tx)
	if err != nil {
		return err
	}
	matters := j.readMatters(entries)
	if err := j.lookAhead(r, matters); err != nil {
		return err
	}
	for i, m := range matters {
		if err := j.entry(m); err != nil {
			return fmt.Errorf("judge %v: %w", entries[i].Key, err)
		}
	}
	if _, err := j.flush(); err != nil {
		return err
	}
	if err := j.office.provide(tx, r.Store, r.Epoch); err != nil {
		return err
	}
	return tx.MarkPosted(r)
}

// lookAhead reads together what the entries of a batch will ask for one by one.
func (j *judge) lookAhead(r hodb.Range, matters []*matter) (err error) {
	var txns []loyalty.TxnID
	var members []loyalty.MemberID
	for _, m := range matters {
		if m.odd != nil {
			continue
		}
		txns = append(txns, m.entry.Txn)
		if id := m.entry.Member; 0 < id && id < loyalty.FirstStoreMember {
			members = append(members, id)
		}
	}
	slices.Sort(members)
	if err := j.poster.Expect(slices.Compact(members)); err != nil {
		return err
	}
	if j.told, err = j.tx.Told(r.Store, txns); err != nil {
		return err
	}
	if j.reserved, err = j.tx.Reserved(r.Store); err != nil {
		return err
	}
	j.awaited, err = j.tx.Awaited(r.Store, r.Epoch)
	return err
}

// judge begins work in a transaction.
func (o *Office) judge(tx *hodb.Tx) (*judge, error) {
	j := &judge{office: o, tx: tx, unsettled: map[loyalty.MemberID]hodb.Place{}, standing: map[loyalty.MemberID]int{}, reviews: map[loyalty.MemberID]string{},
		vouchers: map[loyalty.MemberID]bool{}, moved: map[loyalty.MemberID]bool{}, friends: map[loyalty.MemberID]bool{}}
	var err error
	if j.rules, err = o.published(tx); err != nil {
		return nil, err
	}
	if j.poster, err = tx.NewPoster(); err != nil {
		return nil, err
	}
	j.looksBack = slices.ContainsFunc(j.rules, (*loyalty.Programme).LooksBack)
	j.ladder = slices.ContainsFunc(j.rules, (*loyalty.Programme).HasLadder)
	j.poster.Apart = func(day string) string { return apart(j.rules, day) }
	j.poster.Idle = idleBy(j.rules)
	return j, nil
}

// flush brings balances, lots and vouchers up to date with what was posted, and tells the stores. What ends by it, or comes back,
// changes what members held when later entries were made, and so does a tier that moves: these are judged again, each time from a later
// day on, until nothing moves.
func (j *judge) flush() (all []hodb.Ended, err error) {
	for round := 0; ; round++ {
		if round > j.places() {
			if err := j.unsettleable(); err != nil {
				return nil, err
			}
			break
		}
		if err := j.settle(); err != nil {
			return nil, err
		}
		if err := j.referrals(); err != nil {
			return nil, err
		}
		ended, err := j.fold()
		if err != nil {
			return nil, err
		}
		all = append(all, ended...)
		for _, e := range ended {
			if !e.Before {
				continue
			}
			if err := j.unsettle(e.Member, e.From); err != nil {
				return nil, err
			}
		}
		if err := j.review(); err != nil {
			return nil, err
		}
		if len(j.unsettled) == 0 {
			break
		}
	}
	carded, err := j.poster.Flush()
	if err != nil {
		return nil, err
	}
	for _, id := range carded {
		j.vouchers[id] = true
	}
	for _, id := range slices.Sorted(maps.Keys(j.vouchers)) {
		if err := j.office.makeVouchers(j.tx, id); err != nil {
			return nil, fmt.Errorf("vouchers of member %d: %w", id, err)
		}
	}
	return all, nil
}

// fold brings lots up to date, and what the chain bears of what was not there.
func (j *judge) fold() ([]hodb.Ended, error) {
	ended, err := j.poster.Fold()
	if err == nil {
		err = j.overdrafts()
	}
	if err != nil {
		return nil, err
	}
	more, err := j.poster.Fold()
	return append(ended, more...), err
}

// places bounds the rounds of flush. What an entry means follows from what stands before it and, where a member goes, from all
// entries of his; of his own entries none asks for what he brought along when he went. So of those that are not settled yet there is
// always a first, and a round settles it for good: there are never more rounds than entries.
func (j *judge) places() (n int) {
	for _, entries := range j.standing {
		n += entries + 1
	}
	return n + 1
}

// unsettleable leaves members as they stand and has a person look at the first entry of each: more rounds than entries are a fault
// of ours, which must not stop the entries behind them.
func (j *judge) unsettleable() error {
	for _, id := range slices.Sorted(maps.Keys(j.unsettled)) {
		if k := j.unsettled[id].Key; k.Store != 0 {
			if err := j.tx.OpenCase(hodb.CaseUnsettled, k, fmt.Sprintf("member %d: judging the entries again came to no end", id)); err != nil {
				return err
			}
		}
	}
	clear(j.unsettled)
	return nil
}

// judge is the work on one batch.
type judge struct {
	office    *Office
	tx        *hodb.Tx
	rules     []*loyalty.Programme // published
	looksBack bool                 // one of them asks of the past
	poster    *hodb.Poster
	told      *hodb.Told                      // which transactions of the batch were told before
	reserved  bool                            // points wait for sales of this store
	awaited   []loyalty.Seq                   // sales of this log whose returns came first
	ladder    bool                            // one of them decides who is in which tier
	unsettled map[loyalty.MemberID]hodb.Place // members for whom something came late, and from where on
	standing  map[loyalty.MemberID]int        // how many entries the members have who were settled
	reviews   map[loyalty.MemberID]string     // members whose tiers are to be reviewed again, and from which day on
	moved     map[loyalty.MemberID]bool       // members whose tiers moved
	friends   map[loyalty.MemberID]bool       // members for whom others may have to be paid
	vouchers  map[loyalty.MemberID]bool       // members whose card may be due for some
	nobodys   []hodb.Place                    // entries of no member that are to be judged again
	found     map[hodb.CaseKind]bool          // cases of the entry that is judged again
}

// matter is one entry under judgement.
type matter struct {
	key     hodb.EntryKey
	entry   *loyalty.Entry
	hash    store.Hash
	at      time.Time
	odd     error // why it cannot be read; nothing else of it is known then
	repeats bool  // its transaction was told before
	erased  bool  // it had something private of a member who was erased since
	again   bool  // it was judged before, or came late: what it means is settled, not posted

	foreseen *foreseen // of a sale; nil: nobody has quoted it yet
}

func (m *matter) place() hodb.Place { return hodb.Place{Day: m.entry.Day, At: m.at, Key: m.key} }

// entry judges one entry. What cannot be read is kept, with a case, and stops nothing.
func (j *judge) entry(m *matter) error {
	if m.odd != nil {
		return j.notInterpreted(m.key, m.odd)
	}
	j.office.log.Info().Stringer("sale", m.entry.Txn).Uint32("store", uint32(m.key.Store)).Uint32("epoch", uint32(m.key.Epoch)).
		Int64("seq", int64(m.key.Seq)).Str("kind", string(m.entry.Kind)).Msg("entry judged")
	if err := j.understand(m); err != nil {
		return err
	}
	claimed, first, err := j.told.Claim(m.entry, m.at)
	if err != nil {
		return err
	}
	if m.repeats = !claimed; m.repeats && m.entry.Kind != loyalty.KindCancel { // an undo may be of a sale that was told
		return j.repeated(m, first)
	}
	if err := j.coupons(m); err != nil {
		return err
	}
	if err := j.doors(m); err != nil {
		return err
	}
	switch m.entry.Kind {
	case loyalty.KindLease:
		return j.leaseEnds(m)
	case loyalty.KindTier:
		return nil // a store's own review; head office's decides
	case loyalty.KindLoad:
		return j.load(m)
	case loyalty.KindCancel:
		return j.cancel(m, first)
	case loyalty.KindSuspect:
		return j.suspect(m)
	case loyalty.KindEnrol:
		return j.enrol(m)
	case loyalty.KindJournal:
		return j.carried(m)
	case loyalty.KindCoupon, loyalty.KindVoid:
		return nil // has no points; the day's totals count it
	case loyalty.KindClose:
		return j.close(m)
	}
	odd, err := j.prepare(m)
	if err != nil {
		return err
	}
	if odd != nil {
		return j.notInterpreted(m.key, odd)
	}
	return j.ofMember(m)
}

// prepare links an entry of a member to the one that it is about. odd says why it cannot be judged.
func (j *judge) prepare(m *matter) (odd, err error) {
	switch e := m.entry; e.Kind {
	case loyalty.KindSale:
		if e.Sale == nil {
			return errors.New("sale without its body"), nil
		}
		if c := e.Sale.Confirms; c != nil {
			return nil, j.link(m, hodb.LinkSettle, hodb.EntryKey(c.EntryRef))
		}
	case loyalty.KindReturn:
		if e.Return == nil {
			return errors.New("return without its body"), nil
		}
		if len(e.Return.Unbilled) == 0 {
			return nil, j.link(m, hodb.LinkReturn, soldBy(e.Return))
		}
	case loyalty.KindSettle, loyalty.KindReverse, loyalty.KindPayment:
		topic, ref, odd := undone(e)
		if odd != nil {
			return odd, nil
		}
		return nil, j.link(m, topic, ref)
	case loyalty.KindMerge:
		if e.Merge == nil || e.Merge.Gone == e.Member {
			return errors.New("merge without its body, or with oneself"), nil
		}
		return nil, j.merging(m)
	case loyalty.KindOpening:
		if e.Opening == nil {
			return errors.New("opening without its body"), nil
		}
	case loyalty.KindActivity:
		if e.Activity == nil {
			return errors.New("activity without its body"), nil
		}
		if e.Activity.Paid != nil {
			return errors.New("who brought a friend is paid by head office alone"), nil
		}
	case loyalty.KindExpire, loyalty.KindReserve, loyalty.KindTransfer, loyalty.KindReplace, loyalty.KindAdjust, loyalty.KindGiftCard:
	default:
		return fmt.Errorf("kind %q is not known", e.Kind), nil
	}
	return nil, nil
}

func (j *judge) repeated(m *matter, first hodb.EntryKey) error {
	return j.open(hodb.CaseTxnRepeated, m.key, fmt.Sprintf("transaction %v was told by %v; not counted again", m.entry.Txn, first))
}

// readMatters reads the bodies of a batch and foresees its sales, on as many processors as there are: that is a good part of posting.
func (j *judge) readMatters(entries []hodb.Entry) []*matter {
	matters := make([]*matter, len(entries))
	readers := min(runtime.GOMAXPROCS(0), 1+len(entries)/fewBodies)
	var reading sync.WaitGroup
	for reader := range readers {
		reading.Go(func() {
			for i := reader; i < len(entries); i += readers {
				m, err := readMatter(entries[i])
				if err != nil {
					m = &matter{key: entries[i].Key, odd: err}
				}
				j.foresee(m)
				matters[i] = m
			}
		})
	}
	reading.Wait()
	return matters
}

// fewBodies are read sooner than another processor has begun.
const fewBodies = 64

// readMatter reads a body and checks that it says of itself what its place says.
func readMatter(raw hodb.Entry) (*matter, error) {
	e, err := loyalty.DecodeEntry(raw.Body)
	if err != nil {
		return nil, err
	}
	if said := (hodb.EntryKey{Store: e.Store, Epoch: e.Epoch, Seq: e.Seq}); said != raw.Key {
		return nil, fmt.Errorf("the body says it is %v", said)
	}
	if e.Txn.IsZero() {
		return nil, errors.New("no transaction id")
	}
	if _, err := time.Parse(time.DateOnly, e.Day); err != nil {
		return nil, fmt.Errorf("business day %q is no date", e.Day)
	}
	at, err := time.Parse(entryTime, e.At)
	if err != nil {
		return nil, fmt.Errorf("time %q is not local time with offset", e.At)
	}
	return &matter{key: raw.Key, entry: e, hash: raw.Hash, at: at}, nil
}

func (j *judge) notInterpreted(k hodb.EntryKey, why error) error {
	note := clipNote(why.Error())
	if err := j.tx.Suspend(hodb.Suspended{EntryKey: k, Reason: string(hodb.CaseNotInterpreted)}); err != nil {
		return err
	}
	return j.open(hodb.CaseNotInterpreted, k, note)
}

// maxNote bounds a case's note: part of it may come from a store.
const maxNote = 500

func clipNote(s string) string {
	if len(s) > maxNote {
		s = s[:maxNote]
	}
	return s
}

func (j *judge) open(kind hodb.CaseKind, k hodb.EntryKey, note string) error {
	if j.found != nil {
		j.found[kind] = true
	}
	j.office.metrics.CaseOpened(string(kind))
	j.office.log.Warn().Uint32("store", uint32(k.Store)).Int64("seq", int64(k.Seq)).Str("case", string(kind)).Msg("case opened")
	return j.tx.OpenCase(kind, k, clipNote(note))
}
