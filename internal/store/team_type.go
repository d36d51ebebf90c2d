package store

import (
	"encoding/json"
	"fmt"

	"leat/internal/fleet"
	"leat/internal/store/query"
)

const teamTypeTaken = "Another team type has this name. Choose another."

func teamTypeOf(r query.TeamType) *fleet.TeamType {
	t := &fleet.TeamType{
		ID: r.ID, Name: r.Name, Description: r.Description, Order: int(r.Place), Active: r.Active, Default: r.ByDefault,
		Limits: limitsOf(r.Limits), Version: r.Version, CreatedAt: fromMicros(r.CreatedAt),
	}
	if json.Unmarshal([]byte(r.InstanceTypes), &t.InstanceTypes) != nil {
		t.InstanceTypes = nil
	}
	return t
}

// Limits are kept as JSON.
func limitsOf(text string) fleet.Limits {
	var l fleet.Limits
	if json.Unmarshal([]byte(text), &l) != nil {
		return fleet.Limits{}
	}
	return l
}

func jsonText(v any) (string, error) {
	b, err := json.Marshal(v)
	if err != nil {
		return "", fmt.Errorf("encode: %w", err)
	}
	return string(b), nil
}

func listText(list []string) (string, error) {
	if list == nil {
		list = []string{}
	}
	return jsonText(list)
}

// InsertTeamType adds a team type; a name that another has is a Conflict.
func (tx *Tx) InsertTeamType(t *fleet.TeamType) error {
	limits, err := jsonText(t.Limits)
	if err != nil {
		return err
	}
	types, err := listText(t.InstanceTypes)
	if err != nil {
		return err
	}
	err = tx.q.InsertTeamType(tx.ctx, query.InsertTeamTypeParams{
		ID: t.ID, Name: t.Name, NameKey: fleet.NameKey(t.Name), Description: t.Description, Place: int64(t.Order), Active: t.Active,
		ByDefault: t.Default, Limits: limits, InstanceTypes: types, Version: t.Version, CreatedAt: micros(t.CreatedAt),
	})
	return taken(err, "team type", "name_taken", teamTypeTaken)
}

// TeamType finds a team type.
func (tx *Tx) TeamType(id fleet.TeamTypeID) (*fleet.TeamType, error) {
	r, err := tx.q.TeamType(tx.ctx, id)
	return teamTypeOf(r), noun(err, "team_type", "read")
}

// DefaultTeamType is the one that new teams get.
func (tx *Tx) DefaultTeamType() (*fleet.TeamType, error) {
	r, err := tx.q.DefaultTeamType(tx.ctx)
	return teamTypeOf(r), noun(err, "team_type", "read")
}

// TeamTypes lists all team types in their order.
func (tx *Tx) TeamTypes() ([]*fleet.TeamType, error) {
	rows, err := tx.q.TeamTypes(tx.ctx)
	return each(rows, teamTypeOf), noun(err, "team_type", "list")
}

// UpdateTeamType writes what t holds over the version that t was read at.
func (tx *Tx) UpdateTeamType(t *fleet.TeamType) error {
	limits, err := jsonText(t.Limits)
	if err != nil {
		return err
	}
	types, err := listText(t.InstanceTypes)
	if err != nil {
		return err
	}
	n, err := tx.q.UpdateTeamType(tx.ctx, query.UpdateTeamTypeParams{
		ID: t.ID, Name: t.Name, NameKey: fleet.NameKey(t.Name), Description: t.Description, Place: int64(t.Order), Active: t.Active,
		ByDefault: t.Default, Limits: limits, InstanceTypes: types, Version: t.Version,
	})
	if isDuplicate(err) {
		return taken(err, "team type", "name_taken", teamTypeTaken)
	}
	t.Version++
	return versioned(n, err, "team type")
}

// ClearDefaultTeamType takes the default from every type but one.
func (tx *Tx) ClearDefaultTeamType(but fleet.TeamTypeID) error {
	return noun(tx.q.ClearDefaultTeamType(tx.ctx, but), "team_type", "update")
}

// DeleteTeamType removes a team type; no team may have it.
func (tx *Tx) DeleteTeamType(id fleet.TeamTypeID) error {
	n, err := tx.q.DeleteTeamType(tx.ctx, id)
	return one(n, err, "team_type", "delete")
}

// CountTeamsOfType counts the teams that have a type.
func (tx *Tx) CountTeamsOfType(id fleet.TeamTypeID) (int64, error) {
	n, err := tx.q.CountTeamsOfType(tx.ctx, id)
	return n, noun(err, "team", "count")
}

// TeamKind counts the teams of one type.
type TeamKind struct {
	Type             fleet.TeamTypeID
	Teams, Suspended int
}

// TeamKinds counts teams by their type.
func (tx *Tx) TeamKinds() ([]TeamKind, error) {
	rows, err := tx.q.TeamKinds(tx.ctx)
	return each(rows, func(r query.TeamKindsRow) TeamKind {
		return TeamKind{r.TypeID, int(r.Teams), int(r.Suspended)}
	}), noun(err, "team", "count")
}

// CountKeptSnapshots counts the snapshots of an instance that people made.
func (tx *Tx) CountKeptSnapshots(id fleet.InstanceID) (int, error) {
	n, err := tx.q.CountKeptSnapshots(tx.ctx, id)
	return int(n), noun(err, "snapshot", "count")
}

// MostKeptSnapshots is the most snapshots that people made of one instance of a
// team.
func (tx *Tx) MostKeptSnapshots(id fleet.TeamID) (int, error) {
	n, err := tx.q.MostKeptSnapshots(tx.ctx, id)
	return int(n), noun(err, "snapshot", "count")
}
