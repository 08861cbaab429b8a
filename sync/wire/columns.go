package wire

import (
	"bytes"
	"slices"
	"strconv"
)

// Entries column by column (docs/wire.md, 4.1): first every line with its values taken out, then for each key the values that
// stood under it. The same bytes come back, and zstd finds far more alike: a sale costs about two thirds of what it costs line by line.
const (
	heldText   = 0x01 // stands in a line for a string, its quotes included
	heldNumber = 0x02 // for digits, with a minus before them or not
	maxColumns = 512  // keys in one batch
	maxNumber  = 20   // characters of one
)

// column is the values of one key.
type column struct {
	key    string
	values []byte // a line each; when reading, those not used yet
	count  int    // lines, when reading
	last   []byte // the newest number
}

// columns is what a batch was taken apart into, in the order of the keys' first values.
type columns struct {
	byKey map[string]*column
	order []*column
	line  []*column // with a number in this line, first come first
	limit int       // bytes put together at the most
}

// of is a key's column; nil when there are too many.
func (c *columns) of(key []byte) *column {
	if col, known := c.byKey[string(key)]; known || len(c.order) == maxColumns {
		return col
	}
	col := &column{key: string(key)}
	c.byKey[col.key], c.order = col, append(c.order, col)
	return col
}

// took notes the number that now stands under a key of this line.
func (c *columns) took(col *column, value []byte) {
	col.last = value
	if !slices.Contains(c.line, col) {
		c.line = append(c.line, col)
	}
}

// toColumns takes bodies apart. Not ok are bodies that hold a control character, a string without an end or too many keys: these
// travel line by line.
func toColumns(bodies [][]byte) (text []byte, ok bool) {
	c := &columns{byKey: map[string]*column{}}
	for _, body := range bodies {
		if text, ok = c.takeApart(text, body); !ok {
			return nil, false
		}
	}
	text = append(text, '\n')
	for _, col := range c.order {
		text = append(text, col.values...)
	}
	return text, true
}

func (c *columns) takeApart(text, body []byte) ([]byte, bool) {
	c.line = c.line[:0]
	var key []byte
	for i := 0; i < len(body); {
		mark, end := piece(body, i)
		switch {
		case end == 0:
			return nil, false
		case mark == 0:
			text = append(text, body[i:end]...)
			if body[i] == '"' {
				key = body[i+1 : end-2]
			}
			i = end
			continue
		}
		col := c.of(key)
		if col == nil {
			return nil, false
		}
		value := body[i:end]
		switch {
		case mark == heldText:
			col.values = c.shortText(col.values, value[1:len(value)-1])
		case len(value) > maxNumber:
			return nil, false
		default:
			col.values = append(col.values, c.short(col, value)...)
			c.took(col, value)
		}
		col.values, text, i = append(col.values, '\n'), append(text, mark), end
	}
	return append(text, '\n'), true
}

