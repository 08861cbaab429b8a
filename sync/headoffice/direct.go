package headoffice

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"loyaltill/agent/loyalty"
	"loyaltill/store/hodb"
	"loyaltill/sync/wire"
)

// DirectFrom is a store that is asked itself, because head office cannot be reached from it.
type DirectFrom struct {
	Store   loyalty.StoreID
	Address string // https
}

func (f DirectFrom) check() error {
	if f.Store == 0 {
		return &FieldError{"store", "give the store's number", nil}
	}
	return checkAddress("from-store", f.Address)
}

// toStore makes a connection prove that it leads to the store: its certificate names a store and no host.
func (f DirectFrom) toStore(config *tls.Config, clock Clock) *tls.Config {
	config = config.Clone()
	config.InsecureSkipVerify = true // VerifyConnection does it: against the same CA, by the store's number in place of the host
	config.VerifyConnection = func(state tls.ConnectionState) error {
		_, err := f.proven(state, config.RootCAs, clock)
		return err
	}
	return config
}

func (f DirectFrom) proven(state tls.ConnectionState, roots *x509.CertPool, clock Clock) (loyalty.Epoch, error) {
	if len(state.PeerCertificates) == 0 {
		return 0, errors.New("the store shows no certificate")
	}
	id, epoch, err := wire.VerifyStore(state.PeerCertificates[0], roots, clock())
	if err == nil && id != f.Store {
		err = fmt.Errorf("store %d answers there, not store %d", id, f.Store)
	}
	return epoch, err
}

// PulledDirect is one day that came from a store itself.
type PulledDirect struct {
	Store   uint32 `json:"store"`
	Epoch   uint32 `json:"epoch"`
	Day     string `json:"day"`
	Entries int64  `json:"entries"`
	Place   string `json:"place"` // the manifest's file
}

// PullDirect fetches the closed days of a store into a folder that does not have them: the entries, as head office will publish them, and
// the manifest that the store signed. Done again, only what is missing comes.
func PullDirect(ctx context.Context, from PullFrom, at DirectFrom, dir string, got func(PulledDirect)) error {
	if err := at.check(); err != nil {
		return err
	}
	_, config, err := readBackOffice(from)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return &FieldError{"out", "give a folder that can be written", err}
	}
	p := pullerAt(at.Address, at.toStore(config, from.Clock), nil, from.Clock)
	defer p.client.CloseIdleConnections()
	after := int64(0)
	for range maxPullPages {
		lines, err := p.lines(ctx, wire.DirectCloses, after)
		if err != nil {
			return fmt.Errorf("pull from store %d after entry %d: %w", at.Store, after, err)
		}
		if len(lines) == 0 {
			return nil
		}
		for _, line := range lines {
			c, err := wire.ReadStoreClose(line, config.RootCAs, from.Clock())
			if err == nil && (c.Store != at.Store || int64(c.Last) <= after) {
				err = fmt.Errorf("the close of store %d at entry %d came after %d", c.Store, c.Last, after)
			}
			if err == nil {
				err = p.keepDirect(ctx, c, line, dir, got)
			}
			if err != nil {
				return fmt.Errorf("pull from store %d after entry %d: %w", at.Store, after, err)
			}
			after = int64(c.Last)
		}
	}
	return fmt.Errorf("pull: more than %d pages; run it again", maxPullPages)
}

// keepDirect puts a day's entries beside the store's manifest, which is written last. What is there already stays as it is.
func (p *puller) keepDirect(ctx context.Context, c *wire.StoreClose, line []byte, dir string, got func(PulledDirect)) error {
	name := filepath.Join(dir, fmt.Sprintf("%d-%s-epoch%d.", c.Store, c.Day, c.Epoch))
	manifest := name + "manifest.json"
	if _, err := os.Stat(manifest); err == nil && hasBytes(name+"ndjson", c.File) {
		return nil
	}
	if err := (&closedDay{from: p}).save(ctx, c.File, name+"ndjson"); err != nil {
		return err
	}
	if err := replaceFile(manifest, append(bytes.Clone(line), '\n')); err != nil {
		return fmt.Errorf("keep manifest: %w", err)
	}
	got(PulledDirect{uint32(c.Store), uint32(c.Epoch), c.Day, c.Count, manifest})
	return nil
}

// headInput asks how far head office has a life of a store's log.
type headInput struct {
	Store loyalty.StoreID `json:"store"`
	Epoch loyalty.Epoch   `json:"epoch"`
}

type headOutcome struct {
	Seq loyalty.Seq `json:"seq"`
}

