package profile

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

var update = flag.Bool("update", false, "write the published schema anew")

func TestThePublishedSchemaIsThatOfTheFiles(t *testing.T) {
	text, err := Schema()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join("..", "..", "..", "docs", "foreign-card.schema.json")
	if *update {
		if err := os.WriteFile(path, text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	published, err := os.ReadFile(path)
	if err != nil || !bytes.Equal(published, text) {
		t.Errorf("%s is of other files (%v); write it anew: go test ./devices/card/profile -run PublishedSchema -update", path, err)
	}
}

func TestTheSchemaAgreesWithParse(t *testing.T) {
	text, err := Schema()
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
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
	valid := func(text string) error {
		value, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
		if err != nil {
			return err
		}
		return v.Validate(value)
	}
	for _, p := range ready(t).Profiles() {
		if err := valid(string(file(t, p.Name))); err != nil {
			t.Errorf("%s: %v", p.Name, err)
		}
	}
	for _, c := range []struct{ old, new string }{
		{`"priority": 1`, `"priority": 1, "colour": "red"`}, {`"profile": "x", `, ``}, {`"priority": 1`, `"priority": "high"`},
		{`"contact"`, `"air"`}, {`F00102030405`, `F0 01`}, {`"length": 16`, `"length": 0`}, {`"trust": {`, `"trust": { "offline_cap": -1, `},
	} {
		if text := strings.Replace(good, c.old, c.new, 1); text == good || valid(text) == nil {
			t.Errorf("the schema takes %s for %s", c.new, c.old)
		}
	}
}
