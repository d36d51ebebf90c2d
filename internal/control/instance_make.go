package control

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"leat/api"
	"leat/internal/fleet"
	"leat/internal/store"
)

// Create makes an instance in an application and asks for it to run. A label is
// made from the name where none is given.
func (c *Instances) Create(ctx context.Context, who fleet.Actor, id fleet.ApplicationID, in api.NewInstance, key Key) (i *Instance, err error) {
	begin, err := c.beginning(ctx, who, id, &in)
	draft, fault := c.draft(in)
	if err != nil {
		return nil, together(fault, err)
	}
	begin.fault = fault
	// A label that was made here can be taken by another create at the same time.
	for range 5 {
		i, err = c.create(ctx, who, id, in, draft, begin, key)
		if in.Label != "" || !fleet.IsCode(err, "label_taken") {
			break
		}
	}
	return i, err
}

func (c *Instances) create(ctx context.Context, who fleet.Actor, id fleet.ApplicationID, in api.NewInstance, draft fleet.Instance, begin *beginning, key Key) (i *Instance, err error) {
	err = c.write(ctx, who, fleet.InstanceCreate, func(s *step) error {
		a, err := s.inApplication(id)
		if err != nil {
			return err
		}
		if done, err := s.replay(key); done != nil || err != nil {
			return replayed(done, err, func(made string) error { i, err = s.seeInstance(fleet.InstanceID(made)); return err })
		}
		made := draft
		made.ID, made.Application, made.Team = fleet.NewInstanceID(s.now), a.ID, a.Team
		made.CreatedAt, made.UpdatedAt, made.ObservedAt = s.now, s.now, s.now
		if err := s.equip(&made, begin.fault); err != nil {
			return err
		}
		if made.Label == "" {
			if made.Label, err = s.freeLabel(made.Name); err != nil {
				return err
			}
		}
		if err := s.insertInstance(made, begin); err != nil {
			return err
		}
		if i, err = s.seeInstance(made.ID); err != nil {
			return err
		}
		if err := s.keepVersion(&i.Instance, begin.draft, begin.revision(s.who)); err != nil {
			return err
		}
		s.hintInstance(&made)
		if err := s.auditInstance("instance.create", &made, createDetail(&made, in)); err != nil {
			return err
		}
		return s.remember(key, string(made.ID), nil)
	})
	return i, err
}

// equip finds the size and the stack of an instance that is made, and tells with
// them what else is wrong with it.
func (s *step) equip(made *fleet.Instance, fault error) error {
	size, noSize := s.sizeFor(made.Team, made.Type, "")
	st, noStack := s.chooseStack(made.Stack)
	if err := together(fault, noSize, noStack); err != nil {
		return err
	}
	made.Type, made.Stack = size, st.ID
	return nil
}

func createDetail(i *fleet.Instance, in api.NewInstance) map[string]any {
	d := map[string]any{"label": i.Label, "type": i.Type, "stack": i.Stack, "access": string(i.Access)}
	if in.Blueprint != "" {
		d["blueprint"] = in.Blueprint
	}
	if in.Source != nil {
		d["source"] = cmp.Or(in.Source.Instance, in.Source.Snapshot)
	}
	return d
}

// draft checks what an instance is to be and fills in what was left open.
func (c *Instances) draft(in api.NewInstance) (fleet.Instance, error) {
	i := fleet.Instance{
		Label: in.Label, Type: in.InstanceType, Stack: in.Stack, Access: fleet.Access(in.Access), TimeZone: in.TimeZone,
		Wanted: fleet.WantRunning, Observed: fleet.StateStarting, Version: 1,
	}
	var errs [4]error
	i.Name, errs[0] = fleet.CleanName("name", in.Name)
	if i.Label != "" {
		errs[1] = fleet.CheckLabel(i.Label)
	}
	if i.Access == "" {
		i.Access = fleet.AccessLogin
	}
	errs[2], errs[3] = checkAccess(i.Access), checkZone(i.TimeZone)
	i.PersistentContext = in.Persistent == nil || *in.Persistent
	return i, together(errs[:]...)
}

func checkAccess(a fleet.Access) error {
	if !a.Valid() {
		return fleet.InvalidField("access", "Access is login, open or token.")
	}
	return nil
}

