package headoffice

import (
	"reflect"
	"strings"
	"testing"

	"loyaltill/agent/loyalty"
	"loyaltill/store/hodb"
	"loyaltill/sync/wire"
)

// backing is a programme in which what came before decides: a cap by month, a first purchase, tiers, rewards, returns.
const backing = `format: 1
programme: {id: back, name: {en: Back}, version: 1, valid_from: 2026-01-01T00:00, currency: EUR}
tiers: [{id: bronze, name: {en: Bronze}}, {id: gold, name: {en: Gold}, from: 300.00}]
ladder: {by: spend, over: rolling, months: 12, downgrade: full}
earn:
  - {id: base, per: amount, rate: {points: 1, per: 1.00}, cap: {month: 250}}
  - {id: welcome, bonus: 50, when: {purchase: 1}}
  - {id: gold, bonus: 7, when: {tiers: [gold]}}
redeem: {point_value: {points: 100, value: 1.00}}
limits: {redeem_without_purse: 10000}
rewards: [{id: lounge, name: {en: Lounge}, cost: 20}]
expiry: {days: 30}
returns: {earned: per_line, shortage: negative}
`

func (c *centre) publishText(text string) *loyalty.Programme {
	c.t.Helper()
	p, err := loyalty.Compile([]byte(text))
	if err != nil {
		c.t.Fatal(err)
	}
	if _, err := c.office.publish(c.t.Context(), publishInput{Document: p.Canonical()}); err != nil {
		c.t.Fatal(err)
	}
	return p
}

// takeBack writes the return of some pieces of a sale's only line.
func (b *box) takeBack(sale loyalty.Entry, pieces int64, before ...loyalty.Entry) loyalty.Entry {
	b.t.Helper()
	return b.write(b.goodsBack(b.head(), sale, pieces, before...))
}

func (b *box) goodsBack(head loyalty.EntryHead, sale loyalty.Entry, pieces int64, before ...loyalty.Entry) loyalty.Entry {
	b.t.Helper()
	r, err := loyalty.ReturnableOf(&sale)
	if err != nil {
		b.t.Fatal(err)
	}
	in := loyalty.ReturnInput{Sale: r, Lines: []loyalty.ReturnedLine{{Line: 0, Quantity: pieces * 1000}}, Policy: b.prog.ReturnPolicy()}
	in.Lots = loyalty.Apply(nil, sale.Moves, sale.Member)
	for _, e := range before {
		in.Before = append(in.Before, *e.Return)
	}
	e, err := loyalty.Return(in, head)
	if err != nil {
		b.t.Fatal(err)
	}
	return e
}

// told is a sale of some pieces by a store that knows all of the member's past.
func (b *box) told(head loyalty.EntryHead, member loyalty.MemberID, pieces int64, past loyalty.Past, tier string) loyalty.Entry {
	b.t.Helper()
	return b.toldPaid(head, member, pieces, past, tier, loyalty.TenderCash)
}

// toldPaid is told, paid with one tender.
func (b *box) toldPaid(head loyalty.EntryHead, member loyalty.MemberID, pieces int64, past loyalty.Past, tier string, tender loyalty.TenderKind) loyalty.Entry {
	b.t.Helper()
	state := &loyalty.MemberState{ID: member, Medium: loyalty.MediumNumber, Tier: tier}
	if err := b.prog.Recall(state, &loyalty.Record{Past: past}, head.Day); err != nil {
		b.t.Fatal(err)
	}
	in := loyalty.QuoteInput{Sale: loyalty.Sale{Lines: []loyalty.Line{{SKU: "1", Quantity: pieces * 1000, Amount: pieces * 1000}},
		Tenders: []loyalty.Tender{{Kind: tender, Amount: pieces * 1000}}}, Member: state,
		Place: loyalty.Place{Store: head.Store, Lane: head.Lane, At: head.At, Day: head.Day}}
	q, err := b.prog.Quote(in)
	if err != nil {
		b.t.Fatal(err)
	}
	e, err := b.prog.Post(q, in, head)
	if err != nil {
		b.t.Fatal(err)
	}
	return e
}

// hear takes a box's entries in without the network.
func (c *centre) hear(b *box, first loyalty.Seq) {
	c.t.Helper()
	if _, err := c.office.Push(c.t.Context(), b.batch(first, b.seq())); err != nil {
		c.t.Fatal(err)
	}
	c.post()
}

func backShop(t *testing.T) (c *centre, one, two *box, anna loyalty.MemberID) {
	t.Helper()
	c = newCentre(t)
	p := c.publishText(backing)
	one, two = c.enrol(1, p), c.enrol(2, p)
	anna = c.member("6034000000000018")
	for _, b := range []*box{one, two} {
		b.open()
	}
	return c, one, two, anna
}

