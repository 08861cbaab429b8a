package loyalty

import (
	"crypto/ed25519"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

const giftCardProgramme = `
sets: {toys: {category: [toys]}}
earn: [{id: base, per: amount, rate: {points: 1, per: 1.00}}]
discounts: [{id: ten, gives: {percent: 10}}]
redeem: {point_value: {points: 1, value: 0.01}}
gift_cards:
  - {id: gift, name: {en: Gift card}, from: 0.01, to: 500.00, top_up: true, expiry: {months: 12}}
  - {id: toy, name: {en: Toy card}, from: 0.01, to: 500.00, pays: [toys], uses: 2}
  - {id: promise, name: {en: Promise}, from: 0.01, to: 500.00, as: reduction}
returns: {earned: per_line}
`

// cardShop sells to gift cards and with them, as a chain of stores would over months, and keeps the books.
type cardShop struct {
	p     *Programme
	seq   Seq
	cards map[string]*GiftCardState
	book  map[string]int64 // of every account, minor units
	sales []Entry
}

func (s *cardShop) write(t *rapid.T, e *Entry) {
	body, err := e.Encode()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := DecodeEntry(body); err != nil {
		t.Fatal(err)
	}
	for _, m := range e.Moves {
		if m.Points <= 0 {
			t.Fatalf("moves nothing: %+v", m)
		}
		s.book[m.From] -= int64(m.Points)
		s.book[m.To] += int64(m.Points)
	}
	for serial, c := range s.cards {
		if held := s.book[AccountGiftCard(serial)]; held < 0 {
			t.Fatalf("card %s holds %d", serial, held)
		} else {
			c.Balance = held
		}
	}
	total, cards := int64(0), int64(0)
	for account, n := range s.book {
		total += n
		if strings.HasPrefix(account, "gift_card") {
			cards += n
		}
	}
	if total != 0 || cards != 0 {
		t.Fatalf("the books do not sum to nothing: %v", s.book)
	}
}

func (s *cardShop) states() []GiftCardState {
	var all []GiftCardState
	for _, serial := range []string{"G0", "G1", "G2"} {
		if c := s.cards[serial]; c != nil {
			all = append(all, *c)
		}
	}
	return all
}

func (s *cardShop) sell(t *rapid.T) {
	in := QuoteInput{Place: testPlace, GiftCards: s.states(), Member: &MemberState{ID: 9, Medium: MediumPurse}}
	in.Sale.Lines = []Line{{SKU: "a", Quantity: 1000, Amount: rapid.Int64Range(1, 3000).Draw(t, "price")},
		{SKU: "t", Category: "toys", Quantity: 1000, Amount: rapid.Int64Range(1, 3000).Draw(t, "toy")}}
	if rapid.Bool().Draw(t, "sells a card") {
		serial := rapid.SampledFrom([]string{"G0", "G1", "G2"}).Draw(t, "serial")
		kind := map[string]string{"G0": "gift", "G1": "toy", "G2": "promise"}[serial]
		if kind == "gift" || s.cards[serial] == nil {
			in.Sale.Lines = append(in.Sale.Lines, Line{SKU: "card", Quantity: 1000, Amount: rapid.Int64Range(1, 5000).Draw(t, "value"),
				GiftCard: &GiftCardLine{Kind: kind, Serial: serial}})
		}
	}
	q, err := s.p.Quote(in)
	if err != nil {
		t.Fatal(err)
	}
	for i, c := range q.GiftCards { // the quote says the most: it is taken, and a cent more is not
		if c.Max == 0 || !rapid.Bool().Draw(t, "pays") {
			continue
		}
		try := func(amount int64) (Quote, error) {
			again := in
			again.GiftCards, again.Sale.Tenders = slices.Clone(in.GiftCards), slices.Clone(in.Sale.Tenders)
			if c.Kind == "promise" {
				again.GiftCards[i].Off = amount
			} else {
				again.Sale.Tenders = append(again.Sale.Tenders, Tender{Kind: TenderGiftCard, Amount: amount, Serial: c.Serial})
			}
			q, err := s.p.Quote(again)
			if err == nil {
				in = again
			}
			return q, err
		}
		if _, err := try(c.Max + 1); err == nil {
			t.Fatalf("%+v paid more", c)
		}
		if q, err = try(rapid.Int64Range(1, c.Max).Draw(t, "amount")); err != nil {
			t.Fatalf("%+v: %v", c, err)
		}
		break // another card's most is another now
	}
	if q.Due > 0 {
		in.Sale.Tenders = append(in.Sale.Tenders, Tender{Kind: TenderCash, Amount: q.Due})
	}
	s.seq++
	e, err := s.p.Post(q, in, testHead(s.seq))
	if err != nil {
		t.Fatal(err)
	}
	if _, diffs, err := s.p.Requote(&e, "", 0); err != nil || len(diffs) > 0 {
		t.Fatalf("head office: %v %v", diffs, err)
	}
	for _, c := range e.Sale.GiftCardsSold {
		if s.cards[c.Serial] == nil {
			s.cards[c.Serial] = &GiftCardState{Serial: c.Serial, Kind: c.Kind, Active: true, Expires: c.Expires}
		}
	}
	s.write(t, &e)
	for _, c := range q.GiftCards {
		if c.Pays > 0 {
			s.cards[c.Serial].Uses++
		}
	}
	s.sales = append(s.sales, e)
}

// takeBack returns goods of a sale, never the cards that it sold, line by line.
func (s *cardShop) takeBack(t *rapid.T) {
	e := s.sales[len(s.sales)-1]
	s.sales = s.sales[:len(s.sales)-1]
	sale, err := ReturnableOf(&e)
	if err != nil {
		t.Fatal(err)
	}
	var before []ReturnBody
	paid, back := map[string]int64{}, map[string]int64{}
	for _, c := range sale.GiftCards {
		paid[c.Serial] = c.Amount
	}
	for _, line := range rapid.Permutation([]int{0, 1}).Draw(t, "back") {
		s.seq++
		in := ReturnInput{Sale: sale, Before: before, Lines: []ReturnedLine{{line, 1000}}, Policy: s.p.ReturnPolicy(), Lots: []Lot{{ID: "1-1-1.1", Remaining: 1000}}}
		b, err := Return(in, testHead(s.seq))
		if err != nil {
			t.Fatal(err)
		}
		if _, diffs, err := RequoteReturn(&b, in); err != nil || len(diffs) > 0 {
			t.Fatalf("head office: %v %v", diffs, err)
		}
		for _, c := range b.Return.ToCards {
			back[c.Serial] += c.Amount
		}
		s.write(t, &b)
		before = append(before, *b.Return)
	}
	for serial, n := range back {
		if n > paid[serial] {
			t.Fatalf("card %s got %d back, it paid %d", serial, n, paid[serial])
		}
	}
	if len(e.Sale.GiftCardsSold) == 0 && len(sale.GiftCards) == 1 && back[sale.GiftCards[0].Serial] != sale.GiftCards[0].Amount {
		t.Fatalf("all came back, the card got %v of %v", back, paid)
	}
}

// A card never pays more than is on it, whatever is sold, paid and taken back; and the money of cards sums to nothing.
func TestMoneyOnGiftCardsIsConserved(t *testing.T) {
	p := compile(t, goodHead+giftCardProgramme)
	rapid.Check(t, func(t *rapid.T) {
		s := cardShop{p: p, cards: map[string]*GiftCardState{}, book: map[string]int64{}}
		for range rapid.IntRange(1, 8).Draw(t, "steps") {
			if len(s.sales) > 0 && rapid.IntRange(0, 3).Draw(t, "comes back") == 0 {
				s.takeBack(t)
			} else {
				s.sell(t)
			}
		}
	})
}

// A card is sold on account, does not pay, is paid for, pays, and what is left ends on the day after its last.
func TestTheLifeOfAGiftCard(t *testing.T) {
	p := compile(t, goodHead+giftCardProgramme)
	in := QuoteInput{Place: testPlace, Sale: Sale{Tenders: []Tender{{Kind: TenderAccount, Amount: 2500}},
		Lines: []Line{{SKU: "card", Quantity: 1000, Amount: 2500, GiftCard: &GiftCardLine{Kind: "gift", Serial: "G1"}}}}}
	_, e := sell(t, p, in, testHead(1))
	sold := e.Sale.GiftCardsSold[0]
	if len(e.Moves) != 0 || !sold.Waits {
		t.Fatalf("money on a card that is not paid for: %+v", e)
	}
	card := GiftCardState{Serial: "G1", Kind: "gift"}
	goods := QuoteInput{Place: testPlace, GiftCards: []GiftCardState{card}, Sale: Sale{Lines: []Line{{SKU: "t", Quantity: 1000, Amount: 1000}},
		Tenders: []Tender{{Kind: TenderGiftCard, Amount: 900, Serial: "G1"}}}}
	var refused *SaleError
	if _, err := p.Quote(goods); !errors.As(err, &refused) || refused.Code != GiftCardInactive {
		t.Fatalf("%v, want %s", err, GiftCardInactive)
	}
	paid, err := p.ActivateGiftCard(sold, 0, 1, testHead(2))
	if err != nil || len(paid.Moves) != 1 || paid.GiftCard.Balance != 2500 || paid.Ref != 1 {
		t.Fatalf("%+v %v", paid, err)
	}
	if _, err := p.ActivateGiftCard(GiftCardSold{Serial: "G1", Kind: "gift", Amount: 2500}, 0, 1, testHead(3)); err == nil {
		t.Error("a card that did not wait was activated")
	}
	card = GiftCardState{Serial: "G1", Kind: "gift", Balance: 2500, Active: true, Expires: sold.Expires}
	goods.GiftCards = []GiftCardState{card}
	if _, e = sell(t, p, goods, testHead(3)); fmt.Sprint(e.Moves) != fmt.Sprint([]Movement{{From: "gift_card/G1", To: AccountGiftCardsRedeemed, Points: 900}}) {
		t.Errorf("moves %+v", e.Moves)
	}
	card.Balance = 1600
	head := testHead(4)
	head.Day = sold.Expires
	if _, due, err := p.ExpireGiftCard(card, head); due || err != nil {
		t.Errorf("ended on its last day: %v", err)
	}
	head.Day = "2027-11-25"
	ended, due, err := p.ExpireGiftCard(card, head)
	if !due || err != nil || ended.Moves[0] != (Movement{From: "gift_card/G1", To: AccountGiftCardsExpired, Points: 1600}) {
		t.Errorf("%+v %v %v", ended, due, err)
	}
	card.Balance = 0
	if _, due, _ := p.ExpireGiftCard(card, head); due {
		t.Error("a card ended twice")
	}
	card.Balance = 5
	if void, err := p.VoidGiftCard(card, head); err != nil || void.Moves[0].To != AccountGiftCardsIssued {
		t.Errorf("%+v %v", void, err)
	}
}

func TestABillTokenCarriesItsGiftCards(t *testing.T) {
	public, key, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	sale := Returnable{Store: 7, Epoch: 1, Seq: 5, Day: "2026-11-24", Programme: strings.Repeat("ab", 32), Currency: "EUR", ToPay: 900,
		Lines:     []ReturnableLine{{Quantity: 1000, Price: 500}, {Quantity: 1000, Price: 400, GiftCard: "G7"}},
		GiftCards: []SpentGiftCard{{"G1", "gift", 300, "2027-01-01"}, {"G2", "toy", 30, ""}}}
	token, err := sale.Token(key)
	if err != nil {
		t.Fatal(err)
	}
	read, err := ReadToken(token, public)
	if err != nil || !reflect.DeepEqual(read, sale) {
		t.Fatalf("%+v %v", read, err)
	}
}

func TestAGiftCardThatCannotBeOneIsRefused(t *testing.T) {
	p := compile(t, goodHead+giftCardProgramme)
	card := func(c GiftCardState) func(*QuoteInput) {
		return func(in *QuoteInput) { in.GiftCards = []GiftCardState{c} }
	}
	for _, tc := range []struct {
		field, code string
		change      func(*QuoteInput)
	}{
		{"gift_cards[0].serial", GiftCardSerialForm, card(GiftCardState{Serial: "a/b", Kind: "gift"})},
		{"gift_cards[0].serial", GiftCardSerialForm, card(GiftCardState{Serial: strings.Repeat("1", maxSerial+1), Kind: "gift"})},
		{"gift_cards[0].kind", GiftCardUnknown, card(GiftCardState{Serial: "1", Kind: "gold"})},
		{"gift_cards[0]", SaleRange, card(GiftCardState{Serial: "1", Kind: "gift", Balance: -1})},
		{"gift_cards[0].expires", SaleTime, card(GiftCardState{Serial: "1", Kind: "gift", Expires: "soon"})},
		{"gift_cards[0].off", SaleRange, card(GiftCardState{Serial: "1", Kind: "gift", Balance: 5, Off: 5})},
		{"gift_cards", SaleTooLarge, func(in *QuoteInput) { in.GiftCards = make([]GiftCardState, MaxGiftCards+1) }},
		{"tenders[0].serial", GiftCardSerialForm, func(in *QuoteInput) { in.Sale.Tenders = []Tender{{Kind: TenderCash, Amount: 1, Serial: "1"}} }},
		{"lines", GiftCardSerialForm, func(in *QuoteInput) {
			l := Line{SKU: "c", Quantity: 1000, Amount: 500, GiftCard: &GiftCardLine{Kind: "gift", Serial: "G1"}}
			in.Sale.Lines = append(in.Sale.Lines, l, l)
		}},
	} {
		in := QuoteInput{Place: testPlace, Sale: Sale{Lines: groceries()}}
		tc.change(&in)
		var bad *SaleError
		if _, err := p.Quote(in); !errors.As(err, &bad) || bad.Field != tc.field || bad.Code != tc.code {
			t.Errorf("%v, want %s: %s", err, tc.field, tc.code)
		}
	}
}

func TestAFaultyGiftCardKindNamesItsPlace(t *testing.T) {
	for doc, want := range map[string]string{
		"gift_cards: [{id: g, name: {en: G}}]":                                               "gift_cards[0]: must have values, or from and to",
		"gift_cards: [{id: g, name: {en: G}, values: [1.00], from: 1.00}]":                   "gift_cards[0]: must have values, or from and to",
		"gift_cards: [{id: g, name: {en: G}, from: 2.00, to: 1.00}]":                         "gift_cards[0].to: 1.00 is below 2.00",
		"gift_cards: [{id: g, values: [1.00]}]":                                              "gift_cards[0].name: is missing",
		"gift_cards: [{id: g, name: {en: G}, values: [1.00], most: 5.00}]":                   "gift_cards[0].most: does nothing without top_up",
		"gift_cards: [{id: g, name: {en: G}, values: [1.00], uses: -1}]":                     "gift_cards[0].uses: is out of range",
		"gift_cards: [{id: g, name: {en: G}, values: [1.00], pays: [toys]}]":                 `gift_cards[0].pays[0]: there is no set "toys"`,
		"gift_cards: [{id: g, name: {en: G}, values: [1.00], paid_with: [cash]}]":            `gift_cards[0].paid_with[0]: "cash" cannot be allowed here`,
		"gift_cards: [{id: g, name: {en: G}, values: [1.00], as: gift}]":                     `gift_cards[0].as: "gift" is not known`,
		"gift_cards: [{id: g, name: {en: G}, values: [1.00], refund: cash}]":                 `gift_cards[0].refund: "cash" is not known`,
		"gift_cards: [{id: g, name: {en: G}, values: [1.00], expiry: {inactive_months: 2}}]": "gift_cards[0].expiry.inactive_months: does nothing",
		"earn: [{id: g, bonus: 5}]\ngift_cards: [{id: g, name: {en: G}, values: [1.00]}]":    "gift_cards[0].id: g is used before",
		"rewards: [{id: r, cost: 5, as: tender}]":                                            "rewards[0].as: does nothing without gives",
		"coupons: [{id: c, name: {en: C}, value: 1.00, valid_days: 1, as: money}]":           `coupons[0].as: "money" is not known`,
	} {
		if _, err := Compile([]byte(goodHead + doc + "\n")); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s:\n%v\nwant %s", doc, err, want)
		}
	}
}

