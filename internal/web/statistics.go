package web

import (
	"context"
	"log/slog"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"leat/api"
	"leat/internal/control"
	"leat/internal/fleet"
)

func (s *Server) statisticsRoutes(r *routes) {
	get(r, "/statistics", fleet.StatisticsRead, s.getStatistics)
}

func (s *Server) getStatistics(ctx context.Context, who fleet.Actor, _ *struct{}) (*api.Statistics, error) {
	return s.Statistics.Get(ctx, who)
}

// tally shows the platform's counts to Prometheus. They are counted when it asks.
type tally struct {
	counts *control.Statistics
	log    *slog.Logger
	last   atomic.Pointer[api.Statistics]

	users, teams, applications, instances, sessions, deploys, database, queue *prometheus.Desc
}

// tallyWithin bounds the counting for one scrape.
const tallyWithin = 10 * time.Second

func newTally(counts *control.Statistics, log *slog.Logger) *tally {
	desc := func(name, help string, labels ...string) *prometheus.Desc {
		return prometheus.NewDesc("leat_"+name, help, labels, nil)
	}
	return &tally{
		counts: counts, log: log,
		users:        desc("users", "Users, by kind: total, admin, suspended, recent (signed in within 30 days), never.", "kind"),
		teams:        desc("teams", "Teams, by type.", "type"),
		applications: desc("applications", "Applications."),
		instances:    desc("instances", "Instances: by state, by type and by stack.", "by", "value"),
		sessions:     desc("sessions", "Sessions of signed-in browsers."),
		deploys:      desc("deploys_today", "Deploys since midnight, UTC."),
		database:     desc("database_bytes", "Size of the database.", "engine"),
		queue:        desc("queue_waiting", "What waits, by queue.", "queue"),
	}
}

// Describe tells Prometheus what there is.
func (t *tally) Describe(out chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{t.users, t.teams, t.applications, t.instances, t.sessions, t.deploys, t.database, t.queue} {
		out <- d
	}
}

// before counts ahead of a scrape; where that fails the measures are missing, and
// the log says why.
func (t *tally) before(scrape http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		ctx, cancel := context.WithTimeout(req.Context(), tallyWithin)
		defer cancel()
		n, err := t.counts.Counts(ctx)
		if err != nil {
			t.log.WarnContext(ctx, "the platform could not be counted", "err", err)
		}
		t.last.Store(n)
		scrape.ServeHTTP(w, req)
	})
}

// Collect shows what was counted last.
func (t *tally) Collect(out chan<- prometheus.Metric) {
	n := t.last.Load()
	if n == nil {
		return
	}
	put := func(d *prometheus.Desc, value int, labels ...string) {
		out <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, float64(value), labels...)
	}
	put(t.users, n.Users.Total, "total")
	put(t.users, n.Users.Admins, "admin")
	put(t.users, n.Users.Suspended, "suspended")
	put(t.users, n.Users.Recent, "recent")
	put(t.users, n.Users.Never, "never")
	for _, c := range n.Teams.ByType {
		put(t.teams, c.Count, c.ID)
	}
	put(t.applications, n.Applications)
	for by, list := range map[string][]api.Count{"state": n.Instances.ByState, "type": n.Instances.ByType, "stack": n.Instances.ByStack} {
		for _, c := range list {
			put(t.instances, c.Count, by, c.ID)
		}
	}
	put(t.sessions, n.Sessions)
	put(t.deploys, n.Deploys[len(n.Deploys)-1].Count)
	out <- prometheus.MustNewConstMetric(t.database, prometheus.GaugeValue, float64(n.Database.Bytes), n.Database.Engine)
	for _, q := range n.Queues {
		put(t.queue, q.Waiting, q.Name)
	}
}
