package arch

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"path"
	"slices"
	"strings"
	"testing"
)

const module = "loyaltill"

// levels is the house: a package imports only packages of a lower level, never one beside it. A sub-package belongs
// to the house of the longest prefix here, and within one house imports are free.
var levels = map[string]int{
	"cmd/loyaltill": 5, "cmd/headoffice": 5, "cmd/firmware-sim": 5, "cmd/loyaltill-sandbox": 5, "internal/demo": 5, "internal/e2e": 5, "internal/fleet": 5, "internal/tears": 5, "internal/faults": 5, "internal/doors": 5, "docs/examples": 5,
	"agent/api":     4,
	"agent":         3,
	"agent/receipt": 2, "devices/reader": 2, "devices/printer": 2, "sync/uplink": 2, "sync/headoffice": 2, "internal/stage": 2,
	"devices/card": 1, "devices/escpos": 1, "store/agentdb": 1, "store/archive": 1, "sync/wire": 1, "sync/nightly": 1, "store/hodb": 1, "internal/web": 1, "internal/pcscd": 1, "internal/blank": 1, "agent/changes": 1,
	"agent/loyalty": 0, "devices": 0, "devices/apdu": 0, "store": 0, "internal/i18n": 0, "internal/arch": 0, "internal/pgserver": 0, "internal/mutate": 0, "internal/metrics": 0, "internal/drawn": 0,
	"firmware-sim/cardsim": 0, "firmware-sim/printersim": 0, "firmware-sim/ifd": 0,
}

// confined names third parties that may be imported in few places only.
var confined = []struct {
	module string
	houses []string
	why    string
}{
	{"github.com/ebfe/scard", []string{"devices/reader"}, "needs cgo and the PC/SC headers; everything else must build without"},
	{"go.bug.st/serial", []string{"devices/printer"}, "one owner for the serial port"},
	{"modernc.org/sqlite", []string{"store"}, "one place opens databases and sets their durability"},
	{"github.com/jackc/pgx/v5", []string{"store/hodb", "sync/headoffice"}, "only head office's books, and the tables that a back office pulls into"},
	{"github.com/pressly/goose/v3", []string{"store"}, "one place migrates"},
	{"github.com/danielgtaylor/huma/v2", []string{"agent/api", "sync/headoffice"}, "the HTTP edge can be swapped"},
	{"github.com/cenkalti/backoff/v4", []string{"sync/uplink", "sync/headoffice", "devices/reader", "devices/printer"}, "only where something is retried"},
	{"github.com/goccy/go-yaml", []string{"agent/loyalty", "internal/demo", "devices/escpos"}, "documents that people write, the demo's story, and the public printer database"},
	{"cel.dev/cel-go", []string{"agent/loyalty"}, "the one place where expressions are compiled and bounded"},
	{"github.com/schollz/progressbar/v3", []string{"cmd/headoffice", "cmd/loyaltill"}, "somebody waits at the command line there"},
	{"github.com/prometheus/client_golang", []string{"internal/metrics"}, "one place owns names and labels; everything else counts through its methods"},
	{"github.com/parquet-go/parquet-go", []string{"sync/nightly"}, "one place knows the files of a closed day"},
	{"filippo.io/age", []string{"store/archive", "cmd/loyaltill", "internal/e2e"}, "backups alone are sealed with it"},
	{"github.com/creack/pty", []string{"firmware-sim/printersim"}, "only the simulated printer makes a pty"},
}

// forbidden are paths through the graph that must not exist, with the reason.
var forbidden = []struct{ from, to, why string }{
	{"cmd/loyaltill", "sync/headoffice", "a stolen store box must hold no code that signs cards or makes vouchers"},
	{"cmd/loyaltill", "store/hodb", "head office's books do not belong in a store"},
	{"cmd/loyaltill", "firmware-sim", "the product must not contain its simulators"},
	{"cmd/loyaltill", "devices/card/cardtest", "it holds issuer keys, if only for tests"},
	{"cmd/headoffice", "devices/card/cardtest", "its keys are for tests"},
	{"cmd/headoffice", "firmware-sim", "the product must not contain its simulators"},
	{"cmd/headoffice", "agent", "head office shares the rules with a store and nothing else"},
	{"firmware-sim/cardsim", "devices", "host and card are two readings of one specification"},
	{"firmware-sim/printersim", "devices", "host and printer are two readings of one manual"},
}

