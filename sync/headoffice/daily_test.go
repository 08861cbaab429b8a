package headoffice

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"loyaltill/agent/loyalty"
	"loyaltill/store"
	"loyaltill/store/hodb"
	"loyaltill/sync/wire"
)

func (c *centre) begin(day string) DayOutcome {
	c.t.Helper()
	out, err := c.office.BeginDay(c.t.Context(), day)
	if err != nil {
		c.t.Fatal(err)
	}
	return out
}

func TestPointsEndWithTheirLastDayOnce(t *testing.T) {
	c, one, _, anna := backShop(t)
	one.write(one.told(one.head(), anna, 10, loyalty.Past{}, "")) // 150 points through 24 December
	c.hear(one, 1)
	if out := c.begin("2026-12-24"); out.Expired != 0 || c.report().member(t, anna).Balance != 150 {
		t.Errorf("on the last day: %+v", out)
	}
	if out := c.begin("2026-12-25"); out.Expired != 150 || out.Members != 1 {
		t.Errorf("the day after: %+v", out)
	}
	if out := c.begin("2026-12-25"); out != (DayOutcome{Day: "2026-12-25"}) {
		t.Errorf("once more: %+v", out)
	}
	if m := c.report().member(t, anna); m.Balance != 0 || len(m.Lots) > 0 {
		t.Errorf("the member has %+v", m)
	}
	c.inOrder()
}

// A store tells only after Christmas that the points were spent before they ended.
func TestWhatWasSpentInTimeDoesNotEndAsWell(t *testing.T) {
	c, one, two, anna := backShop(t)
	first := one.write(one.told(one.head(), anna, 100, loyalty.Past{}, ""))
	c.hear(one, 1)
	c.begin("2026-12-25")
	two.clock = one.clock.AddDate(0, 0, 10)
	head := two.head()
	var past loyalty.Past
	past.Add(loyalty.StepOf(&first))
	state := &loyalty.MemberState{ID: anna, Medium: loyalty.MediumNumber, Available: 150, Lots: loyalty.Apply(nil, first.Moves, anna)}
	if err := two.prog.Recall(state, &loyalty.Record{Past: past}, head.Day); err != nil {
		t.Fatal(err)
	}
	in := loyalty.QuoteInput{Sale: loyalty.Sale{Lines: []loyalty.Line{{SKU: "1", Quantity: 1000, Amount: 100}}, Redeem: &loyalty.Ask{Points: 100}},
		Member: state, Place: loyalty.Place{Store: 2, Lane: 1, At: head.At, Day: head.Day}}
	q, err := two.prog.Quote(in)
	if err != nil {
		t.Fatal(err)
	}
	e, err := two.prog.Post(q, in, head)
	if err != nil {
		t.Fatal(err)
	}
	two.write(e)
	c.hear(two, 1)
	if ended := c.report().Accounts[hodb.Expired]; loyalty.Points(ended) != first.Sale.Earned-100 {
		t.Errorf("%d points ended, 100 were spent in time", ended)
	}
	if out := c.begin("2026-12-26"); out.Expired != 0 {
		t.Errorf("the next day: %+v", out)
	}
	if m := c.report().member(t, anna); m.Balance != 0 || len(m.Lots) > 0 {
		t.Errorf("the member has %+v", m)
	}
	c.inOrder()
}

func TestATierIsReviewedEveryDayAndToldToStores(t *testing.T) {
	c, one, _, anna := backShop(t)
	one.write(one.told(one.head(), anna, 400, loyalty.Past{}, ""))
	c.hear(one, 1)
	if out := c.begin("2026-11-25"); out.Tiers != 1 {
		t.Errorf("after a large purchase: %+v", out)
	}
	if row := c.rowOf(2, anna); row.Tier != "gold" {
		t.Errorf("stores are told %q", row.Tier)
	}
	if out := c.begin("2026-11-25"); out.Tiers != 0 {
		t.Errorf("once more: %+v", out)
	}
	for _, told := range []string{"gold", ""} { // the second store has not heard yet
		one.clock = one.clock.AddDate(0, 0, 1)
		one.write(one.told(one.head(), anna, 1, c.rowOf(1, anna).Past.Past, told))
		c.hear(one, one.seq())
	}
	wantKinds(t, c.report())
	if out := c.begin("2027-11-25"); out.Tiers != 1 || c.rowOf(2, anna).Tier != "bronze" {
		t.Errorf("a year after the large purchase: %+v, %q", out, c.rowOf(2, anna).Tier)
	}
	c.inOrder()
}

