package agent_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"loyaltill/agent"
	"loyaltill/agent/loyalty"
	"loyaltill/internal/stage"
	"loyaltill/store/agentdb"
)

const reserveProgramme = `
format: 1
programme: { id: orders, name: { en: Orders }, version: 2, valid_from: 2020-01-02T00:00, currency: EUR }
wallets: [{ id: credit, name: { en: Credit }, unit: money, redeem: {} }]
earn:
  - { id: base, per: amount, rate: { points: 1, per: "1.00" } }
redeem: { point_value: { points: 1, value: "0.01" } }
limits: { redeem_without_purse: 300 }
`

// holding gives the member 500 points at head office.
func (s *shop) holding() {
	s.t.Helper()
	s.stop()
	s.syncState = agent.SyncState{State: "in_sync", Feed: "in_sync"}
	s.start(s.lane)
	s.publish(reserveProgramme)
	s.headOffice(agentdb.Change{Member: s.member(500)})
}

func aside(points loyalty.Points) agent.ReserveRequest {
	return agent.ReserveRequest{Number: testNumber, Points: points, Until: time.Now().Add(time.Hour), For: "order-88", Cashier: "ilze"}
}

func (s *shop) settle(of, key loyalty.TxnID, as loyalty.SettleAs) (agent.SettleAnswer, error) {
	return s.agent.Settle(s.t.Context(), of, key, agent.SettleRequest{As: as})
}

func TestPointsSetAsideAreSpentOnceOrGoBackOnce(t *testing.T) {
	s := newShop(t)
	s.holding()
	key, request := newKey(), aside(300)
	first := must[agent.ReservationAnswer](t)(s.agent.Reserve(t.Context(), key, request))
	again := must[agent.ReservationAnswer](t)(s.agent.Reserve(t.Context(), key, request))
	if first.Points != 300 || first.Reservation != key || !again.Replayed || again.Seq != first.Seq || again.Until != first.Until {
		t.Errorf("answers %+v, %+v", first, again)
	}
	_, err := s.agent.Reserve(t.Context(), newKey(), aside(201)) // 200 are left
	faulty(t, err, loyalty.MemberShort)
	_, err = s.agent.Reserve(t.Context(), newKey(), aside(301))
	refused(t, err, agent.CodeRedeemRefused)

	end := newKey()
	spent := must[agent.SettleAnswer](t)(s.settle(key, end, loyalty.SettleConfirm))
	if spent.Points != 300 || spent.As != loyalty.SettleConfirm || spent.Replayed {
		t.Errorf("answer %+v", spent)
	}
	for _, sameOrNew := range []loyalty.TxnID{end, newKey()} {
		if twice := must[agent.SettleAnswer](t)(s.settle(key, sameOrNew, loyalty.SettleConfirm)); !twice.Replayed || twice.Seq != spent.Seq {
			t.Errorf("again %+v", twice)
		}
	}
	_, err = s.settle(key, newKey(), loyalty.SettleCancel)
	refused(t, err, agent.CodeReserveSettled)

	second := must[agent.ReservationAnswer](t)(s.agent.Reserve(t.Context(), newKey(), aside(200)))
	_, err = s.settle(second.Reservation, newKey(), loyalty.SettleRelease)
	faulty(t, err, loyalty.ReserveRuns)
	must[agent.SettleAnswer](t)(s.settle(second.Reservation, newKey(), loyalty.SettleCancel))
	if m := must[agent.Member](t)(s.agent.MemberByNumber(t.Context(), testNumber)); m.Balance != 200 {
		t.Errorf("balance %d", m.Balance)
	}
	_, err = s.settle(newKey(), newKey(), loyalty.SettleCancel)
	refused(t, err, agent.CodeReservationUnknown)
	if got := s.kinds(); got != "reserve settle reserve settle" {
		t.Errorf("the log holds %q", got)
	}
}

