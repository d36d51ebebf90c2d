package fleet

import (
	"encoding/json"
	"time"
)

// TimelineKind says what happened to an instance.
type TimelineKind string

// The kinds of entry of a timeline.
const (
	TimelineCreated     TimelineKind = "created"
	TimelineDeploy      TimelineKind = "deploy"
	TimelineRestart     TimelineKind = "restart"
	TimelineStart       TimelineKind = "start"
	TimelineStop        TimelineKind = "stop"
	TimelineSuspend     TimelineKind = "suspend"
	TimelineRestore     TimelineKind = "restore"
	TimelineImport      TimelineKind = "import"
	TimelineSettings    TimelineKind = "settings"
	TimelineEnvironment TimelineKind = "environment"
	TimelineModules     TimelineKind = "modules"
	TimelineStack       TimelineKind = "stack"
	TimelineType        TimelineKind = "type"
	TimelineProtect     TimelineKind = "protect"
	TimelineSnapshot    TimelineKind = "snapshot"
	TimelineCrash       TimelineKind = "crash"
	TimelineHang        TimelineKind = "hang"
	TimelineSafeMode    TimelineKind = "safe-mode"
	TimelineRecovered   TimelineKind = "recovered"
)

// TimelineKinds lists them all.
var TimelineKinds = []TimelineKind{
	TimelineCreated, TimelineDeploy, TimelineRestart, TimelineStart, TimelineStop, TimelineSuspend, TimelineRestore, TimelineImport,
	TimelineSettings, TimelineEnvironment, TimelineModules, TimelineStack, TimelineType, TimelineProtect, TimelineSnapshot,
	TimelineCrash, TimelineHang, TimelineSafeMode, TimelineRecovered,
}

// ByItself reports whether nobody did it: the instance's own doings, of which a
// sick one makes many.
func (k TimelineKind) ByItself() bool {
	switch k {
	case TimelineCrash, TimelineHang, TimelineSafeMode, TimelineRecovered:
		return true
	}
	return false
}

// TimelineEntry is one thing that happened to an instance.
type TimelineEntry struct {
	ID       TimelineID
	Instance InstanceID
	Time     time.Time
	Kind     TimelineKind
	// Code tells apart what is of one kind and happens by itself, such as
	// "heap_limit"; entries with the same one are folded.
	Code string
	// Author is a username, or what else did it; AuthorID is empty where that is
	// no person.
	Author   string
	AuthorID UserID
	// Summary is a small JSON object: counts and names, never a secret.
	Summary json.RawMessage
	// Snapshot holds the content after it, Before the content before; empty where
	// the content did not change or is no longer kept.
	Snapshot, Before SnapshotID
	// Count is how often it happened in a row, the last time at LastAt.
	Count  int
	LastAt time.Time
}

// How long repeats of what an instance does by itself are folded: as long as the
// pause between two is at most TimelineLull, and for at most TimelineSpan.
const (
	TimelineLull = time.Hour
	TimelineSpan = 24 * time.Hour
)

// Repeats reports whether something that an instance did by itself at a time is
// one more of what the entry tells of.
func (e *TimelineEntry) Repeats(kind TimelineKind, code string, at time.Time) bool {
	return kind.ByItself() && e.Kind == kind && e.Code == code && at.Sub(e.LastAt) <= TimelineLull && at.Sub(e.Time) <= TimelineSpan
}
