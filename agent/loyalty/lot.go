package loyalty

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
)

// Balance is what the lots hold together; a deficit counts below zero.
func Balance(lots []Lot) Points {
	sum := Points(0)
	for _, l := range lots {
		sum += l.Remaining
	}
	return sum
}

// Spendable is what the lots hold that may be spent on a day: not expired, no longer pending, not reserved; a deficit
// counts below zero.
func Spendable(lots []Lot, day string) Points {
	sum := Points(0)
	for i := range lots {
		if l := &lots[i]; l.free() < 0 && !l.overExpired() || l.spendable(day) {
			sum += l.free()
		}
	}
	return sum
}

// free is what no reservation holds. It is below zero for a deficit, and where points reserved here were spent elsewhere.
func (l *Lot) free() Points { return l.Remaining - l.Reserved }

// overExpired says that more of the lot expired than was left of it: a redemption at another store came to be known after
// the expiry. It is no debt of the member, and Expire gives it back.
func (l *Lot) overExpired() bool { return l.Remaining < 0 && l.ID != deficitLot }

// spendable says whether the lot may be drawn on; on no particular day, any that holds something.
func (l *Lot) spendable(day string) bool {
	return l.free() > 0 && (day == "" || (l.Expires == "" || l.Expires >= day) && l.Usable <= day)
}

// SortLots puts lots into the order in which they are drawn: soonest expiring first, then oldest, never expiring last.
// Deficits stand before everything, for they are filled first.
func SortLots(lots []Lot) { slices.SortFunc(lots, compareLots) }

func compareLots(a, b Lot) int {
	if d := cmp.Compare(min(a.Remaining, 0), min(b.Remaining, 0)); d != 0 && (a.Remaining < 0 || b.Remaining < 0) {
		return d
	}
	if a.Expires != b.Expires {
		if a.Expires == "" {
			return 1
		}
		if b.Expires == "" {
			return -1
		}
		return strings.Compare(a.Expires, b.Expires)
	}
	if d := strings.Compare(a.Earned, b.Earned); d != 0 {
		return d
	}
	return compareLotIDs(string(a.ID), string(b.ID))
}

// compareLotIDs orders ids by their numbers, so that entry 9 comes before entry 10.
func compareLotIDs(a, b string) int {
	i, j := 0, 0
	for i < len(a) && j < len(b) {
		x, y := numberEnd(a, i), numberEnd(b, j)
		if x > i && y > j {
			na, nb := strings.TrimLeft(a[i:x], "0"), strings.TrimLeft(b[j:y], "0")
			if d := cmp.Or(cmp.Compare(len(na), len(nb)), strings.Compare(na, nb)); d != 0 {
				return d
			}
			i, j = x, y
			continue
		}
		if a[i] != b[j] {
			return cmp.Compare(a[i], b[j])
		}
		i, j = i+1, j+1
	}
	return cmp.Or(cmp.Compare(len(a)-i, len(b)-j), strings.Compare(a, b))
}

func numberEnd(s string, from int) int {
	for from < len(s) && s[from] >= '0' && s[from] <= '9' {
		from++
	}
	return from
}

// lotID names the nth lot that an entry makes.
func lotID(store StoreID, epoch Epoch, seq Seq, n int) LotID {
	b := make([]byte, 0, 32)
	b = strconv.AppendUint(b, uint64(store), 10)
	b = append(b, '-')
	b = strconv.AppendUint(b, uint64(epoch), 10)
	b = append(b, '-')
	b = strconv.AppendInt(b, int64(seq), 10)
	b = append(b, '.')
	b = strconv.AppendInt(b, int64(n), 10)
	return LotID(b)
}

// maxDraws bounds the movements of one redemption, so that its entry stays within MaxBodyBytes. What more lots than
// these would give is one movement without a lot.
const (
	maxDraws       = 64
	maxWalletDraws = 16 // of a wallet beside the points
)

// take takes points from lots that are open on a day, from at most so many. It gives what it took of each, and what is
// missing. On no particular day, every lot is open.
func take(lots []Lot, points Points, day string, most int) (taken []Lot, missing Points) {
	open := make([]Lot, 0, len(lots))
	for _, l := range lots {
		if l.spendable(day) {
			open = append(open, l)
		}
	}
	SortLots(open)
	for i := range open[:min(len(open), most)] {
		if points == 0 {
			return open[:i], 0
		}
		l := &open[i]
		l.Remaining, l.Reserved = min(points, l.free()), 0
		points -= l.Remaining
	}
	return open[:min(len(open), most)], points
}

// draw takes points from lots that are open on a day. What they do not cover becomes a movement without a lot: the card's
// purse, or head office's permission, proved that the points are there; this store does not know from which lot.
func draw(lots []Lot, points Points, day, from, to string) []Movement {
	return drawAtMost(lots, points, maxDraws, day, from, to)
}

func drawAtMost(lots []Lot, points Points, most int, day, from, to string) []Movement {
	taken, missing := take(lots, points, day, most)
	var moves []Movement
	for _, l := range taken {
		moves = append(moves, Movement{From: from, To: to, Points: l.Remaining, Lot: l.ID})
	}
	if missing > 0 {
		moves = append(moves, Movement{From: from, To: to, Points: missing})
	}
	return moves
}

