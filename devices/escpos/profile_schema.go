package escpos

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strconv"
	"strings"

	"loyaltill/devices/escpos/render"
)

// profileSchemaID names the schema; it is an identity, not an address.
const profileSchemaID = "urn:loyaltill:printer-profile:1"

// ProfileSchema is the JSON Schema (2020-12) of profile files, made of the types and
// their tags. What goes together with what is left to ParseProfile.
func ProfileSchema() ([]byte, error) {
	root := objectSchema(reflect.TypeFor[Profile]())
	root["$schema"], root["$id"], root["title"] = "https://json-schema.org/draft/2020-12/schema", profileSchemaID, "Profile of a receipt printer"
	text, err := json.MarshalIndent(root, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("write schema of printer profiles: %w", err)
	}
	return append(text, '\n'), nil
}

// schemaNode is one schema; maps are written in the order of their keys.
type schemaNode = map[string]any

func objectSchema(t reflect.Type) schemaNode {
	properties, needed := schemaNode{}, []string{}
	for i := range t.NumField() {
		f := t.Field(i)
		if !f.IsExported() {
			continue
		}
		node := typeSchema(f.Type, f.Tag)
		node["description"] = f.Tag.Get("comment")
		properties[tomlName(f)] = node
		if required(f) {
			needed = append(needed, tomlName(f))
		}
	}
	out := schemaNode{"type": "object", "properties": properties, "additionalProperties": false}
	if len(needed) > 0 {
		out["required"] = needed
	}
	return out
}

// required says that ParseProfile refuses the zero value, which is what a setting
// that is left out has.
func required(f reflect.StructField) bool {
	if f.Type.Kind() == reflect.Struct {
		for i := range f.Type.NumField() {
			if required(f.Type.Field(i)) {
				return true
			}
		}
		return false
	}
	return f.Type.Kind() == reflect.Array || f.Type.Kind() != reflect.Slice && tagProblem(reflect.Zero(f.Type), f.Tag) != ""
}

func typeSchema(t reflect.Type, tag reflect.StructTag) schemaNode {
	switch t.Kind() {
	case reflect.Struct:
		return objectSchema(t)
	case reflect.Pointer: // a slot
		return schemaNode{"type": "integer", "minimum": 0, "maximum": 255}
	case reflect.Array:
		return schemaNode{"const": []int{render.CellWidth, render.CellHeight}}
	case reflect.Slice:
		return schemaNode{"type": "array", "items": schemaNode{"enum": words(t.Elem(), tag)}}
	case reflect.Bool:
		return schemaNode{"type": "boolean"}
	case reflect.Int:
		return schemaNode{"type": "integer", "minimum": tagNumber(tag, "min"), "maximum": tagNumber(tag, "max")}
	}
	text := schemaNode{"type": "string"}
	if tag.Get("oneof") != "" {
		text["enum"] = words(t, tag)
	}
	if form := tag.Get("form"); form != "" {
		text["pattern"] = form
	}
	return text
}

// words are the values that a tag lists, numbers as numbers.
func words(t reflect.Type, tag reflect.StructTag) []any {
	var out []any
	for word := range strings.SplitSeq(tag.Get("oneof"), ",") {
		if n, err := strconv.Atoi(word); err == nil && t.Kind() == reflect.Int {
			out = append(out, n)
			continue
		}
		out = append(out, word)
	}
	return out
}