func TestAReturnTakesBackWhatTheGoodsEarned(t *testing.T) {
	c, one, _, anna := backShop(t)
	sale := one.write(one.told(one.head(), anna, 10, loyalty.Past{}, ""))
	one.takeBack(sale, 4)
	c.hear(one, 1)
	r := c.report()
	wantKinds(t, r)
	if m := r.member(t, anna); m.Balance != 150-60 { // 100 and the welcome; four tenths of both go back
		t.Errorf("%d points are left: %+v", m.Balance, m)
	}
	if s := r.Stores[0].Accounts; s[hodb.Issued] != -90 || s[hodb.Suspense] != 0 {
		t.Errorf("the store's accounts: %v", s)
	}
	c.inOrder()
}

func TestGoodsComeBackOnce(t *testing.T) {
	c, one, two, anna := backShop(t)
	sale := one.write(one.told(one.head(), anna, 10, loyalty.Past{}, ""))
	one.takeBack(sale, 8)
	two.clock = one.clock
	two.takeBack(sale, 8) // by the bill's token, which does not know of the other
	c.hear(two, 1)
	c.hear(one, 1)
	r := c.report()
	wantKinds(t, r, hodb.CaseReturnRefused)
	if m := r.member(t, anna); m.Balance != 150-120 {
		t.Errorf("%d points are left", m.Balance)
	}
	if s := r.Stores[1].Accounts; s[hodb.Suspense] != -120 {
		t.Errorf("the other store's accounts: %v", s)
	}
	c.inOrder()
}

func TestAReturnWaitsForItsSale(t *testing.T) {
	c, one, two, anna := backShop(t)
	sale := one.write(one.told(one.head(), anna, 10, loyalty.Past{}, ""))
	two.clock = one.clock
	two.takeBack(sale, 10)
	c.hear(two, 1)
	r := c.report()
	wantKinds(t, r, hodb.CaseSaleMissing)
	if m := r.member(t, anna); m.Balance != 0 || len(r.Suspense) != 1 || r.Suspense[0].Points != -150 {
		t.Errorf("before the sale: %+v, suspense %+v", m, r.Suspense)
	}
	c.hear(one, 1)
	r = c.report()
	wantKinds(t, r)
	if m := r.member(t, anna); m.Balance != 0 || len(m.Lots) > 0 || len(r.Suspense) > 0 {
		t.Errorf("after the sale: %+v, suspense %+v", m, r.Suspense)
	}
	c.inOrder()
}

func TestWhatRewardsCostIsPostedWithWhatPaysTheBill(t *testing.T) {
	c, one, _, anna := backShop(t)
	first := one.write(one.told(one.head(), anna, 100, loyalty.Past{}, ""))
	var past loyalty.Past
	past.Add(loyalty.StepOf(&first))
	head := one.head()
	state := &loyalty.MemberState{ID: anna, Medium: loyalty.MediumNumber, Available: 150, Lots: loyalty.Apply(nil, first.Moves, anna)}
	if err := one.prog.Recall(state, &loyalty.Record{Past: past}, head.Day); err != nil {
		t.Fatal(err)
	}
	in := loyalty.QuoteInput{Sale: loyalty.Sale{Lines: []loyalty.Line{{SKU: "1", Quantity: 1000, Amount: 1000}}, Redeem: &loyalty.Ask{Points: 100},
		Rewards: []loyalty.RewardAsk{{Reward: "lounge"}}}, Member: state, Place: loyalty.Place{Store: 1, Lane: 1, At: head.At, Day: head.Day}}
	q, err := one.prog.Quote(in)
	if err != nil || q.Drawn() != 120 {
		t.Fatalf("drawn %d, %v", q.Drawn(), err)
	}
	in.Sale.Tenders = []loyalty.Tender{{Kind: loyalty.TenderCash, Amount: q.Due}}
	e, err := one.prog.Post(q, in, head)
	if err != nil {
		t.Fatal(err)
	}
	one.write(e)
	c.hear(one, 1)
	r := c.report()
	wantKinds(t, r)
	if m := r.member(t, anna); m.Balance != first.Sale.Earned+q.Earned-120 {
		t.Errorf("%d points are left", m.Balance)
	}
	if s := r.Stores[0].Accounts; s[hodb.Redeemed] != 120 || s[hodb.Suspense] != 0 {
		t.Errorf("the store's accounts: %v", s)
	}
	c.inOrder()
}

// Two stores that are offline both take a purchase for the first one, and both give what a month allows.
func TestWhatTwoStoresGaveOnceEachIsSettledOnce(t *testing.T) {
	for _, order := range []string{"in the order of the purchases", "the later store first"} {
		t.Run(order, func(t *testing.T) {
			c, one, two, anna := backShop(t)
			one.write(one.told(one.head(), anna, 20, loyalty.Past{}, ""))
			two.clock = one.clock
			two.write(two.told(two.head(), anna, 10, loyalty.Past{}, ""))
			if order == "the later store first" {
				c.hear(two, 1)
				if m := c.report().member(t, anna); m.Balance != 150 {
					t.Errorf("provisional: %d points", m.Balance)
				}
			}
			c.hear(one, 1)
			if order != "the later store first" {
				c.hear(two, 1)
			}
			r := c.report()
			wantKinds(t, r, hodb.CaseDifference)
			if m := r.member(t, anna); m.Balance != 250+50+7 { // 200 and the welcome; then 50 up to the month's cap, and gold
				t.Errorf("%d points: %+v", m.Balance, r.Differences)
			}
			if s := r.Stores[1].Accounts; s[hodb.Suspense] != 150-57 {
				t.Errorf("the second store's accounts: %v", s)
			}
			c.inOrder()
		})
	}
}

