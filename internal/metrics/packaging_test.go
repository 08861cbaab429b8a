package metrics

import (
	"encoding/json"
	"errors"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
)

const (
	rulesFile     = "../../packaging/prometheus/alerts.yaml"
	rulesTestFile = "../../packaging/prometheus/alerts_test.yaml"
	dashboardFile = "../../packaging/grafana/loyaltill.json"
	runbookFile   = "../../docs/operations.md"
)

// alerts are the rules by name, with what they ask.
func alerts(t *testing.T) map[string]string {
	t.Helper()
	var doc struct {
		Groups []struct {
			Rules []struct{ Alert, Expr string }
		}
	}
	text, err := os.ReadFile(rulesFile)
	if err == nil {
		err = yaml.Unmarshal(text, &doc)
	}
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]string{}
	for _, g := range doc.Groups {
		for _, r := range g.Rules {
			found[r.Alert] = r.Expr
		}
	}
	return found
}

// queries are what the dashboard asks, by the title of the panel.
func queries(t *testing.T) map[string][]string {
	t.Helper()
	var doc struct {
		Panels []struct {
			Title   string
			Targets []struct{ Expr string }
		}
	}
	text, err := os.ReadFile(dashboardFile)
	if err == nil {
		err = json.Unmarshal(text, &doc)
	}
	if err != nil {
		t.Fatal(err)
	}
	found := map[string][]string{}
	for _, p := range doc.Panels {
		for _, target := range p.Targets {
			found[p.Title] = append(found[p.Title], target.Expr)
		}
	}
	return found
}

var (
	quoted   = regexp.MustCompile(`"(\\.|[^"\\])*"`)
	selector = regexp.MustCompile(`([a-zA-Z_:][a-zA-Z0-9_:]*)\s*(\{[^}]*\})?`)
	matcher  = regexp.MustCompile(`([a-zA-Z_][a-zA-Z0-9_]*)\s*(?:=~|!~|!=|=)`)
)

// wrong says what of a query no program would answer.
func wrong(expr string) (faults []string) {
	asked := 0
	for _, m := range selector.FindAllStringSubmatch(quoted.ReplaceAllString(expr, `""`), -1) {
		name := m[1]
		if name == "up" || strings.HasPrefix(name, "process_") {
			asked++
			continue
		}
		if !strings.HasPrefix(name, "loyaltill_") && !strings.HasPrefix(name, "headoffice_") {
			continue // a function, an operator, a label
		}
		asked++
		row := rowOf(name)
		if row == nil {
			faults = append(faults, name+" does not exist")
			continue
		}
		for _, l := range matcher.FindAllStringSubmatch(m[2], -1) {
			if l[1] != "store" && !slices.Contains(row.Labels, l[1]) { // the store's number is the scrape's label
				faults = append(faults, name+" has no label "+l[1])
			}
		}
	}
	if asked == 0 {
		faults = append(faults, "it asks for nothing of ours")
	}
	return faults
}

// rowOf finds a metric by the name of one of its series.
func rowOf(series string) *Row {
	for _, s := range programs() {
		for i, r := range s.rows {
			if r.Name == series && r.Kind != Histogram {
				return &s.rows[i]
			}
			for _, end := range []string{"_bucket", "_sum", "_count"} {
				if r.Kind == Histogram && r.Name+end == series {
					return &s.rows[i]
				}
			}
		}
	}
	return nil
}

func TestAlertsAndDashboardAskForMetricsThatExist(t *testing.T) {
	for name, expr := range alerts(t) {
		for _, fault := range wrong(expr) {
			t.Errorf("alert %s: %s", name, fault)
		}
	}
	for title, exprs := range queries(t) {
		for _, expr := range exprs {
			for _, fault := range wrong(expr) {
				t.Errorf("panel %q: %s in %s", title, fault, expr)
			}
		}
	}
}

func TestAQueryForAMetricThatIsGoneIsFound(t *testing.T) {
	for expr, want := range map[string]string{
		`rate(loyaltill_gone_total[5m])`:                        "loyaltill_gone_total does not exist",
		`loyaltill_quote_seconds`:                               "loyaltill_quote_seconds does not exist", // a histogram's series have endings
		`loyaltill_wal_bytes{lane="1"}`:                         "loyaltill_wal_bytes has no label lane",
		`sum by (code) (rate(other_total{a="loyaltill_"}[5m]))`: "it asks for nothing of ours",
	} {
		if got := wrong(expr); len(got) != 1 || got[0] != want {
			t.Errorf("%s: %q, want %q", expr, got, want)
		}
	}
}

func TestEveryAlertHasALineThatSaysWhatToDo(t *testing.T) {
	text, err := os.ReadFile(runbookFile)
	if err != nil {
		t.Fatal(err)
	}
	_, runbook, _ := strings.Cut(string(text), "\n### Alerts\n")
	known := alerts(t)
	for name := range known {
		if !strings.Contains(runbook, "| `"+name+"` |") {
			t.Errorf("%s has no line for %s", runbookFile, name)
		}
	}
	for _, m := range regexp.MustCompile("(?m)^\\| `([A-Za-z]+)` \\|").FindAllStringSubmatch(runbook, -1) {
		if _, exists := known[m[1]]; !exists {
			t.Errorf("%s has a line for %s, which is no alert", runbookFile, m[1])
		}
	}
}

// promtool is Prometheus's own checker: installed, or fetched by tools/deps.sh.
func promtool(t *testing.T) string {
	t.Helper()
	for _, name := range []string{"promtool", "../../out/tools/promtool"} {
		path, err := exec.LookPath(name)
		if err != nil && !errors.Is(err, exec.ErrDot) {
			continue
		}
		if path, err = filepath.Abs(path); err == nil {
			return path
		}
	}
	if os.Getenv("CI") != "" {
		t.Fatal("no promtool: tools/deps.sh test should have fetched it")
	}
	t.Skip("no promtool: `make test` fetches it, or install the package prometheus")
	return ""
}

func TestPrometheusAcceptsTheRulesAndTheyComeWhenTheyShould(t *testing.T) {
	tool := promtool(t)
	for _, args := range [][]string{{"check", "rules", rulesFile}, {"test", "rules", rulesTestFile}} {
		if out, err := exec.CommandContext(t.Context(), tool, args...).CombinedOutput(); err != nil {
			t.Errorf("promtool %s: %v\n%s", strings.Join(args, " "), err, out)
		}
	}
}

func TestPrometheusAcceptsWhatIsServed(t *testing.T) {
	tool := promtool(t)
	for name, s := range programs() {
		families, err := s.registry.Gather()
		if err != nil || len(families) < 20 {
			t.Fatalf("%s: %d families, %v", name, len(families), err)
		}
		cmd := exec.CommandContext(t.Context(), tool, "check", "metrics")
		cmd.Stdin = strings.NewReader(served(t, s))
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%s: promtool check metrics: %v\n%s", name, err, out)
		}
	}
}

func served(t *testing.T, s *set) string {
	t.Helper()
	w := httptest.NewRecorder()
	s.Handler().ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), "GET", "/metrics", nil))
	return w.Body.String()
}
