package doors

import (
	"context"
	"testing"

	"loyaltill/agent"
	"loyaltill/agent/loyalty"
	"loyaltill/agent/staff"
	"loyaltill/internal/i18n"
)

// joins quotes a merge and books what was shown, under a key.
func (s *shop) joins(ctx context.Context, id loyalty.TxnID, r agent.MergeRequest) (agent.MergeAnswer, error) {
	s.t.Helper()
	q, err := s.agent.QuoteMerge(ctx, 1, i18n.English, r)
	if err != nil {
		return agent.MergeAnswer{}, err
	}
	return s.agent.Merge(ctx, 1, id, agent.MergeCommit{MergeRequest: r, Quote: q.ID})
}

// Anna has an old number and a new one. What another store has yet to tell of the old one comes along.
func TestTwoNumbersBecomeOneMemberInEveryStore(t *testing.T) {
	c := newChain(t, giving)
	one, two := c.shop(1), c.shop(2)
	old, anna, oldNumber, number := c.friends(one, 300)
	two.link()
	one.cut()
	one.mustSell(oldNumber, 20, 0) // not told before the merge
	r := agent.MergeRequest{Number: number, Gone: oldNumber, Cashier: "ilze"}
	q := must[agent.MergeQuote](t)(two.agent.QuoteMerge(t.Context(), 1, i18n.English, r))
	if q.Member != anna || q.Gone != old || q.Points != 300 || q.Balance != 300 || q.More {
		t.Errorf("shown: %+v", q)
	}
	key, commit := newID(), agent.MergeCommit{MergeRequest: r, Quote: q.ID}
	before := two.entries(t)
	_, err := two.agent.Merge(t.Context(), 1, key, commit)
	wants(t, err, agent.CodeApprovalNeeded)
	if n := two.entries(t); n != before {
		t.Errorf("%d entries came of a merge that nobody answered for", n-before)
	}
	boss := agent.By(t.Context(), agent.Doer{Number: 2, Name: "Berta", Role: staff.Supervisor})
	first := must[agent.MergeAnswer](t)(two.agent.Merge(boss, 1, key, commit))
	two.reboot()
	again := must[agent.MergeAnswer](t)(two.agent.Merge(t.Context(), 1, key, commit))
	if first.Points != 300 || first.Replayed || !again.Replayed || again.Seq != first.Seq {
		t.Errorf("answers %+v, %+v", first, again)
	}
	two.settle()
	one.link()
	one.settle()
	if m := c.books(t, anna); m.Balance != 320 {
		t.Errorf("who stays has %+v", m)
	}
	if m := c.books(t, old); m.Balance != 0 {
		t.Errorf("who went has %+v", m)
	}
	two.settle()
	_, err = two.agent.QuoteMerge(t.Context(), 1, i18n.English, r) // both numbers are hers
	wants(t, err, loyalty.MemberSame)
	if a := one.mustSell(oldNumber, 5, 200); a.Redeemed != 200 { // the old number still finds her
		t.Errorf("of 200 points %d were given", a.Redeemed)
	}
}

func TestNobodyIsMergedWithoutHeadOfficeOrOtherThanShown(t *testing.T) {
	c := newChain(t, giving)
	s := c.shop(1)
	_, _, from, to := c.friends(s, 300)
	boss := agent.By(t.Context(), agent.Doer{Number: 2, Name: "Berta", Role: staff.Supervisor})
	join := func(number, gone string) error {
		_, err := s.joins(boss, newID(), agent.MergeRequest{Number: number, Gone: gone})
		return err
	}
	wants(t, join(to, to), loyalty.MemberSame)
	wants(t, join(to, "6034999999999999"), agent.CodeMemberUnknown)
	wants(t, join("", from), agent.CodeCardNeeded)
	q := must[agent.MergeQuote](t)(s.agent.QuoteMerge(boss, 1, i18n.English, agent.MergeRequest{Number: to, Gone: from}))
	s.mustSell(from, 1, 0)
	_, err := s.agent.Merge(boss, 1, newID(), agent.MergeCommit{MergeRequest: agent.MergeRequest{Number: to, Gone: from}, Quote: q.ID})
	wants(t, err, agent.CodeQuoteChanged)
	s.cut()
	wants(t, join(to, from), agent.CodeOfficeAway)
	s.link()
	if err := join(to, from); err != nil {
		t.Error(err)
	}
}
