package control

import (
	"context"

	"leat/internal/fleet"
)

// Follow asks whether the caller may follow events, and those of a team where
// one is named. An open stream asks it again and again: the role is the one now.
func (c *Teams) Follow(ctx context.Context, who fleet.Actor, team string) (id fleet.TeamID, role fleet.Role, err error) {
	err = c.read(ctx, who, fleet.EventsFollow, func(s *step) error {
		if err := s.may("", "event", ""); err != nil || team == "" {
			return err
		}
		t, err := s.findTeam(team)
		if err != nil {
			return err
		}
		if role, err = s.Role(t.ID, who.User); err != nil {
			return err
		}
		if !role.Valid() && !who.Admin {
			return fleet.ErrNotFound("team")
		}
		id = t.ID
		return nil
	})
	return id, role, err
}
