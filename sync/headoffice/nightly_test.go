package headoffice

import (
	"bytes"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"loyaltill/agent/loyalty"
	"loyaltill/store"
	"loyaltill/store/hodb"
	"loyaltill/sync/nightly"
	"loyaltill/sync/wire"
)

// accounts is a back office that pulls, with its folder.
type accounts struct {
	*centre
	identity, out string
}

func (c *centre) accounts(name string) *accounts {
	c.t.Helper()
	a := &accounts{c, filepath.Join(c.t.TempDir(), name), filepath.Join(c.t.TempDir(), "closed")}
	if err := c.manager().EnrolBackOffice(name, a.identity); err != nil {
		c.t.Fatal(err)
	}
	return a
}

func (a *accounts) pull() (days []Pulled, err error) {
	a.t.Helper()
	err = PullFiles(a.t.Context(), PullFrom{a.identity, a.address, time.Now}, a.out, nil, func(p Pulled) { days = append(days, p) })
	return days, err
}

func (a *accounts) mustPull() []Pulled {
	a.t.Helper()
	days, err := a.pull()
	if err != nil {
		a.t.Fatal(err)
	}
	return days
}

func (a *accounts) file(name string) []byte {
	a.t.Helper()
	raw, err := os.ReadFile(filepath.Join(a.out, name))
	if err != nil {
		a.t.Fatal(err)
	}
	return raw
}

func (a *accounts) manifest(name string) *wire.Close {
	a.t.Helper()
	c, err := wire.ReadClose(bytes.TrimSuffix(a.file(name+".manifest.json"), []byte("\n")), a.home.Keys.PositionKey())
	if err != nil {
		a.t.Fatal(err)
	}
	return c
}

// closedShop is a head office with one store that sold twice and closed its day.
func closedShop(t *testing.T) (*centre, *box) {
	t.Helper()
	c := newCentre(t)
	c.serve()
	b := c.enrol(17, c.publish())
	b.sell(c.member("6034000000000018"), 1250)
	b.sell(0, 300)
	b.closeDay()
	b.sync()
	c.settled()
	return c, b
}

func tool(t *testing.T, name string, args ...string) *exec.Cmd {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil && os.Getenv("CI") != "" {
		t.Fatalf("%v: tools/deps.sh test installs it", err)
	}
	if err != nil {
		t.Skipf("%v", err)
	}
	return exec.CommandContext(t.Context(), path, args...)
}

func TestADayIsPulledInEveryFormAsItsManifestSays(t *testing.T) {
	c, b := closedShop(t)
	a := c.accounts("accounts")
	if days := a.mustPull(); len(days) != 1 || days[0].Entries != 3 {
		t.Fatalf("pulled %+v", days)
	}
	m := a.manifest("17-2026-11-24-1")
	log := append(bytes.Join(b.bodies, []byte("\n")), '\n')
	if got := a.file("17-2026-11-24-1.ndjson"); !bytes.Equal(got, log) {
		t.Errorf("entries.ndjson is not the store's own bytes: %s", got)
	}
	for _, f := range append([]wire.CloseFile{m.File}, m.Files...) {
		content := a.file("17-2026-11-24-1" + strings.TrimPrefix(filepath.Base(f.Path), "entries"))
		if sum := sha256.Sum256(content); int64(len(content)) != f.Bytes || store.Hash(sum) != f.SHA256 {
			t.Errorf("%s has %d bytes and SHA-256 %x, the manifest says %d and %v", f.Path, len(content), sum, f.Bytes, f.SHA256)
		}
	}
	rows, err := nightly.ReadParquet(a.file("17-2026-11-24-1.parquet"))
	if err != nil || len(rows) != 3 || rows[0].Member == nil || *rows[0].Total != 1250 || !rows[0].Counted {
		t.Errorf("Parquet: %+v %v", rows, err)
	}
	lines, err := csv.NewReader(bytes.NewReader(a.file("17-2026-11-24-1.csv"))).ReadAll()
	if err != nil || len(lines) != 4 || lines[2][15] != "300" {
		t.Errorf("CSV: %v %v", lines, err)
	}
	if days := a.mustPull(); len(days) != 0 {
		t.Errorf("pulled again: %+v", days)
	}
}

