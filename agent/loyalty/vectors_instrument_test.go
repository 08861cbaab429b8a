package loyalty

import (
	"cmp"
	"slices"
	"testing"
)

// compareInstruments compares what a sale does beside points: personal lists, gift cards, stamps, surprises.
func (v *vector) compareInstruments(t *testing.T, q *Quote) {
	if w := v.Want.Instruments.Personal; w != nil && !slices.Equal(w, q.personal) {
		t.Errorf("personal: got %v, want %v", q.personal, w)
	}
	v.compareCards(t, q)
	v.compareStamps(t, q)
}

// headOfficeAgrees posts the sale, paid in cash, and judges what was written down again.
func (v *vector) headOfficeAgrees(t *testing.T, p *Programme, in QuoteInput) {
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
	e, err := p.Post(q, in, EntryHead{Store: in.Place.Store, Epoch: 1, Seq: 1, Txn: TxnID{1}, Day: in.Place.Day, At: in.Place.At, Lane: in.Place.Lane,
		Seed: v.Instruments.Seed})
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
	v.comparePosted(t, stored.Sale)
}

func (v *vector) comparePosted(t *testing.T, s *SaleBody) {
	w := &v.Want.Instruments
	var drawn []drawWant
	for _, d := range s.Surprises {
		drawn = append(drawn, drawWant{d.Rule, d.Number, d.Of, d.Won})
	}
	if w.Drawn != nil && !slices.Equal(drawn, w.Drawn) {
		t.Errorf("drawn: got %+v, want %+v", drawn, w.Drawn)
	}
	if w.Posted != nil && s.Earned != *w.Posted {
		t.Errorf("posted: got %d, want %d", s.Earned, *w.Posted)
	}
}

// vectorInstruments is what a case says beside goods, tenders and the member; what a step of returns says has the same names.
type vectorInstruments struct {
	GiftCards []vectorCard `yaml:"gift_cards"`
	Seed      string       `yaml:"seed"`
	Stamps    []struct {
		Stamp   string `yaml:"stamp"`
		Count   int64  `yaml:"count"`
		Today   int64  `yaml:"today"`
		Expires string `yaml:"expires"`
	} `yaml:"stamps"`
}

type wantInstruments struct {
	Personal []string   `yaml:"personal"` // written down
	Cards    []cardWant `yaml:"cards"`
	Sold     []soldWant `yaml:"sold"`
	ToCards  []cardWant `yaml:"to_cards"`
	Drawn    []drawWant `yaml:"drawn"`  // when the sale was posted
	Posted   *Points    `yaml:"posted"` // earned by then

	Stamps []struct {
		Stamp   string `yaml:"stamp"`
		Given   int64  `yaml:"given"`
		Used    int64  `yaml:"used"`
		Ended   int64  `yaml:"ended"`
		Times   int64  `yaml:"times"`
		Left    int64  `yaml:"left"`
		Expires string `yaml:"expires"`
		Taken   int64  `yaml:"taken"`
		Back    int64  `yaml:"back"`
	} `yaml:"stamps"`
}

type drawWant struct {
	Surprise string `yaml:"surprise"`
	Number   int64  `yaml:"number"`
	Of       int64  `yaml:"of"`
	Won      bool   `yaml:"won"`
}

type vectorCard struct {
	Serial   string   `yaml:"serial"`
	Kind     string   `yaml:"kind"`
	Balance  major    `yaml:"balance"`
	Inactive bool     `yaml:"inactive"`
	Expires  string   `yaml:"expires"`
	Holder   MemberID `yaml:"holder"`
	Uses     int64    `yaml:"uses"`
	Off      major    `yaml:"off"`
}

type cardWant struct {
	Serial string   `yaml:"serial"`
	Max    *major   `yaml:"max"`
	Pays   *major   `yaml:"pays"`
	Left   *major   `yaml:"left"`
	Code   *string  `yaml:"code"`
	Clamps []string `yaml:"clamps"`
}

