package fleet

import (
	"encoding/binary"
	"strings"
	"time"
)

// Snapshot is a version of what an instance is. Its content never changes and is
// named by its digest; the row here says of it who, when and why.
type Snapshot struct {
	ID          SnapshotID
	Application ApplicationID
	Team        TeamID
	// Instance is the one it was made of; empty for an imported one, and once that
	// instance is gone. InstanceName stays.
	Instance     InstanceID
	InstanceName string
	// Name is empty for what was made by itself and nobody has named since; it is
	// never pruned once it has a name.
	Name        string
	Description string
	// Digest is the one of its [Manifest]. SecretsDigest tells two sets of
	// [Secrets] apart on one platform; it is empty where there are none.
	Digest        string
	SecretsDigest string
	Kind          SnapshotKind
	Trigger       SnapshotTrigger
	// From is what it came from: the id of a snapshot, or the name in a file.
	From string
	// Author is a username, or what else made it; AuthorID is empty where that is
	// no person.
	Author   string
	AuthorID UserID
	Nodes    int
	// Modules is how many were asked for; Size is that of the flows in bytes.
	Modules   int
	Size      int64
	CreatedAt time.Time
	Version   int64
}

// NextSnapshotID makes the id of a snapshot that sorts behind last, which may
// have been made in the same millisecond or before a clock was put back.
func NextSnapshotID(now time.Time, last SnapshotID) SnapshotID {
	id := NewSnapshotID(now)
	if id > last {
		return id
	}
	b, err := idEncoding.DecodeString(strings.TrimPrefix(string(last), "n-"))
	if err != nil || len(b) < 6 {
		return id
	}
	ms := binary.BigEndian.Uint64(append([]byte{0, 0}, b[:6]...))
	return NewSnapshotID(time.UnixMilli(int64(ms) + 1))
}

// SnapshotKind says what made a snapshot.
type SnapshotKind string

// The kinds of snapshot.
const (
	SnapshotManual   SnapshotKind = "manual"
	SnapshotAuto     SnapshotKind = "auto"   // every change of an instance's content
	SnapshotSafety   SnapshotKind = "safety" // what was there before a restore
	SnapshotImported SnapshotKind = "import"
)

// Valid reports whether k is one of the kinds.
func (k SnapshotKind) Valid() bool {
	switch k {
	case SnapshotManual, SnapshotAuto, SnapshotSafety, SnapshotImported:
		return true
	}
	return false
}

// SnapshotTrigger is the change that an automatic snapshot was made of.
type SnapshotTrigger string

// The triggers.
const (
	TriggerCreate      SnapshotTrigger = "create"
	TriggerDeploy      SnapshotTrigger = "deploy"
	TriggerEnvironment SnapshotTrigger = "environment"
	TriggerModules     SnapshotTrigger = "modules"
	TriggerSettings    SnapshotTrigger = "settings"
	TriggerStack       SnapshotTrigger = "stack"
	TriggerRestore     SnapshotTrigger = "restore"
	TriggerImport      SnapshotTrigger = "import"
)

// What of the snapshots that were made by themselves is kept.
const (
	KeepNewestSnapshots = 50
	KeepDailySnapshots  = 30 * 24 * time.Hour
)

// PrunableSnapshots chooses, of an instance's automatic snapshots without a name,
// the newest first, those that no longer need to be kept: all but the newest
// fifty, and of the last thirty days the last one of each (in UTC).
func PrunableSnapshots(automatic []*Snapshot, now time.Time) []*Snapshot {
	var out []*Snapshot
	var day string
	for i, s := range automatic {
		last := day != s.CreatedAt.UTC().Format(time.DateOnly)
		day = s.CreatedAt.UTC().Format(time.DateOnly)
		if i < KeepNewestSnapshots || last && now.Sub(s.CreatedAt) < KeepDailySnapshots {
			continue
		}
		out = append(out, s)
	}
	return out
}
