package metrics

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Agent is what a store's agent counts.
type Agent struct {
	set
	calls     *prometheus.CounterVec
	quotes    prometheus.Observer
	commits   prometheus.Observer
	entries   *prometheus.CounterVec
	cards     *prometheus.CounterVec
	jobs      *prometheus.CounterVec
	uploads   *prometheus.CounterVec
	uploaded  prometheus.Counter
	upBytes   prometheus.Counter
	verdicts  *prometheus.CounterVec
	signed    prometheus.Gauge
	feedPages *prometheus.CounterVec
	feedRows  prometheus.Counter
	d         agentStates
}

// agentStates are the metrics that are read at a scrape.
type agentStates struct {
	sync, syncSince, feed, feedTold, feedCursor, feedWatermark *prometheus.Desc
	head, acked, lagEntries, lagSeconds, clockOffset, certEnd  *prometheus.Desc
	queue, groups, failures, bytes, wal                        *prometheus.Desc
	reader, printer, waiting, openDebits, alerts, ready        *prometheus.Desc
}

// NewAgent makes an agent's metrics; every value is zero, states are absent until WatchAgent.
func NewAgent(version string) *Agent {
	a := &Agent{set: *newSet("loyaltill", version)}
	a.calls = a.counter("loyaltill_api_calls_total", "calls of the local API by outcome: ok, or the code of the refusal", "call", "code")
	a.quotes = a.histogram("loyaltill_quote_seconds", "time to answer a quote", latencies()).WithLabelValues()
	a.commits = a.histogram("loyaltill_commit_seconds", "time from a sale's call to its durable answer, the card's work included", latencies()).WithLabelValues()
	a.entries = a.counter("loyaltill_entries_total", "entries committed at the tills by kind; a repeated call counts once", "kind")
	a.cards = a.counter("loyaltill_card_refusals_total", "taps that came to nothing, by code", "code")
	a.jobs = a.counter("loyaltill_print_jobs_total", "print jobs ended, by what the printer said: confirmed, sent, uncertain, interrupted, not_started, unprintable", "outcome")
	a.uploads = a.counter("loyaltill_upload_batches_total", "batches sent to head office by answer: ok, replayed, a code of head office, or network", "answer")
	a.uploaded = a.counter("loyaltill_upload_entries_total", "entries that head office has acknowledged").WithLabelValues()
	a.upBytes = a.counter("loyaltill_upload_bytes_total", "bytes of acknowledged entries, before compression").WithLabelValues()
	a.verdicts = a.counter("loyaltill_sessions_total", "sessions asked for, by head office's verdict, a code of head office, or network", "verdict")
	a.signed = a.gauge("loyaltill_signed_position_timestamp_seconds", "when head office last signed a position of this log; 0 until it has since the start").WithLabelValues()
	a.feedPages = a.counter("loyaltill_feed_pages_total", "pages of the change feed by answer: ok, a code of head office, or network", "answer")
	a.feedRows = a.counter("loyaltill_feed_rows_total", "rows of the change feed that came").WithLabelValues()
	a.describe()
	return a
}

func (a *Agent) describe() {
	d := &a.d
	d.sync = a.state(Gauge, "loyaltill_sync_state", "1 with the state of the upload, in_sync when head office has everything", "state")
	d.syncSince = a.state(Gauge, "loyaltill_sync_state_since_timestamp_seconds", "when that state began")
	d.feed = a.state(Gauge, "loyaltill_feed_state", "the same for the feed", "state")
	d.head = a.state(Gauge, "loyaltill_log_head_seq", "number of the last entry of the store's log")
	d.acked = a.state(Gauge, "loyaltill_log_acked_seq", "number of the last entry that head office has signed for")
	d.lagEntries = a.state(Gauge, "loyaltill_sync_lag_entries", "entries that head office does not have yet")
	d.lagSeconds = a.state(Gauge, "loyaltill_sync_lag_seconds", "age of the oldest of them")
	d.feedTold = a.state(Gauge, "loyaltill_feed_told_timestamp_seconds", "when the copy of members was last up to date; 0: never")
	d.feedCursor = a.state(Gauge, "loyaltill_feed_cursor", "number of the last change taken over; headoffice_feed_head less this is the lag in changes")
	d.feedWatermark = a.state(Gauge, "loyaltill_feed_watermark_seq", "last own entry that the balances from head office include")
	d.clockOffset = a.state(Gauge, "loyaltill_clock_offset_seconds", "head office's clock less this one, at the last session")
	d.certEnd = a.state(Gauge, "loyaltill_certificate_end_timestamp_seconds", "when the store's certificate ends")
	d.queue = a.state(Gauge, "loyaltill_writer_queue_requests", "requests that wait for the writer of a database file", "file")
	d.groups = a.state(Histogram, "loyaltill_commit_group_requests", "requests that shared one durable commit", "file")
	d.failures = a.state(Counter, "loyaltill_commit_failures_total", "commits that the disk did not take", "file")
	d.bytes = a.state(Gauge, "loyaltill_database_bytes", "size of a database file", "file")
	d.wal = a.state(Gauge, "loyaltill_wal_bytes", "size of its write-ahead log", "file")
	d.reader = a.state(Gauge, "loyaltill_reader_state", "1 with the state of a lane's card reader: ok, degraded, absent, attention, stuck", "lane", "state")
	d.printer = a.state(Gauge, "loyaltill_printer_state", "the same for its printer", "lane", "state")
	d.waiting = a.state(Gauge, "loyaltill_print_jobs_waiting", "print jobs of a lane that are not on paper yet", "lane")
	d.openDebits = a.state(Gauge, "loyaltill_open_debits", "sales that wait for what a card did")
	d.alerts = a.state(Gauge, "loyaltill_alerts_open", "alerts of the manager page that nobody has looked at", "kind")
	d.ready = a.state(Gauge, "loyaltill_ready", "1 when sales can be made: the ledger writes and a programme is in force")
}

