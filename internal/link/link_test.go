package link_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"leat/internal/fleet"
	"leat/internal/link"
	"leat/internal/wire"
)

func client(t *testing.T, h http.HandlerFunc) *link.Client {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return &link.Client{HTTP: s.Client(), Base: s.URL, Token: "secret", Patience: 5 * time.Second}
}

func TestADeployIsSentAgainUntilTheServerIsBack(t *testing.T) {
	var ids []fleet.DeployID
	c := client(t, func(w http.ResponseWriter, r *http.Request) {
		var d wire.Deploy
		if err := json.NewDecoder(r.Body).Decode(&d); err != nil || link.Bearer(r) != "secret" {
			t.Errorf("request of %q: %v", link.Bearer(r), err)
		}
		ids = append(ids, d.ID)
		switch len(ids) {
		case 1:
			link.WriteProblem(w, &fleet.Error{Kind: fleet.Unavailable, Code: "stopping", Msg: "The server stops."})
		case 2:
			panic(http.ErrAbortHandler) // the connection breaks before the answer
		default:
			link.WriteJSON(w, wire.Deployed{Version: 7})
		}
	})
	out, err := c.Deploy(t.Context(), wire.Deploy{ID: "d-1", Flows: json.RawMessage(`[]`)})
	if err != nil || out.Version != 7 {
		t.Fatalf("deploy = %+v, %v", out, err)
	}
	for _, id := range ids {
		if id != "d-1" {
			t.Errorf("sent under the id %s; want d-1", id)
		}
	}
}

func TestARefusalIsNotRepeatedAndKeepsItsWords(t *testing.T) {
	tries := 0
	c := client(t, func(w http.ResponseWriter, _ *http.Request) {
		tries++
		link.WriteProblem(w, &fleet.Error{Kind: fleet.Conflict, Code: "flows_changed", Msg: "Somebody else deployed."})
	})
	_, err := c.Deploy(t.Context(), wire.Deploy{ID: "d-1", Flows: json.RawMessage(`[]`)})
	if !fleet.IsKind(err, fleet.Conflict) || !fleet.IsCode(err, "flows_changed") || err.Error() != "Somebody else deployed." {
		t.Fatalf("err = %v", err)
	}
	if tries != 1 {
		t.Errorf("asked %d times; want once", tries)
	}
}

func TestACauseIsNotToldToTheOtherEnd(t *testing.T) {
	rec := httptest.NewRecorder()
	link.WriteProblem(rec, &fleet.Error{Kind: fleet.Internal, Code: "x", Msg: "dial tcp 10.0.0.7"})
	if strings.Contains(rec.Body.String(), "10.0.0.7") || rec.Code != http.StatusInternalServerError {
		t.Errorf("%d %s", rec.Code, rec.Body)
	}
}

func TestFlowsKeepTheirDigestOnTheWay(t *testing.T) {
	flows := json.RawMessage(`[{"id":"a","type":"template","t":"<b>&</b>\u2028 1.0 \u00e9"}]`)
	want, err := wire.Digest(flows)
	if err != nil {
		t.Fatal(err)
	}
	c := client(t, func(w http.ResponseWriter, r *http.Request) {
		var d wire.Deploy
		if err := json.NewDecoder(r.Body).Decode(&d); err != nil {
			t.Error(err)
		}
		link.WriteJSON(w, wire.Spec{Flows: d.Flows})
	})
	body := wire.Deploy{ID: "d-1", Flows: flows}
	text, err := wire.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	var there wire.Deploy
	if err := json.Unmarshal(text, &there); err != nil {
		t.Fatal(err)
	}
	if got, err := wire.Digest(there.Flows); err != nil || got != want {
		t.Errorf("digest %s, %v; want %s", got, err, want)
	}
	if _, err := c.Deploy(t.Context(), body); err != nil {
		t.Fatal(err)
	}
}

// still is a supervisor with three lines of log, to which one can be added.
type still struct {
	mu    sync.Mutex
	lines []wire.LogLine
	grown chan struct{}
	spec  *wire.Spec
}

func (s *still) Set(spec *wire.Spec) error { s.spec = spec; return nil }
func (s *still) Report() wire.Report {
	r := wire.Report{State: fleet.StateRunning}
	if s.spec != nil {
		r.SpecVersion = s.spec.Version
	}
	return r
}
func (s *still) Changed() <-chan struct{}        { return nil }
func (s *still) TakeHints() []wire.Event         { return nil }
func (s *still) Samples(time.Time) []wire.Sample { return []wire.Sample{{MemoryBytes: 5}} }
func (s *still) Lines(after int64, limit int) ([]wire.LogLine, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	after = min(after, int64(len(s.lines)))
	return s.lines[after:min(int(after)+limit, len(s.lines))], nil
}
func (s *still) Context(_ context.Context, q wire.ContextQuery) (wire.ContextPage, error) {
	if q.Scope == "node:gone" {
		return wire.ContextPage{}, &fleet.Error{Kind: fleet.Conflict, Code: "scope_not_found", Msg: "There is no such node."}
	}
	return wire.ContextPage{Live: true, Next: fmt.Sprint(q)}, nil
}

func (s *still) SetContext(_ context.Context, c wire.ContextChange) error { return c.Check() }

