package loyalty

import (
	"errors"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// genSold draws a sale to a member, its entry as it is stored, and the member's lots after it.
func genSold(t *rapid.T) (in QuoteInput, sale Returnable, lots []Lot) {
	_, in, stored := genStored(t)
	sale, err := ReturnableOf(stored)
	if err != nil {
		t.Fatal(err)
	}
	return in, sale, Apply(in.Member.Lots, stored.Moves, in.Member.ID)
}

// genStored draws a sale to a member with the programme that judged it, and its entry as it is stored.
func genStored(t *rapid.T) (p *Programme, in QuoteInput, stored *Entry) {
	p, in = genCase(t)
	if in.Member == nil {
		in.Member = &MemberState{ID: 9, Medium: MediumPurse, Available: 300, Lots: genLots(t)}
		fitTenders(t, p, &in)
	}
	q, err := p.Quote(in)
	if err != nil {
		t.Fatal(err)
	}
	if q.Due > 0 {
		in.Sale.Tenders = append(in.Sale.Tenders, Tender{Kind: TenderCash, Amount: q.Due})
	}
	e, err := p.Post(q, in, testHead(5))
	if err != nil {
		t.Fatal(err)
	}
	body, err := e.Encode()
	if err != nil {
		t.Fatal(err)
	}
	if stored, err = DecodeEntry(body); err != nil {
		t.Fatal(err)
	}
	return p, in, stored
}

func takeBack(t *rapid.T, in ReturnInput, seq Seq) Entry {
	head := testHead(seq)
	head.Day = "2026-12-30"
	e, err := Return(in, head)
	if err != nil {
		t.Fatalf("return: %v", err)
	}
	b := e.Return
	if b.Refund < 0 || b.Money < 0 || b.Owed < 0 || b.Taken < 0 || b.Short < 0 || b.Back < 0 || b.Lapsed < 0 {
		t.Fatalf("below zero: %+v", b)
	}
	return e
}

// Property 3: whatever version settles it, a sale that is taken back whole leaves the balance as it was, less what expired.
func TestBuyingAndReturningAllRestoresTheBalance(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in, sale, lots := genSold(t)
		policy := genProgramme(t).ReturnPolicy()
		policy.Shortage = ShortageNegative
		e := takeBack(t, ReturnInput{Sale: sale, All: true, Lots: lots, Policy: policy}, 6)
		honest(t, &e, ReturnInput{Sale: sale, Policy: policy})
		after := Apply(lots, e.Moves, in.Member.ID)
		if want := Balance(in.Member.Lots) - e.Return.Lapsed; Balance(after) != want {
			t.Fatalf("balance %d, want %d: %+v", Balance(after), want, e)
		}
		if e.Return.Money != sale.ToPay || e.Return.Taken != sale.Earned || e.Return.Back+e.Return.Lapsed != sale.spent() {
			t.Fatalf("not the whole sale: %+v of %+v", e.Return, sale)
		}
		_, err := Return(ReturnInput{Sale: sale, Before: []ReturnBody{*e.Return}, All: true, Lots: after, Policy: policy}, testHead(7))
		if bad := (*SaleError)(nil); !errors.As(err, &bad) || bad.Code != ReturnNothing {
			t.Fatalf("returned twice: %v", err)
		}
	})
}

// Property 4: any split of one return into parts moves in total exactly what the whole would.
func TestPartsOfAReturnSumToTheWhole(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in, sale, lots := genSold(t)
		policy := genProgramme(t).ReturnPolicy()
		spent := Points(rapid.Int64Range(0, 200).Draw(t, "spent since"))
		lots = Apply(lots, draw(lots, min(spent, max(Balance(lots), 0)), "2026-12-30", AccountMain(9), AccountRedeemed), in.Member.ID)
		parts := genParts(t, &sale)
		var whole []ReturnedLine
		for _, part := range parts {
			for _, l := range part {
				if i := slices.IndexFunc(whole, func(o ReturnedLine) bool { return o.Line == l.Line }); i >= 0 {
					whole[i].Quantity += l.Quantity
				} else {
					whole = append(whole, l)
				}
			}
		}
		once := takeBack(t, ReturnInput{Sale: sale, Lines: whole, Lots: lots, Policy: policy}, 6)
		var before []ReturnBody
		var total ReturnBody
		now, paidOut := lots, false
		for k, part := range parts {
			e := takeBack(t, ReturnInput{Sale: sale, Before: before, Lines: part, Lots: now, Policy: policy}, Seq(7+k))
			now = Apply(now, e.Moves, in.Member.ID)
			b := *e.Return
			before = append(before, b)
			total.Money, total.Refund, total.Owed, total.Taken = total.Money+b.Money, total.Refund+b.Refund, total.Owed+b.Owed, total.Taken+b.Taken
			total.Back, total.Lapsed, total.Short = total.Back+b.Back, total.Lapsed+b.Lapsed, b.Short
			paidOut = paidOut || b.Short > 0 && b.Refund == 0 // what went out before cannot be kept back now
		}
		w := once.Return
		if total.Money != w.Money || total.Owed != w.Owed || total.Taken != w.Taken || total.Back != w.Back || total.Lapsed != w.Lapsed || total.Short != w.Short {
			t.Fatalf("parts %+v\nwhole %+v", total, w)
		}
		if !paidOut && total.Refund != w.Refund || total.Refund > sale.ToPay {
			t.Fatalf("parts refund %d, the whole %d of %d", total.Refund, w.Refund, sale.ToPay)
		}
		if a, b := Balance(now), Balance(Apply(lots, once.Moves, in.Member.ID)); a != b {
			t.Fatalf("balance %d after the parts, %d after the whole", a, b)
		}
	})
}

