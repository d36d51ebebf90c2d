package web

import (
	"context"

	"leat/api"
	"leat/internal/fleet"
)

// catalogueRoutes list what instances are made from.
func (s *Server) catalogueRoutes(r *routes) {
	get(r, "/blueprints", fleet.BlueprintList, s.listBlueprints)
}

func (s *Server) listBlueprints(_ context.Context, who fleet.Actor, _ *struct{}) (*api.List[api.Blueprint], error) {
	return listView(s.Blueprints, "", who.May(fleet.BlueprintList, fleet.RoleNone, "blueprint"), func(b api.Blueprint) api.Blueprint { return b })
}
