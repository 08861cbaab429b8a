package headoffice

import (
	"bufio"
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"loyaltill/agent/loyalty"
	"loyaltill/store"
	"loyaltill/sync/wire"
)

const (
	pullTimeout  = 10 * time.Minute // one file over a slow line
	maxCloseLine = 64 << 10
	maxPullPages = 100_000
)

// PullFrom says where a back office pulls from, and as whom.
type PullFrom struct {
	Identity   string // folder
	HeadOffice string // address
	Clock      Clock
}

// Pulled is one closed day that arrived.
type Pulled struct {
	Cursor   int64  `json:"cursor"`
	Store    uint32 `json:"store"`
	Day      string `json:"day"`
	Revision int    `json:"rev"`
	Entries  int64  `json:"entries"`
	Place    string `json:"place"` // the manifest's file, or the schema
}

// progress is how far a sink has come. It moves together with a day's content, so a pull may stop anywhere.
type progress struct {
	After   int64                          `json:"after"`
	Heads   map[loyalty.StoreID]store.Hash `json:"heads"`             // of each store's newest manifest
	Receipt *receiptDue                    `json:"receipt,omitempty"` // that head office has not taken yet
}

// receiptDue is a receipt on its way.
type receiptDue struct {
	Path   string     `json:"path"`
	SHA256 store.Hash `json:"sha256"`
}

// sink is where closed days go: a folder, or a schema of a database.
type sink interface {
	load(ctx context.Context) (progress, error)
	keep(ctx context.Context, d *closedDay, before, next progress) (place string, err error) // the day and the progress, or neither
	note(ctx context.Context, at progress) error
}

// closedDay is a manifest whose signature and place in its store's chain were checked.
type closedDay struct {
	*wire.Close
	line []byte
	from *puller
}

// puller is a back office fetching what is new.
type puller struct {
	base   string
	client *http.Client
	key    ed25519.PublicKey
	clock  Clock
}

// pull fetches every closed day that the sink does not have, and reports each through got.
func pull(ctx context.Context, from PullFrom, into sink, got func(Pulled)) error {
	p, err := newPuller(from)
	if err != nil {
		return err
	}
	defer p.client.CloseIdleConnections()
	at, err := into.load(ctx)
	if err != nil {
		return err
	}
	if err := p.receipt(ctx, into, &at); err != nil {
		return err
	}
	for range maxPullPages {
		lines, err := p.page(ctx, at.After)
		if err != nil {
			return fmt.Errorf("pull closes after %d: %w", at.After, err)
		}
		if len(lines) == 0 {
			return nil
		}
		for _, line := range lines {
			done, err := p.day(ctx, line, into, &at)
			if err != nil {
				return fmt.Errorf("pull close after %d: %w", at.After, err)
			}
			got(done)
			if err := p.receipt(ctx, into, &at); err != nil {
				return err
			}
		}
	}
	return fmt.Errorf("pull: more than %d pages; run it again", maxPullPages)
}

func newPuller(from PullFrom) (*puller, error) {
	if err := checkAddress("head-office", from.HeadOffice); err != nil {
		return nil, err
	}
	who, config, err := readBackOffice(from)
	if err != nil {
		return nil, err
	}
	return pullerAt(from.HeadOffice, config, ed25519.PublicKey(who.PositionKey), from.Clock), nil
}

func pullerAt(address string, config *tls.Config, key ed25519.PublicKey, clock Clock) *puller {
	return &puller{base: strings.TrimSuffix(address, "/"), key: key, clock: clock,
		client: &http.Client{Transport: &http.Transport{ForceAttemptHTTP2: true, TLSClientConfig: config}, Timeout: pullTimeout}}
}

// readBackOffice reads a back office's identity folder.
func readBackOffice(from PullFrom) (who backOffice, config *tls.Config, err error) {
	bad := func(err error) error {
		return &FieldError{"identity", `give a folder made by "headoffice enrol --backoffice"`, err}
	}
	raw, err := os.ReadFile(filepath.Join(from.Identity, backOfficeFile))
	if err != nil {
		return who, nil, bad(err)
	}
	if err := decodeStrict(raw, &who); err != nil || len(who.PositionKey) != ed25519.PublicKeySize {
		return who, nil, bad(fmt.Errorf("%s: %w", backOfficeFile, errors.Join(err, errors.New("no position key"))))
	}
	own, err := tls.LoadX509KeyPair(filepath.Join(from.Identity, backOfficeCert), filepath.Join(from.Identity, backOfficeKey))
	if err != nil {
		return who, nil, bad(err)
	}
	ca, err := os.ReadFile(filepath.Join(from.Identity, store.CAFile))
	if err != nil {
		return who, nil, bad(err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(ca) {
		return who, nil, bad(fmt.Errorf("%s holds no certificate", store.CAFile))
	}
	return who, &tls.Config{MinVersion: tls.VersionTLS13, RootCAs: pool, Certificates: []tls.Certificate{own}, Time: from.Clock}, nil
}

// page fetches the next manifests.
func (p *puller) page(ctx context.Context, after int64) (lines [][]byte, err error) {
	return p.lines(ctx, "/v1/closes", after)
}

// lines fetches manifests, one a line.
func (p *puller) lines(ctx context.Context, path string, after int64) (lines [][]byte, err error) {
	resp, err := p.send(ctx, http.MethodGet, path+"?"+url.Values{"after": {strconv.FormatInt(after, 10)}}.Encode(), nil, nil)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, resp.Body.Close()) }()
	in := bufio.NewScanner(io.LimitReader(resp.Body, wire.MaxClosesPerPage*maxCloseLine))
	in.Buffer(nil, maxCloseLine)
	for in.Scan() {
		lines = append(lines, bytes.Clone(in.Bytes()))
	}
	return lines, in.Err()
}

