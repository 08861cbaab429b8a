package metrics

import (
	"context"
	"flag"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
)

var update = flag.Bool("update", false, "write the tables of docs/metrics.md")

const document = "../../docs/metrics.md"

// programs are both programs' metrics with their states watched, as they run.
func programs() map[string]*set {
	a, o := NewAgent("test"), NewOffice("test")
	a.Watch(func(context.Context) (AgentState, error) { return AgentState{}, nil })
	o.Watch(func(context.Context) (OfficeState, error) { return OfficeState{}, nil })
	return map[string]*set{"loyaltill": &a.set, "headoffice": &o.set}
}

// table is a program's metrics as the documentation lists them.
func table(rows []Row) string {
	var b strings.Builder
	b.WriteString("| metric | type | labels | |\n|---|---|---|---|\n")
	for _, r := range rows {
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", r.Name, r.Kind, strings.Join(r.Labels, ", "), r.Help)
	}
	return b.String()
}

func TestTheDocumentationListsTheMetricsThatExist(t *testing.T) {
	raw, err := os.ReadFile(document)
	if err != nil {
		t.Fatal(err)
	}
	text := string(raw)
	for name, s := range programs() {
		begin, end := "<!-- "+name+": made by go test ./internal/metrics -update -->\n", "<!-- end -->"
		before, rest, ok := strings.Cut(text, begin)
		if !ok {
			t.Fatalf("%s has no place for the metrics of %s", document, name)
		}
		listed, after, _ := strings.Cut(rest, end)
		if want := table(s.rows); listed != want {
			t.Errorf("%s lists other metrics of %s than it has; run with -update", document, name)
			text = before + begin + want + end + after
		}
	}
	if *update {
		if err := os.WriteFile(document, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func TestEveryMetricThatIsRegisteredHasARow(t *testing.T) {
	name := regexp.MustCompile(`fqName: "([^"]+)"`)
	for program, s := range programs() {
		var rows, exist []string
		for _, r := range s.rows {
			rows = append(rows, r.Name)
		}
		for _, d := range described(s.registry) {
			if m := name.FindStringSubmatch(d.String()); m != nil && strings.HasPrefix(m[1], program+"_") {
				exist = append(exist, m[1])
			}
		}
		slices.Sort(rows)
		slices.Sort(exist)
		if !slices.Equal(rows, exist) {
			t.Errorf("%s registers\n%v\nand lists\n%v", program, exist, rows)
		}
	}
}

func described(c prometheus.Collector) (all []*prometheus.Desc) {
	ch := make(chan *prometheus.Desc)
	go func() {
		defer close(ch)
		c.Describe(ch)
	}()
	for d := range ch {
		all = append(all, d)
	}
	return all
}

func TestNamesFollowPrometheus(t *testing.T) {
	for _, s := range programs() {
		for _, r := range s.rows {
			if (r.Kind == Counter) != strings.HasSuffix(r.Name, "_total") {
				t.Errorf("%s is a %s", r.Name, r.Kind)
			}
			for _, bad := range []string{"_ms", "_milliseconds", "_kb", "_count", "_sum", "_bucket"} {
				if strings.HasSuffix(r.Name, bad) {
					t.Errorf("%s ends in %s", r.Name, bad)
				}
			}
			for _, l := range r.Labels {
				if slices.Contains([]string{"member", "card", "number", "sale", "store", "path", "request"}, l) {
					t.Errorf("%s has the label %s, which grows with the business", r.Name, l)
				}
			}
		}
	}
}
