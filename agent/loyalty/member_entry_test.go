package loyalty

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"
)

// ledger is a few members' lots, stamps and every account, kept as a reader of the log would keep them.
type ledger struct {
	t        testing.TB
	lots     map[MemberID][]Lot
	wallets  map[WalletID]map[MemberID][]Lot // beside the points
	stamps   map[MemberID]*Past
	accounts map[string]Points
	entries  []Entry
	seq      Seq
}

func newLedger(t testing.TB) *ledger {
	l := &ledger{t: t}
	l.clear()
	return l
}

func (l *ledger) clear() {
	l.lots, l.wallets, l.stamps, l.accounts, l.entries = map[MemberID][]Lot{}, map[WalletID]map[MemberID][]Lot{}, map[MemberID]*Past{}, map[string]Points{}, nil
}

// in is the lots of every member in one wallet.
func (l *ledger) in(w WalletID) map[MemberID][]Lot {
	if w == MainWallet {
		return l.lots
	}
	if l.wallets[w] == nil {
		l.wallets[w] = map[MemberID][]Lot{}
	}
	return l.wallets[w]
}

// past is what a member's stamps add up to.
func (l *ledger) past(id MemberID) *Past {
	if l.stamps[id] == nil {
		l.stamps[id] = &Past{}
	}
	return l.stamps[id]
}

func (l *ledger) stampCard(id MemberID, card string) StampState {
	for _, c := range l.past(id).Stamps {
		if c.Stamp == card {
			return StampState{Stamp: card, Count: c.Count, Expires: c.Expires}
		}
	}
	return StampState{Stamp: card}
}

// walletOf is a wallet of a member.
type walletOf struct {
	MemberID
	WalletID
}

func (l *ledger) head(day string) EntryHead {
	l.seq++
	h := testHead(l.seq)
	h.Day, h.At = day, day+"T10:00:00.000+02:00"
	return h
}

// apply writes an entry in its canonical form, reads it back and counts it. Afterwards the books must be right.
func (l *ledger) apply(e Entry) {
	l.t.Helper()
	body, err := e.Encode()
	if err != nil {
		l.t.Fatal(err)
	}
	stored, err := DecodeEntry(body)
	if err != nil {
		l.t.Fatal(err)
	}
	l.entries = append(l.entries, *stored)
	touched, stamped := []walletOf{}, []MemberID{}
	for _, m := range stored.Moves {
		if m.Points <= 0 || m.From == m.To {
			l.t.Fatalf("%s moves nothing: %+v", e.Kind, m)
		}
		l.accounts[m.From] -= m.Points
		l.accounts[m.To] += m.Points
		for _, account := range []string{m.From, m.To} {
			if id, w, ok := AccountWallet(account); ok && !slices.Contains(touched, walletOf{id, w}) {
				touched = append(touched, walletOf{id, w})
			}
			if id, _, ok := AccountStampCard(account); ok && !slices.Contains(stamped, id) {
				stamped = append(stamped, id)
			}
		}
	}
	for _, x := range touched {
		l.in(x.WalletID)[x.MemberID] = ApplyWallet(l.in(x.WalletID)[x.MemberID], stored.Moves, x.MemberID, x.WalletID)
	}
	for _, id := range stamped {
		l.past(id).Add(PastStep{Day: e.Day, Stamps: StampSteps(stored.Moves, id)})
	}
	l.check()
}

// check: every account together holds nothing, and a member's lots are what the member's accounts hold.
func (l *ledger) check() {
	l.t.Helper()
	sums, of, reserved := map[string]Points{}, map[walletOf]Points{}, map[walletOf]Points{}
	for account, points := range l.accounts {
		sums[unitOf(account)] += points
		if id, w, ok := AccountWallet(account); ok {
			of[walletOf{id, w}] += points
			if strings.HasSuffix(account, "/reserved") {
				reserved[walletOf{id, w}] = points
			}
		}
		if id, card, ok := AccountStampCard(account); ok && l.stampCard(id, card).Count != int64(points) {
			l.t.Fatalf("member %d: %+v, the account of %s holds %d", id, l.past(id).Stamps, card, points)
		}
		if strings.HasSuffix(account, "/transferred") && points != 0 {
			l.t.Fatalf("%d on their way through %s", points, account)
		}
	}
	for unit, sum := range sums {
		if sum != 0 {
			l.t.Fatalf("accounts sum to %d %s", sum, unit)
		}
	}
	for w := range l.wallets {
		l.checkLots(w, of, reserved)
	}
	l.checkLots(MainWallet, of, reserved)
}

