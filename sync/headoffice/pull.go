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
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"loyaltill/store"
	"loyaltill/sync/wire"
)

const (
	cursorFile     = "cursor.json"
	pullTimeout    = 2 * time.Minute // one request
	maxCloseLine   = 64 << 10
	maxPullPages   = 100_000
	maxPulledBytes = maxCloseFile
)

// Pulled is one closed day that arrived.
type Pulled struct {
	Cursor   int64  `json:"cursor"`
	Store    uint32 `json:"store"`
	Day      string `json:"day"`
	Revision int    `json:"rev"`
	Entries  int64  `json:"entries"`
	File     string `json:"file"`
}

// puller is a back office fetching what is new.
type puller struct {
	base   string
	client *http.Client
	key    ed25519.PublicKey
	out    string
	clock  Clock
}

// cursor is how far a folder has come. It moves only when a day's files are on disk, so a pull may stop anywhere.
type cursor struct {
	After int64 `json:"after"`
}

// Pull fetches every closed day that the folder does not have, checks signature and bytes, and reports each through got.
func Pull(ctx context.Context, identity, address, out string, clock Clock, got func(Pulled)) error {
	p, err := newPuller(identity, address, out, clock)
	if err != nil {
		return err
	}
	defer p.client.CloseIdleConnections()
	if err := os.MkdirAll(out, 0o700); err != nil {
		return fmt.Errorf("pull: %w", err)
	}
	at, err := p.readCursor()
	if err != nil {
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
			done, err := p.day(ctx, line, at.After)
			if err != nil {
				return fmt.Errorf("pull close after %d: %w", at.After, err)
			}
			at.After = done.Cursor
			if err := p.writeCursor(at); err != nil {
				return err
			}
			got(done)
		}
	}
	return fmt.Errorf("pull: more than %d pages; run it again", maxPullPages)
}

func newPuller(identity, address, out string, clock Clock) (*puller, error) {
	if err := checkAddress(address); err != nil {
		return nil, err
	}
	bad := func(err error) error {
		return &FieldError{"identity", `give a folder made by "headoffice enrol --backoffice"`, err}
	}
	raw, err := os.ReadFile(filepath.Join(identity, backOfficeFile))
	if err != nil {
		return nil, bad(err)
	}
	var who backOffice
	if err := decodeStrict(raw, &who); err != nil || len(who.PositionKey) != ed25519.PublicKeySize {
		return nil, bad(fmt.Errorf("%s: %w", backOfficeFile, errors.Join(err, errors.New("no position key"))))
	}
	own, err := tls.LoadX509KeyPair(filepath.Join(identity, backOfficeCert), filepath.Join(identity, backOfficeKey))
	if err != nil {
		return nil, bad(err)
	}
	ca, err := os.ReadFile(filepath.Join(identity, store.CAFile))
	if err != nil {
		return nil, bad(err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(ca) {
		return nil, bad(fmt.Errorf("%s holds no certificate", store.CAFile))
	}
	transport := &http.Transport{ForceAttemptHTTP2: true, TLSClientConfig: &tls.Config{
		MinVersion: tls.VersionTLS13, RootCAs: pool, Certificates: []tls.Certificate{own}, Time: clock}}
	return &puller{base: strings.TrimSuffix(address, "/"), key: ed25519.PublicKey(who.PositionKey), out: out, clock: clock,
		client: &http.Client{Transport: transport, Timeout: pullTimeout}}, nil
}

func (p *puller) readCursor() (at cursor, err error) {
	path := filepath.Join(p.out, cursorFile)
	raw, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return at, nil
	}
	if err == nil {
		err = decodeStrict(raw, &at)
	}
	if err != nil || at.After < 0 {
		return at, &FieldError{"out", "remove the file to pull everything again", fmt.Errorf("%s: %w", path, errors.Join(err, errors.New("not a cursor")))}
	}
	return at, nil
}

func (p *puller) writeCursor(at cursor) error {
	doc, err := json.Marshal(at)
	if err == nil {
		err = replaceFile(filepath.Join(p.out, cursorFile), append(doc, '\n'))
	}
	if err != nil {
		return fmt.Errorf("keep cursor: %w", err)
	}
	return nil
}

// page fetches the next manifests.
func (p *puller) page(ctx context.Context, after int64) (lines [][]byte, err error) {
	body, err := p.get(ctx, "/v1/closes?"+url.Values{"after": {strconv.FormatInt(after, 10)}}.Encode())
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, body.Close()) }()
	in := bufio.NewScanner(io.LimitReader(body, wire.MaxClosesPerPage*maxCloseLine))
	in.Buffer(nil, maxCloseLine)
	for in.Scan() {
		lines = append(lines, bytes.Clone(in.Bytes()))
	}
	return lines, in.Err()
}

