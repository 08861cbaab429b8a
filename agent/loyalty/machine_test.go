package loyalty

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

const machineProgramme = `wallets: [{id: credit, unit: money, redeem: {}}]
tiers: [{id: bronze, name: {en: B}}, {id: gold, name: {en: G}, from: 300.00}]
ladder: {by: spend, over: rolling, months: 3, downgrade: full, grace_days: 10}
earn:
  - {id: base, per: amount, rate: {points: 1, per: 1.00}}
  - {id: late, per: sale, rate: {points: 5}, pending_days: 20, expiry: {days: 45}}
  - {id: gold, multiply: 2, when: {tiers: [gold]}}
redeem: {point_value: {points: 1, value: 0.10}}
discounts: [{id: third, gives: {percent: 100, of: cheapest, buy: 2}}]
rewards: [{id: cup, cost: 20, gives: {amount: 1.00}}]
stamps: [{id: bills, per: sale, buy: 3, points: 10}]
expiry: {days: 60, inactive_months: 4}
returns: {earned: per_line, kept: reprice, shortage: %s, grace_days: 5}
limits: {redeem_without_purse: 100000}
members: {transfer: {wait_days: 4, wallets: [{wallet: credit}]}, reasons: [gift, mistake]}
`

// creditWallet is moved by corrections, transfers and merges; sales leave it alone.
const creditWallet WalletID = "credit"

// world is a chain: head office, which is store 9, and two stores that may be cut off from it, with the life of a few members.
type world struct {
	p      *Programme
	day    date
	minute int
	log    []Entry // all that was written anywhere, in the order of writing
	shops  []*shop
	online bool // every store knows everything at once
}

// shop writes entries from what it knows: its own, and those that head office had when both last spoke.
type shop struct {
	id    StoreID
	skew  int // minutes by which its clock is wrong
	seq   Seq
	knows map[int]bool // by place in the log
}

// books is what a reader of entries knows of everything.
type books struct {
	lots     map[MemberID][]Lot
	credit   map[MemberID][]Lot // of the wallet beside the points
	accounts map[string]Points
	tiers    map[MemberID]TierState
	pasts    map[MemberID]*Past
	last     map[MemberID]string
	open     map[EntryRef]Reservation
	settled  map[EntryRef]bool
	reversed []*Entry
	entries  []*Entry
}

// read counts entries in their canonical order, whatever order they are given in.
func read(entries []*Entry) *books {
	entries = slices.SortedFunc(slices.Values(entries), func(a, b *Entry) int {
		at, _ := parseInstant(a.At)
		bt, _ := parseInstant(b.At)
		return cmp.Or(strings.Compare(a.Day, b.Day), cmp.Compare(at, bt), cmp.Compare(a.Store, b.Store), cmp.Compare(a.Seq, b.Seq))
	})
	b := &books{lots: map[MemberID][]Lot{}, credit: map[MemberID][]Lot{}, accounts: map[string]Points{}, tiers: map[MemberID]TierState{}, pasts: map[MemberID]*Past{},
		last: map[MemberID]string{}, open: map[EntryRef]Reservation{}, settled: map[EntryRef]bool{}, entries: entries}
	for _, e := range entries {
		b.count(e)
	}
	return b
}

func (b *books) count(e *Entry) {
	moves := e.Moves
	var ends *EntryRef
	switch {
	case e.Kind == KindSettle:
		ends = &e.Settle.EntryRef
	case e.Kind == KindSale && e.Sale.Confirms != nil:
		ends = &e.Sale.Confirms.EntryRef
	}
	if ends != nil {
		if b.settled[*ends] {
			moves = SettledBefore(moves)
		}
		b.settled[*ends] = true
		delete(b.open, *ends)
	}
	if r, ok := ReservationOf(e); ok && !b.settled[r.EntryRef] {
		b.open[r.EntryRef] = r
	}
	if e.Kind == KindTier {
		b.tiers[e.Member] = e.Tier.State
	}
	if e.Kind == KindReverse {
		b.reversed = append(b.reversed, e)
	}
	b.remember(e)
	for id := range members(moves) {
		b.lots[id] = Apply(b.lots[id], moves, id)
		b.credit[id] = ApplyWallet(b.credit[id], moves, id, creditWallet)
	}
	for _, m := range moves {
		b.accounts[m.From] -= m.Points
		b.accounts[m.To] += m.Points
	}
}

