package loyalty

import "slices"

// IdleOn gives the first day after one, up to another, on which what a member holds of a wallet has ended because the last
// purchase is too long ago, by the version that is in force as the day begins; empty for none.
func IdleOn(versions []*Programme, wallet WalletID, lastPurchase, after, to string) string {
	last, from, until := date(0), date(0), date(0)
	for _, d := range []struct {
		text string
		day  *date
	}{{lastPurchase, &last}, {after, &from}, {to, &until}} {
		day, ok := parseDay(d.text)
		if !ok {
			return ""
		}
		*d.day = day
	}
	turns := []date{from + 1} // days from which the answer may be another
	for _, p := range versions {
		turns = append(turns, p.validFrom.day, p.validFrom.day+1, last.plusMonths(p.inactiveMonths(wallet))+1)
	}
	slices.Sort(turns)
	for _, day := range turns {
		if day <= from || day > until {
			continue
		}
		p, err := InForce(versions, day.String()+"T00:00:00.000Z")
		if err != nil || p == nil {
			continue
		}
		if n := p.inactiveMonths(wallet); n > 0 && last.plusMonths(n) < day {
			return day.String()
		}
	}
	return ""
}

// inactiveMonths is how long a member may buy nothing; 0 when that ends nothing, or there is no such wallet.
func (p *Programme) inactiveMonths(wallet WalletID) int {
	if i := p.walletIndex(wallet); i >= 0 {
		return p.wallets[i].inactive
	}
	return 0
}

// monthEnds is by how many days the ends of months may lie apart.
const monthEnds = 3

// IdleSince is a day since which whoever is idle on another day has bought nothing, whichever version is in force; empty when
// inactivity ends nothing.
func IdleSince(versions []*Programme, day string) string {
	d, ok := parseDay(day)
	least := 0
	for _, p := range versions {
		for i := range p.wallets {
			if n := p.wallets[i].inactive; n > 0 && (least == 0 || n < least) {
				least = n
			}
		}
	}
	if !ok || least == 0 {
		return ""
	}
	return (d.minusMonths(least) + monthEnds).String()
}

// EndsIdle says whether inactivity ends anything.
func (p *Programme) EndsIdle() bool {
	return slices.ContainsFunc(p.wallets, func(w wallet) bool { return w.inactive > 0 })
}
