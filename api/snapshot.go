package api

import (
	"context"
	"encoding/json"
	"net/http"
	"time"
)

// Snapshot is a version of what an instance is: flows, credentials, settings,
// environment, modules and stack. It never changes; only its name does.
type Snapshot struct {
	ID            string    `json:"id"`
	Application   string    `json:"application"`
	Team          string    `json:"team"`
	Instance      string    `json:"instance,omitempty" doc:"the instance it was made of; empty for an imported one, or when that instance is gone"`
	InstanceName  string    `json:"instanceName,omitempty"`
	Name          string    `json:"name"`
	Description   string    `json:"description"`
	Digest        string    `json:"digest" doc:"SHA-256 of its content: the same content has the same digest on every platform"`
	SecretsDigest string    `json:"secretsDigest,omitempty" doc:"tells two sets of credentials and hidden values of one team apart; empty where there are none"`
	Kind          string    `json:"kind" enum:"manual,auto,safety,import"`
	Trigger       string    `json:"trigger,omitempty" doc:"what made an automatic one: create, deploy, environment, modules, settings, stack, restore or import"`
	From          string    `json:"from,omitempty" doc:"what it came from: the id of a snapshot, or the name in an imported file"`
	Author        string    `json:"author" doc:"username, or \"the instance itself\""`
	AuthorID      string    `json:"authorId,omitempty"`
	Nodes         int       `json:"nodes"`
	Modules       int       `json:"modules" doc:"how many palette modules it asks for"`
	Size          int64     `json:"size" doc:"of its flows, in bytes"`
	CreatedAt     time.Time `json:"createdAt"`
	Version       int64     `json:"version"`
	UsedBy        []string  `json:"usedBy,omitempty" doc:"why it cannot be deleted, a sentence each; only in the answer about one snapshot"`
}

// NewSnapshot makes a snapshot of what an instance is now. Without a name it is
// called after the time.
type NewSnapshot struct {
	Name        string `json:"name,omitempty"`
	Description string `json:"description,omitempty"`
}

// EditSnapshot renames a snapshot.
type EditSnapshot struct {
	Name        Opt[string] `json:"name,omitzero"`
	Description Opt[string] `json:"description,omitzero"`
}

// SnapshotContent is a snapshot's content beside its flows, without secrets.
type SnapshotContent struct {
	Digest      string            `json:"digest"`
	Settings    SnapshotSettings  `json:"settings"`
	Environment []Variable        `json:"environment" doc:"hidden values are empty"`
	Modules     []Module          `json:"modules" doc:"those somebody asked for"`
	Packages    int               `json:"packages" doc:"how many packages the whole tree of modules has"`
	Stack       SnapshotStack     `json:"stack"`
	Credentials []string          `json:"credentials" doc:"ids of the nodes that have credentials"`
	Missing     []SnapshotMissing `json:"missing,omitempty" doc:"what keeps it from being restored here as it is"`
}

// SnapshotSettings are the settings of an instance that belong to its flows.
type SnapshotSettings struct {
	TimeZone          string `json:"timeZone"`
	PersistentContext bool   `json:"persistentContext"`
}

// SnapshotStack is the stack of a snapshot; ID and name are empty where this
// platform does not have it.
type SnapshotStack struct {
	ID     string `json:"id,omitempty"`
	Digest string `json:"digest"`
	Name   string `json:"name,omitempty"`
}

// SnapshotMissing is something a snapshot needs and this platform does not have.
type SnapshotMissing struct {
	Component string `json:"component" enum:"stack,modules,credentials,environment"`
	Message   string `json:"message"`
}

// Components chooses parts of a snapshot. What is left out is taken; environment
// is all, keys (names without values) or none.
type Components struct {
	Flows       *bool  `json:"flows,omitempty"`
	Credentials *bool  `json:"credentials,omitempty"`
	Environment string `json:"environment,omitempty" enum:"all,keys,none"`
	Settings    *bool  `json:"settings,omitempty"`
	Modules     *bool  `json:"modules,omitempty"`
	Stack       *bool  `json:"stack,omitempty"`
}

// Export asks for a snapshot as a file. Credentials and hidden values need a
// secret, which seals them in the file.
type Export struct {
	Secret     string      `json:"secret,omitempty"`
	Components *Components `json:"components,omitempty"`
}

// ImportSnapshot makes a snapshot of a file: one of ours, of FlowFuse's public
// export, or the bare flows of Node-RED.
type ImportSnapshot struct {
	Snapshot    json.RawMessage `json:"snapshot"`
	Secret      string          `json:"secret,omitempty" doc:"the one the file was exported with"`
	Name        string          `json:"name,omitempty" doc:"instead of the file's own"`
	Description string          `json:"description,omitempty"`
	Components  *Components     `json:"components,omitempty" doc:"leave parts of the file out; without credentials and hidden values no secret is needed"`
}

// Restore gives an instance the content of a snapshot, all of it or some components.
type Restore struct {
	Snapshot   string      `json:"snapshot"`
	Components *Components `json:"components,omitempty"`
}

// Restored is an instance after a restore. What it held before is kept: restoring
// the snapshot that Safety names undoes it.
type Restored struct {
	Instance
	Safety  string   `json:"safety,omitempty" doc:"the snapshot of what the instance held before; empty when nothing changed"`
	Changed []string `json:"changed" doc:"the components that differed: flows, credentials, environment, settings, modules, stack; empty when it held that content already"`
}

