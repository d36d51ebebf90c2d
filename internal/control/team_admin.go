package control

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"leat/api"
	"leat/internal/fleet"
	"leat/internal/store"
)

// TeamOverview is a team as administrators see it.
type TeamOverview struct {
	store.TeamCount
	TypeName string
}

// ListAll lists all teams, for administrators.
func (c *Teams) ListAll(ctx context.Context, who fleet.Actor, f store.TeamFilter, p store.Page) (list []*TeamOverview, next string, err error) {
	err = c.read(ctx, who, fleet.PlatformTeams, func(s *step) error {
		if err := s.may("", "team", ""); err != nil {
			return err
		}
		rows, more, err := s.AllTeams(f, p)
		if err != nil {
			return err
		}
		names, err := s.teamTypeNames()
		if err != nil {
			return err
		}
		next = more
		for _, t := range rows {
			list = append(list, &TeamOverview{*t, names[t.Type]})
		}
		return nil
	})
	return list, next, err
}

func (s *step) teamTypeNames() (map[fleet.TeamTypeID]string, error) {
	types, err := s.Tx.TeamTypes()
	names := make(map[fleet.TeamTypeID]string, len(types))
	for _, t := range types {
		names[t.ID] = t.Name
	}
	return names, err
}

// overview adds to a team what administrators see of it.
func (s *step) overview(t *fleet.Team) (*TeamOverview, error) {
	counted, err := s.CountTeam(t)
	if err != nil {
		return nil, err
	}
	names, err := s.teamTypeNames()
	return &TeamOverview{*counted, names[t.Type]}, err
}

// Overview returns any team, for administrators.
func (c *Teams) Overview(ctx context.Context, who fleet.Actor, team string) (t *TeamOverview, err error) {
	err = c.read(ctx, who, fleet.PlatformTeams, func(s *step) error {
		if err := s.may("", "team", team); err != nil {
			return err
		}
		found, err := s.findTeam(team)
		if err != nil {
			return err
		}
		t, err = s.overview(found)
		return err
	})
	return t, err
}

// Administer changes what administrators decide about a team: its type, its own
// limits, and whether it is suspended.
func (c *Teams) Administer(ctx context.Context, who fleet.Actor, team string, in api.EditAdminTeam, match int64) (t *TeamOverview, err error) {
	err = c.write(ctx, who, fleet.PlatformTeamEdit, func(s *step) error {
		if err := s.may("", "team", team); err != nil {
			return err
		}
		found, err := s.findTeam(team)
		if err != nil {
			return err
		}
		if match != 0 && match != found.Version {
			current, err := s.overview(found)
			if err != nil {
				return err
			}
			return stale(match, found.Version, current)
		}
		if err := s.administer(found, in); err != nil {
			return err
		}
		t, err = s.overview(found)
		return err
	})
	return t, err
}

func (s *step) administer(t *fleet.Team, in api.EditAdminTeam) error {
	old, diff := *t, changes{}
	if err := s.applyAdminTeam(t, in); err != nil {
		return err
	}
	diff.note("type", string(old.Type), string(t.Type))
	diff.noteAny("limits", limitsDetail(old.Limits), limitsDetail(t.Limits))
	held := old.Suspended() != t.Suspended() || t.Suspended() && old.SuspendReason != t.SuspendReason
	if len(diff) == 0 && !held {
		return nil
	}
	if err := s.AdministerTeam(t); err != nil {
		return err
	}
	s.hint(fleet.Event{Noun: "team", ID: string(t.ID), Team: t.ID, Version: t.Version})
	if len(diff) > 0 {
		if err := s.audit(fleet.AuditEvent{Event: "teams.edit", Team: t.ID, Object: string(t.ID), Name: t.Name, Detail: diff}); err != nil {
			return err
		}
	}
	if !held {
		return nil
	}
	return s.holdTeam(t)
}

const maxReasonText = 300

