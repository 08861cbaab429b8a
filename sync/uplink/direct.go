package uplink

import (
	"bytes"
	"context"
	"crypto"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log"
	"net"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/rs/zerolog"

	"loyaltill/agent/loyalty"
	"loyaltill/store"
	"loyaltill/store/agentdb"
	"loyaltill/sync/wire"
)

// Limits of what is fetched directly.
const (
	maxDirectDay    = 128 << 20 // bytes of one day
	directTimeout   = time.Minute
	directStop      = 5 * time.Second
	maxDirectHeader = 16 << 10
)

// Direct lets those fetch from the store itself whom its configuration names, by the names in their certificates: head office the
// entries that it lacks, back offices the closed days. Nobody else is answered.
type Direct struct {
	DB       *agentdb.DB
	Identity *store.Identity
	Allow    []string // names
	Log      zerolog.Logger
	Now      func() time.Time
}

// Serve answers until ctx ends.
func (d *Direct) Serve(ctx context.Context, listener net.Listener) error {
	config, err := d.tlsConfig()
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	server := &http.Server{Handler: d.Handler(), ReadHeaderTimeout: dialTimeout, ReadTimeout: directTimeout, WriteTimeout: directTimeout, IdleTimeout: maxIdle,
		MaxHeaderBytes: maxDirectHeader, BaseContext: func(net.Listener) context.Context { return ctx }, ErrorLog: log.New(complaints{d.Log}, "", 0)}
	done := make(chan error, 1)
	go func() { done <- server.Serve(tls.NewListener(listener, config)) }()
	select {
	case err := <-done:
		return fmt.Errorf("serve direct: %w", err)
	case <-ctx.Done():
	}
	stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), directStop)
	defer cancel()
	if err := server.Shutdown(stop); err != nil {
		err = errors.Join(err, server.Close())
	}
	<-done
	return ctx.Err()
}

// complaints takes what the HTTP server says of its clients, such as failed handshakes: anybody on the network can cause it.
type complaints struct{ log zerolog.Logger }

func (c complaints) Write(line []byte) (int, error) {
	c.log.Debug().Str("said", string(bytes.TrimSpace(line))).Msg("direct server")
	return len(line), nil
}

// tlsConfig shows the store's own certificate, as it is on disk at each connection: it is renewed while the agent runs.
func (d *Direct) tlsConfig() (*tls.Config, error) {
	pem, err := os.ReadFile(d.Identity.Path(store.CAFile))
	if err != nil {
		return nil, fmt.Errorf("serve direct: %w", err)
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("serve direct: %s holds no certificate", d.Identity.Path(store.CAFile))
	}
	return &tls.Config{MinVersion: tls.VersionTLS13, ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: roots, Time: d.Now, NextProtos: []string{"h2", "http/1.1"},
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return d.pair() }}, nil
}

func (d *Direct) pair() (*tls.Certificate, error) {
	pair, err := tls.LoadX509KeyPair(d.Identity.Path(store.CertFile), d.Identity.Path(store.KeyFile))
	return &pair, err
}

// Handler answers requests whose connection has proved a certificate of head office's CA.
func (d *Direct) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+wire.DirectBatches, d.admit(func(w http.ResponseWriter, r *http.Request, who string) error {
		if who != wire.DirectHeadOffice {
			return wire.NewProblem(wire.CodeForbidden, "batches are for head office")
		}
		return d.batch(w, r)
	}))
	mux.HandleFunc("GET "+wire.DirectCloses, d.admit(func(w http.ResponseWriter, r *http.Request, _ string) error { return d.closes(w, r) }))
	mux.HandleFunc("GET "+wire.DirectCloses+"/{seq}/"+wire.FileNDJSON, d.admit(func(w http.ResponseWriter, r *http.Request, _ string) error { return d.file(w, r) }))
	mux.HandleFunc("/", d.admit(func(http.ResponseWriter, *http.Request, string) error {
		return wire.NewProblem(wire.CodeNotFound, "no such thing here")
	}))
	return mux
}

// admit lets the names of the configuration in.
func (d *Direct) admit(do func(http.ResponseWriter, *http.Request, string) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		who := caller(r)
		err := error(wire.NewProblem(wire.CodeForbidden, "the store's configuration does not allow %q; see direct.allow there", who))
		if who != "" && slices.Contains(d.Allow, who) {
			err = do(w, r, who)
		}
		if err == nil {
			return
		}
		var p *wire.Problem
		switch {
		case errors.As(err, &p):
		case errors.Is(err, agentdb.ErrPruned):
			p = wire.NewProblem(wire.CodeNotFound, "these entries are no longer kept here; head office has them")
		default:
			d.Log.Error().Err(err).Msg("direct request failed")
			p = wire.NewProblem(wire.CodeInternal, "see the agent's log")
		}
		if err := wire.WriteProblem(w, p); err != nil {
			d.Log.Debug().Err(err).Msg("direct answer not delivered")
		}
	}
}

// caller is the name in a verified certificate of a back office; empty for any other, such as another store's.
func caller(r *http.Request) string {
	if r.TLS == nil || len(r.TLS.VerifiedChains) == 0 || len(r.TLS.VerifiedChains[0][0].URIs) != 1 {
		return ""
	}
	name, found := strings.CutPrefix(r.TLS.VerifiedChains[0][0].URIs[0].String(), "loyaltill://backoffice/")
	if !found {
		return ""
	}
	return name
}

