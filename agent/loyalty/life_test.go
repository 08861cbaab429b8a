package loyalty

import (
	"encoding/json"
	"errors"
	"reflect"
	"slices"
	"strings"
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
		in.Sale.Tenders = append(in.Sale.Tenders, Tender{Kind: TenderCash, Amount: q.Due})
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

func TestHeadOfficeNamesEveryFigureThatWasChanged(t *testing.T) {
	p := compileFile(t, "grocery.yaml")
	member := &MemberState{ID: 42, Medium: MediumPurse, Available: 500}
	q, e := sell(t, p, QuoteInput{Sale: Sale{Lines: groceries(), Redeem: &Ask{Points: 250}}, Member: member}, testHead(3))
	body, err := e.Encode()
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		field  string
		change func(*Entry)
	}{
		{"", func(*Entry) {}},
		{"earned", func(e *Entry) { e.Sale.Earned++ }},
		{"lots[0].points", func(e *Entry) { e.Moves[1].Points++ }},
		{"lots[0].lot", func(e *Entry) { e.Moves[1].Lot = "7-1-2.1" }},
		{"lots[0].expires", func(e *Entry) { e.Moves[1].Expires = "2028-11-30" }},
		{"lots[0].earned", func(e *Entry) { e.Moves[1].Earned = "2026-11-25" }},
		{"lots[0].to", func(e *Entry) { e.Moves[1].To = AccountMain(43) }},
		{"lots", func(e *Entry) { e.Moves = append(e.Moves, e.Moves[1]) }},
		{"moves member/42/points/card -> programme/redeemed", func(e *Entry) { e.Moves[0].Points-- }},
		{"moves member/43/points/card -> programme/redeemed", func(e *Entry) { e.Moves[0].From = AccountCard(43) }},
		{"moves[2].points", func(e *Entry) {
			e.Moves = append(e.Moves, Movement{From: AccountMain(1), To: AccountMain(2), Points: -5})
		}},
		{"redeemed", func(e *Entry) { e.Sale.Redeemed-- }},
		{"value", func(e *Entry) { e.Sale.Value++ }},
		{"to_pay", func(e *Entry) { e.Sale.ToPay-- }},
		{"total", func(e *Entry) { e.Sale.Total++ }},
		{"due", func(e *Entry) { e.Sale.Tenders[0].Amount-- }},
		{"quote", func(e *Entry) { e.Sale.Lines[1].Quantity++ }},
		{"", func(e *Entry) { e.Sale.Quote = q.Digest }}, // as older entries tell it
		{"quote", func(e *Entry) { e.Sale.Quote = strings.Repeat("0", 64) }},
		{"why", func(e *Entry) { e.Sale.Why = slices.Delete(e.Sale.Why, 2, 3) }},
		{"why[0].points", func(e *Entry) { e.Sale.Why[2].Points++ }},
		{"tier", func(e *Entry) { e.Sale.Tier = "gold" }},
		{"currency", func(e *Entry) { e.Sale.Currency = "USD" }},
	} {
		t.Run(tc.field, func(t *testing.T) {
			stored, err := DecodeEntry(body)
			if err != nil {
				t.Fatal(err)
			}
			tc.change(stored)
			_, diffs, err := p.Requote(stored, "", 500)
			if err != nil {
				t.Fatal(err)
			}
			named := slices.ContainsFunc(diffs, func(d Difference) bool { return d.Field == tc.field })
			if honest := tc.field == ""; honest && len(diffs) > 0 || !honest && !named {
				t.Errorf("differences %v", diffs)
			}
		})
	}
}

func TestHeadOfficeCannotJudgeWhatIsNoSaleOfThisVersion(t *testing.T) {
	p := compileFile(t, "grocery.yaml")
	_, sale := sell(t, p, QuoteInput{Sale: Sale{Lines: groceries()}}, testHead(1))
	other := sale
	body := *sale.Sale
	body.Programme = "00"
	other.Sale = &body
	load := testHead(2).Entry(KindLoad)
	for name, e := range map[string]Entry{"another version": other, "a load": load} {
		if _, _, err := p.Requote(&e, "", 0); err == nil {
			t.Errorf("%s was judged", name)
		}
	}
}

func TestAPostedSaleIsPaidExactly(t *testing.T) {
	p := compileFile(t, "plain.yaml")
	in := QuoteInput{Sale: Sale{Lines: groceries()}, Place: testPlace}
	q, err := p.Quote(in)
	if err != nil {
		t.Fatal(err)
	}
	for amount, code := range map[int64]string{0: SaleUnpaid, 1232: SaleUnpaid, 1233: "", 1234: SaleOverpaid} {
		in.Sale.Tenders = nil
		if amount > 0 {
			in.Sale.Tenders = []Tender{{Kind: TenderCard, Amount: amount}}
		}
		_, err := p.Post(q, in, testHead(1))
		var e *SaleError
		if got := errors.As(err, &e); got != (code != "") || got && e.Code != code {
			t.Errorf("%d tendered: %v, want %q", amount, err, code)
		}
	}
}

// A quote shown in the last minute of the happy hour is not posted after it; the till shows the new one.
func TestTheMomentOfTheEntryDecides(t *testing.T) {
	p := compile(t, goodHead+`earn:
  - {id: happy, per: amount, rate: {points: 2, per: 1.00}, when: {hours: ["10:00-11:00"]}}
`)
	in := QuoteInput{Sale: Sale{Lines: groceries(), Tenders: []Tender{{Kind: TenderCash, Amount: 1233}}}, Place: testPlace, Member: &MemberState{ID: 1, Medium: MediumPurse}}
	in.Place.At = "2026-11-24T10:59:59.000+02:00"
	q, err := p.Quote(in)
	if err != nil || q.Earned != 24 {
		t.Fatalf("earned %d, %v", q.Earned, err)
	}
	head := testHead(1)
	head.At = "2026-11-24T11:00:00.000+02:00"
	var e *SaleError
	if _, err := p.Post(q, in, head); !errors.As(err, &e) || e.Code != SaleQuoteChange {
		t.Errorf("posted after the happy hour: %v", err)
	}
}

