package loyalty

import (
	"errors"
	"slices"
	"testing"
)

// ledgerStep is one entry in the life of a few members, or a question. Exactly one of the kinds is given.
type ledgerStep struct {
	Day    string `yaml:"day"`
	At     string `yaml:"at"`
	Before int    `yaml:"before"` // it happened before this entry, and is told only now

	Earn *struct {
		Member  MemberID `yaml:"member"`
		Points  Points   `yaml:"points"`
		Expires string   `yaml:"expires"`
		Usable  string   `yaml:"usable"`
		Wallet  WalletID `yaml:"wallet"` // left out, here and below: the points
	} `yaml:"earn"`
	Spend *struct {
		Member MemberID `yaml:"member"`
		Points Points   `yaml:"points"`
		Wallet WalletID `yaml:"wallet"`
	} `yaml:"spend"`
	Opening *struct {
		Member MemberID     `yaml:"member"`
		Lots   []OpeningLot `yaml:"lots"`
	} `yaml:"opening"`
	Expire *struct {
		Member       MemberID `yaml:"member"`
		LastPurchase string   `yaml:"last_purchase"`
		Wallet       WalletID `yaml:"wallet"`
	} `yaml:"expire"`
	Reserve *struct {
		Member MemberID `yaml:"member"`
		Points Points   `yaml:"points"`
		Until  string   `yaml:"until"`
		OnCard Points   `yaml:"on_card"`
		Wallet WalletID `yaml:"wallet"`
	} `yaml:"reserve"`
	Settle *struct {
		Entry int      `yaml:"entry"`
		As    SettleAs `yaml:"as"`
		Again bool     `yaml:"again"` // another store has settled it before
	} `yaml:"settle"`
	Transfer *struct {
		From   MemberID `yaml:"from"`
		To     MemberID `yaml:"to"`
		Points Points   `yaml:"points"`
		Reason string   `yaml:"reason"`
		Split  bool     `yaml:"split"`
		Given  Points   `yaml:"given"`
		OnCard Points   `yaml:"on_card"`
		Wallet WalletID `yaml:"wallet"`
	} `yaml:"transfer"`
	Merge *struct {
		Stays  MemberID  `yaml:"stays"`
		Goes   MemberID  `yaml:"goes"`
		Tiers  [2]string `yaml:"tiers"`
		OnCard Points    `yaml:"on_card"`
	} `yaml:"merge"`
	Replace *struct {
		Member MemberID `yaml:"member"`
		Purse  Points   `yaml:"purse"`
	} `yaml:"replace"`
	Adjust *struct {
		Member MemberID `yaml:"member"`
		Points Points   `yaml:"points"`
		Reason string   `yaml:"reason"`
		OnCard Points   `yaml:"on_card"`
		Wallet WalletID `yaml:"wallet"`
		Stamp  string   `yaml:"stamp"` // a stamp card instead
	} `yaml:"adjust"`
	Reverse *struct {
		Entry  int    `yaml:"entry"`
		Reason string `yaml:"reason"`
	} `yaml:"reverse"`
	Expiring *struct {
		Member MemberID         `yaml:"member"`
		Within int              `yaml:"within"`
		Want   []ExpiringPoints `yaml:"want"`
	} `yaml:"expiring"`

	Want struct {
		Error     string                              `yaml:"error"`
		Nothing   bool                                `yaml:"nothing"` // no entry
		Balance   map[MemberID]Points                 `yaml:"balance"`
		Spendable map[MemberID]Points                 `yaml:"spendable"`
		Left      map[MemberID][]leftLot              `yaml:"left"`
		Accounts  map[string]Points                   `yaml:"accounts"`
		Wallets   map[WalletID]map[MemberID][]leftLot `yaml:"wallets"`
		Stamps    map[MemberID][]StampState           `yaml:"stamps"`
		Tier      *string                             `yaml:"tier"`
		Until     *string                             `yaml:"until"` // of a replaced card's points
	} `yaml:"want"`
}

// runLedger lives a case step by step; after every entry all accounts sum to zero and lots are what accounts hold.
func (v *vector) runLedger(t *testing.T) {
	p := compile(t, vectorHeader+v.Programme)
	l := newLedger(t)
	for i, s := range v.Ledger {
		head := l.head(s.Day)
		if s.At != "" {
			head.At = s.Day + "T" + s.At + ":00.000+02:00"
		}
		e, some, err := s.make(p, l, head)
		if s.Want.Error != "" {
			var bad *SaleError
			if !errors.As(err, &bad) || bad.Code != s.Want.Error {
				t.Errorf("step %d: %v, want %s", i+1, err, s.Want.Error)
			}
			l.seq--
			continue
		}
		if err != nil {
			t.Fatalf("step %d: %v", i+1, err)
		}
		if some == s.Want.Nothing && s.Expiring == nil {
			t.Errorf("step %d: an entry: %v, want %v", i+1, some, !s.Want.Nothing)
		}
		if some {
			l.tell(e, s.Before)
		} else {
			l.seq--
		}
		s.compare(t, i+1, l, &e)
	}
}

