package api

import (
	"context"
	"encoding/json"
	"time"
)

// Comparison is how the content of one version differs from that of another.
type Comparison struct {
	From      ComparisonSide `json:"from"`
	To        ComparisonSide `json:"to"`
	Identical bool           `json:"identical" doc:"the same content, and the same secrets where they were compared"`
	// SecretsCompared is false across teams: there, only that secrets are there is told.
	SecretsCompared bool              `json:"secretsCompared" doc:"false across teams, where nobody may learn whether secrets are the same, and where they cannot be opened"`
	Summary         ComparisonSummary `json:"summary"`
	// Flows are all tabs and subflows of both sides, those that are the same too,
	// in the order of the second; what was removed stands where it was.
	Flows         []FlowDiff       `json:"flows"`
	Configuration []NodeDiff       `json:"configuration" doc:"nodes that stand on no tab, or on one without a place there"`
	Modules       []ModuleDiff     `json:"modules" doc:"direct ones first"`
	Environment   []VariableDiff   `json:"environment"`
	Settings      []FieldDiff      `json:"settings"`
	Stack         *FieldDiff       `json:"stack" doc:"null when both run on the same; its values are SnapshotStack"`
	Credentials   []CredentialDiff `json:"credentials" doc:"nodes whose secrets differ; never a value"`
	Absent        []string         `json:"absent" doc:"parts that one side does not have and that were not compared: flows, credentials, settings, environment, values, modules, stack"`
	Cut           *ComparisonCut   `json:"cut" doc:"null when nothing was left out; ask for one node to see it whole"`
}

// ComparisonSide is one of the two versions.
type ComparisonSide struct {
	Snapshot     string    `json:"snapshot,omitempty"`
	Instance     string    `json:"instance,omitempty" doc:"the instance itself, or the one that the snapshot was made of"`
	InstanceName string    `json:"instanceName,omitempty"`
	Application  string    `json:"application,omitempty"`
	Team         string    `json:"team"`
	Name         string    `json:"name" doc:"of the instance, or of the snapshot; empty for one that was made by itself"`
	Kind         string    `json:"kind,omitempty" doc:"of a snapshot"`
	Trigger      string    `json:"trigger,omitempty" doc:"of a snapshot"`
	Digest       string    `json:"digest,omitempty" doc:"of a snapshot"`
	Nodes        int       `json:"nodes"`
	Author       string    `json:"author,omitempty"`
	CreatedAt    time.Time `json:"createdAt"`
}

// ComparisonSummary counts what differs. Added to Moved are nodes: also groups,
// junctions and configuration nodes.
type ComparisonSummary struct {
	Added           int `json:"added"`
	Removed         int `json:"removed"`
	Changed         int `json:"changed"`
	Moved           int `json:"moved" doc:"that differ by their place alone"`
	Flows           int `json:"flows" doc:"tabs and subflows that differ in more than places"`
	Configuration   int `json:"configuration"`
	Reordered       int `json:"reordered" doc:"nodes that stand at another place in the file, which does not matter"`
	Modules         int `json:"modules" doc:"direct ones"`
	IndirectModules int `json:"indirectModules" doc:"those that others need"`
	Environment     int `json:"environment"`
	Settings        int `json:"settings" doc:"with the stack"`
	Credentials     int `json:"credentials"`
}

// FlowDiff is a tab or a subflow. Its change is "moved" where only places
// differ: those of its nodes, or its own among the tabs.
type FlowDiff struct {
	ID         string      `json:"id" doc:"empty, with kind missing, for nodes that name no flow"`
	Kind       string      `json:"kind" enum:"tab,subflow,missing"`
	Label      string      `json:"label"`
	Change     string      `json:"change" enum:"added,removed,changed,moved,same"`
	Order      *OrderDiff  `json:"order" doc:"set where somebody moved it among its kind"`
	Added      int         `json:"added"`
	Removed    int         `json:"removed"`
	Changed    int         `json:"changed"`
	Moved      int         `json:"moved"`
	Properties []FieldDiff `json:"properties"`
	Code       []TextDiff  `json:"code" doc:"properties that are read better line by line: info, env …"`
	Nodes      []NodeDiff  `json:"nodes"`
	Groups     []NodeDiff  `json:"groups"`
	Left       []NodeRef   `json:"left" doc:"nodes that now stand on another flow, and are told there"`
}

// OrderDiff is a place in a row, counted from 0.
type OrderDiff struct {
	From int `json:"from"`
	To   int `json:"to"`
}

