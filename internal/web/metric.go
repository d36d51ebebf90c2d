package web

import (
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"leat/internal/fleet"
)

// meter counts what the platform does, for Prometheus.
type meter struct {
	registry *prometheus.Registry
	requests *prometheus.HistogramVec
	handler  http.Handler
}

func newMeter(h *hub) *meter {
	m := &meter{
		registry: prometheus.NewRegistry(),
		requests: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "leat_http_request_duration_seconds", Help: "Time to answer a request, by route.",
			Buckets: []float64{.001, .005, .025, .1, .5, 2.5, 10},
		}, []string{"method", "route", "status"}),
	}
	streams := prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "leat_event_streams", Help: "Live streams that are open.",
	}, func() float64 { return float64(h.count()) })
	m.registry.MustRegister(m.requests, streams, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	m.handler = promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{})
	return m
}

// count adds what is on the platform to the measures.
func (m *meter) count(t *tally) {
	m.registry.MustRegister(t)
	m.handler = t.before(m.handler)
}

// Registry takes the measures of the other parts.
func (s *Server) Registry() prometheus.Registerer { return s.meter.registry }

func (m *meter) request(method, route string, status int, took time.Duration) {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete:
	default:
		method = "other" // a stranger must not choose how many series there are
	}
	m.requests.WithLabelValues(method, route, statusText(status)).Observe(took.Seconds())
}

func statusText(status int) string {
	if status == http.StatusOK {
		return "200"
	}
	return strconv.Itoa(status)
}

// metrics answers whoever has an administrator's token. No address is trusted
// for itself; a listener of its own serves MetricsHandler without asking.
func (s *Server) metrics(w http.ResponseWriter, req *http.Request) {
	c := s.newCall(w, req)
	c.route = &metricsRoute
	err := s.authenticate(req, c)
	if err == nil {
		err = c.who.May(fleet.MetricsRead, fleet.RoleNone, "metrics")
	}
	if err != nil {
		s.fail(w, req, c, err)
		return
	}
	s.meter.handler.ServeHTTP(w, req)
}

var metricsRoute = Route{Method: http.MethodGet, Path: "/metrics", Permission: fleet.MetricsRead, grant: fleet.Grant{Permission: fleet.MetricsRead, Scope: fleet.Platform}}

// MetricsHandler serves the measures to anybody: for a listener that only
// those reach who may read them.
func (s *Server) MetricsHandler() http.Handler { return s.meter.handler }
