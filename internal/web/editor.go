package web

import (
	"context"

	"leat/api"
	"leat/internal/control"
	"leat/internal/fleet"
)

func (s *Server) editorRoutes(r *routes) {
	get(r, "/instances/{instance}/editors", fleet.InstanceRead, s.listEditors, says("List who has an instance's editor open"))
}

func (s *Server) listEditors(ctx context.Context, who fleet.Actor, in *InstancePath) (*api.List[api.Editor], error) {
	if _, err := s.Instances.Get(ctx, who, in.Instance); err != nil {
		return nil, err
	}
	return &api.List[api.Editor]{Items: s.Editors(in.Instance)}, nil
}

func editingView(i *control.Instance, who fleet.Actor) api.Editing {
	code, reason := i.WhyNotEdit(who, i.Role)
	return api.Editing{Allowed: code == "", Code: code, Reason: reason}
}
