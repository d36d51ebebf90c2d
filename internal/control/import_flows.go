package control

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"

	"leat/api"
	"leat/internal/fleet"
	"leat/internal/wire"
)

// Imported is an instance after flows were brought into it.
type Imported struct {
	Restored
	Digest  string
	Nodes   int
	Renewed int
}

// Import brings flows into an instance: instead of what it has, or beside it.
// What it held before is kept first.
func (c *Flows) Import(ctx context.Context, who fleet.Actor, id fleet.InstanceID, in api.ImportFlows) (*Imported, error) {
	p := &plan{}
	err := c.read(ctx, who, fleet.FlowsEdit, func(s *step) (err error) {
		if p.instance, err = s.inContent(id); err != nil {
			return err
		}
		old, err := s.lookAt(&p.instance.Instance, true)
		if err != nil {
			return err
		}
		p.old, p.next = *old, *old
		p.was, err = old.sketch(c.core)
		return err
	})
	if err != nil {
		return nil, err
	}
	f, secrets, err := readFlows(in)
	if err != nil {
		return nil, err
	}
	out := &Imported{Nodes: countNodes(f.Manifest.Flows)}
	if out.Renewed, err = p.next.bring(f, secrets, in.Mode); err != nil {
		return nil, err
	}
	out.Digest = p.next.flowsDigest
	if p.changed, err = p.old.differs(&p.next); err != nil {
		return nil, err
	}
	if len(p.changed) == 0 {
		out.Restored = Restored{Instance: p.instance, Changed: p.changed}
		return out, nil
	}
	if err := c.makeReady(ctx, p); err != nil {
		return nil, err
	}
	done, err := c.replace(ctx, who, fleet.FlowsEdit, p, replacing{
		event: "flows.import", kind: fleet.TimelineImport, trigger: fleet.TriggerImport, name: cutText(f.Name, fleet.MaxName),
		detail: map[string]any{"digest": out.Digest, "nodes": out.Nodes, "mode": modeOf(in.Mode), "credentials": f.Manifest.Has(fleet.PartCredentials)},
	})
	if err != nil {
		return nil, err
	}
	out.Restored = *done
	return out, nil
}

// The modes of an import.
const (
	importReplace = "replace"
	importAdd     = "add"
)

func modeOf(mode string) string {
	if mode == "" {
		return importReplace
	}
	return mode
}

// readFlows reads what is to be imported: nodes with their credentials beside
// them, or a whole file of which the flows are taken.
func readFlows(in api.ImportFlows) (*fleet.SnapshotFile, *fleet.Secrets, error) {
	if mode := modeOf(in.Mode); mode != importReplace && mode != importAdd {
		return nil, nil, fleet.InvalidField("mode", "Flows are imported to replace or to add.")
	}
	text := bytes.TrimSpace(in.Flows)
	if len(text) == 0 || string(text) == "null" {
		return nil, nil, fleet.InvalidField("flows", "Give the flows: an array of nodes, or a snapshot.")
	}
	if text[0] == '[' && len(in.Credentials) > 0 {
		var err error
		if text, err = wire.Marshal(map[string]json.RawMessage{"flows": text, "credentials": in.Credentials}); err != nil {
			return nil, nil, fleet.InvalidField("flows", "The flows are not JSON.")
		}
	}
	f, err := fleet.ParseSnapshotFile(text)
	if err != nil {
		return nil, nil, err
	}
	if err := checkFile(f); err != nil {
		return nil, nil, err
	}
	f.Only(fleet.Components{Flows: true, Credentials: true, Environment: fleet.EnvironmentNone})
	secrets, err := openFile(f, in.Secret)
	return f, secrets, err
}

// bring sets the flows of a file, or adds them, and tells how many nodes got a
// new id.
func (h *holding) bring(f *fleet.SnapshotFile, secrets *fleet.Secrets, mode string) (renewed int, err error) {
	m, credentials := &f.Manifest, secrets.Credentials
	if modeOf(mode) == importAdd {
		merged, err := fleet.MergeFlows(h.flows, m.Flows, newNodeID)
		if err != nil {
			return 0, err
		}
		credentials = map[string]json.RawMessage{}
		for id, fields := range secrets.Credentials {
			if now := merged.IDs[id]; now != "" {
				id = now
			}
			if !merged.Reused[id] { // it has its own
				credentials[id] = fields
			}
		}
		m.Flows, renewed = merged.Flows, len(merged.IDs)
	}
	if h.flows, err = m.Flows, checkFlows(m.Flows); err != nil {
		return 0, err
	}
	if h.flowsDigest, err = wire.Digest(h.flows); err != nil {
		return 0, err
	}
	if !m.Has(fleet.PartCredentials) {
		return renewed, nil
	}
	return renewed, h.takeCredentials(credentials, modeOf(mode) == importReplace)
}

// newNodeID makes an id as Node-RED's editor does.
func newNodeID() string {
	var b [8]byte
	rand.Read(b[:])
	return hex.EncodeToString(b[:])
}
