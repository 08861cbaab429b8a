package loyalty

import (
	"slices"
	"strings"
)

// ExpireBody sums up what an expiry took from one member.
type ExpireBody struct {
	Wallet       WalletID `json:"wallet,omitempty"`        // empty: the points
	Points       Points   `json:"points,omitempty"`        // by their last valid day
	Inactive     Points   `json:"inactive,omitempty"`      // because the last purchase is too long ago
	LastPurchase string   `json:"last_purchase,omitempty"` // with inactive: the day that decided
	Restored     Points   `json:"restored,omitempty"`      // expired before although they were spent, which was told later
}

// ExpiryInput is what the expiry of one member's points depends on.
type ExpiryInput struct {
	Member       MemberID
	Wallet       WalletID // each has an entry of its own
	Lots         []Lot
	LastPurchase string // day; empty: not known, nothing ends by inactivity
}

// maxExpired bounds the movements of one expiry; the next run takes what is left.
const maxExpired = 200

// PostExpiry makes the entry that ends the points whose time is over on a business day; false when there are none. With
// the entry applied it finds nothing more.
func (p *Programme) PostExpiry(in ExpiryInput, head EntryHead) (Entry, bool, error) {
	if err := head.check(in.Member); err != nil {
		return Entry{}, false, err
	}
	body := &ExpireBody{Wallet: in.Wallet}
	moves := ExpireWallet(in.Member, in.Wallet, in.Lots, head.Day)
	for _, m := range moves {
		if strings.HasSuffix(m.From, expiredPart) {
			body.Restored += m.Points
		} else {
			body.Points += m.Points
		}
	}
	if in.LastPurchase != "" {
		idle, err := p.ExpireInactiveWallet(in.Member, in.Wallet, ApplyWallet(in.Lots, moves, in.Member, in.Wallet), in.LastPurchase, head.Day)
		if err != nil {
			return Entry{}, false, err
		}
		for _, m := range idle {
			body.Inactive, body.LastPurchase = body.Inactive+m.Points, in.LastPurchase
		}
		moves = append(moves, idle...)
	}
	if len(moves) == 0 {
		return Entry{}, false, nil
	}
	e := head.Entry(KindExpire)
	e.Member, e.Expire, e.Moves = in.Member, body, moves
	return e, true, nil
}

// Expire gives the movements that end the lots whose last valid day is before day, and that give back what expired though
// it had been spent. Applied, they leave nothing for a second run to find. A deficit never expires; what is reserved
// expires when it is free again.
func Expire(member MemberID, lots []Lot, day string) []Movement {
	return ExpireWallet(member, MainWallet, lots, day)
}

// ExpireWallet is Expire for the lots of one wallet.
func ExpireWallet(member MemberID, wallet WalletID, lots []Lot, day string) []Movement {
	at := AccountsOf(member, wallet)
	sorted := slices.Clone(lots)
	SortLots(sorted)
	var moves []Movement
	for _, l := range sorted[:min(len(sorted), maxExpired)] {
		free := l.free()
		switch {
		case l.overExpired():
			l.Remaining = -l.Remaining
			moves = append(moves, l.move(at.Expired, at.Main))
		case free > 0 && l.Expires != "" && l.Expires < day:
			l.Remaining = free
			moves = append(moves, l.move(at.Main, at.Expired))
		}
	}
	return moves
}

// ExpireInactive gives the movements that end everything a member holds, when the programme says that inactivity does and
// the last purchase is too long ago. Run again it finds nothing more.
func (p *Programme) ExpireInactive(member MemberID, lots []Lot, lastPurchase, day string) ([]Movement, error) {
	return p.ExpireInactiveWallet(member, MainWallet, lots, lastPurchase, day)
}

// ExpireInactiveWallet is ExpireInactive for the lots of one wallet.
func (p *Programme) ExpireInactiveWallet(member MemberID, wallet WalletID, lots []Lot, lastPurchase, day string) ([]Movement, error) {
	at := AccountsOf(member, wallet)
	last, err := p.ActiveUntilIn(wallet, lastPurchase)
	if err != nil || last == "" || last >= day {
		return nil, err
	}
	return expireAll(at, lots), nil
}

// ExpireAll gives the movements that end everything a member holds and has not set aside.
func ExpireAll(member MemberID, lots []Lot) []Movement {
	return expireAll(AccountsOf(member, MainWallet), lots)
}

func expireAll(at Accounts, lots []Lot) (moves []Movement) {
	for _, l := range slices.SortedFunc(slices.Values(lots), compareLots)[:min(len(lots), maxExpired)] {
		if free := l.free(); free > 0 {
			l.Remaining = free
			moves = append(moves, l.move(at.Main, at.Expired))
		}
	}
	return moves
}

// ActiveUntil is the last day on which a member who buys nothing more still holds points; empty when inactivity ends none.
func (p *Programme) ActiveUntil(lastPurchase string) (string, error) {
	return p.ActiveUntilIn(MainWallet, lastPurchase)
}

// ActiveUntilIn is ActiveUntil for one wallet.
func (p *Programme) ActiveUntilIn(wallet WalletID, lastPurchase string) (string, error) {
	i := p.walletIndex(wallet)
	if i < 0 {
		return "", &SaleError{"wallet", SaleWallet}
	}
	last, ok := parseDay(lastPurchase)
	if !ok {
		return "", &SaleError{"last_purchase", SaleTime}
	}
	if p.wallets[i].inactive == 0 {
		return "", nil
	}
	return last.plusMonths(p.wallets[i].inactive).String(), nil
}

// ExpiringPoints is what ends together.
type ExpiringPoints struct {
	Points  Points `json:"points"`
	Expires string `json:"expires"` // last valid day
}

// Expiring is what a member loses within so many days unless it is spent, soonest first: for the notice on a receipt. Today
// counts as day 0; what has expired already is not in it.
func Expiring(lots []Lot, day string, within int) ([]ExpiringPoints, error) {
	from, ok := parseDay(day)
	if !ok || within < 0 || within > maxExpiryDays {
		return nil, &SaleError{"day", SaleTime}
	}
	to := (from + date(within)).String()
	var sums []ExpiringPoints
	for _, l := range lots {
		if l.free() <= 0 || l.Expires < day || l.Expires > to || l.Expires == "" {
			continue
		}
		i, found := slices.BinarySearchFunc(sums, l.Expires, func(s ExpiringPoints, day string) int { return strings.Compare(s.Expires, day) })
		if !found {
			sums = slices.Insert(sums, i, ExpiringPoints{Expires: l.Expires})
		}
		sums[i].Points += l.free()
	}
	return sums, nil
}
