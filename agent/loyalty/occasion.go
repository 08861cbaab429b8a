package loyalty

import (
	"crypto/sha256"
	"encoding/binary"
	"slices"
	"strconv"
	"strings"
)

// MemberDays is the days of a member's life that occasions look at. They stay where the member's data is: a sale is told
// only which occasions are on.
type MemberDays struct {
	Birthday string // 1992-02-29, or without the year 02-29; empty: not known
	Joined   string // day of joining; empty: not known
}

// occasion is one compiled occasion.
type occasion struct {
	id            string
	joined        bool // else the birthday
	before, after int
	march         bool // 29 February is 1 March where there is none; else 28 February
}

// Occasions names the occasions of a member that are on, by id and the year of the day itself: birthday-2026. The window of
// a day around New Year belongs to the year of the day. Whoever asks leaves out those that were used before.
func (p *Programme) Occasions(days MemberDays, day string) ([]string, error) {
	today, ok := parseDay(day)
	if !ok {
		return nil, &SaleError{"day", SaleTime}
	}
	var on []string
	for i := range p.occasions {
		o := &p.occasions[i]
		origin, first, ok := o.origin(days)
		if !ok {
			return nil, &SaleError{"member.days", SaleTime}
		}
		if origin == 0 {
			continue
		}
		y, _, _ := today.split()
		for year := y - 1; year <= y+1; year++ {
			the := o.in(year, origin)
			if year > first && today >= the-date(o.before) && today <= the+date(o.after) {
				on = append(on, o.id+"-"+strconv.Itoa(year))
			}
		}
	}
	return on, nil
}

// origin is the day of the year, and the year that it began in; 0 when the day is not known.
func (o *occasion) origin(days MemberDays) (d dayOfYear, first int, ok bool) {
	text := days.Birthday
	if o.joined {
		text = days.Joined
	}
	if text == "" {
		return 0, 0, true
	}
	if len(text) == len("02-29") && !o.joined {
		text = "1972-" + text
	}
	at, ok := parseDay(text)
	if !ok && len(text) == len(dateForm) && text < "1970" { // who was born before the calendar here begins
		at, ok = parseDay("1972" + text[4:])
	}
	y, m, n := at.split()
	return dayOfYear(m*100 + n), y, ok
}

// in is the occasion's day in a year.
func (o *occasion) in(year int, d dayOfYear) date {
	m, n := int(d)/100, int(d)%100
	if n > monthDays(year, m) {
		if o.march {
			return dayOf(year, 3, 1)
		}
		n = monthDays(year, m)
	}
	return dayOf(year, m, n)
}

// keyOf finds the key of an occasion among those that are on.
func keyOf(on []string, id string) (string, bool) {
	i := slices.IndexFunc(on, func(key string) bool {
		name, year, _ := cutLast(key)
		return name == id && len(year) == 4
	})
	if i < 0 {
		return "", false
	}
	return on[i], true
}

func cutLast(s string) (before, after string, found bool) {
	i := strings.LastIndexByte(s, '-')
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+1:], true
}

// pilot takes a share of all members, always the same ones for one name, and spread evenly whatever their numbers are.
type pilot struct {
	name  string
	share int64 // basis points
	rest  bool  // the others
}

func (p *pilot) takes(m MemberID) bool {
	if m == 0 {
		return false
	}
	buf := append([]byte("loyaltill pilot 1 "), p.name...)
	buf = binary.BigEndian.AppendUint64(append(buf, 0), uint64(m))
	sum := sha256.Sum256(buf)
	return (binary.BigEndian.Uint64(sum[:8])%fullShare < uint64(p.share)) != p.rest
}

// occasions is those that this bill used: a rule for them gave points, or took something off.
func (e *earning) occasions(o *outcome) []string {
	past := e.at.past
	if past == nil || len(past.Occasions) == 0 || e.in.Member == nil {
		return nil
	}
	var used []string
	use := func(w *when) {
		if w == nil || w.occasion == "" {
			return
		}
		if key, on := keyOf(past.Occasions, w.occasion); on && !slices.Contains(used, key) {
			used = append(used, key)
		}
	}
	for i := range e.cands {
		if c := &e.cands[i]; c.given > 0 || c.finding.Applied && c.rule.kind == multiply {
			use(c.rule.when)
			use(c.rule.common)
		}
	}
	for _, taken := range o.reductions {
		for _, w := range e.p.whensOf(taken.Rule) {
			use(w)
		}
	}
	slices.Sort(used)
	return used
}

// whensOf is the conditions of a discount, reward or coupon.
func (p *Programme) whensOf(id string) []*when {
	for _, list := range [][]reduction{p.discounts, p.rewards, p.couponGives} {
		if i := slices.IndexFunc(list, func(r reduction) bool { return r.id == id }); i >= 0 {
			return []*when{list[i].common, list[i].when}
		}
	}
	return nil
}
