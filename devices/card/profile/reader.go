package profile

import (
	"encoding/json"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// reader fills the document from a file, checks each field by its tags and remembers where it stood. It goes on after a fault,
// so that an author sees all of them at once.
type reader struct {
	faults Faults
	at     map[string]place
}

func (r *reader) fault(path, problem, remedy string) {
	at := r.at[path]
	for outer := path; at == (place{}) && outer != ""; {
		outer = outer[:max(strings.LastIndexAny(outer, ".["), 0)]
		at = r.at[outer]
	}
	if len(r.faults) < maxFaults {
		r.faults = append(r.faults, Fault{at.line, at.column, path, problem, remedy})
	}
}

// given says whether the file has a field.
func (r *reader) given(path string) bool {
	_, ok := r.at[path]
	return ok
}

// object fills the fields of v, a struct.
func (r *reader) object(n *node, path string, v reflect.Value) {
	r.at[path] = n.at
	if n.kind != isObject {
		r.fault(path, "is "+string(n.kind), "make it "+string(isObject))
		return
	}
	t := v.Type()
	for i := range n.fields {
		f := &n.fields[i]
		sub := join(path, f.name)
		r.at[sub] = f.at
		k, ok := fieldNamed(t, f.name)
		if !ok {
			r.fault(sub, "is not known here", "known are "+strings.Join(namesOf(t), ", "))
			continue
		}
		r.value(&f.node, sub, v.Field(k), t.Field(k).Tag)
	}
	for i := range t.NumField() {
		if name, needed := nameOf(t.Field(i)); needed && !n.has(name) {
			r.fault(join(path, name), "is missing", "add it: "+lower(t.Field(i).Tag.Get("says")))
		}
	}
}

// value fills one field. A list of numbers may be written as the one number.
func (r *reader) value(n *node, path string, v reflect.Value, tag reflect.StructTag) {
	t := v.Type()
	switch {
	case t.Kind() == reflect.Struct:
		r.object(n, path, v)
	case t == reflect.TypeFor[[]int]() && n.kind == isNumber:
		v.Set(reflect.MakeSlice(t, 1, 1))
		r.scalar(n, path, v.Index(0), tag)
	case t.Kind() == reflect.Slice:
		r.slice(n, path, v, tag)
	case t.Kind() == reflect.Pointer:
		v.Set(reflect.New(t.Elem()))
		r.scalar(n, path, v.Elem(), tag)
	default:
		r.scalar(n, path, v, tag)
	}
}

func (r *reader) slice(n *node, path string, v reflect.Value, tag reflect.StructTag) {
	if n.kind != isList {
		r.fault(path, "is "+string(n.kind), "make it "+string(isList))
		return
	}
	if v.Type().Elem().Kind() != reflect.Int { // of numbers the limits are each one's
		least, most := limit(tag, "min", 0), limit(tag, "max", 0)
		if len(n.list) < least || len(n.list) > most {
			r.fault(path, fmt.Sprintf("has %d items", len(n.list)), fmt.Sprintf("give %d to %d", least, most))
			return
		}
	}
	v.Set(reflect.MakeSlice(v.Type(), len(n.list), len(n.list)))
	for i := range n.list {
		item := fmt.Sprintf("%s[%d]", path, i)
		r.at[item] = n.list[i].at
		r.value(&n.list[i], item, v.Index(i), tag)
	}
}

func (r *reader) scalar(n *node, path string, v reflect.Value, tag reflect.StructTag) {
	want := map[reflect.Kind]kind{reflect.String: isText, reflect.Int: isNumber, reflect.Bool: isSwitch}[v.Kind()]
	if n.kind != want {
		r.fault(path, "is "+string(n.kind), "make it "+string(want))
		return
	}
	switch v.Kind() {
	case reflect.String:
		text, _ := n.value.(string)
		v.SetString(text)
		r.word(path, text, tag)
	case reflect.Int:
		r.integer(n, path, v, tag)
	case reflect.Bool:
		on, _ := n.value.(bool)
		v.SetBool(on)
	}
}

func (r *reader) word(path, text string, tag reflect.StructTag) {
	if words := tag.Get("oneof"); words != "" && !slices.Contains(strings.Split(words, ","), text) {
		r.fault(path, fmt.Sprintf("%.40q is none of the words for it", text), "write one of "+strings.ReplaceAll(words, ",", ", "))
	}
	if form := tag.Get("form"); form != "" && !regexp.MustCompile(form).MatchString(text) {
		r.fault(path, fmt.Sprintf("%.40q has the wrong form", text), "write it like "+tag.Get("like"))
	}
}

func (r *reader) integer(n *node, path string, v reflect.Value, tag reflect.StructTag) {
	text, _ := n.value.(json.Number)
	i, err := strconv.Atoi(string(text))
	least, most := limit(tag, "min", 0), limit(tag, "max", 0)
	if err != nil || i < least || i > most {
		r.fault(path, fmt.Sprintf("%.20s is out of range", text), fmt.Sprintf("write a whole number from %d to %d", least, most))
		return
	}
	v.SetInt(int64(i))
}

// limit reads a tag of our own types.
func limit(tag reflect.StructTag, name string, otherwise int) int {
	i, err := strconv.Atoi(tag.Get(name))
	if err != nil {
		return otherwise
	}
	return i
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

func nameOf(f reflect.StructField) (name string, needed bool) {
	name, rest, _ := strings.Cut(f.Tag.Get("json"), ",")
	return name, rest == ""
}

func namesOf(t reflect.Type) (names []string) {
	for i := range t.NumField() {
		name, _ := nameOf(t.Field(i))
		names = append(names, name)
	}
	return names
}

func fieldNamed(t reflect.Type, name string) (int, bool) {
	i := slices.Index(namesOf(t), name)
	return i, i >= 0
}

// lower begins a sentence in the middle of another.
func lower(s string) string {
	if s == "" {
		return s
	}
	return strings.ToLower(s[:1]) + s[1:]
}
