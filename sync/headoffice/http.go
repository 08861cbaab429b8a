package headoffice

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"

	"loyaltill/agent/loyalty"
	"loyaltill/store/hodb"
	"loyaltill/sync/wire"
)

const (
	headerTimeout = 10 * time.Second
	readTimeout   = 60 * time.Second // a full batch over a slow line
	idleTimeout   = 2 * time.Minute
	maxHeader     = 16 << 10
	maxPushes     = 64              // batches in memory at a time
	pushWait      = 2 * time.Second // how long a batch waits for its turn before the store is sent away
	spreadRetry   = 5               // seconds over which sent-away stores are spread
)

// writeTimeout leaves a long poll its time.
const writeTimeout = wire.MaxWait + 30*time.Second

// access says whose certificate opens a route.
type access int

const (
	forStore      access = iota // the store and epoch of the path or query
	forBackOffice               // any back office
	forEither                   // any of the two
	forAnyone                   // no certificate: who enrols has none yet
)

// route is one row of the table of everything that can be asked of head office over the network.
type route struct {
	pattern string
	who     access
	handle  func(*call) error
}

func (s *server) routes() []route {
	return []route{
		{"POST /v1/stores/{id}/sessions", forStore, s.postSession},
		{"POST /v1/stores/{id}/batches", forStore, s.postBatch},
		{"POST /v1/stores/{id}/branch", forStore, s.postBranch},
		{"GET /v1/stores/{id}/entries", forStore, s.getEntries},
		{"POST /v1/stores/{id}/certificate", forStore, s.postCertificate},
		{"GET /v1/ca", forAnyone, s.getCA},
		{"POST /v1/enrolments", forAnyone, s.postEnrolment},
		{"GET /v1/feed", forStore, s.getFeed},
		{"GET /v1/snapshots/latest", forStore, s.getSnapshot},
		{"GET /v1/snapshots/{snapshot}/{part}", forStore, s.getSnapshotPart},
		{"POST /v1/stores/{id}/reservations", forStore, s.postReservation},
		{"DELETE /v1/stores/{id}/reservations/{txn}", forStore, s.deleteReservation},
		{"GET /v1/closes", forBackOffice, s.getCloses},
		{"GET /v1/closes/{store}/{day}/{rev}/{name}", forBackOffice, s.getCloseFile},
		{"POST /v1/closes/{store}/{day}/{rev}/ack", forBackOffice, s.postReceipt},
		{"GET /v1/programme.schema.json", forEither, s.getSchema},
	}
}

// server puts an office on the network.
type server struct {
	office *Office
	pushes chan struct{} // one value for each batch in memory
}

// call is one request whose certificate and protocol were accepted.
type call struct {
	ctx    context.Context
	client client
	w      http.ResponseWriter
	r      *http.Request
}

// Handler serves the protocol of docs/wire.md. It must stand behind TLS that has verified client certificates.
func (o *Office) Handler() http.Handler {
	s := &server{office: o, pushes: make(chan struct{}, maxPushes)}
	mux := http.NewServeMux()
	for _, rt := range s.routes() {
		mux.HandleFunc(rt.pattern, func(w http.ResponseWriter, r *http.Request) { s.serve(rt, w, r) })
	}
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		s.refuse(w, wire.NewProblem(wire.CodeNotFound, "%s %s", r.Method, r.URL.Path))
	})
	return mux
}

func (s *server) serve(rt route, w http.ResponseWriter, r *http.Request) {
	c := &call{ctx: r.Context(), w: w, r: r}
	start := time.Now()
	err := s.admit(rt, c)
	if err == nil {
		err = rt.handle(c)
	}
	s.office.metrics.Answered(rt.pattern, codeOf(err), time.Since(start))
	if err != nil {
		s.refuse(w, err)
	}
}

func (s *server) refuse(w http.ResponseWriter, err error) {
	if werr := wire.WriteProblem(w, s.office.asProblem(err)); werr != nil {
		s.office.log.Debug().Err(werr).Msg("answer not delivered")
	}
}

// admit checks certificate and protocol version before anything of the request is believed.
func (s *server) admit(rt route, c *call) error {
	if rt.who != forAnyone {
		if err := s.admitClient(rt, c); err != nil {
			return err
		}
	}
	if v := c.r.Header.Get(wire.HeaderProtocol); v != "" {
		if n, err := strconv.Atoi(v); err != nil || n < wire.MinProtocol || n > wire.Protocol {
			p := wire.NewProblem(wire.CodeUpgradeRequired, "protocol %q is not spoken here", v)
			p.MinProtocol = wire.MinProtocol
			return p
		}
	}
	return nil
}