func checkZone(zone string) error {
	if zone == "" {
		return nil
	}
	if _, err := time.LoadLocation(zone); err != nil || zone == "Local" || len(zone) > 64 {
		return fleet.InvalidField("timeZone", `This is not the name of a time zone. Use one such as "Europe/Berlin".`)
	}
	return nil
}

// firstFlows are the flows a new instance starts with.
func (c *Instances) firstFlows(in api.NewInstance) (json.RawMessage, error) {
	flows := in.Flows
	switch {
	case len(flows) > 0 && in.Blueprint != "":
		return nil, fleet.InvalidField("blueprint", "Give flows or a blueprint, not both.")
	case in.Blueprint != "":
		var ok bool
		if flows, ok = c.Blueprints[in.Blueprint]; !ok {
			return nil, fleet.InvalidField("blueprint", "There is no such blueprint. Choose one of the list.")
		}
	case len(flows) == 0:
		flows = json.RawMessage("[]")
	}
	if err := checkFlows(flows); err != nil {
		return nil, err
	}
	return flows, nil
}

// freeLabel makes a label that no instance has.
func (s *step) freeLabel(name string) (string, error) {
	base := fleet.LabelFrom(name)
	for n := 1; n < 10_000; n++ {
		label := fleet.Numbered(base, n)
		there, err := s.LabelTaken(label)
		if err != nil || !there {
			return label, err
		}
	}
	return "", &fleet.Error{Kind: fleet.Conflict, Code: "label_taken", Msg: "Many instances have this name. Give it a label of its own."}
}

// insertInstance writes an instance with what it holds and the deploy of its flows.
func (s *step) insertInstance(i fleet.Instance, b *beginning) error {
	if err := s.InsertInstance(&store.Instance{Instance: i, SpecVersion: 1, EnvVersion: 1}); err != nil {
		return err
	}
	if err := s.reframe(&i); err != nil {
		return err
	}
	if err := s.KeepContext(i.ID, i.PersistentContext); err != nil {
		return err
	}
	d := &fleet.Deploy{
		ID: fleet.NewDeployID(s.now), Instance: i.ID, Time: s.now, Author: s.who.Username, AuthorID: s.who.User, Digest: b.flowsDigest, Nodes: countNodes(b.flows), Size: len(b.flows),
	}
	if err := s.InsertDeploy(d); err != nil {
		return err
	}
	f := &store.Flows{Instance: i.ID, Flows: b.flows, Digest: b.flowsDigest, Nodes: d.Nodes, Deploy: d.ID}
	if len(b.credentials) > 0 {
		f.Credentials = s.c.sealCredentials(i.ID, b.credentials)
	}
	if err := s.InsertFlows(f); err != nil {
		return err
	}
	if err := s.InsertModules(i.ID, &b.modules, s.now); err != nil || len(b.environment) == 0 {
		return err
	}
	return s.replaceEnvironment(&store.Instance{Instance: i, EnvVersion: 1}, b.environment)
}

func (s *step) seeInstance(id fleet.InstanceID) (*Instance, error) {
	i, err := s.Instance(id)
	if err != nil {
		return nil, err
	}
	return s.seen(i)
}

// editInstance applies an edit to the configuration.
func (s *step) editInstance(i *Instance, in api.EditInstance, next *draft) error {
	old, diff := i.Instance.Instance, changes{}
	if err := s.applyInstance(&i.Instance.Instance, in); err != nil {
		return err
	}
	diff.note("name", old.Name, i.Name)
	diff.note("instanceType", old.Type, i.Type)
	diff.note("stack", old.Stack, i.Stack)
	diff.note("persistentContext", old.PersistentContext, i.PersistentContext)
	diff.note("access", string(old.Access), string(i.Access))
	diff.note("timeZone", old.TimeZone, i.TimeZone)
	diff.note("safeMode", old.SafeMode, i.SafeMode)
	diff.note("protected", old.Protected, i.Protected)
	diff.note("ports", fmt.Sprint(old.Ports), fmt.Sprint(i.Ports))
	diff.note("alerts", old.Alerts.String(), i.Alerts.String())
	if len(diff) == 0 {
		return nil
	}
	i.UpdatedAt = s.now
	if err := s.UpdateInstance(&i.Instance); err != nil {
		return err
	}
	if err := s.SetAlerts(i.ID, i.Alerts); err != nil {
		return err
	}
	misfits, err := s.framed(&i.Instance.Instance, &old)
	if err != nil {
		return err
	}
	s.hintInstance(&i.Instance.Instance)
	if err := s.edited(&i.Instance, diff, next); err != nil {
		return err
	}
	if len(misfits) > 0 {
		diff["misfits"] = misfits
	}
	return s.auditEdit(&i.Instance.Instance, diff)
}