func (o *Office) headOf(ctx context.Context, in headInput) (out headOutcome, err error) {
	err = o.db.View(ctx, func(tx *hodb.Tx) error {
		head, err := tx.Head(in.Store, in.Epoch)
		if errors.Is(err, hodb.ErrNotFound) {
			return &FieldError{"store", "give a store that is enrolled here", err}
		}
		if err == nil {
			out.Seq = loyalty.Seq(head.Seq)
		}
		return err
	})
	return out, err
}

// Fetched is one batch that head office took from a store itself.
type Fetched struct {
	Store   uint32      `json:"store"`
	Epoch   uint32      `json:"epoch"`
	First   loyalty.Seq `json:"first"`
	Through loyalty.Seq `json:"through"`
}

// fetchLife is how long the certificate is good by which head office fetches.
const fetchLife = time.Hour

// FetchStore takes from a store what head office lacks of its log. It is the store's own batches by the path of every other, so what
// the store uploads later is known already.
func (m Manager) FetchStore(ctx context.Context, at DirectFrom, took func(Fetched)) error {
	if err := at.check(); err != nil {
		return err
	}
	p, err := m.fetcher(at)
	if err != nil {
		return err
	}
	defer p.client.CloseIdleConnections()
	epoch, err := p.epochOf(ctx, at, m)
	if err != nil {
		return fmt.Errorf("fetch from store %d: %w", at.Store, err)
	}
	var head headOutcome
	if err := m.Home.call(ctx, m.Options, opHead, headInput{at.Store, epoch}, &head); err != nil {
		return err
	}
	next := head.Seq + 1
	for range maxPullPages {
		file, err := p.batch(ctx, next)
		if err != nil {
			return fmt.Errorf("fetch from store %d: %w", at.Store, err)
		}
		if file == nil {
			return nil
		}
		var answer wire.StickAnswer
		err = m.Home.call(ctx, m.Options, opStick, stickInput{file}, &answer)
		switch {
		case err != nil:
			return fmt.Errorf("fetch from store %d: %w", at.Store, err)
		case answer.Problem != nil:
			return fmt.Errorf("fetch from store %d: %w", at.Store, answer.Problem)
		case answer.Accepted.AcceptedThrough < next:
			return fmt.Errorf("fetch from store %d: it gives entries that head office has", at.Store)
		}
		took(Fetched{uint32(at.Store), uint32(epoch), next, answer.Accepted.AcceptedThrough})
		next = answer.Accepted.AcceptedThrough + 1
	}
	return fmt.Errorf("fetch from store %d: more than %d batches; run it again", at.Store, maxPullPages)
}

// fetcher connects as head office, with a certificate made for it.
func (m Manager) fetcher(at DirectFrom) (*puller, error) {
	now := m.Options.Clock()
	template := clientTemplate(client{backOffice: wire.DirectHeadOffice}, now)
	template.NotAfter = now.Add(fetchLife)
	own, err := m.Home.Keys.sign(template)
	if err != nil {
		return nil, err
	}
	pair, err := tls.X509KeyPair(own.certPEM, own.keyPEM)
	if err != nil {
		return nil, fmt.Errorf("fetch from store %d: %w", at.Store, err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(m.Home.Keys.tlsCACert)
	config := &tls.Config{MinVersion: tls.VersionTLS13, RootCAs: roots, Certificates: []tls.Certificate{pair}, Time: m.Options.Clock}
	return pullerAt(at.Address, at.toStore(config, m.Options.Clock), nil, m.Options.Clock), nil
}

// epochOf asks a store which life of its log it writes: its certificate says so.
func (p *puller) epochOf(ctx context.Context, at DirectFrom, m Manager) (loyalty.Epoch, error) {
	resp, err := p.send(ctx, http.MethodGet, wire.DirectBatches+"?from="+strconv.FormatInt(math.MaxInt64, 10), nil, nil)
	if err != nil {
		return 0, err
	}
	roots := x509.NewCertPool()
	roots.AddCert(m.Home.Keys.tlsCACert)
	epoch, err := at.proven(*resp.TLS, roots, m.Options.Clock)
	return epoch, errors.Join(err, resp.Body.Close())
}

// batch fetches the store's next batch as a file; nil when there is none.
func (p *puller) batch(ctx context.Context, from loyalty.Seq) (file []byte, err error) {
	resp, err := p.send(ctx, http.MethodGet, wire.DirectBatches+"?"+url.Values{"from": {strconv.FormatInt(int64(from), 10)}}.Encode(), nil, nil)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, resp.Body.Close()) }()
	if resp.StatusCode == http.StatusNoContent {
		return nil, nil
	}
	return io.ReadAll(io.LimitReader(resp.Body, wire.MaxStickBytes+1))
}