// A purchase that made anna gold is told when its day, and what she bought since, have long been reviewed.
func TestATierMovesOnItsDayThoughItIsToldLate(t *testing.T) {
	outcomes := map[string]loyalty.Points{}
	for _, order := range []string{"in its order", "late", "late, when no day had begun"} {
		t.Run(order, func(t *testing.T) {
			c, one, two, anna := backShop(t)
			two.write(two.told(two.head(), anna, 400, loyalty.Past{}, ""))
			one.write(one.told(one.head(), anna, 10, loyalty.Past{}, ""))
			one.clock = one.clock.AddDate(0, 0, 10) // longer than a store may take to hear of a tier
			one.write(one.told(one.head(), anna, 1, loyalty.Past{}, ""))
			if order == "in its order" {
				c.hear(two, 1)
				c.begin("2026-11-25")
			}
			c.hear(one, 1)
			if order != "late, when no day had begun" {
				c.begin("2026-12-05")
			}
			if order == "late" {
				if tier := c.told(anna).Tier; tier != "bronze" {
					t.Errorf("before it is told: %q", tier)
				}
			}
			if order != "in its order" {
				c.hear(two, 1)
			}
			c.begin("2026-12-06")
			if tier := c.told(anna).Tier; tier != "gold" {
				t.Errorf("in the end: %q", tier)
			}
			err := c.office.db.View(t.Context(), func(tx *hodb.Tx) error {
				moves, err := tx.TierMoves(anna, "")
				if len(moves) != 1 || moves[0].From != "2026-11-25" {
					t.Errorf("her tier moved %+v", moves)
				}
				return err
			})
			if err != nil {
				t.Error(err)
			}
			outcomes[order] = c.report().member(t, anna).Balance
			c.inOrder()
		})
	}
	for order, balance := range outcomes {
		if balance != outcomes["in its order"] {
			t.Errorf("%s she has %d points, in its order %d", order, balance, outcomes["in its order"])
		}
	}
}

