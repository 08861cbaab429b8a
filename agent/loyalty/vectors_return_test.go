package loyalty

import (
	"errors"
	"strings"
	"testing"
)

// returnStep is what happens to a sold bill: points spent elsewhere, or goods that come back.
type returnStep struct {
	Spend       Points    `yaml:"spend"`        // elsewhere, before
	SpendWallet vectorAsk `yaml:"spend_wallet"` // likewise
	Earn        Points    `yaml:"earn"`         // elsewhere, before
	Day         string    `yaml:"day"`
	Lines       []struct {
		Line     int   `yaml:"line"`
		Quantity major `yaml:"quantity"`
	} `yaml:"lines"`
	All     bool   `yaml:"all"`
	Expired Points `yaml:"expired"`

	Instruments vectorInstruments `yaml:",inline"`

	Want struct {
		Error    string             `yaml:"error"`
		Money    *major             `yaml:"money"`
		Withheld *major             `yaml:"withheld"`
		Refund   *major             `yaml:"refund"`
		Owed     *Points            `yaml:"owed"`
		Taken    *Points            `yaml:"taken"`
		Short    *Points            `yaml:"short"`
		Back     *Points            `yaml:"back"`
		Lapsed   *Points            `yaml:"lapsed"`
		Balance  *Points            `yaml:"balance"`
		Coupons  []string           `yaml:"coupons"` // serials that can be used again
		Why      []string           `yaml:"why"`
		Left     []leftLot          `yaml:"left"`
		Wallets  []wantWalletReturn `yaml:"wallets"`

		Instruments wantInstruments `yaml:",inline"`
	} `yaml:"want"`
}

// runReturns sells the case's basket and then takes it back step by step.
func (v *vector) runReturns(t *testing.T, p *Programme, in QuoteInput, q Quote) {
	head := EntryHead{Store: in.Place.Store, Epoch: 1, Seq: 1, Txn: TxnID{1}, Day: in.Place.Day, At: in.Place.At, Lane: 1}
	if q.Due > 0 {
		in.Sale.Tenders = append(in.Sale.Tenders, Tender{Kind: TenderCash, Amount: q.Due})
	}
	e, err := p.Post(q, in, head)
	if err != nil {
		t.Fatal(err)
	}
	sale, err := ReturnableOf(&e)
	if err != nil {
		t.Fatal(err)
	}
	if in.Member == nil {
		in.Member = &MemberState{}
	}
	terms, err := p.Terms(&e)
	if err != nil {
		t.Fatal(err)
	}
	lots := Apply(in.Member.Lots, e.Moves, e.Member)
	wallets := walletsAfter(in.Member, &e)
	var before []ReturnBody
	for i, s := range v.Returns {
		head.Seq++
		if s.Day != "" {
			head.Day = s.Day
		}
		if s.Spend > 0 {
			lots = Apply(lots, draw(lots, s.Spend, head.Day, AccountMain(e.Member), AccountRedeemed), e.Member)
		}
		wallets = spendElsewhere(t, wallets, s.SpendWallet, e.Member, head.Day)
		if s.Earn > 0 {
			lots = Apply(lots, []Movement{{From: AccountIssued, To: AccountMain(e.Member), Points: s.Earn,
				Lot: lotID(9, 1, head.Seq, 1), Earned: head.Day}}, e.Member)
		}
		ri := ReturnInput{Sale: sale, Before: before, All: s.All, Lots: lots, Wallets: wallets, Expired: s.Expired, Policy: p.ReturnPolicy(), Terms: terms, GiftCards: cardStates(t, s.Instruments.GiftCards)}
		for _, l := range s.Lines {
			if l.Quantity == "" {
				l.Quantity = "1"
			}
			ri.Lines = append(ri.Lines, ReturnedLine{l.Line, l.Quantity.minor(t, 3)})
		}
		back, err := Return(ri, head)
		if err == nil {
			if _, diffs, err := RequoteReturn(&back, ri); err != nil || len(diffs) > 0 {
				t.Errorf("return %d: head office finds %v, %v", i+1, diffs, err)
			}
		}
		if s.Want.Error != "" {
			var bad *SaleError
			if !errors.As(err, &bad) || bad.Code != s.Want.Error {
				t.Errorf("return %d: %v, want %s", i+1, err, s.Want.Error)
			}
			continue
		}
		if err != nil {
			t.Fatalf("return %d: %v", i+1, err)
		}
		lots, wallets = Apply(lots, back.Moves, e.Member), afterReturn(wallets, &back)
		compareWalletReturns(t, s.Want.Wallets, back.Return, wallets)
		before = append(before, *back.Return)
		v.compareReturn(t, i, back.Return, lots)
		v.compareToCards(t, i, back.Return)
		if _, diffs, err := RequoteReturn(&back, ri); err != nil || len(diffs) > 0 {
			t.Errorf("return %d: head office: %v %v", i+1, diffs, err)
		}
	}
}

func (v *vector) compareReturn(t *testing.T, i int, b *ReturnBody, lots []Lot) {
	w := &v.Returns[i].Want
	points := func(name string, want *Points, got Points) {
		if want != nil && *want != got {
			t.Errorf("return %d: %s: got %d, want %d", i+1, name, got, *want)
		}
	}
	money := func(name string, want *major, got int64) {
		if want != nil && want.minor(t, 2) != got {
			t.Errorf("return %d: %s: got %d, want %s", i+1, name, got, *want)
		}
	}
	money("money", w.Money, b.Money)
	money("withheld", w.Withheld, b.Withheld)
	money("refund", w.Refund, b.Refund)
	points("owed", w.Owed, b.Owed)
	points("taken", w.Taken, b.Taken)
	points("short", w.Short, b.Short)
	points("back", w.Back, b.Back)
	points("lapsed", w.Lapsed, b.Lapsed)
	points("balance", w.Balance, Balance(lots))
	if w.Coupons != nil && strings.Join(w.Coupons, ",") != serials(b.Coupons) {
		t.Errorf("return %d: coupons: got %s, want %s", i+1, serials(b.Coupons), w.Coupons)
	}
	compareCodes(t, "why", w.Why, b.Why)
	if w.Left != nil {
		compareLeft(t, i, w.Left, lots)
	}
}
