package store

import (
	"encoding/json"
	"fmt"
	"time"

	"leat/internal/fleet"
	"leat/internal/store/query"
)

// StackLock is the lock of a stack, by its digest. It is kept as long as
// anything may be started on it.
type StackLock struct {
	Digest       string
	Lock         []byte
	Versions     fleet.StackVersions
	ArchiveBytes map[string]int64
	CreatedAt    time.Time
}

// InsertStackLock keeps a lock; one that is there already stays.
func (tx *Tx) InsertStackLock(l *StackLock) error {
	packed, err := pack(l.Lock)
	if err != nil {
		return err
	}
	bytes, err := json.Marshal(l.ArchiveBytes)
	if err != nil {
		return fmt.Errorf("encode sizes of a stack: %w", err)
	}
	return noun(tx.q.InsertStackLock(tx.ctx, query.InsertStackLockParams{
		Digest: l.Digest, Lock: packed, NodeRed: l.Versions.NodeRED, NodeJs: l.Versions.NodeJS, Dashboard: l.Versions.Dashboard,
		ArchiveBytes: string(bytes), CreatedAt: micros(l.CreatedAt),
	}), "stack", "insert")
}

// StackLock finds a lock.
func (tx *Tx) StackLock(digest string) (*StackLock, error) {
	r, err := tx.q.StackLock(tx.ctx, digest)
	if err != nil {
		return nil, noun(err, "stack", "read")
	}
	plain, err := unpack(r.Lock)
	return &StackLock{
		Digest: r.Digest, Lock: plain, Versions: fleet.StackVersions{NodeRED: r.NodeRed, NodeJS: r.NodeJs, Dashboard: r.Dashboard},
		ArchiveBytes: sizesOf(r.ArchiveBytes), CreatedAt: fromMicros(r.CreatedAt),
	}, err
}

func sizesOf(text string) map[string]int64 {
	var out map[string]int64
	if text == "" || json.Unmarshal([]byte(text), &out) != nil {
		return nil
	}
	return out
}

func stackOf(r query.StackRow) *fleet.Stack {
	s := &fleet.Stack{
		ID: r.Stack.ID, Name: r.Stack.Name, Digest: r.Stack.Digest, Reason: r.Stack.Reason, Active: r.Stack.Active, Default: r.Stack.IsDefault,
		ReplacedBy: r.Stack.ReplacedBy, BuiltIn: r.Stack.BuiltIn, Version: r.Stack.Version, CreatedAt: fromMicros(r.Stack.CreatedAt),
		Versions: fleet.StackVersions{NodeRED: r.NodeRed, NodeJS: r.NodeJs, Dashboard: r.Dashboard}, ArchiveBytes: sizesOf(r.ArchiveBytes),
	}
	if json.Unmarshal([]byte(r.Stack.Wanted), &s.Wanted) != nil {
		s.Wanted = fleet.StackVersions{}
	}
	return s
}

func wantedText(s *fleet.Stack) (string, error) {
	text, err := json.Marshal(s.Wanted)
	if err != nil {
		return "", fmt.Errorf("encode versions of a stack: %w", err)
	}
	return string(text), nil
}

// InsertStack adds a stack.
func (tx *Tx) InsertStack(s *fleet.Stack) error {
	wanted, err := wantedText(s)
	if err != nil {
		return err
	}
	return taken(tx.q.InsertStack(tx.ctx, query.InsertStackParams{
		ID: s.ID, Name: s.Name, NameKey: fleet.NameKey(s.Name), Digest: s.Digest, Wanted: wanted, Reason: s.Reason, Active: s.Active,
		IsDefault: s.Default, ReplacedBy: s.ReplacedBy, BuiltIn: s.BuiltIn, Version: s.Version, CreatedAt: micros(s.CreatedAt),
	}), "stack", "stack_exists", "There is a stack of these versions already.")
}

// Stack finds a stack.
func (tx *Tx) Stack(id string) (*fleet.Stack, error) {
	r, err := tx.q.Stack(tx.ctx, id)
	return stackOf(r), noun(err, "stack", "read")
}

// Stacks lists all stacks by name; there are few.
func (tx *Tx) Stacks() ([]*fleet.Stack, error) {
	rows, err := tx.q.Stacks(tx.ctx)
	return each(rows, func(r query.StacksRow) *fleet.Stack { return stackOf(query.StackRow(r)) }), noun(err, "stack", "list")
}

