package bench

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"
	"time"

	"leat/internal/fleet"
	"leat/internal/store"
)

const (
	timelineEntries = 100_000
	timelineBatch   = 5_000
	restoreShots    = 6
)

// measureTimeline lists from a timeline of many entries: each kind of page, the
// median of many.
func measureTimeline(ctx context.Context, o Options) (string, error) {
	w, err := newWorld(ctx, o, "timeline")
	if err != nil {
		return "", err
	}
	defer func() { _ = w.stop() }() // which is another one by then
	app, err := w.application(ctx, "Plant")
	if err != nil {
		return "", err
	}
	in, err := w.instance(ctx, app, "Pump", "empty", "open")
	if err != nil {
		return "", err
	}
	if err := w.call(ctx, "POST", "/instances/"+in.ID+"/stop", nil, nil); err != nil {
		return "", err
	}
	if err := w.stop(); err != nil {
		return "", err
	}
	middle, err := fillTimeline(ctx, filepath.Join(w.data, "leat.db"), fleet.InstanceID(in.ID))
	if err != nil {
		return "", err
	}
	if w.server, _, err = startServer(ctx, o, w.data); err != nil {
		return "", err
	}
	at := middle.UTC().Format(time.RFC3339)
	pages := []struct{ name, query string }{
		{"first", ""}, {"middle", "to=" + url.QueryEscape(at)}, {"rare kind", "kind=crash"}, {"no such", "kind=hang"},
		{"many kinds", "kind=deploy,crash,settings,modules,restore"}, {"time", "from=" + url.QueryEscape(middle.UTC().Add(-time.Hour).Format(time.RFC3339)) + "&to=" + url.QueryEscape(at)},
	}
	var out []string
	for _, p := range pages {
		r, err := load(w.addr, 1, 200, shot{method: "GET", path: "/api/v1/instances/" + in.ID + "/timeline?" + p.query, header: w.auth()})
		if err != nil || r.failed > 0 {
			return "", fmt.Errorf("page %s: %d failed, %v", p.name, r.failed, err)
		}
		out = append(out, p.name+" "+short(r.p50))
	}
	return strings.Join(out, ", "), nil
}

