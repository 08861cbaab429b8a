package doors

import (
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/google/uuid"

	"loyaltill/agent"
	"loyaltill/agent/loyalty"
	"loyaltill/agent/staff"
)

// giving lets members give each other points; it goes in behind the limits.
const giving = "}\nmembers: {transfer: {most: 200, month: 250, wait_days: 2}, reasons: [gift]"

// friends are two members; the first has earned so many points in a store.
func (c *chain) friends(s *shop, points int64) (anna, berta loyalty.MemberID, from, to string) {
	c.t.Helper()
	anna, from = c.member(c.t)
	berta, to = c.member(c.t)
	s.link()
	s.mustSell(from, points, 0)
	s.settle()
	return anna, berta, from, to
}

// gives quotes a transfer and books what was shown, under a key.
func (s *shop) gives(ctx context.Context, id loyalty.TxnID, r agent.TransferRequest) (agent.TransferAnswer, error) {
	s.t.Helper()
	q, err := s.agent.QuoteTransfer(ctx, 1, r)
	if err != nil {
		return agent.TransferAnswer{}, err
	}
	return s.agent.Transfer(ctx, 1, id, agent.TransferCommit{TransferRequest: r, Quote: q.ID})
}

func newID() loyalty.TxnID { return loyalty.TxnID(uuid.Must(uuid.NewV7())) }

func wants(t *testing.T, err error, code string) {
	t.Helper()
	var refusal *agent.Refusal
	var bad *loyalty.SaleError
	if errors.As(err, &refusal) && refusal.Code == code || errors.As(err, &bad) && bad.Code == code {
		return
	}
	t.Errorf("got %v, want %s", err, code)
}

func TestPointsGoFromMemberToMemberOnceInAnyStore(t *testing.T) {
	c := newChain(t, giving)
	one, two := c.shop(1), c.shop(2)
	anna, berta, from, to := c.friends(one, 300)
	two.link()
	terms := must[agent.TransferTerms](t)(two.agent.TransferTerms(t.Context(), 1, from))
	if terms.From != anna || terms.Have != 300 || !terms.Allowed || terms.Most != 200 || terms.Month == nil || *terms.Month != 250 || terms.WaitDays != 2 || !slices.Equal(terms.Reasons, []string{"gift"}) {
		t.Errorf("what may be given: %+v", terms)
	}
	r := agent.TransferRequest{Number: from, To: to, Points: 100, Reason: "gift", Cashier: "anna"}
	q := must[agent.TransferQuote](t)(two.agent.QuoteTransfer(t.Context(), 1, r))
	if q.From != anna || q.To != berta || q.Left != 200 || q.Usable == "" || len(q.Lots) != 1 || q.Lots[0].Points != 100 {
		t.Errorf("shown: %+v", q)
	}
	key := newID()
	commit := agent.TransferCommit{TransferRequest: r, Quote: q.ID}
	_, err := two.agent.Transferred(t.Context(), key)
	wants(t, err, agent.CodeTransferUnknown)
	first := must[agent.TransferAnswer](t)(two.agent.Transfer(t.Context(), 1, key, commit))
	two.reboot()
	if found := must[agent.TransferAnswer](t)(two.agent.Transferred(t.Context(), key)); found.Seq != first.Seq || found.Points != 100 || !found.Replayed {
		t.Errorf("asked for by its key: %+v", found)
	}
	again := must[agent.TransferAnswer](t)(two.agent.Transfer(t.Context(), 1, key, commit))
	if first.Points != 100 || first.Replayed || !again.Replayed || again.Seq != first.Seq || again.Usable != q.Usable {
		t.Errorf("answers %+v, %+v", first, again)
	}
	other := commit
	other.Points = 50
	_, err = two.agent.Transfer(t.Context(), 1, key, other)
	wants(t, err, agent.CodeKeyReused)
	_, err = two.agent.Transfer(t.Context(), 1, newID(), commit) // it was shown before the first went
	wants(t, err, agent.CodeQuoteChanged)
	if terms := must[agent.TransferTerms](t)(two.agent.TransferTerms(t.Context(), 1, from)); terms.Have != 200 || *terms.Month != 150 {
		t.Errorf("what may be given after it: %+v", terms)
	}
	two.settle()
	one.settle()
	if a, b := c.books(t, anna), c.books(t, berta); a.Balance != 200 || b.Balance != 100 {
		t.Errorf("anna %+v, berta %+v", a, b)
	}
	one.cut()
	one.link()
	if a := one.mustSell(from, 3, 200); a.Redeemed != 200 { // nothing is set aside for the transfer any more
		t.Errorf("of 200 points %d were given", a.Redeemed)
	}
}

