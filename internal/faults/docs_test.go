//go:build linux

package faults

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// The table of faults names tests that exist, and every test here is in it.
func TestTheTableOfFaultsIsTheTestsThatThereAre(t *testing.T) {
	doc, err := os.ReadFile("../../docs/faults.md")
	if err != nil {
		t.Fatal(err)
	}
	name := regexp.MustCompile("(?m)`(?:([a-z/]+)\\.)?(Test[A-Za-z]+)`")
	listed := map[string]bool{}
	for _, m := range name.FindAllStringSubmatch(string(doc), -1) {
		dir := "."
		if m[1] != "" {
			dir = filepath.Join("..", "..", filepath.FromSlash(m[1]))
		} else {
			listed[m[2]] = true
		}
		if !defines(t, dir, m[2]) {
			t.Errorf("docs/faults.md names %s in %s, which is not there", m[2], dir)
		}
	}
	for _, own := range tests(t, ".") {
		if !listed[own] {
			t.Errorf("docs/faults.md does not name %s", own)
		}
	}
}

func tests(t *testing.T, dir string) (names []string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*_test.go"))
	if err != nil || len(files) == 0 {
		t.Fatalf("%s: no tests, %v", dir, err)
	}
	function := regexp.MustCompile(`(?m)^func (Test[A-Za-z]+)\(t \*testing\.T\)`)
	for _, f := range files {
		source, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range function.FindAllStringSubmatch(string(source), -1) {
			names = append(names, m[1])
		}
	}
	return names
}

func defines(t *testing.T, dir, name string) bool {
	t.Helper()
	return strings.Contains(strings.Join(tests(t, dir), " ")+" ", name+" ")
}
