package web

import (
	"context"
	"time"

	"leat/api"
	"leat/internal/control"
	"leat/internal/fleet"
	"leat/internal/store"
)

func (s *Server) auditEventRoutes(r *routes) {
	get(r, "/audit-events", fleet.PlatformAudit, s.listPlatformAudit)
	get(r, "/teams/{team}/audit-events", fleet.TeamAudit, s.listTeamAudit)
	get(r, "/instances/{instance}/audit-events", fleet.InstanceAudit, s.listInstanceAudit)
}

// AuditFilter chooses audit events; every part of it has its own index.
type AuditFilter struct {
	Page
	Actor  string    `query:"actor" maxLength:"64" doc:"id or username"`
	Event  string    `query:"event" maxLength:"64" doc:"such as instance.create"`
	Object string    `query:"object" maxLength:"64" doc:"id of what it was done to"`
	From   time.Time `query:"from" doc:"from this time on"`
	To     time.Time `query:"to" doc:"before this time"`
}

type teamAudit struct {
	TeamPath
	AuditFilter
}

type instanceAudit struct {
	InstancePath
	AuditFilter
}

func (s *Server) listPlatformAudit(ctx context.Context, who fleet.Actor, in *AuditFilter) (*api.List[api.AuditEvent], error) {
	items, next, err := s.AuditEvents.ListAll(ctx, who, in.filter(), in.store())
	return listView(items, next, err, auditEventView)
}

func (s *Server) listTeamAudit(ctx context.Context, who fleet.Actor, in *teamAudit) (*api.List[api.AuditEvent], error) {
	items, next, err := s.AuditEvents.ListTeam(ctx, who, in.Team, in.filter(), in.store())
	return listView(items, next, err, auditEventView)
}

func (s *Server) listInstanceAudit(ctx context.Context, who fleet.Actor, in *instanceAudit) (*api.List[api.AuditEvent], error) {
	items, next, err := s.AuditEvents.ListInstance(ctx, who, in.Instance, in.filter(), in.store())
	return listView(items, next, err, auditEventView)
}

func (f AuditFilter) filter() store.AuditFilter {
	return store.AuditFilter{Actor: f.Actor, Event: f.Event, Object: f.Object, From: f.From, To: f.To}
}

func auditEventView(e *control.AuditEvent) api.AuditEvent {
	out := api.AuditEvent{
		ID: string(e.ID), Time: e.Time.UTC(), Event: e.Event, Result: string(e.Result),
		Actor: api.AuditActor{Kind: string(e.Actor.Kind), ID: e.Actor.ActorID(), Username: e.Actor.Username, Address: e.Actor.Addr},
		Team:  string(e.Team), Application: string(e.Application), Object: e.Object, Name: e.Name, Detail: e.Detail,
	}
	if e.Leaf >= 0 {
		out.Leaf = &e.Leaf
	}
	return out
}
