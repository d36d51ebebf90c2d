package web

import (
	"context"

	"github.com/danielgtaylor/huma/v2"

	"leat/api"
	"leat/internal/control"
	"leat/internal/fleet"
	"leat/internal/store"
)

func (s *Server) stackRoutes(r *routes) {
	get(r, "/stacks", fleet.TypeList, s.listStacks, says("List stacks"))
	post(r, "/stacks", fleet.StackEdit, s.createStack, status(202), lockBody, says("Add a stack"))
	patch(r, "/stacks/{stack}", fleet.StackEdit, s.updateStack)
	del(r, "/stacks/{stack}", fleet.StackEdit, s.deleteStack, says("Delete a stack"))
	get(r, "/stacks/{stack}/instances", fleet.StackEdit, s.listStackInstances, says("List who runs on a stack"))
	get(r, "/instances/{instance}/stacks", fleet.InstanceRead, s.listStackChoices, says("List the stacks that an instance may move to"))
}

// lockBody lets a body hold the lock of a stack.
func lockBody(r *Route, _ *huma.Operation) { r.limit = 4 << 20 }

// StackPath names a stack.
type StackPath struct {
	Stack string `path:"stack"`
}

func (s *Server) listStacks(ctx context.Context, who fleet.Actor, _ *struct{}) (*api.List[api.Stack], error) {
	list, err := s.Stacks.List(ctx, who)
	return listView(list, "", err, s.stackView)
}

func (s *Server) stackView(st *control.SeenStack) api.Stack {
	versions := st.Versions
	if st.Digest == "" {
		versions = st.Wanted
	}
	out := api.Stack{
		ID: st.ID, Name: st.Name, NodeRed: versions.NodeRED, NodeJS: versions.NodeJS, Dashboard: versions.Dashboard, Digest: st.Digest,
		Active: st.Active, Default: st.Default, ReplacedBy: st.ReplacedBy, BuiltIn: st.BuiltIn, Instances: st.Instances,
		Version: st.Version, CreatedAt: st.CreatedAt.UTC(), State: "preparing",
	}
	out.Ready, out.Progress, out.Reason = s.StackProgress(&st.Stack)
	switch {
	case out.Ready:
		out.State = "ready"
	case st.Reason != "":
		out.State, out.Reason = "failed", st.Reason
	case out.Reason != "":
		out.State = "failed"
	}
	return out
}

type newStack struct{ Body api.NewStack }

func (s *Server) createStack(ctx context.Context, who fleet.Actor, in *newStack) (*api.Stack, error) {
	stack, err := s.Stacks.Create(ctx, who, in.Body)
	return one(stack, err, s.stackView)
}

type editStack struct {
	StackPath
	Matching
	Body api.EditStack `contentType:"application/merge-patch+json"`
}

func (s *Server) updateStack(ctx context.Context, who fleet.Actor, in *editStack) (*api.Stack, error) {
	stack, err := s.Stacks.Update(ctx, who, in.Stack, in.Body, in.version())
	return one(stack, err, s.stackView)
}

func (s *Server) deleteStack(ctx context.Context, who fleet.Actor, in *StackPath) error {
	return s.Stacks.Delete(ctx, who, in.Stack)
}

type stackPage struct {
	StackPath
	Page
}

func (s *Server) listStackInstances(ctx context.Context, who fleet.Actor, in *stackPage) (*api.List[api.StackUse], error) {
	list, stack, next, err := s.Stacks.Uses(ctx, who, in.Stack, in.store())
	return listView(list, next, err, func(u store.StackUse) api.StackUse {
		return api.StackUse{
			Instance: string(u.Instance), Name: u.Name, Team: string(u.Team), TeamName: u.TeamName, Application: string(u.Application),
			State: string(u.State), Digest: u.Digest, Current: u.Digest == stack.Digest,
		}
	})
}

func (s *Server) listStackChoices(ctx context.Context, who fleet.Actor, in *InstancePath) (*api.List[api.StackChoice], error) {
	list, err := s.Stacks.Choices(ctx, who, in.Instance)
	return listView(list, "", err, func(c api.StackChoice) api.StackChoice { return c })
}
