package control

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"leat/internal/fleet"
)

// TeamUsage is what a team may have and what it has.
type TeamUsage struct {
	Type *fleet.TeamType
	// Limits are those in force.
	Limits fleet.Limits
	Usage  fleet.Usage
	// InstanceTypes are the sizes that it may use for new instances.
	InstanceTypes []string
}

// Usage tells what a team may have and what it has.
func (c *Teams) Usage(ctx context.Context, who fleet.Actor, team string) (out *TeamUsage, err error) {
	err = c.read(ctx, who, fleet.TeamRead, func(s *step) error {
		t, err := s.inTeam(team)
		if err != nil {
			return err
		}
		kind, limits, err := s.teamLimits(t)
		if err != nil {
			return err
		}
		usage, err := s.usage(t.ID)
		if err != nil {
			return err
		}
		sizes, err := s.Tx.InstanceTypes()
		if err != nil {
			return err
		}
		out = &TeamUsage{Type: kind, Limits: limits, Usage: usage}
		for _, size := range sizes {
			if size.Active && kind.Allows(size.ID) {
				out.InstanceTypes = append(out.InstanceTypes, size.ID)
			}
		}
		return nil
	})
	return out, err
}

// teamLimits reads a team's type and the limits in force.
func (s *step) teamLimits(t *fleet.Team) (*fleet.TeamType, fleet.Limits, error) {
	kind, err := s.Tx.TeamType(t.Type)
	if err != nil {
		return nil, fleet.Limits{}, fmt.Errorf("type of team %s: %w", t.ID, err)
	}
	return kind, t.Limits.In(kind), nil
}

func (s *step) usage(id fleet.TeamID) (u fleet.Usage, err error) {
	if u.Members, err = s.CountMembers(id); err != nil {
		return u, err
	}
	if u.InstancesOfType, err = s.CountInstancesByType(id); err != nil {
		return u, err
	}
	for _, n := range u.InstancesOfType {
		u.Instances += n
	}
	u.Snapshots, err = s.MostKeptSnapshots(id)
	return u, err
}

// roomForMember refuses one member more than a team may have.
func (s *step) roomForMember(t *fleet.Team) error {
	_, limits, err := s.teamLimits(t)
	if err != nil || limits.Members == nil {
		return err
	}
	n, err := s.CountMembers(t.ID)
	if err == nil && n >= *limits.Members {
		return fleet.ErrLimit("members", "members", *limits.Members, n)
	}
	return err
}

// roomForSnapshot refuses one snapshot more that somebody makes of an instance
// than its team may keep.
func (s *step) roomForSnapshot(i *fleet.Instance) error {
	t, err := s.Team(i.Team)
	if err != nil {
		return err
	}
	_, limits, err := s.teamLimits(t)
	if err != nil || limits.Snapshots == nil {
		return err
	}
	n, err := s.CountKeptSnapshots(i.ID)
	if err == nil && n >= *limits.Snapshots {
		return fleet.ErrLimit("snapshots", "snapshots of an instance", *limits.Snapshots, n)
	}
	return err
}

// sizeFor finds the size that an instance of a team is to have, the default where
// none is asked for, and refuses what the team may not have. had is the size that
// the instance has, empty for a new one.
func (s *step) sizeFor(team fleet.TeamID, asked, had string) (string, error) {
	if asked == had && had != "" {
		return had, nil
	}
	t, err := s.Team(team)
	if err != nil {
		return "", err
	}
	if had == "" && t.Suspended() {
		return "", errSuspended(t)
	}
	kind, limits, err := s.teamLimits(t)
	if err != nil {
		return "", err
	}
	size, err := s.allowedSize(kind, asked)
	if err != nil {
		return "", err
	}
	return size.ID, s.roomForInstance(t, limits, size, had == "")
}

// errSuspended says that a team's instances may not run, and why.
func errSuspended(t *fleet.Team) error {
	return &fleet.Error{Kind: fleet.Conflict, Code: "team_suspended", Msg: t.HoldReason() + " Ask an administrator of the platform."}
}

// allowedSize finds the size that was asked for among those of a team type.
func (s *step) allowedSize(kind *fleet.TeamType, asked string) (*fleet.InstanceType, error) {
	if asked == "" {
		return s.defaultSize(kind)
	}
	size, err := s.Tx.InstanceType(asked)
	switch {
	case fleet.IsKind(err, fleet.NotFound):
		return nil, fleet.InvalidField("instanceType", "There is no such instance type. Choose one of the list.")
	case err != nil:
		return nil, err
	case !size.Active:
		return nil, fleet.InvalidField("instanceType", "This instance type is not offered any more. Choose another one.")
	case !kind.Allows(asked):
		return nil, fleet.InvalidField("instanceType", "Teams of the type "+kind.Name+" may not use this instance type. An administrator of the platform can change that.")
	}
	return size, nil
}

// defaultSize is the platform's default where a team may use it, else the first
// that it may.
func (s *step) defaultSize(kind *fleet.TeamType) (*fleet.InstanceType, error) {
	sizes, err := s.Tx.InstanceTypes()
	if err != nil {
		return nil, err
	}
	sizes = slices.DeleteFunc(sizes, func(t *fleet.InstanceType) bool { return !t.Active || !kind.Allows(t.ID) })
	if n := slices.IndexFunc(sizes, func(t *fleet.InstanceType) bool { return t.Default }); n >= 0 {
		return sizes[n], nil
	}
	if len(sizes) == 0 {
		return nil, fleet.InvalidField("instanceType", "Teams of the type "+kind.Name+" may use no instance type. An administrator of the platform can change that.")
	}
	return sizes[0], nil
}

// roomForInstance refuses one instance more of a size than a team may have. A
// change of size is one more of it, and none more in all.
func (s *step) roomForInstance(t *fleet.Team, limits fleet.Limits, size *fleet.InstanceType, another bool) error {
	ofSize, limited := limits.InstancesOfType[size.ID]
	if !limited && (limits.Instances == nil || !another) {
		return nil
	}
	counts, err := s.CountInstancesByType(t.ID)
	if err != nil {
		return err
	}
	all := 0
	for n := range maps.Values(counts) {
		all += n
	}
	switch {
	case another && limits.Instances != nil && all >= *limits.Instances:
		return fleet.ErrLimit("instances", "instances", *limits.Instances, all)
	case limited && counts[size.ID] >= ofSize:
		return fleet.ErrLimit("instances:"+size.ID, "instances of the type "+size.Name, ofSize, counts[size.ID])
	}
	return nil
}
