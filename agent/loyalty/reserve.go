package loyalty

// ReserveBody says what is set aside.
type ReserveBody struct {
	Points Points `json:"points"`
	Until  string `json:"until"`         // last valid moment, local time with offset
	For    string `json:"for,omitempty"` // an id of the caller's: a reward, an order

	Wallet WalletID `json:"wallet,omitempty"` // empty: the points
}

// SettleBody says how a reservation ended, or the wait for a lost card's points.
type SettleBody struct {
	EntryRef          // of the reservation
	As       SettleAs `json:"as"`
	Points   Points   `json:"points"`
	Wallet   WalletID `json:"wallet,omitempty"` // the reservation's
}

// SettleAs says how a reservation ends. A sale that confirms one has no entry of this kind beside it.
type SettleAs string

const (
	SettleConfirm SettleAs = "confirm" // the points are spent
	SettleCancel  SettleAs = "cancel"  // they go back before the time is over; of a lost card: it was found
	SettleRelease SettleAs = "release" // they go back because it is
)

// ReserveInput is what a reservation depends on.
type ReserveInput struct {
	Holding
	Points Points
	Until  string
	For    string
}

// maxReserved bounds the lots of one reservation, so that a sale can confirm it and still draw on others.
const maxReserved = 32

// Reserve sets points aside. Until they are settled nobody else spends them, and they do not expire.
func Reserve(in ReserveInput, head EntryHead) (Entry, error) {
	if err := head.check(in.Member); err != nil {
		return Entry{}, err
	}
	if err := checkAmount(in.Points); err != nil {
		return Entry{}, err
	}
	at, _ := parseInstant(head.At)
	if until, ok := parseInstant(in.Until); !ok || until < at {
		return Entry{}, &SaleError{"until", SaleTime}
	}
	if in.For != "" && !idForm.MatchString(in.For) {
		return Entry{}, &SaleError{"for", MemberReason}
	}
	taken, err := in.takes(in.Points, head.Day, maxReserved)
	if err != nil {
		return Entry{}, err
	}
	e := head.Entry(KindReserve)
	e.Member, e.Reserve = in.Member, &ReserveBody{Points: in.Points, Until: in.Until, For: in.For, Wallet: in.Wallet}
	for _, l := range taken {
		e.Moves = append(e.Moves, l.move(in.at(mainPart), in.at(reservedPart)))
	}
	return e, nil
}

// Reservation is points set aside by an entry. A sale that confirms one writes it down without its lots.
type Reservation struct {
	EntryRef
	Points Points   `json:"points"`
	Until  string   `json:"until"`
	Member MemberID `json:"-"`
	Wallet WalletID `json:"-"` // a sale confirms points alone
	Lots   []Lot    `json:"-"` // what was taken of each

	card bool // points of a lost card
}

// ReservationOf reads what an entry set aside; false for one that set nothing aside.
func ReservationOf(e *Entry) (Reservation, bool) {
	r := Reservation{EntryRef: RefTo(e), Member: e.Member}
	switch {
	case e.Kind == KindReserve && e.Reserve != nil:
		r.Until, r.Wallet = e.Reserve.Until, e.Reserve.Wallet
	case e.Kind == KindReplace && e.Replace != nil && e.Replace.Until != "":
		r.Until, r.card = e.Replace.Until, true
	default:
		return Reservation{}, false
	}
	for _, m := range e.Moves {
		if m.To == inWallet(e.Member, r.Wallet, reservedPart) {
			r.Points += m.Points
			r.Lots = append(r.Lots, Lot{ID: m.Lot, Remaining: m.Points, Earned: m.Earned, Expires: m.Expires, Usable: m.Usable})
		}
	}
	return r, r.Points > 0
}

// SettledBy says whether an entry ended the reservation. Who keeps the ledger looks for one before making another, and gives
// the first as the answer to the second.
func (r *Reservation) SettledBy(e *Entry) bool {
	return e.Kind == KindSettle && e.Settle != nil && e.Settle.EntryRef == r.EntryRef ||
		e.Kind == KindSale && e.Sale != nil && e.Sale.Confirms != nil && e.Sale.Confirms.EntryRef == r.EntryRef
}

// RunOut says whether the last valid moment is over.
func (r *Reservation) RunOut(at string) (bool, error) {
	now, ok := parseInstant(at)
	until, ok2 := parseInstant(r.Until)
	if !ok || !ok2 {
		return false, &SaleError{"at", SaleTime}
	}
	return now > until, nil
}

// Settle makes the entry that ends the reservation: confirmed or cancelled in its time, released after it. What is not spent
// is in the lots from which it came, with the life that they had.
func (r *Reservation) Settle(as SettleAs, head EntryHead) (Entry, error) {
	if err := head.check(r.Member); err != nil {
		return Entry{}, err
	}
	over, err := r.RunOut(head.At)
	if err != nil {
		return Entry{}, err
	}
	to := inWallet(r.Member, r.Wallet, mainPart)
	switch {
	case as == SettleConfirm && r.card:
		return Entry{}, &SaleError{"as", ReserveCard}
	case as == SettleRelease && !over:
		return Entry{}, &SaleError{"as", ReserveRuns}
	case as != SettleRelease && over:
		return Entry{}, &SaleError{"as", ReserveOver}
	case as == SettleConfirm:
		to = ofProgramme(r.Wallet, redeemedPart)
	case as == SettleCancel && r.card:
		to = AccountCard(r.Member)
	}
	e := head.Entry(KindSettle)
	e.Member, e.Settle = r.Member, &SettleBody{EntryRef: r.EntryRef, As: as, Points: r.Points, Wallet: r.Wallet}
	r.backTo(&e)
	for _, l := range r.Lots {
		e.Moves = append(e.Moves, l.move(inWallet(r.Member, r.Wallet, reservedPart), to))
	}
	return e, nil
}

// SettledBefore is what the movements of an entry become that ends a reservation which another store had ended already: what
// was spent was spent from the member's account, and nothing goes back twice.
func SettledBefore(moves []Movement) []Movement {
	var out []Movement
	for _, m := range moves {
		member, wallet, ok := AccountWallet(m.From)
		if ok && m.From == inWallet(member, wallet, reservedPart) {
			if m.From = inWallet(member, wallet, mainPart); m.To != ofProgramme(wallet, redeemedPart) {
				continue
			}
		}
		out = append(out, m)
	}
	return out
}
