package web

import (
	"bytes"
	"encoding/json"
	"reflect"

	"github.com/danielgtaylor/huma/v2"

	"leat/api"
)

// openAPIConfig is huma without what it would add: no links into bodies, no
// pages of its own, JSON alone, and errors of our shape.
func openAPIConfig(s *Server) huma.Config {
	registry := huma.NewMapRegistry("#/components/schemas/", huma.DefaultSchemaNamer)
	registry.RegisterTypeAlias(reflect.TypeFor[huma.ErrorModel](), reflect.TypeFor[api.Problem]())
	registry.RegisterTypeAlias(reflect.TypeFor[api.Opt[string]](), reflect.TypeFor[string]())
	registry.RegisterTypeAlias(reflect.TypeFor[api.Opt[bool]](), reflect.TypeFor[bool]())
	registry.RegisterTypeAlias(reflect.TypeFor[api.Opt[[]int]](), reflect.TypeFor[[]int]())
	registry.RegisterTypeAlias(reflect.TypeFor[api.Opt[int]](), reflect.TypeFor[int]())
	registry.RegisterTypeAlias(reflect.TypeFor[api.Opt[[]string]](), reflect.TypeFor[[]string]())
	registry.RegisterTypeAlias(reflect.TypeFor[api.Opt[api.TeamLimits]](), reflect.TypeFor[api.TeamLimits]())
	json := huma.Format{Marshal: writeJSON, Unmarshal: readJSON}
	return huma.Config{
		OpenAPI: &huma.OpenAPI{
			OpenAPI: "3.1.0",
			Info: &huma.Info{
				Title: "Leat", Version: "v1",
				Description: "The HTTP API of Leat. Times are RFC 3339 in UTC, ids are opaque, errors are RFC 9457 problems. " +
					"What an operation needs stands in x-permission.",
			},
			Servers: []*huma.Server{{URL: base}},
			Components: &huma.Components{
				Schemas: registry,
				SecuritySchemes: map[string]*huma.SecurityScheme{
					"token":   {Type: "http", Scheme: "bearer", Description: "a personal access token"},
					"session": {Type: "apiKey", In: "cookie", Name: secureCookie, Description: "the cookie that signing in sets; its requests must come from the platform's own pages"},
				},
			},
			Security: []map[string][]string{{"token": {}}, {"session": {}}},
		},
		Formats:       map[string]huma.Format{"application/json": json, "json": json},
		DefaultFormat: "application/json",
		Transformers:  []huma.Transformer{s.ownProblems},
	}
}

// openAPIDocument completes the document and writes it out.
func openAPIDocument(a huma.API) []byte {
	// What streams carry is no route's answer, and needs its shape told all the same.
	a.OpenAPI().Components.Schemas.Schema(reflect.TypeFor[api.Event](), true, "")
	for _, schema := range a.OpenAPI().Components.Schemas.Map() {
		noNullArrays(schema)
	}
	raw, err := json.Marshal(a.OpenAPI())
	if err != nil {
		panic(err) // the document is made of our own types
	}
	var out bytes.Buffer
	if err := json.Indent(&out, raw, "", " "); err != nil {
		panic(err)
	}
	out.WriteByte('\n')
	return out.Bytes()
}

// noNullArrays takes back that a list may be null: ours are empty instead, and
// a null that is sent is refused.
func noNullArrays(schema *huma.Schema) {
	for _, field := range schema.Properties {
		if field.Type == huma.TypeArray {
			field.Nullable = false
		}
	}
}

// OpenAPI is the document that describes the API.
func (s *Server) OpenAPI() []byte { return s.routes.spec }
