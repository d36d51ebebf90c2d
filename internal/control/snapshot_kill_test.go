package control_test

import (
	"bufio"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"leat/api"
	"leat/internal/bus"
	"leat/internal/control"
	"leat/internal/fleet"
	"leat/internal/secret"
	"leat/internal/store"
)

// keeper names the directory that the other process of the test below works in.
const keeper = "LEAT_TEST_KEEPER"

func openKeeper(ctx context.Context, dir string) (*control.Control, *store.DB, error) {
	key, _, err := secret.LoadOrCreateKey(filepath.Join(dir, "platform.key"))
	if err != nil {
		return nil, nil, err
	}
	db, err := store.Open(ctx, "sqlite:"+filepath.Join(dir, "leat.db"))
	if err != nil {
		return nil, nil, err
	}
	return control.New(control.Deps{
		DB: db, Bus: bus.New[fleet.Event](1), Key: key, Now: time.Now, Log: slog.New(slog.DiscardHandler),
		CheckpointFile: filepath.Join(dir, "checkpoints"), Stacks: []control.Stack{{ID: "node-red-5", Digest: "5374"}},
	}), db, nil
}

// manyNodes are flows of which every number gives others, of a size that takes a
// while to write.
func manyNodes(number int) json.RawMessage {
	nodes := []map[string]any{{"id": "t", "type": "tab", "label": fmt.Sprint(number)}}
	for n := range 400 {
		nodes = append(nodes, map[string]any{"id": fmt.Sprintf("%016x", n*7919), "type": "inject", "z": "t", "x": n, "y": (n * number) % 97, "wires": []any{}})
	}
	text, _ := json.Marshal(nodes)
	return text
}

// keepUntilKilled changes, keeps, restores, imports and prunes, and says on its
// output what was acknowledged.
func keepUntilKilled(ctx context.Context, dir string) error {
	c, _, err := openKeeper(ctx, dir)
	if err != nil {
		return err
	}
	who := fleet.System("test")
	list, _, err := c.Instances.ListTeam(ctx, who, "plant", store.Page{})
	if err != nil {
		return err
	}
	i := list[0]
	var kept []fleet.SnapshotID
	for n := rand.IntN(1 << 20); ; n++ {
		in := api.PutFlows{Flows: manyNodes(n), Credentials: credentials(fmt.Sprint("secret ", n))}
		if _, err := c.Flows.Put(ctx, who, i.ID, in); err != nil {
			return err
		}
		snap, err := c.Snapshots.Create(ctx, who, i.ID, api.NewSnapshot{Name: fmt.Sprint("snapshot ", n)}, control.Key{})
		if err != nil {
			return err
		}
		fmt.Println("done", snap.ID, snap.Digest)
		if kept = append(kept, snap.ID); n%2 == 0 {
			if _, err := c.Snapshots.Restore(ctx, who, i.ID, api.Restore{Snapshot: string(kept[rand.IntN(len(kept))])}); err != nil {
				return err
			}
		}
		imported, err := c.Snapshots.Import(ctx, who, i.Application, api.ImportSnapshot{Snapshot: manyNodes(n / 2)}, control.Key{})
		if err != nil {
			return err
		}
		fmt.Println("done", imported.ID, imported.Digest)
		if err := c.Snapshots.Prune(ctx); err != nil {
			return err
		}
	}
}

