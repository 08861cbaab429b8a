package loyalty

import "fmt"

// EntryRef names an entry of any store.
type EntryRef struct {
	Store StoreID `json:"store"`
	Epoch Epoch   `json:"epoch"`
	Seq   Seq     `json:"seq"`
}

// RefTo names an entry.
func RefTo(e *Entry) EntryRef { return EntryRef{e.Store, e.Epoch, e.Seq} }

// backTo fills in the short reference when the entry named is in the same log.
func (r EntryRef) backTo(e *Entry) {
	if e.Store == r.Store && e.Epoch == r.Epoch {
		e.Ref = r.Seq
	}
}

// Holding is what one member has in one wallet, for entries without a sale.
type Holding struct {
	Member MemberID
	Wallet WalletID // empty: the points
	Lots   []Lot
	OnCard Points // of the points, in the purse of a card: no store can take those without it
}

// at is the member's account in the wallet, such as main.
func (h *Holding) at(part string) string { return inWallet(h.Member, h.Wallet, part) }

// via is the programme's account of the wallet, such as transferred.
func (h *Holding) via(part string) string { return ofProgramme(h.Wallet, part) }

// held looks up the wallet of a holding.
func (p *Programme) held(h *Holding) (*wallet, error) {
	i := p.walletIndex(h.Wallet)
	if i < 0 {
		return nil, &SaleError{"wallet", SaleWallet}
	}
	return &p.wallets[i], nil
}

// maxPassed bounds the lots that one entry of a member takes, so that it stays within MaxBodyBytes.
const maxPassed = 120

// Codes of a SaleError about an entry of a member.
const (
	MemberUnknown    = "member.unknown"     // no member is named
	MemberSame       = "member.same"        // both members are one
	MemberReason     = "member.reason"      // a reason that is no id, or not in the programme's list
	MemberShort      = "member.short"       // fewer points than are to be taken
	MemberLots       = "member.lots"        // more lots than one entry can name: do it in parts
	MemberLimit      = "member.limit"       // beyond what the programme lets a member give
	MemberNotAllowed = "member.not_allowed" // the programme has no such thing
	MemberReserved   = "member.reserved"    // points are still reserved
	MemberNothing    = "member.nothing"     // no points at all
	MemberStamp      = "member.stamp"       // a stamp card that the programme does not have
	ReserveOver      = "reserve.over"       // the reservation has run out
	ReserveRuns      = "reserve.runs"       // the reservation has not run out yet
	ReserveCard      = "reserve.card"       // points of a lost card cannot be spent before they are released
	ReserveWallet    = "reserve.wallet"     // a sale confirms points alone; of another wallet the reservation is settled by itself
	ReverseKind      = "reverse.kind"       // not an entry that can be reversed
	ReverseTwice     = "reverse.twice"      // reversed before
)

// check holds the head to what a business day and a member must be.
func (h *EntryHead) check(members ...MemberID) error {
	if _, ok := parseDay(h.Day); !ok {
		return &SaleError{"day", SaleTime}
	}
	if _, ok := parseInstant(h.At); !ok {
		return &SaleError{"at", SaleTime}
	}
	for i, m := range members {
		if m < 1 {
			return &SaleError{fmt.Sprintf("members[%d]", i), MemberUnknown}
		}
	}
	return nil
}

// reason checks why something is done by hand: an id, and one of the programme's list when it has one.
func (p *Programme) reason(given string) error {
	if !idForm.MatchString(given) {
		return &SaleError{"reason", MemberReason}
	}
	if len(p.members.reasons) > 0 && !p.members.reasons[given] {
		return &SaleError{"reason", MemberReason}
	}
	return nil
}

// amount holds points to what one entry may move.
func checkAmount(points Points) error {
	switch {
	case points <= 0:
		return &SaleError{"points", MemberNothing}
	case points > maxPoints:
		return &SaleError{"points", SaleRange}
	}
	return nil
}

// takes takes points that are not on a card, from lots that may be spent on a day.
func (h *Holding) takes(points Points, day string, most int) ([]Lot, error) {
	if points > Spendable(h.Lots, day)-h.OnCard {
		return nil, &SaleError{"points", MemberShort}
	}
	taken, missing := take(h.Lots, points, day, most)
	if missing > 0 {
		return nil, &SaleError{"points", MemberLots}
	}
	return taken, nil
}

// lot names the nth lot that the entry makes.
func (h *EntryHead) lot(n int) LotID { return lotID(h.Store, h.Epoch, h.Seq, n) }

// passOn takes lots of one wallet from a member to another, who gets them as lots of this entry with the life that they had;
// first numbers them. usable is the first day on which they may be spent; empty: as before.
func (h *EntryHead) passOn(from *Holding, taken []Lot, to MemberID, first int, usable string) []Movement {
	moves := make([]Movement, 0, 2*len(taken))
	passing := from.via(transferredPart)
	for _, l := range taken {
		moves = append(moves, l.move(from.at(mainPart), passing))
	}
	for i, l := range taken {
		l.ID, l.Usable = h.lot(first+i), max(l.Usable, usable)
		moves = append(moves, l.move(passing, inWallet(to, from.Wallet, mainPart)))
	}
	return moves
}
