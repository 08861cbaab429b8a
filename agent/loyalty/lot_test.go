package loyalty

import (
	"fmt"
	"slices"
	"testing"
)

func TestALotCanBeSpentThroughItsLastDay(t *testing.T) {
	lots := []Lot{{ID: "1-1-1.1", Remaining: 50, Earned: "2026-01-01", Expires: "2026-11-24"}}
	for day, want := range map[string]LotID{"2026-11-24": "1-1-1.1", "2026-11-25": ""} {
		if moves := draw(lots, 10, day, AccountCard(1), AccountRedeemed); len(moves) != 1 || moves[0].Lot != want {
			t.Errorf("on %s: %+v", day, moves)
		}
	}
}

func TestLotsOfOneDayAreDrawnInTheOrderOfTheirEntries(t *testing.T) {
	var lots []Lot
	for _, id := range []LotID{"2-1-1.1", "1-1-10.1", "1-1-9.2", "1-1-9.1", "10-1-1.1", "1-2-1.1"} {
		lots = append(lots, Lot{ID: id, Remaining: 1, Earned: "2026-01-01"})
	}
	SortLots(lots)
	got := fmt.Sprint(lots[0].ID, lots[1].ID, lots[2].ID, lots[3].ID, lots[4].ID, lots[5].ID)
	if want := fmt.Sprint("1-1-9.1", "1-1-9.2", "1-1-10.1", "1-2-1.1", "2-1-1.1", "10-1-1.1"); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestReplayingLeavesTheLotsGivenAlone(t *testing.T) {
	lots := []Lot{{ID: "1-1-2.1", Remaining: 50}, {ID: "1-1-1.1", Remaining: 50}, {ID: deficitLot, Remaining: -20}}
	before := slices.Clone(lots)
	moves := []Movement{{From: AccountMain(1), To: AccountRedeemed, Points: 60, Lot: "1-1-2.1"}, {From: AccountIssued, To: AccountMain(1), Points: 90, Lot: "1-1-3.1"}}
	after := Apply(lots, moves, 1)
	if !slices.Equal(lots, before) {
		t.Errorf("the lots given became %+v", lots)
	}
	if Balance(after) != 80-60+90 {
		t.Errorf("after: %+v", after)
	}
}

func TestAMovementOfAnotherMemberChangesNothing(t *testing.T) {
	lots := []Lot{{ID: "1-1-1.1", Remaining: 50}}
	moves := []Movement{{From: AccountMain(2), To: AccountRedeemed, Points: 10}, {From: AccountIssued, To: AccountMain(12), Points: 10, Lot: "x"}}
	if got := Apply(lots, moves, 1); !slices.Equal(got, lots) {
		t.Errorf("got %+v", got)
	}
}

func TestPointsOfALotThatAnotherStoreSpentComeFromTheOthers(t *testing.T) {
	lots := []Lot{{ID: "1-1-1.1", Remaining: 5}, {ID: "1-1-2.1", Remaining: 50}}
	got := Apply(lots, []Movement{{From: AccountMain(1), To: AccountRedeemed, Points: 20, Lot: "1-1-1.1"}}, 1)
	if len(got) != 1 || got[0] != (Lot{ID: "1-1-2.1", Remaining: 35}) {
		t.Errorf("got %+v", got)
	}
}

func TestAccountsSayWhoseTheyAre(t *testing.T) {
	for account, want := range map[string]MemberID{AccountMain(42): 42, AccountCard(1): 1, AccountIssued: 0, AccountRedeemed: 0, AccountExpired: 0,
		"member/": 0, "member/x/points/main": 0, "member/-1/points/main": 0, "member/12": 0} {
		if got, ok := AccountMember(account); got != want || ok != (want != 0) {
			t.Errorf("%s: %d, %v", account, got, ok)
		}
	}
}
