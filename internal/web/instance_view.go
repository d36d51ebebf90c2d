package web

import (
	"strings"

	"leat/api"
	"leat/internal/control"
	"leat/internal/fleet"
)

// instanceView shows an instance to a caller, with addresses that work from
// where they are.
func (s *Server) instanceView(c *call) func(*control.Instance) api.Instance {
	return func(i *control.Instance) api.Instance {
		flows, editor := s.URLs(i.Label, c.host)
		out := api.Instance{
			ID: string(i.ID), Application: string(i.Application), Team: string(i.Team), Name: i.Name, Label: i.Label,
			State: string(i.Observed), Wanted: string(i.Wanted), ObservedAt: when(i.ObservedAt), Reason: i.Reason,
			Progress: progressView(i), URL: flows, EditorURL: editor, DashboardURL: dashboardURL(flows, i.Dashboard),
			InstanceType: i.Type, Stack: i.Stack, Persistent: i.PersistentContext, Update: i.Update, Access: string(i.Access), SafeMode: i.SafeMode, Protected: i.Protected, TimeZone: i.TimeZone,
			Ports: portsView(i.Ports), Isolation: i.Seen.Isolation, NodeRed: i.Seen.NodeRed, NodeJS: i.Seen.NodeJS,
			Modules: modulesView(i.Modules), StartedAt: when(i.Seen.StartedAt), Deploy: deployView(i.Deploy), Alerts: alertsView(i.Alerts),
			Version: i.Version, CreatedAt: i.CreatedAt.UTC(), UpdatedAt: i.UpdatedAt.UTC(),
		}
		out.Editing = editingView(i, c.who)
		if out.Isolation == nil {
			out.Isolation = []string{}
		}
		if out.Reason == "" && flows == "" && s.Trouble != nil {
			out.Reason = s.Trouble(i.Label)
		}
		return out
	}
}

func (s *Server) dashboardView(c *call) func(*control.Instance) api.Dashboard {
	return func(i *control.Instance) api.Dashboard {
		flows, _ := s.URLs(i.Label, c.host)
		return api.Dashboard{Instance: string(i.ID), Name: i.Name, State: string(i.Observed), URL: dashboardURL(flows, i.Dashboard)}
	}
}

// dashboardURL is where an instance's dashboard answers. The path comes from
// the instance itself and stays on its origin.
func dashboardURL(flows, path string) string {
	if path == "" || flows == "" {
		return ""
	}
	return flows + "/" + strings.TrimLeft(path, "/")
}

func progressView(i *control.Instance) *api.Progress {
	if i.Seen.Step == "" || !i.Observed.Moving() && i.Observed != fleet.StateRunning && i.Observed != fleet.StateDegraded {
		return nil
	}
	return &api.Progress{Step: i.Seen.Step, Done: i.Seen.Done, Total: i.Seen.Total}
}

func portsView(ports []uint16) []int {
	out := make([]int, len(ports))
	for n, p := range ports {
		out[n] = int(p)
	}
	return out
}

func modulesView(list []fleet.Module) []api.Module {
	out := make([]api.Module, len(list))
	for n, m := range list {
		out[n] = api.Module{Name: m.Name, Version: m.Version}
	}
	return out
}

func deployView(d fleet.Deploy) *api.Deploy {
	if d.ID == "" {
		return nil
	}
	return &api.Deploy{ID: string(d.ID), By: d.Author, At: d.Time.UTC(), Digest: d.Digest, Nodes: d.Nodes}
}
