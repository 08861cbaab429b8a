package headoffice

import (
	"fmt"
	"maps"
	"reflect"
	"slices"

	"loyaltill/agent/loyalty"
	"loyaltill/store/hodb"
)

// ofMember judges an entry whose meaning may depend on what the member did before. The entries of a member count in one
// order, whenever they arrive: what comes late waits for settle, which judges it and all that stands after it.
func (j *judge) ofMember(m *matter) error {
	awaited, err := j.isAwaited(m)
	if err != nil {
		return err
	}
	id := m.entry.Member
	member, err := j.registered(id)
	if err != nil {
		return err
	}
	if member == nil {
		return j.first(m, before{})
	}
	_, waits := j.unsettled[id]
	gone := member.Status != hodb.MemberActive // it counts for whose part he is, from the day on which he went
	if waits || awaited || gone || member.Late(m.place()) && (m.entry.Kind != loyalty.KindSale || j.looksBack) {
		if err := j.unsettle(id, m.place()); err != nil {
			return err
		}
		j.stepped(id, m.entry.Day)
		return j.poster.Remember(member, m.place(), loyalty.PastStep{})
	}
	b := before{member: member}
	if b.past, err = j.poster.Past(member); err != nil {
		return err
	}
	if j.looksBack {
		if b.held, err = j.poster.Held(id); err != nil {
			return err
		}
	}
	return j.first(m, b)
}

// first judges an entry that nothing of the member stands after.
func (j *judge) first(m *matter, b before) error {
	v, err := j.verdict(m, b)
	if err != nil {
		return err
	}
	if err := j.post(m, v); err != nil || b.member == nil {
		return err
	}
	if err := j.register(m, v); err != nil {
		return err
	}
	j.stepped(b.member.ID, m.entry.Day, v.step)
	j.bringsBy(m, b, &v.step)
	return j.poster.Remember(b.member, m.place(), v.step)
}

func (j *judge) verdict(m *matter, b before) (verdict, error) {
	switch m.entry.Kind {
	case loyalty.KindSale:
		return j.sale(m, b)
	case loyalty.KindReturn:
		return j.goodsBack(m, b)
	case loyalty.KindReverse:
		return j.reversal(m)
	case loyalty.KindActivity:
		v, err := j.deed(m, b)
		if err == nil {
			err = j.proved(m, v.step.Day != "")
		}
		return v, err
	case loyalty.KindPayment:
		return j.paidLater(m, b)
	}
	return j.plain(m, b)
}

// isAwaited says whether entries that name this one came before it. They are judged again with it.
func (j *judge) isAwaited(m *matter) (bool, error) {
	if !slices.Contains(j.awaited, m.key.Seq) {
		return false, nil
	}
	links, err := j.tx.LinksTo(m.key)
	for _, l := range links {
		if err == nil {
			err = j.unsettle(l.Member, l.Place)
		}
	}
	if err == nil {
		err = j.tx.Came(m.key)
	}
	return len(links) > 0, err
}

// unsettle notes that a member's entries are to be judged again from a place on; of nobody in the register, that one is.
func (j *judge) unsettle(id loyalty.MemberID, from hodb.Place) error {
	member, err := j.registered(id)
	if have, waits := j.unsettled[id]; member != nil && (!waits || from.Before(have)) {
		j.unsettled[id] = from
	}
	if member == nil {
		j.nobodys = append(j.nobodys, from)
	}
	return err
}

// registered reads a member; nil for nobody, and for one who is not in the register.
func (j *judge) registered(id loyalty.MemberID) (*hodb.Member, error) {
	if id == 0 {
		return nil, nil
	}
	m, err := j.poster.Member(id)
	if err == nil {
		err = j.office.home.Keys.reveal(j.tx, m)
	}
	return m, err
}

// settle judges again, in their order, the entries of members for whom something came late.
func (j *judge) settle() error {
	slices.SortFunc(j.nobodys, func(a, b hodb.Place) int { return b2i(b.Before(a)) - b2i(a.Before(b)) })
	for _, at := range slices.Compact(j.nobodys) {
		if _, _, err := j.rejudge(at.Key, before{}); err != nil {
			return fmt.Errorf("judge %v again: %w", at.Key, err)
		}
	}
	j.nobodys = nil
	for len(j.unsettled) > 0 { // who is gone adds to another, never in a circle
		id := slices.Min(slices.Collect(maps.Keys(j.unsettled)))
		from := j.unsettled[id]
		delete(j.unsettled, id)
		if err := j.settleMember(id, from); err != nil {
			return fmt.Errorf("settle member %d: %w", id, err)
		}
	}
	return nil
}

