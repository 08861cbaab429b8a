package escpos

import (
	"strings"
	"unicode"

	"loyaltill/devices/escpos/render"
)

// wrap breaks text into lines of at most width cells: at newlines, else at spaces
// (not at no-break spaces), else, for a word longer than the line, between letters.
func (l *layout) wrap(text string, dir render.Direction, width int) []string {
	var lines []string
	for paragraph := range strings.SplitSeq(text, "\n") {
		lines = append(lines, l.wrapParagraph(paragraph, dir, width)...)
	}
	return lines
}

func (l *layout) wrapParagraph(text string, dir render.Direction, width int) []string {
	if l.renderer.Width(text, dir) <= width {
		return []string{text}
	}
	var lines []string
	line := ""
	for word := range strings.SplitSeq(text, " ") {
		candidate := word
		if line != "" {
			candidate = line + " " + word
		}
		if l.renderer.Width(candidate, dir) <= width {
			line = candidate
			continue
		}
		if line != "" {
			lines = append(lines, line)
		}
		pieces := l.breakWord(word, dir, width)
		lines = append(lines, pieces[:len(pieces)-1]...)
		line = pieces[len(pieces)-1]
	}
	return append(lines, line)
}

// breakWord cuts a word that is longer than a line; marks and joiners stay with
// the letter before them.
func (l *layout) breakWord(word string, dir render.Direction, width int) []string {
	if l.renderer.Width(word, dir) <= width {
		return []string{word}
	}
	var pieces []string
	piece := ""
	add := func(letter string) {
		if piece != "" && l.renderer.Width(piece+letter, dir) > width {
			pieces = append(pieces, piece)
			piece = ""
		}
		piece += letter
	}
	for _, letter := range letters(word) {
		if l.renderer.Width(letter, dir) <= width {
			add(letter)
			continue
		}
		for _, c := range letter { // a mark that lost its letter, in a column of one cell
			add(string(c))
		}
	}
	return append(pieces, piece)
}

// letters splits a word into what may not be parted.
func letters(word string) []string {
	var out []string
	for _, c := range word {
		if len(out) > 0 && (unicode.Is(unicode.M, c) || unicode.Is(unicode.Cf, c)) {
			out[len(out)-1] += string(c)
			continue
		}
		out = append(out, string(c))
	}
	return out
}

// printable prepares text for the routes that send letters: plain spaces, no
// characters that only steer the order. It reports false when text must be
// reordered or shaped, and so must be drawn.
func printable(text string, dir render.Direction) (string, bool) {
	if !render.OneWay(text, dir) {
		return "", false
	}
	return strings.Map(func(c rune) rune {
		switch {
		case blank(c):
			return ' '
		case unicode.Is(unicode.Cf, c):
			return -1
		default:
			return c
		}
	}, text), true
}

// blank says that a character prints as a space.
func blank(c rune) bool { return c == '\u00a0' || c == '\u202f' || c == '\u2009' }
