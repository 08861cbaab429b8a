package fleet

import (
	"errors"
	"fmt"

	"loyaltill/agent/loyalty"
	"loyaltill/store/agentdb"
)

// check looks for what is wrong with one store now: I1, I2, I14 and I15 by its own verify, I11 and I12 by other means.
func (s *shop) check() error {
	report, err := s.db.Verify(s.w.ctx, nil)
	if err != nil {
		return err
	}
	for _, f := range report.Findings {
		if f.Code == agentdb.FindWatermark && s.forked { // head office speaks of another log under these numbers
			continue
		}
		return fmt.Errorf("store %d: %s at entry %d: %s", s.no+1, f.Code, f.Seq, f.Detail)
	}
	pos, err := s.db.FeedPosition(s.w.ctx)
	if err != nil || s.forked {
		return err
	}
	if int64(pos.Watermark) > report.Head.Seq {
		return fmt.Errorf("store %d: watermark %d is above the head %d (I12)", s.no+1, pos.Watermark, report.Head.Seq)
	}
	return s.checkBalances(loyalty.Seq(report.Head.Seq))
}

// checkBalances holds what a till shows against head office's balance and the entries above it (I11).
func (s *shop) checkBalances(head loyalty.Seq) error {
	later, err := s.db.EntriesFrom(s.w.ctx, 1, int(head)+1, 1<<30)
	if err != nil {
		return err
	}
	entries := make([]*loyalty.Entry, len(later.Bodies))
	for i, body := range later.Bodies {
		if entries[i], err = loyalty.DecodeEntry(body); err != nil {
			return err
		}
	}
	for _, id := range s.w.members {
		row, err := s.db.Member(s.w.ctx, id)
		if errors.Is(err, agentdb.ErrNotFound) {
			continue
		}
		if err != nil {
			return err
		}
		want := row.Balance
		for _, e := range entries[min(int(row.Through), len(entries)):] {
			want += moved(e, id)
		}
		got, err := s.db.Balance(s.w.ctx, id)
		if err != nil {
			return err
		}
		state, err := s.db.State(s.w.ctx, id)
		if err != nil {
			return err
		}
		if lots := loyalty.Balance(state.Lots); got != want || lots != want {
			return fmt.Errorf("store %d shows member %d %d points and lots of %d, head office and later entries give %d (I11)", s.no+1, id, got, lots, want)
		}
	}
	return nil
}

// moved is what an entry means for a member's points.
func moved(e *loyalty.Entry, id loyalty.MemberID) (points loyalty.Points) {
	for _, m := range e.Moves {
		if to, ok := loyalty.AccountMember(m.To); ok && to == id {
			points += m.Points
		}
		if from, ok := loyalty.AccountMember(m.From); ok && from == id {
			points -= m.Points
		}
	}
	return points
}
