package profile

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
)

// place is where something stands in a file, from 1.
type place struct{ line, column int }

// node is one value of a JSON file with its place.
type node struct {
	at     place
	value  any // string, json.Number, bool; nil for null
	list   []node
	fields []field
	kind   kind
}

// field is a named value of an object.
type field struct {
	name string
	at   place
	node
}

type kind string

const (
	isObject kind = "a section in braces"
	isList   kind = "a list in brackets"
	isText   kind = "a text in quotes"
	isNumber kind = "a number"
	isSwitch kind = "true or false"
	isNull   kind = "null"
)

// tokens reads JSON and knows where it is.
type tokens struct {
	text []byte
	dec  *json.Decoder
	line int // of text[seen]
	from int // where that line begins
	seen int
}

// parseJSON reads one value and nothing behind it. The error is a Fault.
func parseJSON(text []byte) (node, error) {
	t := &tokens{text: text, dec: json.NewDecoder(bytes.NewReader(text)), line: 1}
	t.dec.UseNumber()
	root, err := t.node(0)
	if err == nil {
		behind := t.fault("there is text behind the profile", "keep one profile to a file")
		if _, e := t.dec.Token(); !errors.Is(e, io.EOF) {
			err = behind
		}
	}
	var located Fault
	if err != nil && !errors.As(err, &located) {
		err = t.fault("is not JSON here: "+strings.TrimPrefix(err.Error(), "json: "), "look for a missing comma, quote or brace before this place")
	}
	return root, err
}

func (t *tokens) fault(problem, remedy string) Fault {
	at := t.place()
	return Fault{Line: at.line, Column: at.column, Problem: problem, Remedy: remedy}
}

// place is where the next value begins.
func (t *tokens) place() place {
	at := int(t.dec.InputOffset())
	for at < len(t.text) && strings.IndexByte(" \t\r\n,:", t.text[at]) >= 0 {
		at++
	}
	for ; t.seen < at; t.seen++ {
		if t.text[t.seen] == '\n' {
			t.line, t.from = t.line+1, t.seen+1
		}
	}
	return place{t.line, at - t.from + 1}
}

func (t *tokens) node(depth int) (node, error) {
	n := node{at: t.place(), kind: isNull}
	if depth > maxNesting {
		return n, t.fault(fmt.Sprintf("is nested deeper than %d", maxNesting), "")
	}
	token, err := t.dec.Token()
	if err != nil {
		return n, err
	}
	n.value = token
	switch token {
	case json.Delim('['):
		n.kind, n.value = isList, nil
		for t.dec.More() {
			item, err := t.node(depth + 1)
			if err != nil {
				return n, err
			}
			n.list = append(n.list, item)
		}
		_, err = t.dec.Token()
		return n, err
	case json.Delim('{'):
		n.kind, n.value = isObject, nil
		return n, t.object(&n, depth)
	}
	switch token.(type) {
	case string:
		n.kind = isText
	case json.Number:
		n.kind = isNumber
	case bool:
		n.kind = isSwitch
	}
	return n, nil
}

func (t *tokens) object(n *node, depth int) error {
	for t.dec.More() {
		f := field{at: t.place()}
		token, err := t.dec.Token()
		if err != nil {
			return err
		}
		f.name, _ = token.(string)
		if n.has(f.name) {
			return Fault{Line: f.at.line, Column: f.at.column, Field: f.name, Problem: "stands here twice", Remedy: "keep one"}
		}
		if f.node, err = t.node(depth + 1); err != nil {
			return err
		}
		n.fields = append(n.fields, f)
	}
	_, err := t.dec.Token()
	return err
}

func (n *node) has(name string) bool {
	for i := range n.fields {
		if n.fields[i].name == name {
			return true
		}
	}
	return false
}