func (s *server) admitClient(rt route, c *call) (err error) {
	if c.client, err = clientOf(c.r); err != nil {
		return wire.NewProblem(wire.CodeUnauthorised, "%v", err)
	}
	if rt.who != forEither && (c.client.backOffice != "") != (rt.who == forBackOffice) {
		return wire.NewProblem(wire.CodeForbidden, "%v may not ask this", c.client)
	}
	if id := c.r.PathValue("id"); id != "" && id != strconv.FormatUint(uint64(c.client.store), 10) {
		return wire.NewProblem(wire.CodeForbidden, "the certificate is of store %d", c.client.store)
	}
	if c.client.store == 0 {
		return nil
	}
	return s.office.db.View(c.ctx, func(tx *hodb.Tx) error {
		reason, err := tx.Revoked(c.client.store, c.client.epoch)
		if err == nil && reason != "" {
			err = wire.NewProblem(wire.CodeRevoked, "epoch %d of store %d: %s", c.client.epoch, c.client.store, reason)
		}
		return err
	})
}

// ownEpoch refuses a message of another life of the store than the certificate's.
func (c *call) ownEpoch(epoch loyalty.Epoch) error {
	if epoch != c.client.epoch {
		return wire.NewProblem(wire.CodeForbidden, "the certificate is of epoch %d", c.client.epoch)
	}
	return nil
}

func (s *server) postSession(c *call) error {
	var req wire.SessionRequest
	if err := c.readJSON(wire.MaxSessionBytes, &req); err != nil {
		return err
	}
	if err := c.ownEpoch(req.Epoch); err != nil {
		return err
	}
	answer, err := s.office.OpenSession(c.ctx, c.client.store, req)
	if err != nil {
		return err
	}
	return c.writeJSON(answer)
}

// getCA shows the CA to a box that enrols; its code says whether to believe it.
func (s *server) getCA(c *call) error {
	c.w.Header().Set("Content-Type", wire.TypePEM)
	_, err := c.w.Write(s.office.home.Keys.caPEM())
	return s.undelivered(err)
}

func (s *server) postEnrolment(c *call) error {
	var req wire.EnrolRequest
	if err := c.readJSON(wire.MaxEnrolBytes, &req); err != nil {
		return err
	}
	answer, err := s.office.Enrol(c.ctx, req)
	if err != nil {
		return err
	}
	return c.writeJSON(answer)
}

func (s *server) postCertificate(c *call) error {
	var req wire.RenewRequest
	if err := c.readJSON(wire.MaxEnrolBytes, &req); err != nil {
		return err
	}
	answer, err := s.office.Renew(c.ctx, c.client, req)
	if err != nil {
		return err
	}
	return c.writeJSON(answer)
}

func (s *server) postBatch(c *call) error { return s.takeBatch(c, s.office.Push) }

func (s *server) postBranch(c *call) error { return s.takeBatch(c, s.office.Branch) }

// takeBatch reads a batch and has something done with it.
func (s *server) takeBatch(c *call, do func(context.Context, *wire.Batch) (wire.Accepted, error)) error {
	if err := s.takeTurn(c); err != nil {
		return err
	}
	defer func() { <-s.pushes }()
	b, err := s.office.codec.ReadBatch(c.client.store, c.r.Header, http.MaxBytesReader(c.w, c.r.Body, wire.MaxPackedBytes+1))
	if err != nil {
		return err
	}
	if err := c.ownEpoch(b.Epoch); err != nil {
		return err
	}
	if b.Session == 0 {
		return wire.NewProblem(wire.CodeBadRequest, "%s is missing", wire.HeaderSession)
	}
	answer, err := do(c.ctx, b)
	if err != nil {
		return err
	}
	return c.writeJSON(answer)
}

// takeTurn bounds the batches in memory; who waits too long is sent away for a while that differs by store.
func (s *server) takeTurn(c *call) error {
	timer := time.NewTimer(pushWait)
	defer timer.Stop()
	select {
	case s.pushes <- struct{}{}:
		return nil
	case <-timer.C:
		p := wire.NewProblem(wire.CodeUnavailable, "%d batches are being written", maxPushes)
		p.RetryAfter = time.Duration(1+c.client.store%spreadRetry) * time.Second
		return p
	case <-c.ctx.Done():
		return c.ctx.Err()
	}
}