func (s *still) WaitLine(ctx context.Context, _ int64) error {
	select {
	case <-s.grown:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

type self struct{ left chan struct{} }

func (self) Renew(context.Context, string) error { return nil }
func (s self) Leave()                            { close(s.left) }

func TestOnlyTheServerIsAnswered(t *testing.T) {
	sup := &still{grown: make(chan struct{}, 1)}
	me := self{make(chan struct{})}
	h := link.Handler("right", sup, link.NewRunner(nil, sup, slog.New(slog.DiscardHandler)), me)
	for _, token := range []string{"", "wrong", "right "} {
		rec := httptest.NewRecorder()
		req := httptest.NewRequestWithContext(t.Context(), "POST", wire.StopPath, nil)
		req.Header.Set("Authorization", "Bearer "+token)
		if token == "" {
			req.Header.Del("Authorization")
		}
		h.ServeHTTP(rec, req)
		if rec.Code != http.StatusUnauthorized {
			t.Errorf("token %q: %d; want 401", token, rec.Code)
		}
	}
	select {
	case <-me.left:
		t.Fatal("a stranger ended the launcher")
	default:
	}
	none := link.Handler("", sup, nil, me)
	rec := httptest.NewRecorder()
	req := httptest.NewRequestWithContext(t.Context(), "GET", wire.StatusPath, nil)
	req.Header.Set("Authorization", "Bearer ")
	none.ServeHTTP(rec, req)
	if rec.Code != http.StatusUnauthorized {
		t.Errorf("without a token of its own it answers %d; want 401", rec.Code)
	}
}

func TestALogIsFollowedAcrossItsEnd(t *testing.T) {
	sup := &still{grown: make(chan struct{}, 1), lines: []wire.LogLine{{Seq: 1, Text: "one"}, {Seq: 2, Text: "two"}}}
	h := link.Handler("right", sup, link.NewRunner(nil, sup, slog.New(slog.DiscardHandler)), self{})
	s := httptest.NewServer(h)
	defer s.Close()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, "GET", s.URL+wire.LogsPath+"?after=1&follow=1", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer right")
	res, err := s.Client().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	in := bufio.NewScanner(res.Body)
	next := func() string {
		t.Helper()
		if !in.Scan() {
			t.Fatal(in.Err())
		}
		return in.Text()
	}
	if line := next(); !strings.Contains(line, "two") {
		t.Fatalf("first line %s", line)
	}
	sup.mu.Lock()
	sup.lines = append(sup.lines, wire.LogLine{Seq: 3, Text: "three"})
	sup.mu.Unlock()
	sup.grown <- struct{}{}
	if line := next(); !strings.Contains(line, "three") {
		t.Fatalf("next line %s", line)
	}
}

func TestARunnerTakesTheDesiredStateItLacks(t *testing.T) {
	sup := &still{}
	seen := make(chan int64, 8)
	c := client(t, func(w http.ResponseWriter, r *http.Request) {
		var in wire.CheckIn
		if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
			t.Error(err)
		}
		seen <- in.Report.SpecVersion
		if in.Report.SpecVersion == 4 {
			w.WriteHeader(http.StatusNoContent)
			return
		}
		link.WriteJSON(w, wire.Spec{Version: 4})
	})
	r := link.NewRunner(c, sup, slog.New(slog.DiscardHandler))
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- r.Run(ctx) }()
	if v := <-seen; v != 0 {
		t.Fatalf("first check-in with version %d", v)
	}
	r.Look()
	if v := <-seen; v != 4 {
		t.Fatalf("second check-in with version %d; want 4", v)
	}
	cancel()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
}

// talkative is a supervisor in which much happens.
type talkative struct{ still }

func (*talkative) TakeHints() []wire.Event { return make([]wire.Event, 60) }

func TestWhatWaitsForAServerThatIsAwayIsBounded(t *testing.T) {
	tries, heard := 0, make(chan int, 1)
	c := client(t, func(w http.ResponseWriter, r *http.Request) {
		if tries++; tries <= 3 {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		var in wire.CheckIn
		if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
			t.Error(err)
		}
		select {
		case heard <- len(in.Events):
		default:
		}
		w.WriteHeader(http.StatusNoContent)
	})
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	r := link.NewRunner(c, &talkative{}, slog.New(slog.DiscardHandler))
	go func() { done <- r.Run(ctx) }()
	if n := <-heard; n != 100 {
		t.Errorf("%d events waited; want the newest 100", n)
	}
	stop()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
}

func TestContextIsAskedForInBounds(t *testing.T) {
	h := link.Handler("token", &still{}, nil, nil)
	ask := func(method, query, body string) (int, string) {
		rec := httptest.NewRecorder()
		req := httptest.NewRequestWithContext(t.Context(), method, wire.ContextPath+query, strings.NewReader(body))
		req.Header.Set("Authorization", "Bearer token")
		h.ServeHTTP(rec, req)
		return rec.Code, rec.Body.String()
	}
	for _, row := range []struct {
		method, query, body string
		code                int
		says                string
	}{
		{"GET", "?scope=flow:a&prefix=p&after=x&limit=5", "", 200, `"next":"{flow:a p x 5}"`},
		{"GET", "?limit=100000", "", 200, `"next":"{   200}"`},
		{"GET", "?limit=many", "", 422, "number"},
		{"GET", "?scope=node:gone", "", 409, "scope_not_found"},
		{"POST", "", `{"scope":"global","key":"a","value":{"b":1}}`, 204, ""},
		{"POST", "", `{"scope":"global","key":""}`, 422, "key"},
		{"POST", "", `{"scope":"global","key":"a","value":"` + strings.Repeat("x", 3<<20) + `"}`, 422, "2 MiB"},
	} {
		if code, text := ask(row.method, row.query, row.body); code != row.code || !strings.Contains(text, row.says) {
			t.Errorf("%s %s: %d %.200s; want %d %s", row.method, row.query, code, text, row.code, row.says)
		}
	}
}