func TestATransferTakesNothingThatAnotherStoreSpent(t *testing.T) {
	c := newChain(t, giving)
	one, two := c.shop(1), c.shop(2)
	anna, _, from, to := c.friends(one, 300)
	two.link()
	slow, unlink := two.up, two.unlink
	two.up = nil // what happens at the other till is not heard of here
	unlink()
	one.mustSell(from, 3, 250)
	two.up = slow
	before := two.entries(t)
	_, err := two.gives(t.Context(), newID(), agent.TransferRequest{Number: from, To: to, Points: 100, Reason: "gift"})
	wants(t, err, agent.CodePointsElsewhere)
	if n := two.entries(t); n != before {
		t.Errorf("%d entries came of it", n-before)
	}
	two.up, two.unlink = nil, func() {}
	two.link()
	one.settle()
	if m := c.books(t, anna); m.Balance != 50 || m.Overdrawn {
		t.Errorf("%+v", m)
	}
}

func TestWithoutHeadOfficeNothingIsMoved(t *testing.T) {
	c := newChain(t, giving)
	s := c.shop(1)
	anna, _, from, to := c.friends(s, 300)
	r := agent.TransferRequest{Number: from, To: to, Points: 100, Reason: "gift"}
	q := must[agent.TransferQuote](t)(s.agent.QuoteTransfer(t.Context(), 1, r))
	key, commit := newID(), agent.TransferCommit{TransferRequest: r, Quote: q.ID}
	for _, s.lose = range []string{"question", "answer"} {
		before := s.entries(t)
		_, err := s.agent.Transfer(t.Context(), 1, key, commit)
		if wants(t, err, agent.CodeOfficeAway); s.entries(t) != before {
			t.Errorf("an entry came of a lost %s", s.lose)
		}
		s.cut()
		_, err = s.agent.Transfer(t.Context(), 1, key, commit)
		wants(t, err, agent.CodeOfficeAway)
		_, err = s.agent.TransferTerms(t.Context(), 1, from)
		wants(t, err, agent.CodeOfficeAway)
		s.link()
	}
	must[agent.TransferAnswer](t)(s.agent.Transfer(t.Context(), 1, key, commit))
	s.settle()
	if m := c.books(t, anna); m.Balance != 200 || m.Overdrawn {
		t.Errorf("%+v", m)
	}
}

func TestWhatMembersMayGiveIsTheProgrammesAndASplitASupervisors(t *testing.T) {
	c := newChain(t, giving)
	s := c.shop(1)
	anna, berta, from, to := c.friends(s, 700)
	give := func(ctx context.Context, points loyalty.Points, reason, to string, split bool) error {
		_, err := s.gives(ctx, newID(), agent.TransferRequest{Number: from, To: to, Points: points, Reason: reason, Split: split})
		return err
	}
	wants(t, give(t.Context(), 201, "gift", to, false), loyalty.MemberLimit)
	if err := give(t.Context(), 200, "gift", to, false); err != nil {
		t.Fatal(err)
	}
	wants(t, give(t.Context(), 51, "gift", to, false), loyalty.MemberLimit) // 250 in a month
	wants(t, give(t.Context(), 10, "bribe", to, false), loyalty.MemberReason)
	wants(t, give(t.Context(), 10, "gift", from, false), loyalty.MemberSame)
	wants(t, give(t.Context(), 10, "gift", "6034999999999999", false), agent.CodeReceiverUnknown)
	wants(t, give(t.Context(), 800, "gift", to, true), loyalty.MemberShort)
	wants(t, give(t.Context(), 300, "gift", to, true), agent.CodeApprovalNeeded)
	boss := agent.By(t.Context(), agent.Doer{Number: 2, Name: "Berta", Role: staff.Supervisor})
	if err := give(boss, 300, "gift", to, true); err != nil {
		t.Fatal(err)
	}
	s.settle()
	if a, b := c.books(t, anna), c.books(t, berta); a.Balance != 200 || b.Balance != 500 {
		t.Errorf("anna %+v, berta %+v", a, b)
	}
}

func (s *shop) entries(t *testing.T) int64 {
	t.Helper()
	counts, err := s.db.Counts(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return counts.Entries
}
