package template

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"loyaltill/devices/escpos"
	"loyaltill/internal/i18n"
)

// block is one element of a template.
type block struct {
	at           place
	kind         string // text, row, rule, space, logo, symbol, each, blocks
	columns      []text // of a row; the one of a text
	style        escpos.Style
	align        escpos.Align
	char         rune   // of a rule
	count        int    // of a space
	field        string // of each and symbol
	when, unless []string
	blocks       []block // of each and blocks
}

// text is a text of the catalogue with its arguments, or the file's own.
type text struct {
	at   place
	say  string // name in the catalogue
	key  string // with what stands before the names of this paper; set when it is checked
	args map[string]text
	own  map[i18n.Lang][]part // "" for all languages
}

// part is a field or letters.
type part struct{ field, letters string }

// kinds are the keys of which a block has exactly one, with what else it may have.
func kinds() map[string][]string {
	return map[string][]string{
		"text": {"align", "bold", "size"}, "row": {"bold", "size"}, "rule": nil, "space": nil, "logo": nil,
		"symbol": nil, "each": {"blocks"}, "blocks": nil,
	}
}

func kindNames() []string {
	return []string{"text", "row", "rule", "space", "logo", "symbol", "each", "blocks"}
}

func (c *critic) blocks(n *node) []block {
	if n.kind != listNode || n.null {
		c.fault(n.at, "blocks", "is no list", "begin each of its lines with a dash")
		return nil
	}
	var all []block
	for i := range n.items {
		if b, ok := c.block(&n.items[i]); ok {
			all = append(all, b)
		}
	}
	return all
}

func (c *critic) block(n *node) (block, bool) {
	b := block{at: n.at, align: escpos.Start}
	switch {
	case n.kind == scalarNode && (n.text == "logo" || n.text == "rule") && !n.null:
		b.kind, b.char = n.text, '_'
		return b, true
	case n.kind == scalarNode && n.text == "cut":
		c.fault(n.at, "cut", "is not written in a template", "leave it out: every paper is cut once, at its end")
		return b, false
	case n.kind != objectNode:
		c.fault(n.at, n.text, "is no block", "write one of: "+strings.Join(kindNames(), ", "))
		return b, false
	}
	if b.kind = c.kindOf(n); b.kind == "" {
		return b, false
	}
	allowed := append([]string{b.kind, "when", "unless"}, kinds()[b.kind]...)
	good := true
	for i, k := range n.keys {
		if !slices.Contains(allowed, k.name) {
			c.fault(k.at, k.name, fmt.Sprintf("does not go with %s", b.kind), near(k.name, allowed))
			continue
		}
		if read := c.attribute(&b, k.name, &n.items[i]); k.name == b.kind {
			good = read // of the rest what it says can be checked all the same
		}
	}
	if b.kind == "each" && len(b.blocks) == 0 && good {
		c.fault(n.at, "each", "has no blocks", "add `blocks:` with what is printed for each item")
		good = false
	}
	return b, good
}

// kindOf finds the one key that says what a block is.
func (c *critic) kindOf(n *node) string {
	kind := ""
	for _, k := range n.keys {
		switch _, known := kinds()[k.name]; {
		case !known, k.name == "blocks" && slices.Contains(n.names(), "each"):
		case kind != "":
			c.fault(k.at, k.name, fmt.Sprintf("stands beside %s", kind), "give each a line of its own, with its own dash")
			return ""
		default:
			kind = k.name
		}
	}
	if kind == "" {
		name := n.names()[0]
		c.fault(n.at, name, "is no block", near(name, kindNames()))
	}
	return kind
}

func (c *critic) attribute(b *block, name string, n *node) (ok bool) {
	if n.null && name != "logo" {
		c.fault(n.at, name, "has no value", "give it one or leave it out")
		return false
	}
	switch name {
	case "text":
		t, ok := c.text(n, name)
		b.columns = []text{t}
		return ok
	case "row":
		return c.row(b, n)
	case "each", "symbol":
		b.field = n.text
		return c.scalar(n, name)
	case "blocks":
		b.blocks = c.blocks(n)
		return true
	case "when":
		b.when, ok = c.fieldNames(n, name)
	case "unless":
		b.unless, ok = c.fieldNames(n, name)
	case "align":
		ok = c.choice(n, name, "start", "center", "end")
		if b.align = escpos.Align(n.text); n.text == "start" {
			b.align = escpos.Start
		}
	case "size":
		ok = c.choice(n, name, "normal", "tall", "wide", "large")
		sizes := map[string]escpos.Style{"tall": {Height: 2}, "wide": {Width: 2}, "large": {Width: 2, Height: 2}}
		b.style.Width, b.style.Height = sizes[n.text].Width, sizes[n.text].Height
	case "bold":
		ok = c.choice(n, name, "true", "false")
		b.style.Bold = n.text == "true"
	case "rule":
		b.char, ok = '_', true
		if r := []rune(n.text); n.kind != scalarNode || len(r) != 1 || r[0] < '!' || r[0] > '~' {
			c.fault(n.at, name, fmt.Sprintf("%q is not one plain character", n.text), `write one such as "-", "=", "_" or "*"`)
			ok = false
		} else {
			b.char = r[0]
		}
	case "space":
		const most = 10
		n1, err := strconv.Atoi(n.text)
		if ok = err == nil && n1 >= 1 && n1 <= most; !ok {
			c.fault(n.at, name, fmt.Sprintf("%q is no number of lines", n.text), fmt.Sprintf("write 1 to %d", most))
		}
		b.count = n1
	}
	return ok
}

