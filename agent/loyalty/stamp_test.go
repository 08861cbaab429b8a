package loyalty

import (
	"crypto/ed25519"
	"errors"
	"reflect"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// A regular buys a coffee a day from the ready programme. The store keeps nothing but the member's past.
func TestEveryEleventhCoffeeIsFree(t *testing.T) {
	p := compileFile(t, "coffee.yaml")
	record := &Record{}
	free := 0
	for visit := 1; visit <= 34; visit++ {
		head := testHead(Seq(visit))
		day := dayOf(2026, 11, 1) + date(visit)
		head.Day, head.At = day.String(), day.String()+"T10:00:00.000+02:00"
		m := &MemberState{ID: 9, Medium: MediumNumber}
		if err := p.Recall(m, record, head.Day); err != nil {
			t.Fatal(err)
		}
		in := QuoteInput{Place: Place{Store: head.Store, Lane: head.Lane, At: head.At, Day: head.Day}, Member: m,
			Sale: Sale{Lines: []Line{{SKU: "latte", Category: "drinks/coffee", Quantity: 1000, Amount: 350, Tax: 2100}}}}
		q, err := p.Quote(in)
		if err != nil {
			t.Fatal(err)
		}
		if q.Due > 0 {
			in.Sale.Tenders = []Tender{{Kind: TenderCash, Amount: q.Due}}
		}
		e, err := p.Post(q, in, head)
		if err != nil {
			t.Fatal(err)
		}
		if q.Total == 0 {
			free++
			if visit%11 != 0 {
				t.Errorf("visit %d was free", visit)
			}
		}
		record.Add(StepOf(&e))
	}
	if got := record.Stamps[0]; free != 3 || got.Count != 1 || got.Expires == "" {
		t.Errorf("%d free, then %+v", free, got)
	}
}

// stampBook keeps the stamps of one member from entries alone.
func bookStamps(t *rapid.T, book map[string]int64, e *Entry) {
	body, err := e.Encode()
	if err != nil {
		t.Fatal(err)
	}
	if e, err = DecodeEntry(body); err != nil {
		t.Fatal(err)
	}
	for _, m := range e.Moves {
		if strings.HasPrefix(m.From, "stamps/") != strings.HasPrefix(m.To, "stamps/") {
			t.Fatalf("stamps become something else: %+v", m)
		}
		if strings.HasPrefix(m.From, "stamps/") {
			book[m.From] -= int64(m.Points)
			book[m.To] += int64(m.Points)
		}
	}
}

// Whatever is sold and taken back, line by line: a card holds what the entries gave and took, free pieces never cost more
// stamps than were there, and with all goods back the card is as it was.
func TestStampsAreConserved(t *testing.T) {
	p := compile(t, goodHead+`
sets: {coffee: {category: [coffee]}}
earn: [{id: base, per: amount, rate: {points: 1, per: 1.00}}]
discounts: [{id: happy, group: g, gives: {percent: 100, of: cheapest, on: coffee}, when: {minimum: 15.00}}]
stamps:
  - {id: cups, on: coffee, buy: 4, free: true, per_sale: 6, group: g}
  - {id: visits, per: sale, buy: 3, points: 10}
returns: {earned: per_line}
`)
	rapid.Check(t, func(t *rapid.T) {
		book, record, seq := map[string]int64{}, &Record{}, Seq(0)
		for range rapid.IntRange(1, 6).Draw(t, "bills") {
			in := QuoteInput{Place: testPlace, Member: &MemberState{ID: 9, Medium: MediumPurse}}
			if err := p.Recall(in.Member, record, testPlace.Day); err != nil {
				t.Fatal(err)
			}
			for range rapid.IntRange(1, 4).Draw(t, "lines") {
				in.Sale.Lines = append(in.Sale.Lines, Line{SKU: rapid.SampledFrom([]string{"a", "b"}).Draw(t, "sku"),
					Category: rapid.SampledFrom([]string{"coffee", "cake"}).Draw(t, "category"), Quantity: rapid.SampledFrom([]int64{1000, 3000, 7000, 350}).Draw(t, "quantity"),
					Amount: rapid.Int64Range(0, 900).Draw(t, "amount")})
			}
			before := map[string]int64{}
			for k, v := range book {
				before[k] = v
			}
			q, err := p.Quote(in)
			if err != nil {
				t.Fatal(err)
			}
			if q.Due > 0 {
				in.Sale.Tenders = []Tender{{Kind: TenderCash, Amount: q.Due}}
			}
			seq++
			e, err := p.Post(q, in, testHead(seq))
			if err != nil {
				t.Fatal(err)
			}
			if _, diffs, err := p.Requote(&e, "", 0); err != nil || len(diffs) > 0 {
				t.Fatalf("head office: %v %v", diffs, err)
			}
			bookStamps(t, book, &e)
			record.Add(StepOf(&e))
			for _, u := range q.Stamps {
				if held := book[AccountStamps(u.Told.Stamp, 9)]; held != u.Left || u.Used > 0 && u.Left < 0 || u.Given < 0 {
					t.Fatalf("the books hold %d: %+v", held, u)
				}
			}
			if rapid.Bool().Draw(t, "all comes back") {
				returnStamps(t, p, &e, &seq, book, record)
				for _, id := range []string{"cups", "visits"} {
					if account := AccountStamps(id, 9); book[account] != before[account] {
						t.Fatalf("%s holds %d, before %d", account, book[account], before[account])
					}
				}
			}
		}
		for _, c := range record.Stamps {
			if c.Count != book[AccountStamps(c.Stamp, 9)] {
				t.Fatalf("the past has %+v, the books %v", c, book)
			}
		}
	})
}

func returnStamps(t *rapid.T, p *Programme, e *Entry, seq *Seq, book map[string]int64, record *Record) {
	sale, err := ReturnableOf(e)
	if err != nil {
		t.Fatal(err)
	}
	var before []ReturnBody
	for _, line := range rapid.Permutation([]int{0, 1, 2, 3}[:len(e.Sale.Lines)]).Draw(t, "back") {
		for left := e.Sale.Lines[line].Quantity; left > 0; {
			part := min(rapid.SampledFrom([]int64{7000, 1000, 150}).Draw(t, "part"), left)
			left -= part
			*seq++
			in := ReturnInput{Sale: sale, Before: before, Lines: []ReturnedLine{{line, part}}, Policy: p.ReturnPolicy(), Lots: []Lot{{ID: "1-1-1.1", Remaining: 10_000}}}
			back, err := Return(in, testHead(*seq))
			if err != nil {
				t.Fatal(err)
			}
			if _, diffs, err := RequoteReturn(&back, in); err != nil || len(diffs) > 0 {
				t.Fatalf("head office: %v %v", diffs, err)
			}
			step, err := StepBack(e, before, back.Return)
			if err != nil {
				t.Fatal(err)
			}
			record.Add(step)
			bookStamps(t, book, &back)
			before = append(before, *back.Return)
		}
	}
}

func TestABillTokenCarriesItsStamps(t *testing.T) {
	public, key, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	sale := Returnable{Store: 7, Epoch: 1, Seq: 5, Day: "2026-11-24", Programme: strings.Repeat("ab", 32), Currency: "EUR", ToPay: 900,
		Lines: []ReturnableLine{{Quantity: 1000, Price: 500}, {Quantity: 3000, Price: 400}}, Stamps: []ReturnableStamp{{"cups", []ReturnedPart{{1, 0}, {2, 4}}}}}
	token, err := sale.Token(key)
	if err != nil {
		t.Fatal(err)
	}
	if read, err := ReadToken(token, public); err != nil || !reflect.DeepEqual(read, sale) {
		t.Fatalf("%+v %v", read, err)
	}
}

func TestAStampCardThatCannotBeOneIsRefused(t *testing.T) {
	p := compile(t, goodHead+"stamps: [{id: cups, buy: 4, free: true}]\n")
	for name, tc := range map[string]struct {
		code   string
		stamps []StampState
	}{
		"no id":        {SaleText, []StampState{{Stamp: "a b"}}},
		"told twice":   {SaleText, []StampState{{Stamp: "cups", Count: 1}, {Stamp: "cups", Count: 2}}},
		"out of range": {SaleRange, []StampState{{Stamp: "cups", Count: maxStamps + 1}}},
		"no day":       {SaleTime, []StampState{{Stamp: "cups", Expires: "soon"}}},
		"too many":     {SaleTooLarge, make([]StampState, MaxStampKinds+1)},
	} {
		var bad *SaleError
		in := QuoteInput{Place: testPlace, Sale: Sale{Lines: groceries()}, Member: &MemberState{ID: 1, Medium: MediumPurse, Stamps: tc.stamps}}
		if _, err := p.Quote(in); !errors.As(err, &bad) || bad.Code != tc.code {
			t.Errorf("%s: %v, want %s", name, err, tc.code)
		}
	}
}

func TestAFaultyStampCardNamesItsPlace(t *testing.T) {
	for doc, want := range map[string]string{
		"stamps: [{id: s, buy: 10}]":                                                                               "stamps[0]: must have one of free, points, coupon and reward",
		"stamps: [{id: s, buy: 10, free: true, points: 5}]":                                                        "stamps[0]: must have one of free, points, coupon and reward",
		"stamps: [{id: s, buy: 0, free: true}]":                                                                    "stamps[0].buy: is out of range; write 1 to 1000",
		"stamps: [{id: s, buy: 5, free: true, on: coffee}]":                                                        `stamps[0].on: there is no set "coffee"`,
		"stamps: [{id: s, buy: 5, free: true, per: sale}]":                                                         "stamps[0].free: gives pieces for sales",
		"stamps: [{id: s, buy: 5, points: 5, group: g}]":                                                           "stamps[0].group: and priority do nothing without free",
		"stamps: [{id: s, buy: 5, coupon: lunch}]":                                                                 `stamps[0].coupon: there is no coupon "lunch"`,
		"stamps: [{id: s, buy: 5, reward: lounge}]":                                                                `stamps[0].reward: there is no reward "lounge"`,
		"rewards: [{id: r, cost: 5, gives: {amount: 1.00}}]\nstamps: [{id: s, buy: 5, reward: r}]":                 "stamps[0].reward: r lowers a price",
		"stamps: [{id: s, buy: 5, free: true, expiry: {inactive_months: 3}}]":                                      "stamps[0].expiry.inactive_months: does nothing for stamps",
		"gift_cards: [{id: s, name: {en: G}, values: [1.00]}]\nstamps: [{id: s, buy: 5, free: true, per_day: -1}]": "stamps[0].id: s is used before",
	} {
		if _, err := Compile([]byte(goodHead + doc + "\n")); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s:\n%v\nwant %s", doc, err, want)
		}
	}
}

func TestAStampCardsPastIsTheSumOfItsEntries(t *testing.T) {
	steps := stampSteps([]StampUse{{Told: StampState{Stamp: "coffee"}, Given: 3, Used: 2, Ended: 4, Expires: "2027-01-31"}, {Told: StampState{Stamp: "tea"}}})
	if len(steps) != 1 || steps[0] != (StampStep{"coffee", -3, 3, "2027-01-31"}) {
		t.Errorf("%+v", steps)
	}
	past := Past{}
	for _, day := range []string{"2026-11-24", "2026-11-24", "2026-11-23"} {
		past.Add(PastStep{Day: day, Stamps: []StampStep{{Stamp: "coffee", Add: 1, Given: 1}}})
	}
	if want := (StampPast{Stamp: "coffee", Count: 3, On: "2026-11-24", Today: 2}); len(past.Stamps) != 1 || past.Stamps[0] != want {
		t.Errorf("%+v, want %+v", past.Stamps, want)
	}
}
