package control

import (
	"context"
	"encoding/json"
	"sync"
	"time"
	_ "time/tzdata" // a machine without time zones must not refuse them all

	"leat/api"
	"leat/internal/fleet"
	"leat/internal/store"
	"leat/internal/wire"
)

// Instances is the verbs of hosted instances.
type Instances struct {
	*core
	mu      sync.Mutex
	samples map[fleet.InstanceID][]wire.Sample
}

func newInstances(c *core) *Instances {
	return &Instances{core: c, samples: map[fleet.InstanceID][]wire.Sample{}}
}

// Instance is an instance and what its runner last said of itself.
type Instance struct {
	store.Instance
	// Seen is the zero Report before the runner reported.
	Seen wire.Report
}

func seen(i *store.Instance) (*Instance, error) {
	out := &Instance{Instance: *i}
	if i.Report == "" {
		return out, nil
	}
	return out, json.Unmarshal([]byte(i.Report), &out.Seen)
}

func allSeen(list []*store.Instance) ([]*Instance, error) {
	out := make([]*Instance, len(list))
	for n, i := range list {
		var err error
		if out[n], err = seen(i); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// inInstance finds an instance and asks whether the actor has the verb's
// permission in its team.
func (s *step) inInstance(id fleet.InstanceID) (*Instance, error) {
	i, err := s.Instance(id)
	if fleet.IsKind(err, fleet.NotFound) {
		s.asked = true
		return nil, err
	}
	if err != nil {
		return nil, err
	}
	err = s.may(i.Team, "instance", string(id))
	s.refusal.Application, s.refusal.Name = i.Application, i.Name
	if err != nil {
		return nil, err
	}
	return seen(i)
}

// inContent is inInstance for verbs that change what the instance runs: where it
// is protected, only owners may.
func (s *step) inContent(id fleet.InstanceID) (*Instance, error) {
	i, err := s.inInstance(id)
	if err != nil {
		return nil, err
	}
	return i, i.MayChange(s.who, s.perm, s.role)
}

// auditInstance writes what happened to an instance.
func (s *step) auditInstance(event string, i *fleet.Instance, detail map[string]any) error {
	return s.audit(fleet.AuditEvent{Event: event, Team: i.Team, Application: i.Application, Object: string(i.ID), Name: i.Name, Detail: detail})
}

func (s *step) hintInstance(i *fleet.Instance) {
	s.hint(fleet.Event{Noun: "instance", ID: string(i.ID), Team: i.Team, Version: i.Version, State: i.Observed})
}

// List lists an application's instances.
func (c *Instances) List(ctx context.Context, who fleet.Actor, id fleet.ApplicationID, p store.Page) (list []*Instance, next string, err error) {
	err = c.read(ctx, who, fleet.InstanceRead, func(s *step) error {
		if _, err := s.inApplication(id); err != nil {
			return err
		}
		rows, more, err := s.Tx.Instances(id, p)
		if err != nil {
			return err
		}
		next = more
		list, err = allSeen(rows)
		return err
	})
	return list, next, err
}

// ListTeam lists a team's instances.
func (c *Instances) ListTeam(ctx context.Context, who fleet.Actor, team string, p store.Page) (list []*Instance, next string, err error) {
	return c.ofTeam(ctx, who, fleet.InstanceRead, team, p, (*store.Tx).InstancesOfTeam)
}

// Dashboards lists a team's instances that have a dashboard.
func (c *Instances) Dashboards(ctx context.Context, who fleet.Actor, team string, p store.Page) (list []*Instance, next string, err error) {
	return c.ofTeam(ctx, who, fleet.DashboardList, team, p, (*store.Tx).Dashboards)
}

func (c *Instances) ofTeam(ctx context.Context, who fleet.Actor, perm fleet.Permission, team string, p store.Page,
	ask func(*store.Tx, fleet.TeamID, store.Page) ([]*store.Instance, string, error),
) (list []*Instance, next string, err error) {
	err = c.read(ctx, who, perm, func(s *step) error {
		t, err := s.inTeam(team)
		if err != nil {
			return err
		}
		rows, more, err := ask(s.Tx, t.ID, p)
		if err != nil {
			return err
		}
		next = more
		list, err = allSeen(rows)
		return err
	})
	return list, next, err
}

// Get returns an instance.
func (c *Instances) Get(ctx context.Context, who fleet.Actor, id fleet.InstanceID) (*Instance, error) {
	return c.look(ctx, who, fleet.InstanceRead, id)
}

// Logs asks whether the actor may read an instance's log, which its runner keeps.
func (c *Instances) Logs(ctx context.Context, who fleet.Actor, id fleet.InstanceID) (*Instance, error) {
	return c.look(ctx, who, fleet.InstanceLogs, id)
}

func (c *Instances) look(ctx context.Context, who fleet.Actor, perm fleet.Permission, id fleet.InstanceID) (i *Instance, err error) {
	err = c.read(ctx, who, perm, func(s *step) error {
		i, err = s.inInstance(id)
		return err
	})
	return i, err
}

// Samples returns the measurements of the last hours, as far as this process has
// been told them.
func (c *Instances) Samples(ctx context.Context, who fleet.Actor, id fleet.InstanceID) (*api.Samples, error) {
	i, err := c.look(ctx, who, fleet.InstanceRead, id)
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	out := &api.Samples{Items: make([]api.Sample, 0, len(c.samples[id]))}
	for _, m := range c.samples[id] {
		out.Items = append(out.Items, api.Sample{
			Time: m.Time.UTC(), MemoryMiB: float64(m.MemoryBytes) / (1 << 20), CPUPercent: m.CPUPercent, LagMs: m.LagMs, Loop: m.Loop,
		})
	}
	return out, c.DB.Look(ctx, func(tx *store.Tx) error {
		t, err := tx.InstanceType(i.Type)
		out.MemoryLimitMiB, out.CPULimit = t.MemoryMiB, t.CPUPercent
		return err
	})
}

// Update changes the configuration of an instance.
func (c *Instances) Update(ctx context.Context, who fleet.Actor, id fleet.InstanceID, in api.EditInstance, match int64) (i *Instance, err error) {
	err = c.write(ctx, who, fleet.InstanceEdit, func(s *step) error {
		if i, err = s.inInstance(id); err != nil {
			return err
		}
		if err := stale(match, i.Version, i); err != nil {
			return err
		}
		if in.Protected.Set { // owners have both permissions; each is asked for
			if err := s.alsoMay(fleet.InstanceProtect); err != nil {
				return err
			}
		}
		return s.editInstance(i, in)
	})
	return i, err
}

// Delete removes an instance; its host then stops it and removes its directory.
func (c *Instances) Delete(ctx context.Context, who fleet.Actor, id fleet.InstanceID) error {
	err := c.write(ctx, who, fleet.InstanceDelete, func(s *step) error {
		i, err := s.inInstance(id)
		if err != nil {
			return err
		}
		if err := s.DeleteInstance(id); err != nil {
			return err
		}
		s.hint(fleet.Event{Noun: "instance", ID: string(id), Team: i.Team, Deleted: true})
		return s.auditInstance("instance.delete", &i.Instance.Instance, map[string]any{"label": i.Label})
	})
	if err == nil {
		c.mu.Lock()
		delete(c.samples, id)
		c.mu.Unlock()
	}
	return err
}

// Start asks for an instance to run.
func (c *Instances) Start(ctx context.Context, who fleet.Actor, id fleet.InstanceID) (*Instance, error) {
	return c.operate(ctx, who, id, "instance.start", fleet.WantRunning)
}

// Stop asks for an instance not to run.
func (c *Instances) Stop(ctx context.Context, who fleet.Actor, id fleet.InstanceID) (*Instance, error) {
	return c.operate(ctx, who, id, "instance.stop", fleet.WantStopped)
}

// Suspend asks for an instance to give back its memory and its place.
func (c *Instances) Suspend(ctx context.Context, who fleet.Actor, id fleet.InstanceID) (*Instance, error) {
	return c.operate(ctx, who, id, "instance.suspend", fleet.WantSuspended)
}

// Restart asks for a new start, also of an instance that does not run.
func (c *Instances) Restart(ctx context.Context, who fleet.Actor, id fleet.InstanceID) (*Instance, error) {
	return c.operate(ctx, who, id, "instance.restart", fleet.WantRunning)
}

func (c *Instances) operate(ctx context.Context, who fleet.Actor, id fleet.InstanceID, event string, want fleet.Wanted) (i *Instance, err error) {
	err = c.write(ctx, who, fleet.InstanceOperate, func(s *step) error {
		if i, err = s.inInstance(id); err != nil {
			return err
		}
		if err := s.mayRun(&i.Instance.Instance, want); err != nil {
			return err
		}
		restart := event == "instance.restart"
		if i.Wanted == want && !restart {
			return nil
		}
		i.Wanted, i.UpdatedAt = want, s.now
		if restart {
			i.Restarts++
		}
		i.Observed = i.Observed.Towards(i.Want(), restart)
		if err := s.OperateInstance(&i.Instance); err != nil {
			return err
		}
		s.hintInstance(&i.Instance.Instance)
		return s.auditInstance(event, &i.Instance.Instance, nil)
	})
	return i, err
}

// mayRun refuses to start what a suspended team keeps from running.
func (s *step) mayRun(i *fleet.Instance, want fleet.Wanted) error {
	if !i.Held || want != fleet.WantRunning {
		return nil
	}
	t, err := s.Team(i.Team)
	if err != nil {
		return err
	}
	return errSuspended(t)
}

// loseAfter is how long a runner may be silent before people are told.
const loseAfter = 2 * time.Minute

// MarkLost marks the instances whose runner has been silent for too long.
func (c *Instances) MarkLost(ctx context.Context) error {
	var lost []*fleet.Instance
	err := c.DB.Update(ctx, func(tx *store.Tx) (err error) {
		lost, err = tx.LoseInstances(c.Now().Add(-loseAfter), "Nothing was heard of its runner for two minutes. The flows may be running all the same.")
		return err
	})
	for _, i := range lost {
		c.Bus.Publish(fleet.Event{Noun: "instance", ID: string(i.ID), Team: i.Team, Version: i.Version, State: i.Observed, Time: c.Now()})
	}
	return err
}
