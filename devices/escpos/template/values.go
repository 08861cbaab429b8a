package template

import (
	"fmt"
	"math"

	"loyaltill/devices/escpos"
)

// Read makes values of what JSON gave: text, a whole number for a count, true for a flag, {"kind": …, "data": …} for a
// code, a list of objects for a list. The error names the first field that is something else.
func (t *Template) Read(raw map[string]any) (Values, error) {
	return readValues(t.paper.Fields, raw, "")
}

func readValues(fields []Field, raw map[string]any, path string) (Values, error) {
	out := make(Values, len(raw))
	for name, v := range raw {
		f, known := scope{fields}.field(name)
		if !known {
			return nil, fmt.Errorf("%s%s is no field of this paper; %s", path, name, near(name, scope{fields}.names(Words, Figure, Count, Code, Flag, List)))
		}
		value, err := readValue(f, v, path+name)
		if err != nil {
			return nil, err
		}
		out[name] = value
	}
	for _, f := range fields {
		if _, given := out[f.Name]; f.Always && !given && path != "" {
			return nil, fmt.Errorf("%s%s is missing; every item has it", path, f.Name)
		}
	}
	return out, nil
}

func readValue(f Field, raw any, path string) (any, error) {
	switch v := raw.(type) {
	case string:
		if f.Kind == Words || f.Kind == Figure {
			return v, nil
		}
	case float64:
		const exact = 1 << 53
		if f.Kind == Count && v == math.Trunc(v) && math.Abs(v) < exact {
			return int64(v), nil
		}
	case bool:
		if f.Kind == Flag {
			return v, nil
		}
	case map[string]any:
		kind, _ := v["kind"].(string)
		data, _ := v["data"].(string)
		if f.Kind == Code {
			return escpos.Symbol{Kind: escpos.SymbolKind(kind), Data: data}, nil
		}
	case []any:
		if f.Kind == List {
			return readItems(f, v, path)
		}
	}
	return nil, fmt.Errorf("%s is not %s", path, written(f.Kind))
}

func readItems(f Field, raw []any, path string) (any, error) {
	items := make([]Values, len(raw))
	for i, one := range raw {
		at := fmt.Sprintf("%s[%d]", path, i)
		object, ok := one.(map[string]any)
		if !ok {
			return nil, fmt.Errorf("%s is not an object", at)
		}
		var err error
		if items[i], err = readValues(f.Fields, object, at+"."); err != nil {
			return nil, err
		}
	}
	return items, nil
}

// written is how a kind stands in JSON.
func written(k Kind) string {
	return map[Kind]string{
		Words: "text", Figure: "text", Count: "a whole number", Flag: "true or false", Code: `an object such as {"kind": "qr", "data": "…"}`,
		List: "a list of objects",
	}[k]
}