type soldWant struct {
	Serial  string   `yaml:"serial"`
	Amount  major    `yaml:"amount"`
	Balance major    `yaml:"balance"`
	Expires string   `yaml:"expires"`
	Holder  MemberID `yaml:"holder"`
	Waits   bool     `yaml:"waits"`
}

func cardStates(t *testing.T, cards []vectorCard) []GiftCardState {
	var states []GiftCardState
	for _, c := range cards {
		states = append(states, GiftCardState{Serial: c.Serial, Kind: cmp.Or(c.Kind, "gift"), Balance: c.Balance.minor(t, 2), Active: !c.Inactive,
			Expires: c.Expires, Holder: c.Holder, Uses: c.Uses, Off: c.Off.minor(t, 2)})
	}
	return states
}

func (v *vector) stampStates() []StampState {
	var states []StampState
	for _, s := range v.Instruments.Stamps {
		states = append(states, StampState(s))
	}
	return states
}

func (v *vector) compareStamps(t *testing.T, q *Quote) {
	if v.Want.Instruments.Stamps == nil {
		return
	}
	if len(q.Stamps) != len(v.Want.Instruments.Stamps) {
		t.Fatalf("stamps: got %+v", q.Stamps)
	}
	for i, w := range v.Want.Instruments.Stamps {
		if u := q.Stamps[i]; w.Stamp != u.Told.Stamp || w.Given != u.Given || w.Used != u.Used || w.Ended != u.Ended || w.Times != u.Times || w.Left != u.Left || w.Expires != u.Expires {
			t.Errorf("stamps: got %+v, want %+v", u, w)
		}
	}
}

func (v *vector) compareCards(t *testing.T, q *Quote) {
	money := func(name string, want *major, got int64) {
		if want != nil && want.minor(t, 2) != got {
			t.Errorf("%s: got %d, want %s", name, got, *want)
		}
	}
	for i, w := range v.Want.Instruments.Cards {
		if i >= len(q.GiftCards) {
			t.Fatalf("cards: got %+v", q.GiftCards)
		}
		got := &q.GiftCards[i]
		name := "card " + got.Serial
		money(name+" max", w.Max, got.Max)
		money(name+" pays", w.Pays, got.Pays)
		money(name+" left", w.Left, got.Left)
		if w.Code != nil && *w.Code != got.Code {
			t.Errorf("%s: got %q, want %q", name, got.Code, *w.Code)
		}
		compareCodes(t, name, w.Clamps, got.Clamps)
	}
	if v.Want.Instruments.Sold == nil {
		return
	}
	var sold []soldWant
	for _, s := range q.GiftCardsSold {
		sold = append(sold, soldWant{s.Serial, major(formatDecimal(s.Amount, 2, false)), major(formatDecimal(s.Balance, 2, false)), s.Expires, s.Holder, s.Waits})
	}
	if !slices.Equal(sold, v.Want.Instruments.Sold) {
		t.Errorf("sold: got %+v, want %+v", sold, v.Want.Instruments.Sold)
	}
}

func (v *vector) compareToCards(t *testing.T, i int, b *ReturnBody) {
	for k, s := range v.Returns[i].Want.Instruments.Stamps {
		if k >= len(b.Stamps) || b.Stamps[k] != (StampReturn{s.Stamp, s.Taken, s.Back}) {
			t.Errorf("return %d: stamps %+v, want %+v", i+1, b.Stamps, s)
		}
	}
	w := v.Returns[i].Want.Instruments.ToCards
	if w == nil {
		return
	}
	var want []GiftCardPart
	for _, c := range w {
		want = append(want, GiftCardPart{c.Serial, c.Pays.minor(t, 2)})
	}
	if !slices.Equal(want, b.ToCards) {
		t.Errorf("return %d: to cards %+v, want %+v", i+1, b.ToCards, want)
	}
}
