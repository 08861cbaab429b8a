package headoffice

import (
	"slices"

	"loyaltill/agent/loyalty"
	"loyaltill/store/hodb"
)

// proved keeps the proof of an entry while it counts. Friends with the same proof are looked at again.
func (j *judge) proved(m *matter, counts bool) error {
	a := m.entry.Activity
	if a.Proof == "" {
		return nil
	}
	err := j.tx.DropProof(a.Proof, m.place())
	if counts && err == nil {
		err = j.tx.PutProof(a.Proof, hodb.Given{Member: m.entry.Member, Activity: a.Activity, Place: m.place()})
	}
	if err != nil {
		return err
	}
	others, err := j.tx.Proofs(a.Proof)
	for _, o := range others {
		if err == nil {
			err = j.bringsFor(o.Member)
		}
	}
	return err
}

// guarded says that the two are one person, as far as is known by the day of the payment, or that the proof was somebody else's.
func (c *referralCourse) guarded(r *hodb.Referral, claim *loyalty.Entry, at hodb.Place) (bool, error) {
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
		return p.Place.Before(r.Place) && p.Member == r.Referrer ||
			p.Place.Before(at) && p.Member != c.friend && p.Activity == claim.Activity.Activity
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
