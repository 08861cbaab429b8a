package wire

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"loyaltill/agent/loyalty"
)

// What a sale may cost on the line, zipped in a batch of 500: so much, and so much for each line of its bill.
const (
	saleBudget = 40
	lineBudget = 12
)

func TestASaleKeepsItsBudgetOnTheLine(t *testing.T) {
	for _, bills := range []struct {
		name        string
		least, most int // lines
	}{{"one line", 1, 1}, {"three lines", 3, 3}, {"a grocer's day", 1, 19}} {
		shop, lines := newGrocer(t), 0
		b := &Batch{Store: 17, Epoch: 3, First: 1, Columns: true}
		for seq := range loyalty.Seq(500) {
			n := bills.least + shop.dice.IntN(bills.most-bills.least+1)
			e := shop.sale(t, seq+1, n)
			body, err := e.Encode()
			if err != nil {
				t.Fatal(err)
			}
			b.Bodies, lines = append(b.Bodies, body), lines+n
		}
		got, most := len(newCodec(t).PackBatch(b).Content), saleBudget*500+lineBudget*lines
		b.Columns = false
		t.Logf("%s, %.1f lines: %.1f bytes a sale, at most %.1f; line by line %.1f", bills.name, float64(lines)/500, float64(got)/500,
			float64(most)/500, float64(len(newCodec(t).PackBatch(b).Content))/500)
		if got > most {
			t.Errorf("%s: %d bytes, at most %d", bills.name, got, most)
		}
	}
}

// grocer makes sales as the engine makes them of a grocer's bills: ids, amounts and who buys are random, the range of goods is not.
type grocer struct {
	programme *loyalty.Programme
	dice      *rand.Rand
}

func newGrocer(t testing.TB) grocer {
	t.Helper()
	doc, err := os.ReadFile(filepath.Join("..", "..", "docs", "programmes", "grocery.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	p, err := loyalty.Compile(doc)
	if err != nil {
		t.Fatal(err)
	}
	return grocer{p, rand.New(rand.NewPCG(1, 2))}
}

// sale is one of so many lines.
func (g grocer) sale(t testing.TB, seq loyalty.Seq, lines int) loyalty.Entry {
	t.Helper()
	dice := g.dice
	head := loyalty.EntryHead{Store: 17, Epoch: 3, Seq: seq, Day: "2026-11-22", Lane: loyalty.LaneID(1 + dice.IntN(4)),
		At:      fmt.Sprintf("2026-11-22T%02d:%02d:%02d.%03d+02:00", 8+seq/60, seq%60, dice.IntN(60), dice.IntN(1000)),
		Cashier: []string{"anna", "juris", "ilze"}[dice.IntN(3)]}
	for i := range head.Txn {
		head.Txn[i] = byte(dice.Uint32())
	}
	copy(head.Txn[:6], []byte{1, 0x93, 0xf2, 0xa0, byte(seq >> 8), byte(seq)}) // a UUIDv7's time
	in := loyalty.QuoteInput{Place: loyalty.Place{Store: head.Store, Lane: head.Lane, At: head.At, Day: head.Day},
		Member: &loyalty.MemberState{ID: loyalty.MemberID(dice.IntN(1_000_000) + 1), Medium: loyalty.MediumNumber, Available: loyalty.Points(dice.IntN(3000))}}
	for range lines {
		n := dice.IntN(400)
		in.Sale.Lines = append(in.Sale.Lines, loyalty.Line{SKU: fmt.Sprintf("47500%05d", n), Category: "food/dairy", Quantity: 1000, Amount: int64(50 + n*7), Tax: 2100})
	}
	q, err := g.programme.Quote(in)
	if err != nil {
		t.Fatal(err)
	}
	in.Sale.Tenders = []loyalty.Tender{{Kind: loyalty.TenderCard, Amount: q.ToPay}}
	e, err := g.programme.Post(q, in, head)
	if err != nil {
		t.Fatal(err)
	}
	e.Sale.Balance = in.Member.Available + e.Sale.Earned // as the agent adds it
	return e
}
