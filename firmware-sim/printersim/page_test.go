package printersim

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/rs/zerolog"
)

type schema struct {
	Properties map[string]struct {
		Enum []string `json:"enum"`
	} `json:"properties"`
	Kinds map[string]struct {
		Does   string   `json:"does"`
		Fields []string `json:"fields"`
	} `json:"x-kinds"`
}

type description struct {
	Paths      map[string]map[string]json.RawMessage `json:"paths"`
	Components struct {
		Schemas map[string]schema `json:"schemas"`
	} `json:"components"`
}

func served(t *testing.T, path string) *httptest.ResponseRecorder {
	t.Helper()
	bench, err := OpenBench(nil, zerolog.Nop())
	if err != nil {
		t.Fatal(err)
	}
	w := httptest.NewRecorder()
	bench.Handler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
	return w
}

func readDescription(t *testing.T) (d description) {
	t.Helper()
	if err := json.Unmarshal(served(t, "/printers/openapi.json").Body.Bytes(), &d); err != nil {
		t.Fatal(err)
	}
	return d
}

// sameNames compares two lists regardless of order.
func sameNames(t *testing.T, what string, got, want []string) {
	t.Helper()
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("%s: described %v, is %v", what, got, want)
	}
}

func TestTheDescriptionHasExactlyTheRoutesThatThereAre(t *testing.T) {
	want := []string{"GET /printers"}
	for _, r := range routes() {
		want = append(want, r.method+" "+r.path)
	}
	var got []string
	for path, methods := range readDescription(t).Paths {
		for method := range methods {
			if method != "parameters" {
				got = append(got, strings.ToUpper(method)+" "+path)
			}
		}
	}
	sameNames(t, "routes", got, want)
}

func TestTheDescriptionHasExactlyTheFieldsThatThereAre(t *testing.T) {
	schemas := readDescription(t).Components.Schemas
	types := map[string]any{
		"Problem": problemBody{}, "State": State{}, "PaperState": PaperState{}, "Buffer": Buffer{}, "Counts": Counts{}, "Event": Event{},
		"Sheet": Sheet{}, "Paper": paperBody{}, "Clock": clockBody{}, "Wait": waitBody{}, "Fault": Fault{},
	}
	flags := map[string]string{"Open": "open", "Power": "on", "Cutter": "jammed", "Cable": "plugged"} // bodies of one flag have no type
	for name, described := range schemas {
		got := make([]string, 0, len(described.Properties))
		for field := range described.Properties {
			got = append(got, field)
		}
		if flag := flags[name]; flag != "" {
			sameNames(t, name, got, []string{flag})
			continue
		}
		if types[name] == nil {
			t.Errorf("nothing is called %s", name)
			continue
		}
		var want []string
		for field := range reflect.TypeOf(types[name]).Fields() {
			if tag, _, _ := strings.Cut(field.Tag.Get("json"), ","); tag != "" {
				want = append(want, tag)
			}
		}
		sameNames(t, name, got, want)
	}
	if len(schemas) != len(types)+len(flags) {
		t.Errorf("%d of %d types are described", len(schemas), len(types)+len(flags))
	}
}

func TestEveryKindOfFaultIsDescribedWithItsFields(t *testing.T) {
	fault := readDescription(t).Components.Schemas["Fault"]
	sameNames(t, "kinds", slices.Clone(fault.Properties["kind"].Enum), FaultKinds())
	var told []string
	for kind, about := range fault.Kinds {
		told = append(told, kind)
		if about.Does == "" {
			t.Errorf("%s: what it does is missing", kind)
		}
		for _, field := range about.Fields {
			if _, ok := fault.Properties[field]; !ok {
				t.Errorf("%s: no field is called %s", kind, field)
			}
		}
	}
	sameNames(t, "kinds that say what they do", told, FaultKinds())
	for _, at := range fault.Properties["at"].Enum {
		f := Fault{Kind: "cover-open", At: at}
		if err := f.check(); err != nil {
			t.Error(err)
		}
	}
}

func TestEveryRefusalHasADescribedCode(t *testing.T) {
	sameNames(t, "codes", slices.Clone(readDescription(t).Components.Schemas["Problem"].Properties["code"].Enum), []string{
		codeUnknownPrinter, codeUnknownSheet, codeBadBody, codeBadValue, codeBadFault, codeRealClock, codeTimeout, codeStopped, codeInternal,
	})
}

func TestTheGuideNamesEveryPersonalityAndFault(t *testing.T) {
	text, err := os.ReadFile("../../docs/simulator.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range append(PersonalityNames(), FaultKinds()...) {
		if !strings.Contains(string(text), "`"+name+"`") {
			t.Errorf("docs/simulator.md does not name %s", name)
		}
	}
}

func TestThePageAsksNobodyElse(t *testing.T) {
	for path, kind := range map[string]string{"/paper": "text/html", "/paper/paper.css": "text/css", "/paper/paper.js": "text/javascript"} {
		w := served(t, path)
		if w.Code != http.StatusOK || !strings.HasPrefix(w.Header().Get("Content-Type"), kind) {
			t.Errorf("%s: %d %s", path, w.Code, w.Header().Get("Content-Type"))
		}
		if csp := w.Header().Get("Content-Security-Policy"); !strings.Contains(csp, "default-src 'none'") || strings.Contains(csp, "unsafe") {
			t.Errorf("%s: policy %q", path, csp)
		}
		if text := w.Body.String(); strings.Contains(text, "http://") || strings.Contains(text, "https://") {
			t.Errorf("%s names another place", path)
		}
	}
}