// piece is the next part of a line: a value with the mark that stands for it, or what stays as it is, with no mark. No end: a line that
// has no columns.
func piece(line []byte, at int) (mark byte, end int) {
	switch c := line[at]; {
	case c == '"':
		end = textEnd(line, at)
		if end > 0 && end < len(line) && line[end] == ':' {
			return 0, end + 1
		}
		return heldText, end
	case c == '-' || isDigit(c):
		for end = at + 1; end < len(line) && isDigit(line[end]); end++ {
		}
		return heldNumber, end
	case c < 0x20:
		return 0, 0
	}
	return 0, at + 1
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

// textEnd is where a string is over, its quotes included; 0 when it has no end, or holds what no canonical body holds.
func textEnd(line []byte, at int) int {
	for i := at + 1; i < len(line); i++ {
		switch c := line[i]; {
		case c == '"':
			return i + 1
		case c == '\\':
			i++
		}
		if i >= len(line) || line[i] < 0x20 {
			return 0
		}
	}
	return 0
}

// short is how a number is written: as one more than the one before in its column, as what another key of its line has, or in full.
func (c *columns) short(col *column, value []byte) []byte {
	if n, ok := plusOne(col.last); ok && bytes.Equal(n, value) {
		return []byte("+")
	}
	if other := c.holding(col, value); other != nil {
		return append([]byte("="), other.key...)
	}
	return value
}

// shortText writes a string with the numbers in it that its line has already as the keys that they stand under.
func (c *columns) shortText(out, text []byte) []byte {
	for len(text) > 0 {
		start := bytes.IndexFunc(text, func(r rune) bool { return r >= '0' && r <= '9' })
		if start < 0 {
			break
		}
		end := start
		for end < len(text) && isDigit(text[end]) {
			end++
		}
		out = append(out, text[:start]...)
		if other := c.holding(nil, text[start:end]); other != nil {
			out = append(append(append(out, heldNumber), other.key...), heldNumber)
		} else {
			out = append(out, text[start:end]...)
		}
		text = text[end:]
	}
	return append(out, text...)
}

// holding is the first other column with this number in this line. One digit is not worth it.
func (c *columns) holding(but *column, value []byte) *column {
	for _, col := range c.line {
		if col != but && len(value) > 1 && bytes.Equal(col.last, value) {
			return col
		}
	}
	return nil
}

// plusOne counts on from a number of at most 18 digits that is written as whole numbers are.
func plusOne(last []byte) ([]byte, bool) {
	n, err := strconv.ParseInt(string(last), 10, 64)
	if err != nil || len(last) > 18 || strconv.FormatInt(n, 10) != string(last) {
		return nil, false
	}
	return strconv.AppendInt(nil, n+1, 10), true
}

// fromColumns puts bodies together again, a line each, never more than limit bytes.
func fromColumns(text []byte, limit int) ([]byte, error) {
	lines, values, found := cutLines(text)
	if !found {
		return nil, NewProblem(CodeDamaged, "no empty line before the columns")
	}
	c := &columns{byKey: map[string]*column{}, limit: limit}
	if err := c.share(lines, values); err != nil {
		return nil, err
	}
	var out []byte
	for line := range bytes.Lines(lines) {
		c.line = c.line[:0]
		var err error
		if out, err = c.putTogether(out, line); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// cutLines parts lines from columns. Nothing but the empty line that stands between them is one.
func cutLines(text []byte) (lines, values []byte, found bool) {
	if len(text) > 0 && text[0] == '\n' {
		return nil, text[1:], true
	}
	at := bytes.Index(text, []byte("\n\n"))
	if at < 0 {
		return nil, nil, false
	}
	return text[:at+1], text[at+2:], true
}

// share gives each key of the lines as many values as it has places.
func (c *columns) share(lines, values []byte) error {
	for line := range bytes.Lines(lines) {
		err := eachPlace(line, func(mark byte, part, key []byte) error {
			if mark == 0 {
				return nil
			}
			col := c.of(key)
			if col == nil {
				return tooLarge(maxColumns, "more than %d columns", maxColumns)
			}
			col.count++
			return nil
		})
		if err != nil {
			return err
		}
	}
	for _, col := range c.order {
		end := 0
		for range col.count {
			n := bytes.IndexByte(values[end:], '\n')
			if n < 0 {
				return NewProblem(CodeDamaged, "column %.40q has fewer values than places", col.key)
			}
			end += n + 1
		}
		col.values, values = values[:end], values[end:]
	}
	if len(values) > 0 {
		return NewProblem(CodeDamaged, "%d bytes behind the last column", len(values))
	}
	return nil
}

// eachPlace walks a line whose values were taken out: marks, and what stands between them.
func eachPlace(line []byte, visit func(mark byte, part, key []byte) error) error {
	var key []byte
	for i := 0; i < len(line); {
		end, mark := i+1, byte(0)
		switch line[i] {
		case '"':
			if end = textEnd(line, i); end == 0 || end >= len(line) || line[end] != ':' {
				return NewProblem(CodeDamaged, "a string that is no key, in a line without values")
			}
			key = line[i+1 : end-1]
		case heldText, heldNumber:
			mark = line[i]
		}
		if err := visit(mark, line[i:end], key); err != nil {
			return err
		}
		i = end
	}
	return nil
}

func (c *columns) putTogether(out, line []byte) ([]byte, error) {
	err := eachPlace(line, func(mark byte, part, key []byte) error {
		if mark != 0 {
			col := c.byKey[string(key)]
			var value []byte
			value, col.values, _ = bytes.Cut(col.values, []byte{'\n'})
			var err error
			if mark == heldText {
				out, err = c.fullText(out, value)
			} else if value, err = c.full(col, value); err == nil {
				c.took(col, value)
				out = append(out, value...)
			}
			if err != nil {
				return err
			}
		} else {
			out = append(out, part...)
		}
		return c.within(out)
	})
	return out, err
}

func (c *columns) within(out []byte) error {
	if len(out) > c.limit {
		return tooLarge(c.limit, "more than %d bytes unzipped", c.limit)
	}
	return nil
}

// full is the inverse of short.
func (c *columns) full(col *column, value []byte) ([]byte, error) {
	switch {
	case len(value) == 1 && value[0] == '+':
		n, ok := plusOne(col.last)
		if !ok {
			return nil, NewProblem(CodeDamaged, "column %.40q counts on from no number", col.key)
		}
		return n, nil
	case len(value) > 0 && value[0] == '=':
		return c.named(value[1:])
	case len(value) == 0 || len(value) > maxNumber:
		return nil, NewProblem(CodeDamaged, "column %.40q has no number of 1 to %d characters", col.key, maxNumber)
	}
	return value, nil
}

// fullText is the inverse of shortText, quotes included.
func (c *columns) fullText(out, value []byte) ([]byte, error) {
	out = append(out, '"')
	for len(value) > 0 {
		text, rest, more := bytes.Cut(value, []byte{heldNumber})
		if out = append(out, text...); !more {
			break
		}
		key, rest, more := bytes.Cut(rest, []byte{heldNumber})
		n, err := c.named(key)
		if err != nil || !more {
			return out, NewProblem(CodeDamaged, "a string names %.40q, which its line does not have", key)
		}
		if out, value = append(out, n...), rest; c.within(out) != nil {
			return out, c.within(out)
		}
	}
	return append(out, '"'), nil
}

// named is the newest number under a key of this line.
func (c *columns) named(key []byte) ([]byte, error) {
	for _, col := range c.line {
		if col.key == string(key) {
			return col.last, nil
		}
	}
	return nil, NewProblem(CodeDamaged, "a column names %.40q, which its line does not have", key)
}
