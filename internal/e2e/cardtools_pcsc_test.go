//go:build linux && pcsc

package e2e

import (
	"context"
	"encoding/json"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"loyaltill/devices/card"
	"loyaltill/devices/card/cardtest"
)

const toolLimit = time.Minute

// tool runs a program of the distribution, which is in CI.
func tool(t *testing.T, stdin, name string, args ...string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	needs(t, name, err)
	ctx, cancel := context.WithTimeout(t.Context(), toolLimit)
	defer cancel()
	cmd := exec.CommandContext(ctx, path, args...)
	cmd.Stdin = strings.NewReader(stdin)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s %v: %v\n%s", name, args, err, out)
	}
	return string(out)
}

// insert puts a new member's card into a reader and waits until pcscd has seen it.
func (s table) insert(t *testing.T, lane, name string) {
	t.Helper()
	request := tool(t, "", s.program, "card", "create", "--cards", s.cards, name)
	perso := cardtest.NewIssuer(t).Personalise(t, []byte(request), cardtest.Plastic{Flags: card.PlainVerify})
	tool(t, string(perso), s.program, "card", "personalise", "--cards", s.cards, name, "-")
	body, err := json.Marshal(map[string]string{"card": name})
	if err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPut, s.control+"/readers/"+lane+"/card", strings.NewReader(string(body)))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	answer, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	if answer.StatusCode >= http.StatusBadRequest {
		t.Fatalf("insert %s: %s", name, answer.Status)
	}
	present := regexp.MustCompile(`(?m)^\d+\s+Yes\s.*` + regexp.QuoteMeta(s.readers[lane]))
	for end := time.Now().Add(toolLimit); !present.MatchString(tool(t, "", "opensc-tool", "-l")); {
		if time.Now().After(end) {
			t.Fatalf("no card in %s", lane)
		}
	}
}

// exchange is a command of a script and what must come back.
type exchange struct{ command, answer string }

// readScript splits a file into what scriptor reads and what it must print.
func readScript(t *testing.T, path string) (input string, want []exchange) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSpace(line)
		switch {
		case strings.HasPrefix(line, "> "):
			want = append(want, exchange{command: line[2:]})
			input += line[2:] + "\n"
		case strings.HasPrefix(line, "< "):
			want[len(want)-1].answer = line[2:]
		case line != "" && line[0] != '#':
			input += line + "\n"
		}
	}
	return input, want
}

// answers are what scriptor printed behind "<", without its explanations; long ones take several lines.
func answers(out string) (all []string) {
	for part := range strings.SplitSeq(out, "\n< ") {
		hex, _, explained := strings.Cut(part, " : ")
		if explained && !strings.HasPrefix(hex, "OK") {
			all = append(all, strings.Join(strings.Fields(hex), " "))
		}
	}
	return all
}

func matches(pattern, answer string) bool {
	return regexp.MustCompile("^" + strings.ReplaceAll(pattern, "??", "[0-9A-F]{2}") + "$").MatchString(answer)
}

// TestScriptorPlaysTheScripts sends testdata/*.scriptor through pcsc-tools, to a new card each.
func TestScriptorPlaysTheScripts(t *testing.T) {
	scripts, err := filepath.Glob("testdata/*.scriptor")
	if err != nil || len(scripts) == 0 {
		t.Fatalf("no scripts: %v", err)
	}
	s := openTable(t, len(scripts))
	for i, path := range scripts {
		name := strings.TrimSuffix(filepath.Base(path), ".scriptor")
		t.Run(name, func(t *testing.T) {
			s.insert(t, s.lanes[i], name)
			input, want := readScript(t, path)
			out := tool(t, input, "scriptor", "-p", "T=1", "-r", s.readers[s.lanes[i]])
			got := answers(out)
			if len(got) != len(want) {
				t.Fatalf("%d answers to %d commands:\n%s", len(got), len(want), out)
			}
			for n, w := range want {
				if !matches(w.answer, got[n]) {
					t.Errorf("> %s\ngot  %s\nwant %s", w.command, got[n], w.answer)
				}
			}
		})
	}
}

// TestOpenSCAndPCSCScanSeeReadersAndCard asks the tools that a technician has.
func TestOpenSCAndPCSCScanSeeReadersAndCard(t *testing.T) {
	s := openTable(t, 2)
	s.insert(t, s.lanes[0], "anna")
	list := tool(t, "", "opensc-tool", "-l")
	for lane, state := range map[string]string{s.lanes[0]: "Yes", s.lanes[1]: "No"} {
		if !regexp.MustCompile(`(?m)^\d+\s+` + state + `\s.*` + regexp.QuoteMeta(s.readers[lane])).MatchString(list) {
			t.Errorf("%s: card %s is not in\n%s", lane, state, list)
		}
	}
	selected := tool(t, "", "opensc-tool", "-r", "0", "--card-driver", "default", "-s", "00A4040009F04C594C545931000100", "-s", "00B0810003")
	for _, want := range []string{"(SW1=0x90, SW2=0x00):\n6F 40 84 09 F0 4C 59 4C 54 59 31 00 01", "(SW1=0x90, SW2=0x00):\n50 01 01"} {
		if !strings.Contains(selected, want) {
			t.Errorf("no %q in\n%s", want, selected)
		}
	}
	readers := tool(t, "", "pcsc_scan", "-n", "-r")
	for _, lane := range s.lanes {
		if !strings.Contains(readers, s.readers[lane]) {
			t.Errorf("%s is not in\n%s", s.readers[lane], readers)
		}
	}
}
