package loyalty

import (
	"errors"
	"strings"
	"testing"
)

const luckyProgramme = goodHead + `
earn: [{id: base, per: amount, rate: {points: 1, per: 1.00}}]
surprises: [{id: lucky, name: {en: Lucky bill}, chance: {win: 1, of: 20}, points: 50}]
`

func luckyBill(t *testing.T, p *Programme, head EntryHead) (Quote, Entry) {
	return sell(t, p, QuoteInput{Sale: Sale{Lines: []Line{{SKU: "a", Quantity: 1000, Amount: 1000}}}, Member: &MemberState{ID: 9, Medium: MediumPurse}}, head)
}

// One in twenty wins, and what a quote shows is the same for who will win and who will not.
func TestADrawIsFairAndNoQuoteTellsIt(t *testing.T) {
	p := compile(t, luckyProgramme)
	won, bills, shown := 0, 4000, ""
	for seq := 1; seq <= bills; seq++ {
		q, e := luckyBill(t, p, testHead(Seq(seq)))
		if shown == "" {
			shown = q.Digest
		}
		if q.Digest != shown || len(q.surprises) > 0 {
			t.Fatalf("the quote of bill %d is another: %+v", seq, q)
		}
		d := e.Sale.Surprises[0]
		if d.Number < 1 || d.Number > 20 || d.Won != (d.Number == 1) || d.Won != (e.Sale.Earned == 60) {
			t.Fatalf("%+v earned %d", d, e.Sale.Earned)
		}
		if d.Won {
			won++
		}
	}
	if won < bills/20-60 || won > bills/20+60 { // more than four times what chance does
		t.Errorf("%d of %d won", won, bills)
	}
}

// Store, life of the log, place in it, transaction, seed and programme each make another draw; nothing that a cashier can
// change on the bill does.
func TestADrawHangsOnThePlaceInTheLedgerAlone(t *testing.T) {
	p := compile(t, luckyProgramme)
	other := compile(t, strings.Replace(luckyProgramme, "points: 50", "points: 60", 1))
	s := &p.surprises[0]
	s.of = maxChance // as compiled but for a wide range, so that two draws differ
	head := testHead(7)
	drawn := map[int64]string{s.number(p.digest, &head): "the draw itself"}
	for name, change := range map[string]func(*EntryHead){"store": func(h *EntryHead) { h.Store++ }, "epoch": func(h *EntryHead) { h.Epoch++ },
		"seq": func(h *EntryHead) { h.Seq++ }, "txn": func(h *EntryHead) { h.Txn[3]++ }, "seed": func(h *EntryHead) { h.Seed = "a" }} {
		h := head
		change(&h)
		if was, twice := drawn[s.number(p.digest, &h)]; twice {
			t.Errorf("%s draws like %s", name, was)
		}
		drawn[s.number(p.digest, &h)] = name
	}
	if _, twice := drawn[s.number(other.digest, &head)]; twice {
		t.Error("another programme draws the same")
	}
	h := head
	h.Lane, h.Cashier, h.At, h.Day = 3, "Eva", "2026-11-24T10:00:01.000+02:00", "2026-11-25"
	if s.number(p.digest, &h) != s.number(p.digest, &head) {
		t.Error("lane, cashier or time draw anew")
	}
}

// Head office draws the same, and finds a draw that was changed.
func TestAChangedDrawIsFound(t *testing.T) {
	p := compile(t, luckyProgramme)
	head := testHead(3)
	head.Seed = "7d1f"
	_, e := luckyBill(t, p, head)
	if _, diffs, err := p.Requote(&e, "", 0); err != nil || len(diffs) > 0 {
		t.Fatalf("%v %v", diffs, err)
	}
	d := &e.Sale.Surprises[0]
	d.Won = !d.Won
	if _, diffs, _ := p.Requote(&e, "", 0); len(diffs) == 0 {
		t.Error("a changed draw was not found")
	}
	d.Won, e.Sale.Seed = !d.Won, "0000"
	if _, diffs, _ := p.Requote(&e, "", 0); len(diffs) == 0 {
		t.Error("a changed seed was not found")
	}
	head.Seed = strings.Repeat("f", maxSeed+1)
	in := QuoteInput{Place: testPlace, Sale: Sale{Lines: groceries()}}
	q, err := p.Quote(in)
	if err != nil {
		t.Fatal(err)
	}
	in.Sale.Tenders = []Tender{{Kind: TenderCash, Amount: q.Due}}
	var bad *SaleError
	if _, err := p.Post(q, in, head); !errors.As(err, &bad) || bad.Field != "seed" {
		t.Errorf("a seed that is too long: %v", err)
	}
}

func TestAFaultySurpriseNamesItsPlace(t *testing.T) {
	for doc, want := range map[string]string{
		"surprises: [{id: s, name: {en: S}, points: 5}]":                                                                "surprises[0]: comes with every bill",
		"surprises: [{id: s, name: {en: S}, chance: {win: 1, of: 5}}]":                                                  "surprises[0]: must give one of points, coupon and reward",
		"surprises: [{id: s, name: {en: S}, chance: {win: 5, of: 5}, points: 5}]":                                       "surprises[0].chance: 5 of 5 is no chance",
		"surprises: [{id: s, name: {en: S}, chance: {win: 0, of: 5}, points: 5}]":                                       "surprises[0].chance: 0 of 5 is no chance",
		"surprises: [{id: s, chance: {win: 1, of: 5}, points: 5}]":                                                      "surprises[0].name: is missing",
		"surprises: [{id: s, name: {en: S}, chance: {win: 1, of: 5}, coupon: c}]":                                       `surprises[0].coupon: there is no kind of coupon "c"`,
		"surprises: [{id: s, name: {en: S}, chance: {win: 1, of: 5}, reward: c}]":                                       `surprises[0].reward: there is no reward "c"`,
		"surprises: [{id: s, name: {en: S}, chance: {win: 1, of: 5}, points: 5, stock: {}}]":                            "surprises[0].stock: limits nothing",
		"stamps: [{id: s, buy: 5, points: 5}]\nsurprises: [{id: s, name: {en: S}, chance: {win: 1, of: 5}, points: 5}]": "surprises[0].id: s is used before",
	} {
		if _, err := Compile([]byte(goodHead + doc + "\n")); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s:\n%v\nwant %s", doc, err, want)
		}
	}
}