// remember adds what an entry leaves behind for later sales: of a sale all, of others the stamps.
func (b *books) remember(e *Entry) {
	add := func(id MemberID, step PastStep) {
		if b.pasts[id] == nil {
			b.pasts[id] = &Past{}
		}
		b.pasts[id].Add(step)
	}
	switch {
	case e.Kind == KindSale:
		add(e.Member, StepOf(e))
		b.last[e.Member] = max(b.last[e.Member], e.Day)
	case e.Kind == KindReturn:
		add(e.Member, PastStep{Day: e.Day, Stamps: stampStepsBack(e.Return.Stamps)})
	case e.Kind == KindMerge:
		for _, id := range []MemberID{e.Merge.Gone, e.Member} {
			add(id, PastStep{Day: e.Day, Stamps: StampSteps(e.Moves, id)})
		}
	}
}

func members(moves []Movement) map[MemberID]bool {
	all := map[MemberID]bool{}
	for _, m := range moves {
		for _, account := range []string{m.From, m.To} {
			if id, _, ok := AccountWallet(account); ok {
				all[id] = true
			}
		}
	}
	return all
}

// check holds the books to what must be true at every moment.
func (b *books) check(t *rapid.T, online bool) {
	sum, of := Points(0), map[MemberID]Points{}
	for account, points := range b.accounts {
		sum += points
		if id, ok := AccountMember(account); ok {
			of[id] += points
		}
	}
	for id, lots := range b.credit {
		if held := b.accounts[inWallet(id, creditWallet, mainPart)]; Balance(lots) != held {
			t.Fatalf("member %d: lots of credit hold %d, the account %d: %+v", id, Balance(lots), held, lots)
		}
	}
	for id, past := range b.pasts {
		count := int64(0)
		for _, s := range past.Stamps {
			count += s.Count
		}
		if held := int64(b.accounts[AccountStamps("bills", id)]); held != count {
			t.Fatalf("member %d has %d stamps, the account holds %d", id, count, held)
		}
	}
	if sum != 0 || b.accounts[AccountTransferred] != 0 || b.accounts[ofProgramme(creditWallet, transferredPart)] != 0 {
		t.Fatalf("accounts sum to %d, %d on their way", sum, b.accounts[AccountTransferred])
	}
	reserved := map[MemberID]Points{}
	for _, r := range b.open {
		reserved[r.Member] += r.Points
	}
	for id, lots := range b.lots {
		held := Points(0)
		for _, l := range lots {
			held += l.Reserved
			if online && (l.Remaining < 0 || l.Reserved < 0 || l.Reserved > l.Remaining) {
				t.Fatalf("member %d was overspent although every store knew everything: %+v", id, lots)
			}
		}
		if Balance(lots) != of[id] || held != reserved[id] || b.accounts[AccountReserved(id)] != reserved[id] {
			t.Fatalf("member %d: lots hold %d, %d reserved; accounts %d; reservations %d: %+v", id, Balance(lots), held, of[id], reserved[id], lots)
		}
	}
}

func (w *world) books(s *shop) *books {
	var known []*Entry
	for i := range w.log {
		if s.knows[i] || w.online {
			known = append(known, &w.log[i])
		}
	}
	return read(known)
}

func (w *world) head(s *shop) EntryHead {
	w.minute++
	at := 600 + w.minute + s.skew
	return EntryHead{Store: s.id, Epoch: 1, Seq: s.seq + 1, Txn: TxnID{1: byte(s.id), 14: byte(s.seq >> 8), 15: byte(s.seq)}, Day: w.day.String(),
		At: fmt.Sprintf("%sT%02d:%02d:00.000+02:00", w.day, at/60%24, at%60), Lane: 1}
}

// write puts an entry into the log in its canonical form, as every reader will see it.
func (w *world) write(t *rapid.T, s *shop, e Entry) {
	body, err := e.Encode()
	if err != nil {
		t.Fatal(err)
	}
	stored, err := DecodeEntry(body)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range stored.Moves {
		if m.Points <= 0 || m.From == m.To {
			t.Fatalf("%s moves nothing: %+v", e.Kind, m)
		}
	}
	s.seq++
	s.knows[len(w.log)] = true
	w.log = append(w.log, *stored)
}

