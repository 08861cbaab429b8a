package agent

import (
	"context"
	"crypto/sha256"

	"loyaltill/agent/loyalty"
	"loyaltill/devices/card"
)

// recordsATap bounds what a tap reads of a card's journal when the last answer reached a store, which will tell it itself. Else it
// may be that nobody else ever tells it, and all is read.
const recordsATap = 4

// carryJournal writes down those of the card's records that neither this log holds nor head office knows: evidence of what other
// stores did, or of what this one never heard the answer to.
func (l *lane) carryJournal(ctx context.Context, id loyalty.CardID) error {
	ctr, limit := l.session.Balance().Ctr, card.JournalSlots
	if l.session.Identity().Flags.Ratified() {
		limit = recordsATap
	}
	oldest := ctr - min(ctr, card.JournalSlots) // the ring forgets what comes before
	untold, err := l.a.db.Untold(ctx, id, oldest, ctr, limit)
	if err != nil || len(untold) == 0 {
		return err
	}
	body := &loyalty.JournalBody{Card: id}
	sum := sha256.New()
	sum.Write([]byte("journal " + id.String()))
	for _, at := range untold {
		r, err := l.session.ReadRecord(ctx, int(ctr-at)+1)
		if err != nil {
			return err
		}
		sum.Write(r.Marshal())
		body.Records = append(body.Records, *cardRecord(id, r))
	}
	return l.a.appendEvidence(ctx, l.cfg.Number, [32]byte(sum.Sum(nil)), func(head loyalty.EntryHead) loyalty.Entry {
		e := head.Entry(loyalty.KindJournal)
		e.Journal = body
		return e
	})
}
