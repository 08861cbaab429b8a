package fleet

import (
	"errors"
	"fmt"
	"slices"
	"syscall"
	"testing/synctest"
	"time"

	"loyaltill/agent/loyalty"
	"loyaltill/store"
	"loyaltill/store/agentdb"
	"loyaltill/sync/uplink"
	"loyaltill/sync/wire"
)

// ending is what a store was found to be when all was told: its box may be off again when head office is held against it.
type ending struct {
	head, signed store.Position
	again        []*agentdb.Range // pieces of its log, to be sent once more
	balances     []loyalty.Points // that it shows, in the order of the members
}

// pace is how long after something new stores hear of it.
func (w *world) pace() time.Duration {
	const soon = time.Second
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.ending {
		return soon
	}
	return w.plan.news
}

// eachAwake has every store with a box that is off, one after the other, hear and tell everything, and do something before it
// is switched off again. A store whose box is on does it as it is.
func (w *world) eachAwake(do func(*shop) error) error {
	w.mu.Lock()
	if w.plan.shift > 0 && !w.ending {
		w.ending = true
		w.ring() // the round that is under way comes at the pace of before
	}
	w.mu.Unlock()
	for _, s := range w.shops {
		if w.plan.shift == 0 {
			if err := do(s); err != nil {
				return err
			}
			continue
		}
		if err := errors.Join(s.awake(), w.decide(s)); err != nil {
			return err
		}
		s.line.mend()
		if err := s.until("is in step", s.hasHeard); err != nil {
			return err
		}
		if err := errors.Join(do(s), s.end()); err != nil {
			return err
		}
		synctest.Wait()
	}
	return nil
}

// awake switches a box on, with a good line.
func (s *shop) awake() error {
	s.line.mend()
	s.woken = time.Now()
	if s.db != nil {
		return nil
	}
	return s.start()
}

// hasHeard says whether a store has told everything and has heard of everything since it was switched on.
func (s *shop) hasHeard() (bool, error) {
	synctest.Wait()
	status, err := s.uplink.Status(s.w.ctx)
	if err != nil || status.FeedState != uplink.StateInSync || status.State != uplink.StateInSync {
		return false, err
	}
	still, err := s.behind()
	return !still, err
}

// conclude notes what judges ask of a store, and checks what it can say by itself.
func (s *shop) conclude() (err error) {
	if err := s.check(); err != nil {
		return err
	}
	if s.ending.head, err = s.db.Head(s.w.ctx); err != nil {
		return err
	}
	if s.ending.signed, _, err = s.db.Signed(s.w.ctx); err != nil {
		return err
	}
	if s.ending.balances, err = s.shown(); err != nil {
		return err
	}
	return s.keepPieces(loyalty.Seq(s.ending.head.Seq))
}

// shown is what a till of the store shows of every member.
func (s *shop) shown() (all []loyalty.Points, err error) {
	for _, id := range s.w.members {
		points, err := s.db.Balance(s.w.ctx, id)
		if err != nil {
			return nil, fmt.Errorf("store %d: member %d: %w", s.no+1, id, err)
		}
		all = append(all, points)
	}
	return all, nil
}

// piecesAgain is how many pieces of each log are sent again.
const piecesAgain = 3

func (s *shop) keepPieces(head loyalty.Seq) error {
	s.ending.again = nil
	if head == 0 {
		return nil
	}
	for range piecesAgain {
		first := 1 + loyalty.Seq(s.line.dice[1].Int64N(int64(head)))
		r, err := s.db.EntriesFrom(s.w.ctx, first, 1+s.line.dice[1].IntN(int(head)), wire.MaxBatchBytes)
		if err != nil {
			return err
		}
		s.ending.again = append(s.ending.again, r)
	}
	return nil
}

// needsBox says whether a deed is done with a store's box.
func (d deed) needsBox() bool {
	return !slices.Contains([]deed{outage, busy, office, wake}, d)
}

// progress says how far a long run is, once a day of its own.
func (w *world) progress(n int) {
	if today := int(w.plan.events[n].at / day); today > w.today {
		w.today = today
		w.say("a day is over")
	}
}

// say tells of a long run; the time that it took is the wall's, which the bubble's clock hides.
func (w *world) say(what string) {
	awake := 0
	for _, s := range w.shops {
		if s.db != nil {
			awake++
		}
	}
	w.plan.log.Info().Uint64("seed", w.plan.seed).Int("day", w.today).Int("told", len(w.model.told)).Int("awake", awake).
		Int("forks", w.figures.forks).Dur("took", wall()-w.start).Msg(what)
}

// wall is the machine's clock, also in a bubble.
func wall() time.Duration {
	var now syscall.Timeval
	if syscall.Gettimeofday(&now) != nil {
		return 0
	}
	return time.Duration(now.Nano())
}
