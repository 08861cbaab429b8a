package e2e

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/uuid"

	"loyaltill/internal/stage"
)

const examples = "../../docs/examples"

// The examples of docs/pos-integration.md are what tills are written after. Each sells once where the first answer is lost, tells a
// refusal by its code, and goes on after a restart with the sale that it had begun.
func TestTheExamplesOfTheAPISell(t *testing.T) {
	shop := openShop(t, nil)
	line := newLossyLine(t, shop.API.Base)
	out := t.TempDir()
	for name, program := range map[string][]string{
		"curl": {"sh", filepath.Join(examples, "sale.sh")}, "python": {"python3", filepath.Join(examples, "sale.py")},
		"go": goExample(t, out), "typescript": typescriptExample(t, out), "c#": csharpExample(t, out),
	} {
		e := example{t, shop, line.URL, program, filepath.Join(t.TempDir(), "sale.pending")}
		t.Run(name, func(t *testing.T) {
			e.t = t
			before := entries(t, shop)
			line.loses.Store(true)
			sold := regexp.MustCompile(`^quote: 8\.58 to pay, earns \d+\nsale: 8\.58 paid, earned \d+, balance \d+\nagain: the first answer\n$`)
			if got := e.run("6034000000000018"); !sold.MatchString(got) {
				t.Errorf("it said\n%s", got)
			}
			if made := entries(t, shop) - before; made != 1 || line.loses.Load() {
				t.Errorf("%d sales of one; answer still to be lost: %t", made, line.loses.Load())
			}
			if got := e.run("6034000000000091"); !strings.HasPrefix(got, "refused: member_unknown: ") || strings.Contains(got, "\nsale") {
				t.Errorf("of a stranger it said\n%s", got)
			}
			e.goesOn()
		})
	}
}

type example struct {
	t       *testing.T
	shop    *stage.Shop
	url     string
	program []string
	pending string
}

func (e example) token() string {
	return filepath.Join(filepath.Dir(e.shop.AgentConfig()), "api.token")
}

func (e example) run(number string) string {
	e.t.Helper()
	cmd := exec.CommandContext(e.t.Context(), e.program[0], append(e.program[1:], number)...)
	cmd.Env = append(os.Environ(), "LOYALTILL_URL="+e.url, "LOYALTILL_PENDING="+e.pending,
		"LOYALTILL_TOKEN_FILE="+e.token())
	var said, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &errs
	if err := cmd.Run(); err != nil {
		e.t.Fatalf("%v\n%s%s", err, said.String(), errs.String())
	}
	if _, err := os.Stat(e.pending); e.pending != "" && err == nil {
		e.t.Errorf("%s is still there", e.pending)
	}
	return said.String()
}

// goesOn leaves a sale written down, as a till does whose power went after the first try: it went through.
func (e example) goesOn() {
	e.t.Helper()
	body := `{"lines":[{"sku":"4750001","name":"Milk 1 l","category":"food/dairy","quantity":2000,"amount":858,"tax":1200}],"number":"6034000000000018","cashier":"anna"`
	var quote struct{ Quote string }
	ctx := e.t.Context()
	must(e.t, e.shop.API.Do(ctx, "POST", "/v1/lanes/1/quote", json.RawMessage(body+"}"), &quote))
	body += `,"quote":"` + quote.Quote + `","tenders":[{"kind":"cash","amount":858}]}`
	key := uuid.Must(uuid.NewV7()).String()
	must(e.t, e.shop.API.Do(ctx, "POST", "/v1/lanes/1/sales", json.RawMessage(body), nil, "Idempotency-Key", key),
		os.WriteFile(e.pending, []byte(`{"key":"`+key+`","body":`+body+`}`), 0o600))
	before := entries(e.t, e.shop)
	if got := e.run("6034000000000018"); !strings.HasPrefix(got, "sale: 8.58 paid, ") || !strings.HasSuffix(got, "again: the first answer\n") {
		e.t.Errorf("after the restart it said\n%s", got)
	}
	if made := entries(e.t, e.shop) - before; made != 0 {
		e.t.Errorf("the restart sold %d times more", made)
	}
}

