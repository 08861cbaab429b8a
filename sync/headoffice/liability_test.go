package headoffice

import (
	"testing"

	"loyaltill/agent/loyalty"
	"loyaltill/store/hodb"
)

func (c *centre) liability(from, to string) LiabilityReport {
	c.t.Helper()
	r, err := c.office.liability(c.t.Context(), partnersInput{from, to})
	if err != nil {
		c.t.Fatal(err)
	}
	return r
}

func TestWhatIsOwedTiesOutDayByDay(t *testing.T) {
	c, one, _, anna, _ := lifeShop(t)
	if _, err := c.opening(balances, "old"); err != nil {
		t.Fatal(err)
	}
	c.begin("2027-06-01") // 300 of anna's points end with 2027-05-31
	row := c.rowOf(1, anna)
	one.made(one.prog.Adjust(loyalty.AdjustInput{Holding: loyalty.Holding{Member: anna, Lots: row.Lots}, Points: 40, Reason: "sorry"}, one.head()))
	c.hear(one, 1)

	r := c.liability("2000-01-01", lastOfDays)
	var sum LiabilityRow
	for i, d := range r.Days {
		sum.Brought, sum.Adjusted, sum.Expired, sum.Issued = sum.Brought+d.Brought, sum.Adjusted+d.Adjusted, sum.Expired+d.Expired, sum.Issued+d.Issued
		if i > 0 && d.Opening != r.Days[i-1].Closing {
			t.Errorf("%s opens with %d, the day before closed with %d", d.Day, d.Opening, r.Days[i-1].Closing)
		}
	}
	if sum.Brought != 330 || sum.Adjusted != 40 || sum.Expired != 300 || sum.Issued != 0 || r.Days[len(r.Days)-1].Closing != 70 {
		t.Errorf("%+v", r.Days)
	}
	if len(r.Wallets) != 1 || r.Wallets[0].Accounts != 70 || !r.Ties {
		t.Errorf("%+v", r)
	}
	part := c.liability("2027-06-01", lastOfDays)
	if len(part.Days) == 0 || part.Days[0].Opening == 0 || !part.Ties {
		t.Errorf("from 1 June: %+v", part)
	}
	c.inOrder()
}

func TestAMovementThatIsOnNoAccountIsSeen(t *testing.T) {
	rows := liabilityRows([]hodb.LiabilitySum{
		{Day: "2026-11-24", Unit: hodb.Points, Kind: "", Amount: 10}, {Day: "2026-11-24", Unit: hodb.Points, Kind: hodb.Issued, Amount: -9},
		{Day: "2026-11-25", Unit: hodb.Points, Kind: "", Amount: -4}, {Day: "2026-11-25", Unit: hodb.Points, Kind: hodb.Redeemed, Amount: 4},
	})
	if len(rows) != 2 || rows[0].Off != -1 || rows[1].Off != 0 || rows[1].Opening != 10 || rows[1].Closing != 6 {
		t.Errorf("%+v", rows)
	}
}
