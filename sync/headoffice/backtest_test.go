package headoffice

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"runtime"
	"testing"
	"time"

	"loyaltill/agent/loyalty"
	"loyaltill/store"
	"loyaltill/store/hodb"
)

const richer = `format: 1
programme: {id: richer, name: {en: Richer}, version: 1, valid_from: 2030-01-01T00:00, currency: EUR}
earn: [{id: base, per: amount, rate: {points: 3, per: 1.00}}]
redeem: {point_value: {points: 1, value: 0.01}}
`

// traded is a head office with the sales of two stores to three members and to nobody.
func traded(t *testing.T) *centre {
	c := newCentre(t)
	p := c.publish()
	c.serve()
	members := []loyalty.MemberID{0}
	for i := range 3 {
		members = append(members, c.member(fmt.Sprintf("60340000%08d", i)))
	}
	for _, id := range []loyalty.StoreID{1, 2} {
		b := c.enrol(id, p)
		b.hello(nil)
		for i := range 40 {
			b.sell(members[i%len(members)], int64(100*(i+1)))
		}
		b.sync()
	}
	c.settled()
	return c
}

func TestAProgrammeIsTriedOnTheSalesThatStoresSentWhileTheServerRuns(t *testing.T) {
	c := traded(t)
	var done, all int64
	r, err := c.manager().BackTest(t.Context(), BackTest{Trial: []byte(richer)}, func(d, a int64) { done, all = d, a })
	if err != nil {
		t.Fatal(err)
	}
	var said loyalty.Points // by the stores
	for _, s := range c.report().Members {
		said += s.Balance
	}
	turnover := int64(2 * 100 * 40 * 41 / 2)
	if done != 80 || all != 80 || r.Sales != 80 || r.Anonymous != 20 || r.With.Turnover != turnover || r.Gain.Members != 3 {
		t.Errorf("%d of %d, report %+v", done, all, r)
	}
	if want := loyalty.Points(2 * 3 * (40*41/2 - 10*(1+37)/2)); r.With.Earned != want { // nobody's are every fourth
		t.Errorf("the trial gives %d points, want %d", r.With.Earned, want)
	}
	if r.Against.Earned != said || said == 0 {
		t.Errorf("the programme in force gives %d points again, members have %d", r.Against.Earned, said)
	}
}

func TestTheReportDoesNotDependOnTheNumberOfCores(t *testing.T) {
	c := traded(t)
	try := func(cores int) loyalty.BackTestReport {
		defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(cores))
		r, err := c.manager().BackTest(t.Context(), BackTest{Trial: []byte(richer), Against: []byte(richer)}, func(int64, int64) {})
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	if one, four := try(1), try(4); !reflect.DeepEqual(one, four) || one.Same.Members != 3 {
		t.Errorf("one core:\n%+v\nfour:\n%+v", one, four)
	}
}

func TestABackTestSaysWhichSettingIsWrong(t *testing.T) {
	c := newCentre(t)
	for field, in := range map[string]BackTest{
		"from":       {From: "yesterday"},
		"to":         {From: "2026-02-01", To: "2026-01-31"},
		"shift-days": {ShiftDays: 30},
	} {
		in.Trial = []byte(richer)
		_, err := c.manager().BackTest(t.Context(), in, func(int64, int64) {})
		if e := mustFail[*FieldError](t, err); e.Field != field {
			t.Errorf("%+v: %v", in, err)
		}
	}
	_, err := c.manager().BackTest(t.Context(), BackTest{Trial: []byte("format: 9")}, func(int64, int64) {})
	mustFail[loyalty.Errors](t, err)
}

func TestABackTestStopsWhenItIsTold(t *testing.T) {
	c := traded(t)
	ctx, stop := context.WithCancel(t.Context())
	stop()
	if _, err := c.manager().BackTest(ctx, BackTest{Trial: []byte(richer)}, func(int64, int64) {}); !errors.Is(err, context.Canceled) {
		t.Errorf("stopped: %v", err)
	}
}

// BenchmarkBackTest reads stored sales of eight lines, decodes each and judges it twice. -benchtime 1000000x is a million.
func BenchmarkBackTest(b *testing.B) {
	c := newCentre(b)
	p := c.publish()
	storeSales(b, c, p, b.N)
	b.ResetTimer()
	r, err := c.manager().BackTest(b.Context(), BackTest{Trial: []byte(richer)}, func(int64, int64) {})
	if err != nil || r.Sales != int64(b.N) {
		b.Fatalf("%d sales, %v", r.Sales, err)
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "sales/s")
}

// storeSales puts sales straight into the log, as if they had been posted.
func storeSales(b *testing.B, c *centre, p *loyalty.Programme, n int) {
	const members, part = 50_000, 10_000
	shop := c.enrol(1, p)
	var in loyalty.QuoteInput
	for i := range 8 {
		in.Sale.Lines = append(in.Sale.Lines, loyalty.Line{SKU: fmt.Sprint(4750000 + i), Name: "Article", Category: "food/dairy/milk",
			Quantity: 1000, Amount: int64(129 + 70*i), Tax: 2100})
	}
	for first := 0; first < n; first += part {
		err := c.office.db.Update(b.Context(), func(tx *hodb.Tx) error {
			h, err := tx.Head(1, loyalty.Epoch(shop.id.Epoch))
			if err != nil {
				return err
			}
			for i := first; i < min(first+part, n); i++ {
				head := shop.head()
				head.Seq = loyalty.Seq(i + 1)
				in.Member = &loyalty.MemberState{ID: loyalty.MemberID(i*7919%members + 1), Medium: loyalty.MediumNumber}
				in.Place = loyalty.Place{Store: head.Store, Lane: head.Lane, At: head.At, Day: head.Day}
				in.Sale.Tenders = nil
				q, err := p.Quote(in)
				if err != nil {
					return err
				}
				in.Sale.Tenders = []loyalty.Tender{{Kind: loyalty.TenderCash, Amount: q.ToPay}}
				e, err := p.Post(q, in, head)
				if err != nil {
					return err
				}
				body, err := e.Encode()
				if err != nil {
					return err
				}
				if err := tx.Append(h, [][]byte{body}, []store.Hash{{}}, func(store.Position) []byte { return nil }); err != nil {
					return err
				}
				if _, _, err := tx.ClaimTxn(&e, time.Unix(int64(i), 0)); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			b.Fatal(err)
		}
	}
}
