package loyalty

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/santhosh-tekuri/jsonschema/v6"
)

func schema(t *testing.T) []byte {
	t.Helper()
	text, err := Schema()
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// validator is another's reading of the schema.
func validator(t *testing.T) *jsonschema.Schema {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(schema(t)))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource(schemaID, doc); err != nil {
		t.Fatal(err)
	}
	v, err := c.Compile(schemaID)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// validates reads a document as an editor would, without this package.
func validates(v *jsonschema.Schema, doc []byte) error {
	if !strings.HasPrefix(string(doc), "{") {
		var err error
		if doc, err = yaml.YAMLToJSON(doc); err != nil {
			return err
		}
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(doc))
	if err != nil {
		return err
	}
	return v.Validate(value)
}

func TestThePublishedSchemaIsThatOfTheDocument(t *testing.T) {
	path := filepath.Join("..", "..", "docs", "programme.schema.json")
	text := schema(t)
	if *update {
		if err := os.WriteFile(path, text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	published, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(text, published) {
		t.Errorf("%s is of another document; write it anew: go test ./agent/loyalty -run PublishedSchema -update", path)
	}
}

func TestEveryReadyProgrammeFitsTheSchema(t *testing.T) {
	v := validator(t)
	paths, err := filepath.Glob(filepath.Join("..", "..", "docs", "programmes", "*.yaml"))
	if err != nil || len(paths) < 5 {
		t.Fatalf("found %d programmes, %v", len(paths), err)
	}
	golden, _ := filepath.Glob(filepath.Join("testdata", "golden", "*.yaml"))
	for _, path := range append(paths, golden...) {
		t.Run(filepath.Base(path), func(t *testing.T) {
			doc, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if err := validates(v, doc); err != nil {
				t.Errorf("as written: %v", err)
			}
			if err := validates(v, compile(t, string(doc)).Canonical()); err != nil {
				t.Errorf("in canonical form: %v", err)
			}
		})
	}
}

// The vectors hold some hundred programmes: whatever the engine takes, the schema takes too.
func TestTheSchemaTakesWhatTheEngineTakes(t *testing.T) {
	v := validator(t)
	files, err := filepath.Glob(filepath.Join("testdata", "vectors", "*.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for _, file := range files {
		doc, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var group vectorFile
		if err := yaml.Unmarshal(doc, &group); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		for _, row := range group.Cases {
			p, err := Compile([]byte(givenHeader + "\n" + row.Programme))
			if err != nil {
				continue // a row without a programme, or of one with its own header
			}
			seen++
			if err := validates(v, p.Canonical()); err != nil {
				t.Errorf("%s, %s: %v", filepath.Base(file), row.Name, err)
			}
		}
	}
	if seen < 100 {
		t.Errorf("only %d programmes were tried", seen)
	}
}

// beyondASchema are faults that compare one place of a document with another, or with the calendar or the currency.
func beyondASchema() map[string]bool {
	names := map[string]bool{}
	for name := range strings.Lines(`a third of a cent
an id used twice
a set that is not there
a misspelt set
sets in a circle
a multiplier of a rule that is not there
days the wrong way round
a day that does not exist
a tier that is not declared
a card of no kind
a discount on a set that is not there
a discount with the id of a rule
a reward twice of what can be given once
stacking of nothing
withholding what is worth nothing
a threshold without a ladder
a ladder of nothing
tiers that fall
half a visit
points that lift at once
the end of a lifetime
grace for nobody
an occasion that is not there
an anchor
two documents
`) {
		names[strings.TrimSpace(name)] = true
	}
	return names
}

func TestTheSchemaRefusesWhatHasTheWrongShape(t *testing.T) {
	v, beyond := validator(t), beyondASchema()
	if err := validates(v, []byte(goodHead)); err != nil {
		t.Fatalf("the head that every faulty document begins with: %v", err)
	}
	for _, tc := range faultyDocuments() {
		switch err := validates(v, []byte(tc.doc)); {
		case err == nil && !beyond[tc.name]:
			t.Errorf("%s: the schema takes it; say in schemaNotes what is wrong with it, or list it as beyond a schema", tc.name)
		case err != nil && beyond[tc.name]:
			t.Errorf("%s: the schema refuses it after all: %v", tc.name, err)
		}
	}
}
