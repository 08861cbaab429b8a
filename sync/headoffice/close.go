package headoffice

import (
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"reflect"
	"slices"

	"loyaltill/agent/loyalty"
	"loyaltill/store/hodb"
	"loyaltill/sync/wire"
)

// close publishes a business day: everything that the log has grown since the close before, with a signed manifest. The
// ranges tile the log whatever the store's totals say; totals that are not those of the entries are a case.
func (j *judge) close(m *matter) error {
	if m.entry.Close == nil {
		return j.notInterpreted(m.key, errors.New("close without its totals"))
	}
	next, err := j.tx.NextClose(m.key.Store, m.key.Epoch, m.entry.Day)
	if err != nil {
		return err
	}
	r := hodb.Range{Store: m.key.Store, Epoch: m.key.Epoch, First: next.First, Last: m.key.Seq}
	d, err := j.readDay(r)
	if err != nil {
		return err
	}
	if ours := d.totals(); !reflect.DeepEqual(ours, m.entry.Close) {
		note := fmt.Sprintf("the store says %+v, its entries say %+v", *m.entry.Close, *ours)
		if err := j.open(hodb.CaseCloseTotals, m.key, note); err != nil {
			return err
		}
	}
	files, err := d.files(j.office.codec)
	if err != nil {
		return err
	}
	manifest := wire.Close{Cursor: next.No, Store: r.Store, Epoch: r.Epoch, Day: m.entry.Day, Revision: next.Revision,
		First: r.First, Last: r.Last, Count: int64(r.Last - r.First + 1), Totals: m.entry.Close, HeadHash: m.hash,
		Repeated: d.repeated(), Published: clockText(j.tx.Now())}
	if manifest.Changes, err = j.changes(d, m.entry.Day); err != nil {
		return err
	}
	manifest.File, manifest.Files = named(&manifest, files)
	return j.publish(&manifest, next.Previous, files[1:])
}

// publish signs a manifest and keeps it with its files; entries.ndjson is the log itself.
func (j *judge) publish(manifest *wire.Close, previous []byte, files []hodb.CloseFile) error {
	if previous != nil {
		manifest.Prev = sha256.Sum256(previous)
	}
	if err := manifest.Sign(j.office.home.Keys.position); err != nil {
		return err
	}
	line, err := manifest.Line()
	if err != nil {
		return err
	}
	r := hodb.Range{Store: manifest.Store, Epoch: manifest.Epoch, First: manifest.First, Last: manifest.Last}
	c := hodb.Close{No: manifest.Cursor, Range: r, Day: manifest.Day, Revision: manifest.Revision, Manifest: line}
	if err := j.tx.AddClose(c); err != nil {
		return err
	}
	return j.tx.AddCloseFiles(c, files)
}

// daySum adds up a day in head office's own way.
type daySum struct {
	body    loyalty.CloseBody
	tenders map[loyalty.TenderKind]*loyalty.TenderTotal
}

// add counts one entry; of one that cannot be read only that it is there.
func (s *daySum) add(body []byte) {
	b := &s.body
	b.Count++
	e, err := loyalty.DecodeEntry(body)
	if err != nil {
		return
	}
	b.Coupons += int64(len(e.IssuedCoupons()))
	if e.Void != nil {
		b.Voided += int64(len(e.Void.Serials))
	}
	switch {
	case e.Kind == loyalty.KindLoad && e.Card != nil:
		b.Loaded += loyalty.Points(e.Card.Amount)
	case e.Kind == loyalty.KindSale && e.Sale != nil:
		s.sale(e.Sale)
	case e.Kind == loyalty.KindReturn && e.Return != nil:
		if b.Returned == nil {
			b.Returned = &loyalty.ReturnTotals{}
		}
		b.Returned.Add(e.Return)
		b.Currency = cmp.Or(b.Currency, e.Return.Currency)
	case e.Kind == loyalty.KindPayment && e.Payment != nil:
		b.Currency = cmp.Or(b.Currency, e.Payment.Currency)
		s.receive(e.Payment.Tenders)
	}
}

func newDaySum() *daySum {
	return &daySum{tenders: map[loyalty.TenderKind]*loyalty.TenderTotal{}}
}

// addCounted adds what head office counts of a log, closes left out.
func (s *daySum) addCounted(d *dayLog) {
	for i, e := range d.entries {
		if d.counted[i] && i < len(d.entries)-1 {
			s.add(e.Body)
		}
	}
}

// figure is one sum of a day.
type figure struct {
	name string
	n    int64
}

// figures are the sums of a day by the names that a close body gives them; those of returns by their own.
func (s *daySum) figures() []figure {
	b, back := &s.body, loyalty.ReturnTotals{}
	if b.Returned != nil {
		back = *b.Returned
	}
	return []figure{{"count", b.Count}, {"sales", b.Sales}, {"total", b.Total}, {"to_pay", b.ToPay}, {"earned", int64(b.Earned)},
		{"redeemed", int64(b.Redeemed)}, {"value", b.Value}, {"loaded", int64(b.Loaded)}, {"coupons", b.Coupons}, {"voided", b.Voided},
		{"returned.count", back.Count}, {"returned.money", back.Money}, {"returned.withheld", back.Withheld}, {"returned.refund", back.Refund},
		{"returned.taken", int64(back.Taken)}, {"returned.back", int64(back.Back)}}
}

func (s *daySum) sale(sale *loyalty.SaleBody) {
	b := &s.body
	b.Sales++
	b.Currency = sale.Currency
	b.Total += sale.Total
	b.ToPay += sale.ToPay
	b.Earned += sale.Earned
	b.Redeemed += sale.Redeemed
	b.Value += sale.Value
	s.receive(sale.Tenders)
}

// receive counts what a sale was paid with, or a sale on account later.
func (s *daySum) receive(tenders []loyalty.Tender) {
	for _, t := range tenders {
		if s.tenders[t.Kind] == nil {
			s.tenders[t.Kind] = &loyalty.TenderTotal{Kind: t.Kind}
		}
		s.tenders[t.Kind].Count++
		s.tenders[t.Kind].Amount += t.Amount
	}
}

func (s *daySum) done() *loyalty.CloseBody {
	s.body.Tenders = []loyalty.TenderTotal{}
	for _, t := range s.tenders {
		s.body.Tenders = append(s.body.Tenders, *t)
	}
	slices.SortFunc(s.body.Tenders, func(a, b loyalty.TenderTotal) int { return cmp.Compare(a.Kind, b.Kind) })
	return &s.body
}

// Closes gives the manifests after a cursor, as they were signed.
func (o *Office) Closes(ctx context.Context, after int64, limit int) (lines [][]byte, err error) {
	err = o.db.View(ctx, func(tx *hodb.Tx) error {
		closes, err := tx.Closes(after, limit)
		for _, c := range closes {
			lines = append(lines, c.Manifest)
		}
		return err
	})
	return lines, err
}
