package fleet

import (
	"fmt"

	"loyaltill/agent/loyalty"
	"loyaltill/store/agentdb"
)

// model keeps the chain's books in the simplest words: what tills were answered.
type model struct {
	w     *world
	sales map[int]*sold // by event, those that a plan comes back to
	told  []told
	blind map[blindKey]loyalty.Points
	lean  map[loyalty.MemberID]loyalty.Points // given by lean stores
}

// sold is a sale as its till was told of it.
type sold struct {
	event event
	shop  *shop
	entry loyalty.Entry
	body  string
	back  bool
	moved bool // sold behind a fork: it was told again in another place
	lent  bool // came back from head office after a backup was used: what its till asked is not known any more
}

// told is one entry that a till was answered.
type told struct {
	shop   *shop
	txn    loyalty.TxnID
	member loyalty.MemberID
	points loyalty.Points // what it means for the member
	spent  loyalty.Points
}

// blindKey is where points were spent without a purse or an allowance while head office was out of reach.
type blindKey struct {
	shop   *shop
	day    string
	member loyalty.MemberID
}

func newModel(w *world) *model {
	m := &model{w: w, sales: map[int]*sold{}, blind: map[blindKey]loyalty.Points{}, lean: map[loyalty.MemberID]loyalty.Points{}}
	for _, e := range w.plan.events {
		if e.deed == again || e.deed == giveBack {
			m.sales[e.of] = nil // wanted
		}
	}
	return m
}

// sold books what a till was answered, and holds it against what the programme says in one line: a point for a whole euro
// that is paid with money.
func (m *model) sold(b *bill, c agentdb.Committed) error {
	s := c.Entry.Sale
	t := told{shop: b.shop, txn: c.Entry.Txn, member: c.Entry.Member}
	if c.Entry.Member != 0 {
		if want := loyalty.Points((b.event.cents - int64(s.Redeemed)) / 100); s.Earned != want {
			return fmt.Errorf("%d cents less %d points earned %d, want %d", b.event.cents, s.Redeemed, s.Earned, want)
		}
		t.points, t.spent = s.Earned-s.Redeemed, s.Redeemed
	}
	if s.Redeemed > loyalty.Points(b.event.points) {
		return fmt.Errorf("asked for %d points, %d were taken", b.event.points, s.Redeemed)
	}
	if b.state != nil && b.card == nil && b.away {
		m.blind[blindKey{b.shop, c.Entry.Day, c.Entry.Member}] += s.Redeemed - s.LeasePoints()
	}
	m.told = append(m.told, t)
	if _, wanted := m.sales[b.event.id]; wanted {
		m.sales[b.event.id] = &sold{event: b.event, shop: b.shop, entry: c.Entry, body: string(c.Body), moved: b.shop.forked}
	}
	return nil
}

// restored notes which sales a store has from head office alone.
func (m *model) restored(s *shop, saved loyalty.Seq) {
	for _, of := range m.sales {
		if of != nil && of.shop == s && of.entry.Seq > saved {
			of.lent = true
		}
	}
}

// returned books a return of everything: what the sale earned is owed, and what it took comes back.
func (m *model) returned(s *shop, of *sold, c agentdb.Committed) error {
	of.back = true
	r, sale := c.Entry.Return, of.entry.Sale
	if r.Owed != sale.Earned || r.Back+r.Lapsed != sale.Redeemed {
		return fmt.Errorf("the sale earned %d and took %d, its return owes %d and gives %d", sale.Earned, sale.Redeemed, r.Owed, r.Back)
	}
	m.told = append(m.told, told{shop: s, txn: c.Entry.Txn, member: c.Entry.Member, points: sale.Redeemed - sale.Earned})
	return nil
}

// risk checks that stores without a line risked no more than the programme lets them.
func (m *model) risk() error {
	const memberDay, storeDay = 40, 400 // testdata/programme.yaml
	stores := map[blindKey]loyalty.Points{}
	for k, points := range m.blind {
		if points > memberDay {
			return fmt.Errorf("store %d let member %d spend %d points on %s without a line", k.shop.no+1, k.member, points, k.day)
		}
		k.member = 0
		stores[k] += points
	}
	for k, points := range stores {
		if points > storeDay {
			return fmt.Errorf("store %d let members spend %d points on %s without a line", k.shop.no+1, points, k.day)
		}
	}
	return nil
}

// balances is what every member must have, with everything counted that head office has.
func (m *model) balances(has map[loyalty.TxnID]int) map[loyalty.MemberID]loyalty.Points {
	sum := map[loyalty.MemberID]loyalty.Points{}
	for _, t := range m.told {
		if has[t.txn] > 0 {
			sum[t.member] += t.points
		}
	}
	return sum
}
