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

// Spendable is what the lots hold that may be spent on a day: not expired, no longer pending; a deficit counts below zero.
func Spendable(lots []Lot, day string) Points {
	sum := Points(0)
	for i := range lots {
		if lots[i].Remaining < 0 || lots[i].spendable(day) {
			sum += lots[i].Remaining
		}
	}
	return sum
}

// spendable says whether the lot may be drawn on; on no particular day, any that holds something.
func (l *Lot) spendable(day string) bool {
	return l.Remaining > 0 && (day == "" || (l.Expires == "" || l.Expires >= day) && l.Usable <= day)
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
const maxDraws = 64

// draw takes points from lots that are open on a day. What they do not cover becomes a movement without a lot: the card's
// purse, or head office's permission, proved that the points are there; this store does not know from which lot.
func draw(lots []Lot, points Points, day, from, to string) []Movement {
	open := make([]Lot, 0, len(lots))
	for _, l := range lots {
		if l.spendable(day) {
			open = append(open, l)
		}
	}
	SortLots(open)
	var moves []Movement
	for _, l := range open[:min(len(open), maxDraws)] {
		if points == 0 {
			return moves
		}
		take := min(points, l.Remaining)
		moves = append(moves, Movement{From: from, To: to, Points: take, Lot: l.ID})
		points -= take
	}
	if points > 0 {
		moves = append(moves, Movement{From: from, To: to, Points: points})
	}
	return moves
}

// Apply replays an entry's movements over a member's lots and gives the lots that are open after it, in the order of
// drawing. The lots given are not changed. It does not notice an entry applied twice: that is for who keeps the cursor.
func Apply(lots []Lot, moves []Movement, member MemberID) []Lot {
	out := slices.Clone(lots)
	for _, m := range moves {
		from, fromOK := AccountMember(m.From)
		to, toOK := AccountMember(m.To)
		out = applyOne(out, m, fromOK && from == member, toOK && to == member)
	}
	out = slices.DeleteFunc(out, func(l Lot) bool { return l.Remaining == 0 })
	SortLots(out)
	return out
}

// applyOne: points that only change the account of one member (onto the card) stay in their lots.
func applyOne(lots []Lot, m Movement, gives, gets bool) []Lot {
	switch {
	case gives == gets:
		return lots
	case gets:
		return credit(lots, m)
	}
	return debit(lots, m)
}

// credit fills deficits first; the rest is the new lot, or comes back to the lot named.
func credit(lots []Lot, m Movement) []Lot {
	points := m.Points
	for i := range lots {
		if lots[i].Remaining < 0 {
			fill := min(points, -lots[i].Remaining)
			lots[i].Remaining += fill
			points -= fill
		}
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

func debit(lots []Lot, m Movement) []Lot {
	points := m.Points
	if m.Lot != "" {
		if i := slices.IndexFunc(lots, func(l Lot) bool { return l.ID == m.Lot }); i >= 0 && lots[i].Remaining > 0 {
			take := min(points, lots[i].Remaining)
			lots[i].Remaining -= take
			points -= take
		}
	}
	SortLots(lots)
	for i := range lots {
		if lots[i].Remaining > 0 {
			take := min(points, lots[i].Remaining)
			lots[i].Remaining -= take
			points -= take
		}
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

// Expire gives the movements that end the lots whose last valid day is before day. Applied, they leave nothing for a
// second run to find. A deficit never expires.
func Expire(member MemberID, lots []Lot, day string) []Movement {
	sorted := slices.Clone(lots)
	SortLots(sorted)
	var moves []Movement
	for _, l := range sorted {
		if l.Remaining > 0 && l.Expires != "" && l.Expires < day {
			moves = append(moves, Movement{From: AccountMain(member), To: AccountExpired, Points: l.Remaining, Lot: l.ID})
		}
	}
	return moves
}

// ExpireInactive gives the movements that end everything a member holds, when the programme says that inactivity does and
// the last purchase is too long ago: the last valid day is as many months after it. Run again it finds nothing more.
func (p *Programme) ExpireInactive(member MemberID, lots []Lot, lastPurchase, day string) ([]Movement, error) {
	last, ok := parseDay(lastPurchase)
	if !ok {
		return nil, &SaleError{"last_purchase", SaleTime}
	}
	if p.inactive == 0 || last.plusMonths(p.inactive).String() >= day {
		return nil, nil
	}
	ended := slices.Clone(lots)
	for i := range ended {
		ended[i].Expires = lastPurchase
	}
	return Expire(member, ended, day), nil
}