// UpdateStack writes a stack as it is to be.
func (tx *Tx) UpdateStack(s *fleet.Stack) error {
	wanted, err := wantedText(s)
	if err != nil {
		return err
	}
	n, err := tx.q.UpdateStack(tx.ctx, query.UpdateStackParams{
		ID: s.ID, Name: s.Name, NameKey: fleet.NameKey(s.Name), Digest: s.Digest, Wanted: wanted, Reason: s.Reason, Active: s.Active,
		IsDefault: s.Default, ReplacedBy: s.ReplacedBy, BuiltIn: s.BuiltIn,
	})
	s.Version++
	return one(n, err, "stack", "update")
}

// DeleteStack removes a stack; others that name it as their replacement have none.
func (tx *Tx) DeleteStack(id string) error {
	if err := tx.q.ForgetReplacement(tx.ctx, id); err != nil {
		return noun(err, "stack", "update")
	}
	n, err := tx.q.DeleteStack(tx.ctx, id)
	return one(n, err, "stack", "delete")
}

// StackCounts tells how many instances each stack has.
func (tx *Tx) StackCounts() (map[string]int, error) {
	rows, err := tx.q.CountStackUses(tx.ctx)
	out := make(map[string]int, len(rows))
	for _, r := range rows {
		out[r.Stack] = int(r.Instances)
	}
	return out, noun(err, "instance", "list")
}

// StackUse is an instance that runs on a stack.
type StackUse struct {
	Instance    fleet.InstanceID
	Name        string
	Team        fleet.TeamID
	TeamName    string
	Application fleet.ApplicationID
	State       fleet.State
	Digest      string
}

// StackUses lists the instances of a stack by name.
func (tx *Tx) StackUses(id string, p Page) ([]StackUse, string, error) {
	after, err := p.after(2)
	if err != nil {
		return nil, "", err
	}
	rows, err := tx.q.StackUses(tx.ctx, query.StackUsesParams{Stack: id, AfterName: after[0], AfterID: fleet.InstanceID(after[1]), Most: p.limit()})
	rows, next := cut(p, rows, func(r query.StackUsesRow) []string { return []string{r.NameKey, string(r.ID)} })
	return each(rows, func(r query.StackUsesRow) StackUse {
		return StackUse{r.ID, r.Name, r.TeamID, r.Team, r.ApplicationID, r.State, r.StackDigest}
	}), next, noun(err, "instance", "list")
}

// FrameInstance writes the stack of an instance and what it is given. It is no
// change of the row's version: whoever changes the configuration counts that.
func (tx *Tx) FrameInstance(i *fleet.Instance) error {
	n, err := tx.q.FrameInstance(tx.ctx, query.FrameInstanceParams{
		ID: i.ID, Stack: i.Stack, StackDigest: i.Given.Digest, MemoryMib: int64(i.Given.MemoryMiB), CpuPercent: int64(i.Given.CPUPercent),
	})
	return one(n, err, "instance", "update")
}

// KeepContext writes whether an instance's context is kept on the disk.
func (tx *Tx) KeepContext(id fleet.InstanceID, persistent bool) error {
	n, err := tx.q.KeepContext(tx.ctx, id, persistent)
	return one(n, err, "instance", "update")
}

// FramelessInstances lists those for which nobody decided yet what they are given.
func (tx *Tx) FramelessInstances() ([]*fleet.Instance, error) {
	rows, err := tx.q.FramelessInstances(tx.ctx)
	return each(rows, func(r query.FramelessInstancesRow) *fleet.Instance {
		return &fleet.Instance{ID: r.ID, Stack: r.Stack, Type: r.Type}
	}), noun(err, "instance", "list")
}

// DigestsInUse lists the locks that instances are given.
func (tx *Tx) DigestsInUse() ([]string, error) {
	list, err := tx.q.DigestsInUse(tx.ctx)
	return list, noun(err, "instance", "list")
}

// InstanceReports gives what every runner last said of itself.
func (tx *Tx) InstanceReports() ([]string, error) {
	list, err := tx.q.InstanceReports(tx.ctx)
	return list, noun(err, "instance", "list")
}

// DeleteStackLocks forgets the locks older than a time that nothing names.
func (tx *Tx) DeleteStackLocks(before time.Time) (int64, error) {
	n, err := tx.q.DeleteStackLocks(tx.ctx, micros(before))
	return n, noun(err, "stack", "delete")
}