type pkg struct {
	ImportPath, Doc, Name  string
	Imports, Deps, GoFiles []string
}

// list reads the packages as each of the builds sees them, so that no import hides behind a constraint.
func list(t *testing.T, args ...string) []pkg {
	t.Helper()
	cmd := exec.Command("go", append([]string{"list", "-json=ImportPath,Doc,Name,Imports,Deps,GoFiles"}, append(args, module+"/...")...)...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, stderr.String())
	}
	var pkgs []pkg
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var p pkg
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			return pkgs
		} else if err != nil {
			t.Fatal(err)
		}
		if len(p.GoFiles) > 0 {
			pkgs = append(pkgs, p)
		}
	}
}

func builds(t *testing.T) map[string][]pkg {
	return map[string][]pkg{"plain": list(t), "pcsc": list(t, "-tags=pcsc")}
}

// house finds the row of levels that an import path belongs to.
func house(importPath string) (string, bool) {
	p, ours := strings.CutPrefix(importPath, module+"/")
	if !ours {
		return "", false
	}
	for ; p != "."; p = path.Dir(p) {
		if _, ok := levels[p]; ok {
			return p, true
		}
	}
	return "", false
}

func within(house, root string) bool { return house == root || strings.HasPrefix(house, root+"/") }

func TestImportsRunDown(t *testing.T) {
	for build, pkgs := range builds(t) {
		for _, p := range pkgs {
			from, ok := house(p.ImportPath)
			if !ok {
				t.Errorf("%s build: %s has no place in the house; add it to levels", build, p.ImportPath)
				continue
			}
			for _, imp := range p.Imports {
				if to, ours := house(imp); ours && to != from && levels[to] >= levels[from] {
					t.Errorf("%s build: %s (level %d) imports %s (level %d): imports run down only", build, from, levels[from], to, levels[to])
				}
			}
		}
	}
}

func TestOnlyTheRulesLeaveTheAgent(t *testing.T) {
	for build, pkgs := range builds(t) {
		for _, p := range pkgs {
			from, _ := house(p.ImportPath)
			if within(from, "agent") || from == "cmd/loyaltill" {
				continue
			}
			for _, imp := range p.Imports {
				if to, ours := house(imp); ours && within(to, "agent") && to != "agent/loyalty" {
					t.Errorf("%s build: %s imports %s: outside the agent only agent/loyalty may be used", build, from, to)
				}
			}
		}
	}
}

func TestThirdPartiesStayInTheirPlace(t *testing.T) {
	for build, pkgs := range builds(t) {
		for _, p := range pkgs {
			from, _ := house(p.ImportPath)
			for _, imp := range p.Imports {
				for _, c := range confined {
					if within(imp, c.module) && !slices.Contains(c.houses, from) {
						t.Errorf("%s build: %s imports %s, which belongs in %v: %s", build, from, imp, c.houses, c.why)
					}
				}
			}
		}
	}
}

func TestForbiddenPaths(t *testing.T) {
	for build, pkgs := range builds(t) {
		for _, f := range forbidden {
			for _, p := range pkgs {
				if !within(strings.TrimPrefix(p.ImportPath, module+"/"), f.from) {
					continue
				}
				for _, dep := range p.Deps {
					d := strings.TrimPrefix(dep, module+"/")
					if d != dep && within(d, f.to) && d != "agent/loyalty" {
						t.Errorf("%s build: %s reaches %s: %s", build, f.from, d, f.why)
					}
				}
			}
		}
	}
}

func TestEveryPackageSaysWhatItIsFor(t *testing.T) {
	for _, p := range list(t, "-tags=pcsc") {
		want := "Package " + p.Name
		if p.Name == "main" { // the program's name, or the old form that begins with Command
			want = strings.ToUpper(path.Base(p.ImportPath)[:1])
			if strings.HasPrefix(p.Doc, "Command ") {
				continue
			}
		}
		if !strings.HasPrefix(p.Doc, want) {
			t.Errorf("%s: its doc must begin with %q, got %q", p.ImportPath, want, p.Doc)
		}
	}
}