func TestOthersReadWhatWasPulled(t *testing.T) {
	c, b := closedShop(t)
	a := c.accounts("accounts")
	a.mustPull()
	name := filepath.Join(a.out, "17-2026-11-24-1")

	t.Run("zstd unzips the bytes that were hashed", func(t *testing.T) {
		got, err := tool(t, "zstd", "-dc", name+".ndjson.zst").Output()
		if want := append(bytes.Join(b.bodies, []byte("\n")), '\n'); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%v: %s", err, got)
		}
	})
	t.Run("Python reads the CSV", func(t *testing.T) {
		const program = `import csv, sys
rows = list(csv.DictReader(open(sys.argv[1], encoding="utf-8", newline="")))
print(sum(int(r["total"] or 0) for r in rows), len(rows), rows[0]["business_day"])`
		got, err := tool(t, "python3", "-c", program, name+".csv").CombinedOutput()
		if err != nil || strings.TrimSpace(string(got)) != "1550 3 2026-11-24" {
			t.Errorf("%v: %s", err, got)
		}
	})
	t.Run("openssl checks the signature", func(t *testing.T) { a.opensslVerifies(t, name+".manifest.json") })
}

// opensslVerifies follows docs/nightly.md by hand.
func (a *accounts) opensslVerifies(t *testing.T, manifest string) {
	line, err := os.ReadFile(manifest)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	put := func(name string, content []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	before, after, found := bytes.Cut(bytes.TrimSuffix(line, []byte("\n")), []byte(`"signature":"`))
	signature, err := hex.DecodeString(string(bytes.TrimSuffix(after, []byte(`"}`))))
	if err != nil || !found {
		t.Fatal(err)
	}
	key := append([]byte("\x30\x2a\x30\x05\x06\x03\x2b\x65\x70\x03\x21\x00"), a.home.Keys.PositionKey()...)
	message := append(append([]byte("loyaltill close 1"), before...), `"signature":""}`...)
	check := func(message []byte) ([]byte, error) {
		return tool(t, "openssl", "pkeyutl", "-verify", "-pubin", "-keyform", "DER", "-inkey", put("key.der", key), "-rawin",
			"-in", put("message", message), "-sigfile", put("signature", signature)).CombinedOutput()
	}
	if said, err := check(message); err != nil {
		t.Errorf("openssl does not take the signature: %v %s", err, said)
	}
	if said, err := check(bytes.Replace(message, []byte("1250"), []byte("1251"), 1)); err == nil && bytes.Contains(message, []byte("1250")) {
		t.Errorf("openssl takes a changed manifest: %s", said)
	}
}

func TestAFileIsGivenInPartsAndByItsETag(t *testing.T) {
	c, _ := closedShop(t)
	a := c.accounts("accounts")
	p, err := newPuller(PullFrom{a.identity, a.address, time.Now})
	if err != nil {
		t.Fatal(err)
	}
	a.mustPull()
	want := a.file("17-2026-11-24-1.csv")
	path := wire.ClosePath(17, "2026-11-24", 1) + "/" + wire.FileCSV
	resp, err := p.send(t.Context(), http.MethodGet, path, http.Header{"Range": {"bytes=10-29"}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(resp.Body)
	if err = errors.Join(err, resp.Body.Close()); err != nil || resp.StatusCode != http.StatusPartialContent || !bytes.Equal(got, want[10:30]) {
		t.Errorf("%d %q %v", resp.StatusCode, got, err)
	}
	if sum := sha256.Sum256(want); resp.Header.Get("ETag") != `"`+hex.EncodeToString(sum[:])+`"` {
		t.Errorf("ETag %s", resp.Header.Get("ETag"))
	}
	if _, err := p.send(t.Context(), http.MethodGet, wire.ClosePath(17, "2026-11-24", 1)+"/entries.xlsx", nil, nil); mustFail[*wire.Problem](t, err).Code != wire.CodeNotFound {
		t.Error(err)
	}
	p.client.CloseIdleConnections()
}

// A pull that broke in the middle of a file goes on there, and asks for nothing that it has.
func TestABrokenPullGoesOnWhereItStopped(t *testing.T) {
	c, _ := closedShop(t)
	whole, broken := c.accounts("whole"), c.accounts("broken")
	whole.mustPull()
	want := whole.file("17-2026-11-24-1.ndjson")
	if err := os.MkdirAll(broken.out, 0o700); err != nil {
		t.Fatal(err)
	}
	part := filepath.Join(broken.out, "17-2026-11-24-1.ndjson.part")
	for name, left := range map[string][]byte{"half": want[:100], "of something else": bytes.Repeat([]byte("x"), 100), "too long": append(want, 'x')} {
		if err := os.WriteFile(part, left, 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := broken.pull()
		if name == "of something else" {
			if mustFail[*wire.Problem](t, err).Code != wire.CodeDamaged {
				t.Errorf("%s: %v", name, err)
			}
			_, err = broken.pull()
		}
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if got := broken.file("17-2026-11-24-1.ndjson"); !bytes.Equal(got, want) {
			t.Errorf("%s: %d bytes", name, len(got))
		}
		if err := os.RemoveAll(broken.out); err != nil {
			t.Fatal(err)
		}
		if err := os.MkdirAll(broken.out, 0o700); err != nil {
			t.Fatal(err)
		}
	}
}

func TestHeadOfficeSeesWhoHasPulledWhat(t *testing.T) {
	c, b := closedShop(t)
	a, other := c.accounts("accounts"), c.accounts("warehouse")
	a.mustPull()
	other.mustPull()
	b.clock = b.clock.Add(24 * time.Hour)
	b.sell(0, 100)
	b.closeDay()
	b.sync()
	c.settled()
	a.mustPull()
	seen, err := c.office.receipts(t.Context())
	if err != nil || len(seen) != 2 {
		t.Fatal(seen, err)
	}
	if r := seen[0]; r.BackOffice != "accounts" || r.Days != 2 || r.Behind != 0 || r.Missing != 0 {
		t.Errorf("%+v", r)
	}
	if r := seen[1]; r.BackOffice != "warehouse" || r.Days != 1 || r.Behind != 1 {
		t.Errorf("%+v", r)
	}
	p, err := newPuller(PullFrom{a.identity, a.address, time.Now})
	if err != nil {
		t.Fatal(err)
	}
	defer p.client.CloseIdleConnections()
	said, err := json.Marshal(wire.CloseReceipt{SHA256: store.Hash{1}})
	if err != nil {
		t.Fatal(err)
	}
	_, err = p.send(t.Context(), http.MethodPost, wire.ClosePath(17, "2026-11-24", 1)+"/ack", http.Header{"Content-Type": {wire.TypeJSON}}, said)
	if mustFail[*wire.Problem](t, err).Code != wire.CodeBadRequest {
		t.Errorf("a receipt for another manifest: %v", err)
	}
}

// The box burns down after it closed its day; the new one is opened on the same day, and brings along what the backup had.
func TestAnotherRevisionListsWhatItChanges(t *testing.T) {
	c, b := closedShop(t)
	a := c.accounts("accounts")
	again := c.enrol(17, b.prog)
	again.clock = b.clock
	old, err := loyalty.DecodeEntry(b.bodies[1])
	if err != nil {
		t.Fatal(err)
	}
	old.Epoch, old.Seq = 2, 1
	again.write(*old)
	again.sell(0, 700)
	again.closeDay()
	again.sync()
	c.settled()
	if days := a.mustPull(); len(days) != 2 {
		t.Fatal(days)
	}
	m := a.manifest("17-2026-11-24-2")
	if m.Revision != 2 || m.Repeated != 1 || m.Epoch != 2 {
		t.Errorf("revision %d, %d repeated", m.Revision, m.Repeated)
	}
	said := map[string]wire.CloseChange{}
	for _, change := range m.Changes {
		said[change.Field] = change
	}
	if said["sales"] != (wire.CloseChange{Field: "sales", Before: 2, After: 3}) || said["total"] != (wire.CloseChange{Field: "total", Before: 1550, After: 2250}) {
		t.Errorf("%+v", m.Changes)
	}
	rows, err := nightly.ReadParquet(a.file("17-2026-11-24-2.parquet"))
	if err != nil || len(rows) != 3 || rows[0].Counted || !rows[1].Counted {
		t.Errorf("%+v %v", rows, err)
	}
	if first := a.manifest("17-2026-11-24-1"); first.Changes != nil || m.Prev == first.Prev {
		t.Errorf("the first revision says %+v", first.Changes)
	}
}

// tamper stands between a back office and head office, and changes what is said.
func (a *accounts) tamper(change func(path string, body []byte) []byte) {
	a.t.Helper()
	target, err := url.Parse(a.address)
	if err != nil {
		a.t.Fatal(err)
	}
	p, err := newPuller(PullFrom{a.identity, a.address, time.Now})
	if err != nil {
		a.t.Fatal(err)
	}
	proxy := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(target) }, Transport: p.client.Transport,
		ModifyResponse: func(r *http.Response) error {
			body, err := io.ReadAll(r.Body)
			body = change(r.Request.URL.Path, body)
			r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
			r.Header.Del("Content-Length")
			return err
		}}
	between := httptest.NewUnstartedServer(proxy)
	if between.TLS, err = a.home.Keys.serverTLS(time.Now); err != nil {
		a.t.Fatal(err)
	}
	between.StartTLS()
	a.address = between.URL
	a.t.Cleanup(func() { between.Close(); p.client.CloseIdleConnections() })
}

func TestWhatWasChangedOnTheWayIsRefused(t *testing.T) {
	for name, row := range map[string]struct {
		change func(path string, body []byte) []byte
		want   string
	}{
		"a total in the manifest": {func(path string, body []byte) []byte {
			return bytes.Replace(body, []byte(`"sales":2`), []byte(`"sales":3`), 1)
		}, "signature"},
		"a file": {func(path string, body []byte) []byte {
			if strings.HasSuffix(path, ".csv") {
				return bytes.ReplaceAll(body, []byte("1250"), []byte("1251"))
			}
			return body
		}, "not the file of the manifest"},
		"a manifest left out": {func(path string, body []byte) []byte {
			if path == "/v1/closes" {
				_, body, _ = bytes.Cut(body, []byte("\n"))
			}
			return body
		}, "a manifest is missing"},
	} {
		t.Run(name, func(t *testing.T) {
			c, b := closedShop(t)
			b.clock = b.clock.Add(24 * time.Hour)
			b.sell(0, 100)
			b.closeDay()
			b.sync()
			c.settled()
			a := *c.accounts("accounts")
			inner := *a.centre
			a.centre = &inner
			a.tamper(row.change)
			if days, err := a.pull(); err == nil || !strings.Contains(err.Error(), row.want) || len(days) != 0 {
				t.Errorf("pulled %v: %v", days, err)
			}
			if found, err := filepath.Glob(filepath.Join(a.out, "*.manifest.json")); err != nil || len(found) > 0 {
				t.Errorf("kept %v %v", found, err)
			}
		})
	}
}

func TestFilesOfAPublishedDayAreNeverMadeAgain(t *testing.T) {
	c, _ := closedShop(t)
	f, err := c.office.CloseFile(t.Context(), 17, "2026-11-24", 1, wire.FileParquet)
	if err != nil {
		t.Fatal(err)
	}
	err = c.office.db.View(t.Context(), func(tx *hodb.Tx) error {
		published, err := tx.Close(17, "2026-11-24", 1)
		if err != nil {
			return err
		}
		m, err := wire.ReadClose(published.Manifest, c.home.Keys.PositionKey())
		if err != nil {
			return err
		}
		if named, found := m.FileNamed(wire.FileParquet); !found || named.SHA256 != f.SHA256 {
			t.Errorf("%+v %v", named, f.SHA256)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
