package loyalty

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"pgregory.net/rapid"
)

// FuzzCompile: whatever an author writes is a programme or a list of faults, and the canonical form of a programme is the
// same programme.
func FuzzCompile(f *testing.F) {
	files, _ := filepath.Glob(filepath.Join("..", "..", "docs", "programmes", "*.yaml"))
	for _, file := range files {
		doc, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(doc)
		f.Add(compile(f, string(doc)).Canonical())
	}
	f.Add([]byte("a: [{b: !!str c, <<: *d}]\n? x\n: y\n"))
	f.Fuzz(func(t *testing.T, doc []byte) {
		p, err := Compile(doc)
		if err != nil {
			var list Errors
			if !errors.As(err, &list) || len(list) == 0 || err.Error() == "" {
				t.Fatalf("not a list of faults: %v", err)
			}
			return
		}
		again, err := Compile(p.Canonical())
		if err != nil || again.Digest() != p.Digest() {
			t.Fatalf("canonical form: %v\n%s", err, p.Canonical())
		}
	})
}

// FuzzQuote: whatever a till sends is a quote with nothing below zero, or a typed error.
func FuzzQuote(f *testing.F) {
	programmes := []*Programme{compileFile(f, "grocery.yaml"), compileFile(f, "full.yaml")}
	sale := Sale{Lines: groceries(), Tenders: []Tender{{Kind: TenderGiftCard, Amount: 100}}, Redeem: &Ask{All: true}, Rounding: 2}
	seed, err := json.Marshal(sale)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(seed, int64(500), "2026-11-24T10:15:00.123+02:00")
	f.Add([]byte(`{"lines":[{"sku":"4750100","quantity":5000,"amount":1000,"brand":"Acme"}],"shown":[{"coupon":"ten","serial":"1"}],"rewards":[{"reward":"coffee-free","units":2}]}`), int64(900), testPlace.At)
	f.Add([]byte(`{"lines":[{"sku":"a","quantity":1,"amount":1000000000000,"discount":1000000000000,"tax":10000}]}`), int64(1)<<40, testPlace.At)
	f.Fuzz(func(t *testing.T, body []byte, available int64, at string) {
		var sale Sale
		if json.Unmarshal(body, &sale) != nil {
			return
		}
		in := QuoteInput{Sale: sale, Place: testPlace, Member: &MemberState{ID: 1, Medium: MediumPurse, Available: Points(available)}}
		in.Place.At = at
		for _, p := range programmes {
			fuzzQuote(t, p, in)
		}
	})
}

func fuzzQuote(t *testing.T, p *Programme, in QuoteInput) {
	q, err := p.Quote(in)
	var bad *SaleError
	var over *RuleError
	if err != nil {
		if !errors.As(err, &bad) && !errors.As(err, &over) {
			t.Fatalf("not a typed error: %v", err)
		}
		return
	}
	if q.ToPay < 0 || q.Due < 0 || q.Earned < 0 || q.Redeem.Points < 0 || q.Redeem.Value < 0 || q.ToPay > q.Total {
		t.Fatalf("below zero: %+v", q)
	}
	for i, l := range q.Lines {
		if l.Earning < 0 || l.Reduced < 0 || l.Reduced > l.Amount || l.PaidByPoints < 0 || l.PaidByPoints > l.Amount {
			t.Fatalf("line %d: %+v", i, l)
		}
	}
}

// FuzzProgrammes searches programmes and sales together, over the space of the properties.
func FuzzProgrammes(f *testing.F) {
	f.Fuzz(rapid.MakeFuzz(func(t *rapid.T) {
		p, in := genCase(t)
		q, err := p.Quote(in)
		if err != nil {
			t.Fatal(err)
		}
		if q.ToPay < 0 || q.Earned < 0 || q.Due < 0 || q.Redeem.Points < 0 {
			t.Fatalf("below zero: %+v", q)
		}
	}))
}

func FuzzDecodeEntry(f *testing.F) {
	p := compileFile(f, "grocery.yaml")
	_, e := sell(f, p, QuoteInput{Sale: Sale{Lines: groceries()}, Member: &MemberState{ID: 1, Medium: MediumPurse}}, testHead(4))
	body, err := e.Encode()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(body)
	full := compileFile(f, "full.yaml")
	f.Fuzz(func(t *testing.T, body []byte) {
		e, err := DecodeEntry(body)
		if err != nil {
			return
		}
		if sale, err := ReturnableOf(e); err == nil {
			back, err := Return(ReturnInput{Sale: sale, All: true, Lots: Apply(nil, e.Moves, e.Member), Policy: full.ReturnPolicy()}, testHead(9))
			if err == nil && (back.Return.Refund < 0 || back.Return.Refund > sale.ToPay || back.Return.Taken > sale.Earned) {
				t.Fatalf("returned more than was sold: %+v", back.Return)
			}
		}
		if _, _, err := p.Requote(e, "", 100); err != nil {
			return
		}
		Apply(nil, e.Moves, e.Member)
	})
}
