package control

import (
	"context"

	"leat/api"
	"leat/internal/fleet"
	"leat/internal/wire"
)

// beginning is what a new instance holds.
type beginning struct {
	holding
	draft *draft
	// fault is what is wrong with its configuration, told with the rest of it.
	fault error
	// from names what it was made of, name is what people call that.
	from, name string
}

// largeBeginning is from how many bytes of flows on the content of a new instance
// is made ready before the transaction.
const largeBeginning = 64 << 10

// beginning is made of the flows that were given or chosen, or of another instance
// or a snapshot; of that it also fills in what in leaves open.
func (c *Instances) beginning(ctx context.Context, who fleet.Actor, id fleet.ApplicationID, in *api.NewInstance) (*beginning, error) {
	b := &beginning{name: in.Blueprint}
	if in.Source != nil {
		if len(in.Flows) > 0 || in.Blueprint != "" {
			return nil, fleet.InvalidField("source", "Give a source, flows or a blueprint, and only one of them.")
		}
		if err := c.fromSource(ctx, who, id, in, b); err != nil {
			return nil, err
		}
	} else {
		flows, err := c.firstFlows(*in)
		if err != nil {
			return nil, err
		}
		b.flows = flows
		if b.flowsDigest, err = wire.Digest(flows); err != nil {
			return nil, err
		}
	}
	b.timeZone, b.persistent = in.TimeZone, in.Persistent == nil || *in.Persistent
	if in.Source == nil && len(b.flows) < largeBeginning {
		return b, nil
	}
	return b, c.readyBeginning(ctx, who, id, in.Stack, b)
}

// readyBeginning makes what a new instance holds ready to be kept. A fault of the
// configuration is told later.
func (c *Instances) readyBeginning(ctx context.Context, who fleet.Actor, id fleet.ApplicationID, stack string, b *beginning) error {
	err := c.read(ctx, who, fleet.InstanceCreate, func(s *step) error {
		a, err := s.inApplication(id)
		if err != nil {
			return err
		}
		b.team = a.Team
		st, err := s.stack(stack)
		if err == nil {
			b.stack = st.Digest
		}
		return nil
	})
	if err != nil {
		return err
	}
	if b.draft, err = c.makeDraft(&b.holding); err != nil {
		return err
	}
	return c.DB.Prepare(ctx, b.draft.content)
}

// fromSource reads what a new instance is made of.
func (c *Instances) fromSource(ctx context.Context, who fleet.Actor, id fleet.ApplicationID, in *api.NewInstance, b *beginning) error {
	src := in.Source
	if (src.Instance == "") == (src.Snapshot == "") {
		return fleet.InvalidField("source", "Name an instance or a snapshot to start from.")
	}
	wanted, err := componentsOf(&api.Components{Credentials: src.Credentials, Environment: src.Environment})
	if err != nil {
		return fleet.InvalidField("source.environment", "The environment is taken as all, keys or none.")
	}
	err = c.read(ctx, who, fleet.InstanceCreate, func(s *step) error {
		a, err := s.inApplication(id)
		if err != nil {
			return err
		}
		if src.Snapshot != "" {
			err = s.fromSnapshot(a.Team, fleet.SnapshotID(src.Snapshot), in, wanted, b)
		} else {
			err = s.fromInstance(a.Team, fleet.InstanceID(src.Instance), in, wanted, b)
		}
		if err != nil {
			return err
		}
		st, err := s.chooseStack(in.Stack)
		if err == nil {
			b.stack = st.Digest
		}
		return err
	})
	if err != nil {
		return err
	}
	next, err := c.preflight(ctx, b.stack, &b.modules, nil)
	if err == nil {
		b.modules = *next
	}
	return err
}

// fromInstance takes what another instance of the team holds now.
func (s *step) fromInstance(team fleet.TeamID, id fleet.InstanceID, in *api.NewInstance, wanted fleet.Components, b *beginning) error {
	i, err := s.Instance(id)
	if err == nil && i.Team != team {
		err = fleet.ErrNotFound("instance")
	}
	if err != nil {
		return err
	}
	h, err := s.lookAt(i, true)
	if err != nil {
		return err
	}
	b.holding, b.from, b.name = *h, string(id), i.Name
	b.modules.Change = ""
	if !wanted.Credentials {
		b.credentials = nil
	}
	b.environment = chosenEnvironment(b.environment, wanted.Environment)
	fill(&in.InstanceType, i.Type)
	fill(&in.Stack, i.Stack)
	fill(&in.Access, string(i.Access))
	fillSettings(in, i.TimeZone, i.PersistentContext)
	return nil
}

// fromSnapshot takes what a snapshot of the team holds.
func (s *step) fromSnapshot(team fleet.TeamID, id fleet.SnapshotID, in *api.NewInstance, wanted fleet.Components, b *beginning) error {
	snap, err := s.Snapshot(id)
	if err == nil && snap.Team != team {
		err = fleet.ErrNotFound("snapshot")
	}
	if err != nil {
		return err
	}
	m, err := s.SnapshotContent(id)
	if err != nil {
		return err
	}
	secrets, err := s.openSecrets(snap)
	if err != nil {
		return err
	}
	b.flows, b.from, b.name = []byte("[]"), string(id), nameOf(snap)
	if b.flowsDigest, err = wire.Digest(b.flows); err != nil {
		return err
	}
	if err := b.take(m, secrets, wanted); err != nil {
		return err
	}
	st, found, err := s.stackOf(m.Stack)
	if found && st.Active {
		fill(&in.Stack, st.ID)
	}
	if m.Has(fleet.PartSettings) {
		zone, persistent := settingsOf(m)
		fillSettings(in, zone, persistent)
	}
	return err
}

func fill(field *string, from string) {
	if *field == "" {
		*field = from
	}
}

func fillSettings(in *api.NewInstance, zone string, persistent bool) {
	fill(&in.TimeZone, zone)
	if in.Persistent == nil {
		in.Persistent = &persistent
	}
}

// chosenEnvironment is all of an environment, its names alone, or nothing.
func chosenEnvironment(vars []fleet.Variable, choice fleet.EnvironmentChoice) []fleet.Variable {
	switch choice {
	case fleet.EnvironmentNone:
		return nil
	case fleet.EnvironmentKeys:
		for n := range vars {
			vars[n].Value = ""
		}
	}
	return vars
}

func (b *beginning) revision(by fleet.Actor) revision {
	return revision{
		kind: fleet.TimelineCreated, trigger: fleet.TriggerCreate, by: by, from: b.from,
		summary: api.TimelineSummary{Nodes: countNodes(b.flows), Name: b.name, Source: b.from},
	}
}
