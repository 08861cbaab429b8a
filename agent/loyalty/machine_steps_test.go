package loyalty

import (
	"slices"

	"pgregory.net/rapid"
)

// sell sells to a member from what the store knows, maybe for points, maybe confirming a reservation.
func (w *world) sell(t *rapid.T) {
	s, id := w.shop(t), member(t, "member")
	b, head := w.books(s), w.head(s)
	lots := b.lots[id]
	in := QuoteInput{Place: Place{Store: s.id, Lane: 1, At: head.At, Day: head.Day}}
	in.Member = &MemberState{ID: id, Medium: MediumNumber, Tier: b.tiers[id].Tier, Lots: lots, Available: max(Spendable(lots, head.Day), 0)}
	if err := w.p.Recall(in.Member, &Record{Past: *w.past(b, id)}, head.Day); err != nil {
		t.Fatal(err)
	}
	for range rapid.IntRange(1, 4).Draw(t, "lines") {
		in.Sale.Lines = append(in.Sale.Lines, Line{SKU: rapid.SampledFrom([]string{"a", "b", "c"}).Draw(t, "sku"), Quantity: 1000 * rapid.Int64Range(1, 3).Draw(t, "pieces"),
			Amount: rapid.Int64Range(0, 9000).Draw(t, "amount")})
	}
	if n := rapid.Int64Range(-10, 200).Draw(t, "points asked"); n > 0 {
		in.Sale.Redeem = &Ask{Points: Points(n)}
	}
	if rapid.Bool().Draw(t, "wants a cup") {
		in.Sale.Rewards = []RewardAsk{{Reward: "cup"}}
	}
	for _, r := range b.openOf(id) {
		if over, _ := r.RunOut(head.At); !over && rapid.Bool().Draw(t, "confirms") {
			in.Member.Reserved = &r
		}
	}
	q, err := w.p.Quote(in)
	if err != nil {
		t.Fatal(err)
	}
	if q.Due > 0 {
		in.Sale.Tenders = []Tender{{Kind: TenderCash, Amount: q.Due}}
	}
	e, err := w.p.Post(q, in, head)
	if err != nil {
		t.Fatal(err)
	}
	w.write(t, s, e)
	if _, diffs, err := w.p.Requote(&w.log[len(w.log)-1], e.Sale.Tier, e.Sale.Available); err != nil || len(diffs) > 0 {
		t.Fatalf("head office finds %v, %v", diffs, err)
	}
}

func (w *world) past(b *books, id MemberID) *Past {
	if p := b.pasts[id]; p != nil {
		return p
	}
	return &Past{}
}

// stamps is what is on a member's card.
func (w *world) stamps(b *books, id MemberID) int64 {
	if all := w.past(b, id).Stamps; len(all) > 0 {
		return all[0].Count
	}
	return 0
}

// openOf is a member's reservations that nobody has settled, in the order in which they were made.
func (b *books) openOf(id MemberID) []Reservation {
	var all []Reservation
	for _, e := range b.entries {
		if r, ok := b.open[RefTo(e)]; ok && r.Member == id {
			all = append(all, r)
		}
	}
	return all
}

