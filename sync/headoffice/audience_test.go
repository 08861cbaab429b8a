package headoffice

import (
	"fmt"
	"slices"
	"testing"

	"loyaltill/agent/loyalty"
)

// audienceProgramme gives members of segments points, and a price for what they usually buy.
const audienceProgramme = `format: 1
programme: {id: back, name: {en: Back}, version: 1, valid_from: 2026-01-01T00:00, currency: EUR}
sets:
  usual: {personal: true}
earn:
  - {id: base, per: amount, rate: {points: 1, per: 1.00}}
  - {id: regular, bonus: 50, when: {segments: [regulars]}}
  - {id: rigan, bonus: 7, when: {attributes: {city: [riga]}}}
discounts: [{id: yours, gives: {percent: 10, on: usual}}]
returns: {earned: per_line}
`

// buyAll writes a sale of one piece of each article, each for 10.00, to a member of whom the store knows nothing.
func (b *box) buyAll(id loyalty.MemberID, skus ...string) loyalty.Entry {
	b.t.Helper()
	q, in := b.quoteAll(&loyalty.MemberState{ID: id, Medium: loyalty.MediumNumber}, skus...)
	head := b.head()
	in.Sale.Tenders = []loyalty.Tender{{Kind: loyalty.TenderCash, Amount: q.Due}}
	in.Place = loyalty.Place{Store: head.Store, Lane: head.Lane, At: head.At, Day: head.Day}
	q, err := b.prog.Quote(in)
	if err != nil {
		b.t.Fatal(err)
	}
	return b.made(b.prog.Post(q, in, head))
}

func (b *box) quoteAll(member *loyalty.MemberState, skus ...string) (loyalty.Quote, loyalty.QuoteInput) {
	b.t.Helper()
	cal := b.id.Calendar()
	in := loyalty.QuoteInput{Member: member, Place: loyalty.Place{Store: 1, Lane: 1, At: cal.Local(b.clock), Day: cal.BusinessDay(b.clock)}}
	for _, sku := range skus {
		in.Sale.Lines = append(in.Sale.Lines, loyalty.Line{SKU: sku, Quantity: 1000, Amount: 1000})
	}
	q, err := b.prog.Quote(in)
	if err != nil {
		b.t.Fatal(err)
	}
	return q, in
}

// known is a member as a store that has the feed knows him.
func (c *centre) known(b *box, id loyalty.MemberID) *loyalty.MemberState {
	c.t.Helper()
	row := c.told(id)
	c.unseal(row)
	state := &loyalty.MemberState{ID: id, Medium: loyalty.MediumNumber, Lots: row.Lots}
	if row.Past == nil {
		return state
	}
	if err := b.prog.Recall(state, row.Past, b.id.Calendar().BusinessDay(b.clock)); err != nil {
		c.t.Fatal(err)
	}
	return state
}

func TestSegmentsAndOwnArticlesReachTheQuoteInAStore(t *testing.T) {
	c := newCentre(t)
	p := c.publishText(audienceProgramme)
	one := c.enrol(1, p)
	one.open()
	anna, berta := c.member("6034000000000018"), c.member("6034000000000026")
	one.buyAll(anna, "milk", "bread")
	one.buyAll(anna, "milk", "tea")
	back := one.buyAll(anna, "bread")
	one.made(loyalty.Return(loyalty.ReturnInput{Sale: must(loyalty.ReturnableOf(&back)), All: true, Policy: p.ReturnPolicy(),
		Lots: loyalty.Apply(nil, back.Moves, anna)}, one.head()))
	one.buyAll(berta, "tea")
	c.hear(one, 1)

	regulars := SegmentRule{ID: "regulars", Days: 30, LeastVisits: 2, LeastSpend: 4000, MostAgo: 10}
	for _, in := range []audienceInput{{Segment: &regulars}, {Segment: &SegmentRule{ID: "gone", LeastAgo: 20}},
		{Segment: &SegmentRule{ID: "rigans", Attributes: []string{"city=riga", "city=jurmala"}}}, {Personal: &PersonalRule{Top: 2, Days: 60, Least: 2}}} {
		if _, err := c.office.putAudience(t.Context(), in); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := c.office.setAttributes(t.Context(), attributesInput{Member: berta, Attributes: []string{"city=riga"}}); err != nil {
		t.Fatal(err)
	}
	out, err := c.office.reckon(t.Context(), dayInput{Day: "2026-11-24"})
	if err != nil || out.Members != 2 || out.Changed != 2 || fmt.Sprint(out.In) != "map[regulars:1 rigans:1]" || out.Listed != 1 {
		t.Fatalf("%+v, %v", out, err)
	}
	if q, _ := one.quoteAll(c.known(one, anna), "milk", "bread"); q.Earned != 50+19 || q.Reduced != 100 {
		t.Errorf("anna's milk is 10 percent off and she is a regular: %d points, %d off", q.Earned, q.Reduced)
	}
	if q, _ := one.quoteAll(c.known(one, berta), "tea"); q.Earned != 10+7 || q.Reduced != 0 {
		t.Errorf("berta is of Riga: %d points, %d off", q.Earned, q.Reduced)
	}
	again, err := c.office.reckon(t.Context(), dayInput{Day: "2026-11-24"})
	if err != nil || again.Changed != 0 {
		t.Errorf("worked out again, %d changed, %v", again.Changed, err)
	}
	why, err := c.office.whyAudience(t.Context(), whyInput{Member: berta, Day: "2026-11-24"})
	i := slices.IndexFunc(why.Segments, func(s SegmentWhy) bool { return s.Segment == "regulars" })
	if err != nil || i < 0 || why.Segments[i].In || why.Segments[i].Missing != "spend" || why.Segments[i].Spend != 1000 || why.Segments[i].From != "2026-10-26" {
		t.Errorf("%+v, %v", why, err)
	}
	c.begin("2026-12-20") // days pass: the last purchase is too long ago
	if segments := c.known(one, anna).History.Segments; !slices.Equal(segments, []string{"gone"}) {
		t.Errorf("anna is in %v", segments)
	}
	why, err = c.office.whyAudience(t.Context(), whyInput{Member: anna, Day: "2026-12-20"})
	if err != nil || why.Segments[1].Missing != "last" || len(why.Personal) != 1 || why.Personal[0] != (Usual{SKU: "milk", Bills: 2, Kept: 2000}) {
		t.Errorf("%+v, %v", why, err)
	}
	c.inOrder()
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func TestASegmentRuleThatMeansNothingIsRefused(t *testing.T) {
	c := newCentre(t)
	for field, in := range map[string]audienceInput{
		"id":          {Segment: &SegmentRule{ID: "all"}},
		"most-spend":  {Segment: &SegmentRule{ID: "a", LeastSpend: 2, MostSpend: 1}},
		"most-visits": {Segment: &SegmentRule{ID: "a", LeastVisits: -1}},
		"days":        {Segment: &SegmentRule{ID: "a", LeastVisits: 1, Days: -1}},
		"attribute":   {Segment: &SegmentRule{ID: "a", Attributes: []string{"Riga"}}},
		"top":         {Personal: &PersonalRule{Top: 201, Days: 1, Least: 1}},
	} {
		_, err := c.office.putAudience(t.Context(), in)
		if bad := mustFail[*FieldError](t, err); bad.Field != field {
			t.Errorf("%+v: field %s, want %s", in, bad.Field, field)
		}
	}
	_, err := c.office.putAudience(t.Context(), audienceInput{Drop: "nobody"})
	mustFail[*FieldError](t, err)
}
