package web

import (
	"cmp"
	"context"
	"slices"

	"github.com/danielgtaylor/huma/v2"

	"leat/api"
	"leat/internal/fleet"
	"leat/internal/wire"
)

func (s *Server) contextRoutes(r *routes) {
	get(r, "/instances/{instance}/context", fleet.ContextRead, s.getContext, secret)
	keep(r, "/instances/{instance}/context/{scope}/{key}", fleet.ContextEdit, s.putContext, contextBody, anyText("scope", "key"), says("Set a key of an instance's context"))
	del(r, "/instances/{instance}/context/{scope}/{key}", fleet.ContextEdit, s.deleteContext, anyText("scope", "key"), says("Delete a key of an instance's context"))
}

// contextBody lets a value be larger than most bodies.
func contextBody(r *Route, _ *huma.Operation) { r.limit = 1 << 20 }

// anyText lets parameters of a path be what people chose, and no ids.
func anyText(names ...string) option {
	return func(r *Route, _ *huma.Operation) {
		r.params = slices.DeleteFunc(r.params, func(name string) bool { return slices.Contains(names, name) })
	}
}

type contextQuery struct {
	InstancePath
	Scope  string `query:"scope" maxLength:"80" doc:"global, flow:ID or node:ID; without it the scopes are listed"`
	Key    string `query:"key" maxLength:"512" doc:"only keys that begin with this"`
	Limit  int    `query:"limit" minimum:"1" maximum:"200" doc:"at most this many; 100 where absent"`
	Cursor string `query:"cursor" maxLength:"1024" doc:"next of the page before"`
}

func (s *Server) getContext(ctx context.Context, who fleet.Actor, in *contextQuery) (*api.Context, error) {
	return s.Contexts.Get(ctx, who, in.Instance, wire.ContextQuery{Scope: in.Scope, Prefix: in.Key, After: in.Cursor, Limit: cmp.Or(in.Limit, 100)})
}

// ContextKey names a key of an instance's context.
type ContextKey struct {
	InstancePath
	Scope string `path:"scope" maxLength:"80" doc:"global, flow:ID or node:ID"`
	Key   string `path:"key" maxLength:"512"`
}

type putContext struct {
	ContextKey
	Body api.PutContext
}

func (s *Server) putContext(ctx context.Context, who fleet.Actor, in *putContext) error {
	return s.Contexts.Set(ctx, who, in.Instance, wire.ContextChange{Scope: in.Scope, Key: in.Key, Store: in.Body.Store, Value: in.Body.Value})
}

type deleteContext struct {
	ContextKey
	Store string `query:"store" maxLength:"64" doc:"the default one where absent"`
}

func (s *Server) deleteContext(ctx context.Context, who fleet.Actor, in *deleteContext) error {
	return s.Contexts.Set(ctx, who, in.Instance, wire.ContextChange{Scope: in.Scope, Key: in.Key, Store: in.Store, Delete: true})
}
