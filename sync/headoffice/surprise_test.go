package headoffice

import (
	"testing"

	"loyaltill/agent/loyalty"
	"loyaltill/store"
	"loyaltill/store/hodb"
)

// drawn is a sale with a surprise, drawn with the seed of a place in the log.
func (b *box) drawn(member loyalty.MemberID, seed string) loyalty.Entry {
	b.t.Helper()
	head := b.head()
	head.Seed = seed
	in := loyalty.QuoteInput{Sale: loyalty.Sale{Lines: []loyalty.Line{{SKU: "1", Quantity: 1000, Amount: 6000}},
		Tenders: []loyalty.Tender{{Kind: loyalty.TenderCash, Amount: 6000}}},
		Member: &loyalty.MemberState{ID: member, Medium: loyalty.MediumNumber}, Place: loyalty.Place{Store: head.Store, Lane: head.Lane, At: head.At, Day: head.Day}}
	q, err := b.prog.Quote(in)
	if err != nil {
		b.t.Fatal(err)
	}
	e := b.made(b.prog.Post(q, in, head))
	if len(e.Sale.Surprises) == 0 {
		b.t.Fatal("nothing was drawn")
	}
	return e
}

func TestASurpriseDrawnWithAnotherSeedIsACase(t *testing.T) {
	c := newCentre(t)
	p := c.publishText(lifeProgramme + "surprises:\n  - {id: lucky, name: {en: Lucky}, text: {en: A free carwash}, when: {minimum: 50.00}}\n")
	b, anna := c.enrol(1, p), c.member("6034000000000018")
	b.open()
	own := func(seq loyalty.Seq) string {
		return store.DrawSeed(c.home.Keys.number[:], b.id.Store, b.id.Epoch, int64(seq))
	}
	b.drawn(anna, own(1))
	b.drawn(anna, b.id.DrawSeed(2))
	c.hear(b, 1)
	wantKinds(t, c.report())
	b.drawn(anna, own(1)) // of another place
	c.hear(b, 3)
	wantKinds(t, c.report(), hodb.CaseDifference)
	b.drawn(anna, "") // of none
	c.hear(b, 4)
	wantKinds(t, c.report(), hodb.CaseDifference, hodb.CaseDifference)
	c.inOrder()
}
