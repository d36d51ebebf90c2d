package control

import (
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"regexp"
	"time"

	"leat/internal/fleet"
	"leat/internal/store"
	"leat/internal/wire"
)

// Runners is what a host asks of the verbs for the instances it keeps.
type Runners struct {
	*core
	instances *Instances
	flows     *Flows
	modules   *Modules
	stacks    *Stacks
	samples   *Samples
}

// runnerActor acts for an instance.
func runnerActor(id fleet.InstanceID) fleet.Actor {
	return fleet.Actor{Kind: fleet.ActorRunner, Runner: id}
}

// Versions tells of every instance there is which version its desired state has.
func (c *Runners) Versions(ctx context.Context) (v map[fleet.InstanceID]int64, err error) {
	err = c.DB.View(ctx, func(tx *store.Tx) error {
		v, err = tx.SpecVersions()
		return err
	})
	return v, err
}

// Spec is the whole desired state of an instance, with its secrets opened.
func (c *Runners) Spec(ctx context.Context, id fleet.InstanceID) (spec *wire.Spec, err error) {
	err = c.read(ctx, runnerActor(id), fleet.RunnerReport, func(s *step) error {
		if err := s.may("", "instance", string(id)); err != nil {
			return err
		}
		spec, err = s.spec(id)
		return err
	})
	if err != nil {
		return nil, err
	}
	return spec, spec.Seal()
}

func (s *step) spec(id fleet.InstanceID) (*wire.Spec, error) {
	i, err := s.InstanceAlone(id)
	if err != nil {
		return nil, err
	}
	f, err := s.Tx.Flows(id)
	if err != nil {
		return nil, err
	}
	credentials, err := s.c.openCredentials(id, f.Credentials)
	if err != nil {
		return nil, err
	}
	vars, err := s.openEnvironment(id)
	if err != nil {
		return nil, err
	}
	modules, err := s.Tx.Modules(id)
	if err != nil {
		return nil, err
	}
	given, err := s.given(&i.Instance)
	if err != nil {
		return nil, err
	}
	spec := &wire.Spec{
		Runner: id, Name: i.Name, Version: i.SpecVersion, Running: i.Want() == fleet.WantRunning, Restarts: i.Restarts, SafeMode: i.SafeMode,
		Stack: given.Digest, Flows: f.Flows, Credentials: credentials, Modules: wireModules(modules), Ports: i.Ports, Door: s.c.doorOf(id),
		Settings: wire.Settings{Title: i.Name, TimeZone: i.TimeZone, PersistentContext: i.PersistentContext, PlatformURL: s.c.instancePage(id)},
		Limits:   wire.Limits{MemoryMiB: given.MemoryMiB, CPUPercent: given.CPUPercent, Processes: maxProcesses},
		Palette:  wire.Palette{Install: true},
	}
	for _, v := range vars {
		spec.Environment = append(spec.Environment, wire.Variable{Name: v.Name, Value: v.Value})
	}
	return spec, nil
}

// maxProcesses bounds the processes and threads of an instance; Node.js itself
// has about twenty.
const maxProcesses = 256

// doorOf is how a runner knows the door. Its key is the same until the platform
// key changes: a runner that outlives the server keeps its visitors.
func (c *core) doorOf(id fleet.InstanceID) wire.Door {
	public := c.Key.Derive("door identity").Signer().Public().(ed25519.PublicKey)
	return wire.Door{
		Key:       hex.EncodeToString(c.Key.Derive("door key").MAC(string(id))),
		PublicKey: base64.RawURLEncoding.EncodeToString(public),
		Audience:  string(id),
	}
}

func (c *core) instancePage(id fleet.InstanceID) string {
	if c.PlatformURL == "" {
		return ""
	}
	return c.PlatformURL + "/instance/" + string(id)
}

