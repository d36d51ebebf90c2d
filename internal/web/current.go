package web

import (
	"leat/api"
	"leat/internal/control"
	"leat/internal/fleet"
	"leat/internal/store"
)

// current shows the noun that somebody changed before the caller did.
func (s *Server) current(c *call, noun any) any {
	switch n := noun.(type) {
	case *fleet.User:
		return userView(n)
	case *store.TeamRole:
		return teamView(n)
	case *control.PlatformSettings:
		return s.settingsView(n)
	case *control.MailState:
		return mailView(n)
	case *control.TeamOverview:
		return adminTeamView(n)
	case *control.TeamTypeCount:
		return teamTypeView(n)
	case *control.InstanceTypeCount:
		return instanceTypeView(n)
	case *control.ApplicationCount:
		return applicationView(n)
	case *control.Instance:
		return s.instanceView(c)(n)
	case *fleet.Snapshot:
		return snapshotView(n)
	case *api.Environment:
		return n
	}
	return nil
}