func (s *server) getEntries(c *call) error {
	epoch, from, limit := int64(0), int64(0), int64(wire.MaxBatchEntries)
	if err := c.query(map[string]*int64{"epoch": &epoch, "from": &from, "limit": &limit}); err != nil {
		return err
	}
	q := wire.EntriesQuery{Store: c.client.store, Epoch: loyalty.Epoch(min(epoch, math.MaxUint32)), From: loyalty.Seq(from),
		Limit: int(min(limit, wire.MaxBatchEntries))}
	if err := c.ownEpoch(q.Epoch); err != nil {
		return err
	}
	b, err := s.office.Entries(c.ctx, q)
	if err != nil {
		return err
	}
	packed := s.office.codec.PackBatch(b)
	for name, values := range packed.Header {
		c.w.Header()[name] = values
	}
	_, err = c.w.Write(packed.Content)
	return s.undelivered(err)
}

func (s *server) getFeed(c *call) error {
	q, err := wire.ParseFeedQuery(c.client.store, c.r.URL.Query())
	if err != nil {
		return err
	}
	page, err := s.office.feedOf(c.ctx, q, c.client.epoch)
	if err != nil {
		return err
	}
	c.w.Header().Set("Content-Type", wire.TypeNDJSON)
	if !strings.Contains(c.r.Header.Get("Accept-Encoding"), wire.CodingZstd) {
		return s.undelivered(wire.WriteFeed(c.w, page))
	}
	content, err := s.office.codec.PackFeed(page)
	if err != nil {
		return err
	}
	c.w.Header().Set("Content-Encoding", wire.CodingZstd)
	_, err = c.w.Write(content)
	return s.undelivered(err)
}

// undelivered takes note of an answer that could not be sent: the client asks again, nothing else can be told to it.
func (s *server) undelivered(err error) error {
	if err != nil {
		s.office.log.Debug().Err(err).Msg("answer not delivered")
	}
	return nil
}

func (s *server) getCloses(c *call) error {
	after, limit := int64(0), int64(wire.MaxClosesPerPage)
	if err := c.query(map[string]*int64{"after": &after, "limit": &limit}); err != nil {
		return err
	}
	lines, err := s.office.Closes(c.ctx, after, int(max(1, min(limit, wire.MaxClosesPerPage))))
	if err != nil {
		return err
	}
	c.w.Header().Set("Content-Type", wire.TypeNDJSON)
	for _, line := range lines {
		if _, err := c.w.Write(append(line, '\n')); err != nil {
			return s.undelivered(err)
		}
	}
	return nil
}

// getSchema gives those who make programme documents the schema that they are checked against.
func (s *server) getSchema(c *call) error {
	text, err := loyalty.Schema()
	if err != nil {
		return err
	}
	c.w.Header().Set("Content-Type", "application/schema+json")
	_, err = c.w.Write(text)
	return s.undelivered(err)
}

// query reads the named whole numbers from the query string and refuses any other name.
func (c *call) query(fields map[string]*int64) error {
	for name, values := range c.r.URL.Query() {
		field, known := fields[name]
		if !known {
			return wire.NewProblem(wire.CodeBadRequest, "query parameter %q is not known", name)
		}
		n, err := strconv.ParseInt(values[0], 10, 64)
		if err != nil || n < 0 {
			return wire.NewProblem(wire.CodeBadRequest, "query parameter %s %q: want a number from 0", name, values[0])
		}
		*field = n
	}
	return nil
}

// readJSON reads a bounded body strictly.
func (c *call) readJSON(limit int64, into any) error {
	if kind, _, _ := strings.Cut(c.r.Header.Get("Content-Type"), ";"); kind != wire.TypeJSON {
		return wire.NewProblem(wire.CodeUnsupported, "content type %q, want %s", kind, wire.TypeJSON)
	}
	raw, err := io.ReadAll(http.MaxBytesReader(c.w, c.r.Body, limit))
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		p := wire.NewProblem(wire.CodeTooLarge, "body above %d bytes", limit)
		p.Max = int(limit)
		return p
	}
	if err != nil {
		return wire.NewProblem(wire.CodeDamaged, "read body: %v", err)
	}
	if err := decodeStrict(raw, into); err != nil {
		return wire.NewProblem(wire.CodeBadRequest, "%v", err)
	}
	return nil
}

// decodeStrict reads one JSON value without unknown fields and with nothing behind it.
func decodeStrict(raw []byte, into any) error {
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.DisallowUnknownFields()
	if err := dec.Decode(into); err != nil {
		return err
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return errors.New("there is something behind the JSON value")
	}
	return nil
}

func (c *call) writeJSON(v any) error {
	body, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("encode answer: %w", err)
	}
	c.w.Header().Set("Content-Type", wire.TypeJSON)
	c.w.Header().Set("Cache-Control", "no-store")
	_, _ = c.w.Write(append(body, '\n')) // nobody may be there to hear it; then the store asks again
	return nil
}
