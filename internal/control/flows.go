package control

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"time"

	"leat/api"
	"leat/internal/fleet"
	"leat/internal/flow"
	"leat/internal/store"
	"leat/internal/wire"
)

// Flows is the verbs of what an instance runs.
type Flows struct {
	*core
	pace *pace
}

// maxFlows is the largest flow file that is kept.
const maxFlows = 64 << 20

// Get returns an instance's flows without their credentials.
func (c *Flows) Get(ctx context.Context, who fleet.Actor, id fleet.InstanceID) (out *api.Flows, err error) {
	err = c.read(ctx, who, fleet.FlowsRead, func(s *step) error {
		if _, err := s.inInstance(id); err != nil {
			return err
		}
		f, err := s.Tx.Flows(id)
		if err != nil {
			return err
		}
		out = &api.Flows{Flows: f.Flows, Digest: f.Digest}
		return nil
	})
	return out, err
}

// Put deploys flows. Credentials that are given replace the ones kept.
func (c *Flows) Put(ctx context.Context, who fleet.Actor, id fleet.InstanceID, in api.PutFlows) (out *api.Flows, err error) {
	if err := checkFlows(in.Flows); err != nil {
		return nil, err
	}
	var credentials json.RawMessage
	if in.Credentials != nil {
		if credentials, err = wire.Marshal(in.Credentials); err != nil {
			return nil, fmt.Errorf("encode credentials: %w", err)
		}
	}
	ready, err := readyFlows(in.Flows)
	if err != nil {
		return nil, err
	}
	next, err := c.draftOf(ctx, who, fleet.FlowsEdit, id, ready.with(credentials))
	if err != nil {
		return nil, err
	}
	err = c.write(ctx, who, fleet.FlowsEdit, func(s *step) error {
		i, err := s.inContent(id)
		if err != nil {
			return err
		}
		d := &fleet.Deploy{ID: fleet.NewDeployID(s.now), Author: who.Username, AuthorID: who.User}
		if _, err := s.deploy(&i.Instance, d, ready, credentials, who, next); err != nil {
			return err
		}
		out = &api.Flows{Flows: in.Flows, Digest: d.Digest}
		return nil
	})
	return out, err
}

// checkFlows tells in people's words what is wrong with flows.
func checkFlows(flows json.RawMessage) error {
	if len(flows) > maxFlows {
		return &fleet.Error{Kind: fleet.TooLarge, Code: "flows_too_large", Msg: "The flows are larger than 64 MiB."}
	}
	if len(flows) == 0 || string(flows) == "null" {
		return fleet.InvalidField("flows", "Give the flows: an array of nodes.")
	}
	n, err := wire.CountFlows(flows)
	if err == nil && n > fleet.MaxFileNodes {
		err = &fleet.Error{Kind: fleet.TooLarge, Code: "flows_too_large", Msg: fmt.Sprintf("The flows have %d nodes; at most %d are taken.", n, fleet.MaxFileNodes)}
	}
	return err
}

func countNodes(flows json.RawMessage) int {
	file, err := flow.Parse(flows)
	if err != nil {
		return 0
	}
	return len(file.Nodes)
}

// deploy keeps flows, their credentials unless nil, their author, the snapshot of
// them and the audit event together, and gives the version of the desired state
// that holds them.
func (s *step) deploy(i *store.Instance, d *fleet.Deploy, flows *flowsReady, credentials json.RawMessage, by fleet.Actor, next *draft) (int64, error) {
	version, err := s.putFlows(i, d, flows, credentials)
	if err != nil {
		return 0, err
	}
	if err := s.keepVersion(i, next, deployRevision(d, by)); err != nil {
		return 0, err
	}
	detail := map[string]any{"deploy": string(d.ID), "digest": d.Digest, "before": i.Deploy.Digest, "nodes": d.Nodes, "credentials": credentials != nil}
	return version, s.audit(fleet.AuditEvent{
		Event: "flows.deploy", Actor: by, Team: i.Team, Application: i.Application, Object: string(i.ID), Name: i.Name, Detail: detail,
	})
}

