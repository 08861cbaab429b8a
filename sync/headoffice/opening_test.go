package headoffice

import (
	"strings"
	"testing"
	"time"

	"loyaltill/agent/loyalty"
	"loyaltill/store/hodb"
)

const balances = `number,points,earned,expires
6034000000000018,300,2025-06-01,2027-05-31
6034000000000026,-20,,
6034 0000 0000 0018,50,,
`

// open gives up the books for commands.
func (c *centre) atDesk(do func(Manager)) {
	c.t.Helper()
	if err := c.office.Close(); err != nil {
		c.t.Fatal(err)
	}
	do(c.manager())
	c.open()
}

func (c *centre) opening(file, source string) (out OpeningOutcome, err error) {
	c.t.Helper()
	c.atDesk(func(m Manager) { out, err = m.Opening(c.t.Context(), []byte(file), source) })
	return out, err
}

func TestBalancesBroughtAlongReachStoresWithTheirLots(t *testing.T) {
	c, one, _, anna, berta := lifeShop(t)
	out, err := c.opening(balances, "old")
	if want := (OpeningOutcome{Source: "old", Members: 2, Lots: 3, Points: 330}); err != nil || out != want {
		t.Fatalf("%+v, %v", out, err)
	}
	row := c.rowOf(1, anna)
	if len(row.Lots) != 2 || row.Balance != 350 || row.Lots[0].Expires != "2027-05-31" || row.Lots[0].Earned != "2025-06-01" || row.Lots[0].Remaining != 300 {
		t.Errorf("stores are told %+v", row)
	}
	if m := c.report().member(t, berta); m.Balance != -20 {
		t.Errorf("the debtor has %+v", m)
	}
	if c.begin("2027-06-01"); c.report().member(t, anna).Balance != 50 {
		t.Error("the lot does not end with its last day")
	}
	one.made(one.prog.Adjust(loyalty.AdjustInput{Holding: loyalty.Holding{Member: anna, Lots: row.Lots}, Points: 40, Reason: "sorry"}, one.head()))
	c.hear(one, 1)
	wantKinds(t, c.report())
	c.inOrder()
}

func TestABalanceIsBroughtAlongOnce(t *testing.T) {
	c, one, two, anna, _ := lifeShop(t)
	for _, want := range []OpeningOutcome{{Source: "old", Members: 2, Lots: 3, Points: 330}, {Source: "old", Known: 2}} {
		if out, err := c.opening(balances, "old"); err != nil || out != want {
			t.Errorf("%+v, %v; want %+v", out, err, want)
		}
	}
	brought(one, anna, 350) // the same import, told by a store
	c.hear(one, 1)
	wantKinds(t, c.report(), hodb.CaseActivityRepeated)
	if m := c.report().member(t, anna); m.Balance != 350 {
		t.Errorf("the member has %+v", m)
	}
	c.inOrder()

	_, err := c.opening("member,points\n1,351\n", "old")
	if faults := mustFail[loyalty.Errors](t, err); !strings.Contains(faults.Error(), "2:1: old brought 350 points for member 1 before, now 351") {
		t.Error(faults)
	}
	two.clock = one.clock
	if out, err := c.opening("member,points\n1,7\n", "other"); err != nil || out.Points != 7 {
		t.Errorf("%+v, %v", out, err)
	}
	c.inOrder()
}

// Two stores that know nothing of each other bring along the same balance.
func TestTwoStoresBringABalanceAlongOnce(t *testing.T) {
	for _, order := range []string{"in their order", "the later first"} {
		t.Run(order, func(t *testing.T) {
			c, one, two, anna, _ := lifeShop(t)
			brought(one, anna, 500)
			two.clock = one.clock
			brought(two, anna, 500)
			if order == "in their order" {
				c.hear(one, 1)
				c.hear(two, 1)
			} else {
				c.hear(two, 1)
				c.hear(one, 1)
			}
			r := c.report()
			wantKinds(t, r, hodb.CaseActivityRepeated)
			if m := r.member(t, anna); m.Balance != 500 || r.Stores[1].Accounts[hodb.Suspense] == 0 {
				t.Errorf("%+v, %v", m, r.Stores[1].Accounts)
			}
			c.inOrder()
		})
	}
}

