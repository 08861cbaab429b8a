package api

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/rs/zerolog"
)

var update = flag.Bool("update", false, "write docs/agent.openapi.yaml anew")

// A till's programmers build on the description: a change of it stands in the diff of the change that made it.
func TestTheDescriptionOfTheAPIIsTheOneInTheDocumentation(t *testing.T) {
	served, err := New(nil, Options{}, zerolog.Nop()).OpenAPI().YAML()
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join("..", "..", "docs", "agent.openapi.yaml")
	if *update {
		if err := os.WriteFile(file, served, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	written, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(served, written) {
		t.Error("the API and docs/agent.openapi.yaml differ: go test ./agent/api -run Description -update, and read the diff as a till's programmer")
	}
}