// fillTimeline writes entries a minute apart and returns the time in the middle.
func fillTimeline(ctx context.Context, file string, id fleet.InstanceID) (time.Time, error) {
	db, err := store.Open(ctx, "sqlite:"+file)
	if err != nil {
		return time.Time{}, err
	}
	defer db.Close()
	start := time.Now().Add(-timelineEntries * time.Minute)
	for from := 0; from < timelineEntries; from += timelineBatch {
		err := db.Update(ctx, func(tx *store.Tx) error {
			for n := from; n < from+timelineBatch; n++ {
				if err := tx.InsertTimeline(benchEntry(id, n, start.Add(time.Duration(n)*time.Minute))); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return time.Time{}, err
		}
	}
	return start.Add(timelineEntries / 2 * time.Minute), nil
}

func benchEntry(id fleet.InstanceID, n int, at time.Time) *fleet.TimelineEntry {
	e := &fleet.TimelineEntry{
		ID: fleet.NewTimelineID(at), Instance: id, Time: at, Kind: fleet.TimelineDeploy, Author: "olga", AuthorID: "u-bench",
		Summary: json.RawMessage(`{"nodes":120,"nodeChanges":{"added":1,"changed":2,"removed":0}}`), Count: 1, LastAt: at,
	}
	switch {
	case n%1000 == 0:
		e.Kind, e.Code = fleet.TimelineCrash, "heap_limit"
	case n%10 == 0:
		e.Kind, e.Summary = fleet.TimelineRestart, json.RawMessage(`{}`)
	}
	return e
}

// saying is a flow that answers GET /hello with a text and a variable.
func saying(text string) json.RawMessage {
	return json.RawMessage(fmt.Sprintf(`[{"id":"t1","type":"tab","label":"One"},`+
		`{"id":"a1","type":"http in","z":"t1","url":"/hello","method":"get","x":100,"y":100,"wires":[["f1"]]},`+
		`{"id":"f1","type":"function","z":"t1","func":"msg.payload='%s '+env.get('TEXT');return msg","outputs":1,"x":250,"y":100,"wires":[["o1"]]},`+
		`{"id":"o1","type":"http response","z":"t1","x":400,"y":100,"wires":[]}]`, text))
}

// measureRestore restores a snapshot with the same modules, once with another
// environment, which takes a new start of Node-RED, and once with other flows
// alone, until the old flows answer. Beside it is a bare start.
func measureRestore(ctx context.Context, o Options) (string, error) {
	w, err := newWorld(ctx, o, "restore")
	if err != nil {
		return "", err
	}
	defer w.stop()
	app, err := w.application(ctx, "Plant")
	if err != nil {
		return "", err
	}
	in, err := w.instance(ctx, app, "Pump", "empty", "open")
	if err != nil {
		return "", err
	}
	if err := w.untilRunning(ctx, in.ID); err != nil {
		return "", err
	}
	var bare, started, reloaded []time.Duration
	for i := range restoreShots {
		b, err := bareStart(ctx, o)
		if err != nil {
			return "", err
		}
		s, err := w.restored(ctx, in, fmt.Sprint("start-", i), "a", "b")
		if err != nil {
			return "", err
		}
		r, err := w.restored(ctx, in, fmt.Sprint("reload-", i), "a", "a")
		if err != nil {
			return "", err
		}
		if i > 0 { // the first warms the caches of both
			bare, started, reloaded = append(bare, b), append(started, s), append(reloaded, r)
		}
	}
	return fmt.Sprintf("%s with a start, %s with the flows alone (bare start: %s)", short(median(started)), short(median(reloaded)), short(median(bare))), nil
}

// restored keeps a version with one variable, replaces it by another, and restores
// it.
func (w *world) restored(ctx context.Context, in instanceView, text, one, other string) (time.Duration, error) {
	put := func(text, value string) error {
		if err := w.call(ctx, "PUT", "/instances/"+in.ID+"/flows", map[string]any{"flows": saying(text)}, nil); err != nil {
			return err
		}
		items := []map[string]string{{"name": "TEXT", "value": value}}
		if err := w.call(ctx, "PUT", "/instances/"+in.ID+"/environment", map[string]any{"items": items}, nil); err != nil {
			return err
		}
		return w.says(ctx, in, text+" "+value)
	}
	if err := put(text, one); err != nil {
		return 0, err
	}
	var snap struct{ ID string }
	if err := w.call(ctx, "POST", "/instances/"+in.ID+"/snapshots", map[string]any{"name": text}, &snap); err != nil {
		return 0, err
	}
	if err := put("not-"+text, other); err != nil {
		return 0, err
	}
	if err := w.untilRunning(ctx, in.ID); err != nil {
		return 0, err
	}
	begun := time.Now()
	if err := w.call(ctx, "POST", "/instances/"+in.ID+"/restore", map[string]any{"snapshot": snap.ID}, nil); err != nil {
		return 0, err
	}
	err := w.says(ctx, in, text+" "+one)
	return time.Since(begun), err
}

// says waits until the flow answers with a text.
func (w *world) says(ctx context.Context, in instanceView, text string) error {
	host := in.Label + ".leat.localhost:" + w.addr[strings.LastIndexByte(w.addr, ':')+1:]
	return until(ctx, time.Minute, 5*time.Millisecond, func() (bool, error) {
		// A request that is in a flow when the flow is replaced is never answered.
		ctx, cancel := context.WithTimeout(ctx, time.Second)
		defer cancel()
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+w.addr+"/hello", nil)
		if err != nil {
			return false, err
		}
		req.Host = host
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			return false, nil // it is not there yet
		}
		defer res.Body.Close()
		body, err := io.ReadAll(res.Body)
		return err == nil && res.StatusCode == http.StatusOK && string(body) == text, nil
	})
}
