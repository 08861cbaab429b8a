package uplink

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"loyaltill/store"
	"loyaltill/sync/headoffice"
	"loyaltill/sync/wire"
)

// reachable serves a box directly to the names allowed, and gives its address.
func (b *box) reachable(allow ...string) headoffice.DirectFrom {
	b.t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.t.Fatal(err)
	}
	d := &Direct{DB: b.db, Identity: b.identity, Allow: allow, Log: zerolog.Nop(), Now: time.Now}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- d.Serve(ctx, listener) }()
	b.t.Cleanup(func() {
		cancel()
		if err := <-done; !errors.Is(err, context.Canceled) {
			b.t.Errorf("direct: %v", err)
		}
	})
	return headoffice.DirectFrom{Store: b.db.Store(), Address: "https://" + listener.Addr().String()}
}

// backOffice is a back office's identity folder.
func (o *office) backOffice(name string) string {
	o.t.Helper()
	dir := filepath.Join(o.t.TempDir(), name)
	if err := o.manager().EnrolBackOffice(name, dir); err != nil {
		o.t.Fatal(err)
	}
	return dir
}

func (o *office) fetch(from headoffice.DirectFrom) (all []headoffice.Fetched, err error) {
	o.t.Helper()
	err = o.manager().FetchStore(o.t.Context(), from, func(f headoffice.Fetched) { all = append(all, f) })
	return all, err
}

func pullDirect(t *testing.T, identity string, from headoffice.DirectFrom, dir string) (days []headoffice.PulledDirect, err error) {
	t.Helper()
	who := headoffice.PullFrom{Identity: identity, Clock: time.Now}
	err = headoffice.PullDirect(t.Context(), who, from, dir, func(d headoffice.PulledDirect) { days = append(days, d) })
	return days, err
}

// one finds the only file of a pattern.
func one(t *testing.T, dir, pattern string) []byte {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dir, pattern))
	if err != nil || len(names) != 1 {
		t.Fatalf("%s: %v %v", pattern, names, err)
	}
	content, err := os.ReadFile(names[0])
	if err != nil {
		t.Fatal(err)
	}
	return content
}

// The line from the store to head office is down, the one to the store is not. What head office fetches, and what the store uploads
// when its line is back, is one log.
func TestHeadOfficeFetchesWhatAStoreCannotSend(t *testing.T) {
	o := newOffice(t)
	prog := o.publish()
	b := o.enrol(7, prog)
	anna := o.member("6034000000000018")
	for range 3 {
		b.sell(anna, 1240)
	}
	b.closeDay()
	from := b.reachable(wire.DirectHeadOffice)
	if got, err := o.fetch(from); err != nil || len(got) != 1 || got[0].First != 1 || got[0].Through != 4 {
		t.Fatalf("fetched %+v, %v", got, err)
	}
	if got, err := o.fetch(from); err != nil || len(got) != 0 {
		t.Errorf("fetched again %+v, %v", got, err)
	}
	b.sell(0, 300)
	if got, err := o.fetch(from); err != nil || len(got) != 1 || got[0].First != 5 {
		t.Errorf("fetched later %+v, %v", got, err)
	}
	b.connect()
	b.sell(0, 500)
	b.untilInSync()
	sameLog(t, o, b)
	if found, err := o.manager().Verify(t.Context()); err != nil || len(found) > 0 {
		t.Errorf("verify: %+v %v", found, err)
	}
}