func (s *ledgerStep) make(p *Programme, l *ledger, head EntryHead) (e Entry, some bool, err error) {
	some = true
	switch {
	case s.Earn != nil:
		e = head.Entry(KindSale)
		at := AccountsOf(s.Earn.Member, s.Earn.Wallet)
		e.Member, e.Moves = s.Earn.Member, []Movement{{From: at.Issued, To: at.Main, Points: s.Earn.Points,
			Lot: head.lot(1), Earned: head.Day, Expires: s.Earn.Expires, Usable: s.Earn.Usable}}
	case s.Spend != nil:
		e = head.Entry(KindSale)
		at := AccountsOf(s.Spend.Member, s.Spend.Wallet)
		e.Member, e.Moves = s.Spend.Member, draw(l.lotsBefore(walletOf{s.Spend.Member, s.Spend.Wallet}, s.Before), s.Spend.Points, head.Day, at.Main, at.Redeemed)
	case s.Opening != nil:
		e, err = Opening(OpeningInput{Member: s.Opening.Member, Lots: s.Opening.Lots, Source: "old"}, head)
	case s.Expire != nil:
		e, some, err = p.PostExpiry(ExpiryInput{Member: s.Expire.Member, Wallet: s.Expire.Wallet, Lots: l.in(s.Expire.Wallet)[s.Expire.Member], LastPurchase: s.Expire.LastPurchase}, head)
	case s.Reserve != nil:
		e, err = Reserve(ReserveInput{Holding: l.carded(s.Reserve.Member, s.Reserve.OnCard, s.Reserve.Wallet), Points: s.Reserve.Points, Until: s.Reserve.Until}, head)
	case s.Settle != nil:
		r, _ := ReservationOf(&l.entries[s.Settle.Entry-1])
		if e, err = r.Settle(s.Settle.As, head); s.Settle.Again {
			e.Moves = SettledBefore(e.Moves)
		}
	case s.Transfer != nil:
		x := s.Transfer
		e, err = p.Transfer(TransferInput{From: l.carded(x.From, x.OnCard, x.Wallet), To: x.To, Points: x.Points, Reason: x.Reason, Split: x.Split, Given: x.Given}, head)
	case s.Merge != nil:
		x := s.Merge
		goes := l.side(x.Goes, x.Tiers[1])
		goes.OnCard = x.OnCard
		e, err = p.Merge(l.side(x.Stays, x.Tiers[0]), goes, head)
	case s.Replace != nil:
		e, err = p.ReplaceCard(ReplaceInput{Holding: l.carded(s.Replace.Member, s.Replace.Purse, MainWallet), Old: CardID{1}, New: CardID{2}, Ctr: 9}, head)
	case s.Adjust != nil:
		in := AdjustInput{Holding: l.carded(s.Adjust.Member, s.Adjust.OnCard, s.Adjust.Wallet), Points: s.Adjust.Points, Reason: s.Adjust.Reason}
		if s.Adjust.Stamp != "" {
			card := l.stampCard(s.Adjust.Member, s.Adjust.Stamp)
			in.Stamp = &card
		}
		e, err = p.Adjust(in, head)
	case s.Reverse != nil:
		in := ReverseInput{Entry: &l.entries[s.Reverse.Entry-1], Reason: s.Reverse.Reason}
		for i := range l.entries {
			in.Before = append(in.Before, &l.entries[i])
		}
		e, err = p.Reverse(in, head)
	default:
		some = false
	}
	return e, some, err
}

func (l *ledger) carded(id MemberID, onCard Points, w WalletID) Holding {
	h := l.wallet(id, w)
	h.OnCard = onCard
	return h
}

// lotsBefore is a member's lots as they were before an entry; 0 is after all.
func (l *ledger) lotsBefore(of walletOf, before int) []Lot {
	if before == 0 {
		return l.in(of.WalletID)[of.MemberID]
	}
	var lots []Lot
	for _, e := range l.entries[:before-1] {
		lots = ApplyWallet(lots, e.Moves, of.MemberID, of.WalletID)
	}
	return lots
}

// tell counts an entry: at the end, or late at its place among the others, which are all counted again.
func (l *ledger) tell(e Entry, before int) {
	if before == 0 {
		l.apply(e)
		return
	}
	all := slices.Insert(slices.Clone(l.entries), before-1, e)
	l.clear()
	for _, e := range all {
		l.apply(e)
	}
}

func (s *ledgerStep) compare(t *testing.T, step int, l *ledger, e *Entry) {
	w := &s.Want
	for id, want := range w.Balance {
		if got := Balance(l.lots[id]); got != want {
			t.Errorf("step %d: member %d holds %d, want %d", step, id, got, want)
		}
	}
	for id, want := range w.Spendable {
		if got := Spendable(l.lots[id], s.Day); got != want {
			t.Errorf("step %d: member %d can spend %d, want %d", step, id, got, want)
		}
	}
	for id, want := range w.Left {
		compareLeft(t, step-1, want, l.lots[id])
	}
	for wallet, of := range w.Wallets {
		for id, want := range of {
			compareLeft(t, step-1, want, l.in(wallet)[id])
		}
	}
	for id, want := range w.Stamps {
		got := []StampState{}
		for _, c := range l.past(id).Stamps {
			got = append(got, StampState{Stamp: c.Stamp, Count: c.Count, Expires: c.Expires})
		}
		if !slices.Equal(got, want) {
			t.Errorf("step %d: member %d has the stamps %+v, want %+v", step, id, got, want)
		}
	}
	for account, want := range w.Accounts {
		if got := l.accounts[account]; got != want {
			t.Errorf("step %d: %s holds %d, want %d", step, account, got, want)
		}
	}
	if w.Tier != nil && (e.Merge == nil || e.Merge.Tier.Tier != *w.Tier) {
		t.Errorf("step %d: %+v, want tier %s", step, e.Merge, *w.Tier)
	}
	if w.Until != nil && (e.Replace == nil || e.Replace.Until != *w.Until) {
		t.Errorf("step %d: %+v, want until %s", step, e.Replace, *w.Until)
	}
	if x := s.Expiring; x != nil {
		if got, err := Expiring(l.lots[x.Member], s.Day, x.Within); err != nil || !slices.Equal(got, x.Want) {
			t.Errorf("step %d: expiring %+v %v, want %+v", step, got, err, x.Want)
		}
	}
}
