package doors

import (
	"fmt"
	"testing"

	"loyaltill/sync/headoffice"
)

func TestTheExposureOfFloorLimitsIsThatOfEveryStoreCutOffAtOnce(t *testing.T) {
	c := newChain(t, "")
	c.shop(1)
	c.shop(2)
	for range 3 {
		c.member(t)
	}
	for _, row := range []struct {
		floor string
		want  headoffice.Exposure
	}{
		{"", headoffice.Exposure{Stores: 2, Members: 3}},
		{", floor: {member_day: 200, store_day: 1000}", headoffice.Exposure{Stores: 2, Members: 3}},
		{", floor: {member_day: 200, store_day: 1000, hours: 24}", headoffice.Exposure{Stores: 2, Members: 3, StoreDay: 600, Days: 2, Points: 2400, Value: 2400}},
		{", floor: {member_day: 300, store_day: 1000, hours: 25}", headoffice.Exposure{Stores: 2, Members: 3, StoreDay: 900, Days: 3, Points: 5400, Value: 5400}},
		{", floor: {member_day: 500, store_day: 1000, hours: 25}", headoffice.Exposure{Stores: 2, Members: 3, StoreDay: 1000, Days: 3, Points: 6000, Value: 6000}},
		{", floor: {member_day: 200, store_day: 1000}, allowance: {member: 100, store: 120, share: 50, days: 9, visits: 1, hours: 9}",
			headoffice.Exposure{Stores: 2, Members: 3, SetAside: 240}},
		{", allowance: {member: 30, store: 120, share: 50, days: 9, visits: 1, hours: 9}", headoffice.Exposure{Stores: 2, Members: 3, SetAside: 90}},
	} {
		row.want.Currency = "EUR"
		if got := must[headoffice.Exposure](t)(c.manager.Exposure(t.Context(), fmt.Appendf(nil, programme, row.floor))); got != row.want {
			t.Errorf("%q: %+v, want %+v", row.floor, got, row.want)
		}
	}
}
