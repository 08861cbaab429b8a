package agent_test

import (
	"strings"
	"testing"

	"loyaltill/agent"
	"loyaltill/agent/loyalty"
	"loyaltill/firmware-sim/cardsim"
	"loyaltill/store"
	"loyaltill/store/agentdb"
)

func TestATapEarnsAndTheReceiptSaysSo(t *testing.T) {
	s := newShop(t)
	lane := s.tap()
	if lane.Member == nil || lane.Member.ID != testMember || lane.Member.Number != "6034…0018" || lane.Member.Medium != loyalty.MediumPurse {
		t.Fatalf("at the till: %+v", lane.Member)
	}
	done, err := s.commit(newKey(), s.quoted(basket(1250)))
	if err != nil {
		t.Fatal(err)
	}
	if done.Earned != 125 || done.Balance != 125 || done.ToPay != 1250 || done.Seq != 1 {
		t.Errorf("answer %+v", done)
	}
	paper := s.sheet(1)
	for _, want := range []string{"Rīga 1", "Milk", "12.50", "125", "6034…0018"} {
		if !strings.Contains(paper, want) {
			t.Errorf("the receipt lacks %q:\n%s", want, paper)
		}
	}
	s.job(done.Job, "confirmed")
}

func TestTheSameKeyIsAnsweredAsTheFirstTime(t *testing.T) {
	s := newShop(t)
	s.tap()
	key, request := newKey(), s.quoted(basket(1000))
	first, err := s.commit(key, request)
	if err != nil {
		t.Fatal(err)
	}
	s.takeOut()
	again, err := s.commit(key, request)
	if err != nil {
		t.Fatal(err)
	}
	if !again.Replayed {
		t.Error("the second answer does not say that it is one")
	}
	again.Replayed = false
	if again.Seq != first.Seq || again.Balance != first.Balance || again.Job != first.Job || again.Earned != first.Earned {
		t.Errorf("first %+v\nagain %+v", first, again)
	}
	if got := s.kinds(); got != "sale" {
		t.Errorf("the log holds %q", got)
	}
	other := request
	other.Cashier = "somebody else"
	_, err = s.commit(key, other)
	refused(t, err, agent.CodeKeyReused)
}

func TestASaleWithoutAMemberIsASale(t *testing.T) {
	s := newShop(t)
	done, err := s.commit(newKey(), s.quoted(basket(300)))
	if err != nil {
		t.Fatal(err)
	}
	if e := s.entries()[0]; e.Member != 0 || len(e.Moves) != 0 || done.Earned != 0 {
		t.Errorf("entry %+v", e)
	}
}

func TestANumberEarnsAndDoesNotRedeem(t *testing.T) {
	s := newShop(t)
	s.fund(500)
	r := redeeming(1000, 100)
	r.Number = "6034 0000 0000 0018"
	q, err := s.agent.Quote(t.Context(), 1, r)
	if err != nil {
		t.Fatal(err)
	}
	if q.Redeem.Points != 0 || q.Earned != 100 || q.Balance != 500 {
		t.Errorf("quote %+v", q)
	}
	r.Number = "6034000000000099"
	_, err = s.agent.Quote(t.Context(), 1, r)
	refused(t, err, agent.CodeMemberUnknown)
	r.Number = "12"
	_, err = s.agent.Quote(t.Context(), 1, r)
	refused(t, err, agent.CodeFieldInvalid)
}

func TestRedeemingWantsThePINAndTakesThePointsFromTheCard(t *testing.T) {
	s := newShop(t)
	s.fund(300)
	lane := s.tap()
	if lane.Member.Available != 300 || lane.Member.Balance != 300 {
		t.Fatalf("after the voucher: %+v", lane.Member)
	}
	request := s.quoted(redeeming(1000, 200))
	key := newKey()
	_, err := s.commit(key, request)
	refused(t, err, agent.CodePINNeeded)
	if r := refused(t, s.pin("1111"), agent.CodePINWrong); r.TriesLeft != 2 {
		t.Errorf("%d tries left", r.TriesLeft)
	}
	if err := s.pin("4711"); err != nil {
		t.Fatal(err)
	}
	done, err := s.commit(key, request)
	if err != nil {
		t.Fatal(err)
	}
	// 10.00 - 2.00 = 8.00 earns 80; 300 - 200 + 80.
	if done.Redeemed != 200 || done.Value != 200 || done.ToPay != 800 || done.Earned != 80 || done.Balance != 180 {
		t.Errorf("answer %+v", done)
	}
	if got := s.card.Status().Balance; got != 100 {
		t.Errorf("the card holds %d", got)
	}
	e := s.entries()[1]
	if e.Card == nil || e.Card.Amount != 200 || e.Card.NewBalance != 100 {
		t.Errorf("card record %+v", e.Card)
	}
	if got := s.kinds(); got != "load sale" {
		t.Errorf("the log holds %q", got)
	}
}

