package headoffice

import (
	"bytes"
	"context"
	"crypto/ecdh"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"loyaltill/agent/loyalty"
	"loyaltill/devices/card"
	"loyaltill/internal/drawn"
	"loyaltill/internal/pgserver"
	"loyaltill/store"
	"loyaltill/store/hodb"
	"loyaltill/sync/wire"
)

// histories is how many are told unless -rapid.checks asks for more: each runs two whole head offices. On PostgreSQL, where each is a
// database of its own, there are fewer.
const (
	histories         = 10
	historiesPostgres = 4
)

func TestMain(m *testing.M) {
	n := histories
	if os.Getenv(pgserver.Env) != "" {
		n = historiesPostgres
	}
	drawn.Same(n)
	os.Exit(pgserver.Main(m, func(ctx context.Context, url string) error {
		db, err := hodb.Open(ctx, url, time.Now)
		if err != nil {
			return err
		}
		return db.Close()
	}))
}

// Two stores that know nothing of each other sell to the same members, by number and by card, with lies, bad proofs and a
// cloned card in between. Their batches reach two head offices in two orders.
func TestTheOrderInWhichBatchesArriveChangesNothing(t *testing.T) {
	w := newWorld(t, (*centre).publish)
	rapid.Check(t, func(rt *rapid.T) {
		h := w.history(rt)
		first, second := h.deliver(rt, "first order"), h.deliver(rt, "second order")
		if first != second {
			rt.Fatalf("two orders of arrival, two outcomes:\n%s\n%s", first, second)
		}
	})
}

// Two stores that know nothing of each other sell, also on account, give points away, set them aside, reward what was done, are
// paid and take goods back, also of the other store's sales and more than once. What a month, a first purchase and a tier give,
// what the goods had and what has ended is settled the same in whatever order head office learns of it, and whichever days it begins
// meanwhile.
func TestTheOrderOfArrivalDecidesNothingThatLooksBack(t *testing.T) {
	quick := strings.Replace(backing, "months: 12, downgrade: full", "months: 1, downgrade: full, grace_days: 2", 1)
	text := strings.Replace(quick, "redeem:", "  - {id: paid, per: tender, tenders: [cash], rate: {points: 1, per: 2.00}, cap: {month: 60}}\nredeem:", 1)
	w := newWorld(t, func(c *centre) *loyalty.Programme {
		return c.publishText(text + "activities: [{id: newsletter, name: {en: Newsletter}, points: 30}]\n")
	})
	w.ends = "2026-12-26" // what was earned first ends
	rapid.Check(t, func(rt *rapid.T) {
		h := w.lives(rt)
		h.anyDay = true
		first, second := h.deliver(rt, "first order"), h.deliver(rt, "second order")
		if first != second {
			rt.Fatalf("two orders of arrival, two outcomes:\n%s\n%s", first, second)
		}
	})
}

