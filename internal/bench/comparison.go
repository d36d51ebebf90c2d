package bench

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"

	"leat/internal/fleet"
)

// The size of what is compared: as many nodes and modules as a large plant has.
const (
	plantNodes    = 5_000
	plantModules  = 40
	plantPackages = 400
)

// measureComparison compares two snapshots of a large plant that differ in many
// places, and two that differ in a few.
func measureComparison(ctx context.Context, o Options) (string, error) {
	w, err := newWorld(ctx, o, "compare")
	if err != nil {
		return "", err
	}
	defer w.stop()
	application, err := w.application(ctx, "Plant")
	if err != nil {
		return "", err
	}
	var ids []string
	for _, edition := range []int{0, 1, 50} {
		id, err := w.importPlant(ctx, application, edition)
		if err != nil {
			return "", err
		}
		ids = append(ids, id)
	}
	var out []string
	for i, name := range []string{"a few edits", "a tenth of the nodes"} {
		path := "/api/v1/snapshots/compare?from=" + ids[0] + "&to=" + ids[i+1]
		r, err := load(w.addr, 1, 40, shot{method: "GET", path: path, header: w.auth()})
		if err != nil || r.failed > 0 {
			return "", fmt.Errorf("compare %s: %d failed, %v", name, r.failed, err)
		}
		out = append(out, name+" "+short(r.p50))
	}
	return strings.Join(out, ", "), nil
}

// importPlant makes a snapshot of an edition of the plant.
func (w *world) importPlant(ctx context.Context, application string, edition int) (string, error) {
	lock, direct, err := plantLock(edition)
	if err != nil {
		return "", err
	}
	file := fleet.SnapshotFile{
		Name: fmt.Sprintf("Edition %d", edition),
		Manifest: fleet.Manifest{
			Flows: plantFlows(edition), Modules: fleet.ManifestModules{Direct: direct, Lock: lock}, Absent: []fleet.ManifestPart{fleet.PartStack},
		},
	}
	text, err := file.Bytes()
	if err != nil {
		return "", err
	}
	var made struct {
		ID string `json:"id"`
	}
	err = w.call(ctx, "POST", "/applications/"+application+"/snapshots/import", map[string]any{"snapshot": json.RawMessage(text)}, &made)
	return made.ID, err
}

// plantFlows is a flow file of 1.5 MB. An edition differs from edition 0 in ten
// nodes for each number: code, wires, places and names.
func plantFlows(edition int) []byte {
	var b strings.Builder
	b.WriteString(`[`)
	for i := range 25 {
		fmt.Fprintf(&b, `{"id":"tab%013d","type":"tab","label":"Area %d","disabled":false,"info":"","env":[]},`, i, i)
	}
	b.WriteString(`{"id":"broker0000000000","type":"mqtt-broker","name":"Plant","broker":"broker.example","port":"1883","clientid":"","keepalive":"60"}`)
	for i := range plantNodes {
		edited, x, next := 0, 120+i%8*160, i+1
		if i < edition*10 {
			edited = edition
			switch i % 4 {
			case 1:
				x += 20
			case 2:
				next = (i + 7) % plantNodes
			}
		}
		fmt.Fprintf(&b, `,{"id":"%016x","type":"function","z":"tab%013d","name":"Level %d","func":"if (msg.payload.level > %d) {\n    msg.topic = \"area/%d\";\n}\nreturn msg;",`+
			`"outputs":1,"timeout":"","noerr":0,"initialize":"","finalize":"","libs":[],"x":%d,"y":%d,"wires":[["%016x"]]}`,
			i, i%25, i, 12+edited, i, x, 40+i/200*60, next)
	}
	b.WriteString(`]`)
	return []byte(b.String())
}

// plantLock is the lock of a tree of modules, of which a few have another version
// in another edition.
func plantLock(edition int) (lock json.RawMessage, direct map[string]string, err error) {
	direct = map[string]string{}
	packages := map[string]any{"": map[string]any{"dependencies": direct}}
	integrity := "sha512-" + base64.StdEncoding.EncodeToString(make([]byte, 64))
	for i := range plantPackages {
		name, version := fmt.Sprintf("node-red-contrib-plant-%d", i), "1.0.0"
		if i%50 == 0 && edition > 0 {
			version = "1.0.1"
		}
		if i < plantModules {
			direct[name] = version
		}
		packages["node_modules/"+name] = map[string]any{"version": version, "integrity": integrity}
	}
	lock, err = json.Marshal(map[string]any{"name": "plant", "lockfileVersion": 3, "requires": true, "packages": packages})
	return lock, direct, err
}