func (l *ledger) checkLots(w WalletID, of, reserved map[walletOf]Points) {
	l.t.Helper()
	for id, lots := range l.in(w) {
		held := Points(0)
		for _, lot := range lots {
			held += lot.Reserved
		}
		if at := (walletOf{id, w}); Balance(lots) != of[at] || held != reserved[at] {
			l.t.Fatalf("member %d: lots of %q hold %d, %d reserved; accounts %d, %d: %+v", id, w, Balance(lots), held, of[at], reserved[at], lots)
		}
	}
}

// unitOf is what an account counts: each unit sums to zero by itself.
func unitOf(account string) string {
	part := strings.Split(account, "/")
	switch {
	case part[0] == "stamps":
		return "stamps of " + part[1]
	case part[0] == "member":
		return part[2]
	case part[0] == "programme" && len(part) == 3:
		return part[1]
	}
	return pointsWallet
}

func (l *ledger) holding(id MemberID) Holding { return Holding{Member: id, Lots: l.lots[id]} }

// wallet is what a member holds in one wallet.
func (l *ledger) wallet(id MemberID, w WalletID) Holding {
	return Holding{Member: id, Wallet: w, Lots: l.in(w)[id]}
}

// side is all that a member brings into a merge.
func (l *ledger) side(id MemberID, tier string) MergeSide {
	side := MergeSide{Holding: l.holding(id), Stamps: l.past(id).Stamps, Tier: TierState{Tier: tier}}
	for _, w := range slices.Sorted(maps.Keys(l.wallets)) {
		side.Wallets = append(side.Wallets, WalletState{Wallet: w, Lots: l.wallets[w][id]})
	}
	return side
}