func TestAFileOfBalancesIsTakenWholeOrNotAtAll(t *testing.T) {
	c, _, _, anna, _ := lifeShop(t)
	_, err := c.opening("number,points\n6034000000000018,5\n6034000000009999,5\n6034000000000026,x\n", "old")
	if got := mustFail[loyalty.Errors](t, err).Error(); !strings.Contains(got, "4:18: points") {
		t.Error(got)
	}
	_, err = c.opening("number,points\n6034000000000018,5\n6034000000009999,5\n6034000000008888,5\n", "old")
	want := "3:1: number 6034…9999 is nobody's in the register; correct the row, or take it out; nothing was brought along\n4:1: number 6034…8888"
	if got := mustFail[loyalty.Errors](t, err).Error(); !strings.HasPrefix(got, want) {
		t.Error(got)
	}
	if m := c.report().member(t, anna); m.Balance != 0 {
		t.Errorf("the member has %+v", m)
	}
}

// One file brings points, credit and stamps; under one source each comes once.
func TestWalletsAndStampsAreBroughtAlongWithThePoints(t *testing.T) {
	c, one, two, anna, berta := wideShop(t)
	const file = "number,points,wallet,stamp,expires\n6034000000000018,300,,,\n6034000000000018,1250,credit,,2027-05-31\n6034000000000018,2,,coffee,2027-01-31\n"
	for _, want := range []OpeningOutcome{{Source: "old", Members: 1, Lots: 3, Points: 300}, {Source: "old", Known: 1}} {
		if out, err := c.opening(file, "old"); err != nil || out != want {
			t.Errorf("%+v, %v; want %+v", out, err, want)
		}
	}
	row := c.told(anna)
	if row.Balance != 300 || len(row.Wallets) != 1 || row.Wallets[0].Lots[0].Remaining != 1250 || row.Wallets[0].Lots[0].Expires != "2027-05-31" ||
		row.Past == nil || row.Past.Stamps[0].Count != 2 || row.Past.Stamps[0].Expires != "2027-01-31" {
		t.Errorf("stores are told %+v, %+v", row, row.Past)
	}
	for other, want := range map[string]string{
		"member,points,wallet\n1,5,water\n": "2:1: wallet water is in no programme",
		"member,points,stamp\n1,5,tea\n":    "2:1: stamp card tea is in no programme",
		"number,points,wallet,stamp,expires\n6034000000000018,300,,,\n6034000000000018,1251,credit,,2027-05-31\n6034000000000018,2,,coffee,2027-01-31\n": "2:1: old brought 1250 credit for member 1 before, now 1251",
		"number,points,wallet,stamp,expires\n6034000000000018,300,,,\n6034000000000018,1250,credit,,2027-05-31\n6034000000000018,3,,coffee,2027-01-31\n": "2:1: old brought 2 stamps/coffee/member/1 for member 1 before, now 3",
	} {
		_, err := c.opening(other, "old")
		if got := mustFail[loyalty.Errors](t, err).Error(); !strings.HasPrefix(got, want) {
			t.Errorf("%s, want %s", got, want)
		}
	}
	// What she does afterwards stands on it, also when it is told late; and all of it goes with her.
	sale := one.write(one.told(one.head(), anna, 10, loyalty.Past{Stamps: row.Past.Stamps}, ""))
	one.made(one.prog.Merge(sideOf(berta), loyalty.MergeSide{Holding: loyalty.Holding{Member: anna, Lots: row.Lots}}, one.head()))
	two.clock = one.clock.Add(-time.Minute)
	two.write(two.told(two.head(), anna, 1, loyalty.Past{}, ""))
	c.hear(one, 1)
	c.hear(two, 1)
	if m := c.report().member(t, berta); m.Balance != 300+120+10 || loyalty.Balance(m.Wallets[0].Lots) != 1250+100+10 || sale.Sale.Stamps[0].Times != 1 || m.Stamps[0].Count != 1 {
		t.Errorf("who stays has %+v", m)
	}
	c.inOrder()
}