// A POS vendor's own check of the agent keeps its word, and sees an agent that breaks it: one that answers a sale told again as if it
// were another.
func TestTheConformanceScriptSeesABrokenPromise(t *testing.T) {
	shop := openShop(t, nil)
	honest := example{t, shop, shop.API.Base, []string{"python3", filepath.Join(examples, "conformance.py")}, ""}
	if said := honest.run("6034000000000018"); strings.Contains(said, "BROKEN") || !strings.Contains(said, "21 of 21 promises kept") {
		t.Errorf("of our agent it says\n%s", said)
	}
	proxy := newProxy(t, shop.API.Base)
	proxy.ModifyResponse = func(r *http.Response) error {
		body, err := io.ReadAll(r.Body)
		body = bytes.ReplaceAll(body, []byte(`"replayed":true`), []byte(`"replayed":false`))
		r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
		r.Header.Set("Content-Length", strconv.Itoa(len(body)))
		return err
	}
	liar := httptest.NewServer(proxy)
	t.Cleanup(liar.Close)
	cmd := exec.CommandContext(t.Context(), honest.program[0], honest.program[1], "6034000000000018")
	cmd.Env = append(os.Environ(), "LOYALTILL_URL="+liar.URL, "LOYALTILL_TOKEN_FILE="+honest.token())
	if said, err := cmd.CombinedOutput(); err == nil || !bytes.Contains(said, []byte("BROKEN   the same key answers as the first time")) {
		t.Errorf("of a liar it says (%v)\n%s", err, said)
	}
}

// lossyLine passes calls on to the agent; when loses is set it cuts the connection once, after a sale was made and before its answer.
type lossyLine struct {
	*httptest.Server
	loses atomic.Bool
}

func newLossyLine(t *testing.T, agent string) *lossyLine {
	t.Helper()
	l := &lossyLine{}
	proxy := newProxy(t, agent)
	proxy.ModifyResponse = func(r *http.Response) error {
		if strings.HasSuffix(r.Request.URL.Path, "/sales") && l.loses.CompareAndSwap(true, false) {
			return http.ErrAbortHandler
		}
		return nil
	}
	proxy.ErrorHandler = func(http.ResponseWriter, *http.Request, error) { panic(http.ErrAbortHandler) }
	l.Server = httptest.NewServer(proxy)
	t.Cleanup(l.Close)
	return l
}

func newProxy(t *testing.T, agent string) *httputil.ReverseProxy {
	t.Helper()
	to, err := url.Parse(agent)
	must(t, err)
	return httputil.NewSingleHostReverseProxy(to)
}

func goExample(t *testing.T, out string) []string {
	t.Helper()
	program := filepath.Join(out, "sale")
	built(t, "go", "build", "-o", program, filepath.Join(examples, "sale.go"))
	return []string{program}
}

func typescriptExample(t *testing.T, out string) []string {
	t.Helper()
	node, modules := peersNode(t), filepath.Join(peersDir, "node_modules")
	built(t, node, filepath.Join(modules, "typescript", "bin", "tsc"), "--outDir", out, "--strict", "--noUncheckedIndexedAccess", "--module", "nodenext",
		"--target", "es2022", "--typeRoots", filepath.Join(modules, "@types"), "--types", "node", filepath.Join(examples, "sale.ts"))
	return []string{node, filepath.Join(out, "sale.js")}
}

func csharpExample(t *testing.T, out string) []string {
	t.Helper()
	program := filepath.Join(out, "Sale.exe")
	built(t, "mcs", "-warnaserror", "-out:"+program, "-r:System.Net.Http", "-r:System.Runtime.Serialization", filepath.Join(examples, "Sale.cs"))
	return []string{"mono", program}
}

func built(t *testing.T, program string, args ...string) {
	t.Helper()
	_, err := exec.LookPath(program)
	needs(t, program, err)
	if out, err := exec.CommandContext(t.Context(), program, args...).CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", program, err, out)
	}
}

// The types that a till's programmers are given are those of the API.
func TestTheTypeScriptTypesAreMadeOfTheDescription(t *testing.T) {
	made := filepath.Join(t.TempDir(), "agent.d.ts")
	built(t, peersNode(t), filepath.Join(peersDir, "node_modules", "openapi-typescript", "bin", "cli.js"),
		filepath.Join(examples, "..", "agent.openapi.yaml"), "-o", made)
	want, err := os.ReadFile(made)
	must(t, err)
	if have, err := os.ReadFile(filepath.Join(examples, "agent.d.ts")); err != nil || !bytes.Equal(have, want) {
		t.Errorf("docs/examples/agent.d.ts is not what `make client` makes (%v)", err)
	}
}