// auditEdit writes what an edit changed. Who may change what the instance runs is
// an event of its own, to be found among the others.
func (s *step) auditEdit(i *fleet.Instance, diff changes) error {
	if change, there := diff["protected"]; there {
		if err := s.auditInstance("instance.protect", i, map[string]any{"protected": change}); err != nil {
			return err
		}
		delete(diff, "protected")
	}
	if len(diff) == 0 {
		return nil
	}
	return s.auditInstance("instance.edit", i, diff)
}

func (s *step) applyInstance(i *fleet.Instance, in api.EditInstance) error {
	var errs [7]error
	i.Alerts, errs[6] = editAlerts(i.Alerts, in.Alerts)
	if in.Name.Set {
		i.Name, errs[0] = fleet.CleanName("name", in.Name.Value)
	}
	if in.InstanceType.Set {
		i.Type, errs[1] = s.sizeFor(i.Team, in.InstanceType.Value, i.Type)
	}
	if in.Access.Set {
		i.Access = fleet.Access(in.Access.Value)
		errs[2] = checkAccess(i.Access)
	}
	if in.TimeZone.Set {
		i.TimeZone, errs[3] = in.TimeZone.Value, checkZone(in.TimeZone.Value)
	}
	if in.Stack.Set && in.Stack.Value != i.Stack {
		_, errs[5] = s.chooseStack(in.Stack.Value)
		i.Stack = in.Stack.Value
	}
	if in.Persistent.Set {
		i.PersistentContext = in.Persistent.Value
	}
	if in.SafeMode.Set {
		i.SafeMode = in.SafeMode.Value
	}
	set(&i.Protected, in.Protected)
	if in.Ports.Set {
		i.Ports, errs[4] = s.checkPorts(i, in.Ports.Value)
	}
	return together(errs[:]...)
}

const maxPorts = 20

// checkPorts checks the ports that an instance's flows are to listen on. Cookies
// know no ports: without TLS a browser sends the platform's own to whatever
// listens on its host, so only an administrator may let a flow do that.
func (s *step) checkPorts(i *fleet.Instance, in []int) ([]uint16, error) {
	if len(in) > maxPorts {
		return nil, fleet.InvalidField("ports", "At most 20 ports.")
	}
	trusted := s.who.Admin || strings.HasPrefix(s.c.PlatformURL, "https://")
	others, err := s.InstancePorts()
	if err != nil {
		return nil, err
	}
	delete(others, i.ID)
	var out []uint16
	for n, p := range in {
		path := fmt.Sprintf("ports[%d]", n)
		switch port := uint16(p); {
		case p < 1024 || p > 65535:
			return nil, fleet.InvalidField(path, "A port is a number from 1024 to 65535.")
		case slices.Contains(s.c.ReservedPorts, port), isDoorPort(p):
			return nil, fleet.InvalidField(path, "The platform itself uses this port.")
		case slices.Contains(out, port):
			return nil, fleet.InvalidField(path, "This port is there twice.")
		case !trusted && !slices.Contains(i.Ports, port):
			return nil, fleet.InvalidField(path, "This platform is reached without https, where browsers send its sign-in cookie to every port. Ask an administrator to name the port.")
		default:
			for _, taken := range others {
				if slices.Contains(taken, port) {
					return nil, &fleet.Error{Kind: fleet.Conflict, Code: "port_taken", Msg: fmt.Sprintf("Another instance has port %d. Choose another.", p)}
				}
			}
			out = append(out, port)
		}
	}
	slices.Sort(out)
	return out, nil
}