// AgentState is what an agent knows of itself at one moment.
type AgentState struct {
	Sync, Feed     string
	SyncSince      time.Time
	Head, Acked    int64
	OldestUnsent   time.Duration
	FeedTold       time.Time
	FeedCursor     int64
	FeedWatermark  int64
	ClockOffset    time.Duration
	CertificateEnd time.Time
	Files          []File
	Lanes          []Lane
	OpenDebits     int
	Alerts         map[string]int64 // that nobody has looked at, by kind
	Ready          bool
}

// File is one database file.
type File struct {
	Name       string
	Queue      int
	Requests   uint64             // that shared commits
	Commits    uint64             // groups of them
	GroupsUpTo map[float64]uint64 // groups by the most requests in them, each with those below
	Failures   uint64
	Bytes, WAL int64
}

// Lane is one lane's devices.
type Lane struct {
	Lane, Reader, Printer string
	Waiting               int
}

// Watch has read asked at every scrape.
func (a *Agent) Watch(read func(context.Context) (AgentState, error)) {
	d := a.d
	a.registry.MustRegister(&states[AgentState]{read: read, emit: a.emit, failed: a.failures, descs: []*prometheus.Desc{
		d.sync, d.syncSince, d.feed, d.feedTold, d.feedCursor, d.feedWatermark, d.head, d.acked, d.lagEntries, d.lagSeconds, d.clockOffset,
		d.certEnd, d.queue, d.groups, d.failures, d.bytes, d.wal, d.reader, d.printer, d.waiting, d.openDebits, d.alerts, d.ready}})
}

func (a *Agent) emit(s AgentState, to sink) {
	d := a.d
	to.gauge(d.sync, 1, s.Sync)
	to.gauge(d.syncSince, stamp(s.SyncSince))
	to.gauge(d.feed, 1, s.Feed)
	to.gauge(d.feedTold, stamp(s.FeedTold))
	to.gauge(d.feedCursor, float64(s.FeedCursor))
	to.gauge(d.feedWatermark, float64(s.FeedWatermark))
	to.gauge(d.head, float64(s.Head))
	to.gauge(d.acked, float64(s.Acked))
	to.gauge(d.lagEntries, float64(s.Head-s.Acked))
	to.gauge(d.lagSeconds, s.OldestUnsent.Seconds())
	to.gauge(d.clockOffset, s.ClockOffset.Seconds())
	to.gauge(d.certEnd, stamp(s.CertificateEnd))
	for _, f := range s.Files {
		to.gauge(d.queue, float64(f.Queue), f.Name)
		to.histogram(d.groups, f.Commits, float64(f.Requests), f.GroupsUpTo, f.Name)
		to.counter(d.failures, float64(f.Failures), f.Name)
		to.gauge(d.bytes, float64(f.Bytes), f.Name)
		to.gauge(d.wal, float64(f.WAL), f.Name)
	}
	for _, l := range s.Lanes {
		to.gauge(d.reader, 1, l.Lane, l.Reader)
		to.gauge(d.printer, 1, l.Lane, l.Printer)
		to.gauge(d.waiting, float64(l.Waiting), l.Lane)
	}
	to.gauge(d.openDebits, float64(s.OpenDebits))
	for kind, n := range s.Alerts {
		to.gauge(d.alerts, float64(n), kind)
	}
	to.gauge(d.ready, truth(s.Ready))
}

// Called counts a call of the local API.
func (a *Agent) Called(call, code string) { a.calls.WithLabelValues(call, code).Inc() }

// Quoted and Sold take the time of a quote and of a sale, answered well or not.
func (a *Agent) Quoted(took time.Duration) { a.quotes.Observe(took.Seconds()) }
func (a *Agent) Sold(took time.Duration)   { a.commits.Observe(took.Seconds()) }

// Committed counts an entry that is on disk.
func (a *Agent) Committed(kind string) { a.entries.WithLabelValues(kind).Inc() }

// CardRefused counts a tap that came to nothing.
func (a *Agent) CardRefused(code string) { a.cards.WithLabelValues(code).Inc() }

// Printed counts a print job that ended.
func (a *Agent) Printed(outcome string) { a.jobs.WithLabelValues(outcome).Inc() }

// Uploaded counts a batch by head office's answer, and what it acknowledged.
func (a *Agent) Uploaded(answer string, entries, bytes int) {
	a.uploads.WithLabelValues(answer).Inc()
	a.uploaded.Add(float64(entries))
	a.upBytes.Add(float64(bytes))
}

// Session counts a session by its verdict.
func (a *Agent) Session(verdict string) { a.verdicts.WithLabelValues(verdict).Inc() }

// Signed takes note that head office signed a position.
func (a *Agent) Signed(at time.Time) { a.signed.Set(stamp(at)) }

// FeedPage counts a page of the feed by its answer.
func (a *Agent) FeedPage(answer string, rows int) {
	a.feedPages.WithLabelValues(answer).Inc()
	a.feedRows.Add(float64(rows))
}
