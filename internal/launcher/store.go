package launcher

import (
	"context"
	"log/slog"
	"net"
	"os"
	goruntime "runtime/debug"

	"leat/internal/driver"
	"leat/internal/fleet"
	"leat/internal/link"
	"leat/internal/nodered"
	"leat/internal/npm"
	"leat/internal/runtime"
	"leat/internal/wire"
)

// store finds stacks and lays trees out, both from what all instances of this
// machine share.
type store struct {
	hub      *link.Client
	packages *npm.Client
	stacks   *runtime.Store
	log      *slog.Logger
}

func newStore(p driver.Place, hub *link.Client, log *slog.Logger) (*store, error) {
	packages, err := npm.New(npm.Config{Registry: p.Registry, CacheDir: p.Packages, Log: log})
	if err != nil {
		return nil, err
	}
	stacks, err := runtime.NewStore(p.Runtime, packages, log)
	return &store{hub, packages, stacks, log}, err
}

// Find is nodered.Stacks. A compile cache that cannot be made costs time and
// nothing else.
func (s *store) Find(ctx context.Context, digest string, flags []string, uid int, progress nodered.Progress) (nodered.Stack, error) {
	tree, err := s.stacks.OpenDigest(digest)
	if fleet.IsCode(err, "stack_incomplete") {
		tree, err = s.fetch(ctx, digest, progress)
	}
	if err != nil {
		return nodered.Stack{}, err
	}
	cache, err := s.stacks.CompileCache(ctx, tree, flags, uid)
	if err != nil {
		s.log.WarnContext(ctx, "no compile cache", "error", err)
	}
	return nodered.Stack{Dir: tree.Dir, Node: tree.Node, Cache: cache, NodeRED: tree.Stack.NodeRED, NodeJS: tree.Stack.NodeJS}, nil
}

// fetch lays a stack out that this machine does not have yet.
func (s *store) fetch(ctx context.Context, digest string, progress nodered.Progress) (runtime.Tree, error) {
	defer goruntime.FreeOSMemory() // reading the locks takes more than a launcher otherwise needs
	stack, err := s.stackOf(ctx, digest)
	if err != nil {
		return runtime.Tree{}, err
	}
	return s.stacks.Ensure(ctx, stack, func(p runtime.Progress) { progress(p.Done, p.Total) })
}

// stackOf finds a stack in this program, or asks the platform for its lock.
func (s *store) stackOf(ctx context.Context, digest string) (*runtime.Stack, error) {
	all, err := runtime.Stacks()
	if err != nil {
		return nil, err
	}
	for _, one := range all {
		if one.Digest == digest {
			return one, nil
		}
	}
	got, err := s.hub.Stack(ctx, digest)
	if err != nil {
		return nil, &fleet.Error{Kind: fleet.Unavailable, Code: "stack_unknown", Msg: "The platform does not have the stack that the instance is to run on.", Err: err}
	}
	stack, err := runtime.FromLock(got.Lock)
	if err != nil {
		return nil, err
	}
	if stack.Digest != digest {
		return nil, &fleet.Error{Kind: fleet.Invalid, Code: "stack_invalid", Msg: "The lock of the stack is not the one that its digest names."}
	}
	stack.ArchiveBytes = got.ArchiveBytes
	return stack, nil
}

// Lay is nodered.Trees.
func (s *store) Lay(ctx context.Context, m wire.Modules, dir string, progress nodered.Progress) error {
	defer goruntime.FreeOSMemory()
	lock, err := npm.ParseLock(m.Lock)
	if err != nil {
		return err
	}
	on, err := runtime.HostPlatform()
	if err != nil {
		return err
	}
	_, err = s.packages.Lay(ctx, npm.Layout{
		Lock: lock, Platform: on, Dir: dir, Provided: runtime.Provided(), ReadOnly: true,
		Progress: func(p npm.Progress) { progress(p.Bytes, p.Total) },
	})
	return err
}

// Remove is nodered.Trees.
func (s *store) Remove(dir string) error { return npm.RemoveTree(dir) }

func listenerFrom(fd int) (*net.UnixListener, error) {
	f := os.NewFile(uintptr(fd), "l.sock")
	defer f.Close()
	any, err := net.FileListener(f)
	if err != nil {
		return nil, err
	}
	l, ok := any.(*net.UnixListener)
	if !ok {
		return nil, &fleet.Error{Kind: fleet.Internal, Code: "not_a_socket", Msg: "The inherited descriptor is not a socket."}
	}
	l.SetUnlinkOnClose(false)
	return l, nil
}