// fromSeq reads an entry's number out of a query.
func fromSeq(r *http.Request, name string) (loyalty.Seq, error) {
	n, err := strconv.ParseInt(r.URL.Query().Get(name), 10, 64)
	if err != nil || n < 0 {
		return 0, wire.NewProblem(wire.CodeBadRequest, "%s: want the number of an entry", name)
	}
	return loyalty.Seq(n), nil
}

// batch gives the next entries as a file for head office (docs/wire.md, 12): what it proves does not depend on the line.
func (d *Direct) batch(w http.ResponseWriter, r *http.Request) error {
	from, err := fromSeq(r, "from")
	if err != nil {
		return err
	}
	pair, key, err := d.signer()
	if err != nil {
		return err
	}
	waiting, _, err := d.DB.Unsent(r.Context(), max(from, 1)-1)
	if err != nil {
		return err
	}
	if waiting == 0 {
		w.WriteHeader(http.StatusNoContent)
		return nil
	}
	entries, err := d.DB.Outgoing(r.Context(), max(from, 1), batchEntries, batchBytes)
	if err != nil {
		return err
	}
	file, err := wire.StickFile(&wire.Batch{Store: d.DB.Store(), Epoch: d.DB.Epoch(), First: entries.First, Prev: entries.Prev, Head: entries.Head,
		Bodies: entries.Bodies}, pair.Certificate[0], key)
	if err != nil {
		return err
	}
	d.Log.Info().Int64("first", int64(entries.First)).Int64("last", int64(entries.Last())).Msg("entries fetched by head office")
	w.Header().Set("Content-Type", wire.TypeNDJSON)
	_, _ = w.Write(file) // who went away asks again
	return nil
}

func (d *Direct) signer() (*tls.Certificate, crypto.Signer, error) {
	pair, err := d.pair()
	if err != nil {
		return nil, nil, err
	}
	key, ok := pair.PrivateKey.(crypto.Signer)
	if !ok {
		return nil, nil, fmt.Errorf("identity: %s cannot sign", store.KeyFile)
	}
	return pair, key, nil
}

// closes lists the days that were closed behind an entry, each line signed.
func (d *Direct) closes(w http.ResponseWriter, r *http.Request) error {
	after, err := fromSeq(r, "after")
	if err != nil {
		return err
	}
	pair, key, err := d.signer()
	if err != nil {
		return err
	}
	days, first, err := d.DB.ClosesAfter(r.Context(), after, wire.MaxStoreCloses)
	if err != nil {
		return err
	}
	var out bytes.Buffer
	for i, day := range days {
		content, err := d.content(r.Context(), first[i], day.Seq)
		if err != nil {
			return err
		}
		c := wire.StoreClose{Store: d.DB.Store(), Epoch: d.DB.Epoch(), Day: day.Day, First: first[i], Last: day.Seq, Count: int64(day.Seq - first[i] + 1),
			Totals: &day.Totals, File: wire.CloseFile{Path: wire.StoreClosePath(day.Seq), Bytes: int64(len(content)), SHA256: sha256.Sum256(content)}}
		if c.HeadHash, err = d.DB.HashAt(r.Context(), day.Seq); err != nil {
			return err
		}
		line, err := c.SignLine(pair.Certificate[0], key)
		if err != nil {
			return err
		}
		out.Write(append(line, '\n'))
	}
	w.Header().Set("Content-Type", wire.TypeNDJSON)
	_, _ = w.Write(out.Bytes())
	return nil
}

// content is a range of the log as it was hashed, one entry a line.
func (d *Direct) content(ctx context.Context, first, last loyalty.Seq) ([]byte, error) {
	entries, err := d.DB.EntriesFrom(ctx, first, int(last-first)+1, maxDirectDay)
	if err != nil {
		return nil, err
	}
	if len(entries.Bodies) == 0 || entries.Last() != last {
		return nil, fmt.Errorf("entries %d to %d are above %d bytes", first, last, maxDirectDay)
	}
	return append(bytes.Join(entries.Bodies, []byte{'\n'}), '\n'), nil
}

// file gives a closed day's entries, whole or in parts.
func (d *Direct) file(w http.ResponseWriter, r *http.Request) error {
	seq, err := strconv.ParseInt(r.PathValue("seq"), 10, 64)
	if err != nil || seq < 1 {
		return wire.NewProblem(wire.CodeNotFound, "no day was closed there")
	}
	days, first, err := d.DB.ClosesAfter(r.Context(), loyalty.Seq(seq)-1, 1)
	if err != nil {
		return err
	}
	if len(days) == 0 || days[0].Seq != loyalty.Seq(seq) {
		return wire.NewProblem(wire.CodeNotFound, "no day was closed by entry %d", seq)
	}
	content, err := d.content(r.Context(), first[0], days[0].Seq)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", wire.TypeNDJSON)
	w.Header().Set("ETag", strconv.Quote(store.Hash(sha256.Sum256(content)).String()))
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(content))
	return nil
}
