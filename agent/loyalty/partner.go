package loyalty

import (
	"slices"
	"strings"
)

// PartnerPart is what one partner's rules gave in a sale: the chain settles it with the partner.
type PartnerPart struct {
	Partner string `json:"partner"`
	Points  Points `json:"points"`
}

const partnerPrefix = "partner/"

// AccountPartner is where the points of a wallet come into being that a partner pays for.
func AccountPartner(partner string, w WalletID) string {
	if w == MainWallet {
		return partnerPrefix + partner + issuedPart
	}
	return partnerPrefix + partner + "/" + string(w) + issuedPart
}

// issuedBy is where points of a wallet come into being: with the partner whose rule gave them, or with the programme.
func issuedBy(partner string, at *Accounts, w WalletID) string {
	if partner == "" {
		return at.Issued
	}
	return AccountPartner(partner, w)
}

const issuedPart = "/issued" // of every account on which points come into being

// issues says whether points come into being on the account.
func issues(account string) bool { return strings.HasSuffix(account, issuedPart) }

// partnersOf adds up what every partner gave of a wallet, in the order of the movements.
func partnersOf(moves []Movement, to string) []PartnerPart {
	var parts []PartnerPart
	for _, m := range moves {
		rest, ok := strings.CutPrefix(m.From, partnerPrefix)
		if !ok || m.To != to {
			continue
		}
		partner, _, _ := strings.Cut(rest, "/")
		i := slices.IndexFunc(parts, func(p PartnerPart) bool { return p.Partner == partner })
		if i < 0 {
			i, parts = len(parts), append(parts, PartnerPart{Partner: partner})
		}
		parts[i].Points += m.Points
	}
	return parts
}

// addPartners adds up two lists.
func addPartners(to, more []PartnerPart) []PartnerPart {
	to = slices.Clone(to)
	for _, p := range more {
		if i := slices.IndexFunc(to, func(o PartnerPart) bool { return o.Partner == p.Partner }); i >= 0 {
			to[i].Points += p.Points
		} else {
			to = append(to, p)
		}
	}
	return to
}

// toPartners is what partners get back of points taken back by this return, after those before it. Each partner's sum over
// all returns is in proportion to what it gave, rounded down; the rest is the programme's. It depends on the sum taken alone
// and never falls as that grows, so parts sum to the whole.
func (in *ReturnInput) toPartners(taken Points) []PartnerPart {
	before := Points(0)
	for i := range in.Before {
		before += in.Before[i].Taken
	}
	var parts []PartnerPart
	for _, p := range in.Sale.Partners {
		share := func(taken Points) Points {
			f, _ := mulDiv(int64(min(taken, in.Sale.Earned)), int64(p.Points), int64(in.Sale.Earned)) // at most p.Points
			return Points(f.whole)
		}
		if n := share(before+taken) - share(before); n > 0 {
			parts = append(parts, PartnerPart{p.Partner, n})
		}
	}
	return parts
}

// backToPartners sends what is taken back to those who gave it.
func (s *settlement) backToPartners() {
	for _, p := range s.in.toPartners(s.body.Taken) {
		s.moves = readdress(s.moves, s.at.Issued, AccountPartner(p.Partner, s.in.wallet), p.Points)
	}
}

// ToPartners sends points of the main wallet that a return takes back, as many as given, to the partners who gave them.
func (in *ReturnInput) ToPartners(moves []Movement, taken Points) []Movement {
	for _, p := range in.toPartners(taken) {
		moves = readdress(moves, AccountIssued, AccountPartner(p.Partner, MainWallet), p.Points)
	}
	return moves
}

// readdress sends so many points that go to one account to another instead.
func readdress(moves []Movement, from, to string, points Points) []Movement {
	for i := 0; i < len(moves) && points > 0; i++ {
		m := &moves[i]
		if m.To != from {
			continue
		}
		part := *m
		part.To, part.Points = to, min(points, m.Points)
		points -= part.Points
		if m.Points -= part.Points; m.Points == 0 {
			*m = part
		} else {
			moves = append(moves, part)
		}
	}
	return moves
}

// validPartners holds the parts of partners to what was earned in all.
func validPartners(parts []PartnerPart, earned Points) bool {
	sum := Points(0)
	for _, p := range parts {
		if !idForm.MatchString(p.Partner) || p.Points < 1 || p.Points > earned {
			return false
		}
		sum += p.Points
	}
	return len(parts) <= maxExpiries && sum <= earned
}
