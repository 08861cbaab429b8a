package headoffice

import (
	"fmt"
	"maps"
	"slices"

	"loyaltill/agent/loyalty"
	"loyaltill/store/hodb"
)

// maxReferral bounds how often who brought a friend is paid and has it taken back, each counted.
const maxReferral = 16

// brings notes that who brought a member is to be paid, or not, by what is known now.
func (j *judge) brings(friend loyalty.MemberID) { j.friends[friend] = true }

// bringsBy notes what the first judgement of an entry may change: a claim, a first purchase, goods that come back.
func (j *judge) bringsBy(m *matter, b before, step *loyalty.PastStep) {
	buys := step.Purchases > 0 && b.past.Purchases == 0 || m.entry.Kind == loyalty.KindReturn
	if step.Referred != "" || b.past.Referred != "" && buys {
		j.brings(b.member.ID)
	}
}

// bringsFor notes all friends whom a member, or one who has become part of him, brought or was.
func (j *judge) bringsFor(ids ...loyalty.MemberID) error {
	for seen := map[loyalty.MemberID]bool{}; len(ids) > 0; {
		id := ids[0]
		if ids = ids[1:]; seen[id] {
			continue
		}
		seen[id] = true
		friends, err := j.tx.Brought(id)
		if err != nil {
			return err
		}
		for _, f := range friends {
			j.brings(f)
		}
		parts, err := j.tx.PartsOf(id)
		if err != nil {
			return err
		}
		ids = append(ids, parts...)
	}
	return nil
}

// referrals works out anew what those get who brought members, and has it judged where it stands among their entries.
func (j *judge) referrals() error {
	for _, friend := range slices.Sorted(maps.Keys(j.friends)) {
		if err := j.referral(friend); err != nil {
			return fmt.Errorf("referral of member %d: %w", friend, err)
		}
	}
	clear(j.friends)
	return nil
}

func (j *judge) referral(friend loyalty.MemberID) error {
	c := referralCourse{j: j, friend: friend}
	if err := c.follow(); err != nil {
		return err
	}
	have, err := j.tx.Referrals(friend)
	if err != nil {
		return err
	}
	if c.referrer != 0 {
		if err := j.tx.PutBrought(friend, c.referrer, c.due); err != nil {
			return err
		}
	}
	same := 0
	for same < min(len(have), len(c.entries)) && have[same].Same(&c.entries[same]) {
		same++
	}
	for _, r := range slices.Backward(have[same:]) {
		if err := j.withdraw(&r); err != nil {
			return err
		}
	}
	for _, r := range c.entries[same:] {
		if err := j.enter(&r); err != nil {
			return err
		}
	}
	return nil
}

// enter puts an entry of head office's own among the referrer's; it is judged with all that stands after it.
func (j *judge) enter(r *hodb.Referral) error {
	member, err := j.registered(r.Referrer)
	if err == nil {
		err = j.tx.PutReferral(r)
	}
	if err == nil {
		err = j.poster.Remember(member, r.Place, loyalty.PastStep{})
	}
	if err != nil {
		return err
	}
	return j.unsettle(r.Referrer, r.Place)
}

func (j *judge) withdraw(r *hodb.Referral) error {
	member, err := j.registered(r.Referrer)
	if err == nil {
		err = j.poster.Withdraw(member, r.Place)
	}
	if err == nil {
		err = j.tx.DropReferral(r)
	}
	if err != nil {
		return err
	}
	j.stepped(r.Referrer, r.Place.Day)
	return j.unsettle(r.Referrer, r.Place)
}

// referralCourse follows what a friend bought and brought back, to what who brought him gets.
type referralCourse struct {
	j        *judge
	friend   loyalty.MemberID
	past     loyalty.Past
	claims   []hodb.MemberEntry
	referrer loyalty.MemberID
	entries  []hodb.Referral
	due      string // the day from which what has been bought is kept long enough
}