// lives draws what two members do in both stores.
func (w *world) lives(rt *rapid.T) history {
	boxes := w.fresh()
	var sales, reserved, owed []loyalty.Entry
	for range rapid.IntRange(1, 14).Draw(rt, "entries") {
		b := boxes[rapid.IntRange(0, 1).Draw(rt, "store")]
		b.clock = b.clock.Add(time.Duration(rapid.IntRange(0, 5).Draw(rt, "half days")) * 12 * time.Hour)
		n := rapid.IntRange(1, 2).Draw(rt, "member")
		id, other := w.members[n], w.members[3-n]
		lots := []loyalty.Lot{{ID: "0-0-0.1", Remaining: 1000, Earned: "2026-01-01"}}
		var e loyalty.Entry
		var err error
		switch kind := rapid.IntRange(0, 13).Draw(rt, "kind"); {
		case kind == 13:
			e, err = b.prog.Merge(loyalty.MergeSide{Holding: loyalty.Holding{Member: other}}, loyalty.MergeSide{Holding: loyalty.Holding{Member: id}}, b.head())
		case kind < 4 || len(sales) == 0:
			e = b.told(b.head(), id, rapid.Int64Range(1, 200).Draw(rt, "pieces"), w.guess(rt), "")
			sales = append(sales, e)
		case kind < 7:
			e = b.goodsBack(b.head(), rapid.SampledFrom(sales).Draw(rt, "sale"), 1)
		case kind == 9:
			e = b.toldPaid(b.head(), id, rapid.Int64Range(1, 50).Draw(rt, "pieces"), w.guess(rt), "", loyalty.TenderAccount)
			sales, owed = append(sales, e), append(owed, e)
		case kind == 10 && len(owed) > 0:
			sale := rapid.SampledFrom(owed).Draw(rt, "owed")
			e, err = b.prog.Payment(loyalty.PaymentInput{Sale: &sale, Member: &loyalty.MemberState{ID: sale.Member, Medium: loyalty.MediumNumber},
				Tenders: []loyalty.Tender{{Kind: loyalty.TenderCash, Amount: rapid.Int64Range(1, sale.Sale.ToPay).Draw(rt, "paid")}}}, b.head())
		case kind == 11:
			e, err = b.prog.Activity(loyalty.ActivityInput{Activity: "newsletter", Member: &loyalty.MemberState{ID: id, Medium: loyalty.MediumNumber}}, b.head())
		case kind == 7:
			e, err = loyalty.Reserve(loyalty.ReserveInput{Holding: loyalty.Holding{Member: id, Lots: lots}, Points: 10, Until: b.clock.AddDate(0, 2, 0).Format(entryTime)}, b.head())
			reserved = append(reserved, e)
		case kind == 8 && len(reserved) > 0:
			held, _ := loyalty.ReservationOf(&reserved[0])
			as := rapid.SampledFrom([]loyalty.SettleAs{loyalty.SettleConfirm, loyalty.SettleCancel}).Draw(rt, "as")
			e, err = held.Settle(as, b.head())
		default:
			e, err = b.prog.Adjust(loyalty.AdjustInput{Holding: loyalty.Holding{Member: id, Lots: lots}, Points: 25, Reason: "sorry"}, b.head())
		}
		if err != nil {
			rt.Fatal(err)
		}
		b.write(e)
	}
	return w.cut(rt, boxes)
}

// guess is what a store that hears nothing may think of a member.
func (w *world) guess(rt *rapid.T) loyalty.Past {
	var past loyalty.Past
	if rapid.Bool().Draw(rt, "knows something") {
		past.Add(loyalty.PastStep{Day: "2026-11-24", Purchases: 1, Counts: loyalty.Standing{Spend: 20000, Visits: 1},
			Given: []loyalty.RulePoints{{Rule: "base", Points: 200}}})
	}
	return past
}

// world is a head office before its first entry, as a file that can be copied.
type world struct {
	t       *testing.T
	home    *Home
	books   books
	boxes   []*box
	members []loyalty.MemberID
	card    forgedCard
	ends    string                       // the last day, which begins when all is told; empty: none
	holds   func(*rapid.T, MemberReport) // of every member in the end; nil: nothing more
}

func newWorld(t *testing.T, publish func(*centre) *loyalty.Programme) *world {
	t.Helper()
	c := newCentre(t)
	prog := publish(c)
	w := &world{t: t, home: c.home, boxes: []*box{c.enrol(1, prog), c.enrol(2, prog)}}
	for _, digits := range []string{"6034000000000018", "6034000000000026", "6034000000000034"} {
		w.members = append(w.members, c.member(digits))
	}
	w.card = c.forgeCard(w.members[0], "6034000000000018")
	for _, b := range w.boxes {
		answer, err := c.office.OpenSession(t.Context(), loyalty.StoreID(b.id.Store), wire.SessionRequest{Protocol: wire.Protocol,
			Epoch: loyalty.Epoch(b.id.Epoch), InstallID: b.id.InstallID, BootNonce: b.boot, Head: wire.Head{Hash: b.id.Genesis()}})
		if err != nil {
			t.Fatal(err)
		}
		b.session = answer.Session
	}
	if err := c.office.Close(); err != nil {
		t.Fatal(err)
	}
	w.books = keep(t, c.home)
	c.open() // for its cleanup
	return w
}

