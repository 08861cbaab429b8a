package profile

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
)

// schemaID names the schema; it is an identity, not an address.
const schemaID = "urn:loyaltill:foreign-card:1"

// Schema is the JSON Schema (2020-12) of profile files, made of the types and their tags. What goes together with what is left
// to Parse.
func Schema() ([]byte, error) {
	root := objectSchema(reflect.TypeFor[document]())
	root["$schema"], root["$id"], root["title"] = "https://json-schema.org/draft/2020-12/schema", schemaID, "Profile of a foreign card"
	text, err := json.MarshalIndent(root, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("write profile schema: %w", err)
	}
	return append(text, '\n'), nil
}

// schemaNode is one schema; maps are written in the order of their keys.
type schemaNode = map[string]any

func objectSchema(t reflect.Type) schemaNode {
	properties, needed := schemaNode{}, []string{}
	for i := range t.NumField() {
		f := t.Field(i)
		name, must := nameOf(f)
		node := typeSchema(f.Type, f.Tag)
		node["description"] = f.Tag.Get("says")
		properties[name] = node
		if must {
			needed = append(needed, name)
		}
	}
	out := schemaNode{"type": "object", "properties": properties, "additionalProperties": false}
	if len(needed) > 0 {
		out["required"] = needed
	}
	return out
}

func typeSchema(t reflect.Type, tag reflect.StructTag) schemaNode {
	switch t.Kind() {
	case reflect.Struct:
		return objectSchema(t)
	case reflect.Pointer:
		return typeSchema(t.Elem(), tag)
	case reflect.Slice:
		list := schemaNode{"type": "array", "items": typeSchema(t.Elem(), tag)}
		if t.Elem().Kind() == reflect.Int { // the one number may stand for the list
			return schemaNode{"oneOf": []schemaNode{typeSchema(t.Elem(), tag), list}}
		}
		list["minItems"], list["maxItems"] = limit(tag, "min", 0), limit(tag, "max", 0)
		return list
	case reflect.Bool:
		return schemaNode{"type": "boolean"}
	case reflect.Int:
		return schemaNode{"type": "integer", "minimum": limit(tag, "min", 0), "maximum": limit(tag, "max", 0)}
	}
	text := schemaNode{"type": "string"}
	if words := tag.Get("oneof"); words != "" {
		text["enum"] = strings.Split(words, ",")
	}
	if form := tag.Get("form"); form != "" {
		text["pattern"] = form
	}
	return text
}