// A back office that pulls a day from the store has the bytes that head office publishes later, under the same digest.
func TestADayPulledFromTheStoreIsTheOneThatHeadOfficePublishes(t *testing.T) {
	o := newOffice(t)
	prog := o.publish()
	b := o.enrol(7, prog)
	b.sell(o.member("6034000000000018"), 1240)
	b.sell(0, 300)
	b.closeDay()
	accounts, direct, published := o.backOffice("accounts"), t.TempDir(), t.TempDir()
	from := b.reachable("accounts")
	days, err := pullDirect(t, accounts, from, direct)
	if err != nil || len(days) != 1 || days[0].Entries != 3 {
		t.Fatalf("pulled %+v, %v", days, err)
	}
	if again, err := pullDirect(t, accounts, from, direct); err != nil || len(again) != 0 {
		t.Errorf("pulled again %+v, %v", again, err)
	}
	b.connect()
	b.untilInSync()
	who := headoffice.PullFrom{Identity: accounts, HeadOffice: "https://" + o.address, Clock: time.Now}
	pulled := 0
	eventually(t, "the published day", func() bool {
		if err := headoffice.PullFiles(t.Context(), who, published, nil, func(headoffice.Pulled) { pulled++ }); err != nil {
			t.Fatal(err)
		}
		return pulled > 0
	}, func() string { return "nothing" })
	if !bytes.Equal(one(t, direct, "7-*-epoch1.ndjson"), one(t, published, "7-*-1.ndjson")) {
		t.Error("the store's file and head office's differ")
	}
	theirs, err := wire.ReadClose(bytes.TrimSpace(one(t, published, "7-*.manifest.json")), o.home.Keys.PositionKey())
	if err != nil {
		t.Fatal(err)
	}
	line := bytes.TrimSpace(one(t, direct, "7-*.manifest.json"))
	ours, err := wire.ReadStoreClose(line, roots(t, accounts), time.Now())
	if err != nil {
		t.Fatal(err)
	}
	if ours.File.SHA256 != theirs.File.SHA256 || ours.File.Bytes != theirs.File.Bytes || ours.First != theirs.First || ours.Last != theirs.Last || ours.HeadHash != theirs.HeadHash {
		t.Errorf("the store says %+v, head office %+v", ours, theirs)
	}
	for name, changed := range map[string][]byte{
		"a figure":   bytes.Replace(line, []byte(`"sales":2`), []byte(`"sales":3`), 1),
		"a blank":    bytes.Replace(line, []byte(`"sales":2`), []byte(`"sales": 2`), 1),
		"a new name": bytes.Replace(line, []byte(`"store":7,"epoch":1,"day"`), []byte(`"store":8,"epoch":1,"day"`), 1),
		"half of it": line[:len(line)/2],
	} {
		if _, err := wire.ReadStoreClose(changed, roots(t, accounts), time.Now()); err == nil || bytes.Equal(changed, line) {
			t.Errorf("a manifest with %s changed is taken", name)
		}
	}
}

func TestAStoreAnswersNobodyWhomItDoesNotName(t *testing.T) {
	o := newOffice(t)
	prog := o.publish()
	b, other := o.enrol(7, prog), o.enrol(8, prog)
	b.sell(0, 300)
	b.closeDay()
	accounts := o.backOffice("accounts")
	closed, open := b.reachable("warehouse"), b.reachable("accounts", wire.DirectHeadOffice)
	refused := func(what string, err error, code wire.Code) {
		t.Helper()
		var p *wire.Problem
		if !errors.As(err, &p) || p.Code != code {
			t.Errorf("%s: %v, want %s", what, err, code)
		}
	}
	_, err := pullDirect(t, accounts, closed, t.TempDir())
	refused("a back office that is not named", err, wire.CodeForbidden)
	_, err = o.fetch(closed)
	refused("head office that is not named", err, wire.CodeForbidden)
	refused("another store", ask(t, open.Address+wire.DirectCloses+"?after=0", other.identity.Path(store.CertFile), other.identity.Path(store.KeyFile)), wire.CodeForbidden)
	own := func(path string) error {
		return ask(t, open.Address+path, filepath.Join(accounts, "backoffice.crt"), filepath.Join(accounts, "backoffice.key"))
	}
	refused("a back office that asks for batches", own(wire.DirectBatches+"?from=1"), wire.CodeForbidden)
	refused("a day that was not closed", own(wire.StoreClosePath(1)), wire.CodeNotFound)
	refused("no number", own(wire.DirectCloses+"?after=x"), wire.CodeBadRequest)
	refused("another path", own("/v1/members"), wire.CodeNotFound)
	if err := ask(t, open.Address+wire.DirectCloses+"?after=0", "", ""); err == nil || !strings.Contains(err.Error(), "certificate") {
		t.Errorf("without a certificate: %v", err)
	}
	open.Store = 8
	if _, err := pullDirect(t, accounts, open, t.TempDir()); err == nil || !strings.Contains(err.Error(), "store 7 answers there, not store 8") {
		t.Errorf("at the wrong store: %v", err)
	}
	stranger := newOffice(t)
	if _, err := stranger.fetch(headoffice.DirectFrom{Store: 7, Address: open.Address}); err == nil {
		t.Error("another chain's head office trusts the store")
	}
}

// ask asks a store with a certificate, or without one.
func ask(t *testing.T, address, cert, key string) error {
	t.Helper()
	config := &tls.Config{InsecureSkipVerify: true, MinVersion: tls.VersionTLS13} // who answers is no question here
	if cert != "" {
		pair, err := tls.LoadX509KeyPair(cert, key)
		if err != nil {
			t.Fatal(err)
		}
		config.Certificates = []tls.Certificate{pair}
	}
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: config, DisableKeepAlives: true}}
	resp, err := client.Get(address)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode == http.StatusOK {
		return nil
	}
	return wire.ReadProblem(resp, time.Now())
}

func roots(t *testing.T, folder string) *x509.CertPool {
	t.Helper()
	pem, err := os.ReadFile(filepath.Join(folder, store.CAFile))
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(pem)
	return pool
}