func (c *critic) scalar(n *node, name string) bool {
	if n.kind != scalarNode {
		c.fault(n.at, name, "is "+n.kind.String(), "write one word")
	}
	return n.kind == scalarNode
}

func (c *critic) choice(n *node, name string, words ...string) bool {
	if n.kind == scalarNode && slices.Contains(words, n.text) {
		return true
	}
	c.fault(n.at, name, fmt.Sprintf("%q is not known here", n.text), "write "+strings.Join(words, ", "))
	return false
}

// fieldNames reads one name or a list of them.
func (c *critic) fieldNames(n *node, name string) (all []string, ok bool) {
	if n.kind == scalarNode {
		return []string{n.text}, true
	}
	for _, item := range n.items {
		all = append(all, item.text)
	}
	if n.kind != listNode || len(all) == 0 {
		c.fault(n.at, name, "names no field", "write a field, or a list such as [card, won]")
		return nil, false
	}
	return all, true
}

// maxColumns of a row: more do not fit on 32 letters.
const maxColumns = 4

func (c *critic) row(b *block, n *node) bool {
	if n.kind != listNode || len(n.items) < 2 || len(n.items) > maxColumns {
		c.fault(n.at, "row", fmt.Sprintf("does not have 2 to %d columns", maxColumns), `write a list such as [{ say: total }, "{total}"]`)
		return false
	}
	good := true
	for i := range n.items {
		t, ok := c.text(&n.items[i], "row")
		b.columns, good = append(b.columns, t), ok && good
	}
	return good
}

// text reads a text in its three forms: one for all languages, one for each language, or one of the catalogue.
func (c *critic) text(n *node, name string) (text, bool) {
	t := text{at: n.at}
	if n.kind == scalarNode && !n.null {
		parts, ok := c.parts(n)
		t.own = map[i18n.Lang][]part{"": parts}
		return t, ok
	}
	if n.kind != objectNode || len(n.keys) == 0 {
		c.fault(n.at, name, "is no text", `write "…", { say: … } or a text for each language: { en: "…", lv: "…" }`)
		return t, false
	}
	if slices.Contains(n.names(), "say") {
		return c.said(n, t)
	}
	good := true
	t.own = map[i18n.Lang][]part{}
	for i, k := range n.keys {
		l, known := i18n.Parse(k.name)
		if !known || string(l) != k.name {
			c.fault(k.at, k.name, "is no language of the product", "write en, lv, pl, et, fa or hy")
			good = false
			continue
		}
		if !c.scalar(&n.items[i], k.name) {
			good = false
			continue
		}
		parts, ok := c.parts(&n.items[i])
		t.own[l], good = parts, ok && good
	}
	return t, good
}

// said reads a text of the catalogue; beside its name stand arguments that are not fields of the same name.
func (c *critic) said(n *node, t text) (text, bool) {
	good := true
	t.args = map[string]text{}
	for i, k := range n.keys {
		if !c.scalar(&n.items[i], k.name) {
			good = false
			continue
		}
		if k.name == "say" {
			t.say = n.items[i].text
			continue
		}
		parts, ok := c.parts(&n.items[i])
		t.args[k.name] = text{at: k.at, own: map[i18n.Lang][]part{"": parts}}
		good = ok && good
	}
	return t, good
}

// parts splits "from {total} up" into letters and fields. A brace for itself is written twice.
func (c *critic) parts(n *node) ([]part, bool) {
	var all []part
	var letters strings.Builder
	flush := func() {
		if letters.Len() > 0 {
			all = append(all, part{letters: letters.String()})
			letters.Reset()
		}
	}
	for rest := n.text; rest != ""; {
		switch {
		case strings.HasPrefix(rest, "{{"), strings.HasPrefix(rest, "}}"):
			letters.WriteByte(rest[0])
			rest = rest[2:]
		case rest[0] == '{':
			name, after, closed := strings.Cut(rest[1:], "}")
			if !closed || name == "" || strings.ContainsAny(name, "{ \n") {
				c.fault(n.at, rest, "is no field", "close its brace, as in {total}; write {{ for a brace on paper")
				return nil, false
			}
			flush()
			all, rest = append(all, part{field: name}), after
		case rest[0] == '}':
			c.fault(n.at, rest, "closes no field", "open it, as in {total}; write }} for a brace on paper")
			return nil, false
		default:
			letters.WriteByte(rest[0])
			rest = rest[1:]
		}
	}
	flush()
	return all, true
}
