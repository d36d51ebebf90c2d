package api

import (
	"context"
	"time"
)

// TimelineEntry is one thing that happened to an instance. From Before to
// Snapshot is what it changed; Snapshot is what to go back to.
type TimelineEntry struct {
	ID       string          `json:"id"`
	Instance string          `json:"instance"`
	Time     time.Time       `json:"time"`
	Kind     string          `json:"kind" enum:"created,deploy,restart,start,stop,suspend,restore,import,settings,environment,modules,stack,type,protect,snapshot,crash,hang,safe-mode,recovered"`
	Author   string          `json:"author,omitempty" doc:"username, or \"the instance itself\"; empty for what happened by itself"`
	AuthorID string          `json:"authorId,omitempty"`
	Summary  TimelineSummary `json:"summary"`
	Snapshot string          `json:"snapshot,omitempty" doc:"the snapshot of the content after it; empty where the content did not change, or its snapshot is no longer kept"`
	Before   string          `json:"before,omitempty" doc:"the snapshot of the content before it"`
	Count    int             `json:"count" doc:"how often it happened in a row: more than 1 for crashes"`
	LastAt   time.Time       `json:"lastAt" doc:"when it happened last"`
}

// TimelineSummary says in facts what happened; which of them are there depends
// on the kind.
type TimelineSummary struct {
	Nodes       int            `json:"nodes,omitempty" doc:"deploy, restore, import, created: how many nodes there are now"`
	NodeChanges *Changes       `json:"nodeChanges,omitempty"`
	Credentials bool           `json:"credentials,omitempty" doc:"credentials changed"`
	Variables   *ChangedNames  `json:"variables,omitempty"`
	Modules     *ChangedNames  `json:"modules,omitempty"`
	Fields      []ChangedField `json:"fields,omitempty" doc:"settings, stack, type: what changed from and to"`
	Name        string         `json:"name,omitempty" doc:"the snapshot restored or made, or the source of an import"`
	Source      string         `json:"source,omitempty" doc:"its id"`
	Components  []string       `json:"components,omitempty" doc:"restore, import: the components that differed"`
	Code        string         `json:"code,omitempty" doc:"crash, hang, safe-mode: why, such as heap_limit"`
	Reason      string         `json:"reason,omitempty" doc:"the same as a sentence"`
}

// Changes counts what differs between two versions.
type Changes struct {
	Added   int `json:"added"`
	Changed int `json:"changed"`
	Removed int `json:"removed"`
}

// ChangedNames names what differs between two versions.
type ChangedNames struct {
	Added   []string `json:"added,omitempty"`
	Changed []string `json:"changed,omitempty"`
	Removed []string `json:"removed,omitempty"`
}

// ChangedField is a field and its values before and after.
type ChangedField struct {
	Name string `json:"name"`
	From string `json:"from"`
	To   string `json:"to"`
}

// TimelineQuery chooses entries of a timeline.
type TimelineQuery struct {
	Page
	// Kind is one kind, or several with commas between.
	Kind     string
	From, To time.Time
}

// Timeline lists what happened to an instance, the newest first.
func (c *Client) Timeline(ctx context.Context, instance string, q TimelineQuery) (*List[TimelineEntry], error) {
	text := func(t time.Time) string {
		if t.IsZero() {
			return ""
		}
		return t.UTC().Format(time.RFC3339Nano)
	}
	return list[TimelineEntry](ctx, c, at("/instances/", instance, "/timeline"), q.Page, query("kind", q.Kind, "from", text(q.From), "to", text(q.To)))
}
