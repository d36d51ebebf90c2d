package nodered

import (
	"context"
	"errors"
	"fmt"
	"os"
	"syscall"
	"time"

	"leat/internal/fleet"
	"leat/internal/wire"
)

// modulesAgain is the wait before a tree that failed is tried again.
const modulesAgain = 30 * time.Second

// layModules makes sure that the tree of m lies in the instance's directory.
func (s *Supervisor) layModules(ctx context.Context, m wire.Modules) error {
	if m.Digest == "" {
		return nil
	}
	if digest, err := wire.Digest(m.Lock); err != nil || digest != m.Digest {
		return &fleet.Error{Kind: fleet.Invalid, Code: "modules_invalid", Msg: "The lock of the modules is not the one that its digest names.", Err: err}
	}
	dir := s.home.moduleDir(m.Digest)
	if _, err := os.Stat(dir); err == nil {
		return nil
	}
	return s.cfg.Trees.Lay(ctx, m, dir, s.progress("Installing modules"))
}

// tookModules switches to the tree that was prepared. A tree that could not be
// laid out leaves what was there; a Node-RED that runs then goes on undisturbed.
func (s *Supervisor) tookModules(ctx context.Context, e evPrepared) bool {
	l := &s.loop
	err := e.modulesErr
	if err == nil {
		err = s.home.switchModules(e.spec.Modules)
	}
	if err == nil {
		l.modulesFault = nil
		return true
	}
	s.cfg.Log.WarnContext(ctx, "modules not laid out", "error", err)
	l.modulesTry = time.Now().Add(modulesAgain)
	l.modulesFault = startFault(err, "The modules of this instance could not be installed; it goes on with those it had.")
	s.say("error", l.modulesFault.reason)
	if l.proc == nil && s.home.currentModules() == "" {
		if err := s.home.switchModules(wire.Modules{}); err != nil {
			s.failStart(ctx, err, "Node-RED could not be started.")
			return false
		}
	}
	return l.proc == nil
}

// sweepModules removes the trees that nothing uses. It is called when a Node-RED
// has just started: one that runs for longer may still read from an old tree.
func (s *Supervisor) sweepModules(ctx context.Context) {
	dirs, err := s.home.otherModules(s.home.currentModules())
	for _, dir := range dirs {
		err = errors.Join(err, s.cfg.Trees.Remove(dir))
	}
	if err != nil {
		s.cfg.Log.WarnContext(ctx, "old modules not removed", "error", err)
	}
}

// moduleAsk is what the bridge asks when somebody installs or removes.
type moduleAsk struct {
	Name    string `json:"name"`
	Version string `json:"version"`
}

// changeModules resolves with the server, lays the new tree out, switches, and
// only then has the server keep it. Whatever fails, the tree that was there is
// there again.
func (s *Supervisor) changeModules(ctx context.Context, p *process, op string, in moduleAsk) (moduleAsk, error) {
	s.mu.Lock()
	before := s.spec.Modules
	palette := s.spec.Palette
	s.mu.Unlock()
	switch {
	case !palette.Install:
		return in, &fleet.Error{Kind: fleet.Forbidden, Code: "palette_closed", Msg: "Modules may not be installed in this instance."}
	case op == "install" && !palette.Allows(in.Name):
		return in, &fleet.Error{Kind: fleet.Forbidden, Code: "module_not_allowed", Msg: fmt.Sprintf("The module %s may not be installed in this instance.", in.Name)}
	}
	change := wire.ModuleChange{ID: fleet.NewDeployID(time.Now()), Base: before.Digest}
	if op == "install" {
		change.Install, change.Version = in.Name, in.Version
	} else {
		change.Remove = in.Name
	}
	s.busy(+1)
	defer s.busy(-1)
	after, err := s.cfg.Platform.Resolve(ctx, change)
	if err != nil {
		return in, err
	}
	if err := s.layModules(ctx, after); err != nil {
		return in, noSpace(err)
	}
	s.progress("")(0, 0)
	if err := s.home.switchModules(after); err != nil {
		return in, errors.Join(noSpace(err), s.home.switchModules(before))
	}
	done, err := s.cfg.Platform.Commit(ctx, wire.ModuleCommit{ID: change.ID, Digest: after.Digest})
	if err != nil {
		return in, errors.Join(err, s.home.switchModules(before))
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if done.Version >= s.held.version {
		s.held.version = done.Version
		next := *s.spec
		next.Modules = after
		s.spec = &next
	}
	in.Version = after.Direct[in.Name]
	return in, nil
}

// busy holds changes from the server back while one of Node-RED's own is made.
func (s *Supervisor) busy(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.saving += n
	signal(s.wake)
}

// noSpace gives a full disk its own words.
func noSpace(err error) error {
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
		return &fleet.Error{Kind: fleet.Unavailable, Code: "disk_full", Msg: "The disk is full. Free some space, then try again.", Err: err}
	}
	return err
}

// startFault turns a failure into what people read: ours in its own words, any
// other as what failed.
func startFault(err error, what string) *fault {
	var e *fleet.Error
	if err = noSpace(err); errors.As(err, &e) {
		return &fault{e.Code, fmt.Sprintf("%s %s", what, e.Msg)}
	}
	return &fault{"start_failed", what + " The platform's log says why; it is tried again."}
}
