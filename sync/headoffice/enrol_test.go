package headoffice

import (
	"testing"

	"loyaltill/agent/loyalty"
	"loyaltill/store"
	"loyaltill/store/hodb"
	"loyaltill/sync/wire"
)

const joinProgramme = `format: 1
programme: {id: join, name: {en: Join}, version: 1, valid_from: 2026-01-01T00:00, currency: EUR}
earn:
  - {id: base, per: amount, rate: {points: 1, per: 1.00}}
  - {id: welcome, name: {en: Welcome}, bonus: 50, when: {purchase: 1}}
members: {consent: {version: "1", text: {en: "We keep your number."}}}
`

// numbersOf are the member numbers that a store was given.
func (c *centre) numbersOf(b *box) (all []loyalty.MemberRange) {
	c.t.Helper()
	page, err := c.office.Feed(c.t.Context(), wire.FeedQuery{Store: loyalty.StoreID(b.id.Store), Limit: 1000})
	if err != nil {
		c.t.Fatal(err)
	}
	for _, r := range page.Rows {
		if n := r.Range; n != nil && n.Epoch == loyalty.Epoch(b.id.Epoch) {
			all = append(all, loyalty.MemberRange{First: n.First, Last: n.Last})
		}
	}
	return all
}

// join makes a member of who carries a number.
func (b *box) join(id loyalty.MemberID, digits string) loyalty.MemberID {
	b.t.Helper()
	n, err := loyalty.NewCardNumber(digits)
	if err != nil {
		b.t.Fatal(err)
	}
	b.made(b.prog.Enrol(loyalty.Enrolment{Member: id, Number: b.id.NumberHMAC(n.Digits()), Masked: n.Masked(), Language: "lv", Consent: "1"}, b.head()))
	return id
}

// who is the member of a number at head office.
func (c *centre) who(digits string) (id loyalty.MemberID) {
	c.t.Helper()
	n, err := loyalty.NewCardNumber(digits)
	if err != nil {
		c.t.Fatal(err)
	}
	ref := c.home.Keys.numberRef(n)
	err = c.office.db.View(c.t.Context(), func(tx *hodb.Tx) error {
		id, err = tx.NumberOwner(hodb.Number{HMAC: store.Hash(ref.HMAC), Masked: ref.Masked})
		return err
	})
	if err != nil {
		c.t.Fatal(err)
	}
	return id
}

func TestStoresMakeMembersWithNumbersThatCollideWithNobodys(t *testing.T) {
	c := newCentre(t)
	p := c.publishText(joinProgramme)
	one, two := c.enrol(1, p), c.enrol(2, p)
	first, second := c.numbersOf(one), c.numbersOf(two)
	if len(first) != 1 || len(second) != 1 || first[0].Last >= second[0].First || first[0].First != loyalty.FirstStoreMember {
		t.Fatalf("%v, %v", first, second)
	}
	id := one.join(first[0].First, "9700000000012")
	one.write(one.told(one.head(), id, 1, loyalty.Past{}, ""))
	one.join(second[0].First, "9700000000029") // the other store's number: a bug, or a lie
	c.hear(one, 1)
	row := c.told(id)
	if row == nil || row.Balance != 60 || row.Language != "lv" || len(row.Numbers) != 1 || c.who("9700000000029") != 0 {
		t.Errorf("%+v", row)
	}
	if office := c.member("9700000000036"); office >= loyalty.FirstStoreMember {
		t.Errorf("head office's own member got number %d of the stores", office)
	}
	if r := c.report(); len(r.Cases) != 1 || r.Cases[0].Kind != hodb.CaseNotInterpreted {
		t.Errorf("%+v", r.Cases)
	}
}

func TestAStoreIsGivenMoreNumbersBeforeItRunsOut(t *testing.T) {
	c := newCentre(t)
	p := c.publishText(joinProgramme)
	one := c.enrol(1, p)
	first := c.numbersOf(one)[0]
	for n := range loyalty.MemberID(501) {
		one.join(first.First+n, "97"+string([]byte{'0' + byte(n/100), '0' + byte(n/10%10), '0' + byte(n%10)})+"00000000")
	}
	c.hear(one, 1)
	ranges := c.numbersOf(one)
	if len(ranges) != 2 || ranges[1].First != first.Last+1 {
		t.Errorf("%v", ranges)
	}
}

// One customer joins in two stores that have not heard of each other, and buys in both. Whatever order head office learns of it in,
// it is one member, with one welcome.
func TestWhoJoinsInTwoStoresIsOneMemberInAnyOrder(t *testing.T) {
	for _, order := range []string{"the earlier first", "the later first", "the later before the other has told of its sales"} {
		t.Run(order, func(t *testing.T) {
			c := newCentre(t)
			p := c.publishText(joinProgramme)
			one, two := c.enrol(1, p), c.enrol(2, p)
			a := one.join(c.numbersOf(one)[0].First, "9700000000012")
			two.clock = one.clock
			b := two.join(c.numbersOf(two)[0].First, "9700000000012")
			one.write(one.told(one.head(), a, 1, loyalty.Past{}, ""))
			two.clock = one.clock
			two.write(two.told(two.head(), b, 2, loyalty.Past{}, "")) // a welcome here, too
			one.clock = two.clock
			one.write(one.told(one.head(), a, 3, loyalty.Past{Purchases: 1}, ""))
			switch order {
			case "the earlier first":
				c.hear(one, 1)
				c.hear(two, 1)
			case "the later first":
				c.hear(two, 1)
				c.hear(one, 1)
			default:
				rest := one.bodies[1:]
				one.bodies = one.bodies[:1]
				c.hear(one, 1)
				c.hear(two, 1)
				one.bodies = append(one.bodies, rest...)
				c.hear(one, 2)
			}
			id := c.who("9700000000012")
			if row := c.told(id); row == nil || row.Balance != 50+10+20+30 || len(row.Numbers) != 1 {
				t.Errorf("%+v", row)
			}
			if other := c.told(a + b - id); other != nil {
				t.Errorf("and another: %+v", other)
			}
			c.inOrder()
		})
	}
}
