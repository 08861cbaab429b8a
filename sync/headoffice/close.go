package headoffice

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"reflect"
	"slices"

	"loyaltill/agent/loyalty"
	"loyaltill/store"
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
	ours, file, err := j.addUp(r)
	if err != nil {
		return err
	}
	if !reflect.DeepEqual(ours, m.entry.Close) {
		note := fmt.Sprintf("the store says %+v, its entries say %+v", *m.entry.Close, *ours)
		if err := j.open(hodb.CaseCloseTotals, m.key, note); err != nil {
			return err
		}
	}
	file.Path = wire.ClosePath(r.Store, m.entry.Day, next.Revision)
	manifest := wire.Close{Cursor: next.No, Store: r.Store, Epoch: r.Epoch, Day: m.entry.Day, Revision: next.Revision,
		First: r.First, Last: r.Last, Count: int64(r.Last - r.First + 1), Totals: m.entry.Close, HeadHash: m.hash, File: file,
		Published: clockText(j.tx.Now())}
	if next.Previous != nil {
		manifest.Prev = sha256.Sum256(next.Previous)
	}
	if err := manifest.Sign(j.office.home.Keys.position); err != nil {
		return err
	}
	line, err := manifest.Line()
	if err != nil {
		return err
	}
	return j.tx.AddClose(hodb.Close{No: next.No, Range: r, Day: m.entry.Day, Revision: next.Revision, Manifest: line})
}

// addUp recomputes a day's totals from its entries, the close itself left out, and describes the file of the bodies.
func (j *judge) addUp(r hodb.Range) (*loyalty.CloseBody, wire.CloseFile, error) {
	sum := daySum{body: loyalty.CloseBody{First: r.First, Last: r.Last - 1}, tenders: map[loyalty.TenderKind]*loyalty.TenderTotal{}}
	file, content := wire.CloseFile{}, sha256.New()
	var before store.Hash
	err := j.tx.EachEntry(r, func(e hodb.Entry) error {
		content.Write(e.Body)
		content.Write([]byte{'\n'})
		file.Bytes += int64(len(e.Body)) + 1
		if e.Key.Seq < r.Last {
			before = e.Hash
			sum.add(e.Body)
		}
		return nil
	})
	content.Sum(file.SHA256[:0])
	sum.body.HeadHash = before.String()
	return sum.done(), file, err
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

// File is the content of one published day.
type File struct {
	Content []byte
	SHA256  store.Hash
}

// maxCloseFile bounds a day's file in memory: some 500,000 entries.
const maxCloseFile = 512 << 20

// CloseFile gives the entries of one published day: the very bytes that were hashed.
func (o *Office) CloseFile(ctx context.Context, id loyalty.StoreID, day string, revision int) (File, error) {
	var content bytes.Buffer
	err := o.db.View(ctx, func(tx *hodb.Tx) error {
		c, err := tx.Close(id, day, revision)
		if err != nil {
			return err
		}
		return tx.EachEntry(c.Range, func(e hodb.Entry) error {
			if content.Len()+len(e.Body) > maxCloseFile {
				return fmt.Errorf("file of store %d on %s is above %d bytes", id, day, maxCloseFile)
			}
			content.Write(e.Body)
			return content.WriteByte('\n')
		})
	})
	return File{Content: content.Bytes(), SHA256: sha256.Sum256(content.Bytes())}, err
}
