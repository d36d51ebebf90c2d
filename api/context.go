package api

import (
	"context"
	"encoding/json"
	"net/http"
	"time"
)

// Context is what an instance's flows remember, a page of it: the scopes that
// have something, or with a scope its entries.
type Context struct {
	Live         bool           `json:"live" doc:"asked of a Node-RED that runs; otherwise read from the disk, and it cannot be changed"`
	Persistent   bool           `json:"persistent" doc:"context survives a restart unless a flow chose another store"`
	FlushedAt    *time.Time     `json:"lastFlushedAt" doc:"when context was last written to the disk; null before it was"`
	Pending      bool           `json:"pending" doc:"something has changed since"`
	DefaultStore string         `json:"defaultStore,omitempty"`
	Stores       []string       `json:"stores"`
	Scopes       []ContextScope `json:"scopes" doc:"without a scope asked for"`
	Items        []ContextEntry `json:"items" doc:"of the scope that was asked for"`
	Next         *string        `json:"next"`
}

// ContextScope is whose context it is.
type ContextScope struct {
	ID    string `json:"id" doc:"global, flow:ID or node:ID"`
	Kind  string `json:"kind" enum:"global,flow,node"`
	Label string `json:"label" doc:"of the flow or node; its id where it has none or is gone"`
	// Flow is the label of the flow that a node is in, Type the node's type.
	Flow string `json:"flow,omitempty"`
	Type string `json:"type,omitempty"`
	Keys int    `json:"keys" doc:"how many; -1 where they are too many to count"`
}

// ContextEntry is one key.
type ContextEntry struct {
	Key   string `json:"key"`
	Store string `json:"store"`
	Type  string `json:"type" doc:"string, number, boolean, null, undefined, array, object, buffer, date, function, or the name of a class"`
	// Value is the whole value as JSON, or nothing where it is cut or JSON cannot
	// say it; Preview then shows its beginning.
	Value   json.RawMessage `json:"value,omitempty"`
	Preview string          `json:"preview,omitempty"`
	Size    int64           `json:"size" doc:"bytes as JSON; where cut, at least"`
	Length  int64           `json:"length,omitempty" doc:"elements of an array, characters of a string, bytes of a buffer"`
	Cut     bool            `json:"cut" doc:"the value is too large to be shown whole"`
	Exact   bool            `json:"exact" doc:"the JSON says all of it; false where it holds a buffer, a date, a function …"`
}

// PutContext sets a key.
type PutContext struct {
	Value json.RawMessage `json:"value"`
	Store string          `json:"store,omitempty" doc:"the default one where absent"`
}

// ContextQuery chooses a page of context: with no scope, the scopes.
type ContextQuery struct {
	Scope, Key, Cursor string
	Limit              int
}

// Context reads a page of an instance's context.
func (c *Client) Context(ctx context.Context, instance string, q ContextQuery) (*Context, error) {
	return take[Context](ctx, c, at("/instances/", instance, "/context"), query("scope", q.Scope, "key", q.Key, "cursor", q.Cursor, "limit", countText(q.Limit)))
}

// PutContext sets a key of a running instance's context.
func (c *Client) PutContext(ctx context.Context, instance, scope, key string, in PutContext) error {
	return c.do(ctx, http.MethodPut, at("/instances/", instance, "/context/", scope, "/", key), in, nil)
}

// DeleteContext deletes a key of a running instance's context; without a store,
// from the default one.
func (c *Client) DeleteContext(ctx context.Context, instance, scope, key, store string) error {
	return c.do(ctx, http.MethodDelete, at("/instances/", instance, "/context/", scope, "/", key), nil, nil, query("store", store))
}
