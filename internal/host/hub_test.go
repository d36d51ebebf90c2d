package host_test

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"leat/internal/driver"
	"leat/internal/fleet"
	"leat/internal/host"
	"leat/internal/link"
	"leat/internal/wire"
)

// table is Runners with one instance.
type table struct {
	spec    *wire.Spec
	fault   error
	reports []wire.Report
	deploys int
	reads   int // of the desired state
}

func (x *table) Wanted(context.Context) ([]host.Wanted, error) {
	return []host.Wanted{{"i-one", 2}}, nil
}
func (x *table) Spec(context.Context, fleet.InstanceID) (*wire.Spec, error) {
	x.reads++
	return x.spec, x.fault
}
func (x *table) CheckIn(_ context.Context, _ fleet.InstanceID, in wire.CheckIn) error {
	x.reports = append(x.reports, in.Report)
	return nil
}
func (x *table) Deploy(context.Context, fleet.InstanceID, wire.Deploy) (wire.Deployed, error) {
	x.deploys++
	return wire.Deployed{Version: 3}, nil
}
func (x *table) Resolve(context.Context, fleet.InstanceID, wire.ModuleChange) (wire.Modules, error) {
	return wire.Modules{}, errors.New("dial tcp 10.0.0.7: secret cause")
}
func (x *table) Stack(context.Context, fleet.InstanceID, wire.StackAsk) (wire.StackLock, error) {
	return wire.StackLock{}, nil
}

func (x *table) Commit(context.Context, fleet.InstanceID, wire.ModuleCommit) (wire.Deployed, error) {
	return wire.Deployed{}, nil
}

// nowhere is a driver that starts nothing.
type nowhere struct{ killed, started int }

func (n *nowhere) Create(context.Context, fleet.InstanceID) error { return nil }
func (n *nowhere) Start(context.Context, fleet.InstanceID, driver.Secrets) error {
	n.started++
	return errors.New("nowhere")
}
func (n *nowhere) Control(context.Context, fleet.InstanceID) (net.Conn, error) {
	return nil, errors.New("nowhere")
}
func (n *nowhere) Dial(context.Context, fleet.InstanceID) (net.Conn, error) {
	return nil, errors.New("nowhere")
}
func (n *nowhere) List(context.Context) ([]fleet.InstanceID, error) { return nil, nil }
func (n *nowhere) Kill(context.Context, fleet.InstanceID) error     { n.killed++; return nil }
func (n *nowhere) Remove(context.Context, fleet.InstanceID) error   { return nil }

func newHub(t *testing.T) (*host.Host, *table, *nowhere) {
	t.Helper()
	x, d := &table{spec: &wire.Spec{Runner: "i-one", Version: 2, Digest: "two", Door: wire.Door{Key: "k"}}}, &nowhere{}
	h := host.New(host.Config{Runners: x, Driver: d, Key: []byte("key"), Build: "b", Log: slog.New(slog.DiscardHandler)})
	h.Seat("i-one")
	return h, x, d
}

func call(t *testing.T, h *host.Host, token, path string, body any) (int, string) {
	t.Helper()
	text, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	rec := httptest.NewRecorder()
	req := httptest.NewRequestWithContext(t.Context(), "POST", path, strings.NewReader(string(text)))
	req.Header.Set("Authorization", "Bearer "+token)
	h.Hub().ServeHTTP(rec, req)
	return rec.Code, rec.Body.String()
}

func TestALauncherSpeaksForItsOwnInstanceOnly(t *testing.T) {
	h, x, _ := newHub(t)
	good := h.Secrets("i-one").Hub
	other := h.Secrets("i-two").Hub
	forged := "i-one" + strings.TrimPrefix(other, "i-two")
	for _, token := range []string{"", "i-one", "i-one.", forged, h.Secrets("i-one").Token, good + "0"} {
		if code, _ := call(t, h, token, wire.DeploysPath, wire.Deploy{}); code != http.StatusUnauthorized {
			t.Errorf("token %q: %d; want 401", token, code)
		}
	}
	if x.deploys != 0 {
		t.Fatal("a stranger deployed")
	}
	if code, text := call(t, h, good, wire.DeploysPath, wire.Deploy{}); code != http.StatusOK || !strings.Contains(text, `"version":3`) {
		t.Errorf("deploy: %d %s", code, text)
	}
	if code, _ := call(t, h, other, wire.CheckInPath, wire.CheckIn{}); code != http.StatusNotFound {
		t.Errorf("check-in of an instance that is not there: %d; want 404", code)
	}
	if code, text := call(t, h, good, wire.ResolvePath, wire.ModuleChange{}); code != http.StatusInternalServerError || strings.Contains(text, "10.0.0.7") {
		t.Errorf("a fault of ours: %d %s", code, text)
	}
}

