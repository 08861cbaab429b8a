//go:build linux

package faults

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// invariants are those of the design, which all have a row.
const invariants = 17

// The tables name tests that exist in every row, every test here is in them, and so is every invariant.
func TestTheTableOfFaultsIsTheTestsThatThereAre(t *testing.T) {
	doc, err := os.ReadFile("../../docs/faults.md")
	if err != nil {
		t.Fatal(err)
	}
	name := regexp.MustCompile("(?m)`(?:([a-z0-9/]+)\\.)?(Test[A-Za-z0-9]+)`")
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
	rows := regexp.MustCompile(`(?m)^\| .*\|$`).FindAllString(string(doc), -1)
	for _, row := range rows {
		if !strings.HasPrefix(row, "| fault |") && !strings.HasPrefix(row, "| | says |") && !name.MatchString(row) {
			t.Errorf("no test in %s", row)
		}
	}
	for i := range invariants {
		if begins := fmt.Sprintf("| I%d |", i+1); !slices.ContainsFunc(rows, func(row string) bool { return strings.HasPrefix(row, begins) }) {
			t.Errorf("docs/faults.md has no row %s", begins)
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
	function := regexp.MustCompile(`(?m)^func (Test[A-Za-z0-9]+)\(t \*testing\.T\)`)
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
