package headoffice

import (
	"context"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"time"

	"loyaltill/internal/metrics"
	"loyaltill/store/hodb"
)

// closeGrace is how long after the end of a business day its close may take.
const closeGrace = 2 * time.Hour

// condition reads how the books stand.
func (o *Office) condition(ctx context.Context) (c hodb.Condition, err error) {
	err = o.db.View(ctx, func(tx *hodb.Tx) error {
		c, err = tx.Condition()
		return err
	})
	return c, err
}

// overdue are the stores whose oldest open day should have been closed.
func overdue(all []hodb.Unclosed, now time.Time) (late []hodb.Unclosed) {
	for _, u := range all {
		ends, err := endOfDay(u)
		if err != nil || !now.Before(ends.Add(closeGrace)) {
			late = append(late, u)
		}
	}
	return late
}

// endOfDay is when the open day is over: the moment of the day after at which the store's business days begin.
func endOfDay(u hodb.Unclosed) (time.Time, error) {
	zone, err := time.LoadLocation(u.TimeZone)
	if err != nil {
		zone = time.UTC
	}
	day, err := time.Parse(time.DateOnly, u.Day)
	if err != nil {
		return time.Time{}, err
	}
	hour, minute := 0, 0
	if cut, err := time.Parse("15:04", u.DayCut); err == nil {
		hour, minute = cut.Hour(), cut.Minute()
	}
	return time.Date(day.Year(), day.Month(), day.Day()+1, hour, minute, 0, 0, zone), nil
}

// measure reads head office's state for Prometheus.
func (o *Office) measure(ctx context.Context) (metrics.OfficeState, error) {
	c, err := o.condition(ctx)
	if err != nil {
		o.log.Error().Err(err).Msg("state cannot be read")
		return metrics.OfficeState{}, err
	}
	s := metrics.OfficeState{Stores: plainKeys(c.Heads), Silent: int64(len(silent(c.Quiet, o.clock()))), WaitingBatches: c.WaitingBatches, Waiting: c.WaitingEntries,
		Lag: c.PostingLag, Cases: plainKeys(c.Cases), Suspense: c.Suspense, Differences: c.Differences, Overdrafts: c.Overdrafts, Overdrawn: c.Overdrawn, FeedHead: c.FeedHead, Closes: c.Closes,
		Missing: int64(len(overdue(c.Unclosed, o.clock()))), Untaken: c.Untaken, Ready: o.ready(ctx) == nil}
	s.CertificateEnd, err = o.home.Keys.ends()
	return s, err
}

func plainKeys[K ~string](m map[K]int64) map[string]int64 {
	plain := make(map[string]int64, len(m))
	for k, v := range m {
		plain[string(k)] = v
	}
	return plain
}

// ends says until when head office's own certificates are good.
func (k *Keys) ends() (map[string]time.Time, error) {
	block, _ := pem.Decode(k.server.certPEM)
	if block == nil {
		return nil, errors.New("server certificate: no certificate in it")
	}
	server, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return nil, fmt.Errorf("server certificate: %w", err)
	}
	return map[string]time.Time{"ca": k.tlsCACert.NotAfter, "server": server.NotAfter}, nil
}

// errProbe ends a probe without a trace.
var errProbe = errors.New("only a probe")

// ready says whether the books take entries: it begins a transaction that comes to nothing.
func (o *Office) ready(ctx context.Context) error {
	err := o.db.Update(ctx, func(*hodb.Tx) error { return errProbe })
	if errors.Is(err, errProbe) {
		return nil
	}
	return err
}
