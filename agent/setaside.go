package agent

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"loyaltill/agent/loyalty"
	"loyaltill/store/agentdb"
	"loyaltill/sync/wire"
)

// HeadOffice is what the agent asks while a customer waits. The uplink's client does it; without one nothing is asked.
type HeadOffice struct {
	Reserve   func(context.Context, wire.ReserveRequest) error
	Unreserve func(ctx context.Context, sale loyalty.TxnID, attempt int64) error
}

// askLimit is how long a customer waits for head office to set points aside. After it the doors of a store that is cut off hold.
const askLimit = 2 * time.Second

// maxGivenUp bounds the sales whose points are to be given back; head office frees those beyond by itself (docs/wire.md 13).
const maxGivenUp = 1000

// asking is what the agent remembers of what it asked head office for.
type asking struct {
	turn sync.Mutex // held while points are given back: no sale may begin to count on them

	mu         sync.Mutex
	unanswered time.Time // when an answer last did not come
	givenUp    []loyalty.TxnID
	attempt    int64 // the newest; each is later than all of this agent's before, and of an earlier start's as far as clocks go
}

func (q *asking) silentSince() time.Time {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.unanswered
}

func (q *asking) noAnswer(at time.Time) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.unanswered = at
}

func (q *asking) giveUp(sale loyalty.TxnID) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.givenUp) < maxGivenUp && !slices.Contains(q.givenUp, sale) {
		q.givenUp = append(q.givenUp, sale)
	}
}

// next numbers an attempt. What is left of an earlier one on the line is known by its number.
func (q *asking) next(now time.Time) int64 {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.attempt = max(q.attempt+1, now.UnixMilli())
	return q.attempt
}

func (q *asking) newest() int64 {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.attempt
}

func (q *asking) wants(sale loyalty.TxnID) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.givenUp = slices.DeleteFunc(q.givenUp, func(id loyalty.TxnID) bool { return id == sale })
}

func (q *asking) waiting() []loyalty.TxnID {
	q.mu.Lock()
	defer q.mu.Unlock()
	return slices.Clone(q.givenUp)
}

// errNoAnswer says that head office did not say in time whether a sale may have its points.
var errNoAnswer = errors.New("head office did not answer in time")

// errLeaseSpent says that another sale has spent an allowance that this one counted on.
var errLeaseSpent = errors.New("the allowance was spent by another sale")

// drawn is what a bill takes of the points that are on no card and were not reserved by an entry before.
func (b *bill) drawn() loyalty.Points {
	s := loyalty.SaleBody{Redeemed: b.quote.Redeem.Points, RewardPoints: b.quote.RewardPoints, Confirms: b.reserved}
	if b.who != nil {
		s.Medium = b.who.trust.medium
	}
	return s.Drawn()
}

// setAside has head office set aside what a sale takes beyond an allowance, so that no other store takes it too. While head office
// is out of reach the bill is bounded by its limits instead.
func (a *Agent) setAside(ctx context.Context, b *bill, id loyalty.TxnID) error {
	beyond := b.drawn() - b.lease
	if a.headOffice.Reserve == nil || b.away || b.who == nil || beyond <= 0 {
		return nil
	}
	err := a.ask(ctx, wire.ReserveRequest{Txn: id, Member: b.who.member, Points: beyond, Through: b.through, Unsent: b.unsent})
	switch {
	case err == nil:
		b.asked = beyond
		return nil
	case pointsShort(err):
		return refuse(CodePointsElsewhere, err)
	}
	return refuseForNow(CodeQuoteChanged, errNoAnswer)
}

// ask has head office set points aside, and notes when no answer came.
func (a *Agent) ask(ctx context.Context, r wire.ReserveRequest) error {
	a.asking.turn.Lock()
	a.asking.wants(r.Txn)
	r.Epoch, r.Attempt = a.db.Epoch(), a.asking.next(a.now())
	a.asking.turn.Unlock()
	ctx, cancel := context.WithTimeout(ctx, askLimit)
	defer cancel()
	err := a.headOffice.Reserve(ctx, r)
	if err == nil || pointsShort(err) {
		return err
	}
	a.log.Warn().Err(err).Msg("head office did not set points aside")
	a.asking.noAnswer(a.now())
	a.asking.giveUp(r.Txn)
	return err
}

func pointsShort(err error) bool {
	var p *wire.Problem
	return errors.As(err, &p) && p.Code == wire.CodePointsShort
}

// covered checks that a sale that was judged once more takes no more than head office set aside and the allowance holds.
func (s *sale) covered(e *loyalty.Entry) error {
	if s.asks && !s.bill.away && e.Sale.Drawn()-e.Sale.LeasePoints() > s.bill.asked {
		return errLeaseSpent
	}
	return nil
}

// unreserve tells head office of sales that will not take what was set aside for them.
func (a *Agent) unreserve(ctx context.Context) error {
	for _, id := range a.asking.waiting() {
		if err := a.unreserveOne(ctx, id); err != nil {
			return err
		}
	}
	return nil
}

func (a *Agent) unreserveOne(ctx context.Context, id loyalty.TxnID) error {
	a.asking.turn.Lock()
	defer a.asking.turn.Unlock()
	if !slices.Contains(a.asking.waiting(), id) {
		return nil // the sale is tried once more
	}
	_, err := a.db.EntryByTxn(ctx, id)
	if errors.Is(err, agentdb.ErrNotFound) {
		ctx, cancel := context.WithTimeout(ctx, askLimit)
		defer cancel()
		err = a.headOffice.Unreserve(ctx, id, a.asking.newest()) // under turn: what comes later has a higher one
	}
	if err == nil {
		a.asking.wants(id)
	}
	return err
}

// giveUpEvery is how often that is tried again.
const giveUpEvery = 5 * time.Second

func (a *Agent) watchGivenUp(ctx context.Context) {
	tick := time.NewTicker(giveUpEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			if err := a.unreserve(ctx); err != nil {
				a.log.Debug().Err(err).Msg("head office keeps points for a sale that was given up")
			}
		}
	}
}
