package store

import (
	"fmt"
	"time"

	"leat/internal/fleet"
	"leat/internal/store/query"
)

func snapshotOf(r query.SnapshotRow) *fleet.Snapshot {
	s := r.Snapshot
	out := &fleet.Snapshot{
		ID: s.ID, Application: s.ApplicationID, Team: s.TeamID, Instance: s.InstanceID, InstanceName: s.InstanceName, Name: s.Name,
		Description: s.Description, Digest: s.Digest, SecretsDigest: s.SecretsDigest, Kind: s.Kind, Trigger: s.Cause, From: s.Origin,
		Author: s.Author, AuthorID: s.AuthorID, Nodes: int(s.Nodes), Modules: int(s.ModuleCount), Size: s.Size,
		CreatedAt: fromMicros(s.CreatedAt), Version: s.Version,
	}
	if r.Living.Valid {
		out.InstanceName = r.Living.String
	}
	return out
}

// InsertSnapshot keeps a snapshot and its content. It gives s its id, which sorts
// behind those of the instance's other snapshots, what is counted of the content,
// and its first version. sealed are the secrets that s.SecretsDigest names; they
// are kept once for all snapshots that have the same.
func (tx *Tx) InsertSnapshot(s *fleet.Snapshot, c *Content, sealed []byte) error {
	if (s.SecretsDigest == "") != (len(sealed) == 0) {
		return fmt.Errorf("insert snapshot: secrets and their digest belong together")
	}
	var last fleet.SnapshotID
	var near []byte
	if s.Instance != "" {
		newest, err := tx.q.NewestSnapshot(tx.ctx, s.Instance)
		if err = noun(err, "snapshot", "read"); err != nil && !fleet.IsKind(err, fleet.NotFound) {
			return err
		}
		last, near = newest.Snapshot.ID, newest.Snapshot.Flows
	}
	s.ID = fleet.NextSnapshotID(s.CreatedAt, last)
	s.Digest, s.Nodes, s.Modules, s.Size, s.Version = c.Digest, c.Nodes, c.Modules, c.Size, 1
	if err := tx.putFlowList(c, near); err != nil {
		return err
	}
	for _, b := range []*body{&c.modules, &c.environment} {
		if err := tx.putBody(b); err != nil {
			return err
		}
	}
	if len(sealed) > 0 {
		if err := tx.q.InsertSnapshotSecret(tx.ctx, s.SecretsDigest, sealed); err != nil {
			return noun(err, "snapshot_secret", "insert")
		}
	}
	return noun(tx.q.InsertSnapshot(tx.ctx, query.InsertSnapshotParams{
		ID: s.ID, ApplicationID: s.Application, TeamID: s.Team, InstanceID: s.Instance, InstanceName: s.InstanceName, Name: s.Name,
		NameKey: fleet.NameKey(s.Name), Description: s.Description, Digest: s.Digest, SecretsDigest: s.SecretsDigest, Kind: s.Kind, Cause: s.Trigger,
		Origin: s.From, Author: s.Author, AuthorID: s.AuthorID, Nodes: int64(s.Nodes), ModuleCount: int64(s.Modules), Size: s.Size,
		CreatedAt: micros(s.CreatedAt), Version: s.Version, Stack: c.manifest.Stack, Settings: c.settings, Absent: c.absent,
		Flows: c.file[:], Modules: c.modules.hash[:], Environment: c.environment.hash[:],
	}), "snapshot", "insert")
}

// Snapshot finds a snapshot.
func (tx *Tx) Snapshot(id fleet.SnapshotID) (*fleet.Snapshot, error) {
	r, err := tx.q.Snapshot(tx.ctx, id)
	return snapshotOf(r), noun(err, "snapshot", "read")
}

// NewestSnapshot is the last one that was made of an instance; NotFound where
// none was.
func (tx *Tx) NewestSnapshot(id fleet.InstanceID) (*fleet.Snapshot, error) {
	r, err := tx.q.NewestSnapshot(tx.ctx, id)
	return snapshotOf(query.SnapshotRow(r)), noun(err, "snapshot", "read")
}

