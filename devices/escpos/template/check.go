package template

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"

	"loyaltill/devices/escpos/render"
	"loyaltill/internal/i18n"
)

// Shop is what files are checked for.
type Shop struct {
	Languages []i18n.Lang // that paper is printed in
	Columns   int         // letters in a line of the narrowest printer
	Renderer  *render.Renderer
}

// Parse reads and checks a template. The error is Faults, every fault that there is.
func Parse(file string, data []byte, papers []Paper, shop Shop) (*Template, error) {
	c := &critic{file: file}
	root, ok := c.read(data)
	if !ok {
		return nil, c.verdict()
	}
	paper, ok := c.header(&root, papers)
	if !ok {
		return nil, c.verdict()
	}
	t := &Template{paper: paper}
	for i, k := range root.keys {
		if k.name == "blocks" {
			t.blocks = c.blocks(&root.items[i])
		}
	}
	k := checker{critic: c, shop: shop, texts: paper.Texts}
	k.blocks(t.blocks, scope{paper.Fields})
	if len(c.faults) == 0 { // else what is missing may be what could not be read
		k.mandatory(root.at, scope{paper.Fields}, t.blocks, "")
	}
	return t, c.verdict()
}

// header finds out which paper a file is about.
func (c *critic) header(root *node, papers []Paper) (Paper, bool) {
	names := make([]string, len(papers))
	for i, p := range papers {
		names[i] = p.Name
	}
	if root.kind != objectNode {
		c.fault(root.at, "", "does not begin with a paper", "write paper: and blocks: at its top")
		return Paper{}, false
	}
	chosen := -1
	for i, k := range root.keys {
		switch k.name {
		case "paper":
			if chosen = slices.Index(names, root.items[i].text); chosen < 0 {
				c.fault(root.items[i].at, "paper", fmt.Sprintf("%q is not known", root.items[i].text), near(root.items[i].text, names))
			}
		case "blocks":
		default:
			c.fault(k.at, k.name, "is not known here", near(k.name, []string{"paper", "blocks"}))
		}
	}
	for _, want := range []string{"paper", "blocks"} {
		if !slices.Contains(root.names(), want) {
			c.fault(root.at, want, "is missing", "write "+want+": at the top of the file")
		}
	}
	if chosen < 0 {
		return Paper{}, false
	}
	return papers[chosen], true
}

// scope is the fields that may be named, the innermost list first.
type scope [][]Field

func (s scope) field(name string) (Field, bool) {
	for _, fields := range s {
		if i := slices.IndexFunc(fields, func(f Field) bool { return f.Name == name }); i >= 0 {
			return fields[i], true
		}
	}
	return Field{}, false
}

func (s scope) names(kinds ...Kind) (names []string) {
	for _, fields := range s {
		for _, f := range fields {
			if slices.Contains(kinds, f.Kind) {
				names = append(names, f.Name)
			}
		}
	}
	return names
}

// checker judges what could be read.
type checker struct {
	*critic
	shop  Shop
	texts string
}

func (k *checker) blocks(blocks []block, s scope) {
	for i := range blocks {
		b := &blocks[i]
		for _, name := range slices.Concat(b.when, b.unless) {
			if _, known := s.field(name); !known {
				k.fault(b.at, name, "is not a field here", near(name, s.names(Words, Figure, Count, Code, Flag, List)))
			}
		}
		switch b.kind {
		case "each":
			list, known := s.field(b.field)
			if !known || list.Kind != List {
				k.fault(b.at, b.field, "is not a list here", near(b.field, s.names(List)))
				continue
			}
			k.blocks(b.blocks, append(scope{list.Fields}, s...))
		case "blocks":
			k.blocks(b.blocks, s)
		case "symbol":
			if f, known := s.field(b.field); !known || f.Kind != Code {
				k.fault(b.at, b.field, "is nothing that a symbol holds here", near(b.field, s.names(Code)))
			}
		default:
			for j := range b.columns {
				k.text(b, &b.columns[j], s)
			}
		}
	}
}

func (k *checker) text(b *block, t *text, s scope) {
	if t.say != "" {
		k.said(t, s)
		return
	}
	_, forAll := t.own[""]
	var missing []string
	for _, l := range k.shop.Languages {
		if _, there := t.own[l]; !there && !forAll {
			missing = append(missing, string(l))
		}
	}
	if missing != nil {
		k.fault(t.at, b.kind, "has no text for "+strings.Join(missing, ", "), "add it, or take the language out of paper.languages")
	}
	for l, parts := range t.own {
		letters := k.parts(t.at, parts, s)
		if l == "" && len(k.shop.Languages) > 1 && strings.ContainsFunc(letters, unicode.IsLetter) {
			k.fault(t.at, b.kind, fmt.Sprintf("%q is in one language", strings.TrimSpace(letters)),
				"give it for each: { en: \"…\", lv: \"…\" }, or take a text of the product: { say: … }")
		}
		k.letters(b, t.at, letters)
	}
}

// parts checks the fields of a text and gives its letters.
func (k *checker) parts(at place, parts []part, s scope) (letters string) {
	for _, p := range parts {
		letters += p.letters
		if p.field == "" {
			continue
		}
		printable := []Kind{Words, Figure, Count}
		if f, known := s.field(p.field); !known {
			k.fault(at, "{"+p.field+"}", "there is no such field here", near(p.field, s.names(printable...)))
		} else if !slices.Contains(printable, f.Kind) {
			k.fault(at, "{"+p.field+"}", fmt.Sprintf("is a %s and does not stand in a text", f.Kind), near(p.field, s.names(printable...)))
		}
	}
	return letters
}

