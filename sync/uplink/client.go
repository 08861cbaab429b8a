package uplink

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"loyaltill/agent/loyalty"
	"loyaltill/store"
	"loyaltill/sync/wire"
)

// Time limits of one request. A slow line may need long for a full batch; a long poll waits by itself.
const (
	dialTimeout    = 10 * time.Second
	sessionTimeout = 20 * time.Second
	batchTimeout   = 60 * time.Second
	feedMargin     = 20 * time.Second
	pingAfter      = 15 * time.Second // a silent HTTP/2 connection is asked whether it lives
	pingTimeout    = 10 * time.Second
	maxIdle        = 90 * time.Second
)

// Client is head office over mutual TLS.
type Client struct {
	base  *url.URL
	http  *http.Client
	codec *wire.Codec
	now   func() time.Time

	identity *store.Identity
	cert     atomic.Pointer[tls.Certificate] // the one that is shown; renewed while the agent runs
}

var _ wire.HeadOffice = (*Client)(nil)

// NewClient makes a client from a store's identity: its certificate, and head office's CA as the only one trusted.
func NewClient(id *store.Identity, now func() time.Time) (*Client, error) {
	config, err := TLSConfig(id, now)
	if err != nil {
		return nil, err
	}
	codec, err := wire.NewCodec()
	if err != nil {
		return nil, err
	}
	c, err := NewClientOver(id, codec, &http.Transport{
		Proxy:               http.ProxyFromEnvironment,
		DialContext:         (&net.Dialer{Timeout: dialTimeout}).DialContext,
		TLSHandshakeTimeout: dialTimeout,
		IdleConnTimeout:     maxIdle,
		ForceAttemptHTTP2:   true,
		HTTP2:               &http.HTTP2Config{SendPingTimeout: pingAfter, PingTimeout: pingTimeout},
		DisableCompression:  true, // the protocol has its own
		TLSClientConfig:     config,
	}, now)
	if err != nil {
		return nil, err
	}
	config.Certificates = nil
	config.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return c.cert.Load(), nil }
	return c, nil
}

