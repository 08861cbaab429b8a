package render

import (
	"slices"
	"unicode"
)

// Controls of the bidirectional algorithm.
const (
	leftToRightEmbedding  = '\u202a'
	rightToLeftOverride   = '\u202e' // the last of embeddings and overrides
	leftToRightIsolate    = '\u2066'
	popDirectionalIsolate = '\u2069' // the last of isolates
)

// isolate puts what is not written from right to left (Latin names, numbers with
// signs) into isolates of its own, so that "A.B." keeps its last stop and "-5" its
// sign inside a Persian line. Text whose author placed controls is left alone.
func isolate(text []rune) []rune {
	if slices.ContainsFunc(text, directs) {
		return text
	}
	var out []rune
	for i := 0; i < len(text); {
		if unicode.IsSpace(text[i]) {
			out = append(out, text[i])
			i++
			continue
		}
		end := tokenEnd(text, i)
		if !leftToRight(text[i:end]) {
			out = append(out, text[i:end]...)
			i = end
			continue
		}
		end = phraseEnd(text, i, end)
		first, last := inner(text[i:end])
		out = append(out, text[i:i+first]...)
		out = append(out, leftToRightIsolate)
		out = append(out, text[i+first:i+last]...)
		out = append(out, popDirectionalIsolate)
		out = append(out, text[i+last:end]...)
		i = end
	}
	return out
}

// directs says that a character is an explicit direction control.
func directs(c rune) bool {
	return c >= leftToRightIsolate && c <= popDirectionalIsolate || c >= leftToRightEmbedding && c <= rightToLeftOverride
}

// tokenEnd is the end of the word that begins at i.
func tokenEnd(text []rune, i int) int {
	for i < len(text) && !unicode.IsSpace(text[i]) {
		i++
	}
	return i
}

// phraseEnd extends a word over the left-to-right words that follow it, when the
// phrase has Latin letters: "Coca Cola 1.5 L" reads as one. Numbers alone stay
// apart, since a Persian line counts them from the right.
func phraseEnd(text []rune, start, end int) int {
	longest, latin := end, hasLetter(text[start:end])
	for i := end; i < len(text); {
		for i < len(text) && unicode.IsSpace(text[i]) {
			i++
		}
		next := tokenEnd(text, i)
		if i == next || !leftToRight(text[i:next]) {
			break
		}
		latin = latin || hasLetter(text[i:next])
		i = next
		if latin {
			longest = next
		}
	}
	return longest
}

func hasLetter(word []rune) bool { return slices.ContainsFunc(word, unicode.IsLetter) }

// leftToRight says that a word has letters or digits and none of a right-to-left script.
func leftToRight(word []rune) bool {
	found := false
	for _, c := range word {
		if unicode.In(c, unicode.Arabic, unicode.Hebrew) && unicode.IsLetter(c) {
			return false
		}
		found = found || unicode.IsLetter(c) || unicode.IsDigit(c)
	}
	return found
}

// inner is the part of a phrase without the brackets and sentence marks around
// it, which belong to the line. A last stop stays when the word has others: "A.B.".
func inner(phrase []rune) (first, last int) {
	first, last = 0, len(phrase)
	for first < last && slices.Contains([]rune(`([{«"'`), phrase[first]) {
		first++
	}
	for last > first && slices.Contains([]rune(`)]}»"',:;!?.`), phrase[last-1]) {
		if phrase[last-1] == '.' && slices.Contains(phrase[first:last-1], '.') {
			break
		}
		last--
	}
	return first, last
}
