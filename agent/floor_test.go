package agent_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"loyaltill/agent"
	"loyaltill/agent/loyalty"
	"loyaltill/store/agentdb"
)

// farShop is a shop that head office has not answered for so long, with three members who hold 5000 points each.
func farShop(t *testing.T, limits string, silence time.Duration) *shop {
	t.Helper()
	s := newShop(t)
	s.syncState.FeedAt = time.Now().Add(-silence)
	s.restart(s.lane)
	changes := []agentdb.Change{{Programme: compiled(t, limited(limits))}}
	for i := range 3 {
		m := s.member(5000)
		m.ID, m.Numbers, m.Cards = testMember+loyalty.MemberID(i), []agentdb.Number{{HMAC: s.identity.NumberHMAC(memberNumber(i)), Masked: "…"}}, nil
		changes = append(changes, agentdb.Change{Member: m})
	}
	s.headOffice(changes...)
	return s
}

// limited is the test's programme in a later version, with limits.
func limited(limits string) string {
	return strings.Replace(testProgramme, "2020-01-01", "2021-01-01", 1) + limits
}

func memberNumber(i int) string {
	return []string{testNumber, "6034000000000026", "6034000000000034"}[i]
}

// spends is a sale in which a member known by number wants points.
func (s *shop) spends(member int, points loyalty.Points) agent.SaleRequest {
	r := redeeming(1000, points)
	r.Number = memberNumber(member)
	return r
}

// decided is the limit that decided a quote, and what it left.
func decided(q agent.Quote) (string, loyalty.Points) {
	i := slices.IndexFunc(q.Redeem.Clamps, func(f loyalty.Finding) bool { return f.Applied })
	if i < 0 {
		return "", q.Redeem.Points
	}
	return q.Redeem.Clamps[i].Code, q.Redeem.Points
}

const floor = "limits: { redeem_without_purse: 400, floor: { member_day: 500, store_day: 900, hours: 24 } }\n"

func TestAwayFromHeadOfficeEveryFloorLimitHoldsAndIsExplained(t *testing.T) {
	s := farShop(t, floor, time.Hour)
	for i, step := range []struct {
		member int
		code   string
		points loyalty.Points
	}{
		{0, "", 400},
		{0, loyalty.ExplainFloorMember, 100}, // 500 a day
		{1, "", 400},
		{2, loyalty.ExplainFloorStore, 0}, // all three: 900 a day
	} {
		q := must[agent.Quote](t)(s.agent.Quote(t.Context(), 1, s.spends(step.member, 400)))
		if code, points := decided(q); code != step.code || points != step.points {
			t.Errorf("sale %d: %s leaves %d, want %s and %d: %+v", i, code, points, step.code, step.points, q.Redeem.Clamps)
		}
		must[agent.SaleAnswer](t)(s.commit(newKey(), s.quoted(s.spends(step.member, 400))))
	}
	last := s.entries()[3]
	p := must[*loyalty.Programme](t)(loyalty.Compile([]byte(limited(floor))))
	if _, found, err := p.Requote(last, "", last.Sale.Available); err != nil || len(found) > 0 {
		t.Errorf("head office finds %+v, %v", found, err)
	}
	if len(last.Sale.Floor) != 2 || last.Sale.Available != 5000 {
		t.Errorf("the entry does not say what limited it: %+v", last.Sale)
	}
}