func (p *puller) get(ctx context.Context, path string) (io.ReadCloser, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, p.base+path, nil)
	if err != nil {
		return nil, err
	}
	req.Header.Set(wire.HeaderProtocol, strconv.Itoa(wire.Protocol))
	resp, err := p.client.Do(req)
	if err != nil {
		return nil, err
	}
	if resp.StatusCode != http.StatusOK {
		problem := wire.ReadProblem(resp, p.clock())
		return nil, errors.Join(problem, resp.Body.Close())
	}
	return resp.Body, nil
}

// day fetches one closed day and puts it beside its manifest. A file that is there already with the right bytes is kept.
func (p *puller) day(ctx context.Context, line []byte, after int64) (done Pulled, err error) {
	c, err := wire.ReadClose(line, p.key)
	if err != nil {
		return done, err
	}
	if c.Cursor <= after {
		return done, fmt.Errorf("manifest %d came after %d", c.Cursor, after)
	}
	if _, err := time.Parse(time.DateOnly, c.Day); err != nil || c.Revision < 1 {
		return done, fmt.Errorf("manifest %d names no day: %q revision %d", c.Cursor, c.Day, c.Revision)
	}
	name := fmt.Sprintf("%d-%s-%d", c.Store, c.Day, c.Revision)
	path := filepath.Join(p.out, name+".ndjson")
	if !p.have(path, c) {
		if err := p.fetch(ctx, c, path); err != nil {
			return done, err
		}
	}
	if err := replaceFile(filepath.Join(p.out, name+".manifest.json"), append(line, '\n')); err != nil {
		return done, fmt.Errorf("keep manifest: %w", err)
	}
	return Pulled{Cursor: c.Cursor, Store: uint32(c.Store), Day: c.Day, Revision: c.Revision, Entries: c.Count, File: path}, nil
}

// have tells whether a file is already here, to the last byte.
func (p *puller) have(path string, c *wire.Close) bool {
	raw, err := os.ReadFile(path)
	return err == nil && store.Hash(sha256.Sum256(raw)) == c.File.SHA256
}

func (p *puller) fetch(ctx context.Context, c *wire.Close, path string) (err error) {
	if c.File.Bytes > maxPulledBytes {
		return fmt.Errorf("file of %d bytes, the limit is %d", c.File.Bytes, maxPulledBytes)
	}
	body, err := p.get(ctx, wire.ClosePath(c.Store, c.Day, c.Revision))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, body.Close()) }()
	raw, err := io.ReadAll(io.LimitReader(body, c.File.Bytes+1))
	if err != nil {
		return err
	}
	if int64(len(raw)) != c.File.Bytes || store.Hash(sha256.Sum256(raw)) != c.File.SHA256 {
		return wire.NewProblem(wire.CodeDamaged, "entries of store %d on %s are not those of the manifest", c.Store, c.Day)
	}
	if int64(bytes.Count(raw, []byte{'\n'})) != c.Count {
		return wire.NewProblem(wire.CodeDamaged, "%d entries of store %d on %s, the manifest says %d", bytes.Count(raw, []byte{'\n'}), c.Store, c.Day, c.Count)
	}
	return replaceFile(path, raw)
}
