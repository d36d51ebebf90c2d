package wire

import (
	"encoding/json"
	"regexp"
	"strings"
	"time"

	"leat/internal/fleet"
)

// Bounds of what is told of context at a time. Whoever reads an answer takes no
// more than MaxContextPage bytes of it.
const (
	MaxContextItems = 200
	MaxContextValue = 64 << 10
	MaxContextPage  = 2 << 20
)

// ContextQuery asks for a page of what flows remember: with no scope for the
// scopes that there are, otherwise for the scope's entries.
type ContextQuery struct {
	Scope string `json:"scope,omitempty"`
	// Prefix chooses keys; of nodes, scopes.
	Prefix string `json:"prefix,omitempty"`
	After  string `json:"after,omitempty"`
	Limit  int    `json:"limit"`
}

// ContextPage answers a ContextQuery. A flow can make all of it up.
type ContextPage struct {
	// Live says that a Node-RED was asked; otherwise it comes from the disk.
	Live bool `json:"live"`
	// Flushed is when context was last written to the disk, Pending that it changed
	// since.
	Flushed time.Time      `json:"flushed,omitzero"`
	Pending bool           `json:"pending,omitempty"`
	Default string         `json:"default,omitempty"`
	Stores  []string       `json:"stores,omitempty"`
	Scopes  []ContextScope `json:"scopes,omitempty"`
	Entries []ContextEntry `json:"entries,omitempty"`
	// Next is After of the page behind this one; empty on the last.
	Next string `json:"next,omitempty"`
}

// ContextScope is whose context it is: "global", "flow:ID" or "node:ID".
type ContextScope struct {
	Scope string `json:"scope"`
	// Keys is how many there are; -1 where nobody counts them.
	Keys int `json:"keys"`
}

// ContextEntry is one key, as api.ContextEntry says.
type ContextEntry struct {
	Store   string          `json:"store"`
	Key     string          `json:"key"`
	Type    string          `json:"type"`
	Value   json.RawMessage `json:"value,omitempty"`
	Preview string          `json:"preview,omitempty"`
	Size    int64           `json:"size"`
	Length  int64           `json:"length,omitempty"`
	Cut     bool            `json:"cut,omitempty"`
	Exact   bool            `json:"exact"`
}

// ContextChange sets a key of a running Node-RED, or deletes it.
type ContextChange struct {
	Scope  string          `json:"scope"`
	Store  string          `json:"store,omitempty"`
	Key    string          `json:"key"`
	Value  json.RawMessage `json:"value,omitempty"`
	Delete bool            `json:"delete,omitempty"`
}

var (
	contextScope = regexp.MustCompile(`^(global|(flow|node):[A-Za-z0-9._-]{1,64})$`)
	contextStore = regexp.MustCompile(`^[A-Za-z0-9_]{0,64}$`)
)

// noID is what JavaScript finds in every object, and paths in every directory:
// Node-RED would take it for a scope that is there.
var noID = regexp.MustCompile(`^(\.{1,2}|__[a-zA-Z]+__|constructor|hasOwnProperty|isPrototypeOf|propertyIsEnumerable|prototype|toLocaleString|toString|valueOf)$`)

// CheckScope tells whether a scope has the form of one.
func CheckScope(scope string) error {
	_, id, _ := strings.Cut(scope, ":")
	if !contextScope.MatchString(scope) || noID.MatchString(id) {
		return fleet.InvalidField("scope", "A scope is global, flow:ID or node:ID.")
	}
	return nil
}

// Check tells what is wrong with a change.
func (c *ContextChange) Check() error {
	if err := CheckScope(c.Scope); err != nil {
		return err
	}
	switch {
	case c.Key == "" || len(c.Key) > 512:
		return fleet.InvalidField("key", "A key has 1 to 512 characters.")
	case !contextStore.MatchString(c.Store):
		return fleet.InvalidField("store", "The name of a store has letters, digits and underscores.")
	case !c.Delete && !json.Valid(c.Value):
		return fleet.InvalidField("value", "The value is not JSON.")
	}
	return nil
}
