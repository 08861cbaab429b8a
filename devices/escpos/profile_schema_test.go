package escpos

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pelletier/go-toml/v2"
	"github.com/santhosh-tekuri/jsonschema/v6"
)

var update = flag.Bool("update", false, "write the published schema anew")

func TestThePublishedSchemaIsThatOfTheProfiles(t *testing.T) {
	text, err := ProfileSchema()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join("..", "..", "docs", "printer-profile.schema.json")
	if *update {
		if err := os.WriteFile(path, text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	published, err := os.ReadFile(path)
	if err != nil || !bytes.Equal(published, text) {
		t.Errorf("%s is of other profiles (%v); write it anew: go test ./devices/escpos -run PublishedSchema -update", path, err)
	}
}

// schemaOf compiles our schema with another implementation.
func schemaOf(t *testing.T) *jsonschema.Schema {
	t.Helper()
	text, err := ProfileSchema()
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource(profileSchemaID, doc); err != nil {
		t.Fatal(err)
	}
	schema, err := c.Compile(profileSchemaID)
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

// valid asks the schema about a profile file.
func valid(t *testing.T, schema *jsonschema.Schema, profile string) error {
	t.Helper()
	var file map[string]any
	if err := toml.Unmarshal([]byte(profile), &file); err != nil {
		t.Fatal(err)
	}
	data, err := json.Marshal(file)
	if err != nil {
		t.Fatal(err)
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	return schema.Validate(value)
}

func TestTheSchemaAgreesWithTheParser(t *testing.T) {
	schema := schemaOf(t)
	for _, id := range ProfileIDs() {
		if err := valid(t, schema, profileText(t, id)); err != nil {
			t.Errorf("%s: %v", id, err)
		}
	}
	good := profileText(t, "epson-tm-t20iii-80")
	for _, c := range []struct{ old, new string }{
		{"dpi = 203", "dpi = 203\ncolour = true"},
		{"dpi = 203\n", ""},
		{"schema = 1", "schema = 2"},
		{"[12, 24]", "[9, 17]"},
		{"cp437 = 0", "cp437 = 256"},
		{`["cp1257"]`, `["cp42"]`},
		{`qr = "native"`, `qr = "magic"`},
		{"pins = [2]", "pins = [7]"},
		{"max_rows = 128", "max_rows = 256"},
		{"gs_v0 = true", "gs_v0 = 1"},
		{`id = "epson`, `id = "Epson`},
	} {
		text := strings.Replace(good, c.old, c.new, 1)
		if _, err := ParseProfile([]byte(text)); err == nil || text == good {
			t.Errorf("the parser takes %s for %s", c.new, c.old)
		}
		if valid(t, schema, text) == nil {
			t.Errorf("the schema takes %s for %s", c.new, c.old)
		}
	}
}
