package api

import (
	"bytes"
	"flag"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2"

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

// What is answered stands in the description, also what no till calls; pages, and the description itself, are no calls.
func TestEveryRouteIsDescribed(t *testing.T) {
	agent := New(nil, Options{}, zerolog.Nop())
	first, _ := firstStart(t)
	for _, s := range []*Server{agent, first} {
		described := 0
		for _, pattern := range s.patterns {
			method, path, _ := strings.Cut(pattern, " ")
			if pattern == "/v1/" || strings.HasPrefix(path, "/openapi") {
				continue
			}
			described++
			if operation(agent.OpenAPI(), method, path) == nil {
				t.Errorf("%s is answered and not described", pattern)
			}
		}
		if described == 0 {
			t.Error("no route was looked at")
		}
	}
}

// operation finds a call in a description.
func operation(d *huma.OpenAPI, method, path string) *huma.Operation {
	item := d.Paths[path]
	if item == nil {
		return nil
	}
	return map[string]*huma.Operation{http.MethodGet: item.Get, http.MethodPut: item.Put, http.MethodPost: item.Post, http.MethodDelete: item.Delete}[method]
}