func must(t testing.TB, e Entry, err error) Entry {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func wantCode(t testing.TB, err error, code string) {
	t.Helper()
	var bad *SaleError
	if !errors.As(err, &bad) || bad.Code != code {
		t.Errorf("got %v, want %s", err, code)
	}
}

func TestAReservationIsConfirmedCancelledOrReleasedOnce(t *testing.T) {
	for _, as := range []SettleAs{SettleConfirm, SettleCancel, SettleRelease} {
		l := newLedger(t)
		opening, err := Opening(OpeningInput{Member: 7, Source: "old", Lots: []OpeningLot{{Points: 100, Earned: "2026-01-01", Expires: "2026-12-31"}, {Points: 50, Earned: "2026-02-01", Expires: ""}}}, l.head("2026-03-01"))
		l.apply(must(t, opening, err))
		before := slices.Clone(l.lots[7])
		reserve, err := Reserve(ReserveInput{Holding: l.holding(7), Points: 120, Until: "2026-03-02T18:00:00.000+02:00", For: "kettle"}, l.head("2026-03-02"))
		l.apply(must(t, reserve, err))
		if got := Spendable(l.lots[7], "2026-03-02"); got != 30 {
			t.Fatalf("%d can be spent beside the reservation", got)
		}
		r, ok := ReservationOf(&l.entries[1])
		if !ok || r.Points != 120 {
			t.Fatalf("reservation %+v", r)
		}
		day := "2026-03-02"
		if as == SettleRelease {
			_, err := r.Settle(as, l.head(day))
			wantCode(t, err, ReserveRuns)
			day = "2026-03-03"
			_, err = r.Settle(SettleConfirm, l.head(day))
			wantCode(t, err, ReserveOver)
		}
		e, err := r.Settle(as, l.head(day))
		l.apply(must(t, e, err))
		if !r.SettledBy(&l.entries[2]) || r.SettledBy(&l.entries[1]) {
			t.Error("who settled it is not found")
		}
		want := before
		if as == SettleConfirm {
			want = []Lot{{ID: before[1].ID, Remaining: 30, Earned: "2026-02-01"}}
		}
		if !slices.Equal(l.lots[7], want) {
			t.Errorf("%s: lots %+v, want %+v", as, l.lots[7], want)
		}
	}
}

func TestOpeningBalancesAreReadOrRefusedByLineAndColumn(t *testing.T) {
	for name, tc := range map[string]struct{ file, want string }{
		"two lots and a debt":       {"member,points,earned,expires\n42, 100,2025-11-01,2026-10-31\n7,-20,,\n42,50,,2026-12-31\n", ""},
		"columns in another order":  {"expires,points,member\n2026-12-31,5,42\n", ""},
		"with a byte order mark":    {"\ufeffmember,points\n1,5\n", ""},
		"empty":                     {"", "1:1: the file is empty; begin with a line: member,points,earned,expires"},
		"unknown column":            {"member,pionts\n", "1:8: pionts: is not a column, or stands there twice; did you mean points?\n1:1: member, or number, or points is missing; name the column in the first line"},
		"by number":                 {"number,points\n6034 0000 0000 0018,5\n6034000000000018,7\n", ""},
		"no number of a card":       {"number,points\n12,5\n", "2:1: number: is not the number of a card; write the 8 to 19 digits printed on it"},
		"nobody":                    {"points\n5\n", "1:1: member, or number, or points is missing; name the column in the first line"},
		"named twice":               {"member,points,number\n", "1:15: number: stands beside member; keep one of both columns"},
		"no member":                 {"member,points\nx,5\n0,5\n", "2:1: member: \"x\" is not a member's number; write digits, such as 1042\n3:1: member: \"0\" is not a member's number; write digits, such as 1042"},
		"no number":                 {"member,points\n1,5.5\n", "2:3: points: \"5.5\" is not a whole number; write it without a point or spaces, such as 350"},
		"no day":                    {"member,points,expires\n1,5,2026-02-30\n", "2:5: expires: is not a day, or before the points were earned; write a whole number other than 0, and days as 2026-12-31, expires not before earned"},
		"nothing":                   {"member,points\n1,0\n", "2:3: points: is nothing; write a whole number other than 0, and days as 2026-12-31, expires not before earned"},
		"a wallet and a stamp card": {"member,points,wallet,stamp\n1,250,credit,\n1,4,,coffee\n1,9,,\n", ""},
		"a wallet that is no id":    {"member,points,wallet\n1,5,No Id\n", "2:5: wallet: is not the id of a wallet beside the points; write one of both as the programme calls it, or leave both empty for points"},
		"both at once":              {"member,points,wallet,stamp\n1,5,credit,coffee\n", "2:12: stamp: is not the id of a stamp card, or stands beside a wallet; write one of both as the programme calls it, or leave both empty for points"},
		"a field too few":           {"member,points\n1\n", "2:1: wrong number of fields; write as many fields as the first line has"},
	} {
		members, err := ReadOpening([]byte(tc.file), "old")
		got := ""
		if err != nil {
			got = err.Error()
		}
		if got != tc.want || err == nil && len(members) == 0 {
			t.Errorf("%s:\ngot  %s\nwant %s", name, got, tc.want)
		}
	}
	members, err := ReadOpening([]byte("member,points,earned,expires\n42, 100,2025-11-01,2026-10-31\n7,-20,,\n42,50,,2026-12-31\n"), "old")
	if err != nil || len(members) != 2 || members[0].Member != 42 || members[1].Line != 3 || len(members[0].Lots) != 2 || members[1].Lots[0].Points != -20 {
		t.Fatalf("%+v %v", members, err)
	}
	l := newLedger(t)
	for _, m := range members {
		e, err := Opening(m, l.head("2026-03-01"))
		l.apply(must(t, e, err))
	}
	if Balance(l.lots[42]) != 150 || Balance(l.lots[7]) != -20 || l.accounts[AccountOpening] != -130 {
		t.Errorf("%+v %+v", l.lots, l.accounts)
	}
	again := OpeningTxn("old", 42)
	if OpeningTxn("old", 42) == OpeningTxn("old", 43) || OpeningTxn("old", 42) == OpeningTxn("new", 42) || OpeningTxn("old", 42) != again {
		t.Error("transactions of an import")
	}
	if got := OpeningTxn("old", 42).String(); got[14] != '8' {
		t.Errorf("%s is not of version 8", got)
	}
}

func TestTheLargestEntriesOfAMemberFitABatch(t *testing.T) {
	p := compile(t, goodHead+"members: {transfer: {wait_days: 1}, replace_wait_days: 1}\n")
	const most = 1<<63 - 1
	head := EntryHead{Store: 1<<32 - 1, Epoch: 1<<32 - 1, Seq: most, Txn: TxnID{1}, Day: "2026-11-24", At: "2026-11-24T10:15:00.123+02:00", Lane: 255, Cashier: "somebody"}
	var lots []Lot
	for i := range 400 {
		lots = append(lots, Lot{ID: lotID(head.Store, head.Epoch, head.Seq, 1000+i), Remaining: 10_000_000_000, Earned: "2026-01-01", Expires: "2027-12-31", Usable: "2026-01-01"})
	}
	mine := Holding{Member: most, Lots: lots}
	big := func(n int64) Points { return Points(n * 10_000_000_000) }
	for name, make := range map[string]func() (Entry, error){
		"reserve": func() (Entry, error) {
			return Reserve(ReserveInput{Holding: mine, Points: big(maxReserved), Until: head.At}, head)
		},
		"transfer": func() (Entry, error) {
			return p.Transfer(TransferInput{From: mine, To: most - 1, Points: big(100), Reason: "gift"}, head)
		},
		"merge": func() (Entry, error) {
			return p.Merge(MergeSide{Holding: Holding{Member: most - 1}}, MergeSide{Holding: mine}, head)
		},
		"adjust": func() (Entry, error) {
			return p.Adjust(AdjustInput{Holding: mine, Points: -big(100), Reason: "mistake"}, head)
		},
		"replace": func() (Entry, error) {
			card := mine
			card.OnCard = big(100)
			return p.ReplaceCard(ReplaceInput{Holding: card, Old: CardID{1}, New: CardID{2}}, head)
		},
		"expire": func() (Entry, error) {
			late := head
			late.Day = "2028-01-01"
			e, _, err := p.PostExpiry(ExpiryInput{Member: most, Lots: lots}, late)
			return e, err
		},
		"opening": func() (Entry, error) {
			in := OpeningInput{Member: most, Source: "old"}
			for range MaxOpeningLots {
				in.Lots = append(in.Lots, OpeningLot{Points: maxPoints, Earned: "2026-01-01", Expires: "2027-12-31"})
			}
			return Opening(in, head)
		},
	} {
		e, err := make()
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		body, err := e.Encode()
		if err != nil || len(e.Moves) < maxReserved {
			t.Errorf("%s: %d movements, %v", name, len(e.Moves), err)
		}
		t.Logf("%s: %d bytes", name, len(body))
	}
	_, err := Reserve(ReserveInput{Holding: mine, Points: big(maxReserved) + 1, Until: head.At}, head)
	wantCode(t, err, MemberLots)
}

// A merge of more lots than an entry names goes on until nothing is left.
func TestAMemberWithVeryManyLotsIsMergedInSeveralEntries(t *testing.T) {
	p, l := compile(t, goodHead), newLedger(t)
	for range 250 {
		h := l.head("2026-01-05")
		e := h.Entry(KindSale)
		e.Member, e.Moves = 8, []Movement{{From: AccountIssued, To: AccountMain(8), Points: 2, Lot: h.lot(1), Earned: h.Day}}
		l.apply(e)
	}
	for i, left := range []Points{260, 20, 0} {
		e, err := p.Merge(l.side(7, ""), l.side(8, ""), l.head("2026-01-06"))
		l.apply(must(t, e, err))
		if e.Merge.Left != left || Balance(l.lots[8]) != left || Balance(l.lots[7]) != 500-left {
			t.Fatalf("merge %d: %+v, %d and %d", i+1, e.Merge, Balance(l.lots[7]), Balance(l.lots[8]))
		}
	}
}

func TestASaleConfirmsAReservationAndGivesTheRestBack(t *testing.T) {
	p, l := compile(t, goodHead+"redeem: {point_value: {points: 1, value: 0.10}}\nreturns: {}\nlimits: {redeem_without_purse: 10}\n"), newLedger(t)
	opening, err := Opening(OpeningInput{Member: 42, Source: "old", Lots: []OpeningLot{{Points: 50, Earned: "2026-01-01", Expires: "2026-12-31"}, {Points: 50, Earned: "2026-02-01", Expires: "2027-12-31"}}}, l.head("2026-11-01"))
	l.apply(must(t, opening, err))
	reserve, err := Reserve(ReserveInput{Holding: l.holding(42), Points: 60, Until: "2026-11-24T18:00:00.000+02:00"}, l.head("2026-11-20"))
	l.apply(must(t, reserve, err))
	r, _ := ReservationOf(&l.entries[1])

	in := QuoteInput{Sale: Sale{Lines: groceries(), Redeem: &Ask{Points: 45}}, Place: testPlace}
	in.Member = &MemberState{ID: 42, Medium: MediumNumber, Lots: l.lots[42], Available: Spendable(l.lots[42], testPlace.Day)}
	if q, err := p.Quote(in); err != nil || q.Redeem.Points != 10 {
		t.Fatalf("without the reservation: %+v %v", q.Redeem, err)
	}
	in.Member.Reserved = &r
	q, e := sell(t, p, in, l.head(testPlace.Day))
	if q.Redeem.Points != 45 || q.Redeem.Max != 70 {
		t.Fatalf("with it: %+v", q.Redeem)
	}
	l.apply(e)
	stored := &l.entries[2]
	if !r.SettledBy(stored) || Balance(l.lots[42]) != 55 || Spendable(l.lots[42], testPlace.Day) != 55 || l.accounts[AccountReserved(42)] != 0 {
		t.Errorf("lots %+v, accounts %+v", l.lots[42], l.accounts)
	}
	if _, diffs, err := p.Requote(stored, "", 40); err != nil || len(diffs) > 0 {
		t.Errorf("head office finds %v, %v", diffs, err)
	}
	sale, err := ReturnableOf(stored)
	if err != nil {
		t.Fatal(err)
	}
	back, err := Return(ReturnInput{Sale: sale, All: true, Lots: l.lots[42], Policy: p.ReturnPolicy()}, l.head(testPlace.Day))
	l.apply(must(t, back, err))
	if Balance(l.lots[42]) != 100 {
		t.Errorf("after the return %+v", l.lots[42])
	}

	for code, change := range map[string]func(*Reservation, *QuoteInput){
		ReserveOver: func(_ *Reservation, in *QuoteInput) { in.Place.At = "2026-11-24T18:01:00.000+02:00" },
		ReserveCard: func(r *Reservation, _ *QuoteInput) { r.card = true },
		SaleRange:   func(r *Reservation, _ *QuoteInput) { r.Member = 43 },
	} {
		bad, other := r, in
		change(&bad, &other)
		member := *in.Member
		member.Reserved = &bad
		other.Member = &member
		_, err := p.Quote(other)
		wantCode(t, err, code)
	}
}

func TestWhatMembersMayDoIsCheckedWithItsPlace(t *testing.T) {
	for doc, want := range map[string]string{
		"members: {}":                               "members: says nothing",
		"members: {transfer: {most: -1}}":           "members.transfer.most: -1 is out of range",
		"members: {transfer: {most: 10, month: 9}}": "members.transfer.most: is above what a month allows",
		"members: {transfer: {wait_days: 40000}}":   "members.transfer.wait_days: is out of range",
		"members: {replace_wait_days: -1}":          "members.replace_wait_days: is out of range",
		"members: {reasons: [gift, gift]}":          "members.reasons[1]: gift is used before",
		"members: {reasons: [No Id]}":               `members.reasons[0]: "No Id" is not an id`,
		"members: {transfers: {}}":                  "members.transfers: is not known here",
		"returns: {kept: cheaper}":                  `returns.kept: "cheaper" is not known`,
		"returns: {coupons: lost}":                  `returns.coupons: "lost" is not known`,
		"returns: {without_bill: always}":           `returns.without_bill: "always" is not known`,
	} {
		_, err := Compile([]byte(goodHead + doc + "\n"))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", doc, err, want)
		}
	}
	plain, spelled := compile(t, goodHead+"returns: {}\n"), compile(t, goodHead+"returns: {kept: pro_rata, coupons: burn, without_bill: refused}\n")
	if plain.Digest() != spelled.Digest() {
		t.Error("a default that is written out is another version")
	}
}

// A store that does not know the lots takes points that are free before those that are set aside.
func TestPointsSetAsideAreTakenLast(t *testing.T) {
	lots := []Lot{{ID: "1-1-1.1", Remaining: 50, Reserved: 50, Expires: "2026-12-31"}, {ID: "1-1-2.1", Remaining: 50}}
	left := Apply(lots, []Movement{{From: AccountMain(7), To: AccountRedeemed, Points: 30}}, 7)
	if left[0].Remaining != 50 || left[1].Remaining != 20 || Spendable(left, "2026-11-24") != 20 {
		t.Errorf("%+v", left)
	}
}