func TestWhatIsNotSettledInTimeGoesBackByItself(t *testing.T) {
	s := newShop(t)
	s.holding()
	request := aside(100)
	request.Until = time.Now().Add(time.Second)
	made := must[agent.ReservationAnswer](t)(s.agent.Reserve(t.Context(), newKey(), request))
	err := stage.Until(t.Context(), "release", wait, func(context.Context) (bool, string, error) {
		kinds := s.kinds()
		return kinds == "reserve settle", kinds, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if e := s.entries()[1]; e.Settle.As != loyalty.SettleRelease || e.Settle.Seq != made.Seq || e.Member != testMember {
		t.Errorf("entry %+v", e.Settle)
	}
	_, err = s.settle(made.Reservation, newKey(), loyalty.SettleConfirm)
	refused(t, err, agent.CodeReserveSettled)
}

func TestNobodySetsAsideWhatTheyCouldNotSpend(t *testing.T) {
	shop := newShop(t)
	shop.holding()
	s := shop.overHTTP()
	_, err := s.agent.Reserve(t.Context(), newKey(), agent.ReserveRequest{Points: 1, Until: time.Now().Add(time.Hour)})
	refused(t, err, agent.CodeFieldInvalid)
	r := aside(1)
	r.Until = time.Now().Add(100 * 24 * time.Hour)
	_, err = s.agent.Reserve(t.Context(), newKey(), r)
	faulty(t, err, loyalty.SaleTime)
	s.tap()
	r = aside(1)
	r.Number, r.Lane = "", 1
	_, err = s.agent.Reserve(t.Context(), newKey(), r)
	refused(t, err, agent.CodePINNeeded)
	_, err = s.agent.Reserve(t.Context(), newKey(), aside(301)) // the programme lets one sale without a purse take 300
	refused(t, err, agent.CodeRedeemRefused)
	r = aside(1)
	r.Wallet = "credit" // nothing is in it, and without a purse nothing of it is spent
	_, err = s.agent.Reserve(t.Context(), newKey(), r)
	refused(t, err, agent.CodeRedeemRefused)
	call := s.request("POST", "/v1/reservations/"+newKey().String()+"/settle", `{"as":"confirm"}`)
	call.Header.Set("Idempotency-Key", newKey().String())
	if status, answer := s.do(call); status != 404 || answer["code"] != "reservation_unknown" {
		t.Errorf("status %d: %v", status, answer)
	}
	if got := s.kinds(); got != "" {
		t.Errorf("the log holds %q", got)
	}
}

func TestAwayFromHeadOfficePointsAreNotSetAsideWithoutAPurse(t *testing.T) {
	s := newShop(t)
	s.publish(reserveProgramme)
	s.headOffice(agentdb.Change{Member: s.member(500)})
	_, err := s.agent.Reserve(t.Context(), newKey(), aside(1))
	refused(t, err, agent.CodeRedeemRefused)
}

// A till and a web shop reach for the same points at one moment: no point is taken twice.
func TestASaleAndAReservationNeverTakeTheSamePoints(t *testing.T) {
	s := newShop(t)
	s.holding()
	sale := redeeming(1000, 200)
	sale.Number = testNumber
	request := s.quoted(sale)
	var wg sync.WaitGroup
	for range 3 {
		wg.Go(func() { _, _ = s.commit(newKey(), request) })
		wg.Go(func() { _, _ = s.agent.Reserve(t.Context(), newKey(), aside(200)) })
	}
	wg.Wait()
	taken := loyalty.Points(0)
	for _, e := range s.entries() {
		if e.Sale != nil {
			taken += e.Sale.Redeemed
		}
		if e.Reserve != nil {
			taken += e.Reserve.Points
		}
	}
	if taken != 400 {
		t.Errorf("%d of 500 points taken in steps of 200", taken)
	}
}

// spending is a sale of 10.00 that spends points of a reservation.
func spending(id loyalty.TxnID, points loyalty.Points) agent.SaleRequest {
	r := basket(1000)
	r.Number, r.Reservation, r.Redeem = testNumber, id.String(), &loyalty.Ask{Points: points}
	r.Tenders = []loyalty.Tender{{Kind: loyalty.TenderCash, Amount: 1000 - int64(points)}}
	return r
}

func TestASaleSpendsWhatWasSetAsideAndGivesTheRestBack(t *testing.T) {
	s := newShop(t)
	s.holding()
	made := must[agent.ReservationAnswer](t)(s.agent.Reserve(t.Context(), newKey(), aside(300))).Reservation
	r := spending(made, 250)
	q := must[agent.Quote](t)(s.agent.Quote(t.Context(), 1, r))
	if q.Redeem.Points != 250 || q.ToPay != 750 {
		t.Fatalf("quote %+v, to pay %d", q.Redeem, q.ToPay)
	}
	key, commit := newKey(), agent.CommitRequest{SaleRequest: r, Quote: q.ID}
	sale := must[agent.SaleAnswer](t)(s.commit(key, commit))
	if again := must[agent.SaleAnswer](t)(s.commit(key, commit)); !again.Replayed || again.Seq != sale.Seq {
		t.Errorf("again %+v", again)
	}
	if m := must[agent.Member](t)(s.agent.MemberByNumber(t.Context(), testNumber)); m.Balance != 250+sale.Earned {
		t.Errorf("balance %d", m.Balance)
	}
	if got := s.kinds(); got != "reserve sale" || s.entries()[1].Sale.Confirms == nil {
		t.Errorf("the log holds %q", got)
	}
	_, err := s.agent.Quote(t.Context(), 1, r)
	refused(t, err, agent.CodeReserveSettled)
	_, err = s.settle(made, newKey(), loyalty.SettleCancel)
	refused(t, err, agent.CodeReserveSettled)
}

func TestAReservationThatEndedSinceTheQuoteIsNotSpent(t *testing.T) {
	s := newShop(t)
	s.holding()
	made := must[agent.ReservationAnswer](t)(s.agent.Reserve(t.Context(), newKey(), aside(300))).Reservation
	r := spending(made, 250)
	q := must[agent.Quote](t)(s.agent.Quote(t.Context(), 1, r))
	must[agent.SettleAnswer](t)(s.settle(made, newKey(), loyalty.SettleCancel))
	_, err := s.commit(newKey(), agent.CommitRequest{SaleRequest: r, Quote: q.ID})
	refused(t, err, agent.CodeReserveSettled)
	if got := s.kinds(); got != "reserve settle" {
		t.Errorf("the log holds %q", got)
	}
}

func TestASaleConfirmsOnlyAReservationOfItsMember(t *testing.T) {
	s := newShop(t)
	s.holding()
	for _, id := range []string{"none", newKey().String()} {
		r := spending(newKey(), 10)
		r.Reservation = id
		_, err := s.agent.Quote(t.Context(), 1, r)
		refused(t, err, agent.CodeReservationUnknown)
	}
	r := spending(newKey(), 10)
	r.Number = ""
	_, err := s.agent.Quote(t.Context(), 1, r)
	refused(t, err, agent.CodeCardNeeded)
}