func (j *judge) settleMember(id loyalty.MemberID, from hodb.Place) error {
	member, err := j.registered(id)
	if err != nil {
		return err
	}
	entries, err := j.tx.MemberEntries(id)
	if err != nil {
		return err
	}
	sums, err := j.sumsOf(id)
	if err != nil {
		return err
	}
	j.standing[id] = len(entries)
	b := before{member: member, past: &loyalty.Past{}}
	settled := map[hodb.EntryKey]bool{}
	for _, e := range entries {
		for len(sums) > 0 && sums[0].Before(&e) {
			if !settled[sums[0].Key] {
				b.held += sums[0].Points
			}
			sums = sums[1:]
		}
		if !e.Before(from) && (e.Key.Store != 0 || e.Key.OfReferral()) { // what head office brought along stands as it is
			points, err := j.again(&e, b)
			if err != nil {
				return fmt.Errorf("judge %v again: %w", e.Key, err)
			}
			settled[e.Key] = true
			b.held += points
		}
		b.past.Add(e.Step)
	}
	was, err := j.tx.WasBrought(id)
	if err != nil {
		return err
	}
	if was || b.past.Referred != "" {
		j.brings(id)
	}
	return j.follow(member)
}

// sumsOf is what entries gave a member and took, without those by which he goes: what he brought along is taken from all that he ever had.
func (j *judge) sumsOf(id loyalty.MemberID) ([]hodb.MemberSum, error) {
	sums, err := j.tx.MemberSums(id, hodb.Points)
	if err != nil {
		return nil, err
	}
	goes, err := j.tx.Merges(id)
	return slices.DeleteFunc(sums, func(s hodb.MemberSum) bool {
		return slices.ContainsFunc(goes, func(m hodb.Merge) bool { return m.Place.Key == s.Key })
	}), err
}

// again judges one entry of a member anew, corrects its step, and gives what it gave the member.
func (j *judge) again(e *hodb.MemberEntry, b before) (points loyalty.Points, err error) {
	if e.Key.OfReferral() {
		return j.ofReferral(e, b)
	}
	v, m, err := j.rejudge(e.Key, b)
	if err != nil {
		return 0, err
	}
	if err := j.register(m, v); err != nil {
		return 0, err
	}
	if (e.Step.Merged == nil) != (v.step.Merged == nil) {
		if err := j.bearsOn(m); err != nil {
			return 0, err
		}
	}
	if err := j.restep(e, b.member, v.step); err != nil {
		return 0, err
	}
	if v.payer != nil && v.payer.Owner == hodb.MemberOwner(b.member.ID) {
		points += v.payer.Amount
	}
	for _, leg := range j.legsOf(v.moves, m.key.Store, "") {
		if leg.Owner == hodb.MemberOwner(b.member.ID) && leg.Unit == hodb.Points {
			points += leg.Amount
		}
	}
	return points, nil
}

// restep corrects what an entry adds to a member's past.
func (j *judge) restep(e *hodb.MemberEntry, member *hodb.Member, step loyalty.PastStep) error {
	if reflect.DeepEqual(e.Step, step) {
		return nil
	}
	if err := j.poster.Correct(member, *e, step); err != nil {
		return err
	}
	j.stepped(member.ID, e.Day(), e.Step, step)
	e.Step = step
	return nil
}

// rejudge replaces all that was found about an entry, and settles what lies between.
func (j *judge) rejudge(k hodb.EntryKey, b before) (v verdict, m *matter, err error) {
	raw, err := j.tx.Entry(k)
	if err != nil {
		return v, nil, err
	}
	if m, err = readMatter(raw); err != nil {
		return v, nil, err
	}
	if err := j.understand(m); err != nil {
		return v, nil, err
	}
	if err := j.tx.Unjudge(k); err != nil {
		return v, nil, err
	}
	m.again, j.found = true, map[hodb.CaseKind]bool{}
	defer func() { j.found = nil }()
	if v, err = j.verdict(m, b); err == nil {
		err = j.post(m, v)
	}
	if err == nil {
		err = j.tx.DropCases(k, slices.Collect(maps.Keys(j.found)))
	}
	return v, m, err
}

// apart is the first day that the windows of any version count by itself on a day.
func apart(rules []*loyalty.Programme, day string) string {
	first := day
	for _, p := range rules {
		if from, err := p.SumsFrom(day); err == nil && from != "" {
			first = min(first, from)
		}
	}
	return first
}
