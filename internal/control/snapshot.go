package control

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"leat/api"
	"leat/internal/fleet"
	"leat/internal/store"
)

// Snapshots is the verbs of versions: what is kept, by whom and why.
type Snapshots struct{ *core }

// Snapshot is a snapshot, and why it cannot be deleted.
type Snapshot struct {
	fleet.Snapshot
	UsedBy []string
}

// inSnapshot finds a snapshot and asks whether the actor has the verb's
// permission in its team.
func (s *step) inSnapshot(id fleet.SnapshotID) (*fleet.Snapshot, error) {
	snap, err := s.Snapshot(id)
	if fleet.IsKind(err, fleet.NotFound) {
		s.asked = true
		return nil, err
	}
	if err != nil {
		return nil, err
	}
	err = s.may(snap.Team, "snapshot", string(id))
	s.refusal.Application, s.refusal.Name = snap.Application, snap.Name
	return snap, err
}

// auditSnapshot writes what happened to a snapshot.
func (s *step) auditSnapshot(event string, snap *fleet.Snapshot, detail map[string]any) error {
	if detail == nil {
		detail = map[string]any{}
	}
	if snap.Instance != "" {
		detail["instance"] = string(snap.Instance)
	}
	return s.audit(fleet.AuditEvent{Event: event, Team: snap.Team, Application: snap.Application, Object: string(snap.ID), Name: snap.Name, Detail: detail})
}

// ListInstance lists an instance's snapshots, the newest first.
func (c *Snapshots) ListInstance(ctx context.Context, who fleet.Actor, id fleet.InstanceID, f store.SnapshotFilter, p store.Page) (list []*fleet.Snapshot, next string, err error) {
	err = c.read(ctx, who, fleet.SnapshotRead, func(s *step) error {
		if _, err := s.inInstance(id); err != nil {
			return err
		}
		list, next, err = s.SnapshotsOfInstance(id, f, p)
		return err
	})
	return list, next, err
}

// ListApplication lists an application's snapshots, the newest first.
func (c *Snapshots) ListApplication(ctx context.Context, who fleet.Actor, id fleet.ApplicationID, f store.SnapshotFilter, p store.Page) (list []*fleet.Snapshot, next string, err error) {
	err = c.read(ctx, who, fleet.SnapshotRead, func(s *step) error {
		if _, err := s.inApplication(id); err != nil {
			return err
		}
		list, next, err = s.SnapshotsOfApplication(id, f, p)
		return err
	})
	return list, next, err
}

// ListTeam lists a team's snapshots, the newest first.
func (c *Snapshots) ListTeam(ctx context.Context, who fleet.Actor, team string, f store.SnapshotFilter, p store.Page) (list []*fleet.Snapshot, next string, err error) {
	err = c.read(ctx, who, fleet.SnapshotRead, func(s *step) error {
		t, err := s.inTeam(team)
		if err != nil {
			return err
		}
		list, next, err = s.SnapshotsOfTeam(t.ID, f, p)
		return err
	})
	return list, next, err
}

// Get returns a snapshot, with what uses it.
func (c *Snapshots) Get(ctx context.Context, who fleet.Actor, id fleet.SnapshotID) (out *Snapshot, err error) {
	err = c.read(ctx, who, fleet.SnapshotRead, func(s *step) error {
		snap, err := s.inSnapshot(id)
		if err != nil {
			return err
		}
		out = &Snapshot{Snapshot: *snap}
		out.UsedBy, err = s.usesOf(snap)
		return err
	})
	return out, err
}

// usesOf says in a sentence each what a snapshot is needed for.
func (s *step) usesOf(snap *fleet.Snapshot) ([]string, error) {
	use, err := s.SnapshotUse(snap.ID)
	if err != nil {
		return nil, err
	}
	var out []string
	if use.Newest {
		out = append(out, fmt.Sprintf("It is what the instance %s is now.", snap.InstanceName))
	}
	switch use.Restored {
	case 0:
	case 1:
		out = append(out, "Another snapshot, which is kept, came from it.")
	default:
		out = append(out, fmt.Sprintf("%d other snapshots, which are kept, came from it.", use.Restored))
	}
	return out, nil
}

// Flows returns a snapshot's flows.
func (c *Snapshots) Flows(ctx context.Context, who fleet.Actor, id fleet.SnapshotID) (out *api.Flows, err error) {
	var flows json.RawMessage
	err = c.read(ctx, who, fleet.SnapshotRead, func(s *step) error {
		if _, err := s.inSnapshot(id); err != nil {
			return err
		}
		flows, err = s.SnapshotFlows(id)
		return err
	})
	if err != nil {
		return nil, err
	}
	return flowsOf(flows)
}

// Create keeps what an instance is now, under a name.
func (c *Snapshots) Create(ctx context.Context, who fleet.Actor, id fleet.InstanceID, in api.NewSnapshot, key Key) (snap *fleet.Snapshot, err error) {
	name, description, err := snapshotName(in.Name, in.Description)
	if err != nil {
		return nil, err
	}
	if name == "" {
		name = defaultName(c.Now())
	}
	d, err := c.draftOf(ctx, who, fleet.SnapshotCreate, id, func(*holding) error { return nil })
	if err != nil {
		return nil, err
	}
	err = c.write(ctx, who, fleet.SnapshotCreate, func(s *step) error {
		i, err := s.inInstance(id)
		if err != nil {
			return err
		}
		if done, err := s.replay(key); done != nil || err != nil {
			return replayed(done, err, func(made string) error { snap, err = s.Snapshot(fleet.SnapshotID(made)); return err })
		}
		snap = s.snapshotOf(&i.Instance, s.who)
		snap.Kind, snap.Name, snap.Description = fleet.SnapshotManual, name, description
		if err := s.keepNow(&i.Instance, d, snap); err != nil {
			return err
		}
		return s.remember(key, string(snap.ID), nil)
	})
	return snap, err
}

