package headoffice

import (
	"slices"

	"loyaltill/agent/loyalty"
	"loyaltill/store/hodb"
)

// proved keeps the proof of an entry. Where the entry begins or ceases to count, so may those after it that gave the same, and friends
// with it are looked at again.
func (j *judge) proved(m *matter, counts bool) error {
	a := m.entry.Activity
	if a.Proof == "" {
		return nil
	}
	given, err := j.tx.Proofs(a.Proof)
	if err != nil {
		return err
	}
	known := slices.IndexFunc(given, func(g hodb.Given) bool { return g.Place.Key == m.key })
	if known >= 0 && given[known].Counts == counts {
		return nil
	}
	if err := j.tx.PutProof(a.Proof, hodb.Given{Member: m.entry.Member, Activity: a.Activity, Place: m.place(), Counts: counts}); err != nil {
		return err
	}
	if known < 0 && !counts {
		return nil
	}
	for _, g := range given {
		if err := j.bringsFor(g.Member); err != nil {
			return err
		}
		if g.Activity == a.Activity && m.place().Before(g.Place) {
			if err := j.unsettle(g.Member, g.Place); err != nil {
				return err
			}
		}
	}
	return nil
}

// provedBefore is the entry that an activity's proof counts in, when that stands before; nil when none does.
func (j *judge) provedBefore(m *matter) (*hodb.Given, error) {
	a := m.entry.Activity
	if a.Proof == "" {
		return nil, nil
	}
	given, err := j.tx.Proofs(a.Proof)
	i := slices.IndexFunc(given, func(g hodb.Given) bool {
		return g.Counts && g.Activity == a.Activity && g.Place.Before(m.place())
	})
	if i < 0 || err != nil {
		return nil, err
	}
	return &given[i], nil
}

// guarded says that the two are one person, as far as is known by the day of the payment.
func (c *referralCourse) guarded(r *hodb.Referral, claim *loyalty.Entry) (bool, error) {
	referrer, err := c.j.registered(r.Referrer)
	if referrer == nil || err != nil {
		return true, err
	}
	friend, err := c.j.partOf(c.friend, r.Place)
	if err != nil {
		return true, err
	}
	if other, err := c.j.partOf(r.Referrer, r.Place); other == friend || err != nil {
		return true, err
	}
	if claim.Activity.Proof == "" {
		return false, nil
	}
	proofs, err := c.j.tx.Proofs(claim.Activity.Proof)
	return slices.ContainsFunc(proofs, func(p hodb.Given) bool {
		return p.Counts && p.Place.Before(r.Place) && p.Member == r.Referrer
	}), err
}

// partOf is who a member is part of at a place: himself, unless he has gone before it.
func (j *judge) partOf(id loyalty.MemberID, at hodb.Place) (loyalty.MemberID, error) {
	went, err := j.tx.WentBefore(id, at)
	for went != nil && err == nil {
		id = went.Into
		went, err = j.tx.WentBefore(id, at)
	}
	return id, err
}
