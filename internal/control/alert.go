package control

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"leat/api"
	"leat/internal/fleet"
	"leat/internal/store"
	"leat/internal/wire"
)

// Alerts is the verbs that tell people of trouble with their instances: in their
// inboxes, and by letter where there is a mail server. What was told is kept, so
// that a restart of the server tells nothing twice.
type Alerts struct {
	*core
	samples *Samples
}

// incident is one thing that happened to an instance. The last one of an alert is
// kept as JSON.
type incident struct {
	kind   fleet.AlertKind
	Reason string `json:"reason,omitempty"`
	// times is how often it happened since the last report.
	times int
	// Silent says that nothing is heard of the runner.
	Silent bool `json:"silent,omitempty"`
	// Percent is of the Limit, which is text for people.
	Percent int    `json:"percent,omitempty"`
	Limit   string `json:"limit,omitempty"`
}

// lastOf is the last incident of an alert.
func lastOf(a *fleet.Alert) (what incident, err error) {
	if err := json.Unmarshal([]byte(a.Detail), &what); err != nil {
		return what, fmt.Errorf("decode the last %s of %s: %w", a.Kind, a.Instance, err)
	}
	what.kind = a.Kind
	return what, nil
}

// watchReport tells an instance's people what a report says that the one before
// did not.
func (s *step) watchReport(i *store.Instance, last string, is *wire.Report) error {
	var was wire.Report
	if last != "" && json.Unmarshal([]byte(last), &was) != nil {
		return nil // an older form
	}
	if is.LastExit != nil && is.LastExit.Code != "asked" && (was.LastExit == nil || is.LastExit.At.After(was.LastExit.At)) {
		kind := fleet.AlertCrash
		if is.LastExit.Code == "hang" {
			kind = fleet.AlertHang
		}
		n := max(1, min(int(is.Crashes-was.Crashes), maxReported))
		if err := s.trouble(i, incident{kind: kind, Reason: cutText(is.LastExit.Reason, maxReason), times: n}); err != nil {
			return err
		}
	}
	if is.Code == "safe_mode" && was.Code != "safe_mode" {
		return s.trouble(i, incident{kind: fleet.AlertSafeMode, Reason: cutText(is.Reason, maxReason), times: 1})
	}
	return nil
}

// maxReported bounds what one report counts: nobody trusts a runner's numbers.
const maxReported = 100

// trouble tells an instance's people of an incident, where they want to be told.
func (s *step) trouble(i *store.Instance, what incident) error {
	if !i.Alerts.On(what.kind) {
		return nil
	}
	a, err := s.Alert(i.ID, what.kind)
	if err != nil {
		return err
	}
	if !a.Firing {
		a.Firing, a.Began, a.Count = true, s.now, 0
	}
	detail, err := json.Marshal(what)
	if err != nil {
		return fmt.Errorf("encode a %s: %w", what.kind, err)
	}
	a.Count += what.times
	a.LastAt, a.Detail = s.now, string(detail)
	about, err := s.about(i)
	if err != nil {
		return err
	}
	if err := about.tell(what); err != nil {
		return err
	}
	if err := about.write(what, a); err != nil {
		return err
	}
	return s.PutAlert(a)
}

// Watch does what time alone brings: it judges CPU and memory, sees who is well
// again, and writes what was held back.
func (c *Alerts) Watch(ctx context.Context) error {
	return errors.Join(c.watchLoads(ctx), c.watchRecovery(ctx), c.writeHeldBack(ctx))
}

// watchRecovery looks at every alert that fires: whether the instance is well
// again, or nobody expects that of it any more.
func (c *Alerts) watchRecovery(ctx context.Context) error {
	return c.chore(ctx, "alerts", func(s *step) error {
		firing, err := s.FiringAlerts()
		if err != nil {
			return err
		}
		for _, a := range firing {
			i, err := s.InstanceAlone(a.Instance)
			if err != nil {
				return err
			}
			if err := s.settle(i, a); err != nil {
				return err
			}
		}
		return nil
	})
}

