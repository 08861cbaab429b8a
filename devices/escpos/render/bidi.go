package render

import (
	"slices"

	"github.com/go-text/typesetting/bidi"
	"github.com/go-text/typesetting/language"
)

// Direction is a base direction: of a paper, a column, a line.
type Direction uint8

// Base directions.
const (
	LTR Direction = iota
	RTL
)

// run is a stretch of text in one direction and one script.
type run struct {
	start, end int
	rtl        bool
	script     language.Script
}

// visualRuns cuts text into runs and returns them in the order in which they
// stand on paper from left to right.
func visualRuns(text []rune, base Direction) []run {
	if len(text) == 0 {
		return nil
	}
	// The library's comment calls the direction a default, its code imposes it.
	direction := bidi.LeftToRight
	if base == RTL {
		direction = bidi.RightToLeft
	}
	var paragraph bidi.Paragraph
	segmented := paragraph.Segment(text, direction)
	var runs []run
	var levels []bidi.Level
	for i := range segmented.NumRuns() {
		r := segmented.Run(i)
		for _, part := range splitScripts(text, r.Start, r.End) {
			part.rtl = !r.IsLeftToRight()
			runs = append(runs, part)
			levels = append(levels, r.Level)
		}
	}
	reorder(runs, levels)
	return runs
}

// reorder applies rule L2 of the bidirectional algorithm to whole runs: from the
// highest level down to the lowest odd one, reverse each sequence at that level or above.
func reorder(runs []run, levels []bidi.Level) {
	if len(runs) == 0 {
		return
	}
	for level := slices.Max(levels); level > 0; level-- {
		for i := 0; i < len(runs); i++ {
			if levels[i] < level {
				continue
			}
			end := i
			for end < len(runs) && levels[end] >= level {
				end++
			}
			slices.Reverse(runs[i:end])
			slices.Reverse(levels[i:end])
			i = end
		}
	}
}

// splitScripts cuts text[start:end] where the script changes. Characters of no
// script of their own (spaces, digits, marks) belong to the letters before them,
// at the beginning to the first letter after them.
func splitScripts(text []rune, start, end int) []run {
	var runs []run
	current := run{start: start, end: end, script: language.Common}
	for i := start; i < end; i++ {
		script := language.LookupScript(text[i])
		if script == language.Common || script == language.Inherited || script == language.Unknown || script == current.script {
			continue
		}
		if current.script != language.Common {
			current.end = i
			runs = append(runs, current)
			current = run{start: i, end: end}
		}
		current.script = script
	}
	return append(runs, current)
}

// OneWay says that text reads from left to right as it stands, so that a printer
// may be sent its letters in order.
func OneWay(text string, base Direction) bool {
	if base == LTR && simple(text) {
		return true
	}
	runes := []rune(text)
	if base == RTL {
		runes = isolate(runes)
	}
	at := 0
	for _, r := range visualRuns(runes, base) {
		if !slices.ContainsFunc(runes[r.start:r.end], func(c rune) bool { return !directs(c) }) {
			continue // controls print nothing, wherever they stand
		}
		if r.rtl || r.start < at {
			return false
		}
		at = r.end
	}
	return true
}
