package loyalty

import (
	"encoding/json"
	"errors"
	"testing"
)

var testPlace = Place{Store: 7, Lane: 1, At: "2026-11-24T10:15:00.123+02:00", Day: "2026-11-24"} // a Tuesday

func testHead(seq Seq) EntryHead {
	return EntryHead{Store: testPlace.Store, Epoch: 1, Seq: seq, Txn: TxnID{15: byte(seq)}, Day: testPlace.Day, At: testPlace.At, Lane: 1}
}

// sell quotes, pays in cash and posts.
func sell(t testing.TB, p *Programme, in QuoteInput, head EntryHead) (Quote, Entry) {
	t.Helper()
	in.Place = testPlace
	q, err := p.Quote(in)
	if err != nil {
		t.Fatalf("quote: %v", err)
	}
	if q.Due > 0 {
		in.Sale.Tenders = append(in.Sale.Tenders, Tender{TenderCash, q.Due})
	}
	e, err := p.Post(q, in, head)
	if err != nil {
		t.Fatalf("post: %v", err)
	}
	return q, e
}

func groceries() []Line {
	return []Line{
		{SKU: "4750001", Name: "Apples", Category: "food/fruit/apples", Quantity: 1350, Amount: 270, Tax: 1200},
		{SKU: "4750002", Name: "Milk 2.5%", Category: "food/dairy", Quantity: 2000, Amount: 258, Tax: 2100},
		{SKU: "4750003", Name: "Cigarettes", Category: "tobacco", Quantity: 1000, Amount: 520, Tax: 2100},
		{SKU: "4750004", Name: "Bread", Category: "food/bread", Quantity: 1000, Amount: 185, Tax: 1200},
	}
}

func TestAMemberEarnsRedeemsAndTheLotsFollow(t *testing.T) {
	p := compileFile(t, "grocery.yaml")
	member := &MemberState{ID: 42, Medium: MediumPurse}

	q, e := sell(t, p, QuoteInput{Sale: Sale{Lines: groceries()}, Member: member}, testHead(1))
	// 2.70 + 2.58 + 1.85 = 7.13 count: 7 points; 4.55 of 7.13 is fresh and doubles: 7 x (7.13 + 4.55) / 7.13 = 11.46.
	if q.Total != 1233 || q.ToPay != 1233 || q.Earned != 11 || q.EarnedExpires != "2027-11-30" {
		t.Fatalf("first sale: %+v", q)
	}
	lots := Apply(nil, e.Moves, 42)
	if Balance(lots) != 11 || lots[0].ID != "7-1-1.1" {
		t.Fatalf("lots after the first sale: %+v", lots)
	}

	member = &MemberState{ID: 42, Medium: MediumPurse, Available: 305, Lots: append(lots,
		Lot{ID: "7-1-0.1", Remaining: 200, Earned: "2026-01-05", Expires: "2027-01-31"})}
	q, e = sell(t, p, QuoteInput{Sale: Sale{Lines: groceries(), Redeem: &Ask{All: true}}, Member: member}, testHead(2))
	if q.Redeem.Points != 300 || q.Redeem.Value != 300 || q.ToPay != 933 {
		t.Fatalf("redemption: %+v", q.Redeem)
	}
	want := []Movement{
		{From: "member/42/points/card", To: AccountRedeemed, Points: 200, Lot: "7-1-0.1"},
		{From: "member/42/points/card", To: AccountRedeemed, Points: 11, Lot: "7-1-1.1"},
		{From: "member/42/points/card", To: AccountRedeemed, Points: 89},
	}
	for i, m := range want {
		if e.Moves[i] != m {
			t.Errorf("movement %d: got %+v, want %+v", i, e.Moves[i], m)
		}
	}
}

func TestHeadOfficeFindsOnePointTooMany(t *testing.T) {
	p := compileFile(t, "grocery.yaml")
	member := &MemberState{ID: 42, Medium: MediumPurse, Available: 500}
	_, e := sell(t, p, QuoteInput{Sale: Sale{Lines: groceries(), Redeem: &Ask{Points: 250}}, Member: member}, testHead(3))
	body, err := e.Encode()
	if err != nil {
		t.Fatal(err)
	}
	stored, err := DecodeEntry(body)
	if err != nil {
		t.Fatal(err)
	}
	if _, diffs, err := p.Requote(stored, "", 500); err != nil || len(diffs) != 0 {
		t.Fatalf("an honest entry: %v %v", diffs, err)
	}
	last := len(stored.Moves) - 1
	stored.Moves[last].Points++
	if _, diffs, _ := p.Requote(stored, "", 500); len(diffs) == 0 {
		t.Error("a point added to the movement was not found")
	}
	stored.Moves[last].Points--
	stored.Sale.Earned++
	if _, diffs, _ := p.Requote(stored, "", 500); len(diffs) == 0 {
		t.Error("a point added to the figure was not found")
	}
}

func TestOnlyTheQuoteThatWasShownIsPosted(t *testing.T) {
	p := compileFile(t, "plain.yaml")
	in := QuoteInput{Sale: Sale{Lines: groceries()}, Member: &MemberState{ID: 1, Medium: MediumNumber}, Place: testPlace}
	q, err := p.Quote(in)
	if err != nil {
		t.Fatal(err)
	}
	in.Sale.Tenders = []Tender{{TenderCash, 1233}}
	if _, err := p.Post(q, in, testHead(1)); err != nil {
		t.Fatalf("paying does not change a quote: %v", err)
	}
	in.Sale.Lines[0].Amount++
	in.Sale.Tenders[0].Amount++
	var e *SaleError
	if _, err := p.Post(q, in, testHead(1)); !errors.As(err, &e) || e.Code != SaleQuoteChange {
		t.Fatalf("a dearer basket was posted under the old quote: %v", err)
	}
}

func TestAQuoteIsPlainJSON(t *testing.T) {
	p := compileFile(t, "grocery.yaml")
	q, err := p.Quote(QuoteInput{Sale: Sale{Lines: groceries()}, Place: testPlace})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := json.Marshal(q); err != nil {
		t.Fatal(err)
	}
	if last := q.Why[len(q.Why)-1]; last.Code != ExplainNoMember || last.Points != 11 || q.Earned != 0 {
		t.Errorf("without a member the quote says what was missed: %+v", q.Why)
	}
}