// NewClientOver makes a client over a line of the caller's, which proves who the store is. Clients may share a codec: one that packs
// batches takes some 35 MB.
func NewClientOver(id *store.Identity, codec *wire.Codec, line http.RoundTripper, now func() time.Time) (*Client, error) {
	base, err := url.Parse(strings.TrimSuffix(id.HeadOffice, "/"))
	if err != nil {
		return nil, fmt.Errorf("head office address: %w", err)
	}
	pair, err := tls.LoadX509KeyPair(id.Path(store.CertFile), id.Path(store.KeyFile))
	if err != nil {
		return nil, fmt.Errorf("store certificate %s: %w", id.Path(store.CertFile), err)
	}
	c := &Client{base: base, codec: codec, now: now, identity: id, http: &http.Client{Transport: line,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
	c.cert.Store(&pair)
	return c, nil
}

// TLSConfig trusts head office's CA alone and shows the store's certificate.
func TLSConfig(id *store.Identity, now func() time.Time) (*tls.Config, error) {
	pair, err := tls.LoadX509KeyPair(id.Path(store.CertFile), id.Path(store.KeyFile))
	if err != nil {
		return nil, fmt.Errorf("store certificate %s: %w", id.Path(store.CertFile), err)
	}
	ca, err := os.ReadFile(id.Path(store.CAFile))
	if err != nil {
		return nil, fmt.Errorf("head office's CA: %w", err)
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(ca) {
		return nil, fmt.Errorf("head office's CA %s: no certificate in it", id.Path(store.CAFile))
	}
	return &tls.Config{MinVersion: tls.VersionTLS13, RootCAs: roots, Certificates: []tls.Certificate{pair}, Time: now}, nil
}

// Close lets idle connections go.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// OpenSession is wire.HeadOffice's.
func (c *Client) OpenSession(ctx context.Context, id loyalty.StoreID, req wire.SessionRequest) (wire.SessionAnswer, error) {
	var answer wire.SessionAnswer
	body, err := json.Marshal(req)
	if err != nil {
		return answer, fmt.Errorf("open session: %w", err)
	}
	header := http.Header{"Content-Type": {wire.TypeJSON}}
	err = c.call(ctx, sessionTimeout, http.MethodPost, fmt.Sprintf("/v1/stores/%d/sessions", id), nil, header, body,
		decodeJSON(wire.MaxSessionBytes, &answer))
	if err != nil {
		return wire.SessionAnswer{}, fmt.Errorf("open session: %w", err)
	}
	return answer, nil
}

// Push is wire.HeadOffice's.
func (c *Client) Push(ctx context.Context, b *wire.Batch) (wire.Accepted, error) {
	var answer wire.Accepted
	packed := c.codec.PackBatch(b)
	err := c.call(ctx, batchTimeout, http.MethodPost, fmt.Sprintf("/v1/stores/%d/batches", b.Store), nil, packed.Header,
		packed.Content, decodeJSON(wire.MaxSessionBytes, &answer))
	if err != nil {
		return wire.Accepted{}, fmt.Errorf("push entries %d to %d: %w", b.First, b.Last(), err)
	}
	return answer, nil
}

// Entries is wire.HeadOffice's.
func (c *Client) Entries(ctx context.Context, q wire.EntriesQuery) (*wire.Batch, error) {
	query := url.Values{}
	query.Set("epoch", strconv.FormatUint(uint64(q.Epoch), 10))
	query.Set("from", strconv.FormatInt(int64(q.From), 10))
	query.Set("limit", strconv.Itoa(q.Limit))
	var b *wire.Batch
	err := c.call(ctx, batchTimeout, http.MethodGet, fmt.Sprintf("/v1/stores/%d/entries", q.Store), query, nil, nil,
		func(resp *http.Response) (err error) {
			b, err = c.codec.ReadBatch(q.Store, resp.Header, resp.Body)
			return err
		})
	if err != nil {
		return nil, fmt.Errorf("fetch entries from %d: %w", q.From, err)
	}
	return b, nil
}

// Feed is wire.HeadOffice's.
func (c *Client) Feed(ctx context.Context, q wire.FeedQuery) (*wire.FeedPage, error) {
	var page *wire.FeedPage
	header := http.Header{"Accept-Encoding": {wire.CodingZstd}}
	err := c.call(ctx, q.Wait+feedMargin, http.MethodGet, "/v1/feed", q.Values(), header, nil,
		func(resp *http.Response) (err error) {
			page, err = c.codec.ReadFeedAnswer(resp.Header, resp.Body)
			return err
		})
	if err != nil {
		return nil, fmt.Errorf("pull feed after %d: %w", q.After, err)
	}
	return page, nil
}

// Snapshot is wire.HeadOffice's; the client's certificate says which life is meant.
func (c *Client) Snapshot(ctx context.Context, _ loyalty.StoreID, _ loyalty.Epoch) (*wire.Snapshot, error) {
	s := &wire.Snapshot{}
	err := c.call(ctx, batchTimeout, http.MethodGet, "/v1/snapshots/latest", nil, nil, nil, decodeJSON(wire.MaxManifestBytes, s))
	if err != nil {
		return nil, fmt.Errorf("ask for a snapshot: %w", err)
	}
	return s, nil
}

// SnapshotPart is wire.HeadOffice's.
func (c *Client) SnapshotPart(ctx context.Context, _ loyalty.StoreID, snapshot int64, part int) (content []byte, err error) {
	err = c.call(ctx, batchTimeout, http.MethodGet, fmt.Sprintf("/v1/snapshots/%d/%d", snapshot, part), nil, nil, nil,
		func(resp *http.Response) error {
			content, err = io.ReadAll(io.LimitReader(resp.Body, wire.MaxFeedBytes+1))
			return err
		})
	if err != nil {
		return nil, fmt.Errorf("fetch part %d of snapshot %d: %w", part, snapshot, err)
	}
	return content, nil
}

// Reserve asks for points of a member for one sale, while the customer waits: the caller bounds the time. wire.CodePointsShort refuses it.
func (c *Client) Reserve(ctx context.Context, id loyalty.StoreID, req wire.ReserveRequest) error {
	body, err := json.Marshal(req)
	if err != nil {
		return fmt.Errorf("reserve: %w", err)
	}
	var answer wire.ReserveAnswer
	header := http.Header{"Content-Type": {wire.TypeJSON}}
	err = c.call(ctx, sessionTimeout, http.MethodPost, fmt.Sprintf("/v1/stores/%d/reservations", id), nil, header, body,
		decodeJSON(wire.MaxSessionBytes, &answer))
	if err == nil && (answer.Txn != req.Txn || answer.Points != req.Points) {
		err = wire.NewProblem(wire.CodeDamaged, "%d points reserved for sale %s", answer.Points, answer.Txn)
	}
	if err != nil {
		return fmt.Errorf("reserve for sale %s: %w", req.Txn, err)
	}
	return nil
}

// Unreserve gives up what was reserved for an attempt at a sale.
func (c *Client) Unreserve(ctx context.Context, id loyalty.StoreID, sale loyalty.TxnID, attempt int64) error {
	query := url.Values{"attempt": {strconv.FormatInt(attempt, 10)}}
	err := c.call(ctx, sessionTimeout, http.MethodDelete, fmt.Sprintf("/v1/stores/%d/reservations/%s", id, sale), query, nil, nil,
		func(*http.Response) error { return nil })
	if err != nil {
		return fmt.Errorf("give up reservation for sale %s: %w", sale, err)
	}
	return nil
}

// call sends one request and hands a 200 to read; any other answer is a *wire.Problem.
func (c *Client) call(ctx context.Context, limit time.Duration, method, path string, query url.Values, header http.Header,
	body []byte, read func(*http.Response) error) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	target := *c.base
	target.Path += path
	target.RawQuery = query.Encode()
	req, err := http.NewRequestWithContext(ctx, method, target.String(), bytes.NewReader(body))
	if err != nil {
		return err
	}
	if header != nil {
		req.Header = header
	}
	req.Header.Set(wire.HeaderProtocol, strconv.Itoa(wire.Protocol))
	resp, err := c.http.Do(req)
	if err != nil {
		return refusedByTLS(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return wire.ReadProblem(resp, c.now())
	}
	return read(resp)
}

// refusedByTLS tells a refusal of certificates, ours or theirs, from a line that is down: it is for the manager, as a 401
// is. A wrong clock looks like this too.
func refusedByTLS(err error) error {
	var remote *net.OpError
	var unverified *tls.CertificateVerificationError
	if errors.As(err, &unverified) || errors.As(err, &remote) && remote.Op == "remote error" { // a TLS alert
		return fmt.Errorf("%w: %w", wire.NewProblem(wire.CodeUnauthorised, "TLS was refused; check the clock and the identity folder"), err)
	}
	return err
}

// decodeJSON reads a bounded JSON answer; fields of a newer head office are skipped.
func decodeJSON(limit int64, into any) func(*http.Response) error {
	return func(resp *http.Response) error {
		body, err := io.ReadAll(io.LimitReader(resp.Body, limit+1))
		if err != nil {
			return err
		}
		if int64(len(body)) > limit {
			return wire.NewProblem(wire.CodeDamaged, "answer above %d bytes", limit)
		}
		if err := json.Unmarshal(body, into); err != nil {
			return wire.NewProblem(wire.CodeDamaged, "answer: %v", err)
		}
		return nil
	}
}
