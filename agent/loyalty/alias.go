package loyalty

import (
	"slices"
	"strconv"
	"strings"
)

// MembersNamed are the members whose numbers an entry uses, each once.
func (e *Entry) MembersNamed() []MemberID {
	var all []MemberID
	e.names(func(m *MemberID) {
		if *m != 0 && !slices.Contains(all, *m) {
			all = append(all, *m)
		}
	}, func(account *string) {
		if m, ok := accountHolder(*account); ok && !slices.Contains(all, m) {
			all = append(all, m)
		}
	})
	return all
}

// InNames gives the entry with other numbers in place of those of people who were enrolled twice.
func (e *Entry) InNames(as map[MemberID]MemberID) *Entry {
	out := *e
	out.Moves = slices.Clone(e.Moves)
	out.Transfer, out.Merge, out.Activity = copied(e.Transfer), copied(e.Merge), copied(e.Activity)
	out.names(func(m *MemberID) {
		if other, is := as[*m]; is {
			*m = other
		}
	}, func(account *string) {
		m, ok := accountHolder(*account)
		if other, is := as[m]; ok && is {
			*account = strings.Replace(*account, memberPrefix+strconv.FormatInt(int64(m), 10), memberPrefix+strconv.FormatInt(int64(other), 10), 1)
		}
	})
	return &out
}

// names walks through every place where an entry says who.
func (e *Entry) names(member func(*MemberID), account func(*string)) {
	member(&e.Member)
	if e.Transfer != nil {
		member(&e.Transfer.To)
	}
	if e.Merge != nil {
		member(&e.Merge.Gone)
	}
	if e.Activity != nil {
		member(&e.Activity.Referrer)
	}
	for i := range e.Moves {
		account(&e.Moves[i].From)
		account(&e.Moves[i].To)
	}
}

func copied[T any](p *T) *T {
	if p == nil {
		return nil
	}
	v := *p
	return &v
}

const memberPrefix = "member/"

// accountHolder says whose an account is, of whatever it holds: member/7/points/main, stamps/coffee/member/7.
func accountHolder(account string) (MemberID, bool) {
	at := strings.Index(account, memberPrefix)
	if at < 0 {
		return 0, false
	}
	digits, _, _ := strings.Cut(account[at+len(memberPrefix):], "/")
	id, err := strconv.ParseInt(digits, 10, 64)
	return MemberID(id), err == nil && id > 0
}
