//go:build real

package host_test

import (
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"sync"

	"leat/internal/fleet"
	"leat/internal/host"
	"leat/internal/wire"
)

// rows stands for the floors below host: desired states in files that are synced
// before anything is acknowledged, so that a killed server finds them again.
type rows struct {
	dir string

	mu      sync.Mutex
	specs   map[fleet.InstanceID]*row
	reports map[fleet.InstanceID]wire.Report
	crashes int64
	heard   chan fleet.InstanceID
}

type row struct {
	Spec    wire.Spec `json:"spec"`
	Deploys []string  `json:"deploys"` // ids, in order
}

func openRows(dir string) (*rows, error) {
	r := &rows{dir: dir, specs: map[fleet.InstanceID]*row{}, reports: map[fleet.InstanceID]wire.Report{}, heard: make(chan fleet.InstanceID, 64)}
	names, err := filepath.Glob(filepath.Join(dir, "*.row"))
	if err != nil {
		return nil, err
	}
	for _, n := range names {
		text, err := os.ReadFile(n)
		if err != nil {
			return nil, err
		}
		var x row
		if err := json.Unmarshal(text, &x); err != nil {
			return nil, err
		}
		r.specs[x.Spec.Runner] = &x
	}
	return r, nil
}

// save is called with the lock held.
func (r *rows) save(id fleet.InstanceID) error {
	text, err := wire.Marshal(r.specs[id])
	if err != nil {
		return err
	}
	path := filepath.Join(r.dir, string(id)+".row")
	f, err := os.Create(path + ".new")
	if err != nil {
		return err
	}
	if _, err := f.Write(text); err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	return os.Rename(path+".new", path)
}

// change edits a row as a verb would.
func (r *rows) change(id fleet.InstanceID, edit func(*wire.Spec)) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	edit(&r.specs[id].Spec)
	r.specs[id].Spec.Version++
	select {
	case r.heard <- id:
	default:
	}
	return r.save(id)
}

func (r *rows) add(id fleet.InstanceID, stack string, key ed25519.PublicKey) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.specs[id] = &row{Spec: wire.Spec{
		Runner: id, Name: string(id), Version: 1, Running: true, Stack: stack,
		Door:   wire.Door{Key: "key of " + string(id), PublicKey: base64.RawURLEncoding.EncodeToString(key), Audience: string(id)},
		Limits: wire.Limits{MemoryMiB: 256, CPUPercent: 200, Processes: 128},
	}}
	select {
	case r.heard <- id:
	default:
	}
	return r.save(id)
}

func (r *rows) drop(id fleet.InstanceID) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.specs, id)
	select {
	case r.heard <- id:
	default:
	}
	return os.Remove(filepath.Join(r.dir, string(id)+".row"))
}

func (r *rows) Wanted(context.Context) ([]host.Wanted, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	var out []host.Wanted
	for id, x := range r.specs {
		out = append(out, host.Wanted{ID: id, Version: x.Spec.Version})
	}
	return out, nil
}

func (r *rows) Spec(_ context.Context, id fleet.InstanceID) (*wire.Spec, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	x := r.specs[id]
	if x == nil {
		return nil, fleet.ErrNotFound("instance")
	}
	spec := x.Spec
	return &spec, spec.Seal()
}

func (r *rows) CheckIn(_ context.Context, id fleet.InstanceID, in wire.CheckIn) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.reports[id] = in.Report
	return nil
}

func (r *rows) report(id fleet.InstanceID) wire.Report {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.reports[id]
}

func (r *rows) Deploy(_ context.Context, id fleet.InstanceID, d wire.Deploy) (wire.Deployed, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	x := r.specs[id]
	if x == nil {
		return wire.Deployed{}, fleet.ErrNotFound("instance")
	}
	for _, seen := range x.Deploys {
		if seen == string(d.ID) {
			return wire.Deployed{Version: x.Spec.Version}, nil
		}
	}
	digest, err := wire.Digest(d.Flows)
	if err != nil || digest != d.SHA256 {
		return wire.Deployed{}, fmt.Errorf("deploy says %s, its flows are %s (%w)", d.SHA256, digest, err)
	}
	held, err := wire.Digest(x.Spec.Flows)
	if err != nil {
		return wire.Deployed{}, err
	}
	if held != d.Base {
		return wire.Deployed{}, &fleet.Error{Kind: fleet.Conflict, Code: "flows_changed", Msg: "Somebody else deployed meanwhile."}
	}
	x.Spec.Version++
	x.Spec.Flows = d.Flows
	if d.Credentials != nil {
		x.Spec.Credentials = d.Credentials
	}
	x.Deploys = append(x.Deploys, string(d.ID))
	return wire.Deployed{Version: x.Spec.Version}, r.save(id)
}

func (r *rows) Resolve(context.Context, fleet.InstanceID, wire.ModuleChange) (wire.Modules, error) {
	return wire.Modules{}, &fleet.Error{Kind: fleet.Unavailable, Code: "registry_unreachable", Msg: "The package registry does not answer."}
}

func (r *rows) Stack(context.Context, fleet.InstanceID, wire.StackAsk) (wire.StackLock, error) {
	return wire.StackLock{}, nil
}

func (r *rows) Commit(context.Context, fleet.InstanceID, wire.ModuleCommit) (wire.Deployed, error) {
	return wire.Deployed{}, fleet.ErrNotFound("change")
}