// letters checks that a printer can print a text and that no word of it would be cut.
func (k *checker) letters(b *block, at place, letters string) {
	var missing *render.MissingError
	if err := k.shop.Renderer.Check(OnPaper(letters)); errors.As(err, &missing) {
		k.fault(at, b.kind, fmt.Sprintf("no printer can print %q", string(missing.Runes)), "write it in other characters")
	}
	width := k.shop.Columns / max(b.style.Width, 1)
	if b.kind == "row" {
		width /= 2
	}
	for word := range strings.FieldsSeq(letters) {
		if n := k.shop.Renderer.Width(word, render.LTR); n > width {
			k.fault(at, b.kind, fmt.Sprintf("%q has %d letters, a line of this size on %d columns has %d", word, n, k.shop.Columns, width),
				"shorten it, or make it smaller")
		}
	}
}

func (k *checker) said(t *text, s scope) {
	t.key = k.texts + t.say
	if !i18n.Has(t.key) {
		k.fault(t.at, t.say, "is no text of the product", near(t.say, k.sayNames()))
		return
	}
	wanted := i18n.Arguments(t.key)
	for _, arg := range wanted {
		if own, given := t.args[arg]; given {
			k.parts(own.at, own.own[""], s)
		} else if f, there := s.field(arg); !there || f.Kind == List || f.Kind == Flag {
			k.fault(t.at, t.say, fmt.Sprintf("wants %s, which is no field here", arg), fmt.Sprintf(`give it, as in { say: %s, %s: "{…}" }`, t.say, arg))
		}
	}
	for arg, own := range t.args {
		if !slices.Contains(wanted, arg) {
			k.fault(own.at, arg, "is not used by "+t.say, "leave it out")
		}
	}
}

// sayNames are the texts of the product for this paper.
func (k *checker) sayNames() (names []string) {
	for _, key := range i18n.Keys() {
		if name, ours := strings.CutPrefix(key, k.texts); ours {
			names = append(names, name)
		}
	}
	return names
}

// mandatory refuses a template that could lose a figure: for every field that must come out there has to be a line that
// is printed whenever the field is there.
func (k *checker) mandatory(at place, s scope, blocks []block, list string) {
	for _, f := range s[0] {
		switch {
		case !f.Must || k.covered(blocks, f, s):
		case list == "":
			k.fault(at, f.Name, "could be missing on paper: "+f.Doc, remedyFor(f))
		default:
			k.fault(at, list+"."+f.Name, "could be missing on paper: "+f.Doc, fmt.Sprintf("print it among the blocks of `each: %s`, without a condition", list))
		}
	}
}

func remedyFor(f Field) string {
	switch f.Kind {
	case List:
		return fmt.Sprintf("add `- each: %s` with its blocks, at most under `when: %s`", f.Name, f.Name)
	case Flag:
		return fmt.Sprintf("add a text with `when: %s` and no other condition", f.Name)
	case Code:
		return fmt.Sprintf("add `- symbol: %s`, at most under `when: %s`", f.Name, f.Name)
	}
	return fmt.Sprintf("print {%s} in a line or column of its own, at most under `when: %s`", f.Name, f.Name)
}

// covered says that some line prints the field whenever it is there.
func (k *checker) covered(blocks []block, f Field, s scope) bool {
	always := func(name string) bool {
		o, _ := s.field(name)
		return name == f.Name || o.Always
	}
	return slices.ContainsFunc(blocks, func(b block) bool {
		if len(b.unless) > 0 || len(b.when) > 0 && !slices.ContainsFunc(b.when, always) {
			return false
		}
		switch {
		case b.kind == "blocks":
			return k.covered(b.blocks, f, s)
		case b.kind == "each":
			if f.Kind == List && b.field == f.Name {
				k.mandatory(b.at, append(scope{f.Fields}, s...), b.blocks, f.Name)
			}
			return b.field == f.Name // what its items lack has been said
		case f.Kind == Flag:
			return (b.kind == "text" || b.kind == "row") && slices.Equal(b.when, []string{f.Name})
		case f.Kind == Code:
			return b.kind == "symbol" && b.field == f.Name
		}
		return slices.ContainsFunc(b.columns, func(t text) bool { return k.prints(t, f, always) })
	})
}

// prints says that a column stands on paper with the field in it whenever the field is there, in every language.
func (k *checker) prints(t text, f Field, always func(string) bool) bool {
	whole := func(parts []part) bool {
		names := fieldsOf(parts)
		return slices.Contains(names, f.Name) && !slices.ContainsFunc(names, func(n string) bool { return !always(n) })
	}
	if t.say != "" {
		names := t.fields("")
		return slices.Contains(names, f.Name) && !slices.ContainsFunc(names, func(n string) bool { return !always(n) })
	}
	for _, parts := range t.own {
		if !whole(parts) {
			return false
		}
	}
	return true
}

func fieldsOf(parts []part) (names []string) {
	for _, p := range parts {
		if p.field != "" {
			names = append(names, p.field)
		}
	}
	return names
}

// fields are what a text needs in a language.
func (t *text) fields(l i18n.Lang) (names []string) {
	if t.say == "" {
		return fieldsOf(t.in(l))
	}
	for _, arg := range i18n.Arguments(t.key) {
		if own, given := t.args[arg]; given {
			names = append(names, fieldsOf(own.own[""])...)
		} else {
			names = append(names, arg)
		}
	}
	return names
}

// in is the text of the file's own in a language.
func (t *text) in(l i18n.Lang) []part {
	if parts, there := t.own[l]; there {
		return parts
	}
	return t.own[""]
}
