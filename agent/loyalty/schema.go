package loyalty

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
)

// schemaID names the schema; it is an identity, not an address.
const schemaID = "urn:loyaltill:programme:1"

// Schema is the JSON Schema (2020-12) of programme documents, for editors and for those who make documents by program. Its
// shape follows the document's types, so that it cannot forget a field; what a schema cannot say is left to Compile. Where
// Compile is lenient the schema is not: it asks for quotes round a text that looks like a number, and takes no 0 for nothing.
func Schema() ([]byte, error) {
	s := schemaWriter{notes: schemaNotes(), defs: map[string]schemaNode{}}
	root := s.object(reflect.TypeFor[document]())
	root["$schema"], root["$id"], root["title"] = "https://json-schema.org/draft/2020-12/schema", schemaID, "Loyalty programme"
	root["$defs"] = s.defs
	if len(s.missing) > 0 {
		return nil, fmt.Errorf("programme schema: say in schemaNotes what is written in %s", strings.Join(s.missing, ", "))
	}
	if unused := slices.Sorted(maps.Keys(s.notes)); len(unused) > 0 {
		return nil, fmt.Errorf("programme schema: schemaNotes has %s, which no document has", strings.Join(unused, ", "))
	}
	text, err := json.MarshalIndent(root, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("write programme schema: %w", err)
	}
	return append(text, '\n'), nil
}

// schemaNode is one schema; maps are written in the order of their keys.
type schemaNode = map[string]any

// schemaWriter walks the document's types. Notes that were used are taken out of notes.
type schemaWriter struct {
	notes   map[string]schemaNote
	defs    map[string]schemaNode
	missing []string
}

func (s *schemaWriter) of(t reflect.Type) schemaNode {
	switch t {
	case reflect.TypeFor[decimal]():
		return schemaNode{"type": []string{"string", "number"}, "pattern": `^([1-9][0-9]*(\.[0-9]+)?|0\.[0-9]*[1-9][0-9]*)$`, "exclusiveMinimum": 0}
	case reflect.TypeFor[figure]():
		return schemaNode{"type": "number"}
	case reflect.TypeFor[texts]():
		s.defs["texts"] = schemaNode{"type": "object", "description": "A text by language code; a missing language falls back to en, then to the first.",
			"propertyNames": schemaNode{"pattern": languageForm.String()}, "additionalProperties": schemaNode{"type": "string", "minLength": 1, "maxLength": MaxTextBytes}}
		return schemaNode{"$ref": "#/$defs/texts"}
	}
	switch t.Kind() {
	case reflect.Pointer:
		return s.of(t.Elem())
	case reflect.Struct:
		return s.ref(t)
	case reflect.Map:
		return schemaNode{"type": "object", "additionalProperties": s.of(t.Elem())}
	case reflect.Slice:
		return schemaNode{"type": "array", "items": s.of(t.Elem())}
	case reflect.Int64:
		return schemaNode{"type": "integer"}
	case reflect.Bool:
		return schemaNode{"type": "boolean"}
	}
	return schemaNode{"type": "string"}
}

// ref describes a type once, under its name without Def.
func (s *schemaWriter) ref(t reflect.Type) schemaNode {
	name := schemaName(t)
	if _, known := s.defs[name]; !known {
		s.defs[name] = schemaNode{} // a type that holds itself finds it here
		maps.Copy(s.defs[name], s.object(t))
	}
	return schemaNode{"$ref": "#/$defs/" + name}
}

func schemaName(t reflect.Type) string { return strings.TrimSuffix(t.Name(), "Def") }

func (s *schemaWriter) object(t reflect.Type) schemaNode {
	properties, needed := schemaNode{}, []string{}
	for i := range t.NumField() {
		f := t.Field(i)
		name, node := jsonName(f), s.of(f.Type)
		s.note(schemaName(t)+"."+name, node)
		properties[name] = node
		if !strings.Contains(f.Tag.Get("json"), ",omitempty") && f.Type.Kind() != reflect.Bool {
			needed = append(needed, name)
		}
	}
	out := schemaNode{"type": "object", "properties": properties, "additionalProperties": false}
	if len(needed) > 0 {
		out["required"] = needed
	}
	if n, ok := s.notes[schemaName(t)]; ok {
		n.add(out)
		delete(s.notes, schemaName(t))
	}
	return out
}

// note adds to a field's schema what the table says of it.
func (s *schemaWriter) note(field string, node schemaNode) {
	n, ok := s.notes[field]
	if !ok || n.says == "" {
		s.missing = append(s.missing, field)
		return
	}
	n.add(node)
	delete(s.notes, field)
}

// schemaNote is what the schema says of a field beyond its type.
type schemaNote struct {
	says string
	more schemaNode
}

func (n schemaNote) add(to schemaNode) {
	if n.says != "" {
		to["description"] = n.says
	}
	mergeSchema(to, n.more)
}

// mergeSchema adds to a schema, and to the schemas inside it.
func mergeSchema(to, more schemaNode) {
	for key, value := range more {
		inner, ok := to[key].(schemaNode)
		if add, both := value.(schemaNode); ok && both {
			mergeSchema(inner, add)
			continue
		}
		to[key] = value
	}
}