func (s *step) applyAdminTeam(t *fleet.Team, in api.EditAdminTeam) error {
	if in.Limits.Set {
		t.Limits = limitsIn(in.Limits.Value)
		if err := t.Limits.Check("limits"); err != nil {
			return err
		}
		if err := s.knownSizes(t.Limits, nil); err != nil {
			return err
		}
	}
	if in.SuspendReason.Set {
		reason := strings.TrimSpace(in.SuspendReason.Value)
		if !utf8.ValidString(reason) || utf8.RuneCountInString(reason) > maxReasonText {
			return fleet.InvalidField("suspendReason", "The reason is too long: at most 300 characters.")
		}
		t.SuspendReason = reason
	}
	switch {
	case !in.Suspended.Set || in.Suspended.Value == t.Suspended():
	case in.Suspended.Value:
		t.SuspendedAt = s.now
	default:
		t.SuspendedAt = time.Time{}
	}
	if !t.Suspended() {
		t.SuspendReason = ""
	}
	if in.Type.Set && in.Type.Value != string(t.Type) {
		return s.changeType(t, fleet.TeamTypeID(in.Type.Value))
	}
	return nil
}

// changeType gives a team another type where it fits into it; what does not fit
// is listed.
func (s *step) changeType(t *fleet.Team, id fleet.TeamTypeID) error {
	kind, err := s.Tx.TeamType(id)
	switch {
	case fleet.IsKind(err, fleet.NotFound):
		return fleet.InvalidField("type", "There is no such team type. Choose one of the list.")
	case err != nil:
		return err
	case !kind.Active:
		return fleet.InvalidField("type", "This team type is not offered any more. Choose another one.")
	}
	usage, err := s.usage(t.ID)
	if err != nil {
		return err
	}
	over := t.Limits.In(kind).Exceeded(usage)
	for _, size := range slices.Sorted(maps.Keys(usage.InstancesOfType)) {
		if !kind.Allows(size) {
			over = append(over, fleet.OverLimit{What: "instance-type:" + size, Limit: 0, Count: usage.InstancesOfType[size]})
		}
	}
	if len(over) > 0 {
		return &fleet.Error{
			Kind: fleet.Conflict, Code: "over_limit", Limits: over,
			Msg: fmt.Sprintf("The team has more than the type %s allows. Remove what is over, or give the team limits of its own.", kind.Name),
		}
	}
	t.Type = kind.ID
	return nil
}

// heldOrLetGo tells the timeline of an instance that stops or starts with its team.
func (s *step) heldOrLetGo(i *store.Instance, ran bool) error {
	switch runs := i.Want() == fleet.WantRunning; {
	case ran && !runs:
		return s.happened(&i.Instance, happening{kind: fleet.TimelineSuspend, by: s.who})
	case runs && !ran:
		return s.happened(&i.Instance, happening{kind: fleet.TimelineStart, by: s.who})
	}
	return nil
}

// holdTeam stops all instances of a team that was suspended, and lets those run
// again that ran, where it no longer is. What is wanted of each stays as it was.
func (s *step) holdTeam(t *fleet.Team) error {
	list, err := s.InstancesAlone(t.ID)
	if err != nil {
		return err
	}
	for _, i := range list {
		ran := i.Want() == fleet.WantRunning
		i.Held, i.UpdatedAt, i.Reason = t.Suspended(), s.now, ""
		if i.Held {
			i.Reason = t.HoldReason()
		}
		i.Observed = i.Observed.Towards(i.Want(), false)
		if err := s.HoldInstance(i); err != nil {
			return err
		}
		s.hintInstance(&i.Instance)
		if err := s.heldOrLetGo(i, ran); err != nil {
			return err
		}
	}
	event, detail := "team.unsuspend", map[string]any{"instances": len(list)}
	if t.Suspended() {
		event = "team.suspend"
		detail["reason"] = t.SuspendReason
	}
	return s.audit(fleet.AuditEvent{Event: event, Team: t.ID, Object: string(t.ID), Name: t.Name, Detail: detail})
}
