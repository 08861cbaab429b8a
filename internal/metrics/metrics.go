// Package metrics holds what both programs count and show to Prometheus.
//
// It owns the names, the units and the labels; docs/metrics.md lists them, and a test keeps the two the same. A label takes its
// values from a closed set (codes, states, lanes): never a member, a card, a sale or a store, so that no series grows with the
// business and nothing personal leaves by this way. What is counted as it happens has a method; what is a state is read when
// somebody asks.
package metrics

import (
	"context"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Limits of one scrape.
const (
	readTimeout = 5 * time.Second // the database may be busy; Prometheus itself waits 10
	maxScrapes  = 4               // at a time
)

// Kind is what Prometheus calls a metric's type.
type Kind string

const (
	Counter   Kind = "counter"
	Gauge     Kind = "gauge"
	Histogram Kind = "histogram"
)

// Row describes one metric, for the documentation.
type Row struct {
	Name   string
	Kind   Kind
	Labels []string
	Help   string
}

// set is one program's metrics.
type set struct {
	registry *prometheus.Registry
	rows     []Row
	failures prometheus.Counter // states that could not be read
}

func newSet(prefix, version string) *set {
	s := &set{registry: prometheus.NewRegistry()}
	s.registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	build := s.gauge(prefix+"_build_info", "1; the label is the running version", "version")
	build.WithLabelValues(version).Set(1)
	s.failures = s.counter(prefix+"_unreadable_states_total", "scrapes at which part of the state could not be read; see the log").WithLabelValues()
	return s
}

// Rows are the metrics in the order in which they are documented.
func (s *set) Rows() []Row { return s.rows }

// Handler answers scrapes.
func (s *set) Handler() http.Handler {
	return promhttp.HandlerFor(s.registry, promhttp.HandlerOpts{MaxRequestsInFlight: maxScrapes})
}

func (s *set) counter(name, help string, labels ...string) *prometheus.CounterVec {
	v := prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, labels)
	s.add(Row{name, Counter, labels, help}, v)
	return v
}

func (s *set) gauge(name, help string, labels ...string) *prometheus.GaugeVec {
	v := prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: name, Help: help}, labels)
	s.add(Row{name, Gauge, labels, help}, v)
	return v
}

func (s *set) histogram(name, help string, buckets []float64, labels ...string) *prometheus.HistogramVec {
	v := prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: name, Help: help, Buckets: buckets}, labels)
	s.add(Row{name, Histogram, labels, help}, v)
	return v
}

func (s *set) add(r Row, c prometheus.Collector) {
	s.registry.MustRegister(c)
	s.rows = append(s.rows, r)
}

// state describes a metric that is read at a scrape.
func (s *set) state(kind Kind, name, help string, labels ...string) *prometheus.Desc {
	s.rows = append(s.rows, Row{name, kind, labels, help})
	return prometheus.NewDesc(name, help, labels, nil)
}

// stamp is an instant in the unit of Prometheus; 0 for one that never was.
func stamp(t time.Time) float64 {
	if t.IsZero() {
		return 0
	}
	return float64(t.UnixMilli()) / 1000
}

// latencies are upper bounds in seconds, from a read in memory to a card that waits for its customer.
func latencies() []float64 {
	return []float64{.0005, .001, .002, .005, .01, .02, .05, .1, .2, .5, 1, 2, 5, 30}
}

// states collects what one function reads, all of it at one moment.
type states[T any] struct {
	descs  []*prometheus.Desc
	read   func(context.Context) (T, error)
	emit   func(T, sink)
	failed prometheus.Counter
}

func (c *states[T]) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range c.descs {
		ch <- d
	}
}

// Collect leaves a state that cannot be read out: an old figure would pass for a new one.
func (c *states[T]) Collect(ch chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), readTimeout)
	defer cancel()
	state, err := c.read(ctx)
	if err != nil {
		c.failed.Inc()
		return
	}
	c.emit(state, sink{ch})
}

// sink takes the values of one scrape.
type sink struct{ ch chan<- prometheus.Metric }

func (s sink) gauge(d *prometheus.Desc, v float64, labels ...string) {
	s.ch <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
}

func (s sink) counter(d *prometheus.Desc, v float64, labels ...string) {
	s.ch <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, v, labels...)
}

func (s sink) histogram(d *prometheus.Desc, count uint64, sum float64, upTo map[float64]uint64, labels ...string) {
	s.ch <- prometheus.MustNewConstHistogram(d, count, sum, upTo, labels...)
}

func (s sink) each(d *prometheus.Desc, byLabel map[string]int64) {
	for label, n := range byLabel {
		s.gauge(d, float64(n), label)
	}
}

func truth(b bool) float64 {
	if b {
		return 1
	}
	return 0
}
