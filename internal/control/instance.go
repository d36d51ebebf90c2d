package control

import (
	"context"
	"encoding/json"
	"strings"
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
	samples *Samples
}

// Instance is an instance and what its runner last said of itself.
type Instance struct {
	store.Instance
	// Seen is the zero Report before the runner reported.
	Seen wire.Report
	// Update is what a restart would bring; nil where nothing, or where the verb
	// does not tell.
	Update *api.Update
	// Role is that of who asked, in the instance's team.
	Role fleet.Role
}

func (s *step) seen(i *store.Instance) (*Instance, error) {
	out := &Instance{Instance: *i, Role: s.role}
	if i.Report == "" {
		return out, nil
	}
	return out, json.Unmarshal([]byte(i.Report), &out.Seen)
}

func (s *step) allSeen(list []*store.Instance) ([]*Instance, error) {
	out := make([]*Instance, len(list))
	for n, i := range list {
		var err error
		if out[n], err = s.seen(i); err != nil {
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
	return s.seen(i)
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
		list, err = s.allSeen(rows)
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
		list, err = s.allSeen(rows)
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
		if i, err = s.inInstance(id); err != nil {
			return err
		}
		return s.weigh(i)
	})
	return i, err
}

// Update changes the configuration of an instance.
func (c *Instances) Update(ctx context.Context, who fleet.Actor, id fleet.InstanceID, in api.EditInstance, match int64) (i *Instance, err error) {
	next, err := c.editDraft(ctx, who, id, in)
	if err != nil {
		return nil, err
	}
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
		return s.editInstance(i, in, next)
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
		told, err := s.DeleteNotificationsOfInstance(id)
		if err != nil {
			return err
		}
		s.hintInboxes(told)
		s.hint(fleet.Event{Noun: "instance", ID: string(id), Team: i.Team, Deleted: true})
		return s.auditInstance("instance.delete", &i.Instance.Instance, map[string]any{"label": i.Label})
	})
	if err == nil {
		c.samples.forget(id)
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
		given := i.Given.Digest
		if want == fleet.WantRunning {
			if err := s.reframe(&i.Instance.Instance); err != nil {
				return err
			}
		}
		i.Observed = i.Observed.Towards(i.Want(), restart)
		if err := s.OperateInstance(&i.Instance); err != nil {
			return err
		}
		s.hintInstance(&i.Instance.Instance)
		if err := s.operated(&i.Instance, fleet.TimelineKind(strings.TrimPrefix(event, "instance.")), given); err != nil {
			return err
		}
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

// MarkLost marks the instances whose runner has been silent for too long, and
// tells their people.
func (c *Instances) MarkLost(ctx context.Context) error {
	return c.chore(ctx, "host", func(s *step) error {
		const reason = "Nothing was heard of its runner for two minutes. The flows may be running all the same."
		lost, err := s.LoseInstances(s.now.Add(-loseAfter), reason)
		if err != nil {
			return err
		}
		for _, one := range lost {
			s.hintInstance(one)
			i, err := s.InstanceAlone(one.ID)
			if err != nil {
				return err
			}
			if err := s.trouble(i, silence("")); err != nil {
				return err
			}
		}
		return nil
	})
}