// open opens a session without the network.
func (b *box) open() {
	b.t.Helper()
	answer, err := b.centre.office.OpenSession(b.t.Context(), loyalty.StoreID(b.id.Store), wire.SessionRequest{Protocol: wire.Protocol,
		Epoch: loyalty.Epoch(b.id.Epoch), InstallID: b.id.InstallID, BootNonce: b.boot, Head: wire.Head{Hash: b.id.Genesis()}})
	if err != nil {
		b.t.Fatal(err)
	}
	b.session = answer.Session
}

func TestStoresAreToldAMembersPast(t *testing.T) {
	c, one, two, anna := backShop(t)
	first := one.write(one.told(one.head(), anna, 20, loyalty.Past{}, ""))
	one.takeBack(first, 5)
	c.hear(one, 1)
	page, err := c.office.Feed(t.Context(), wire.FeedQuery{Store: 2, Limit: wire.MaxFeedRows})
	if err != nil {
		t.Fatal(err)
	}
	var row *wire.MemberRow
	for _, r := range page.Rows {
		if r.Member != nil {
			row = r.Member
		}
	}
	want := loyalty.Past{Purchases: 1, Last: "2026-11-24", Days: []loyalty.PastDay{{Day: "2026-11-24", Standing: loyalty.Standing{Spend: 15000, Points: 188, Visits: 1}}},
		Given: []loyalty.RulePast{{On: "2026-11-24", RuleSum: loyalty.RuleSum{Rule: "base", Day: 150, Week: 150, Month: 150, Year: 150, Lifetime: 150}}}}
	if row == nil || row.Past == nil || !reflect.DeepEqual(row.Past.Past, want) {
		t.Fatalf("told %+v, want %+v", row.Past, want)
	}
	two.clock = one.clock
	e := two.told(two.head(), anna, 20, row.Past.Past, "") // 100 are left of the month, and it is not the first purchase
	if two.write(e); e.Sale.Earned != 100+7 {
		t.Errorf("the second store gives %d", e.Sale.Earned)
	}
	c.hear(two, 1)
	wantKinds(t, c.report())
	c.inOrder()
}

// The other store takes goods back before they are paid; its return arrives after the payment, whose store knew nothing of it.
func TestAPaymentGivesNothingForGoodsThatAnotherStoreTookBack(t *testing.T) {
	for _, order := range [][]int{{0, 1}, {1, 0}} {
		c := newCentre(t)
		p := c.publishText(strings.Replace(backing, "redeem:", "  - {id: paid, per: tender, tenders: [cash], rate: {points: 1, per: 1.00}}\nredeem:", 1))
		boxes := []*box{c.enrol(1, p), c.enrol(2, p)}
		anna := c.member("6034000000000018")
		one, two := boxes[0], boxes[1]
		one.open()
		two.open()
		sale := one.write(one.toldPaid(one.head(), anna, 10, loyalty.Past{}, "", loyalty.TenderAccount))
		two.clock = one.clock
		two.takeBack(sale, 4)
		one.clock = two.clock
		one.made(p.Payment(loyalty.PaymentInput{Sale: &sale, Member: &loyalty.MemberState{ID: anna, Medium: loyalty.MediumNumber},
			Tenders: []loyalty.Tender{{Kind: loyalty.TenderCash, Amount: 10_000}}}, one.head()))
		for _, i := range order {
			c.hear(boxes[i], 1)
		}
		r := c.report()
		wantKinds(t, r, hodb.CaseDifference)
		if m := r.member(t, anna); m.Balance != 60 {
			t.Errorf("in order %v: %d points", order, m.Balance)
		}
		c.inOrder()
	}
}

// A box showed another branch than head office has, and a bill of it comes to another store before a person has decided, or after: it names a
// number under which head office knows ben's sale. Nobody's points move, and a person is told.
func TestABillOfABranchThatHeadOfficeDoesNotHaveTakesNobodysPoints(t *testing.T) {
	c, one, two, anna := backShop(t)
	ben := c.member("6034000000000026")
	head := one.head()
	lost := one.told(head, anna, 4, loyalty.Past{}, "")
	one.write(one.told(head, ben, 10, loyalty.Past{}, ""))
	two.clock = one.clock
	two.takeBack(lost, 4)
	c.hear(one, 1)
	c.hear(two, 1)
	r := c.report()
	if a, b := r.member(t, anna).Balance, r.member(t, ben).Balance; a != 0 || b != 150 {
		t.Errorf("anna has %d points, ben %d", a, b)
	}
	wantKinds(t, r, hodb.CaseDifference)
	c.inOrder()
}
