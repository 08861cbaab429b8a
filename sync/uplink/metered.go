package uplink

import (
	"context"
	"errors"
	"time"

	"github.com/rs/zerolog"

	"loyaltill/agent/loyalty"
	"loyaltill/internal/metrics"
	"loyaltill/sync/wire"
)

// Metered counts and logs what a store asks of head office; it changes nothing.
type Metered struct {
	wire.HeadOffice
	Metrics *metrics.Agent
	Log     zerolog.Logger
	Now     func() time.Time
}

// Outcomes beside head office's own codes and verdicts.
const (
	answerOK       = "ok"
	answerReplayed = "replayed"
	answerNetwork  = "network" // no answer of head office's; what a proxy says is none
)

func outcome(err error) string {
	var p *wire.Problem
	switch {
	case err == nil:
		return answerOK
	case errors.As(err, &p) && p.Known():
		return string(p.Code)
	}
	return answerNetwork
}

// OpenSession is wire.HeadOffice's.
func (m Metered) OpenSession(ctx context.Context, id loyalty.StoreID, req wire.SessionRequest) (wire.SessionAnswer, error) {
	answer, err := m.HeadOffice.OpenSession(ctx, id, req)
	if err != nil {
		m.Metrics.Session(outcome(err))
		return answer, err
	}
	switch answer.Verdict { // a label must not be whatever comes over the line
	case wire.VerdictInSync, wire.VerdictAhead, wire.VerdictBehind, wire.VerdictForked, wire.VerdictFenced, wire.VerdictUnknownInstall, wire.VerdictAheadOfGrant:
		m.Metrics.Session(string(answer.Verdict))
	default:
		m.Metrics.Session("other")
	}
	if answer.Verdict == wire.VerdictInSync {
		m.Metrics.Signed(m.Now())
	}
	return answer, nil
}

// Push is wire.HeadOffice's. The line in the log has the range by which head office logs the same batch.
func (m Metered) Push(ctx context.Context, b *wire.Batch) (wire.Accepted, error) {
	start := m.Now()
	answer, err := m.HeadOffice.Push(ctx, b)
	line := m.Log.Info().Uint32("store", uint32(b.Store)).Uint32("epoch", uint32(b.Epoch)).Int64("first", int64(b.First)).
		Int64("last", int64(b.Last())).Dur("took", m.Now().Sub(start))
	if err != nil {
		m.Metrics.Uploaded(outcome(err), 0, 0)
		line.Str("code", outcome(err)).Msg("batch not accepted")
		return answer, err
	}
	code, bytes := answerOK, 0
	if answer.Replayed {
		code = answerReplayed
	}
	for _, body := range b.Bodies {
		bytes += len(body)
	}
	m.Metrics.Uploaded(code, len(b.Bodies), bytes)
	m.Metrics.Signed(m.Now())
	line.Str("code", code).Msg("batch accepted")
	return answer, nil
}

// Feed is wire.HeadOffice's.
func (m Metered) Feed(ctx context.Context, q wire.FeedQuery) (*wire.FeedPage, error) {
	page, err := m.HeadOffice.Feed(ctx, q)
	if err != nil {
		if ctx.Err() == nil {
			m.Metrics.FeedPage(outcome(err), 0)
		}
		return page, err
	}
	m.Metrics.FeedPage(answerOK, len(page.Rows))
	return page, nil
}
