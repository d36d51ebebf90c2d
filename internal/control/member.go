package control

import (
	"context"

	"leat/api"
	"leat/internal/fleet"
	"leat/internal/store"
)

// Members is the verbs of who is in a team.
type Members struct{ *core }

// List lists a team's members. Their e-mail addresses are for who may change
// members.
func (c *Members) List(ctx context.Context, who fleet.Actor, team string, p store.Page) (list []*store.Member, next string, err error) {
	err = c.read(ctx, who, fleet.MemberList, func(s *step) error {
		t, err := s.inTeam(team)
		if err != nil {
			return err
		}
		if list, next, err = s.Members(t.ID, p); err != nil {
			return err
		}
		if who.May(fleet.MemberEdit, s.role, "team") != nil && !who.Admin {
			for _, m := range list {
				if m.User != who.User {
					m.Email = ""
				}
			}
		}
		return nil
	})
	return list, next, err
}

// SetRole changes a member's role.
func (c *Members) SetRole(ctx context.Context, who fleet.Actor, team string, user fleet.UserID, in api.EditMember) (m *store.Member, err error) {
	role := fleet.Role(in.Role)
	if !role.Valid() {
		return nil, fleet.InvalidField("role", "A role is owner, member, viewer or dashboard.")
	}
	err = c.write(ctx, who, fleet.MemberEdit, func(s *step) error {
		t, err := s.inTeam(team)
		if err != nil {
			return err
		}
		if m, err = s.Member(t.ID, user); err != nil || m.Role == role {
			return err
		}
		diff := changes{}
		diff.note("role", string(m.Role), string(role))
		m.Role = role
		if err := s.SetMemberRole(t.ID, user, role); err != nil {
			return err
		}
		if err := s.keepAnOwner(t.ID); err != nil {
			return err
		}
		s.hint(fleet.Event{Noun: "member", ID: string(user), Team: t.ID, User: user})
		return s.audit(fleet.AuditEvent{Event: "member.edit", Team: t.ID, Object: string(user), Name: m.Username, Detail: diff})
	})
	return m, err
}

// Remove takes a member out of a team: everybody themselves, owners others too.
func (c *Members) Remove(ctx context.Context, who fleet.Actor, team string, user fleet.UserID) error {
	return c.write(ctx, who, fleet.TeamLeave, func(s *step) error {
		t, err := s.inTeam(team)
		if err != nil {
			return err
		}
		if user != who.User {
			s.perm = fleet.MemberEdit // on top of TeamLeave, which all members have
			if err := who.May(s.perm, s.role, "team"); err != nil {
				return err
			}
		}
		m, err := s.Member(t.ID, user)
		if err != nil {
			return err
		}
		if err := s.DeleteMember(t.ID, user); err != nil {
			return err
		}
		if err := s.keepAnOwner(t.ID); err != nil {
			return err
		}
		s.hint(fleet.Event{Noun: "member", ID: string(user), Team: t.ID, User: user, Deleted: true})
		return s.audit(fleet.AuditEvent{Event: "member.delete", Team: t.ID, Object: string(user), Name: m.Username, Detail: map[string]any{"role": string(m.Role)}})
	})
}

// keepAnOwner refuses a change after which a team had no owner.
func (s *step) keepAnOwner(team fleet.TeamID) error {
	n, err := s.CountOwners(team)
	if err == nil && n == 0 {
		return &fleet.Error{Kind: fleet.Conflict, Code: "last_owner", Msg: "This is the team's last owner. Make somebody else an owner first."}
	}
	return err
}