func TestAwayFromHeadOfficeNothingIsSpentUnlessTheProgrammeTakesTheRisk(t *testing.T) {
	for _, row := range []struct {
		what, limits string
		silence      time.Duration
		code         string
		points       loyalty.Points
	}{
		{"no floor limits", "limits: { redeem_without_purse: 400 }\n", 0, loyalty.ExplainFloorOff, 0},
		{"no points a store", "limits: { redeem_without_purse: 400, floor: { member_day: 500, hours: 24 } }\n", 0, loyalty.ExplainFloorOff, 0},
		{"heard just within the time", floor, 23 * time.Hour, "", 400},
		{"heard too long ago", floor, 25 * time.Hour, loyalty.ExplainFloorSilence, 0},
		{"the clock was set back", floor, -25 * time.Hour, loyalty.ExplainFloorSilence, 0},
		{"a sale has its own limit", floor, 0, "", 400},
	} {
		t.Run(row.what, func(t *testing.T) {
			s := farShop(t, row.limits, row.silence)
			q := must[agent.Quote](t)(s.agent.Quote(t.Context(), 1, s.spends(0, 400)))
			if code, points := decided(q); code != row.code || points != row.points || q.Available < points {
				t.Errorf("%s leaves %d, want %s and %d: %+v", code, points, row.code, row.points, q.Redeem.Clamps)
			}
		})
	}
}

func TestAStoreThatHeadOfficeNeverAnsweredSpendsNothing(t *testing.T) {
	s := farShop(t, floor, 0)
	s.stop()
	s.syncState.FeedAt = time.Time{}
	s.start(s.lane)
	if code, points := decided(must[agent.Quote](t)(s.agent.Quote(t.Context(), 1, s.spends(0, 400)))); code != loyalty.ExplainFloorSilence || points != 0 {
		t.Errorf("%s leaves %d", code, points)
	}
}

func TestRewardsStayWithinTheFloorLimits(t *testing.T) {
	reward := "rewards:\n  - { id: cake, name: { en: Cake }, cost: %d, gives: { amount: 1.00 } }\n"
	s := farShop(t, fmt.Sprintf(reward, 300)+floor, 0)
	r := s.spends(0, 0)
	r.Redeem, r.Rewards = &loyalty.Ask{All: true}, []loyalty.RewardAsk{{Reward: "cake"}}
	q := must[agent.Quote](t)(s.agent.Quote(t.Context(), 1, r))
	if q.RewardPoints != 300 || q.Redeem.Points != 100 {
		t.Errorf("a reward for %d and %d points beside it, want 400 in all", q.RewardPoints, q.Redeem.Points)
	}
	must[agent.SaleAnswer](t)(s.commit(newKey(), s.quoted(r)))
	if q := must[agent.Quote](t)(s.agent.Quote(t.Context(), 1, r)); q.RewardPoints != 0 || q.Redeem.Points != 100 {
		t.Errorf("after it: a reward for %d and %d points, want the 100 that the day leaves", q.RewardPoints, q.Redeem.Points)
	}
}

// A backup was restored: head office tells of entries under numbers that are other sales here, or that are not here yet.
func TestAStoreWhoseLogIsNotHeadOfficesSpendsNothingThatIsOnNoCard(t *testing.T) {
	for what, state := range map[string]agent.SyncState{
		"posted beyond what was signed here": {State: "in_sync", Feed: "in_sync", Through: 3, FeedThrough: 5},
		"the same, cut off":                  {State: "offline", Feed: "offline", Through: 3, FeedThrough: 5},
		"forked":                             {State: "forked", Feed: "in_sync", Through: 5, FeedThrough: 5},
		"decided, before the new start":      {State: "decided", Feed: "in_sync", Through: 5, FeedThrough: 5},
	} {
		t.Run(what, func(t *testing.T) {
			s := farShop(t, floor, 0)
			state.FeedAt = s.syncState.FeedAt
			s.syncState = state
			s.restart(s.lane)
			q := must[agent.Quote](t)(s.agent.Quote(t.Context(), 1, s.spends(0, 400)))
			if code, points := decided(q); code != loyalty.ExplainFloorAstray || points != 0 {
				t.Errorf("%s leaves %d: %+v", code, points, q.Redeem.Clamps)
			}
			sold := must[agent.SaleAnswer](t)(s.commit(newKey(), s.quoted(s.spends(0, 400))))
			last := s.entries()[len(s.entries())-1]
			if last.Sale.Redeemed != 0 || last.Sale.Earned != q.Earned || len(last.Sale.Floor) != 1 {
				t.Errorf("%+v became %+v", sold, last.Sale)
			}
		})
	}
}
