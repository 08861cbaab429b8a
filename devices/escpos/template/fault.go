package template

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Fault is one thing wrong with a file, placed so that its author can find it.
type Fault struct {
	File         string `json:"file"`
	Line, Column int    `json:"-"`
	Field        string `json:"field,omitempty"`
	Problem      string `json:"problem"`
	Remedy       string `json:"remedy,omitempty"`
}

func (f Fault) Error() string {
	var b strings.Builder
	b.WriteString(f.File + ":")
	if f.Line > 0 {
		fmt.Fprintf(&b, "%d:%d:", f.Line, f.Column)
	}
	if f.Field != "" {
		b.WriteString(" " + f.Field + ":")
	}
	b.WriteString(" " + f.Problem)
	if f.Remedy != "" {
		b.WriteString("; " + f.Remedy)
	}
	return b.String()
}

// Faults is everything wrong, in the order of the file.
type Faults []Fault

func (f Faults) Error() string {
	lines := make([]string, len(f))
	for i, one := range f {
		lines[i] = one.Error()
	}
	return strings.Join(lines, "\n")
}

// maxFaults bounds what an author is shown at once.
const maxFaults = 100

// critic gathers the faults of one file.
type critic struct {
	file   string
	faults Faults
}

func (c *critic) fault(at place, field, problem, remedy string) {
	if len(c.faults) < maxFaults {
		c.faults = append(c.faults, Fault{File: c.file, Line: at.line, Column: at.column, Field: field, Problem: problem, Remedy: remedy})
	}
}

// verdict is all faults, or nil.
func (c *critic) verdict() error {
	if len(c.faults) == 0 {
		return nil
	}
	slices.SortStableFunc(c.faults, func(a, b Fault) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	return c.faults
}

// near names the known name within two edits of an unknown one, or else all of them.
func near(name string, known []string) string {
	best, least := "", 3
	for _, k := range known {
		if d := distance(name, k); d < least {
			best, least = k, d
		}
	}
	if best != "" {
		return fmt.Sprintf("did you mean %s?", best)
	}
	return "known are " + strings.Join(known, ", ")
}

// distance is Levenshtein's, in bytes; names here are short.
func distance(a, b string) int {
	const longest = 40
	if len(a) > longest || len(b) > longest {
		return longest
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
