package fleet

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

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

// ActorID is what stands for the actor where one id must: the user, also behind
// a token, the runner, or "system".
func (a Actor) ActorID() string {
	switch a.Kind {
	case ActorRunner:
		return string(a.Runner)
	case ActorSystem:
		return "system"
	}
	return string(a.User)
}

// via is the session or token that the actor came by.
func (a Actor) via() string {
	if a.Token != "" {
		return string(a.Token)
	}
	return string(a.Session)
}

// Bytes are the canonical bytes of the event; columns of a table are only an
// index of them. salt is given all of them but the salt itself, and makes 16
// bytes that nobody can guess: without them the hash of an event whose bytes are
// gone would tell what was in it.
func (e *AuditEvent) Bytes(salt func(unsalted string) []byte) (string, error) {
	actor := map[string]any{"kind": string(e.Actor.Kind)}
	put(actor, "id", e.Actor.ActorID())
	put(actor, "username", e.Actor.Username)
	put(actor, "address", e.Actor.Addr)
	put(actor, "via", e.Actor.via())
	all := map[string]any{
		"id": string(e.ID), "time": e.Time.UTC().Format(time.RFC3339Nano), "event": e.Event, "result": string(e.Result), "actor": actor,
	}
	put(all, "team", string(e.Team))
	put(all, "application", string(e.Application))
	put(all, "object", e.Object)
	put(all, "name", e.Name)
	if len(e.Detail) > 0 {
		all["detail"] = e.Detail
	}
	b, err := AppendCanonical(make([]byte, 0, 512), all)
	if err != nil {
		return "", fmt.Errorf("audit event %s: %w", e.Event, err)
	}
	text := string(b)
	// Members are sorted: the salt stands behind the result, before team and time.
	at := strings.LastIndex(text, resultMember) + len(resultMember) + len(e.Result) + 1
	return text[:at] + saltMember + hex.EncodeToString(salt(text)) + `"` + text[at:], nil
}

// No text inside an event can hold these: quotes in it are escaped.
const (
	resultMember = `,"result":"`
	saltMember   = `,"salt":"`
	saltDigits   = 32
)

// Unsalted takes the salt out of an event's bytes; false where there is none.
func Unsalted(text string) (unsalted string, salt []byte, ok bool) {
	at := strings.LastIndex(text, saltMember)
	end := at + len(saltMember) + saltDigits
	if at < 0 || end >= len(text) || text[end] != '"' {
		return "", nil, false
	}
	salt, err := hex.DecodeString(text[end-saltDigits : end])
	return text[:at] + text[end+1:], salt, err == nil
}

func put(m map[string]any, key, value string) {
	if value != "" {
		m[key] = value
	}
}

// ParseAuditEvent reads an event back from its bytes. Of the actor it finds
// kind, id, username and address.
func ParseAuditEvent(text string) (*AuditEvent, error) {
	var in struct {
		ID, Event, Object, Name string
		Time                    time.Time
		Result                  AuditResult
		Team                    TeamID
		Application             ApplicationID
		Detail                  map[string]any
		Actor                   struct {
			Kind              ActorKind
			ID, Username, Via string
			Address           string
		}
	}
	if err := json.Unmarshal([]byte(text), &in); err != nil {
		return nil, fmt.Errorf("the bytes of an audit event: %w", err)
	}
	e := &AuditEvent{
		ID: AuditEventID(in.ID), Time: in.Time, Event: in.Event, Result: in.Result, Team: in.Team, Application: in.Application,
		Object: in.Object, Name: in.Name, Detail: in.Detail,
		Actor: Actor{Kind: in.Actor.Kind, Username: in.Actor.Username, Addr: in.Actor.Address},
	}
	switch in.Actor.Kind {
	case ActorRunner:
		e.Actor.Runner = InstanceID(in.Actor.ID)
	case ActorUser:
		e.Actor.User, e.Actor.Session = UserID(in.Actor.ID), SessionID(in.Actor.Via)
	case ActorToken:
		e.Actor.User, e.Actor.Token = UserID(in.Actor.ID), TokenID(in.Actor.Via)
	}
	return e, nil
}
