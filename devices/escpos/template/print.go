package template

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"loyaltill/devices/escpos"
	"loyaltill/internal/i18n"
)

// Print makes the document: the marks of the print, what the template says, and the cut. No template can leave out a
// mark or cut twice.
func (t *Template) Print(look Look, v Values) *Printed {
	p := &printing{look: look, out: &Printed{Document: &escpos.Document{Lang: string(look.Lang)}}}
	if look.Lang.RTL() {
		p.out.Document.Dir = escpos.RTL
	}
	for _, mark := range look.Marks {
		p.line(0, escpos.Line{Kind: escpos.KindText, Align: escpos.Center, Style: escpos.Style{Bold: true, Height: 2}, Text: OnPaper(mark)})
	}
	if look.Under != "" {
		p.line(0, escpos.Line{Kind: escpos.KindText, Align: escpos.Center, Text: OnPaper(look.Under)})
	}
	p.blocks(t.blocks, []level{{t.paper.Fields, v}})
	if look.LastLine != "" {
		p.line(0, escpos.Line{Kind: escpos.KindText, Align: escpos.Center, Style: escpos.Style{Bold: true}, Text: OnPaper(look.LastLine)})
	}
	p.line(0, escpos.Line{Kind: escpos.KindCut})
	return p.out
}

// level is a list's item, or the paper itself: its fields and their values.
type level struct {
	fields []Field
	values Values
}

type printing struct {
	look Look
	out  *Printed
}

func (p *printing) line(from int, l escpos.Line) {
	p.out.Document.Lines = append(p.out.Document.Lines, l)
	p.out.From = append(p.out.From, from)
}

// value finds a field, the innermost list first; nil when it is absent.
func value(levels []level, name string) (Kind, any) {
	for _, l := range levels {
		for _, f := range l.fields {
			if f.Name != name {
				continue
			}
			switch v := l.values[name].(type) {
			case string:
				if v != "" {
					return f.Kind, v
				}
			case int64:
				return f.Kind, v
			case bool:
				if v {
					return f.Kind, v
				}
			case escpos.Symbol:
				return f.Kind, v
			case []Values:
				if len(v) > 0 {
					return f.Kind, v
				}
			}
			return f.Kind, nil
		}
	}
	return "", nil
}

func anyThere(levels []level, names []string) bool {
	for _, name := range names {
		if _, v := value(levels, name); v != nil {
			return true
		}
	}
	return false
}

func (p *printing) blocks(blocks []block, levels []level) {
	for i := range blocks {
		b := &blocks[i]
		if len(b.when) > 0 && !anyThere(levels, b.when) || anyThere(levels, b.unless) {
			continue
		}
		switch b.kind {
		case "blocks":
			p.blocks(b.blocks, levels)
		case "each":
			p.each(b, levels)
		case "logo":
			if p.look.Logo != nil {
				p.line(b.at.line, escpos.Line{Kind: escpos.KindImage, Image: p.look.Logo})
			}
		case "rule":
			p.line(b.at.line, escpos.Line{Kind: escpos.KindRule, Text: string(b.char)})
		case "space":
			p.line(b.at.line, escpos.Line{Kind: escpos.KindFeed, Count: b.count})
		case "text", "row":
			p.columns(b, levels)
		case "symbol":
			if _, v := value(levels, b.field); v != nil {
				symbol := v.(escpos.Symbol)
				p.line(b.at.line, escpos.Line{Kind: escpos.KindSymbol, Symbol: &symbol})
			}
		}
	}
}

// each prints the items of a list. The last columns of their rows are all as wide as the widest, so that amounts stand
// under one another however many columns are before them.
func (p *printing) each(b *block, levels []level) {
	_, v := value(levels, b.field)
	items, _ := v.([]Values)
	var fields []Field
	for _, l := range levels {
		for _, f := range l.fields {
			if f.Name == b.field && fields == nil {
				fields = f.Fields
			}
		}
	}
	first := len(p.out.Document.Lines)
	for _, item := range items {
		p.blocks(b.blocks, append([]level{{fields, item}}, levels...))
	}
	rows := p.out.Document.Lines[first:]
	width := 0
	for _, l := range rows {
		if n := len(l.Columns); n > 1 {
			width = max(width, utf8.RuneCountInString(l.Columns[n-1].Text))
		}
	}
	for _, l := range rows {
		if n := len(l.Columns); n > 1 {
			l.Columns[n-1].Width = width + 1 // the gap to the column before
		}
	}
}

// columns prints a text or a row. A column whose figure is absent is left out; when every column that has figures is,
// so is the line.
func (p *printing) columns(b *block, levels []level) {
	var columns []escpos.Column
	named, left := 0, 0
	for i := range b.columns {
		t := &b.columns[i]
		needs := t.fields(p.look.Lang)
		if len(needs) > 0 {
			named++
			if !p.allThere(levels, needs) {
				left++
				continue
			}
		}
		text, dir := p.text(t, levels)
		columns = append(columns, escpos.Column{Text: text, Width: escpos.Fit, Align: escpos.End, Dir: dir})
	}
	if named > 0 && left == named {
		return
	}
	if len(columns) == 1 {
		p.line(b.at.line, escpos.Line{Kind: escpos.KindText, Align: b.align, Style: b.style, Text: columns[0].Text, Dir: columns[0].Dir})
		return
	}
	columns[0].Width, columns[0].Align = escpos.Rest, escpos.Start
	p.line(b.at.line, escpos.Line{Kind: escpos.KindColumns, Style: b.style, Columns: columns})
}

func (p *printing) allThere(levels []level, names []string) bool {
	for _, name := range names {
		if _, v := value(levels, name); v == nil {
			return false
		}
	}
	return true
}

// text is a column in the language of the paper. One that is a figure alone is read from left to right.
func (p *printing) text(t *text, levels []level) (string, escpos.Direction) {
	if t.say != "" {
		args := i18n.Args{}
		for _, arg := range i18n.Arguments(t.key) {
			if own, given := t.args[arg]; given {
				args[arg] = p.argument(own.own[""], levels)
			} else {
				_, args[arg] = value(levels, arg)
			}
		}
		return OnPaper(i18n.Text(p.look.Lang, t.key, args)), escpos.DirectionOfDocument
	}
	parts := t.in(p.look.Lang)
	dir := escpos.DirectionOfDocument
	if len(parts) == 1 {
		if kind, _ := value(levels, parts[0].field); kind == Figure || kind == Count {
			dir = escpos.LTR
		}
	}
	return p.joined(parts, levels), dir
}

// argument keeps a whole number one, since it chooses the plural.
func (p *printing) argument(parts []part, levels []level) any {
	if len(parts) == 1 && parts[0].field != "" {
		_, v := value(levels, parts[0].field)
		return v
	}
	return p.joined(parts, levels)
}

func (p *printing) joined(parts []part, levels []level) string {
	var text strings.Builder
	for _, part := range parts {
		text.WriteString(part.letters)
		if part.field == "" {
			continue
		}
		switch _, v := value(levels, part.field); v := v.(type) {
		case int64:
			text.WriteString(i18n.Number(p.look.Lang, v))
		default:
			fmt.Fprint(&text, v)
		}
	}
	return OnPaper(text.String())
}
