package loyalty

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// Limits of a document before anything in it is understood.
const (
	MaxDocumentBytes = 8 << 20
	maxNesting       = 16
	maxLineBytes     = 4096 // a YAML author's line; bounds how deep one line can nest
)

type nodeKind uint8

const (
	scalarNode nodeKind = iota
	listNode
	objectNode
)

func (k nodeKind) String() string {
	return [...]string{"a value", "a list", "a section"}[k]
}

type place struct{ line, column int }

// node is one element of a document, the same for YAML and JSON.
type node struct {
	kind  nodeKind
	at    place
	text  string // of a scalar, as written
	body  place  // where that text begins: behind a quote, below a bar
	null  bool
	items []node
	keys  []key // of an object; keys[i] names items[i]
}

type key struct {
	name string
	at   place
}

// parseSource reads a document. JSON, which is what stores receive, has its own reader: quick, and safe for any bytes.
func parseSource(doc []byte) (node, error) {
	if len(doc) > MaxDocumentBytes {
		return node{}, DocError{Problem: fmt.Sprintf("the document has %d bytes", len(doc)),
			Remedy: fmt.Sprintf("keep it within %d bytes", MaxDocumentBytes)}
	}
	if trimmed := bytes.TrimLeft(doc, " \t\r\n"); len(trimmed) > 0 && trimmed[0] == '{' {
		return parseJSON(doc)
	}
	return parseYAML(doc)
}

type jsonReader struct {
	doc  []byte
	dec  *json.Decoder
	line int // line and its start, advanced with the offset so that the whole stays linear
	from int
	seen int
}

func parseJSON(doc []byte) (node, error) {
	r := &jsonReader{doc: doc, dec: json.NewDecoder(bytes.NewReader(doc)), line: 1}
	r.dec.UseNumber()
	root, err := r.value(0)
	if err != nil {
		return node{}, r.locate(err)
	}
	if _, err := r.dec.Token(); !errors.Is(err, io.EOF) {
		return node{}, DocError{Line: r.place().line, Column: r.place().column, Problem: "text after the document"}
	}
	return root, nil
}

func (r *jsonReader) locate(err error) error {
	var located DocError
	if errors.As(err, &located) {
		return err
	}
	at := r.place()
	return DocError{Line: at.line, Column: at.column, Problem: "not JSON: " + err.Error()}
}

// place is where the next token starts.
func (r *jsonReader) place() place {
	at := int(r.dec.InputOffset())
	for at < len(r.doc) && strings.IndexByte(" \t\r\n,:", r.doc[at]) >= 0 {
		at++
	}
	for ; r.seen < at; r.seen++ {
		if r.doc[r.seen] == '\n' {
			r.line, r.from = r.line+1, r.seen+1
		}
	}
	return place{r.line, at - r.from + 1}
}

func (r *jsonReader) value(depth int) (node, error) {
	at := r.place()
	t, err := r.dec.Token()
	if err != nil {
		return node{}, err
	}
	if depth > maxNesting {
		return node{}, tooDeep(at)
	}
	switch t := t.(type) {
	case json.Delim:
		if t == '[' {
			return r.list(at, depth)
		}
		return r.object(at, depth)
	case string:
		return node{at: at, text: t, body: place{at.line, at.column + 1}}, nil
	case json.Number:
		return node{at: at, text: t.String()}, nil
	case bool:
		return node{at: at, text: fmt.Sprint(t)}, nil
	}
	return node{at: at, null: true}, nil
}

func (r *jsonReader) list(at place, depth int) (node, error) {
	n := node{kind: listNode, at: at}
	for r.dec.More() {
		item, err := r.value(depth + 1)
		if err != nil {
			return node{}, err
		}
		n.items = append(n.items, item)
	}
	_, err := r.dec.Token()
	return n, err
}

func (r *jsonReader) object(at place, depth int) (node, error) {
	n := node{kind: objectNode, at: at}
	seen := map[string]bool{}
	for r.dec.More() {
		keyAt := r.place()
		t, err := r.dec.Token()
		if err != nil {
			return node{}, err
		}
		name, _ := t.(string)
		if seen[name] {
			return node{}, DocError{Line: keyAt.line, Column: keyAt.column, Field: name, Problem: "given twice", Remedy: "keep one"}
		}
		seen[name] = true
		item, err := r.value(depth + 1)
		if err != nil {
			return node{}, err
		}
		n.keys, n.items = append(n.keys, key{name, keyAt}), append(n.items, item)
	}
	_, err := r.dec.Token()
	return n, err
}

func tooDeep(at place) error {
	return DocError{Line: at.line, Column: at.column, Problem: fmt.Sprintf("nested deeper than %d", maxNesting)}
}

