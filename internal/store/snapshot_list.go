package store

import (
	"fmt"

	"leat/internal/fleet"
	"leat/internal/store/query"
)

// SnapshotFilter says which snapshots are wanted; the zero one wants all. Where a
// page asks for words, only snapshots with a name are looked at.
type SnapshotFilter struct {
	Kind fleet.SnapshotKind
	// Named keeps those that somebody gave a name, and thereby keeps.
	Named bool
}

const snapshotColumns = `s.id, s.application_id, s.team_id, s.instance_id, s.instance_name, s.name, s.description, s.digest, s.secrets_digest, s.kind,
s.cause, s.origin, s.author, s.author_id, s.nodes, s.module_count, s.size, s.created_at, s.version, i.name`

// SnapshotsOfInstance lists an instance's snapshots, the newest first.
func (tx *Tx) SnapshotsOfInstance(id fleet.InstanceID, f SnapshotFilter, p Page) ([]*fleet.Snapshot, string, error) {
	return tx.snapshots("instance", string(id), f, p)
}

// SnapshotsOfApplication lists an application's snapshots, the newest first.
func (tx *Tx) SnapshotsOfApplication(id fleet.ApplicationID, f SnapshotFilter, p Page) ([]*fleet.Snapshot, string, error) {
	return tx.snapshots("application", string(id), f, p)
}

// SnapshotsOfTeam lists a team's snapshots, the newest first.
func (tx *Tx) SnapshotsOfTeam(id fleet.TeamID, f SnapshotFilter, p Page) ([]*fleet.Snapshot, string, error) {
	return tx.snapshots("team", string(id), f, p)
}

// snapshots lists the snapshots of an owner; each filter is an index that goes on
// with the id.
func (tx *Tx) snapshots(owner, id string, f SnapshotFilter, p Page) ([]*fleet.Snapshot, string, error) {
	before, err := p.before()
	if err != nil {
		return nil, "", err
	}
	index := "snapshot_" + owner
	where, args := fmt.Sprintf("s.%s_id = $1 and s.id < $2", owner), []any{id, before}
	with := func(condition string, value any) {
		args = append(args, value)
		where += fmt.Sprintf(" and "+condition, len(args))
	}
	if f.Kind != "" {
		index = "snapshot_" + owner + "_kind"
		with("s.kind = $%d", f.Kind)
	}
	if f.Named || p.Q != "" {
		if f.Kind == "" {
			index = "snapshot_" + owner + "_named"
		}
		where += " and s.name_key <> ''"
	}
	if p.Q != "" {
		with(`' ' || replace(replace(s.name_key, '-', ' '), '_', ' ') like $%d escape '\'`, wordPattern(p.Q))
	}
	args = append(args, p.limit())
	rows, err := tx.snapshotRows(fmt.Sprintf("select %s from snapshot s%s left join instance i on i.id = s.instance_id where %s order by s.id desc limit $%d",
		snapshotColumns, tx.indexed(index), where, len(args)), args)
	if err != nil {
		return nil, "", noun(err, "snapshot", "list")
	}
	rows, next := cut(p, rows, func(s *fleet.Snapshot) []string { return []string{string(s.ID)} })
	return rows, next, nil
}

// indexed tells SQLite which index to take; it has no statistics to choose by.
func (tx *Tx) indexed(index string) string {
	if _, lite := tx.db.(*conn); !lite {
		return ""
	}
	return " indexed by " + index
}

func (tx *Tx) snapshotRows(text string, args []any) ([]*fleet.Snapshot, error) {
	rows, err := tx.db.QueryContext(tx.ctx, text, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []*fleet.Snapshot
	for rows.Next() {
		var r query.SnapshotRow
		s := &r.Snapshot
		if err := rows.Scan(&s.ID, &s.ApplicationID, &s.TeamID, &s.InstanceID, &s.InstanceName, &s.Name, &s.Description, &s.Digest, &s.SecretsDigest,
			&s.Kind, &s.Cause, &s.Origin, &s.Author, &s.AuthorID, &s.Nodes, &s.ModuleCount, &s.Size, &s.CreatedAt, &s.Version, &r.Living); err != nil {
			return nil, err
		}
		out = append(out, snapshotOf(r))
	}
	return out, rows.Err()
}
