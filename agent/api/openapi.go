package api

import (
	"reflect"
	"slices"

	"github.com/danielgtaylor/huma/v2"
)

// apiVersion is the version of the API, not of the agent: calls under /v1 only grow.
const apiVersion = "1"

// described puts right what the description of the API cannot know from the handlers: every refusal is a Problem with one of its
// codes, and a call that changes something needs its key. docs/agent.openapi.yaml is a copy of it.
func described(d *huma.OpenAPI) *huma.OpenAPI {
	schemas := d.Components.Schemas
	problem := schemas.Schema(reflect.TypeFor[Problem](), true, "Problem")
	code := schemas.SchemaFromRef(problem.Ref).Properties["code"]
	for _, c := range Codes() {
		code.Enum = append(code.Enum, c)
	}
	for _, path := range d.Paths {
		for _, call := range []*huma.Operation{path.Get, path.Put, path.Post, path.Delete} {
			if call == nil {
				continue
			}
			call.Responses["default"] = &huma.Response{Description: "Refused: decide by its code",
				Content: map[string]*huma.MediaType{(&Problem{}).ContentType(""): {Schema: problem}}}
			if i := slices.IndexFunc(call.Parameters, func(p *huma.Param) bool { return p.Name == headerKey }); i >= 0 {
				call.Parameters[i].Required = true
			}
		}
	}
	delete(schemas.Map(), "ErrorModel")
	delete(schemas.Map(), "ErrorDetail")
	return d
}