// sync: the store tells head office all that it wrote, and hears all that head office knows.
func (w *world) sync(s *shop) {
	office := w.shops[0]
	maps.Copy(office.knows, s.knows)
	maps.Copy(s.knows, office.knows)
}

func (w *world) shop(t *rapid.T) *shop { return rapid.SampledFrom(w.shops).Draw(t, "store") }

func member(t *rapid.T, label string) MemberID {
	return MemberID(rapid.IntRange(1, 3).Draw(t, label))
}

// refused says that an action was refused, as it may be; any other error is a fault.
func refused(t *rapid.T, err error, codes ...string) bool {
	if err == nil {
		return false
	}
	if bad := (*SaleError)(nil); !errors.As(err, &bad) || !slices.Contains(codes, bad.Code) {
		t.Fatalf("refused: %v", err)
	}
	return true
}

func TestTheLifeOfMembersOverSeveralStores(t *testing.T) {
	programmes := map[string]*Programme{}
	for _, shortage := range []string{"clamp", "withhold", "negative"} {
		programmes[shortage] = compile(t, goodHead+fmt.Sprintf(machineProgramme, shortage))
	}
	rapid.Check(t, func(t *rapid.T) {
		online := rapid.Bool().Draw(t, "online")
		shortage := "clamp"
		if !online {
			shortage = rapid.SampledFrom([]string{"clamp", "withhold", "negative"}).Draw(t, "shortage")
		}
		start, _ := parseDay("2026-01-05")
		w := &world{p: programmes[shortage], day: start, online: online}
		for i, id := range []StoreID{9, 1, 2} {
			w.shops = append(w.shops, &shop{id: id, knows: map[int]bool{}})
			if !online {
				w.shops[i].skew = []int{90, 90, -90}[i] // head office writes nothing before what it has seen
			}
		}
		t.Repeat(map[string]func(*rapid.T){
			"":          func(t *rapid.T) { w.books(w.shops[0]).check(t, online) },
			"sell":      w.sell,
			"sell more": w.sell,
			"return":    w.giveBack,
			"expire":    w.expire,
			"review":    w.review,
			"transfer":  w.transfer,
			"adjust":    w.adjust,
			"reserve":   w.reserve,
			"settle":    w.settle,
			"merge":     w.merge,
			"reverse":   w.reverse,
			"sync":      func(t *rapid.T) { w.sync(w.shop(t)) },
			"days pass": func(t *rapid.T) {
				w.day, w.minute = w.day+date(rapid.IntRange(1, 40).Draw(t, "days")), 0
			},
		})
		w.end(t)
	})
}

// end: when everything has arrived, in whatever order, the books are the same; expiry puts right what it took too much.
func (w *world) end(t *rapid.T) {
	for range 2 {
		for _, s := range w.shops {
			w.sync(s)
		}
	}
	b := w.books(w.shops[0])
	b.check(t, w.online)
	shuffled := rapid.Permutation(b.entries).Draw(t, "order of arrival")
	if again := read(shuffled); fmt.Sprint(again.lots) != fmt.Sprint(b.lots) || fmt.Sprint(again.credit) != fmt.Sprint(b.credit) || fmt.Sprint(again.accounts) != fmt.Sprint(b.accounts) {
		t.Fatalf("another order of arrival gives other books:\n%v\n%v", b.lots, again.lots)
	}
	for id := range b.lots {
		e, some, err := w.p.PostExpiry(ExpiryInput{Member: id, Lots: b.lots[id]}, w.head(w.shops[0]))
		if err != nil {
			t.Fatal(err)
		}
		if some {
			w.write(t, w.shops[0], e)
		}
	}
	after := w.books(w.shops[0])
	after.check(t, w.online)
	for id, lots := range after.lots {
		for _, l := range lots {
			if l.overExpired() {
				t.Fatalf("member %d lost points twice: %+v", id, lots)
			}
		}
		if again := Expire(id, lots, w.day.String()); len(again) > 0 {
			t.Fatalf("expired again: %+v", again)
		}
	}
}
