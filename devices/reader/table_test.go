package reader

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const page = "../../docs/readers.md"

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestTheTableOfFaultsAndTheTestsAreInStep(t *testing.T) {
	files, err := filepath.Glob("*_test.go")
	if err != nil {
		t.Fatal(err)
	}
	var all, faults []string
	declared := regexp.MustCompile(`(?m)^func (Test\w+)\(t \*testing\.T\)`)
	for _, file := range files {
		for _, m := range declared.FindAllStringSubmatch(read(t, file), -1) {
			all = append(all, m[1])
			if file == "faults_pcsc_test.go" {
				faults = append(faults, m[1])
			}
		}
	}
	text := read(t, page)
	for _, m := range regexp.MustCompile("`(Test\\w+)`").FindAllStringSubmatch(text, -1) {
		if !slices.Contains(all, m[1]) {
			t.Errorf("%s names %s, which there is not", page, m[1])
		}
	}
	for _, name := range faults {
		if !strings.Contains(text, "`"+name+"`") {
			t.Errorf("%s does not name %s", page, name)
		}
	}
}

func TestEveryCodeOfAReaderHasItsRemedyOnThePage(t *testing.T) {
	text := read(t, page)
	for _, m := range regexp.MustCompile(`devices\.Code = "(\w+)"`).FindAllStringSubmatch(read(t, "reader.go"), -1) {
		if !strings.Contains(text, "\n| `"+m[1]+"`") {
			t.Errorf("%s does not tell of %s", page, m[1])
		}
	}
}