// follow pays for the first purchase of which enough is kept; is that taken back, for the next first one.
func (c *referralCourse) follow() error {
	all, err := c.j.tx.MemberEntries(c.friend)
	for i, e := range all {
		if err != nil || c.due != "" || len(c.entries) == maxReferral {
			break
		}
		if e.Step.Referred != "" {
			c.claims = append(c.claims, e)
		}
		owed := len(c.entries)%2 == 0 // not paid, or taken back
		if owed && e.Step.Purchases > 0 && c.past.Purchases == 0 {
			err = c.bought(&all[i], all[i+1:])
		}
		c.past.Add(e.Step)
	}
	return err
}

// bought decides about a first purchase, from the friend's entries after it.
func (c *referralCourse) bought(sale *hodb.MemberEntry, later []hodb.MemberEntry) error {
	i := slices.IndexFunc(c.claims, func(e hodb.MemberEntry) bool { return e.Step.Referred == c.past.Referred })
	if i < 0 {
		return nil
	}
	claim, err := c.j.read(c.claims[i].Key)
	if err != nil {
		return err
	}
	p, err := c.j.published(claim.Activity.Programme)
	if err != nil {
		return err
	}
	terms, ok := p.Referral(claim.Activity.Activity)
	if !ok {
		return nil
	}
	r := hodb.Referral{Friend: c.friend, Referrer: claim.Activity.Referrer, Claim: c.claims[i].Key, Sale: sale.Key}
	r.Place = hodb.Place{Day: dayAfter(sale.Day(), terms.WaitDays), At: sale.Place().At.AddDate(0, 0, terms.WaitDays)}
	c.referrer = r.Referrer
	if guarded, err := c.guarded(&r, claim); guarded || err != nil {
		return err
	}
	return c.kept(r, terms, later)
}

// kept pays when enough has been kept through the wait, and takes it back with the goods that come after it.
func (c *referralCourse) kept(r hodb.Referral, terms loyalty.ReferralTerms, later []hodb.MemberEntry) error {
	sale, err := c.j.read(r.Sale)
	if err != nil {
		return err
	}
	back, err := c.cameBack(r.Sale, later)
	if err != nil {
		return err
	}
	left := sale.Sale.Total
	for len(back) > 0 && back[0].place.Before(r.Place) {
		left -= back[0].money
		back = back[1:]
	}
	if left < terms.Minimum {
		return nil
	}
	if terms.WaitDays > 0 && c.j.poster.Begun() < r.Place.Day {
		c.due = r.Place.Day
		return nil
	}
	c.add(r, r.Place)
	for _, b := range back {
		if left -= b.money; left < terms.Minimum {
			c.add(r, b.place)
			return nil
		}
	}
	return nil
}

func (c *referralCourse) add(r hodb.Referral, at hodb.Place) {
	r.No, r.Place = len(c.entries), at
	r.Place.Key = hodb.ReferralKey(c.friend, r.No)
	c.entries = append(c.entries, r)
}

// goods is money for goods that came back.
type goods struct {
	place hodb.Place
	money int64
}

// cameBack is what came back of a sale; a return that counts for nothing took none.
func (c *referralCourse) cameBack(sale hodb.EntryKey, later []hodb.MemberEntry) (all []goods, err error) {
	links, err := c.j.tx.Links(hodb.LinkReturn, sale)
	for _, l := range links {
		counts := slices.ContainsFunc(later, func(e hodb.MemberEntry) bool { return e.Key == l.Place.Key && e.Step.Day != "" })
		if !counts || err != nil {
			continue
		}
		var e *loyalty.Entry
		if e, err = c.j.read(l.Place.Key); err == nil {
			all = append(all, goods{l.Place, e.Return.Money})
		}
	}
	return all, err
}

// referSome pays for friends after a number whose goods have been kept long enough, and gives the last of them; 0 when there are no
// more.
func (o *Office) referSome(tx *hodb.Tx, out *DayOutcome, after loyalty.MemberID) (last loyalty.MemberID, err error) {
	j, err := o.judge(tx)
	if err != nil {
		return 0, err
	}
	ids, err := tx.BroughtDue(after, out.Day, membersAtOnce)
	for _, id := range ids {
		last = id
		j.brings(id)
	}
	if err != nil {
		return 0, err
	}
	_, err = j.flush()
	return last, err
}
