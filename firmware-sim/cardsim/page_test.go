package cardsim

import (
	"encoding/json"
	"errors"
	"net/http/httptest"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/rs/zerolog"
)

type schema struct {
	Properties map[string]struct {
		Enum []string `json:"enum"`
	} `json:"properties"`
	Kinds map[FaultKind]struct {
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
	bench, err := OpenBench(t.TempDir(), nil, zerolog.Nop())
	if err != nil {
		t.Fatal(err)
	}
	w := httptest.NewRecorder()
	bench.Handler().ServeHTTP(w, httptest.NewRequest("GET", path, nil))
	return w
}

func readDescription(t *testing.T) (d description) {
	t.Helper()
	if err := json.Unmarshal(served(t, "/openapi.json").Body.Bytes(), &d); err != nil {
		t.Fatal(err)
	}
	return d
}

func TestTheDescriptionHasExactlyTheRoutesThatThereAre(t *testing.T) {
	var want, got []string
	for _, r := range (&Bench{}).routes() {
		want = append(want, r.method+" "+r.path)
	}
	for path, methods := range readDescription(t).Paths {
		for method := range methods {
			if method != "parameters" {
				got = append(got, strings.ToUpper(method)+" "+path)
			}
		}
	}
	slices.Sort(want)
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("described:\n%s\nserved:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestTheDescriptionHasExactlyTheFieldsThatThereAre(t *testing.T) {
	schemas := readDescription(t).Components.Schemas
	types := map[string]any{
		"Problem": problemBody{}, "CardView": CardView{}, "Status": Status{}, "Record": Record{}, "State": stateBody{}, "Copy": copyBody{},
		"Voucher": voucherBody{}, "Loaded": Loaded{}, "Insert": cardBody{}, "Keys": keysBody{}, "Cable": cableBody{},
		"PinpadView": PinpadView{}, "ReaderView": ReaderView{}, "Speed": Pace{}, "Metrics": Metrics{}, "Fault": Fault{},
	}
	for name, schema := range schemas {
		var want, got []string
		if types[name] == nil {
			t.Errorf("nothing is called %s", name)
			continue
		}
		goType := reflect.TypeOf(types[name])
		for i := range goType.NumField() {
			tag, _, _ := strings.Cut(goType.Field(i).Tag.Get("json"), ",")
			want = append(want, tag)
		}
		for field := range schema.Properties {
			got = append(got, field)
		}
		slices.Sort(want)
		slices.Sort(got)
		if !slices.Equal(got, want) {
			t.Errorf("%s: described %v, is %v", name, got, want)
		}
	}
	if len(schemas) != len(types) {
		t.Errorf("%d of %d types are described", len(schemas), len(types))
	}
}

func TestTheDescriptionListsWhatCanBeChosen(t *testing.T) {
	schemas := readDescription(t).Components.Schemas
	options := func(schema, field string) []string { return schemas[schema].Properties[field].Enum }
	if got, want := options("State", "state"), States(); len(got) != len(want) {
		t.Errorf("states %v, are %v", got, want)
	}
	for i, state := range States() {
		if options("State", "state")[i] != string(state) {
			t.Errorf("state %s is not described in its place", state)
		}
	}
	for _, card := range options("Speed", "card") {
		if err := (Pace{Card: card}).check(); err != nil {
			t.Error(err)
		}
	}
	for _, link := range options("Speed", "link") {
		if err := (Pace{Link: link}).check(); err != nil {
			t.Error(err)
		}
	}
	if got := len(options("Speed", "card")) + len(options("Speed", "link")); got != len(chips())+len(links())+2 {
		t.Errorf("%d speeds are described", got)
	}
	for _, variant := range options("Fault", "variant") {
		if err := (Fault{Kind: BadATR, Variant: variant}).check(); err != nil {
			t.Error(err)
		}
	}
}

func TestEveryKindOfFaultIsDescribedWithItsFields(t *testing.T) {
	source, err := os.ReadFile("fault.go")
	if err != nil {
		t.Fatal(err)
	}
	fault := readDescription(t).Components.Schemas["Fault"]
	var kinds []string
	for _, m := range regexp.MustCompile(`FaultKind += "([^"]+)"`).FindAllStringSubmatch(string(source), -1) {
		kinds = append(kinds, m[1])
	}
	if got := fault.Properties["kind"].Enum; !slices.Equal(got, kinds) {
		t.Errorf("described %v, are %v", got, kinds)
	}
	if len(fault.Kinds) != len(kinds) {
		t.Errorf("%d kinds are explained", len(fault.Kinds))
	}
	for kind, about := range fault.Kinds {
		if about.Does == "" || strings.Contains(Fault{Kind: kind}.checkKind(), "unknown") {
			t.Errorf("%q is no kind of fault", kind)
		}
		for _, field := range about.Fields {
			if _, ok := fault.Properties[field]; !ok {
				t.Errorf("%s: field %q is not there", kind, field)
			}
		}
	}
}

func readGuide(t *testing.T) string {
	t.Helper()
	guide, err := os.ReadFile("../../docs/simulator.md")
	if err != nil {
		t.Fatal(err)
	}
	return string(guide)
}

func TestTheGuideNamesEverythingThatCanBeArmedPutAndSet(t *testing.T) {
	guide := readGuide(t)
	schemas := readDescription(t).Components.Schemas
	for _, name := range slices.Concat(
		schemas["Fault"].Properties["kind"].Enum, schemas["Fault"].Properties["variant"].Enum, schemas["State"].Properties["state"].Enum,
		schemas["Copy"].Properties["kind"].Enum, schemas["Speed"].Properties["card"].Enum, schemas["Speed"].Properties["link"].Enum,
	) {
		if name != "" && !strings.Contains(guide, "`"+name+"`") {
			t.Errorf("docs/simulator.md does not name %s", name)
		}
	}
}

func TestEveryRefusalHasADescribedCode(t *testing.T) {
	codes := readDescription(t).Components.Schemas["Problem"].Properties["code"].Enum
	errs := []error{
		ErrUnknownCard, ErrUnknownReader, ErrCardElsewhere, ErrCardExists, ErrBlank, ErrForeign, ErrNotOurDriver, ErrPinpadIdle, ErrKey,
		ErrName, ErrFault, ErrState, ErrCopy, ErrSpeed, errBody, errors.New("something else"),
	}
	for _, err := range errs {
		if _, code := problem(err); !slices.Contains(codes, code) {
			t.Errorf("%v: code %s is not described", err, code)
		}
	}
	if len(codes) != len(errs) {
		t.Errorf("%d codes are described, %d given", len(codes), len(errs))
	}
}

func TestThePageAsksNobodyElse(t *testing.T) {
	for path, kind := range map[string]string{"/bench": "text/html", "/bench/bench.css": "text/css", "/bench/bench.js": "text/javascript"} {
		w := served(t, path)
		if w.Code != 200 || !strings.HasPrefix(w.Header().Get("Content-Type"), kind) {
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
