package metrics

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Office is what head office counts.
type Office struct {
	set
	requests *prometheus.HistogramVec
	answers  *prometheus.CounterVec
	batches  *prometheus.CounterVec
	entries  prometheus.Counter
	bytes    prometheus.Counter
	sessions *prometheus.CounterVec
	posted   prometheus.Counter
	posting  prometheus.Observer
	visible  prometheus.Observer
	cases    *prometheus.CounterVec
	feedRows *prometheus.CounterVec
	d        officeStates
}

// officeStates are the metrics that are read at a scrape.
type officeStates struct {
	stores, silent, waitBatches, waitEntries, waitSeconds *prometheus.Desc
	cases, suspense, differences, overdrafts, overdrawn   *prometheus.Desc
	feedHead, closes, missing, untaken, certEnd, ready    *prometheus.Desc
}

// NewOffice makes head office's metrics; every value is zero, states are absent until Watch.
func NewOffice(version string) *Office {
	o := &Office{set: *newSet("headoffice", version)}
	o.requests = o.histogram("headoffice_request_seconds", "time to answer stores and back offices; long polls of the feed wait up to 60 s by themselves", latencies(), "route")
	o.answers = o.counter("headoffice_requests_total", "requests by outcome: ok, or the code of the refusal", "route", "code")
	o.batches = o.counter("headoffice_batches_total", "batches by answer: accepted, replayed, or the code of the refusal", "answer")
	o.entries = o.counter("headoffice_entries_total", "entries appended to the stores' logs").WithLabelValues()
	o.bytes = o.counter("headoffice_entry_bytes_total", "their bytes").WithLabelValues()
	o.sessions = o.counter("headoffice_sessions_total", "sessions opened, by verdict", "verdict")
	o.posted = o.counter("headoffice_posted_entries_total", "entries judged and posted").WithLabelValues()
	o.posting = o.histogram("headoffice_posting_seconds", "time to judge and post one batch", latencies()).WithLabelValues()
	o.visible = o.histogram("headoffice_visible_seconds", "from a batch's arrival until its changes stand in the feed", latencies()).WithLabelValues()
	o.cases = o.counter("headoffice_cases_opened_total", "cases opened by kind; one that is judged again counts again", "kind")
	o.feedRows = o.counter("headoffice_feed_rows_total", "rows of the change feed handed to stores, by topic", "topic")
	d := &o.d
	d.stores = o.state(Gauge, "headoffice_stores", "lives of stores' logs by state: open, forked", "state")
	d.silent = o.state(Gauge, "headoffice_stores_silent", "stores of which nothing was heard for a day; weekdays on which they do not sell are left out")
	d.waitBatches = o.state(Gauge, "headoffice_posting_waiting_batches", "batches that are not posted yet")
	d.waitEntries = o.state(Gauge, "headoffice_posting_waiting_entries", "their entries")
	d.waitSeconds = o.state(Gauge, "headoffice_posting_lag_seconds", "how long the oldest of them has waited")
	d.cases = o.state(Gauge, "headoffice_cases_open", "open cases by kind", "kind")
	d.suspense = o.state(Gauge, "headoffice_suspense_rows", "what could not be given to anybody, by reason", "reason")
	d.differences = o.state(Gauge, "headoffice_differences", "figures that head office works out otherwise than the stores did")
	d.overdrafts = o.state(Gauge, "headoffice_overdrafts", "sales that took points which were not there any more, by who bears them: member, chain", "bears")
	d.overdrawn = o.state(Gauge, "headoffice_overdraft_points", "those points", "bears")
	d.feedHead = o.state(Gauge, "headoffice_feed_head", "number of the feed's newest change")
	d.closes = o.state(Gauge, "headoffice_closes_published", "business days published, revisions included")
	d.missing = o.state(Gauge, "headoffice_closes_missing", "stores that have sold on a day that is over for two hours or more and is not closed")
	d.untaken = o.state(Gauge, "headoffice_webhooks_failing", "webhooks whose last message was not taken")
	d.certEnd = o.state(Gauge, "headoffice_certificate_end_timestamp_seconds", "when a certificate of head office's own ends: ca, server", "certificate")
	d.ready = o.state(Gauge, "headoffice_ready", "1 when the books take entries")
	return o
}

// OfficeState is what head office knows of itself at one moment.
type OfficeState struct {
	Stores                  map[string]int64
	Silent                  int64
	WaitingBatches, Waiting int64
	Lag                     time.Duration
	Cases, Suspense         map[string]int64
	Differences             int64
	Overdrafts, Overdrawn   map[string]int64 // sales that took what was not there, and their points, by who bears them
	FeedHead                int64
	Closes, Missing         int64
	Untaken                 int64 // webhooks whose last message was not taken
	CertificateEnd          map[string]time.Time
	Ready                   bool
}

// Watch has read asked at every scrape.
func (o *Office) Watch(read func(context.Context) (OfficeState, error)) {
	d := o.d
	o.registry.MustRegister(&states[OfficeState]{read: read, emit: o.emit, failed: o.failures, descs: []*prometheus.Desc{
		d.stores, d.silent, d.waitBatches, d.waitEntries, d.waitSeconds, d.cases, d.suspense, d.differences, d.overdrafts, d.overdrawn, d.feedHead, d.closes, d.missing,
		d.untaken, d.certEnd, d.ready}})
}

func (o *Office) emit(s OfficeState, to sink) {
	d := o.d
	to.each(d.stores, s.Stores)
	to.gauge(d.silent, float64(s.Silent))
	to.gauge(d.waitBatches, float64(s.WaitingBatches))
	to.gauge(d.waitEntries, float64(s.Waiting))
	to.gauge(d.waitSeconds, s.Lag.Seconds())
	to.each(d.cases, s.Cases)
	to.each(d.suspense, s.Suspense)
	to.gauge(d.differences, float64(s.Differences))
	to.each(d.overdrafts, s.Overdrafts)
	to.each(d.overdrawn, s.Overdrawn)
	to.gauge(d.feedHead, float64(s.FeedHead))
	to.gauge(d.closes, float64(s.Closes))
	to.gauge(d.missing, float64(s.Missing))
	to.gauge(d.untaken, float64(s.Untaken))
	for name, end := range s.CertificateEnd {
		to.gauge(d.certEnd, stamp(end), name)
	}
	to.gauge(d.ready, truth(s.Ready))
}

// Answered counts a request by its route and outcome.
func (o *Office) Answered(route, code string, took time.Duration) {
	o.answers.WithLabelValues(route, code).Inc()
	o.requests.WithLabelValues(route).Observe(took.Seconds())
}

// Batch counts a batch by its answer, and what was appended of it.
func (o *Office) Batch(answer string, entries, bytes int) {
	o.batches.WithLabelValues(answer).Inc()
	o.entries.Add(float64(entries))
	o.bytes.Add(float64(bytes))
}

// Session counts a session by its verdict.
func (o *Office) Session(verdict string) { o.sessions.WithLabelValues(verdict).Inc() }

// Posted counts a batch that was judged and posted: its entries, the work, and how long ago it had arrived.
func (o *Office) Posted(entries int, took, visible time.Duration) {
	o.posted.Add(float64(entries))
	o.posting.Observe(took.Seconds())
	o.visible.Observe(visible.Seconds())
}

// CaseOpened counts a case.
func (o *Office) CaseOpened(kind string) { o.cases.WithLabelValues(kind).Inc() }

// Fed counts a row of the feed that was handed to a store.
func (o *Office) Fed(topic string) { o.feedRows.WithLabelValues(topic).Inc() }
