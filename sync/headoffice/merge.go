package headoffice

import (
	"fmt"

	"loyaltill/agent/loyalty"
	"loyaltill/store/hodb"
)

// merging enters the entry by which a member goes, and has what stands after it judged again: a member goes once, and nobody
// becomes part of one who is gone.
func (j *judge) merging(m *matter) error {
	if err := j.bearsOn(m); err != nil || !m.entry.Merge.Ends() {
		return err
	}
	return j.tx.AddMerge(hodb.Merge{Gone: m.entry.Merge.Gone, Into: m.entry.Member, Place: m.place()})
}

// bearsOn has judged again what depends on whether a member has gone by an entry: others by which he goes, and all that he does
// after it, as to take somebody in.
func (j *judge) bearsOn(m *matter) error {
	gone := m.entry.Merge.Gone
	if err := j.bringsFor(gone, m.entry.Member); err != nil { // nobody is paid for himself
		return err
	}
	others, err := j.tx.Merges(gone)
	for _, o := range others {
		if err == nil && m.place().Before(o.Place) {
			err = j.unsettle(o.Into, o.Place)
		}
	}
	if err != nil {
		return err
	}
	member, err := j.registered(gone)
	if err == nil && member != nil && member.Late(m.place()) {
		err = j.unsettle(gone, m.place())
	}
	return err
}

// merged brings all that the member who goes had, and adds his past: what is told later counts as well.
func (j *judge) merged(m *matter, b before, v verdict) (verdict, error) {
	body := m.entry.Merge
	for _, id := range []loyalty.MemberID{body.Gone, m.entry.Member} {
		went, err := j.tx.WentBefore(id, m.place())
		if err != nil {
			return v, err
		}
		if went != nil {
			v.moves, v.reason = nil, hodb.CaseActivityRepeated
			return v, j.open(v.reason, m.key, fmt.Sprintf("member %d was part of member %d by then", id, went.Into))
		}
	}
	gone, err := j.registered(body.Gone)
	if err != nil || gone == nil || !body.Ends() {
		return v, err
	}
	past, err := j.tx.PastByDay(gone.ID)
	if err != nil {
		return v, err
	}
	goes, err := j.beforeMerges(gone.ID, m.entry.Day)
	if err != nil {
		return v, err
	}
	goes.Stamps = past.Stamps
	stays := loyalty.MergeSide{Holding: loyalty.Holding{Member: m.entry.Member}, Stamps: b.past.Stamps}
	v.moves = loyalty.Remerge(m.entry, goes, stays)
	v.step = loyalty.StepOfMerge(m.entry, v.moves, &past)
	return v, nil
}

// beforeMerges is what a member has as it would be without the merges by which he goes, of which one counts. What ends after their
// day ends with whom he becomes part of.
func (j *judge) beforeMerges(id loyalty.MemberID, day string) (side loyalty.MergeSide, err error) {
	side.Member = id
	all, err := j.tx.Merges(id)
	if err != nil {
		return side, err
	}
	var merges []hodb.EntryKey
	for _, m := range all {
		merges = append(merges, m.Place.Key)
	}
	wallets, err := j.poster.LotsWithout(id, merges, day)
	for _, w := range wallets {
		if w.Unit == hodb.Points {
			side.Lots = w.Lots
		} else {
			side.Wallets = append(side.Wallets, loyalty.WalletState{Wallet: loyalty.WalletID(w.Unit), Lots: w.Lots})
		}
	}
	if err == nil {
		side.OnCard, err = j.tx.CardWithout(id, merges)
	}
	return side, err
}

// follow has the past of a member who is gone added anew to the one whose part he is.
func (j *judge) follow(gone *hodb.Member) error {
	if gone.Status == hodb.MemberActive {
		return nil
	}
	went, err := j.tx.Went(gone.ID)
	if err != nil || went == nil {
		return err
	}
	return j.unsettle(went.Into, went.Place)
}

// followed has what came to a member by another's entry go on to the one whose part he is.
func (j *judge) followed(id loyalty.MemberID) error {
	member, err := j.registered(id)
	if err != nil || member == nil {
		return err
	}
	return j.follow(member)
}

// endMember makes the register what the entries of both members say, whichever came first: who went has ended, his numbers are
// those of whom he is part of. His own tiers are reviewed through that day.
func (j *judge) endMember(m *matter) error {
	gone, err := j.registered(m.entry.Merge.Gone)
	if err != nil || gone == nil {
		return err
	}
	j.reviewFrom(gone.ID, m.entry.Day)
	j.poster.Refold(gone)
	went, err := j.tx.Went(gone.ID)
	if err != nil {
		return err
	}
	if has := gone.Status != hodb.MemberActive; has != (went != nil) {
		if gone.Status = hodb.MemberActive; went != nil {
			gone.Status = hodb.MemberErased
		}
		if err := j.tx.GoMember(gone.ID, went != nil); err != nil {
			return err
		}
	}
	owner := gone.ID
	for went != nil { // one after another, each later than the one before
		owner = went.Into
		if went, err = j.tx.Went(owner); err != nil {
			return err
		}
	}
	return j.placeNumbers(gone.ID, owner)
}

// placeNumbers puts the numbers of a member, and of all who have become part of him, under their owner.
func (j *judge) placeNumbers(id, owner loyalty.MemberID) error {
	if err := j.tx.PlaceNumbers(id, owner); err != nil {
		return err
	}
	parts, err := j.tx.PartsOf(id)
	for _, part := range parts {
		if err != nil {
			break
		}
		var went *hodb.Merge
		if went, err = j.tx.Went(part); err == nil && went != nil && went.Into == id {
			err = j.placeNumbers(part, owner)
		}
	}
	return err
}
