package headoffice

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"

	"loyaltill/sync/wire"
)

// openAPI is what is compared of docs/headoffice.openapi.yaml.
type openAPI struct {
	OpenAPI    string                    `yaml:"openapi"`
	Paths      map[string]map[string]any `yaml:"paths"`
	Components struct {
		Schemas map[string]struct {
			Properties map[string]struct {
				Enum []string `yaml:"enum"`
			} `yaml:"properties"`
		} `yaml:"schemas"`
	} `yaml:"components"`
}

func readOpenAPI(t *testing.T) (doc openAPI) {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("..", "..", "docs", "headoffice.openapi.yaml"))
	if err == nil {
		err = yaml.Unmarshal(raw, &doc)
	}
	if err != nil || doc.OpenAPI != "3.1.0" {
		t.Fatalf("openapi %q: %v", doc.OpenAPI, err)
	}
	return doc
}

func TestTheOpenAPIFileHasEveryRouteAndNoOther(t *testing.T) {
	var written []string
	for path, item := range readOpenAPI(t).Paths {
		for method := range item {
			if method != "parameters" {
				written = append(written, strings.ToUpper(method)+" "+path)
			}
		}
	}
	var served []string
	for _, r := range (&server{}).routes() {
		served = append(served, r.pattern)
	}
	slices.Sort(written)
	slices.Sort(served)
	if !slices.Equal(written, served) {
		t.Errorf("docs/headoffice.openapi.yaml has\n%s\nhead office serves\n%s", strings.Join(written, "\n"), strings.Join(served, "\n"))
	}
}

func TestTheOpenAPIFileHasEveryProblemCodeAndVerdict(t *testing.T) {
	schemas := readOpenAPI(t).Components.Schemas
	var codes []string
	for _, c := range wire.Codes() {
		codes = append(codes, string(c))
	}
	written := slices.Clone(schemas["Problem"].Properties["code"].Enum)
	slices.Sort(written)
	slices.Sort(codes)
	if !slices.Equal(written, codes) {
		t.Errorf("written %v, in the code %v", written, codes)
	}
	if got := fmt.Sprint(schemas["SessionAnswer"].Properties["verdict"].Enum); got != fmt.Sprint([]wire.Verdict{wire.VerdictInSync, wire.VerdictAhead,
		wire.VerdictBehind, wire.VerdictForked, wire.VerdictFenced, wire.VerdictUnknownInstall, wire.VerdictAheadOfGrant}) {
		t.Errorf("verdicts %s", got)
	}
}

func TestTheOpenAPIFileHasEveryFieldOfTheMessages(t *testing.T) {
	schemas := readOpenAPI(t).Components.Schemas
	for name, message := range map[string]any{"SessionRequest": wire.SessionRequest{}, "SessionAnswer": wire.SessionAnswer{},
		"Accepted": wire.Accepted{}, "Head": wire.Head{}, "Problem": wire.Problem{}, "Snapshot": wire.Snapshot{}, "ReserveRequest": wire.ReserveRequest{}, "ReserveAnswer": wire.ReserveAnswer{}} {
		var fields []string
		for i := range reflect.TypeOf(message).NumField() {
			if field, _, _ := strings.Cut(reflect.TypeOf(message).Field(i).Tag.Get("json"), ","); field != "-" {
				fields = append(fields, field)
			}
		}
		slices.Sort(fields)
		if written := slices.Sorted(maps.Keys(schemas[name].Properties)); !slices.Equal(written, fields) {
			t.Errorf("%s: written %v, in the code %v", name, written, fields)
		}
	}
}

func TestThePageNamesEveryProblemCodeWithItsStatus(t *testing.T) {
	page, err := os.ReadFile(filepath.Join("..", "..", "docs", "wire.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range wire.Codes() {
		if row := fmt.Sprintf("| `%s` | %d |", c, wire.NewProblem(c, "").Status); !strings.Contains(string(page), row) {
			t.Errorf("docs/wire.md 8 has no row %s", row)
		}
	}
}
