package profile

import (
	"fmt"
	"strings"
)

// Fault is one thing wrong with a profile file, placed so that its author can find it.
type Fault struct {
	Line, Column int    // from 1
	Field        string // read[2].length
	Problem      string
	Remedy       string
}

func (f Fault) Error() string {
	s := fmt.Sprintf("%d:%d: ", f.Line, f.Column)
	if f.Field != "" {
		s += f.Field + ": "
	}
	s += f.Problem
	if f.Remedy != "" {
		s += "; " + f.Remedy
	}
	return s
}

// Faults is everything found wrong with one file, in its order.
type Faults []Fault

func (f Faults) Error() string {
	lines := make([]string, len(f))
	for i, one := range f {
		lines[i] = one.Error()
	}
	return strings.Join(lines, "\n")
}