// giveBack takes goods of a sale back in the store that sold them.
func (w *world) giveBack(t *rapid.T) {
	s := w.shop(t)
	b := w.books(s)
	sales := b.of(KindSale, func(e *Entry) bool { return e.Store == s.id })
	if len(sales) == 0 {
		return
	}
	e := rapid.SampledFrom(sales).Draw(t, "sale")
	sale, err := ReturnableOf(e)
	if err != nil {
		t.Fatal(err)
	}
	terms, err := w.p.Terms(e)
	if err != nil {
		t.Fatal(err)
	}
	in := ReturnInput{Sale: sale, Lots: b.lots[sale.Member], Policy: w.p.ReturnPolicy(), Terms: terms, All: rapid.Bool().Draw(t, "all"), Expired: b.expired(sale.Lots)}
	paid := int64(0)
	for _, r := range b.of(KindReturn, func(r *Entry) bool { return r.Return.Store == e.Store && r.Return.Seq == e.Seq }) {
		in.Before = append(in.Before, *r.Return)
		paid += r.Return.Money
	}
	if !in.All {
		in.Lines = []ReturnedLine{{rapid.IntRange(0, len(sale.Lines)-1).Draw(t, "line"), 1000}}
	}
	back, err := Return(in, w.head(s))
	if refused(t, err, ReturnNothing, ReturnMore) {
		return
	}
	if paid += back.Return.Money; paid > sale.ToPay || in.All && paid != sale.ToPay {
		t.Fatalf("%d given back of %d", paid, sale.ToPay)
	}
	w.write(t, s, back)
	if _, diffs, err := RequoteReturn(&w.log[len(w.log)-1], in); err != nil || len(diffs) > 0 {
		t.Fatalf("head office finds %v, %v", diffs, err)
	}
}

func (b *books) of(kind Kind, fits func(*Entry) bool) []*Entry {
	return slices.DeleteFunc(slices.Clone(b.entries), func(e *Entry) bool { return e.Kind != kind || !fits(e) })
}

// expired is what expired of lots, less what was found not to have.
func (b *books) expired(lots []LotID) Points {
	sum := Points(0)
	for _, e := range b.of(KindExpire, func(*Entry) bool { return true }) {
		for _, m := range e.Moves {
			switch {
			case !slices.Contains(lots, m.Lot):
			case m.To == AccountExpired:
				sum += m.Points
			default:
				sum -= m.Points
			}
		}
	}
	return max(sum, 0)
}

func (w *world) expire(t *rapid.T) {
	s, id := w.shop(t), member(t, "member")
	b := w.books(s)
	in := ExpiryInput{Member: id, Lots: b.lots[id], LastPurchase: b.last[id]}
	e, some, err := w.p.PostExpiry(in, w.head(s))
	if err != nil {
		t.Fatal(err)
	}
	if !some {
		return
	}
	w.write(t, s, e)
	in.Lots = Apply(in.Lots, e.Moves, id)
	if again, some, _ := w.p.PostExpiry(in, w.head(s)); some {
		t.Fatalf("expired again: %+v", again.Moves)
	}
}

// review is head office's: it alone knows what counts.
func (w *world) review(t *rapid.T) {
	s, id := w.shops[0], member(t, "member")
	b, day := w.books(s), w.day.String()
	from, to, err := w.p.TierWindow(day)
	if err != nil {
		t.Fatal(err)
	}
	in := ReviewInput{State: b.tiers[id], Now: w.past(b, id).Between(from, to)}
	e, some, err := w.p.PostReview(id, in, w.head(s))
	if err != nil {
		t.Fatal(err)
	}
	if !some {
		return
	}
	w.write(t, s, e)
	in.State = e.Tier.State
	if again, some, _ := w.p.PostReview(id, in, w.head(s)); some {
		t.Fatalf("reviewed again: %+v", again.Tier)
	}
}

// holding is what a member has in one of the wallets.
func (b *books) holding(t *rapid.T, id MemberID) Holding {
	if rapid.Bool().Draw(t, "credit") {
		return Holding{Member: id, Wallet: creditWallet, Lots: b.credit[id]}
	}
	return Holding{Member: id, Lots: b.lots[id]}
}

func (w *world) transfer(t *rapid.T) {
	s, from, to := w.shop(t), member(t, "from"), member(t, "to")
	in := TransferInput{From: w.books(s).holding(t, from), To: to, Points: Points(rapid.Int64Range(1, 150).Draw(t, "points")), Reason: "gift",
		Split: rapid.Bool().Draw(t, "split")}
	e, err := w.p.Transfer(in, w.head(s))
	if !refused(t, err, MemberSame, MemberShort) {
		w.write(t, s, e)
	}
}