func deployRevision(d *fleet.Deploy, by fleet.Actor) revision {
	by.Username = d.Author
	return revision{kind: fleet.TimelineDeploy, trigger: fleet.TriggerDeploy, by: by, summary: api.TimelineSummary{Nodes: d.Nodes}}
}

// flowsReady are flows made ready for their row before the transaction.
type flowsReady struct {
	flows  json.RawMessage
	digest string
	nodes  int
	packed []byte
}

func readyFlows(flows json.RawMessage) (r *flowsReady, err error) {
	r = &flowsReady{flows: flows, nodes: countNodes(flows)}
	if r.digest, err = wire.Digest(flows); err != nil {
		return nil, fleet.InvalidField("flows", "The flows are not JSON.")
	}
	r.packed, err = store.PackFlows(flows)
	return r, err
}

// with gives an instance these flows, and credentials unless nil.
func (r *flowsReady) with(credentials json.RawMessage) func(*holding) error {
	return func(h *holding) error {
		h.flows, h.flowsDigest = r.flows, r.digest
		if credentials != nil {
			h.credentials = credentials
		}
		return nil
	}
}

// putFlows replaces an instance's flows, and its credentials unless nil.
func (s *step) putFlows(i *store.Instance, d *fleet.Deploy, r *flowsReady, credentials json.RawMessage) (int64, error) {
	d.Instance, d.Time, d.Digest, d.Nodes, d.Size = i.ID, s.now, r.digest, r.nodes, len(r.flows)
	if err := s.InsertDeploy(d); err != nil {
		return 0, err
	}
	f := &store.Flows{Instance: i.ID, Flows: r.flows, Digest: r.digest, Nodes: d.Nodes, Deploy: d.ID, Packed: r.packed}
	if credentials != nil {
		f.Credentials = s.c.sealCredentials(i.ID, credentials)
	}
	if err := s.UpdateFlows(f); err != nil {
		return 0, err
	}
	version, err := s.BumpSpec(i.ID, s.now)
	if err != nil {
		return 0, err
	}
	s.hintInstance(&i.Instance)
	s.hint(fleet.Event{Noun: "flows", ID: string(i.ID), Team: i.Team, Version: version})
	return version, nil
}

func (c *core) sealCredentials(id fleet.InstanceID, plain []byte) []byte {
	return c.Key.Derive("credentials").Seal(plain, []byte(id))
}

func (c *core) openCredentials(id fleet.InstanceID, sealed []byte) (json.RawMessage, error) {
	if len(sealed) == 0 {
		return nil, nil
	}
	plain, err := c.Key.Derive("credentials").Open(sealed, []byte(id))
	if err != nil {
		return nil, &fleet.Error{Kind: fleet.Conflict, Code: "wrong_platform_key",
			Msg: "The instance's credentials were sealed with another platform key. Put the platform's own key file back, or deploy the flows with their credentials anew.", Err: err}
	}
	return plain, nil
}

// selfAuthor is who made a deploy that nobody came through the door for.
const selfAuthor = "the instance itself"

// witnessed is how old what the door saw may be when the save that follows from
// it arrives: the launcher tries for a while when the server restarts.
const witnessed = 2 * time.Minute

