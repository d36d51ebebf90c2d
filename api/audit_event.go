package api

import "time"

// AuditEvent says who did what to what, from where, with what result.
type AuditEvent struct {
	ID          string         `json:"id"`
	Leaf        *int64         `json:"leaf" doc:"its place in the transparency log; null until it is sealed, a second later"`
	Time        time.Time      `json:"time"`
	Event       string         `json:"event"`
	Result      string         `json:"result" enum:"done,refused,failed"`
	Actor       AuditActor     `json:"actor"`
	Team        string         `json:"team,omitempty"`
	Application string         `json:"application,omitempty"`
	Object      string         `json:"object,omitempty"`
	Name        string         `json:"name,omitempty" doc:"what the object was called then"`
	Detail      map[string]any `json:"detail,omitempty"`
}

// AuditActor is who did it.
type AuditActor struct {
	Kind     string `json:"kind" enum:"user,token,runner,system,anonymous"`
	ID       string `json:"id,omitempty"`
	Username string `json:"username,omitempty"`
	Address  string `json:"address,omitempty"`
}