func (w *world) adjust(t *rapid.T) {
	s, id := w.shop(t), member(t, "member")
	in := AdjustInput{Holding: w.books(s).holding(t, id), Points: Points(rapid.Int64Range(-100, 100).Draw(t, "points")), Reason: "mistake"}
	e, err := w.p.Adjust(in, w.head(s))
	if !refused(t, err, MemberNothing, MemberShort) {
		w.write(t, s, e)
	}
}

func (w *world) reserve(t *rapid.T) {
	s, id := w.shop(t), member(t, "member")
	until := (w.day + date(rapid.IntRange(1, 30).Draw(t, "days"))).String() + "T12:00:00.000+02:00"
	e, err := Reserve(ReserveInput{Holding: Holding{Member: id, Lots: w.books(s).lots[id]}, Points: Points(rapid.Int64Range(1, 100).Draw(t, "points")), Until: until}, w.head(s))
	if !refused(t, err, MemberShort) {
		w.write(t, s, e)
	}
}

// settle ends a reservation that the store believes to be open; another may have ended it already.
func (w *world) settle(t *rapid.T) {
	s, id := w.shop(t), member(t, "member")
	open := w.books(s).openOf(id)
	if len(open) == 0 {
		return
	}
	r := rapid.SampledFrom(open).Draw(t, "reservation")
	e, err := r.Settle(rapid.SampledFrom([]SettleAs{SettleConfirm, SettleCancel, SettleRelease}).Draw(t, "as"), w.head(s))
	if refused(t, err, ReserveOver, ReserveRuns) {
		return
	}
	w.write(t, s, e)
	if !r.SettledBy(&e) {
		t.Fatalf("%+v does not say what it settles", e)
	}
}

func (w *world) merge(t *rapid.T) {
	s, stays, goes := w.shops[0], member(t, "stays"), member(t, "goes")
	b := w.books(s)
	side := func(id MemberID) MergeSide {
		return MergeSide{Holding: Holding{Member: id, Lots: b.lots[id]}, Tier: b.tiers[id], Stamps: w.past(b, id).Stamps,
			Wallets: []WalletState{{Wallet: creditWallet, Lots: b.credit[id], Balance: Balance(b.credit[id])}}}
	}
	e, err := w.p.Merge(side(stays), side(goes), w.head(s))
	if refused(t, err, MemberSame, MemberReserved) {
		return
	}
	w.write(t, s, e)
	if got, want := Balance(w.books(s).credit[stays]), Balance(b.credit[stays])+Balance(b.credit[goes]); got != want || len(w.books(s).credit[goes]) > 0 {
		t.Fatalf("member %d holds %d of credit, want %d", stays, got, want)
	}
	if got, want := w.stamps(w.books(s), stays), w.stamps(b, stays)+w.stamps(b, goes); got != want || w.stamps(w.books(s), goes) != 0 {
		t.Fatalf("member %d has %d stamps, want %d", stays, got, want)
	}
	if left := w.books(s).lots[goes]; len(left) > 0 {
		t.Fatalf("member %d has ended and holds %+v", goes, left)
	}
	if got, want := Balance(w.books(s).lots[stays]), Balance(b.lots[stays])+e.Merge.Points; got != want {
		t.Fatalf("member %d holds %d, want %d", stays, got, want)
	}
}

// reverse undoes an entry as head office knows it. Points that were spent since are missing then, which only a chain that is
// not always in touch is tried with.
func (w *world) reverse(t *rapid.T) {
	if w.online {
		return
	}
	s := w.shops[0]
	b := w.books(s)
	if len(b.entries) == 0 {
		return
	}
	of := rapid.SampledFrom(b.entries).Draw(t, "entry")
	e, err := w.p.Reverse(ReverseInput{Entry: of, Before: b.reversed, Reason: "mistake"}, w.head(s))
	if refused(t, err, ReverseKind, ReverseTwice) {
		return
	}
	w.write(t, s, e)
	_, err = w.p.Reverse(ReverseInput{Entry: of, Before: w.books(s).reversed, Reason: "mistake"}, w.head(s))
	refused(t, err, ReverseTwice)
	if err == nil {
		t.Fatal("reversed twice")
	}
}