func TestALadderPublishedForDaysThatHaveBegunHasThemReviewedAgain(t *testing.T) {
	c, one, _, anna := backShop(t)
	one.write(one.told(one.head(), anna, 400, loyalty.Past{}, ""))
	c.hear(one, 1)
	if c.begin("2026-11-26"); c.told(anna).Tier != "gold" {
		t.Fatalf("after a large purchase: %q", c.told(anna).Tier)
	}
	steeper := strings.NewReplacer("version: 1", "version: 2", "2026-01-01", "2026-11-25", "from: 300.00", "from: 5000.00")
	c.publishText(steeper.Replace(backing))
	c.inOrder()
	if out := c.begin("2026-11-26"); out.Tiers != 1 || c.told(anna).Tier != "bronze" {
		t.Errorf("by the new ladder: %+v, %q", out, c.told(anna).Tier)
	}
	c.inOrder()
	err := c.office.db.Update(t.Context(), func(tx *hodb.Tx) error {
		m, err := tx.Member(anna)
		if err == nil {
			_, err = tx.ReplaceTiers(m, "2026-11-25", []hodb.TierMove{{From: "2026-11-25", State: loyalty.TierState{Tier: "gold"}}})
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if found, err := c.office.Verify(t.Context()); err != nil || len(found) != 1 || found[0].Check != hodb.CheckTiers {
		t.Errorf("of a tier that nobody gave verify says %+v, %v", found, err)
	}
}

// rowOf is what a store is told of a member.
func (c *centre) rowOf(store loyalty.StoreID, id loyalty.MemberID) *wire.MemberRow {
	c.t.Helper()
	var row *wire.MemberRow
	err := c.office.db.View(c.t.Context(), func(tx *hodb.Tx) (err error) {
		w := feedWriter{tx: tx, office: c.office}
		if w.head, err = storeHead(tx, store, 0); err == nil {
			row, err = w.member("1")
		}
		return err
	})
	if err != nil || row.ID != id {
		c.t.Fatalf("%+v, %v", row, err)
	}
	c.unseal(row)
	return row
}

// unseal opens what is private of a row as a store does.
func (c *centre) unseal(row *wire.MemberRow) {
	c.t.Helper()
	if row.Past == nil || row.Key == nil {
		return
	}
	key, err := c.home.Keys.wrap().Unwrap(int64(row.ID), row.Key)
	for i, a := range row.Past.Attributes {
		if err == nil && !store.IsSealed(a) {
			err = fmt.Errorf("%q is sent in clear", a)
		}
		if err == nil {
			row.Past.Attributes[i], err = key.Open(int64(row.ID), fieldAttribute, a)
		}
	}
	if day := row.Past.Birthday; err == nil && day != "" {
		if row.Past.Birthday, err = key.Open(int64(row.ID), fieldBirthday, day); !store.IsSealed(day) {
			err = fmt.Errorf("%q is sent in clear", day)
		}
	}
	if err != nil {
		c.t.Fatal(err)
	}
}

func TestADayBeginsWhenItHasBegunInEveryStore(t *testing.T) {
	c, _, _, _ := backShop(t)
	err := c.office.db.Update(t.Context(), func(tx *hodb.Tx) error {
		return tx.PutStore(hodb.Store{ID: 9, Name: "West", TimeZone: "America/Los_Angeles", Language: "en"})
	})
	if err != nil {
		t.Fatal(err)
	}
	zone, err := time.LoadLocation("America/Los_Angeles")
	if err != nil {
		t.Fatal(err)
	}
	err = c.office.db.View(t.Context(), func(tx *hodb.Tx) error {
		zones, err := tx.TimeZones()
		if err != nil || !slices.Equal(zones, []string{"America/Los_Angeles", "Europe/Riga"}) {
			t.Errorf("the zones of three stores: %v, %v", zones, err)
		}
		got, err := c.office.today(tx)
		if want := tx.Now().In(zone).Format(time.DateOnly); got != want {
			t.Errorf("today is %s, want %s", got, want)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestANewProgrammeThatLooksBackIsToldEveryonesPast(t *testing.T) {
	c := newCentre(t)
	one := c.enrol(1, c.publishText(lifeProgramme))
	anna := c.member("6034000000000018")
	one.open()
	one.write(one.told(one.head(), anna, 10, loyalty.Past{}, ""))
	c.hear(one, 1)
	told := func(after int64) (rows []wire.FeedRow, next int64) {
		page, err := c.office.Feed(t.Context(), wire.FeedQuery{Store: 1, Epoch: 1, After: after, Limit: wire.MaxFeedRows})
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range page.Rows {
			if r.Member != nil {
				rows = append(rows, r)
			}
		}
		return rows, page.Next
	}
	rows, next := told(0)
	if len(rows) != 1 || rows[0].Member.Past != nil {
		t.Errorf("told unasked: %+v", rows)
	}
	c.publishText(backing)
	rows, _ = told(next)
	if len(rows) != 1 || rows[0].Member.Past == nil || rows[0].Member.Past.Purchases != 1 || rows[0].Member.Past.Days[0].Spend != 10000 {
		t.Errorf("told %+v", rows)
	}
	c.inOrder()
}

func TestABirthdayIsShippedWithoutItsYearAndOnlyWhenAsked(t *testing.T) {
	c := newCentre(t)
	c.enrolHere(Enrolment{Store: 1, Name: "Store", TimeZone: "Europe/Riga", Language: "lv", HeadOffice: "https://127.0.0.1:1"}, t.TempDir()+"/one")
	in := memberInput{Number: c.home.Keys.numberRef(number(t, "6034000000000018")), Language: "lv", Birthday: "1992-02-29", Joined: "2020-05-01"}
	out, err := c.office.addMember(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	c.publishText(backing)
	if past := c.rowOf(1, out.Member).Past; past == nil || past.Birthday != "" || past.Joined != "" {
		t.Errorf("told without being asked: %+v", past)
	}
	c.publishText(backing + "occasions: [{id: birthday, name: {en: Birthday}}]\n")
	if past := c.rowOf(1, out.Member).Past; past.Birthday != "02-29" || past.Joined != "" {
		t.Errorf("told %+v", past)
	}
}
