package e2e

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// words are instruction bytes or status words, by number, with the name that the code gives them or the line of the page.
type words map[uint64]string

// pageInstructions are those of docs/card.md: every command is written there as `CLA INS P1 P2`.
func pageInstructions(page string) words {
	found := words{}
	command := regexp.MustCompile("`([08][04]) ([0-9A-F]{2}) ([0-9A-Za-z]{2}) ([0-9A-Za-z]{2})[ `]")
	for line := range strings.Lines(page) {
		for _, m := range command.FindAllStringSubmatch(line, -1) {
			ins, _ := strconv.ParseUint(m[2], 16, 8) // the pattern has let nothing else through
			found[ins] = strings.TrimSpace(line)
		}
	}
	return found
}

// pageStatusWords are those of the table in 3.12; x stands for 0, the tries left.
func pageStatusWords(t *testing.T, page string) words {
	t.Helper()
	_, table, ok := strings.Cut(page, "### 3.12 Status words")
	table, _, ended := strings.Cut(table, "\n## ")
	if !ok || !ended {
		t.Fatal("the page has no section 3.12")
	}
	found := words{}
	for line := range strings.Lines(table) {
		cells := strings.Split(line, "|")
		for i := 1; i+1 < len(cells); i += 2 { // word, meaning, word, meaning
			for _, word := range regexp.MustCompile(`\b[69][0-9A-F]{2}[0-9A-Fx]\b`).FindAllString(cells[i], -1) {
				n, _ := strconv.ParseUint(strings.ReplaceAll(word, "x", "0"), 16, 16) // likewise
				found[n] = strings.TrimSpace(cells[i+1])
			}
		}
	}
	return found
}

// statusWordsNamedElsewhere finds words that a section promises and the table lacks.
func statusWordsNamedElsewhere(page string) words {
	found := words{}
	for line := range strings.Lines(page) {
		for _, word := range regexp.MustCompile(`\b(6[2-9A-F][0-9A-F]{2}|63Cx|94[0-9A-F]{2})\b`).FindAllString(line, -1) {
			n, _ := strconv.ParseUint(strings.ReplaceAll(word, "x", "0"), 16, 16)
			found[n] = strings.TrimSpace(line)
		}
	}
	return found
}

// constants are the numbers of the constants with such names in the files of a folder.
func constants(t *testing.T, folder, files string, name *regexp.Regexp) words {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join("..", "..", filepath.FromSlash(folder), files))
	if err != nil {
		t.Fatal(err)
	}
	found := words{}
	for _, path := range paths {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			spec, ok := n.(*ast.ValueSpec)
			for i := 0; ok && i < len(spec.Values); i++ {
				number, isNumber := spec.Values[i].(*ast.BasicLit)
				if !isNumber || !name.MatchString(spec.Names[i].Name) {
					continue
				}
				if v, err := strconv.ParseUint(number.Value, 0, 16); err == nil {
					found[v] = spec.Names[i].Name
				}
			}
			return true
		})
	}
	return found
}

// missing names what is in one and not in the other.
func missing(t *testing.T, what string, in, from words) {
	t.Helper()
	var lost []string
	for n, text := range in {
		if _, ok := from[n]; !ok {
			lost = append(lost, fmt.Sprintf("%02X (%s)", n, text))
		}
	}
	slices.Sort(lost)
	if len(lost) > 0 {
		t.Errorf("%s: %s", what, strings.Join(lost, "; "))
	}
}

// TestPageAndBothSidesKnowTheSameWords holds docs/card.md against the host and the simulated card: no instruction byte and no
// status word is on one of them alone. The host's apdu package also knows words of other makers' cards.
func TestPageAndBothSidesKnowTheSameWords(t *testing.T) {
	text, err := os.ReadFile("../../docs/card.md")
	if err != nil {
		t.Fatal(err)
	}
	page := string(text)
	instruction, status := regexp.MustCompile(`^ins[A-Z]`), regexp.MustCompile(`^(sw|SW)[A-Z]`)

	commands := pageInstructions(page)
	card := constants(t, "firmware-sim/cardsim", "instruction.go", instruction)
	host := constants(t, "devices/card", "*.go", instruction)
	if len(commands) < 15 {
		t.Errorf("only %d instructions read from the page", len(commands))
	}
	missing(t, "instructions of the page that the card lacks", commands, card)
	missing(t, "instructions of the card that the page lacks", card, commands)
	missing(t, "instructions of the page that the host lacks", commands, host)
	missing(t, "instructions of the host that the page lacks", host, commands)

	table := pageStatusWords(t, page)
	answers := constants(t, "firmware-sim/cardsim", "apdu.go", status)
	own := constants(t, "devices/card", "errors.go", status)
	known := constants(t, "devices/apdu", "status.go", status)
	for n, name := range own {
		known[n] = name
	}
	if len(table) < 25 {
		t.Errorf("only %d status words read from the page", len(table))
	}
	missing(t, "status words of the page that the card never answers", table, answers)
	missing(t, "status words of the card that the page lacks", answers, table)
	missing(t, "status words of the page that the host does not know", table, known)
	missing(t, "status words of the host's client that the page lacks", own, table)
	missing(t, "status words of other sections that 3.12 lacks", statusWordsNamedElsewhere(page), table)
}

// TestThePageNamesTestsThatThereAre holds what docs/card.md says of attackers against the tests that show it.
func TestThePageNamesTestsThatThereAre(t *testing.T) {
	declared := map[string]bool{}
	err := filepath.WalkDir("../..", func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() && d.Name() == "node_modules" {
			return fs.SkipDir
		}
		if err != nil || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		code, err := os.ReadFile(path)
		for _, m := range regexp.MustCompile(`(?m)^func (Test\w+)\(`).FindAllSubmatch(code, -1) {
			declared[string(m[1])] = true
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	page, err := os.ReadFile("../../docs/card.md")
	if err != nil {
		t.Fatal(err)
	}
	named := regexp.MustCompile("`(Test\\w+)`").FindAllSubmatch(page, -1)
	if len(named) < 25 {
		t.Errorf("the page names %d tests", len(named))
	}
	for _, m := range named {
		if !declared[string(m[1])] {
			t.Errorf("the page names %s, which there is not", m[1])
		}
	}
}