// Neither the order of the cards nor of the tenders changes who pays what.
func TestTheOrderOfGiftCardsDoesNotChangeWhatTheyPay(t *testing.T) {
	p := compile(t, goodHead+giftCardProgramme)
	in := QuoteInput{Place: testPlace, Sale: Sale{Lines: []Line{{SKU: "a", Quantity: 1000, Amount: 1000}, {SKU: "t", Category: "toys", Quantity: 1000, Amount: 1000}},
		Tenders: []Tender{{Kind: TenderGiftCard, Amount: 900, Serial: "A"}, {Kind: TenderGiftCard, Amount: 900, Serial: "B"}}},
		GiftCards: []GiftCardState{{Serial: "A", Kind: "gift", Balance: 900, Active: true}, {Serial: "B", Kind: "toy", Balance: 900, Active: true}}}
	a, err := p.Quote(in)
	if err != nil {
		t.Fatal(err)
	}
	slices.Reverse(in.Sale.Tenders)
	slices.Reverse(in.GiftCards)
	b, err := p.Quote(in)
	slices.Reverse(b.GiftCards)
	if err != nil || a.Digest != b.Digest || !reflect.DeepEqual(a.GiftCards, b.GiftCards) {
		t.Errorf("%+v\n%+v %v", a.GiftCards, b.GiftCards, err)
	}
}
