package loyalty

import "slices"

// Remerge gives the movements of a merge once all that the member who goes had is known, also what came to him afterwards.
// Lots that the entry passed on are called as it called them. What is still reserved follows when it is free; where less is left than is
// reserved, who stays gives the rest.
func Remerge(e *Entry, goes, stays MergeSide) []Movement {
	names, next := e.mergedLots()
	head := EntryHead{Store: e.Store, Epoch: e.Epoch, Seq: e.Seq}
	var moves []Movement
	if goes.OnCard > 0 {
		moves = append(moves, Movement{From: AccountCard(goes.Member), To: AccountMain(goes.Member), Points: goes.OnCard})
	}
	for _, h := range goes.all() {
		main, passing, ours := h.at(mainPart), h.via(transferredPart), inWallet(stays.Member, h.Wallet, mainPart)
		said := slices.DeleteFunc(slices.Clone(e.Moves), func(m Movement) bool { return m.To != main || m.From != h.via(expiredPart[1:]) })
		moves = append(moves, said...) // back from what had expired too much
		lots := ApplyWallet(h.Lots, said, h.Member, h.Wallet)
		for _, l := range lots {
			switch free := l.free(); {
			case l.overExpired() || free == 0: // the next expiry puts it right; the end of the reservation does
			case free < 0: // owed, or set aside where nothing is left
				if l.Remaining = -free; l.ID == deficitLot {
					l.ID = "" // which is filled before all others
				}
				moves = append(moves, Movement{From: ours, To: passing, Points: -free}, l.move(passing, main))
			default:
				l.Remaining = free
				gave := l.move(main, passing)
				if l.ID = names[gave.From+" "+string(gave.Lot)]; l.ID == "" {
					l.ID, next = head.lot(next), next+1
				}
				moves = append(moves, gave, l.move(passing, ours))
			}
		}
	}
	return append(moves, mergeStamps(&goes, &stays, e.Day)...)
}

// mergedLots is how a merge calls the lots that it passed on, by the account that they were in and their names there, and the
// number of the next one.
func (e *Entry) mergedLots() (names map[string]LotID, next int) {
	names = map[string]LotID{}
	var from []string
	for _, m := range e.Moves {
		giver, w, member := AccountWallet(m.From)
		getter, v, other := AccountWallet(m.To)
		switch {
		case member && giver == e.Merge.Gone && m.To == ofProgramme(w, transferredPart):
			from = append(from, m.From+" "+string(m.Lot))
		case other && getter == e.Member && m.From == ofProgramme(v, transferredPart) && next < len(from):
			names[from[next]] = m.Lot
			next++
		}
	}
	return names, next + 1
}

// StepOfMerge is what a merge with these movements adds to the past of the member who stays: all that the other did, once
// nothing is left with him.
func StepOfMerge(e *Entry, moves []Movement, gone *Past) PastStep {
	step := PastStep{Day: e.Day, Stamps: StampSteps(moves, e.Member)}
	if e.Merge.Ends() {
		past := *gone
		past.Stamps = nil // they come one by one, as the movements say
		step.Merged = &past
	}
	return step
}
