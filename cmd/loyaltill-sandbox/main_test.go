package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"loyaltill/internal/pcscd"
)

var update = flag.Bool("update", false, "write docs/sandbox.md")

func TestMain(m *testing.M) {
	flag.Parse()
	code, isolated, err := pcscd.Isolate(context.Background())
	if isolated {
		os.Exit(code)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "sandbox: no private card service:", err)
	}
	os.Exit(m.Run())
}

// programs builds the three programs once.
func programs(t *testing.T) string {
	t.Helper()
	if dir := os.Getenv("SANDBOX_BIN"); dir != "" {
		return dir
	}
	dir := t.TempDir()
	out, err := exec.Command("go", "build", "-tags", "pcsc", "-o", dir+"/", "loyaltill/cmd/loyaltill", "loyaltill/cmd/headoffice", "loyaltill/cmd/firmware-sim").CombinedOutput()
	if err != nil {
		t.Fatalf("build the programs: %v\n%s", err, out)
	}
	return dir
}

// Every outcome of the documentation is the answer of the real programs: rows of one lane one after the other, lanes side by side, and at the end alone what takes
// from others what they need.
func TestEveryOutcomeIsAnswered(t *testing.T) {
	b, err := open(t.Context(), options{bin: programs(t), dir: filepath.Join(t.TempDir(), "sandbox")})
	t.Cleanup(func() {
		if err := b.close(); err != nil {
			t.Errorf("close the sandbox: %v", err)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	rows := map[string][]outcome{}
	for _, g := range outcomes() {
		for _, o := range g.rows {
			rows[o.lane] = append(rows[o.lane], o)
		}
	}
	alone := rows[""]
	delete(rows, "")
	t.Run("side by side", func(t *testing.T) {
		for lane, rows := range rows {
			t.Run("lane "+lane, func(t *testing.T) {
				t.Parallel()
				tryAll(t, b, rows)
			})
		}
	})
	t.Run("in a shell", func(t *testing.T) { tryInShell(t, b) })
	t.Run("examples", func(t *testing.T) { tryExamples(t, b) })
	tryAll(t, b, alone)
}

// What the page says is what a shell takes: one row of each kind of step, as it stands there.
func tryInShell(t *testing.T, b *sandbox) {
	for _, id := range []string{"key_reused", "body_too_large", "too_often", "pin_wrong", "pin_cancelled", "confirmed", "sale_elsewhere", "session_over"} {
		o := rowOf(t, id)
		shell := exec.CommandContext(t.Context(), "sh", "-c", ". "+b.envFile()+"\n"+o.shell())
		said, err := shell.CombinedOutput()
		if err != nil && o.code != "confirmed" || !strings.Contains(string(said), `"code":"`+o.code+`"`) && o.status != 0 {
			t.Errorf("%s: %v\n%s\n%s", o.code, err, o.shell(), said)
		}
	}
}

// rowOf is the first row with a code.
func rowOf(t *testing.T, code string) outcome {
	t.Helper()
	for _, g := range outcomes() {
		for _, o := range g.rows {
			if o.code == code {
				return o
			}
		}
	}
	t.Fatalf("no row has %s", code)
	return outcome{}
}

// The examples of docs/pos-integration.md that need no compiler sell here (those that do are built and run by the end-to-end tests), and the
// conformance script keeps every promise, those about cards and paper among them.
func tryExamples(t *testing.T, b *sandbox) {
	for _, line := range []struct{ line, says string }{
		{"sh ../../docs/examples/sale.sh $NORA", "sale: 8.58 paid"},
		{"python3 ../../docs/examples/sale.py $NORA", "sale: 8.58 paid"},
		{"LOYALTILL_SIMULATORS=$SIM LOYALTILL_CARD=berta LOYALTILL_PIN=$PIN python3 ../../docs/examples/conformance.py $NORA", "24 of 24 promises kept"},
	} {
		shell := exec.CommandContext(t.Context(), "sh", "-c", ". "+b.envFile()+"\n"+
			"LOYALTILL_URL=$AGENT LOYALTILL_TOKEN_FILE=$TOKEN_FILE LOYALTILL_PENDING="+filepath.Join(t.TempDir(), "pending")+" "+line.line)
		if said, err := shell.CombinedOutput(); err != nil || !strings.Contains(string(said), line.says) {
			t.Errorf("%s: %v\n%s", line.line, err, said)
		}
	}
}

func tryAll(t *testing.T, b *sandbox, rows []outcome) {
	for _, o := range rows {
		t.Run(o.id(), func(t *testing.T) {
			got, err := b.play(t.Context(), o)
			if err != nil {
				t.Fatal(err)
			}
			if o.status != 0 && (got.status != o.status || o.status >= 300 && got.code() != o.code) {
				t.Errorf("answered %d %s, want %d %s\n%s", got.status, got.code(), o.status, o.code, got.body)
			}
		})
	}
}

// Steps can be read, no row stands twice, and a state is waited for by its name.
func TestRowsAreSound(t *testing.T) {
	seen := map[string]bool{}
	for _, g := range outcomes() {
		for _, o := range g.rows {
			steps, err := o.read()
			if err != nil || len(steps) == 0 {
				t.Errorf("%s: %d steps, %v", o.id(), len(steps), err)
			}
			if seen[o.id()] {
				t.Errorf("%s stands twice", o.id())
			}
			seen[o.id()] = true
			if o.status == 0 && !slices.ContainsFunc(steps, func(s step) bool { return !s.after && strings.HasSuffix(s.until, "="+o.code) }) {
				t.Errorf("%s: nothing waits for %s", o.id(), o.code)
			}
		}
	}
}

// A new code of the agent needs a row, or a reason why nobody can have it.
func TestEveryCodeHasAnOutcomeOrAReason(t *testing.T) {
	had := map[string]bool{}
	for _, g := range outcomes() {
		for _, o := range g.rows {
			had[o.code] = true
		}
	}
	codes := documentedCodes(t)
	for _, code := range codes {
		_, reason := missing()[code]
		switch {
		case !had[code] && !reason:
			t.Errorf("%s: no outcome of the sandbox has it; see outcome.go", code)
		case had[code] && reason:
			t.Errorf("%s has an outcome, and a reason why it cannot have one", code)
		}
	}
	for code := range missing() {
		if !slices.Contains(codes, code) {
			t.Errorf("%s is no code of the agent", code)
		}
	}
}

// documentedCodes are those of the agent's description: the list of the field code of a problem.
func documentedCodes(t *testing.T) []string {
	t.Helper()
	text, err := os.ReadFile("../../docs/agent.openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(text), "    Problem:\n")
	_, rest, _ = strings.Cut(rest, "        code:\n")
	_, rest, found := strings.Cut(rest, "          enum:\n")
	var codes []string
	for line := range strings.Lines(rest) {
		code, ok := strings.CutPrefix(line, "            - ")
		if !ok {
			break
		}
		codes = append(codes, strings.TrimSpace(code))
	}
	if !found || len(codes) < 100 {
		t.Fatalf("%d codes in the description", len(codes))
	}
	return codes
}

const tables = "<!-- from here on generated: go test ./cmd/loyaltill-sandbox -run Document -update -->\n\n"

func TestTheDocumentHasEveryOutcome(t *testing.T) {
	const file = "../../docs/sandbox.md"
	have, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	before, _, found := strings.Cut(string(have), tables)
	if !found {
		t.Fatalf("%s has no line %q", file, tables)
	}
	want := before + tables + document()
	if *update {
		if err := os.WriteFile(file, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if string(have) != want {
		t.Error("docs/sandbox.md is not what the rows say: go test ./cmd/loyaltill-sandbox -run Document -update")
	}
}
