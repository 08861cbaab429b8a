package agentdb

import (
	"testing"

	"loyaltill/agent/loyalty"
	"loyaltill/store"
)

// redeeming is a sale of member 7 that takes points by a medium.
func redeeming(n int, medium loyalty.Medium, redeemed, rewards loyalty.Points, told *loyalty.Points) Commit {
	c := commitOf(n, 7, 10)
	plain := c.Build
	c.Member = 7
	c.Newest = 100 // whatever the member did before is known
	c.Build = func(h loyalty.EntryHead, used Tally) (loyalty.Entry, error) {
		*told = used.Redeemed.ByMember
		e, err := plain(h, used)
		e.Sale.Medium, e.Sale.Redeemed, e.Sale.RewardPoints = medium, redeemed, rewards
		return e, err
	}
	return c
}

func TestWhatIsRedeemedWithoutAPurseIsCountedByMemberAndDay(t *testing.T) {
	b := newBox(t)
	var told loyalty.Points
	for n, step := range []struct {
		medium    loyalty.Medium
		redeemed  loyalty.Points
		rewards   loyalty.Points
		toldFirst loyalty.Points
	}{{loyalty.MediumNumber, 30, 0, 0}, {loyalty.MediumKeyed, 0, 20, 30}, {loyalty.MediumPurse, 500, 0, 50}, {loyalty.MediumNumber, 0, 0, 50}} {
		_, err := b.Append(t.Context(), redeeming(n+1, step.medium, step.redeemed, step.rewards, &told))
		must(t, err)
		if told != step.toldFirst {
			t.Errorf("sale %d was told of %d points, want %d", n+1, told, step.toldFirst)
		}
	}
	other := redeeming(9, loyalty.MediumNumber, 5, 0, &told)
	other.Member = 8
	build := other.Build
	other.Build = func(h loyalty.EntryHead, used Tally) (loyalty.Entry, error) {
		e, err := build(h, used)
		e.Member, e.Moves = 8, nil
		return e, err
	}
	_, err := b.Append(t.Context(), other)
	must(t, err)
	today := "2026-11-22"
	for _, c := range []struct {
		member loyalty.MemberID
		day    string
		want   Redeemed
	}{{7, today, Redeemed{50, 55}}, {8, today, Redeemed{5, 55}}, {6, today, Redeemed{0, 55}}, {0, today, Redeemed{}}, {7, "2026-11-23", Redeemed{}}} {
		got, err := b.Redeemed(t.Context(), c.member, c.day)
		must(t, err)
		if got != c.want {
			t.Errorf("member %d on %s redeemed %+v, want %+v", c.member, c.day, got, c.want)
		}
	}
	b.verifyClean(t)

	// A ledger from before is counted through once.
	must(t, b.ledger.Write(t.Context(), func(tx *store.Tx) error {
		_, err := tx.Exec(`DELETE FROM redeemed`)
		return err
	}))
	report, err := b.Verify(t.Context(), nil)
	must(t, err)
	if len(report.Findings) != 2 || report.Findings[0].Code != FindTally {
		t.Errorf("findings %+v", report.Findings)
	}
	must(t, b.ledger.Write(t.Context(), func(tx *store.Tx) error {
		for _, text := range []string{`DELETE FROM tally`, `DELETE FROM gift_card`, `UPDATE ledger SET tallied = 0`} {
			if _, err := tx.Exec(text); err != nil {
				return err
			}
		}
		return nil
	}))
	b.reopen(t)
	b.verifyClean(t)
}
