package bench

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/url"
	"path/filepath"
	"strings"
	"time"

	"leat/internal/fleet"
	"leat/internal/store"
)

const auditBatch = 5_000

// measureAudit lists from a log of o.Events events: each kind of page, the median
// of many.
func measureAudit(ctx context.Context, o Options) (string, error) {
	w, err := newWorld(ctx, o, "audit")
	if err != nil {
		return "", err
	}
	if err := w.stop(); err != nil {
		return "", err
	}
	middle, err := fillAudit(ctx, filepath.Join(w.data, "leat.db"), fleet.TeamID(w.team), o.Events)
	if err != nil {
		return "", err
	}
	s, _, err := startServer(ctx, o, w.data)
	if err != nil {
		return "", err
	}
	w.server = s
	defer w.stop()
	if err := w.untilSealed(ctx); err != nil {
		return "", err
	}
	cursor, err := w.middleCursor(ctx, middle)
	if err != nil {
		return "", err
	}
	from := middle.Add(-time.Minute).Format(time.RFC3339)
	pages := []struct{ name, query string }{
		{"first", ""}, {"middle", "cursor=" + url.QueryEscape(cursor)}, {"actor", "actor=u-bench-3"}, {"event", "event=instance.restart"},
		{"object", "object=i-bench-77"}, {"time", "from=" + from + "&to=" + middle.Format(time.RFC3339)},
	}
	var out []string
	for _, p := range pages {
		r, err := load(w.addr, 1, 200, shot{method: "GET", path: "/api/v1/teams/" + w.team + "/audit-events?" + p.query, header: w.auth()})
		if err != nil || r.failed > 0 {
			return "", fmt.Errorf("page %s: %d failed, %v", p.name, r.failed, err)
		}
		out = append(out, p.name+" "+short(r.p50))
	}
	return strings.Join(out, ", "), nil
}

// fillAudit writes events of many actors and objects, a second apart, and
// returns the time of the one in the middle.
func fillAudit(ctx context.Context, file string, team fleet.TeamID, count int) (time.Time, error) {
	db, err := store.Open(ctx, "sqlite:"+file)
	if err != nil {
		return time.Time{}, err
	}
	defer db.Close()
	events := []string{"instance.start", "instance.stop", "instance.restart", "flows.deploy", "environment.edit"}
	start := time.Now().Add(-time.Duration(count) * time.Second)
	for from := 0; from < count; from += auditBatch {
		err := db.Update(ctx, func(tx *store.Tx) error {
			for n := from; n < min(from+auditBatch, count); n++ {
				at := start.Add(time.Duration(n) * time.Second).Truncate(time.Microsecond)
				e := fleet.AuditEvent{
					ID: fleet.NewAuditEventID(at), Time: at, Event: events[n%len(events)], Result: fleet.AuditDone, Team: team,
					Actor:  fleet.Actor{Kind: fleet.ActorUser, User: fleet.UserID(fmt.Sprintf("u-bench-%d", n%50)), Username: "bench", Addr: "192.0.2.1"},
					Object: fmt.Sprintf("i-bench-%d", n%1000), Name: "Pump station",
				}
				var salt [16]byte
				rand.Read(salt[:])
				text, err := e.Bytes(func(string) []byte { return salt[:] })
				if err != nil {
					return err
				}
				if err := tx.InsertAuditEvent(&e, text); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return time.Time{}, err
		}
	}
	return start.Add(time.Duration(count/2) * time.Second), nil
}

type auditPage struct {
	Items []struct {
		Leaf *int64 `json:"leaf"`
	} `json:"items"`
	Next string `json:"next"`
}

func (w *world) untilSealed(ctx context.Context) error {
	return until(ctx, 10*time.Minute, time.Second, func() (bool, error) {
		var p auditPage
		err := w.call(ctx, "GET", "/teams/"+w.team+"/audit-events?limit=1", nil, &p)
		return err == nil && len(p.Items) == 1 && p.Items[0].Leaf != nil, err
	})
}

// middleCursor is the cursor of a page half way down.
func (w *world) middleCursor(ctx context.Context, middle time.Time) (string, error) {
	var p auditPage
	err := w.call(ctx, "GET", "/teams/"+w.team+"/audit-events?limit=50&to="+middle.UTC().Format(time.RFC3339), nil, &p)
	return p.Next, err
}