// keepNow keeps what an instance is now as a snapshot that somebody asked for.
func (s *step) keepNow(i *store.Instance, d *draft, snap *fleet.Snapshot) error {
	if err := s.roomForSnapshot(&i.Instance); err != nil {
		return err
	}
	before, err := s.newest(i.ID)
	if err != nil {
		return err
	}
	if d, err = s.fitting(i, d); err != nil {
		return err
	}
	snap.SecretsDigest = d.secrets
	if err := s.InsertSnapshot(snap, d.content, d.sealed); err != nil {
		return err
	}
	s.hintSnapshot(snap)
	h := happening{kind: fleet.TimelineSnapshot, by: s.who, snapshot: snap.ID, summary: api.TimelineSummary{Name: snap.Name, Source: string(snap.ID), Nodes: snap.Nodes}}
	if before != nil {
		h.before = before.ID
	}
	if err := s.happened(&i.Instance, h); err != nil {
		return err
	}
	return s.auditSnapshot("snapshot.create", snap, map[string]any{"digest": snap.Digest})
}

// defaultName names a snapshot that nobody gave a name.
func defaultName(now time.Time) string {
	return "Snapshot of " + now.UTC().Format("2006-01-02 15:04:05") + " UTC"
}

func snapshotName(name, description string) (string, string, error) {
	var errs [2]error
	if strings.TrimSpace(name) != "" {
		name, errs[0] = fleet.CleanName("name", name)
	} else {
		name = ""
	}
	description, errs[1] = cleanNote(description)
	return name, description, together(errs[:]...)
}

func cleanNote(text string) (string, error) {
	text = strings.TrimSpace(text)
	if !utf8.ValidString(text) || utf8.RuneCountInString(text) > fleet.MaxSnapshotDescription {
		return "", fleet.InvalidField("description", fmt.Sprintf("The description is too long: at most %d characters.", fleet.MaxSnapshotDescription))
	}
	return text, nil
}

// Update renames a snapshot. One that was made by itself is kept for good once it
// has a name.
func (c *Snapshots) Update(ctx context.Context, who fleet.Actor, id fleet.SnapshotID, in api.EditSnapshot, match int64) (snap *fleet.Snapshot, err error) {
	err = c.write(ctx, who, fleet.SnapshotEdit, func(s *step) error {
		if snap, err = s.inSnapshot(id); err != nil {
			return err
		}
		if err := stale(match, snap.Version, snap); err != nil {
			return err
		}
		old, diff := *snap, changes{}
		var errs [2]error
		if in.Name.Set {
			snap.Name, errs[0] = fleet.CleanName("name", in.Name.Value)
		}
		if in.Description.Set {
			snap.Description, errs[1] = cleanNote(in.Description.Value)
		}
		if err := together(errs[:]...); err != nil {
			return err
		}
		diff.note("name", old.Name, snap.Name)
		diff.note("description", old.Description, snap.Description)
		if len(diff) == 0 {
			return nil
		}
		if old.Name == "" && snap.Name != "" && snap.Instance != "" {
			if err := s.roomForSnapshot(&fleet.Instance{ID: snap.Instance, Team: snap.Team}); err != nil {
				return err
			}
		}
		if err := s.UpdateSnapshot(snap); err != nil {
			return err
		}
		s.hintSnapshot(snap)
		return s.auditSnapshot("snapshot.edit", snap, diff)
	})
	return snap, err
}

// Delete removes a snapshot that nothing uses.
func (c *Snapshots) Delete(ctx context.Context, who fleet.Actor, id fleet.SnapshotID) error {
	return c.write(ctx, who, fleet.SnapshotDelete, func(s *step) error {
		snap, err := s.inSnapshot(id)
		if err != nil {
			return err
		}
		uses, err := s.usesOf(snap)
		if err != nil {
			return err
		}
		if len(uses) > 0 {
			return &fleet.Error{Kind: fleet.Conflict, Code: "snapshot_in_use", Msg: "This snapshot cannot be deleted. " + strings.Join(uses, " ")}
		}
		if err := s.DeleteSnapshot(id); err != nil {
			return err
		}
		s.hint(fleet.Event{Noun: "snapshot", ID: string(id), Team: snap.Team, Deleted: true})
		return s.auditSnapshot("snapshot.delete", snap, map[string]any{"digest": snap.Digest, "kind": string(snap.Kind)})
	})
}

// pruneBatch is how many snapshots one transaction of the clean-up removes.
const pruneBatch = 20

// Prune removes the snapshots that were made by themselves and need no longer be
// kept.
func (c *Snapshots) Prune(ctx context.Context) error {
	var often []fleet.InstanceID
	err := c.DB.View(ctx, func(tx *store.Tx) (err error) {
		often, err = tx.SnapshotsOften()
		return err
	})
	if err != nil {
		return err
	}
	for _, id := range often {
		for more := true; more; {
			err := c.DB.Update(ctx, func(tx *store.Tx) (err error) {
				more, err = c.pruneSome(tx, id)
				return err
			})
			if err != nil {
				return err
			}
		}
	}
	return nil
}

func (c *Snapshots) pruneSome(tx *store.Tx, id fleet.InstanceID) (more bool, err error) {
	out, err := tx.PrunableSnapshots(id, c.Now())
	if err != nil {
		return false, err
	}
	if len(out) > pruneBatch {
		out, more = out[len(out)-pruneBatch:], true // the oldest first: newer ones may have come from them
	}
	for _, snap := range out {
		if err := tx.DeleteSnapshot(snap); err != nil {
			return false, err
		}
	}
	return more, nil
}
