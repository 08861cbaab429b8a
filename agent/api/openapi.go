package api

import (
	"maps"
	"net/http"
	"reflect"
	"slices"

	"github.com/danielgtaylor/huma/v2"
	"github.com/rs/zerolog"
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
			if call == nil || call.Security != nil {
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

// plain adds a route that needs no token, and says in the description that it is there.
func plain(mux *table, api huma.API, path, kind, summary string, handler http.Handler) {
	mux.Handle(http.MethodGet+" "+path, handler)
	api.OpenAPI().AddOperation(&huma.Operation{
		OperationID: path[1:], Method: http.MethodGet, Path: path, Summary: summary, Description: anybody().String(), Security: []map[string][]string{{}},
		Responses: map[string]*huma.Response{"200": {Description: http.StatusText(http.StatusOK), Content: map[string]*huma.MediaType{kind: {}}}},
	})
}

// describeSetup puts the calls of a first start beside those of the agent, which has them no more: one file describes both.
func describeSetup(api huma.API) {
	server := newServer(nil, Options{}, zerolog.Nop())
	_, first := server.open("")
	first.OpenAPI().Components.Schemas = api.OpenAPI().Components.Schemas
	setupAPI{Server: server}.routes(first)
	maps.Copy(api.OpenAPI().Paths, first.OpenAPI().Paths)
}
