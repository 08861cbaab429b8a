package loyalty

import (
	"slices"
	"testing"
)

// compareInstruments compares what a sale does beside points: personal lists, gift cards, stamps, surprises.
func (v *vector) compareInstruments(t *testing.T, q *Quote) {
	if w := v.Want.Personal; w != nil && !slices.Equal(w, q.personal) {
		t.Errorf("personal: got %v, want %v", q.personal, w)
	}
}

// headOfficeAgrees posts the sale, paid in cash, and judges what was written down again.
func headOfficeAgrees(t *testing.T, p *Programme, in QuoteInput) {
	q, err := p.Quote(in)
	if err != nil {
		t.Fatal(err)
	}
	if q.Due > 0 {
		in.Sale.Tenders = append(in.Sale.Tenders, Tender{Kind: TenderCash, Amount: q.Due})
		if q, err = p.Quote(in); err != nil {
			t.Fatal(err)
		}
	}
	e, err := p.Post(q, in, EntryHead{Store: in.Place.Store, Epoch: 1, Seq: 1, Txn: TxnID{1}, Day: in.Place.Day, At: in.Place.At, Lane: in.Place.Lane})
	if err != nil {
		t.Fatal(err)
	}
	body, err := e.Encode()
	if err != nil {
		t.Fatal(err)
	}
	stored, err := DecodeEntry(body)
	if err != nil {
		t.Fatal(err)
	}
	var tier string
	var available Points
	if m := in.Member; m != nil {
		tier, available = m.Tier, m.Available
	}
	if _, diffs, err := p.Requote(stored, tier, available); err != nil || len(diffs) > 0 {
		t.Errorf("head office: %v %v", diffs, err)
	}
}