func TestACheckInIsAnsweredWithWhatTheLauncherLacks(t *testing.T) {
	h, x, d := newHub(t)
	token := h.Secrets("i-one").Hub
	checkIn := func(version int64, digest string) int {
		code, _ := call(t, h, token, wire.CheckInPath, wire.CheckIn{Report: wire.Report{SpecVersion: version, SpecDigest: digest, Build: "b", State: fleet.StateRunning}})
		return code
	}
	if code := checkIn(1, "one"); code != http.StatusOK {
		t.Errorf("an older launcher: %d; want 200 with the desired state", code)
	}
	if code := checkIn(2, "two"); code != http.StatusNoContent {
		t.Errorf("a launcher that has it: %d; want 204", code)
	}
	reads := x.reads
	if code := checkIn(2, "two"); code != http.StatusNoContent || x.reads != reads {
		t.Errorf("the same again: %d, read %d more times; want no more", code, x.reads-reads)
	}
	if code := checkIn(2, "two as an earlier server said it"); code != http.StatusOK {
		t.Errorf("a launcher that an earlier server told: %d; want 200 with the desired state", code)
	}
	if key, ok := h.DoorKey("i-one"); !ok || key != "k" {
		t.Errorf("door key %q, %t", key, ok)
	}
	if r, ok := h.Report("i-one"); !ok || r.State != fleet.StateRunning {
		t.Errorf("report %+v, %t", r, ok)
	}
	if code := checkIn(9, "nine"); code != http.StatusNoContent || d.killed != 1 {
		t.Errorf("a launcher ahead of its row: %d, killed %d times; want once", code, d.killed)
	}
	x.fault = &fleet.Error{Kind: fleet.Invalid, Code: "wrong_platform_key", Msg: "The platform key is not the one that sealed this."}
	if code := checkIn(1, "one"); code == http.StatusOK || code == http.StatusNoContent {
		t.Errorf("a row that cannot be read: %d", code)
	}
	if last := x.reports[len(x.reports)-1]; last.State != fleet.StateFailed || last.Code != "wrong_platform_key" || last.Reason == "" {
		t.Errorf("it is recorded as %+v", last)
	}
	before := x.reads
	if code := checkIn(1, "one"); code == http.StatusOK || x.reads != before {
		t.Errorf("the same again: %d, read %d more times; want no more", code, x.reads-before)
	}
	if last := x.reports[len(x.reports)-1]; last.Code != "wrong_platform_key" {
		t.Errorf("the same again is recorded as %+v", last)
	}
	x.fault = nil
	h.Changed("i-one")
	if code := checkIn(1, "one"); code != http.StatusOK {
		t.Errorf("after the row was mended: %d; want 200", code)
	}
}

// foreign is a driver that finds a launcher with another token.
type foreign struct {
	nowhere
	server *httptest.Server
}

func (f *foreign) Control(ctx context.Context, _ fleet.InstanceID) (net.Conn, error) {
	return (&net.Dialer{}).DialContext(ctx, "tcp", f.server.Listener.Addr().String())
}

func TestALauncherUnderAnotherKeyIsLeftAloneAndNamed(t *testing.T) {
	f := &foreign{server: httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		link.WriteProblem(w, &fleet.Error{Kind: fleet.Unauthenticated, Code: "bad_token", Msg: "This runner answers its platform only."})
	}))}
	defer f.server.Close()
	told := make(chan wire.Report, 10)
	x := &listener{table: table{spec: &wire.Spec{Runner: "i-one", Version: 2}}, told: told}
	h := host.New(host.Config{Runners: x, Driver: f, Hub: filepath.Join(t.TempDir(), "hub.sock"), Key: []byte("key"), Log: slog.New(slog.DiscardHandler)})
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- h.Run(ctx) }()
	r := <-told
	cancel()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if r.Code != "launcher_foreign" || r.State != fleet.StateUnreachable || r.Reason == "" || f.started+f.killed != 0 {
		t.Errorf("it is recorded as %+v; started %d, killed %d", r, f.started, f.killed)
	}
}

// listener is a table that passes reports on.
type listener struct {
	table
	told chan<- wire.Report
}

func (x *listener) CheckIn(_ context.Context, _ fleet.InstanceID, in wire.CheckIn) error {
	x.told <- in.Report
	return nil
}

func TestADatabaseWithoutInstancesRemovesNone(t *testing.T) {
	h := host.New(host.Config{Driver: &nowhere{}, Key: []byte("key"), Log: slog.New(slog.DiscardHandler)})
	h.Match(t.Context(), nil, []fleet.InstanceID{"i-one", "i-two"})
	if n := h.Seats(); n != 0 {
		t.Errorf("%d instances are about to be removed; want none", n)
	}
}