func TestAKillLeavesEverySnapshotAndTheInstanceWhole(t *testing.T) {
	dir := t.TempDir()
	c, db, err := openKeeper(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, Control: c, db: db, tick: time.Now}
	olga := w.person("olga", false)
	team := w.team(olga, "Plant", nil)
	app := must(c.Applications.Create(t.Context(), olga, team.Slug, api.NewApplication{Name: "Water"}, control.Key{}))(t)
	i := must(c.Instances.Create(t.Context(), olga, app.ID, api.NewInstance{Name: "Pump"}, control.Key{}))(t)
	for n := range fleet.KeepNewestSnapshots { // so that there is something to prune
		must(c.Flows.Put(t.Context(), olga, i.ID, api.PutFlows{Flows: flowsWith(fmt.Sprint(n))}))(t)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	acknowledged := map[fleet.SnapshotID]string{}
	for range 4 {
		killedKeeper(t, dir, 5+rand.IntN(30), acknowledged)
		checkKept(t, dir, i.ID, acknowledged)
	}
}

func killedKeeper(t *testing.T, dir string, after int, acknowledged map[fleet.SnapshotID]string) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), keeper+"="+dir)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	n := 0
	for lines := bufio.NewScanner(out); lines.Scan(); n++ {
		var id, digest string
		if _, err := fmt.Sscanf(lines.Text(), "done %s %s", &id, &digest); err != nil {
			t.Fatalf("the keeper said %q", lines.Text())
		}
		if len(digest) == 64 { // the last line may have been cut short
			acknowledged[fleet.SnapshotID(id)] = digest
		}
		if n == after {
			time.AfterFunc(time.Duration(rand.IntN(20_000))*time.Microsecond, func() { _ = cmd.Process.Kill() })
		}
	}
	if err := cmd.Wait(); err == nil || n < after {
		t.Fatalf("it made %d and ended with %v; want to have killed it", n, err)
	}
}

// checkKept reads everything that is there: each snapshot is what its digest
// says, what was acknowledged is among them, and the instance is its newest.
func checkKept(t *testing.T, dir string, id fleet.InstanceID, acknowledged map[fleet.SnapshotID]string) {
	t.Helper()
	c, db, err := openKeeper(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	who := fleet.System("test")
	for snap, digest := range acknowledged {
		if got, err := c.Snapshots.Get(t.Context(), who, snap); err != nil || got.Digest != digest {
			t.Fatalf("%s was acknowledged: %v", snap, err)
		}
	}
	for page := (store.Page{Limit: store.MaxLimit}); ; {
		list, next, err := c.Snapshots.ListTeam(t.Context(), who, "plant", store.SnapshotFilter{}, page)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range list {
			checkContent(t, db, s)
		}
		if page.Cursor = next; next == "" {
			break
		}
	}
	newest, _, err := c.Snapshots.ListInstance(t.Context(), who, id, store.SnapshotFilter{}, store.Page{Limit: 1})
	if err != nil {
		t.Fatal(err)
	}
	spec := must(c.Runners.Spec(t.Context(), id))(t)
	flows := must(c.Snapshots.Flows(t.Context(), who, newest[0].ID))(t)
	if string(flows.Flows) != string(spec.Flows) {
		t.Fatalf("the instance does not hold its newest snapshot %s", newest[0].ID)
	}
	told, _, err := c.Timeline.List(t.Context(), who, id, store.TimelineFilter{}, store.Page{Limit: 1})
	if err != nil || told[0].Snapshot != newest[0].ID {
		t.Fatalf("the timeline ends with %+v (%v); want %s", told[0], err, newest[0].ID)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	checkChunks(t, dir)
}

func checkContent(t *testing.T, db *store.DB, s *fleet.Snapshot) {
	t.Helper()
	err := db.View(t.Context(), func(tx *store.Tx) error {
		m, err := tx.SnapshotContent(s.ID)
		if err != nil {
			return err
		}
		if digest, err := m.Digest(); err != nil || digest != s.Digest {
			return fmt.Errorf("its digest is %s and not %s (%w)", digest, s.Digest, err)
		}
		_, err = tx.SnapshotSecrets(s.ID)
		return err
	})
	if err != nil {
		t.Fatalf("snapshot %s: %v", s.ID, err)
	}
}

// checkChunks looks for chunks that nothing uses.
func checkChunks(t *testing.T, dir string) {
	t.Helper()
	db, err := sql.Open("sqlite", filepath.Join(dir, "leat.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var free, lists int
	err = db.QueryRowContext(t.Context(), strings.Join([]string{
		"select (select count(*) from flow_chunk c where not exists (select 1 from flow_chunk_use u where u.hash = c.hash)),",
		"(select count(*) from flow_list l where not exists (select 1 from snapshot s where s.flows = l.id) and not exists (select 1 from flow_list k where k.parent = l.id))",
	}, " ")).Scan(&free, &lists)
	if err != nil || free != 0 || lists != 0 {
		t.Fatalf("%d chunks and %d lists are used by nothing (%v)", free, lists, err)
	}
}
