package web

import (
	"context"
	"net/http"
	"strconv"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"leat/api"
	"leat/internal/control"
	"leat/internal/fleet"
)

// snapshotFileType is what a snapshot is as a file.
const snapshotFileType = "application/vnd.leat.snapshot+json"

func (s *Server) snapshotFileRoutes(r *routes) {
	s.exportRoute(r, "/snapshots/{snapshot}/export")
	post(r, "/applications/{application}/snapshots/import", fleet.SnapshotImport, s.importSnapshot, status(201), large)
	post(r, "/instances/{instance}/import", fleet.FlowsEdit, s.importFlows, status(202), large, says("Import flows into an instance"))
}

type exportSnapshot struct {
	SnapshotPath
	Body api.Export
}

// exportRoute answers with a file instead of a view.
func (s *Server) exportRoute(r *routes, path string) {
	op := r.begin(http.MethodPost, path, fleet.SnapshotExport, []option{secret, asFile})
	huma.Register(r.api, op, func(ctx context.Context, in *exportSnapshot) (*huma.StreamResponse, error) {
		c := callOf(ctx)
		file, err := s.Snapshots.Export(ctx, c.who, in.Snapshot, in.Body)
		if err != nil {
			return nil, s.problem(ctx, c, err)
		}
		return &huma.StreamResponse{Body: func(hc huma.Context) { _, w := humago.Unwrap(hc); sendFile(w, file) }}, nil
	})
}

func sendFile(w http.ResponseWriter, file *control.SnapshotFile) {
	h := w.Header()
	h.Set("Content-Type", snapshotFileType)
	h.Set("Content-Disposition", `attachment; filename="`+file.Name+`"`)
	h.Set("Content-Length", strconv.Itoa(len(file.Bytes)))
	_, _ = w.Write(file.Bytes) // a reader that left has no use for an error
}

// asFile documents the answer of exportRoute.
func asFile(_ *Route, op *huma.Operation) {
	op.Responses["200"] = &huma.Response{
		Description: "The snapshot as a file",
		Content:     map[string]*huma.MediaType{snapshotFileType: {Schema: &huma.Schema{Type: "object", AdditionalProperties: true}}},
	}
}

type importSnapshot struct {
	ApplicationPath
	Once
	Body api.ImportSnapshot
}

func (s *Server) importSnapshot(ctx context.Context, who fleet.Actor, in *importSnapshot) (*api.Snapshot, error) {
	snapshot, err := s.Snapshots.Import(ctx, who, in.Application, in.Body, in.idem(ctx))
	return one(snapshot, err, snapshotView)
}

type importFlows struct {
	InstancePath
	Body api.ImportFlows
}

func (s *Server) importFlows(ctx context.Context, who fleet.Actor, in *importFlows) (*api.ImportedFlows, error) {
	imported, err := s.Flows.Import(ctx, who, in.Instance, in.Body)
	return one(imported, err, s.importedView(callOf(ctx)))
}

func (s *Server) importedView(c *call) func(*control.Imported) api.ImportedFlows {
	view := s.restoredView(c)
	return func(n *control.Imported) api.ImportedFlows {
		return api.ImportedFlows{Restored: view(&n.Restored), Digest: n.Digest, Nodes: n.Nodes, Renewed: n.Renewed}
	}
}
