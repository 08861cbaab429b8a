package headoffice

import (
	"fmt"

	"loyaltill/agent/loyalty"
	"loyaltill/store/hodb"
)

// merging enters the entry by which a member goes, and has what stands after it judged again: a member goes once, and nobody
// becomes part of one who is gone.
func (j *judge) merging(m *matter) error {
	gone := m.entry.Merge.Gone
	others, err := j.tx.Merges(gone)
	for _, o := range others {
		if err == nil && m.place().Before(o.Place) {
			err = j.unsettle(o.Into, o.Place)
		}
	}
	member, rerr := j.registered(gone)
	if err == nil && rerr == nil && member != nil && member.Late(m.place()) {
		rerr = j.unsettle(gone, m.place())
	}
	if err == nil {
		err = rerr
	}
	if err != nil || m.entry.Merge.Left != 0 {
		return err
	}
	return j.tx.AddMerge(hodb.Merge{Gone: gone, Into: m.entry.Member, Place: m.place()})
}

// merged adds the past of the member who goes, all of it: what of it is told later counts as well.
func (j *judge) merged(m *matter, v verdict) (verdict, error) {
	body := m.entry.Merge
	for _, id := range []loyalty.MemberID{body.Gone, m.entry.Member} {
		went, err := j.firstMerge(id)
		if err != nil {
			return v, err
		}
		if went != nil && went.Place.Before(m.place()) {
			v.moves, v.reason = nil, hodb.CaseActivityRepeated
			return v, j.open(v.reason, m.key, fmt.Sprintf("member %d was part of member %d by then", id, went.Into))
		}
	}
	if body.Left != 0 {
		return v, nil
	}
	gone, err := j.registered(body.Gone)
	if err != nil || gone == nil {
		return v, err
	}
	v.step.Day = m.entry.Day
	v.step.Merged, err = j.poster.Past(gone)
	return v, err
}

// follow has the past of a member who is gone added anew to the one whose part he is.
func (j *judge) follow(gone *hodb.Member) error {
	if gone.Status == hodb.MemberActive {
		return nil
	}
	went, err := j.firstMerge(gone.ID)
	if err != nil || went == nil {
		return err
	}
	other, err := j.firstMerge(went.Into)
	if err != nil || other != nil && other.Place.Before(went.Place) { // he did not go: see merged
		return err
	}
	return j.unsettle(went.Into, went.Place)
}

// firstMerge is the first entry by which a member goes; nil for none.
func (j *judge) firstMerge(id loyalty.MemberID) (*hodb.Merge, error) {
	all, err := j.tx.Merges(id)
	if err != nil || len(all) == 0 {
		return nil, err
	}
	return &all[0], nil
}

// endMember ends who became part of another, who has the higher tier of both from that day on.
func (j *judge) endMember(e *loyalty.Entry, stays *hodb.Member) error {
	gone, err := j.registered(e.Merge.Gone)
	if err != nil || gone == nil || gone.Status != hodb.MemberActive {
		return err
	}
	had, err := j.tx.TierState(gone)
	if err != nil {
		return err
	}
	has, err := j.tx.TierState(stays)
	if err != nil {
		return err
	}
	p, err := j.office.inForce(j.tx, e.Day)
	if err != nil {
		return err
	}
	if p != nil {
		if higher := p.HigherTier(has, had); higher != has {
			if err := j.tx.MoveTier(stays.ID, e.Day, higher, "tier.merged"); err != nil {
				return err
			}
			stays.TiersMoved()
		}
	}
	gone.Status = hodb.MemberErased
	return j.tx.EndMember(gone.ID, stays.ID)
}
