package headoffice

import (
	"context"
	"time"

	"loyaltill/store/hodb"
	"loyaltill/sync/wire"
)

// renewAtMost bounds how often stores can make everybody pull the feed anew: one of them may be lying.
const renewAtMost = 10 * time.Minute

// wentBack says that a problem shows what cannot be: a store goes on behind entries that it was told are here, or behind rows of
// this very feed that were never written. Then the books were put back to an older copy.
func wentBack(p *wire.Problem, q *wire.FeedQuery) bool {
	return p != nil && (p.Code == wire.CodeGap || p.Code == wire.CodeFeedReset && q != nil && q.Epoch == p.FeedEpoch)
}

// renewFeed begins a new life of the feed after a restore: numbers of the lost one are given again to other rows, and a store that
// went on from its cursor would miss them. Entries come back by themselves, stores send them again.
func (o *Office) renewFeed(ctx context.Context) error {
	o.mu.Lock()
	now := o.clock()
	due := o.renewed.IsZero() || now.Sub(o.renewed).Abs() >= renewAtMost
	if due {
		o.renewed = now
	}
	o.mu.Unlock()
	if !due {
		return nil
	}
	var epoch uint32
	err := o.db.Update(ctx, func(tx *hodb.Tx) (err error) {
		epoch, err = tx.RenewFeed(now)
		return err
	})
	if err != nil {
		o.mu.Lock()
		o.renewed = time.Time{}
		o.mu.Unlock()
		return err
	}
	o.log.Warn().Uint32("feed_epoch", epoch).Msg("the books are older than what stores were told: they were restored; every store pulls the feed anew")
	o.changed.ring()
	return nil
}
