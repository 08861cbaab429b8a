package agent

import (
	"context"

	"loyaltill/agent/loyalty"
	"loyaltill/store/agentdb"
)

type requestKey struct{}

// WithRequest names the call that all work under a context is done for, in the log.
func WithRequest(ctx context.Context, id string) context.Context {
	return context.WithValue(ctx, requestKey{}, id)
}

// RequestOf is the name given with WithRequest, empty for what the agent does by itself.
func RequestOf(ctx context.Context) string {
	id, _ := ctx.Value(requestKey{}).(string)
	return id
}

// enter makes an entry durable, counts it, and leaves the line in the log by which a sale can be followed: from the call that
// asked for it to its place in the store's log, under which head office knows it.
func (a *Agent) enter(ctx context.Context, c agentdb.Commit) (agentdb.Committed, error) {
	if by := a.hand(ctx, c.Txn, c.RequestHash); by != (hand{}) {
		build := c.Build
		c.Build = func(head loyalty.EntryHead, used agentdb.Tally) (loyalty.Entry, error) {
			e, err := build(head, used)
			by.sign(&e)
			return e, err
		}
	}
	done, err := a.db.Append(ctx, c)
	if err == nil {
		a.lifts.used(c.Txn)
		a.entered(ctx, done)
	}
	return done, err
}

func (a *Agent) entered(ctx context.Context, c agentdb.Committed) {
	if c.Replayed {
		return
	}
	e := &c.Entry
	a.metrics.Committed(string(e.Kind))
	line := a.log.Info().Stringer("sale", e.Txn).Uint32("store", uint32(e.Store)).Uint32("epoch", uint32(e.Epoch)).Int64("seq", int64(e.Seq)).
		Uint8("lane", uint8(e.Lane)).Str("kind", string(e.Kind))
	if id := RequestOf(ctx); id != "" {
		line.Str("request", id)
	}
	line.Msg("entry committed")
}