// settle ends an alert whose reason is gone.
func (s *step) settle(i *store.Instance, a *fleet.Alert) error {
	if i.Want() != fleet.WantRunning || !i.Alerts.On(a.Kind) {
		a.Firing, a.HeldBack = false, 0
		return s.PutAlert(a)
	}
	if a.Kind == fleet.AlertCPU || a.Kind == fleet.AlertMemory || i.Observed != fleet.StateRunning || s.now.Sub(a.LastAt) < fleet.Calm {
		return nil
	}
	now, err := s.seen(i)
	if err != nil || s.now.Sub(now.Seen.StartedAt) < fleet.Calm || s.now.Sub(now.Seen.Since) < fleet.Calm {
		return err
	}
	return s.recovered(i, a)
}

// recovered tells who was told of the trouble that it is over.
func (s *step) recovered(i *store.Instance, a *fleet.Alert) error {
	about, err := s.about(i)
	if err != nil {
		return err
	}
	trouble, err := was(a)
	if err != nil {
		return err
	}
	if err := about.tellRecovered(a, trouble); err != nil {
		return err
	}
	if err := about.writeRecovered(a, trouble); err != nil {
		return err
	}
	a.Firing, a.HeldBack = false, 0
	return s.PutAlert(a)
}

// writeHeldBack writes of what happened again while no letter could be sent.
func (c *Alerts) writeHeldBack(ctx context.Context) error {
	return c.chore(ctx, "alerts", func(s *step) error {
		list, err := s.HeldBackAlerts(s.now.Add(-fleet.LetterPause), heldBackAtOnce)
		if err != nil {
			return err
		}
		for _, a := range list {
			i, err := s.InstanceAlone(a.Instance)
			if err != nil {
				return err
			}
			about, err := s.about(i)
			if err != nil {
				return err
			}
			last, err := lastOf(a)
			if err != nil {
				return err
			}
			if err := about.write(last, a); err != nil {
				return err
			}
			a.HeldBack = 0
			if err := s.PutAlert(a); err != nil {
				return err
			}
		}
		return nil
	})
}

// heldBackAtOnce bounds one transaction; the rest is due a minute later.
const heldBackAtOnce = 100

// chore runs work of the platform's own in one transaction, and tells of it after
// commit as a verb does.
func (c *core) chore(ctx context.Context, name string, fn func(*step) error) error {
	var s *step
	err := c.DB.Update(ctx, func(tx *store.Tx) error {
		s = &step{Tx: tx, c: c, who: fleet.System(name), now: c.Now()}
		return fn(s)
	})
	if err != nil {
		return err
	}
	for _, h := range s.hints {
		c.Bus.Publish(h)
	}
	if s.audited {
		c.hintSealer()
	}
	if s.lettered {
		c.hintLetters()
	}
	return nil
}

// silence is the incident of an instance that nothing is heard of.
func silence(reason string) incident {
	return incident{kind: fleet.AlertHang, Reason: reason, times: 1, Silent: true}
}

// editAlerts applies an edit of what an instance's people are told.
func editAlerts(a fleet.Alerts, in *api.EditAlerts) (fleet.Alerts, error) {
	if in == nil {
		return a, nil
	}
	set(&a.Crash, in.Crash)
	set(&a.SafeMode, in.SafeMode)
	set(&a.Hang, in.Hang)
	set(&a.CPU, in.CPU)
	set(&a.Memory, in.Memory)
	set(&a.Mail, in.Mail)
	if in.Recipients.Set {
		a.Recipients = fleet.AlertRecipients(in.Recipients.Value)
	}
	if a.Recipients.Roles() == nil {
		return a, fleet.InvalidField("alerts.recipients", "Recipients are owners, members or both.")
	}
	return a, nil
}