// forgedCard answers with head office's own keys as the real card would: the property wants thousands of records, and
// among them two under one counter.
type forgedCard struct {
	id     loyalty.CardID
	member loyalty.MemberID
	key    card.Key
}

func (c *centre) forgeCard(member loyalty.MemberID, digits string) forgedCard {
	c.t.Helper()
	key, err := ecdh.P256().GenerateKey(rand.Reader)
	if err != nil {
		c.t.Fatal(err)
	}
	out, err := c.office.signCard(c.t.Context(), cardInput{Member: member, Number: c.home.Keys.numberRef(number(c.t, digits)),
		PublicKey: store.HexBytes(key.PublicKey().Bytes())})
	if err != nil {
		c.t.Fatal(err)
	}
	return forgedCard{id: out.Card, member: member, key: c.home.Keys.keyTX(out.Card)}
}

// purse is what the forged card says it held before every debit.
const purse = 5000

func (f forgedCard) debit(b *box, txn loyalty.TxnID, ctr uint32, amount loyalty.Points) *loyalty.CardRecord {
	ctr += 2 // records before it, its loads, nobody tells
	r := card.Record{Ctr: ctr, Type: card.TypeDebit, Amount: int32(amount), NewBalance: purse - uint32(amount), Store: b.id.Store, Lane: 1,
		TxID: card.TxID(txn)}
	mac := card.CMAC(f.key, card.TXMACInput(card.ID(f.id), r))
	return &loyalty.CardRecord{Card: f.id, Ctr: ctr, Type: uint8(r.Type), Amount: r.Amount, NewBalance: r.NewBalance,
		Store: loyalty.StoreID(b.id.Store), Lane: 1, Txn: txn, TXMAC: fmt.Sprintf("%x", mac[:8])}
}

// history is one drawn morning and the batches that tell it, by store.
type history struct {
	*world
	batches [][]*wire.Batch
	anyDay  bool // any days before the last begin while it is told
}

// history draws up to sixteen sales in both stores and cuts each log into batches.
func (w *world) history(rt *rapid.T) history {
	boxes := w.fresh()
	for i := range rapid.IntRange(1, 16).Draw(rt, "sales") {
		b := boxes[rapid.IntRange(0, 1).Draw(rt, "store")]
		b.write(w.sale(rt, b, uint32(i+1)))
	}
	return w.cut(rt, boxes)
}

// fresh is both stores before their first entry.
func (w *world) fresh() []*box {
	boxes := []*box{}
	for _, b := range w.boxes {
		fresh := *b
		fresh.bodies, fresh.hashes, fresh.clock = nil, nil, opened()
		boxes = append(boxes, &fresh)
	}
	return boxes
}

// cut makes batches of the logs.
func (w *world) cut(rt *rapid.T, boxes []*box) history {
	h := history{world: w}
	for _, b := range boxes {
		var cut []*wire.Batch
		for first := loyalty.Seq(1); first <= b.seq(); {
			last := min(b.seq(), first+loyalty.Seq(rapid.IntRange(0, 5).Draw(rt, "cut")))
			cut = append(cut, b.batch(first, last))
			first = last + 1
		}
		h.batches = append(h.batches, cut)
	}
	return h
}

func (w *world) sale(rt *rapid.T, b *box, n uint32) loyalty.Entry {
	member := rapid.SampledFrom(w.members).Draw(rt, "member")
	cents := rapid.Int64Range(1000, 20000).Draw(rt, "cents")
	odd := rapid.IntRange(0, 9).Draw(rt, "odd") == 0
	if member != w.card.member {
		e := b.sale(b.head(), &loyalty.MemberState{ID: member, Medium: loyalty.MediumNumber}, cents, nil)
		if odd {
			e.Moves[0].Points += 7
		}
		return e
	}
	state := &loyalty.MemberState{ID: member, Medium: loyalty.MediumPurse, Available: purse}
	e := b.sale(b.head(), state, cents, &loyalty.Ask{Points: 150})
	ctr := n - uint32(rapid.IntRange(0, 1).Draw(rt, "clone")) // one counter twice now and then
	e.Card = w.card.debit(b, e.Txn, ctr, e.Sale.Redeemed)
	if odd {
		e.Card.TXMAC = flip(e.Card.TXMAC)
	}
	return e
}