func parseYAML(doc []byte) (root node, err error) {
	if err := checkShape(doc); err != nil {
		return node{}, err
	}
	// The parser is a third party's and its input a person's text: a fault in it must not end head office.
	defer func() {
		if p := recover(); p != nil {
			root, err = node{}, DocError{Problem: "not YAML that can be read"}
		}
	}()
	file, err := parser.ParseBytes(doc, 0)
	if err != nil {
		var syntax *yaml.SyntaxError
		if errors.As(err, &syntax) && syntax.Token != nil && syntax.Token.Position != nil {
			p := syntax.Token.Position
			return node{}, DocError{Line: p.Line, Column: p.Column, Problem: "not YAML: " + syntax.Message}
		}
		return node{}, DocError{Problem: "not YAML that can be read"}
	}
	if len(file.Docs) != 1 || file.Docs[0].Body == nil {
		return node{}, DocError{Line: 1, Column: 1, Problem: fmt.Sprintf("want one document, found %d", bodies(file))}
	}
	return fromYAML(file.Docs[0].Body, 0)
}

func bodies(f *ast.File) int {
	n := 0
	for _, d := range f.Docs {
		if d.Body != nil {
			n++
		}
	}
	return n
}

// checkShape bounds what the YAML parser, which calls itself for every level, is given.
func checkShape(doc []byte) error {
	line, open := 1, 0
	start := 0
	for i, c := range doc {
		switch c {
		case '\n':
			line, start = line+1, i+1
		case '[', '{':
			open++
		case ']', '}':
			open--
		}
		if i-start > maxLineBytes {
			return DocError{Line: line, Column: maxLineBytes, Problem: "the line is too long", Remedy: "break it"}
		}
		if open > maxLineBytes {
			return tooDeep(place{line, i - start + 1})
		}
	}
	return nil
}

func fromYAML(n ast.Node, depth int) (node, error) {
	at := yamlPlace(n.GetToken())
	if depth > maxNesting {
		return node{}, tooDeep(at)
	}
	switch n := n.(type) {
	case *ast.MappingNode:
		return fromMapping(n.Values, at, depth)
	case *ast.MappingValueNode:
		return fromMapping([]*ast.MappingValueNode{n}, at, depth)
	case *ast.SequenceNode:
		out := node{kind: listNode, at: at}
		for _, v := range n.Values {
			item, err := fromYAML(v, depth+1)
			if err != nil {
				return node{}, err
			}
			out.items = append(out.items, item)
		}
		return out, nil
	case *ast.StringNode:
		return node{at: at, text: n.Value, body: textPlace(n)}, nil
	case *ast.LiteralNode:
		return node{at: at, text: n.Value.Value, body: blockPlace(n)}, nil
	case *ast.NullNode:
		return node{at: at, null: true}, nil
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode:
		return node{at: at, text: n.GetToken().Value}, nil
	}
	return node{}, DocError{Line: at.line, Column: at.column, Problem: "anchors, aliases, tags and merges are not taken",
		Remedy: "write it out"}
}

func fromMapping(values []*ast.MappingValueNode, at place, depth int) (node, error) {
	out := node{kind: objectNode, at: at}
	if len(values) > 0 {
		out.at = yamlPlace(values[0].Key.GetToken())
	}
	for _, v := range values {
		keyAt := yamlPlace(v.Key.GetToken())
		switch v.Key.(type) {
		case *ast.StringNode, *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode:
		default:
			return node{}, DocError{Line: keyAt.line, Column: keyAt.column, Problem: "a name must be plain text"}
		}
		item, err := fromYAML(v.Value, depth+1)
		if err != nil {
			return node{}, err
		}
		out.keys, out.items = append(out.keys, key{v.Key.GetToken().Value, keyAt}), append(out.items, item)
	}
	return out, nil
}

// textPlace is where the text of a scalar begins.
func textPlace(n *ast.StringNode) place {
	at := yamlPlace(n.GetToken())
	if t := n.GetToken(); t.Type == token.DoubleQuoteType || t.Type == token.SingleQuoteType {
		at.column++
	}
	return at
}

// blockPlace is where a text below a bar begins: on the next line, indented as its first line is.
func blockPlace(n *ast.LiteralNode) place {
	at := place{yamlPlace(n.Start).line + 1, 1}
	for line := range strings.Lines(n.Value.GetToken().Origin) {
		if text := strings.TrimLeft(line, " "); strings.TrimSpace(text) != "" {
			at.column += len(line) - len(text)
			break
		}
	}
	return at
}

func yamlPlace(t *token.Token) place {
	if t == nil || t.Position == nil {
		return place{}
	}
	return place{t.Position.Line, t.Position.Column}
}