// ImportFlows brings flows into an instance. Credentials are plain values by node
// id and field, or Node-RED's own encrypted form {"$": "…"} with its secret.
type ImportFlows struct {
	Flows       json.RawMessage `json:"flows"`
	Credentials json.RawMessage `json:"credentials,omitempty"`
	Secret      string          `json:"secret,omitempty"`
	Mode        string          `json:"mode,omitempty" enum:"replace,add" doc:"replace what is there (the default), or add to it: nodes whose id is taken get a new one"`
}

// ImportedFlows tells what an import of flows led to.
type ImportedFlows struct {
	Restored
	Digest  string `json:"digest" doc:"of the flows now"`
	Nodes   int    `json:"nodes" doc:"how many the file held"`
	Renewed int    `json:"renewed" doc:"how many of them got a new id"`
}

// Source is what a new instance is made of: another instance as it is now, or a
// snapshot.
type Source struct {
	Instance    string `json:"instance,omitempty"`
	Snapshot    string `json:"snapshot,omitempty"`
	Credentials *bool  `json:"credentials,omitempty" doc:"taken along where absent"`
	Environment string `json:"environment,omitempty" enum:"all,keys,none" doc:"all where absent"`
}

// SnapshotQuery chooses snapshots.
type SnapshotQuery struct {
	Page
	Kind string
}

func (q SnapshotQuery) option() RequestOption { return query("kind", q.Kind) }

// InstanceSnapshots lists an instance's snapshots, the newest first.
func (c *Client) InstanceSnapshots(ctx context.Context, instance string, q SnapshotQuery) (*List[Snapshot], error) {
	return list[Snapshot](ctx, c, at("/instances/", instance, "/snapshots"), q.Page, q.option())
}

// ApplicationSnapshots lists an application's snapshots, the newest first.
func (c *Client) ApplicationSnapshots(ctx context.Context, application string, q SnapshotQuery) (*List[Snapshot], error) {
	return list[Snapshot](ctx, c, at("/applications/", application, "/snapshots"), q.Page, q.option())
}

// TeamSnapshots lists a team's snapshots, the newest first.
func (c *Client) TeamSnapshots(ctx context.Context, team string, q SnapshotQuery) (*List[Snapshot], error) {
	return list[Snapshot](ctx, c, at("/teams/", team, "/snapshots"), q.Page, q.option())
}

// CreateSnapshot keeps what an instance is now.
func (c *Client) CreateSnapshot(ctx context.Context, instance string, in NewSnapshot, o ...RequestOption) (*Snapshot, error) {
	return send[Snapshot](ctx, c, http.MethodPost, at("/instances/", instance, "/snapshots"), in, o...)
}

// Snapshot is a snapshot by id.
func (c *Client) Snapshot(ctx context.Context, id string) (*Snapshot, error) {
	return take[Snapshot](ctx, c, at("/snapshots/", id))
}

// UpdateSnapshot renames a snapshot.
func (c *Client) UpdateSnapshot(ctx context.Context, id string, in EditSnapshot, o ...RequestOption) (*Snapshot, error) {
	return send[Snapshot](ctx, c, http.MethodPatch, at("/snapshots/", id), in, o...)
}

// DeleteSnapshot removes a snapshot that nothing uses.
func (c *Client) DeleteSnapshot(ctx context.Context, id string) error {
	return c.do(ctx, http.MethodDelete, at("/snapshots/", id), nil, nil)
}

// SnapshotFlows are a snapshot's flows.
func (c *Client) SnapshotFlows(ctx context.Context, id string) (*Flows, error) {
	return take[Flows](ctx, c, at("/snapshots/", id, "/flows"))
}

// SnapshotContent is a snapshot's content beside its flows.
func (c *Client) SnapshotContent(ctx context.Context, id string) (*SnapshotContent, error) {
	return take[SnapshotContent](ctx, c, at("/snapshots/", id, "/content"))
}

// ExportSnapshot gives a snapshot as a file.
func (c *Client) ExportSnapshot(ctx context.Context, id string, in Export) (json.RawMessage, error) {
	out, err := send[json.RawMessage](ctx, c, http.MethodPost, at("/snapshots/", id, "/export"), in)
	if err != nil {
		return nil, err
	}
	return *out, nil
}

// ImportSnapshot makes a snapshot of a file in an application.
func (c *Client) ImportSnapshot(ctx context.Context, application string, in ImportSnapshot, o ...RequestOption) (*Snapshot, error) {
	return send[Snapshot](ctx, c, http.MethodPost, at("/applications/", application, "/snapshots/import"), in, o...)
}

// RestoreSnapshot gives an instance the content of a snapshot.
func (c *Client) RestoreSnapshot(ctx context.Context, instance string, in Restore) (*Restored, error) {
	return send[Restored](ctx, c, http.MethodPost, at("/instances/", instance, "/restore"), in)
}

// ImportFlows brings flows into an instance.
func (c *Client) ImportFlows(ctx context.Context, instance string, in ImportFlows) (*ImportedFlows, error) {
	return send[ImportedFlows](ctx, c, http.MethodPost, at("/instances/", instance, "/import"), in)
}
