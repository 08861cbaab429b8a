package headoffice

import (
	"errors"
	"fmt"

	"loyaltill/agent/loyalty"
	"loyaltill/store/hodb"
)

// enrol enters a member whom a store has made. No points move by it.
func (j *judge) enrol(m *matter) error {
	body, id := m.entry.Enrol, m.entry.Member
	if body == nil {
		return j.notInterpreted(m.key, errors.New("enrolment without its body"))
	}
	hash, err := body.Hash()
	if err != nil {
		return j.notInterpreted(m.key, err)
	}
	told, err := j.firstTold(m)
	if err != nil {
		return err
	}
	r, err := j.tx.MemberRange(id)
	if errors.Is(err, hodb.ErrNotFound) || err == nil && (r.Store != m.key.Store || r.Epoch != told.Epoch) {
		return j.notInterpreted(m.key, fmt.Errorf("member number %d was not given to this store", id))
	}
	if err != nil {
		return err
	}
	known, err := j.tx.Enrolled(id)
	if err != nil {
		return err
	}
	if known != 0 {
		return j.notInterpreted(m.key, fmt.Errorf("member number %d was used before", id))
	}
	_, err = j.tx.Enrol(m.key, hodb.Member{ID: id, Language: body.Language, Joined: m.entry.Day}, hodb.Number{HMAC: hash, Masked: body.Masked})
	return err
}

// understand opens what is private of an entry and reads it under the names that head office knows.
func (j *judge) understand(m *matter) (err error) {
	if m.erased, err = j.office.home.Keys.open(j.tx, m.entry); err != nil {
		return err
	}
	return j.knowNames(m)
}

// knowNames reads an entry as if its store had known what head office knows: who was enrolled twice, in two stores at one time or
// at one that had not heard, is one member.
func (j *judge) knowNames(m *matter) error {
	if m.entry.Kind == loyalty.KindEnrol {
		return nil
	}
	as := map[loyalty.MemberID]loyalty.MemberID{}
	for _, given := range m.entry.MembersNamed() {
		if given < loyalty.FirstStoreMember {
			continue
		}
		id, err := j.tx.Enrolled(given)
		if err != nil {
			return err
		}
		if id != 0 && id != given {
			as[given] = id
		}
	}
	if len(as) > 0 {
		m.entry = m.entry.InNames(as)
	}
	return nil
}