// Deploy keeps what an instance saves. It is made once however often it is sent,
// and whose it is says the door and not the instance.
func (c *Flows) Deploy(ctx context.Context, who fleet.Actor, in wire.Deploy) (out wire.Deployed, err error) {
	if err := checkFlows(in.Flows); err != nil {
		return out, err
	}
	if in.ID == "" {
		return out, fleet.InvalidField("id", "The deploy has no id.")
	}
	ready, err := readyFlows(in.Flows)
	if err != nil || in.SHA256 != "" && in.SHA256 != ready.digest {
		return out, &fleet.Error{Kind: fleet.Invalid, Code: "flows_damaged", Msg: "The flows were damaged on their way. Deploy again.", Err: err}
	}
	next, err := c.draftOf(ctx, who, fleet.RunnerDeploy, who.Runner, ready.with(in.Credentials))
	if err != nil {
		return out, err
	}
	// A transaction may be run again; the deploy is counted once.
	counted := sync.OnceValue(func() error { return c.pace.take(who.Runner, c.Now()) })
	err = c.write(ctx, who, fleet.RunnerDeploy, func(s *step) error {
		if err := s.may("", "instance", string(who.Runner)); err != nil {
			return err
		}
		i, err := s.Instance(who.Runner)
		if err != nil {
			return err
		}
		if done, err := s.Tx.Deploy(in.ID); err == nil && done.Instance == i.ID {
			out.Version = i.SpecVersion
			return nil
		} else if err != nil && !fleet.IsKind(err, fleet.NotFound) {
			return err
		}
		if err := s.checkBase(i.ID, in); err != nil {
			return err
		}
		out.Version, err = s.deployFromInstance(i, in, ready, next, counted)
		return err
	})
	return out, err
}

var errFlowsChanged = &fleet.Error{Kind: fleet.Conflict, Code: "flows_changed", Msg: "The flows or their credentials were changed elsewhere in the meantime. Reload the editor and make your change again."}

// checkBase refuses a save that was made of other flows or credentials than the
// ones that are kept: it would bring back what somebody replaced.
func (s *step) checkBase(id fleet.InstanceID, in wire.Deploy) error {
	digest, sealed, err := s.FlowsBase(id)
	if err != nil {
		return err
	}
	if digest != in.Base {
		return errFlowsChanged
	}
	plain, err := s.c.openCredentials(id, sealed)
	if in.BaseCredentials == "" || err != nil {
		return nil // an older runner does not say; and what cannot be opened nobody has replaced
	}
	held, err := wire.Digest(plain)
	if err != nil {
		return fmt.Errorf("digest of credentials of %s: %w", id, err)
	}
	if held == "" {
		held = wire.NoCredentials
	}
	if held != in.BaseCredentials {
		return errFlowsChanged
	}
	return nil
}

func (s *step) deployFromInstance(i *store.Instance, in wire.Deploy, ready *flowsReady, next *draft, counted func() error) (int64, error) {
	by, d := s.who, &fleet.Deploy{ID: in.ID, Author: selfAuthor}
	by.Username = selfAuthor
	if seen, ok := fleet.DeployDigest(in.Flows); ok {
		door, err := s.DoorDeploy(i.ID, seen, s.now.Add(-witnessed))
		if err == nil {
			by = fleet.Actor{Kind: fleet.ActorUser, User: door.User, Username: door.Username, Session: door.Session, Addr: door.Addr}
			d.Author, d.AuthorID = door.Username, door.User
			err = s.DeleteDoorDeploy(door.ID)
		}
		if err != nil && !fleet.IsKind(err, fleet.NotFound) {
			return 0, err
		}
	}
	if by.User == "" {
		if err := counted(); err != nil {
			return 0, err
		}
	}
	return s.deploy(i, d, ready, in.Credentials, by, next)
}

// keepDeploys is how many deploys of an instance are remembered.
const keepDeploys = 100

// Prune forgets the oldest deploys, and what the door saw and no deploy followed.
func (c *Flows) Prune(ctx context.Context) error {
	var often []fleet.InstanceID
	err := c.DB.View(ctx, func(tx *store.Tx) (err error) {
		often, err = tx.DeployedOften(keepDeploys)
		return err
	})
	if err != nil {
		return err
	}
	for _, id := range often {
		err := c.DB.Update(ctx, func(tx *store.Tx) error { _, err := tx.PruneDeploys(id, keepDeploys); return err })
		if err != nil {
			return err
		}
	}
	return c.inBatches(ctx, func(tx *store.Tx) (int64, error) {
		return tx.DeleteOldDoorDeploys(c.Now().Add(-time.Hour), expireBatch)
	})
}