// NodeDiff is a node, group, junction or configuration node that differs.
type NodeDiff struct {
	ID     string `json:"id"`
	Kind   string `json:"kind" enum:"node,group,junction,configuration,tab,subflow" doc:"tab and subflow: one that is none, as another has its id"`
	Type   string `json:"type"`
	Label  string `json:"label" doc:"its name, or what stands for one"`
	Change string `json:"change" enum:"added,removed,changed,moved" doc:"moved: its position and size alone"`
	Moved  bool   `json:"moved" doc:"its position or size differs, whatever else does"`
	// Position holds x, y, w and h where they differ.
	Position   []FieldDiff `json:"position,omitempty"`
	Flow       *RefDiff    `json:"flow,omitempty" doc:"it stands on another flow now (z)"`
	Group      *RefDiff    `json:"group,omitempty" doc:"it is in another group now (g)"`
	Properties []FieldDiff `json:"properties,omitempty"`
	Code       []TextDiff  `json:"code,omitempty"`
	Wires      []WireDiff  `json:"wires,omitempty"`
	Members    *MemberDiff `json:"members,omitempty" doc:"of a group"`
	// Credentials tells whether its secrets differ too.
	Credentials bool      `json:"credentials,omitempty"`
	UsedBy      []NodeRef `json:"usedBy,omitempty" doc:"of a configuration node: the first of those that name it"`
	Users       int       `json:"users,omitempty" doc:"how many name it"`
	Cut         bool      `json:"cut,omitempty" doc:"its details were left out; ask for this node alone"`
}

// NodeRef names a node.
type NodeRef struct {
	ID    string `json:"id"`
	Type  string `json:"type"`
	Label string `json:"label"`
	Flow  string `json:"flow,omitempty"`
}

// RefDiff is a flow or group before and after; empty where it is in none.
type RefDiff struct {
	From      string `json:"from"`
	To        string `json:"to"`
	FromLabel string `json:"fromLabel"`
	ToLabel   string `json:"toLabel"`
}

// FieldDiff is a property before and after. A side that does not have it is
// absent. A long value is left out and its size told instead.
type FieldDiff struct {
	Name     string          `json:"name"`
	From     json.RawMessage `json:"from,omitempty"`
	To       json.RawMessage `json:"to,omitempty"`
	FromSize int             `json:"fromSize,omitempty" doc:"bytes of JSON, where the value was left out"`
	ToSize   int             `json:"toSize,omitempty"`
}

// TextDiff is a property that is read line by line: code, or a list or object
// written as indented JSON.
type TextDiff struct {
	Property string     `json:"property"`
	Language string     `json:"language" enum:"javascript,html,css,sql,markdown,json,yaml,text"`
	Added    int        `json:"added" doc:"lines"`
	Removed  int        `json:"removed"`
	Hunks    []TextHunk `json:"hunks"`
	Cut      int        `json:"cut,omitempty" doc:"lines that were left out of the hunks"`
}

// TextHunk is a run of lines with what surrounds it. From and To are the numbers
// of its first line on each side, counted from 1.
type TextHunk struct {
	From  int        `json:"from"`
	To    int        `json:"to"`
	Lines []TextLine `json:"lines"`
}

// TextLine is one line, without its end.
type TextLine struct {
	Change string `json:"change" enum:"same,added,removed"`
	Text   string `json:"text"`
}

// WireDiff is the wires of one output.
type WireDiff struct {
	Port      int       `json:"port" doc:"counted from 0"`
	Added     []NodeRef `json:"added"`
	Removed   []NodeRef `json:"removed"`
	Reordered bool      `json:"reordered,omitempty" doc:"the same wires in another order"`
}

// MemberDiff is the nodes of a group.
type MemberDiff struct {
	Added     []NodeRef `json:"added"`
	Removed   []NodeRef `json:"removed"`
	Reordered bool      `json:"reordered,omitempty"`
}

// ModuleDiff is a module of the tree.
type ModuleDiff struct {
	Name   string `json:"name"`
	Change string `json:"change" enum:"added,removed,changed"`
	From   string `json:"from" doc:"version, or versions where there are several"`
	To     string `json:"to"`
	Direct bool   `json:"direct" doc:"somebody asked for it, on either side"`
}

// VariableDiff is a variable. The value of a hidden one is never told.
type VariableDiff struct {
	Name       string  `json:"name"`
	Change     string  `json:"change" enum:"added,removed,changed"`
	From       *string `json:"from" doc:"null where it is not there or hidden"`
	To         *string `json:"to"`
	FromHidden bool    `json:"fromHidden,omitempty"`
	ToHidden   bool    `json:"toHidden,omitempty"`
}

// CredentialDiff is a node whose secrets differ.
type CredentialDiff struct {
	Node   string `json:"node"`
	Type   string `json:"type"`
	Label  string `json:"label"`
	Flow   string `json:"flow,omitempty"`
	Change string `json:"change" enum:"added,removed,changed"`
}

// ComparisonCut counts what was left out of a large comparison. The summary
// counts everything all the same.
type ComparisonCut struct {
	Nodes   int `json:"nodes" doc:"that are not listed"`
	Details int `json:"details" doc:"nodes that are listed without their details"`
	Values  int `json:"values" doc:"values and texts that were left out or cut"`
	Others  int `json:"others" doc:"modules, variables and credentials that are not listed"`
}

// Compare tells how the content of one version differs from that of another.
// Each is the id of a snapshot, or of an instance for what it holds now.
func (c *Client) Compare(ctx context.Context, from, to string) (*Comparison, error) {
	return take[Comparison](ctx, c, "/snapshots/compare", query("from", from, "to", to))
}

// CompareNode is Compare with one node alone, told whole.
func (c *Client) CompareNode(ctx context.Context, from, to, node string) (*Comparison, error) {
	return take[Comparison](ctx, c, "/snapshots/compare", query("from", from, "to", to, "node", node))
}