func TestADigestNamesAllThatWasShown(t *testing.T) {
	p := compileFile(t, "grocery.yaml")
	base := func() QuoteInput {
		return QuoteInput{Sale: Sale{Lines: groceries(), Redeem: &Ask{Points: 200}}, Place: testPlace, Member: &MemberState{ID: 1, Medium: MediumPurse, Available: 500}}
	}
	seen := map[string]string{}
	for name, change := range map[string]func(*QuoteInput){
		"as it is":       func(*QuoteInput) {},
		"another day":    func(in *QuoteInput) { in.Place.Day = "2026-11-25" },
		"another store":  func(in *QuoteInput) { in.Place.Store++ },
		"another member": func(in *QuoteInput) { in.Member.ID++ },
		"another tier":   func(in *QuoteInput) { in.Member.Tier = "gold" },
		"nobody":         func(in *QuoteInput) { in.Member, in.Sale.Redeem = nil, nil },
		"fewer points":   func(in *QuoteInput) { in.Sale.Redeem.Points = 190 },
		"all points":     func(in *QuoteInput) { in.Sale.Redeem = &Ask{All: true} },
		"a name":         func(in *QuoteInput) { in.Sale.Lines[0].Name = "Pears" },
		"a quantity":     func(in *QuoteInput) { in.Sale.Lines[0].Quantity++ },
		"a tax rate":     func(in *QuoteInput) { in.Sale.Lines[0].Tax++ },
		"a label":        func(in *QuoteInput) { in.Sale.Lines[0].Labels = []string{"x"} },
		"rounding":       func(in *QuoteInput) { in.Sale.Rounding = 2 },
		"order of lines": func(in *QuoteInput) { slices.Reverse(in.Sale.Lines) },
	} {
		in := base()
		change(&in)
		q, err := p.Quote(in)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if other, found := seen[q.Digest]; found {
			t.Errorf("%s and %s have one digest", name, other)
		}
		seen[q.Digest] = name
	}
	same := base()
	same.Place.At, same.Place.Lane = "2026-11-24T11:00:00.000+02:00", 2
	same.Member.Available = 600
	same.Sale.Tenders = []Tender{{Kind: TenderCash, Amount: 500}}
	if q, _ := p.Quote(same); seen[q.Digest] != "as it is" {
		t.Error("the moment, the lane, what is available or money given changed the digest of an unchanged outcome")
	}
}

func TestACouponIsValidFromItsStartForItsDays(t *testing.T) {
	p := compileFile(t, "grocery.yaml")
	e, err := p.IssueCoupon(CouponAsk{Coupon: "coffee", Member: &MemberState{ID: 42, Medium: MediumPurse}}, testHead(9))
	if err != nil {
		t.Fatal(err)
	}
	want := CouponBody{Coupon: "coffee", Serial: CouponSerial(7, testHead(9).Txn, 0), Value: 150, Currency: "EUR", ValidFrom: "2026-11-25", ValidTo: "2026-12-08"}
	if e.Kind != KindCoupon || !reflect.DeepEqual(*e.Coupon, want) || e.Member != 42 {
		t.Errorf("got %+v of %+v", e.Coupon, e)
	}
	if k, ok := p.Coupon("coffee"); !ok || k.Name("lv-LV") != "Kafija" || k.Text("de") != "One coffee at the counter" || len(p.Coupons()) != 1 {
		t.Errorf("the kind: %+v", k)
	}
	if _, err := p.IssueCoupon(CouponAsk{Coupon: "tea"}, testHead(9)); err == nil {
		t.Error("a coupon that the programme does not have was issued")
	}
}

// The odd cent of a payment with points must not go to whichever line was rung up first.
func TestTheOddCentDoesNotFollowTheOrderOfLines(t *testing.T) {
	p := compile(t, goodHead+`earn:
  - {id: base, per: amount, rate: {points: 1, per: 1.00}, rounding: {at: line}}
redeem: {point_value: {points: 1, value: 0.01}}
`)
	lines := []Line{{SKU: "a", Quantity: 1000, Amount: 300}, {SKU: "a", Quantity: 1000, Amount: 100}}
	earned := map[Points]bool{}
	for range 2 {
		q, err := p.Quote(QuoteInput{Sale: Sale{Lines: lines, Redeem: &Ask{Points: 2}}, Place: testPlace,
			Member: &MemberState{ID: 1, Medium: MediumPurse, Available: 2}})
		if err != nil {
			t.Fatal(err)
		}
		earned[q.Earned] = true
		slices.Reverse(lines)
	}
	if len(earned) != 1 {
		t.Errorf("the two orders earn %v", earned)
	}
}

func TestOnlyTheQuoteThatWasShownIsPosted(t *testing.T) {
	p := compileFile(t, "plain.yaml")
	in := QuoteInput{Sale: Sale{Lines: groceries()}, Member: &MemberState{ID: 1, Medium: MediumNumber}, Place: testPlace}
	q, err := p.Quote(in)
	if err != nil {
		t.Fatal(err)
	}
	in.Sale.Tenders = []Tender{{Kind: TenderCash, Amount: 1233}}
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