// genParts draws some of the sale's goods in two to four parts.
func genParts(t *rapid.T, sale *Returnable) [][]ReturnedLine {
	parts := make([][]ReturnedLine, rapid.IntRange(2, 4).Draw(t, "parts"))
	for i, l := range sale.Lines {
		left := l.Quantity
		for k := range parts {
			if n := rapid.Int64Range(0, left).Draw(t, "quantity"); n > 0 {
				parts[k], left = append(parts[k], ReturnedLine{i, n}), left-n
			}
		}
		if left > 0 && rapid.Bool().Draw(t, "the rest too") {
			k := rapid.IntRange(0, len(parts)-1).Draw(t, "part")
			if n := len(parts[k]); n > 0 && parts[k][n-1].Line == i {
				parts[k][n-1].Quantity += left
			} else {
				parts[k] = append(parts[k], ReturnedLine{i, left})
			}
		}
	}
	parts = slices.DeleteFunc(parts, func(p []ReturnedLine) bool { return len(p) == 0 })
	if len(parts) == 0 {
		parts = [][]ReturnedLine{{{0, 1}}}
	}
	return parts
}

// The parts of the lines sum to what the bill earned and spent, whatever the order of the lines.
func TestSharesOfLinesSumToTheBill(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		_, sale, _ := genSold(t)
		var earned, spent Points
		for _, l := range sale.Lines {
			earned, spent = earned+l.Earned, spent+l.Spent
		}
		if earned != sale.Earned || spent > sale.spent() {
			t.Fatalf("lines hold %d of %d earned, %d of %d spent", earned, sale.Earned, spent, sale.spent())
		}
	})
}

// honest says that head office, which sees other lots than the store did, has nothing to say of a return; and that it
// finds any figure that is changed.
func honest(t *rapid.T, e *Entry, in ReturnInput) {
	if _, diffs, err := RequoteReturn(e, in); err != nil || len(diffs) > 0 {
		t.Fatalf("head office differs: %v %v", diffs, err)
	}
	b := e.Return
	figures := map[string]*int64{"money": &b.Money, "withheld": &b.Withheld, "refund": &b.Refund, "owed": (*int64)(&b.Owed), "taken": (*int64)(&b.Taken),
		"short": (*int64)(&b.Short), "back": (*int64)(&b.Back), "lapsed": (*int64)(&b.Lapsed), "quantity": &b.Lines[0].Quantity, "ref": (*int64)(&e.Ref)}
	for i := range e.Moves {
		figures["movement"] = (*int64)(&e.Moves[i].Points)
	}
	for name, figure := range figures {
		*figure++
		if _, diffs, err := RequoteReturn(e, in); err == nil && len(diffs) == 0 {
			t.Fatalf("a changed %s was not found", name)
		}
		*figure--
	}
}

// Of a kilo for 0.03, of which 0.02 was paid with points, 334 grams come back and then 166: two floors would give a cent
// for the first part and ask it back with the second.
func TestMoneyOfALaterPartIsNeverBelowZero(t *testing.T) {
	sale := Returnable{Store: 7, Epoch: 1, Seq: 5, Day: "2026-11-24", Member: 9, Currency: "EUR", ToPay: 1,
		Lines: []ReturnableLine{{Quantity: 1000, Price: 3, Paid: 2, Spent: 2}}, Spent: []SpentLot{{Points: 2}}}
	var before []ReturnBody
	for k, quantity := range []int64{334, 166, 500} {
		e, err := Return(ReturnInput{Sale: sale, Before: before, Lines: []ReturnedLine{{0, quantity}}}, testHead(Seq(6+k)))
		if err != nil {
			t.Fatal(err)
		}
		if e.Return.Money < 0 {
			t.Errorf("part %d gives %d", k+1, e.Return.Money)
		}
		before = append(before, *e.Return)
	}
}