// send asks head office, or a store; another answer than 200, 204 or 206 is an error.
func (p *puller) send(ctx context.Context, method, path string, header http.Header, body []byte) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, method, p.base+path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	if header != nil {
		req.Header = header
	}
	req.Header.Set(wire.HeaderProtocol, strconv.Itoa(wire.Protocol))
	resp, err := p.client.Do(req)
	if err != nil {
		return nil, err
	}
	if !slices.Contains([]int{http.StatusOK, http.StatusNoContent, http.StatusPartialContent}, resp.StatusCode) {
		problem := wire.ReadProblem(resp, p.clock())
		return nil, errors.Join(problem, resp.Body.Close())
	}
	return resp, nil
}

// day checks one manifest, has the sink keep the day, and moves at.
func (p *puller) day(ctx context.Context, line []byte, into sink, at *progress) (done Pulled, err error) {
	c, err := wire.ReadClose(line, p.key)
	if err != nil {
		return done, err
	}
	if c.Cursor <= at.After {
		return done, fmt.Errorf("manifest %d came after %d", c.Cursor, at.After)
	}
	if _, err := time.Parse(time.DateOnly, c.Day); err != nil || c.Revision < 1 {
		return done, fmt.Errorf("manifest %d names no day: %q revision %d", c.Cursor, c.Day, c.Revision)
	}
	if c.Prev != at.Heads[c.Store] {
		return done, fmt.Errorf("manifest %d of store %d follows %v, here the one before is %v: a manifest is missing or was replaced; "+
			"keep both sides and ask head office", c.Cursor, c.Store, c.Prev, at.Heads[c.Store])
	}
	next := progress{After: c.Cursor, Heads: map[loyalty.StoreID]store.Hash{c.Store: sha256.Sum256(line)},
		Receipt: &receiptDue{Path: wire.ClosePath(c.Store, c.Day, c.Revision) + "/ack", SHA256: sha256.Sum256(line)}}
	for id, hash := range at.Heads {
		if id != c.Store {
			next.Heads[id] = hash
		}
	}
	place, err := into.keep(ctx, &closedDay{c, line, p}, *at, next)
	if err != nil {
		return done, fmt.Errorf("store %d, %s, revision %d: %w", c.Store, c.Day, c.Revision, err)
	}
	*at = next
	return Pulled{Cursor: c.Cursor, Store: uint32(c.Store), Day: c.Day, Revision: c.Revision, Entries: c.Count, Place: place}, nil
}

// receipt tells head office of the day that was kept last, unless it knows.
func (p *puller) receipt(ctx context.Context, into sink, at *progress) error {
	if at.Receipt == nil {
		return nil
	}
	body, err := json.Marshal(wire.CloseReceipt{SHA256: at.Receipt.SHA256})
	if err != nil {
		return fmt.Errorf("receipt for %s: %w", at.Receipt.Path, err)
	}
	resp, err := p.send(ctx, http.MethodPost, at.Receipt.Path, http.Header{"Content-Type": {wire.TypeJSON}}, body)
	if err == nil {
		err = resp.Body.Close()
	}
	if err != nil {
		return fmt.Errorf("receipt for %s: %w; the day is kept, run pull again", at.Receipt.Path, err)
	}
	at.Receipt = nil
	return into.note(ctx, *at)
}

// fetch reads one of the day's files from a place on, and says whether it begins there: a server may give it whole.
func (d *closedDay) fetch(ctx context.Context, f wire.CloseFile, from int64) (body io.ReadCloser, resumed bool, err error) {
	header := http.Header{}
	if from > 0 {
		header.Set("Range", fmt.Sprintf("bytes=%d-", from))
		header.Set("If-Range", strconv.Quote(f.SHA256.String()))
	}
	resp, err := d.from.send(ctx, http.MethodGet, f.Path, header, nil)
	if err != nil {
		return nil, false, err
	}
	return resp.Body, resp.StatusCode == http.StatusPartialContent, nil
}

// businessDay is the day that was closed; its form was checked.
func (d *closedDay) businessDay() time.Time {
	day, _ := time.Parse(time.DateOnly, d.Day)
	return day
}