func TestMoneyMustMatchTheQuote(t *testing.T) {
	s := newShop(t)
	s.tap()
	request := s.quoted(basket(1000))
	request.Tenders[0].Amount = 999
	_, err := s.commit(newKey(), request)
	refused(t, err, agent.CodeTendersWrong)
	if got := s.kinds(); got != "" {
		t.Errorf("the log holds %q", got)
	}
}

func TestWhatWasNotShownIsNotPosted(t *testing.T) {
	s := newShop(t)
	request := s.quoted(basket(1000))
	s.tap() // now there is a member: other figures
	_, err := s.commit(newKey(), request)
	if r := refused(t, err, agent.CodeQuoteChanged); r.Quote == nil || r.Quote.Earned != 100 {
		t.Errorf("the refusal does not carry the new quote: %+v", r)
	}
}

func TestACouponIsBookedOnceAndPrinted(t *testing.T) {
	s := newShop(t)
	key := newKey()
	first, err := s.agent.IssueCoupon(t.Context(), 1, key, agent.CouponRequest{Coupon: "coffee", Language: "en"})
	if err != nil {
		t.Fatal(err)
	}
	again, err := s.agent.IssueCoupon(t.Context(), 1, key, agent.CouponRequest{Coupon: "coffee", Language: "en"})
	if err != nil || again.Serial != first.Serial || !again.Replayed {
		t.Errorf("again %+v, %v", again, err)
	}
	paper := s.sheet(1)
	if !strings.Contains(paper, first.Serial) || !strings.Contains(paper, "Free coffee") {
		t.Errorf("the coupon:\n%s", paper)
	}
	_, err = s.agent.IssueCoupon(t.Context(), 1, newKey(), agent.CouponRequest{Coupon: "tea"})
	refused(t, err, agent.CodeCouponUnknown)
	if got := s.kinds(); got != "coupon" {
		t.Errorf("the log holds %q", got)
	}
}

func TestTheDayClosesOnceWithItsTotals(t *testing.T) {
	s := newShop(t)
	_, err := s.agent.CloseDay(t.Context(), 1, newKey(), "ilze")
	refused(t, err, agent.CodeNothingToClose)
	for _, amount := range []int64{1000, 250} {
		if _, err := s.commit(newKey(), s.quoted(basket(amount))); err != nil {
			t.Fatal(err)
		}
	}
	key := newKey()
	closed, err := s.agent.CloseDay(t.Context(), 1, key, "ilze")
	if err != nil {
		t.Fatal(err)
	}
	if c := closed.Totals; c.Sales != 2 || c.Total != 1250 || c.First != 1 || c.Last != 2 || c.Count != 2 {
		t.Errorf("totals %+v", c)
	}
	if again, err := s.agent.CloseDay(t.Context(), 1, key, "ilze"); err != nil || !again.Replayed || again.Seq != closed.Seq {
		t.Errorf("again %+v, %v", again, err)
	}
	after, err := s.commit(newKey(), s.quoted(basket(100)))
	if err != nil || after.Day <= closed.Day {
		t.Errorf("a sale after the close of %s belongs to %s, %v", closed.Day, after.Day, err)
	}
}

func TestConfirmPressedFourTimesAtOnceSellsOnce(t *testing.T) {
	for name, request := range map[string]agent.SaleRequest{"earning": basket(1000), "redeeming": redeeming(1000, 200)} {
		t.Run(name, func(t *testing.T) {
			s := newShop(t)
			s.ready(300)
			key, commit := newKey(), s.quoted(request)
			answers := make(chan agent.SaleAnswer, 4)
			for range cap(answers) {
				go func() {
					done, err := s.commit(key, commit)
					if err != nil {
						t.Error(err)
					}
					answers <- done
				}()
			}
			first := 0
			for range cap(answers) {
				done := <-answers
				if !done.Replayed {
					first++
				}
				if done.Seq != 2 {
					t.Errorf("answer %+v", done)
				}
			}
			if first != 1 {
				t.Errorf("%d calls were told that they were the first", first)
			}
			var paid loyalty.Points
			if request.Redeem != nil {
				paid = request.Redeem.Points
			}
			s.check(uint32(300-paid), "load sale")
		})
	}
}