// move is all that is left of the lot on its way from one account to another, with its life written down.
func (l *Lot) move(from, to string) Movement {
	return Movement{From: from, To: to, Points: l.Remaining, Lot: l.ID, Expires: l.Expires, Earned: l.Earned, Usable: l.Usable}
}

// Apply replays an entry's movements over a member's lots and gives the lots that are open after it, in the order of
// drawing. The lots given are not changed. It does not notice an entry applied twice: that is for who keeps the cursor.
// The lots are those of the points; movements of other wallets leave them alone.
func Apply(lots []Lot, moves []Movement, member MemberID) []Lot {
	return ApplyWallet(lots, moves, member, MainWallet)
}

// ApplyWallet is Apply for the lots of one wallet.
func ApplyWallet(lots []Lot, moves []Movement, member MemberID, wallet WalletID) []Lot {
	out := slices.Clone(lots)
	mine := func(account string) bool {
		m, w, ok := AccountWallet(account)
		return ok && m == member && w == wallet
	}
	for _, m := range moves {
		out = applyOne(out, m, mine(m.From), mine(m.To))
	}
	out = slices.DeleteFunc(out, func(l Lot) bool { return l.Remaining == 0 && l.Reserved == 0 })
	SortLots(out)
	return out
}

// applyOne: points that only change the account of one member (onto the card, set aside) stay in their lots.
func applyOne(lots []Lot, m Movement, gives, gets bool) []Lot {
	if gets && strings.HasSuffix(m.To, "/"+reservedPart) {
		lots = claim(lots, m, m.Points)
	}
	if gives && strings.HasSuffix(m.From, "/"+reservedPart) {
		lots = claim(lots, m, -m.Points)
	}
	switch {
	case gives == gets:
		return lots
	case gets:
		return credit(lots, m)
	}
	return debit(lots, m)
}

// claim counts what of a lot is set aside. It only counts, so that a reservation and its end, told by two stores, may
// arrive in any order.
func claim(lots []Lot, m Movement, points Points) []Lot {
	if i := slices.IndexFunc(lots, func(l Lot) bool { return l.ID == m.Lot }); i >= 0 {
		lots[i].Reserved += points
		return lots
	}
	return append(lots, Lot{ID: m.Lot, Earned: m.Earned, Expires: m.Expires, Usable: m.Usable, Reserved: points})
}

// credit fills the deficit first; the rest is the new lot, or comes back to the lot named.
func credit(lots []Lot, m Movement) []Lot {
	points := m.Points
	if i := slices.IndexFunc(lots, func(l Lot) bool { return l.ID == deficitLot }); i >= 0 && !strings.HasSuffix(m.From, expiredPart) {
		fill := min(points, max(-lots[i].Remaining, 0))
		lots[i].Remaining += fill
		points -= fill
	}
	if points == 0 {
		return lots
	}
	if i := slices.IndexFunc(lots, func(l Lot) bool { return l.ID == m.Lot }); i >= 0 {
		lots[i].Remaining += points
		return lots
	}
	return append(lots, Lot{ID: m.Lot, Remaining: points, Earned: m.Earned, Expires: m.Expires, Usable: m.Usable})
}

// deficitLot holds what was taken beyond every known lot.
const deficitLot LotID = "deficit"

// Deficit is what was taken beyond every lot.
func Deficit(lots []Lot) Points {
	if i := slices.IndexFunc(lots, func(l Lot) bool { return l.ID == deficitLot }); i >= 0 {
		return -lots[i].Remaining
	}
	return 0
}

// debit takes points from the lot named, then as a redemption would, and only then what is set aside: a reservation ends
// at another store before the points are missed. What expires is the lot named and nothing else, though less is left of it
// than the entry thought.
func debit(lots []Lot, m Movement) []Lot {
	points := m.Points
	if strings.HasSuffix(m.To, expiredPart) && m.Lot != "" {
		if i := slices.IndexFunc(lots, func(l Lot) bool { return l.ID == m.Lot }); i >= 0 {
			lots[i].Remaining -= points
			return lots
		}
		return append(lots, Lot{ID: m.Lot, Remaining: -points, Earned: m.Earned, Expires: m.Expires})
	}
	take := func(l *Lot, most Points) {
		n := min(points, max(most, 0))
		l.Remaining -= n
		points -= n
	}
	if i := slices.IndexFunc(lots, func(l Lot) bool { return l.ID == m.Lot }); i >= 0 && m.Lot != "" {
		take(&lots[i], lots[i].free())
	}
	SortLots(lots)
	for i := range lots {
		take(&lots[i], lots[i].free())
	}
	for i := range lots {
		take(&lots[i], lots[i].Remaining)
	}
	if points == 0 {
		return lots
	}
	if i := slices.IndexFunc(lots, func(l Lot) bool { return l.ID == deficitLot }); i >= 0 {
		lots[i].Remaining -= points
		return lots
	}
	return append(lots, Lot{ID: deficitLot, Remaining: -points})
}
