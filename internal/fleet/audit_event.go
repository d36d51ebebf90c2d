package fleet

import "time"

// AuditEvent says who did what to what, from where, with what result. Its
// canonical bytes are a leaf of the transparency log.
type AuditEvent struct {
	ID   AuditEventID
	Time time.Time
	// Event is the noun and what happened to it, such as "instance.create".
	Event string
	// Result is "done", "refused" or "failed".
	Result AuditResult
	Actor  Actor
	// Team and Application are set where the object belongs to one.
	Team        TeamID
	Application ApplicationID
	// Object is the id of what it was done to, Name what it was called then.
	Object string
	Name   string
	// Detail holds what changed, as field → {from, to} or plain facts; never a secret.
	Detail map[string]any
}

// AuditResult is how what an audit event tells of ended.
type AuditResult string

// The results.
const (
	AuditDone    AuditResult = "done"
	AuditRefused AuditResult = "refused"
	AuditFailed  AuditResult = "failed"
)
