package web

import (
	"context"

	"leat/api"
	"leat/internal/control"
	"leat/internal/fleet"
	"leat/internal/store"
)

func (s *Server) snapshotRoutes(r *routes) {
	get(r, "/instances/{instance}/snapshots", fleet.SnapshotRead, s.listSnapshots, says("List an instance's snapshots"))
	post(r, "/instances/{instance}/snapshots", fleet.SnapshotCreate, s.createSnapshot, status(201))
	get(r, "/applications/{application}/snapshots", fleet.SnapshotRead, s.listApplicationSnapshots, says("List an application's snapshots"))
	get(r, "/teams/{team}/snapshots", fleet.SnapshotRead, s.listTeamSnapshots, says("List a team's snapshots"))
	get(r, "/snapshots/{snapshot}", fleet.SnapshotRead, s.getSnapshot, says("See a snapshot"))
	patch(r, "/snapshots/{snapshot}", fleet.SnapshotEdit, s.updateSnapshot)
	del(r, "/snapshots/{snapshot}", fleet.SnapshotDelete, s.deleteSnapshot)
	get(r, "/snapshots/{snapshot}/flows", fleet.SnapshotRead, s.getSnapshotFlows, says("Read a snapshot's flows"))
	get(r, "/snapshots/{snapshot}/content", fleet.SnapshotRead, s.getSnapshotContent, says("Read what a snapshot holds beside its flows"))
	post(r, "/instances/{instance}/restore", fleet.InstanceRestore, s.restoreSnapshot, status(202))
}

// SnapshotPath names a snapshot.
type SnapshotPath struct {
	Snapshot fleet.SnapshotID `path:"snapshot"`
}

// Kept is what every list of snapshots takes.
type Kept struct {
	Named
	Kind string `query:"kind" enum:"manual,auto,safety,import" doc:"only snapshots of this kind"`
}

func (k Kept) filter() store.SnapshotFilter {
	return store.SnapshotFilter{Kind: fleet.SnapshotKind(k.Kind)}
}

type instanceSnapshots struct {
	InstancePath
	Kept
}

func (s *Server) listSnapshots(ctx context.Context, who fleet.Actor, in *instanceSnapshots) (*api.List[api.Snapshot], error) {
	items, next, err := s.Snapshots.ListInstance(ctx, who, in.Instance, in.filter(), in.store())
	return listView(items, next, err, snapshotView)
}

type applicationSnapshots struct {
	ApplicationPath
	Kept
}

func (s *Server) listApplicationSnapshots(ctx context.Context, who fleet.Actor, in *applicationSnapshots) (*api.List[api.Snapshot], error) {
	items, next, err := s.Snapshots.ListApplication(ctx, who, in.Application, in.filter(), in.store())
	return listView(items, next, err, snapshotView)
}

type teamSnapshots struct {
	TeamPath
	Kept
}

func (s *Server) listTeamSnapshots(ctx context.Context, who fleet.Actor, in *teamSnapshots) (*api.List[api.Snapshot], error) {
	items, next, err := s.Snapshots.ListTeam(ctx, who, in.Team, in.filter(), in.store())
	return listView(items, next, err, snapshotView)
}

func snapshotView(n *fleet.Snapshot) api.Snapshot {
	return api.Snapshot{
		ID: string(n.ID), Application: string(n.Application), Team: string(n.Team), Instance: string(n.Instance), InstanceName: n.InstanceName,
		Name: n.Name, Description: n.Description, Digest: n.Digest, SecretsDigest: n.SecretsDigest, Kind: string(n.Kind), Trigger: string(n.Trigger),
		From: n.From, Author: n.Author, AuthorID: string(n.AuthorID), Nodes: n.Nodes, Modules: n.Modules, Size: n.Size,
		CreatedAt: n.CreatedAt.UTC(), Version: n.Version,
	}
}

func (s *Server) getSnapshot(ctx context.Context, who fleet.Actor, in *SnapshotPath) (*api.Snapshot, error) {
	snapshot, err := s.Snapshots.Get(ctx, who, in.Snapshot)
	return one(snapshot, err, usedSnapshotView)
}

func usedSnapshotView(n *control.Snapshot) api.Snapshot {
	out := snapshotView(&n.Snapshot)
	out.UsedBy = n.UsedBy
	return out
}

type newSnapshot struct {
	InstancePath
	Once
	Body api.NewSnapshot
}

func (s *Server) createSnapshot(ctx context.Context, who fleet.Actor, in *newSnapshot) (*api.Snapshot, error) {
	snapshot, err := s.Snapshots.Create(ctx, who, in.Instance, in.Body, in.idem(ctx))
	return one(snapshot, err, snapshotView)
}

type editSnapshot struct {
	SnapshotPath
	Matching
	Body api.EditSnapshot `contentType:"application/merge-patch+json"`
}

func (s *Server) updateSnapshot(ctx context.Context, who fleet.Actor, in *editSnapshot) (*api.Snapshot, error) {
	snapshot, err := s.Snapshots.Update(ctx, who, in.Snapshot, in.Body, in.version())
	return one(snapshot, err, snapshotView)
}

func (s *Server) deleteSnapshot(ctx context.Context, who fleet.Actor, in *SnapshotPath) error {
	return s.Snapshots.Delete(ctx, who, in.Snapshot)
}

func (s *Server) getSnapshotFlows(ctx context.Context, who fleet.Actor, in *SnapshotPath) (*api.Flows, error) {
	flows, err := s.Snapshots.Flows(ctx, who, in.Snapshot)
	return flows, err
}

func (s *Server) getSnapshotContent(ctx context.Context, who fleet.Actor, in *SnapshotPath) (*api.SnapshotContent, error) {
	content, err := s.Snapshots.Content(ctx, who, in.Snapshot)
	return content, err
}

type restoreSnapshot struct {
	InstancePath
	Body api.Restore
}

func (s *Server) restoreSnapshot(ctx context.Context, who fleet.Actor, in *restoreSnapshot) (*api.Restored, error) {
	restored, err := s.Snapshots.Restore(ctx, who, in.Instance, in.Body)
	return one(restored, err, s.restoredView(callOf(ctx)))
}

func (s *Server) restoredView(c *call) func(*control.Restored) api.Restored {
	view := s.instanceView(c)
	return func(n *control.Restored) api.Restored {
		return api.Restored{Instance: view(n.Instance), Safety: string(n.Safety), Changed: n.Changed}
	}
}
