package bench

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/klauspost/compress/zstd"

	"leat/internal/fleet"
	"leat/internal/plant"
	"leat/internal/store"
)

// What is measured: a large flow file, and a tree of palette modules as large.
const (
	keptNodes       = 5_000
	keptModules     = 40
	keptShots       = 15
	keptSnapshots   = 1_000
	packagesOfOne   = 12
	integrityLength = 88
)

// measureSnapshot asks for snapshots of large instances: the first of each, which
// keeps everything, and one after a small deploy; beside them the deploy.
func measureSnapshot(ctx context.Context, o Options) (string, error) {
	w, err := newWorld(ctx, o, "snapshot")
	if err != nil {
		return "", err
	}
	defer w.stop()
	ids, err := w.largeInstances(ctx, o, keptShots+1)
	if err != nil {
		return "", err
	}
	var first, deploy, later []time.Duration
	for i, id := range ids {
		f, err := w.timed(ctx, "POST", "/instances/"+id+"/snapshots", map[string]any{"name": "First"})
		if err != nil {
			return "", err
		}
		p := plant.New(uint64(i), keptNodes)
		p.Edit()
		d, err := w.timed(ctx, "PUT", "/instances/"+id+"/flows", map[string]any{"flows": p.Flows()})
		if err != nil {
			return "", err
		}
		l, err := w.timed(ctx, "POST", "/instances/"+id+"/snapshots", map[string]any{"name": "Later"})
		if err != nil {
			return "", err
		}
		if i > 0 { // the first warms the caches
			first, deploy, later = append(first, f), append(deploy, d), append(later, l)
		}
	}
	return fmt.Sprintf("%s first, %s later (a deploy with its version %s)", short(median(first)), short(median(later)), short(median(deploy))), nil
}

func (w *world) timed(ctx context.Context, method, path string, in any) (time.Duration, error) {
	begun := time.Now()
	var out json.RawMessage
	err := w.call(ctx, method, path, in, &out)
	return time.Since(begun), err
}

// largeInstances writes stopped instances with large content into the database of
// a server that is stopped meanwhile: nothing has been kept of them yet.
func (w *world) largeInstances(ctx context.Context, o Options, count int) ([]string, error) {
	app, err := w.application(ctx, "Plant")
	if err != nil {
		return nil, err
	}
	in, err := w.instance(ctx, app, "Model", "empty", "open")
	if err != nil {
		return nil, err
	}
	if err := w.call(ctx, "POST", "/instances/"+in.ID+"/stop", nil, nil); err != nil {
		return nil, err
	}
	if err := w.stop(); err != nil {
		return nil, err
	}
	ids, err := copyInstance(ctx, filepath.Join(w.data, "leat.db"), fleet.InstanceID(in.ID), count)
	if err != nil {
		return nil, err
	}
	w.server, _, err = startServer(ctx, o, w.data)
	return ids, err
}

func copyInstance(ctx context.Context, file string, model fleet.InstanceID, count int) (ids []string, err error) {
	db, err := store.Open(ctx, "sqlite:"+file)
	if err != nil {
		return nil, err
	}
	defer db.Close()
	modules := largeModules()
	for n := range count {
		flows := plant.New(uint64(n), keptNodes).Flows()
		err := db.Update(ctx, func(tx *store.Tx) error {
			i, err := tx.Instance(model)
			if err != nil {
				return err
			}
			now := time.Now()
			i.ID, i.Name, i.Label, i.Wanted, i.Observed = fleet.NewInstanceID(now), fmt.Sprint("Large ", n), fmt.Sprint("large-", n), fleet.WantStopped, fleet.StateStopped
			if err := tx.InsertInstance(i); err != nil {
				return err
			}
			ids = append(ids, string(i.ID))
			d := &fleet.Deploy{ID: fleet.NewDeployID(now), Instance: i.ID, Time: now, Author: "bench", Digest: fmt.Sprint("bench ", n), Nodes: keptNodes, Size: len(flows)}
			if err := tx.InsertDeploy(d); err != nil {
				return err
			}
			if err := tx.InsertFlows(&store.Flows{Instance: i.ID, Flows: flows, Digest: d.Digest, Nodes: d.Nodes, Deploy: d.ID}); err != nil {
				return err
			}
			return tx.InsertModules(i.ID, modules, now)
		})
		if err != nil {
			return nil, err
		}
	}
	return ids, nil
}

// largeModules is a lock of as many modules and of what each brings.
func largeModules() *store.Modules {
	m := &store.Modules{Direct: map[string]string{}, Digest: "bench"}
	packages := map[string]any{}
	for n := range keptModules {
		name := fmt.Sprint("node-red-contrib-bench-", n)
		m.Direct[name] = "1.2.3"
		for p := range packagesOfOne {
			at := "node_modules/" + name
			if p > 0 {
				at = fmt.Sprintf("%s/node_modules/part-%d", at, p)
			}
			packages[at] = map[string]any{
				"version": fmt.Sprintf("%d.%d.0", n, p), "integrity": "sha512-" + fmt.Sprintf("%0*x", integrityLength, n*packagesOfOne+p),
				"dependencies": map[string]string{"part-1": "^1.0.0", "part-2": "^2.0.0"},
			}
		}
	}
	m.Lock, _ = json.Marshal(map[string]any{"lockfileVersion": 3, "requires": true, "packages": packages})
	return m
}

// measureHistory keeps a thousand snapshots of a large file that is edited a
// little each time, and tells by how much the database grew. Beside it is what
// whole files would take, compressed.
func measureHistory(ctx context.Context, o Options) (string, error) {
	w, err := newWorld(ctx, o, "history")
	if err != nil {
		return "", err
	}
	defer w.stop()
	app, err := w.application(ctx, "Plant")
	if err != nil {
		return "", err
	}
	if err := w.stop(); err != nil {
		return "", err
	}
	file := filepath.Join(w.data, "leat.db")
	before, err := os.Stat(file)
	if err != nil {
		return "", err
	}
	whole, err := keepHistory(ctx, file, fleet.TeamID(w.team), fleet.ApplicationID(app))
	if err != nil {
		return "", err
	}
	after, err := os.Stat(file)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%.1f MB (whole files: %.0f MB)", float64(after.Size()-before.Size())/1e6, float64(whole)/1e6), nil
}

func keepHistory(ctx context.Context, file string, team fleet.TeamID, app fleet.ApplicationID) (whole int64, err error) {
	db, err := store.Open(ctx, "sqlite:"+file)
	if err != nil {
		return 0, err
	}
	defer db.Close()
	enc, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1))
	if err != nil {
		return 0, err
	}
	defer enc.Close()
	p := plant.New(1, keptNodes)
	for n := range keptSnapshots {
		c, err := store.Pack(&fleet.Manifest{Flows: p.Flows()})
		if err != nil {
			return 0, err
		}
		s := &fleet.Snapshot{
			Application: app, Team: team, Instance: "i-bench", Kind: fleet.SnapshotAuto, Trigger: fleet.TriggerDeploy, Author: "bench",
			CreatedAt: time.Now(),
		}
		if err := db.Update(ctx, func(tx *store.Tx) error { return tx.InsertSnapshot(s, c, nil) }); err != nil {
			return 0, err
		}
		if n%20 == 0 { // they hardly differ
			whole += 20 * int64(len(enc.EncodeAll(p.Flows(), nil)))
		}
		p.Edit()
	}
	return whole, db.Maintain(ctx)
}