// CheckIn notes what a runner says of itself. It is no change of configuration,
// and nothing in it is trusted beyond this one instance.
func (c *Runners) CheckIn(ctx context.Context, id fleet.InstanceID, in wire.CheckIn) error {
	in.Report.Runner = id
	report, err := json.Marshal(in.Report)
	if err != nil || len(report) > maxReport {
		return &fleet.Error{Kind: fleet.Invalid, Code: "invalid_report", Msg: "The report cannot be kept.", Err: err}
	}
	if !in.Report.State.Valid() {
		return &fleet.Error{Kind: fleet.Invalid, Code: "invalid_report", Msg: "The report names a state that is none."}
	}
	same, err := c.unchanged(ctx, id, in.Report)
	if err != nil {
		return err
	}
	c.samples.add(id, in.Samples) // of an instance that is there
	if same == saidJustNow {
		return nil
	}
	return c.write(ctx, runnerActor(id), fleet.RunnerReport, func(s *step) error {
		if err := s.may("", "instance", string(id)); err != nil {
			return err
		}
		i, err := s.InstanceAlone(id)
		if err != nil {
			return err
		}
		before, was := i.Instance, i.Report
		i.Observed, i.ObservedAt = in.Report.State.Shown(i.Want()), s.now
		i.Reason, i.Report = cutText(in.Report.Reason, maxReason), string(report)
		if i.Held && i.Reason == "" {
			i.Reason = before.Reason // why the team is suspended
		}
		if path := dashboardPath(in.Report.Dashboard); path != "" || !in.Report.StartedAt.IsZero() {
			i.Dashboard = path // while it is down its people still look for it
		}
		if in.Report.SpecVersion < i.SpecVersion && before.Observed.Moving() && !i.Observed.Trouble() {
			i.Observed = before.Observed // it has not heard yet of what was asked
		}
		if same == news {
			s.hintInstance(&i.Instance)
			if err := s.tellReport(i, &before, was, in.Report); err != nil {
				return err
			}
			if err := s.watchReport(i, was, &in.Report); err != nil {
				return err
			}
		}
		if err := s.tellRecovery(i, &before, in.Report); err != nil {
			return err
		}
		return s.ObserveInstance(i)
	})
}

// dashboardPath believes a runner only a plain path: it becomes part of a link.
func dashboardPath(p string) string {
	if plainPath.MatchString(p) {
		return p
	}
	return ""
}

var plainPath = regexp.MustCompile(`^(/[A-Za-z0-9_~-][A-Za-z0-9_.~-]{0,63}){1,6}/?$`)

const (
	maxReport = 64 << 10
	maxReason = 500
	// observeEvery is how often an unchanged report is written down.
	observeEvery = 30 * time.Second
)

// A report says something new, or the same again, or the same as a moment ago.
type novelty int

const (
	news novelty = iota
	said
	saidJustNow
)

// unchanged holds a report against the one before.
func (c *Runners) unchanged(ctx context.Context, id fleet.InstanceID, r wire.Report) (n novelty, err error) {
	err = c.DB.View(ctx, func(tx *store.Tx) error {
		i, err := tx.InstanceAlone(id)
		if err != nil || i.Report == "" || i.Observed != r.State.Shown(i.Wanted) {
			return err
		}
		var was wire.Report
		if json.Unmarshal([]byte(i.Report), &was) != nil {
			return nil // an older form
		}
		// These move without anything having happened.
		was.At, was.LogSeq, was.ContextFlushed = r.At, r.LogSeq, r.ContextFlushed
		a, err1 := json.Marshal(was)
		b, err2 := json.Marshal(r)
		switch {
		case err1 != nil || err2 != nil || string(a) != string(b):
		case c.Now().Sub(i.ObservedAt) < observeEvery:
			n = saidJustNow
		default:
			n = said
		}
		return nil
	})
	return n, err
}

// Deploy, Resolve and Commit are the verbs of the same name, for an instance.
func (c *Runners) Deploy(ctx context.Context, id fleet.InstanceID, in wire.Deploy) (wire.Deployed, error) {
	return c.flows.Deploy(ctx, runnerActor(id), in)
}

// Resolve is described at Deploy.
func (c *Runners) Resolve(ctx context.Context, id fleet.InstanceID, in wire.ModuleChange) (wire.Modules, error) {
	return c.modules.Resolve(ctx, runnerActor(id), in)
}

// Commit is described at Deploy.
func (c *Runners) Commit(ctx context.Context, id fleet.InstanceID, in wire.ModuleCommit) (wire.Deployed, error) {
	return c.modules.Commit(ctx, runnerActor(id), in)
}

// Stack is Stacks.Given, for an instance.
func (c *Runners) Stack(ctx context.Context, id fleet.InstanceID, in wire.StackAsk) (wire.StackLock, error) {
	return c.stacks.Given(ctx, runnerActor(id), in)
}
