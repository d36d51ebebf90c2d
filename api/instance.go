package api

import (
	"encoding/json"
	"time"
)

// Instance is a Node-RED that the platform hosts.
type Instance struct {
	ID           string     `json:"id"`
	Application  string     `json:"application"`
	Team         string     `json:"team"`
	Name         string     `json:"name"`
	Label        string     `json:"label" doc:"its host name under the platform's domain"`
	State        string     `json:"state" enum:"starting,running,stopping,stopped,suspended,degraded,crash loop,safe mode,failed,unreachable"`
	Wanted       string     `json:"wanted" enum:"running,stopped,suspended"`
	ObservedAt   *time.Time `json:"observedAt"`
	Reason       string     `json:"reason,omitempty" doc:"a sentence about the state; empty when all is well"`
	Progress     *Progress  `json:"progress,omitempty"`
	URL          string     `json:"url" doc:"where its flows answer"`
	EditorURL    string     `json:"editorUrl"`
	DashboardURL string     `json:"dashboardUrl,omitempty" doc:"set where its flows hold a dashboard"`
	InstanceType string     `json:"instanceType"`
	Stack        string     `json:"stack"`
	// Persistent tells whether context survives a restart.
	Persistent bool       `json:"persistentContext" doc:"context is kept on disk unless a flow says otherwise"`
	Update     *Update    `json:"update,omitempty" doc:"what a restart would bring; nothing where it runs what it should"`
	Access     string     `json:"access" enum:"login,open,token"`
	SafeMode   bool       `json:"safeMode"`
	Protected  bool       `json:"protected" doc:"only owners change what it runs"`
	Editing    Editing    `json:"editing" doc:"whether the caller may deploy from the editor, and why not"`
	TimeZone   string     `json:"timeZone"`
	Ports      []int      `json:"ports" doc:"TCP ports that its flows may listen on"`
	Isolation  []string   `json:"isolation" doc:"the layers that bind it: uid, landlock, cgroup"`
	NodeRed    string     `json:"nodeRedVersion,omitempty"`
	NodeJS     string     `json:"nodeJsVersion,omitempty"`
	Modules    []Module   `json:"modules"`
	StartedAt  *time.Time `json:"startedAt"`
	Deploy     *Deploy    `json:"deploy,omitempty" doc:"the last one"`
	Alerts     Alerts     `json:"alerts"`
	Version    int64      `json:"version"`
	CreatedAt  time.Time  `json:"createdAt"`
	UpdatedAt  time.Time  `json:"updatedAt"`
}

// Progress is how far something that takes time has come.
type Progress struct {
	Step  string `json:"step" doc:"a few words for people"`
	Done  int64  `json:"done"`
	Total int64  `json:"total" doc:"0 where it is not known"`
}

// Module is a palette module of an instance.
type Module struct {
	Name    string `json:"name"`
	Version string `json:"version"`
}

// Deploy is one change of an instance's flows.
type Deploy struct {
	ID     string    `json:"id"`
	By     string    `json:"by" doc:"username, or \"the instance itself\""`
	At     time.Time `json:"at"`
	Digest string    `json:"digest"`
	Nodes  int       `json:"nodes"`
}

// NewInstance creates an instance. Blueprint, Flows and Source exclude each other.
type NewInstance struct {
	Name         string          `json:"name"`
	Label        string          `json:"label,omitempty"`
	InstanceType string          `json:"instanceType,omitempty"`
	Stack        string          `json:"stack,omitempty"`
	Persistent   *bool           `json:"persistentContext,omitempty" doc:"true where absent"`
	Blueprint    string          `json:"blueprint,omitempty"`
	Flows        json.RawMessage `json:"flows,omitempty"`
	Access       string          `json:"access,omitempty"`
	TimeZone     string          `json:"timeZone,omitempty"`
	Source       *Source         `json:"source,omitempty" doc:"duplicate an instance, or start from a snapshot"`
}

// EditInstance changes an instance.
type EditInstance struct {
	Name         Opt[string] `json:"name,omitzero"`
	InstanceType Opt[string] `json:"instanceType,omitzero"`
	Stack        Opt[string] `json:"stack,omitzero"`
	Persistent   Opt[bool]   `json:"persistentContext,omitzero"`
	Access       Opt[string] `json:"access,omitzero"`
	TimeZone     Opt[string] `json:"timeZone,omitzero"`
	Ports        Opt[[]int]  `json:"ports,omitzero"`
	SafeMode     Opt[bool]   `json:"safeMode,omitzero"`
	Protected    Opt[bool]   `json:"protected,omitzero"`
	Alerts       *EditAlerts `json:"alerts,omitempty"`
}

// Flows are an instance's flows, in Node-RED's own form, without credentials.
type Flows struct {
	Flows  json.RawMessage `json:"flows"`
	Digest string          `json:"digest" doc:"SHA-256 of the flows, lower-case hex"`
}

// PutFlows deploys flows. Credentials, where given, are plain values by node id
// and field, and replace the ones kept.
type PutFlows struct {
	Flows       json.RawMessage                       `json:"flows"`
	Credentials map[string]map[string]json.RawMessage `json:"credentials,omitempty"`
}

// Environment is the variables of an instance.
type Environment struct {
	Items   []Variable `json:"items"`
	Version int64      `json:"version"`
}

// Variable is one of them. A hidden value is never shown again: it comes back
// empty, and an empty hidden value that is put back keeps the old one.
type Variable struct {
	Name   string `json:"name"`
	Value  string `json:"value"`
	Hidden bool   `json:"hidden"`
}

// PutEnvironment replaces the variables of an instance. Whoever read them first
// says in If-Match which version that was; the one in the body is not read.
type PutEnvironment struct {
	Items   []PutVariable `json:"items"`
	Version int64         `json:"version,omitempty"`
}

// PutVariable is one of them; see Variable.
type PutVariable struct {
	Name   string `json:"name"`
	Value  string `json:"value"`
	Hidden bool   `json:"hidden,omitempty"`
}

// LogLine is one line of an instance's log.
type LogLine struct {
	Cursor string    `json:"cursor"`
	Time   time.Time `json:"time"`
	Level  string    `json:"level" enum:"debug,info,warn,error"`
	Source string    `json:"source" doc:"leat, node-red, or a node's name"`
	Text   string    `json:"text"`
}

// Blueprint is a ready flow to start from.
type Blueprint struct {
	ID          string `json:"id"`
	Name        string `json:"name"`
	Description string `json:"description"`
	Category    string `json:"category"`
	Icon        string `json:"icon"`
}

// Dashboard is an instance as somebody sees it who only looks at its dashboard.
type Dashboard struct {
	Instance string `json:"instance"`
	Name     string `json:"name"`
	State    string `json:"state" enum:"starting,running,stopping,stopped,suspended,degraded,crash loop,safe mode,failed,unreachable"`
	URL      string `json:"url" doc:"where the dashboard is"`
}