// UpdateSnapshot writes name and description over the version that s was read at.
func (tx *Tx) UpdateSnapshot(s *fleet.Snapshot) error {
	n, err := tx.q.UpdateSnapshot(tx.ctx, query.UpdateSnapshotParams{
		ID: s.ID, Name: s.Name, NameKey: fleet.NameKey(s.Name), Description: s.Description, Version: s.Version,
	})
	s.Version++
	return versioned(n, err, "snapshot")
}

// DeleteSnapshot removes a snapshot and what of its content nothing else uses.
func (tx *Tx) DeleteSnapshot(id fleet.SnapshotID) error {
	s, err := tx.q.DeleteSnapshot(tx.ctx, id)
	if err != nil {
		return noun(err, "snapshot", "delete")
	}
	if err := tx.freeFlowList(hashOf(s.Flows)); err != nil {
		return err
	}
	for _, h := range [][]byte{s.Modules, s.Environment} {
		if err := tx.q.FreeSnapshotBody(tx.ctx, h); err != nil {
			return noun(err, "snapshot_body", "delete")
		}
	}
	if s.SecretsDigest == "" {
		return nil
	}
	return noun(tx.q.FreeSnapshotSecret(tx.ctx, s.SecretsDigest), "snapshot_secret", "delete")
}

// SnapshotUse is what a snapshot is needed for.
type SnapshotUse struct {
	// Newest is set where it is what its instance is now.
	Newest bool
	// Restored is how many snapshots that are kept came from it.
	Restored int
}

// SnapshotUse tells what a snapshot is needed for.
func (tx *Tx) SnapshotUse(id fleet.SnapshotID) (u SnapshotUse, err error) {
	r, err := tx.q.SnapshotUse(tx.ctx, id)
	return SnapshotUse{Newest: r.Newest != 0, Restored: int(r.Restored)}, noun(err, "snapshot", "read")
}

// InUse reports whether there is any use.
func (u SnapshotUse) InUse() bool { return u.Newest || u.Restored > 0 }

// PrunableSnapshots are an instance's snapshots that were made by themselves and
// neither the rule of [fleet.PrunableSnapshots] nor a use keeps.
func (tx *Tx) PrunableSnapshots(id fleet.InstanceID, now time.Time) ([]fleet.SnapshotID, error) {
	rows, err := tx.q.AutomaticSnapshots(tx.ctx, id)
	if err != nil {
		return nil, noun(err, "snapshot", "list")
	}
	automatic := each(rows, func(r query.AutomaticSnapshotsRow) *fleet.Snapshot {
		return &fleet.Snapshot{ID: r.ID, CreatedAt: fromMicros(r.CreatedAt)}
	})
	var out []fleet.SnapshotID
	for _, s := range fleet.PrunableSnapshots(automatic, now) {
		use, err := tx.SnapshotUse(s.ID)
		if err != nil {
			return nil, err
		}
		if !use.InUse() {
			out = append(out, s.ID)
		}
	}
	return out, nil
}

// SnapshotsOften names the instances with so many snapshots made by themselves
// that some may be prunable.
func (tx *Tx) SnapshotsOften() ([]fleet.InstanceID, error) {
	ids, err := tx.q.SnapshotsOften(tx.ctx, fleet.KeepNewestSnapshots)
	return ids, noun(err, "snapshot", "list")
}

// leaveSnapshots takes the snapshots of an instance that goes: what was made by
// itself goes with it, what somebody made or named stays in the application.
func (tx *Tx) leaveSnapshots(id fleet.InstanceID) error {
	automatic, err := tx.q.AutomaticSnapshots(tx.ctx, id)
	if err != nil {
		return noun(err, "snapshot", "list")
	}
	for _, s := range automatic {
		if err := tx.DeleteSnapshot(s.ID); err != nil {
			return err
		}
	}
	return noun(tx.q.LeaveSnapshots(tx.ctx, id), "snapshot", "update")
}

// deleteSnapshotsOf removes all snapshots of an application that goes.
func (tx *Tx) deleteSnapshotsOf(id fleet.ApplicationID) error {
	ids, err := tx.q.SnapshotIDsOfApplication(tx.ctx, id)
	if err != nil {
		return noun(err, "snapshot", "list")
	}
	for _, s := range ids {
		if err := tx.DeleteSnapshot(s); err != nil {
			return err
		}
	}
	return nil
}
