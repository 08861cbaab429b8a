package loyalty

import (
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// maxDocErrors bounds what an author is shown at once.
const maxDocErrors = 100

// reader fills the document's types from nodes and remembers where every field stood, so that later checks can place
// their errors. It refuses what the types do not know.
type reader struct {
	errs Errors
	at   map[string]place
	lost []string         // fields that could not be read
	text map[string]place // where expressions begin
}

func (r *reader) fault(path, problem, remedy string) {
	if slices.ContainsFunc(r.lost, func(p string) bool { return within(path, p) || within(p, path) }) {
		return
	}
	r.faultAt(r.placeOf(path), path, problem, remedy)
}

func (r *reader) faultAt(at place, path, problem, remedy string) {
	if len(r.errs) >= maxDocErrors {
		return
	}
	r.errs = append(r.errs, DocError{Line: at.line, Column: at.column, Field: path, Problem: problem, Remedy: remedy})
}

// faultIn is a fault inside an expression: at a line from 1 and a column from 0 of its text.
func (r *reader) faultIn(path string, in place, problem, remedy string) {
	at := r.text[path]
	at.line += max(in.line-1, 0)
	at.column += in.column
	r.faultAt(at, path, problem, remedy)
}

// readable ends the reading. What was read can be checked when no whole section was lost: of a field that was, and of what
// holds it, nothing more is said.
func (r *reader) readable() bool {
	for _, e := range r.errs {
		if !strings.ContainsAny(e.Field, ".[") {
			return false
		}
		r.lost = append(r.lost, e.Field)
	}
	return true
}

// within says whether a path is another one or inside it.
func within(path, outer string) bool {
	return strings.HasPrefix(path, outer) && (len(path) == len(outer) || path[len(outer)] == '.' || path[len(outer)] == '[')
}

// placeOf is where a field stands, or else what holds it.
func (r *reader) placeOf(path string) place {
	for {
		if at, ok := r.at[path]; ok || path == "" {
			return at
		}
		cut := strings.LastIndexAny(path, ".[")
		if cut < 0 {
			path = ""
		} else {
			path = path[:cut]
		}
	}
}

func (r *reader) value(n *node, path string, v reflect.Value) {
	if _, placed := r.at[path]; !placed {
		r.at[path] = n.at
	}
	if n.null {
		r.fault(path, "has no value", "leave it out or give it one")
		return
	}
	want := kindOf(v.Type())
	if n.kind != want {
		remedy := fmt.Sprintf("make it %s", want)
		if want == scalarNode && n.kind == objectNode {
			remedy += `; text with a colon, such as "08:00-12:00", needs quotes in a list`
		}
		r.fault(path, fmt.Sprintf("is %s", n.kind), remedy)
		return
	}
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		r.value(n, path, v.Elem())
	case reflect.Struct:
		r.object(n, path, v)
	case reflect.Map:
		r.table(n, path, v)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), len(n.items), len(n.items)))
		for i := range n.items {
			r.value(&n.items[i], fmt.Sprintf("%s[%d]", path, i), v.Index(i))
		}
	case reflect.String:
		v.SetString(n.text)
		if v.Type() == reflect.TypeFor[expression]() {
			r.text[path] = n.body
		}
	case reflect.Int64:
		r.integer(n, path, v)
	case reflect.Bool:
		if n.text != "true" && n.text != "false" {
			r.fault(path, fmt.Sprintf("%q is neither true nor false", n.text), "write true or false")
			return
		}
		v.SetBool(n.text == "true")
	}
}

func kindOf(t reflect.Type) nodeKind {
	switch t.Kind() {
	case reflect.Pointer:
		return kindOf(t.Elem())
	case reflect.Struct, reflect.Map:
		return objectNode
	case reflect.Slice:
		return listNode
	}
	return scalarNode
}

func (r *reader) integer(n *node, path string, v reflect.Value) {
	i, err := strconv.ParseInt(n.text, 10, 64)
	if err != nil || strconv.FormatInt(i, 10) != n.text {
		r.fault(path, fmt.Sprintf("%q is not a whole number", n.text), "write digits only, such as 100")
		return
	}
	v.SetInt(i)
}

func (r *reader) object(n *node, path string, v reflect.Value) {
	for i, k := range n.keys {
		field, ok := fieldNamed(v, k.name)
		sub := join(path, k.name)
		r.at[sub] = k.at
		if !ok {
			r.fault(sub, "is not known here", didYouMean(k.name, fieldNames(v)))
			continue
		}
		r.value(&n.items[i], sub, field)
	}
}

func (r *reader) table(n *node, path string, v reflect.Value) {
	v.Set(reflect.MakeMapWithSize(v.Type(), len(n.keys)))
	for i, k := range n.keys {
		sub := join(path, k.name)
		r.at[sub] = k.at
		item := reflect.New(v.Type().Elem()).Elem()
		r.value(&n.items[i], sub, item)
		v.SetMapIndex(reflect.ValueOf(k.name), item)
	}
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

func fieldNamed(v reflect.Value, name string) (reflect.Value, bool) {
	for i := range v.NumField() {
		if jsonName(v.Type().Field(i)) == name {
			return v.Field(i), true
		}
	}
	return reflect.Value{}, false
}

func fieldNames(v reflect.Value) []string {
	names := make([]string, v.NumField())
	for i := range names {
		names[i] = jsonName(v.Type().Field(i))
	}
	return names
}

func jsonName(f reflect.StructField) string {
	name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
	return name
}

// didYouMean names the nearest of the known names, or all of them when none is near.
func didYouMean(name string, known []string) string {
	best, least := "", 3
	for _, k := range known {
		if d := distance(name, k); d < least {
			best, least = k, d
		}
	}
	if best != "" {
		return fmt.Sprintf("did you mean %s?", best)
	}
	return "known are " + strings.Join(known, ", ")
}

// distance is Levenshtein's, in bytes; names in documents are short.
func distance(a, b string) int {
	const longest = 40
	if len(a) > longest || len(b) > longest {
		return longest
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