// deliver sends the batches to a new copy of the books: each store's in its order, the stores mixed as drawn, posted now
// or later as drawn.
func (h history) deliver(rt *rapid.T, name string) string {
	home := *h.home
	home.Dir = h.t.TempDir()
	defer h.books.lay(h.t, &home)()
	c := &centre{t: h.t, home: &home, log: &bytes.Buffer{}}
	c.open()
	defer c.close()
	left := slices.Clone(h.batches)
	for len(left[0])+len(left[1]) > 0 {
		pick := rapid.IntRange(0, 1).Draw(rt, name)
		if len(left[pick]) == 0 {
			pick = 1 - pick
		}
		if _, err := c.office.Push(h.t.Context(), left[pick][0]); err != nil {
			rt.Fatal(err)
		}
		left[pick] = left[pick][1:]
		if rapid.Bool().Draw(rt, name+" posts now") {
			c.post()
		}
		if h.anyDay && rapid.IntRange(0, 3).Draw(rt, name+" begins a day") == 0 {
			c.begin(h.dayBefore(rapid.IntRange(0, 40).Draw(rt, name+" days before the last")))
		}
	}
	c.post()
	if h.ends != "" {
		c.begin(h.ends)
	}
	found, err := c.office.Verify(h.t.Context())
	if err != nil || len(found) > 0 {
		rt.Fatalf("verify: %+v, %v", found, err)
	}
	r := c.report()
	if slices.Contains(r.kinds(), hodb.CaseUnsettled) {
		rt.Fatalf("judging again came to no end: %+v", r.Cases)
	}
	for _, m := range r.Members {
		if h.holds != nil {
			h.holds(rt, m)
		}
	}
	return outcome(rt, r)
}

// dayBefore is so many days before the last.
func (h history) dayBefore(days int) string {
	last, err := time.Parse(time.DateOnly, h.ends)
	if err != nil {
		h.t.Fatal(err)
	}
	return last.AddDate(0, 0, -days).Format(time.DateOnly)
}

// outcome is everything that must not depend on the order of arrival. What head office has done about it may: points that
// it sent to a card before it learned that the card is cloned are out. Cases are numbered as they open.
func outcome(rt *rapid.T, r Report) string {
	for i := range r.Members {
		m := &r.Members[i]
		m.Main, m.OnCard, m.InPurse, m.Overdrawn, m.Vouchers = 0, 0, 0, false, nil // their sum, Balance, stays
		for k := range m.Cards {
			m.Cards[k].LoadSeq = 0
		}
	}
	r.Accounts[hodb.Main] += r.Accounts[hodb.OnCard]
	delete(r.Accounts, hodb.OnCard)
	for i := range r.Cases {
		r.Cases[i].No = 0
	}
	for _, s := range r.Stores { // an account that is empty again may or may not have been used
		maps.DeleteFunc(s.Accounts, func(_ hodb.AccountKind, n int64) bool { return n == 0 })
	}
	maps.DeleteFunc(r.Accounts, func(_ hodb.AccountKind, n int64) bool { return n == 0 })
	slices.SortFunc(r.Cases, func(a, b hodb.Case) int {
		return slices.Compare([]string{fmt.Sprintf("%d %9d", a.Store, a.Seq), string(a.Kind)}, []string{fmt.Sprintf("%d %9d", b.Store, b.Seq), string(b.Kind)})
	})
	doc, err := json.Marshal(r)
	if err != nil {
		rt.Fatal(err)
	}
	return string(doc)
}