func TestTapAndGoEarnsAndLeavesTheTillFree(t *testing.T) {
	s := newShop(t)
	s.tap()
	s.slot.Remove()
	s.until("card to be gone", func(l agent.LaneState) bool { return l.Card.State == agent.CardNone && l.Member != nil })
	done, err := s.commit(newKey(), s.quoted(basket(1000)))
	if err != nil || done.Earned != 100 {
		t.Fatalf("answer %+v, %v", done, err)
	}
	if lane, _ := s.agent.Lane(1); lane.Member != nil {
		t.Errorf("the member still stands at the till: %+v", lane.Member)
	}
	s.tap()
	if _, err := s.agent.Forget(1); err != nil {
		t.Fatal(err)
	}
	if lane, _ := s.agent.Lane(1); lane.Member != nil {
		t.Errorf("forgotten, and still there: %+v", lane.Member)
	}
}

func TestWhatIsLeftOnTheCardShowsAfterTheSale(t *testing.T) {
	s := newShop(t)
	s.ready(300)
	if _, err := s.commit(newKey(), s.quoted(redeeming(1000, 200))); err != nil {
		t.Fatal(err)
	}
	if lane, _ := s.agent.Lane(1); lane.Member == nil || lane.Member.Available != 100 || lane.Member.Balance != 180 {
		t.Errorf("at the till: %+v", lane.Member)
	}
	q, err := s.agent.Quote(t.Context(), 1, redeeming(1000, 200))
	if err != nil || q.Redeem.Points != 100 {
		t.Errorf("quote %+v, %v", q.Redeem, err)
	}
}

func TestABlockedMemberIsToldApart(t *testing.T) {
	s := newShop(t)
	m := s.member(0)
	m.Status = agentdb.MemberBlocked
	s.headOffice(agentdb.Change{Member: m})
	s.slot.Insert(s.card)
	s.until("refusal", func(l agent.LaneState) bool { return l.Card.Code == agent.CodeCardBlocked })
	_, err := s.agent.MemberByNumber(t.Context(), testNumber)
	refused(t, err, agent.CodeCardBlocked)
}

func TestTheCardOfAnErasedMemberIsToldApart(t *testing.T) {
	s := newShop(t)
	s.headOffice(agentdb.Change{Hot: &agentdb.Hot{Card: loyalty.CardID{7: 1}, Blocked: true, Reason: store.HotErased}},
		agentdb.Change{Member: &agentdb.Member{ID: 1, Status: agentdb.MemberErased, Forgotten: true}})
	s.slot.Insert(s.card)
	s.until("refusal", func(l agent.LaneState) bool { return l.Card.Code == agent.CodeMemberErased })
	_, err := s.agent.MemberByNumber(t.Context(), testNumber)
	refused(t, err, agent.CodeMemberUnknown)
}

func TestASaleFinishedLaterCountsOnTheLotsOfThatMoment(t *testing.T) {
	s := newShop(t)
	s.ready(300)
	s.fault(cardsim.Fault{Kind: cardsim.TearAfter, INS: insDebit})
	key := newKey()
	_, err := s.commit(key, s.quoted(redeeming(1000, 200)))
	refused(t, err, agent.CodeCardTapAgain)
	other := basket(500) // the same member buys something by number meanwhile
	other.Number = testNumber
	if _, err := s.commit(newKey(), s.quoted(other)); err != nil {
		t.Fatal(err)
	}
	s.tap()
	// 300 + 50 - 200 + 80
	if done, err := s.agent.Sale(t.Context(), key); err != nil || done.Balance != 230 {
		t.Errorf("finished %+v, %v", done, err)
	}
	s.check(100, "load sale sale")
}

func TestAReductionStandsOnTheReceiptAndTheSumComesOut(t *testing.T) {
	s := newShop(t)
	r := basket(1000)
	r.Lines = append(r.Lines, loyalty.Line{SKU: "2", Name: "Jam", Category: "reduced", Quantity: 1000, Amount: 400})
	done, err := s.commit(newKey(), s.quoted(r))
	if err != nil || done.Total != 1360 || done.ToPay != 1360 {
		t.Fatalf("answer %+v, %v", done, err)
	}
	paper := strings.Join(strings.Fields(s.sheet(1)), " ")
	for _, want := range []string{"Milk 10,00", "Jam 4,00", "Ten off -0,40", "13,60"} {
		if !strings.Contains(paper, want) {
			t.Errorf("the receipt lacks %q:\n%s", want, paper)
		}
	}
}
