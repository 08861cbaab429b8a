package template

import (
	"errors"
	"fmt"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// Limits of a file before anything in it is understood.
const (
	maxFileBytes = 64 << 10
	maxNesting   = 12
	maxOpen      = 200 // brackets that one file may leave open: the parser calls itself for each
)

type place struct{ line, column int }

type nodeKind uint8

const (
	scalarNode nodeKind = iota
	listNode
	objectNode
)

func (k nodeKind) String() string { return [...]string{"a text", "a list", "a section"}[k] }

// node is one element of a file.
type node struct {
	kind  nodeKind
	at    place
	text  string // of a scalar
	null  bool
	items []node
	keys  []key // of an object; keys[i] names items[i]
}

type key struct {
	name string
	at   place
}

func (n *node) names() []string {
	names := make([]string, len(n.keys))
	for i, k := range n.keys {
		names[i] = k.name
	}
	return names
}

// read gives the one document of a file; what keeps it from being read at all is a fault.
func (c *critic) read(data []byte) (root node, ok bool) {
	if len(data) > maxFileBytes {
		c.fault(place{}, "", fmt.Sprintf("the file has %d bytes", len(data)), fmt.Sprintf("keep it within %d", maxFileBytes))
		return node{}, false
	}
	open := 0
	for _, b := range data {
		switch b {
		case '[', '{':
			open++
		case ']', '}':
			open--
		}
		if open > maxOpen {
			c.fault(place{}, "", "more brackets are open than a person writes", "close them")
			return node{}, false
		}
	}
	// The parser is a third party's and its input a person's text: a fault in it must not end the store.
	defer func() {
		if recover() != nil {
			c.fault(place{}, "", "not YAML that can be read", "compare it with the built-in file")
			ok = false
		}
	}()
	file, err := parser.ParseBytes(data, 0)
	if err != nil {
		var syntax *yaml.SyntaxError
		at, problem := place{}, "not YAML that can be read"
		if errors.As(err, &syntax) && syntax.Token != nil {
			at, problem = placeOf(syntax.Token), "not YAML: "+syntax.Message
		}
		c.fault(at, "", problem, `text with a colon or a brace in front needs "quotes"`)
		return node{}, false
	}
	if len(file.Docs) != 1 || file.Docs[0].Body == nil {
		c.fault(place{1, 1}, "", "is empty, or holds more than one document", "write one document")
		return node{}, false
	}
	return c.node(file.Docs[0].Body, 0), len(c.faults) == 0
}

func (c *critic) node(n ast.Node, depth int) node {
	at := placeOf(n.GetToken())
	if depth > maxNesting {
		c.fault(at, "", fmt.Sprintf("nested deeper than %d", maxNesting), "take a level out")
		return node{at: at, null: true}
	}
	switch n := n.(type) {
	case *ast.MappingNode:
		return c.object(n.Values, at, depth)
	case *ast.MappingValueNode:
		return c.object([]*ast.MappingValueNode{n}, at, depth)
	case *ast.SequenceNode:
		out := node{kind: listNode, at: at}
		for _, v := range n.Values {
			out.items = append(out.items, c.node(v, depth+1))
		}
		return out
	case *ast.StringNode:
		return node{at: at, text: n.Value}
	case *ast.LiteralNode:
		return node{at: at, text: n.Value.Value}
	case *ast.NullNode:
		return node{at: at, null: true}
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode:
		return node{at: at, text: n.GetToken().Value}
	}
	c.fault(at, "", "anchors, aliases, tags and merges are not taken", "write it out")
	return node{at: at, null: true}
}

func (c *critic) object(values []*ast.MappingValueNode, at place, depth int) node {
	out := node{kind: objectNode, at: at}
	seen := map[string]bool{}
	for _, v := range values {
		k := key{v.Key.GetToken().Value, placeOf(v.Key.GetToken())}
		if len(out.keys) == 0 {
			out.at = k.at
		}
		if seen[k.name] {
			c.fault(k.at, k.name, "is given twice", "keep one")
			continue
		}
		seen[k.name] = true
		out.keys, out.items = append(out.keys, k), append(out.items, c.node(v.Value, depth+1))
	}
	return out
}

func placeOf(t *token.Token) place {
	if t == nil || t.Position == nil {
		return place{}
	}
	return place{t.Position.Line, t.Position.Column}
}
