//go:build real

package blueprint_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"leat/internal/blueprint"
	"leat/internal/npm"
	"leat/internal/runtime"
)

// nodeRED is a Node-RED of the default stack that listens on a socket.
type nodeRED struct {
	t      *testing.T
	lines  chan string
	strict bool // past its start, whose complaints are not the flows'
	client *http.Client
}

const settings = `module.exports = {
  uiPort: process.env.SOCKET, flowFile: 'flows.json', httpAdminRoot: '/admin/',
  telemetry: { enabled: false }, editorTheme: { projects: { enabled: false } }, logging: { console: { level: 'info' } }
}`

func stack(t *testing.T) runtime.Tree {
	t.Helper()
	dir := os.Getenv("LEAT_TEST_RUNTIME")
	if dir == "" {
		t.Fatal("LEAT_TEST_RUNTIME must name a directory for stacks; run make test")
	}
	log := slog.New(slog.NewTextHandler(t.Output(), nil))
	client, err := npm.New(npm.Config{CacheDir: filepath.Join(dir, "npm"), Log: log})
	if err != nil {
		t.Fatal(err)
	}
	store, err := runtime.NewStore(dir, client, log)
	if err != nil {
		t.Fatal(err)
	}
	st, err := runtime.Find(runtime.DefaultStack)
	if err != nil {
		t.Fatal(err)
	}
	tree, err := store.Ensure(t.Context(), st, nil)
	if err != nil {
		t.Fatal(err)
	}
	return tree
}

func start(t *testing.T) *nodeRED {
	t.Helper()
	tree := stack(t)
	dir, err := os.MkdirTemp("", "nr") // short: a socket's path has at most 107 bytes
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	for name, text := range map[string]string{"settings.js": settings, "package.json": `{"name":"blueprints"}`, "flows.json": "[]"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	socket := filepath.Join(dir, "nr.sock")
	cmd := exec.CommandContext(t.Context(), tree.Node, tree.NodeRED, "-u", dir, "-s", filepath.Join(dir, "settings.js"))
	cmd.Env = []string{"HOME=" + dir, "PATH=/usr/bin:/bin", "SOCKET=" + socket}
	n := &nodeRED{t: t, lines: make(chan string, 4096), client: &http.Client{Timeout: time.Minute, Transport: &http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, "unix", socket)
		},
	}}}
	n.run(cmd)
	n.until(regexp.MustCompile(`Started flows`))
	n.strict = true
	return n
}

// run starts the command, takes its lines and ends it with the test.
func (n *nodeRED) run(cmd *exec.Cmd) {
	n.t.Helper()
	out, err := cmd.StdoutPipe()
	if err != nil {
		n.t.Fatal(err)
	}
	cmd.Stderr = cmd.Stdout
	if err := cmd.Start(); err != nil {
		n.t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer close(n.lines)
		for s := bufio.NewScanner(out); s.Scan(); {
			n.lines <- s.Text()
		}
	}()
	n.t.Cleanup(func() {
		_ = cmd.Process.Kill()
		<-done
		_ = cmd.Wait()
	})
}

// until reads the log to a line that matches, and fails on any complaint before it.
func (n *nodeRED) until(end *regexp.Regexp) {
	n.t.Helper()
	timeout := time.After(time.Minute)
	for {
		select {
		case line, open := <-n.lines:
			if !open {
				n.t.Fatalf("Node-RED ended before it said %q", end)
			}
			n.complain(line)
			if end.MatchString(line) {
				return
			}
		case <-timeout:
			n.t.Fatalf("Node-RED did not say %q", end)
		}
	}
}

func (n *nodeRED) complain(line string) {
	if n.strict && (strings.Contains(line, "[error]") || strings.Contains(line, "[warn]")) {
		n.t.Errorf("log: %s", line)
	}
}

// quiet fails on any complaint that was logged meanwhile.
func (n *nodeRED) quiet() {
	for {
		select {
		case line, open := <-n.lines:
			if !open {
				n.t.Fatal("Node-RED ended")
			}
			n.complain(line)
		default:
			return
		}
	}
}

func (n *nodeRED) ask(method, path, body string) (status int, answer string) {
	n.t.Helper()
	req, err := http.NewRequestWithContext(n.t.Context(), method, "http://nodered"+path, strings.NewReader(body))
	if err != nil {
		n.t.Fatal(err)
	}
	if body != "" && body[0] == '{' {
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set("Node-RED-API-Version", "v2")
	}
	resp, err := n.client.Do(req)
	if err != nil {
		n.t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		n.t.Fatal(err)
	}
	return resp.StatusCode, string(text)
}

func (n *nodeRED) deploy(flows json.RawMessage) {
	n.t.Helper()
	var body bytes.Buffer
	if err := json.Compact(&body, flows); err != nil {
		n.t.Fatal(err)
	}
	if status, answer := n.ask(http.MethodPost, "/admin/flows", `{"flows":`+body.String()+`}`); status != http.StatusOK {
		n.t.Fatalf("deploy: %d %s", status, answer)
	}
	n.until(regexp.MustCompile(`Started (modified )?(flows|nodes)`))
}

// press presses the button of every inject node once.
func (n *nodeRED) press(b blueprint.Blueprint) {
	n.t.Helper()
	var nodes []node
	if err := json.Unmarshal(b.Flows, &nodes); err != nil {
		n.t.Fatal(err)
	}
	for _, in := range nodes {
		if in.Type != "inject" {
			continue
		}
		if status, answer := n.ask(http.MethodPost, "/admin/inject/"+in.ID, ""); status != http.StatusOK {
			n.t.Fatalf("press %q: %d %s", in.Name, status, answer)
		}
	}
}

// dashboard opens the page as a browser does and returns what it is told about
// it; follow then gives what the page is sent.
func (n *nodeRED) dashboard() (config string, follow func() string) {
	n.t.Helper()
	const socket = "/dashboard/socket.io/?EIO=4&transport=polling"
	_, hello := n.ask(http.MethodGet, socket, "")
	sid := regexp.MustCompile(`"sid":"([^"]+)"`).FindStringSubmatch(hello)
	if sid == nil {
		n.t.Fatalf("the dashboard does not shake hands: %s", hello)
	}
	address := socket + "&sid=" + sid[1]
	n.ask(http.MethodPost, address, "40")
	follow = func() string {
		status, packets := n.ask(http.MethodGet, address, "")
		if status != http.StatusOK {
			n.t.Fatalf("the dashboard answers %d: %s", status, packets)
		}
		if strings.HasPrefix(packets, "2") { // a ping wants its pong
			n.ask(http.MethodPost, address, "3")
		}
		return packets
	}
	for !strings.Contains(config, `"ui-config"`) {
		config = follow()
	}
	return config, follow
}

func TestEveryBlueprintRunsWithoutComplaint(t *testing.T) {
	n := start(t)
	moves := map[string]string{ // what its page shows once it runs
		"first-flow":          `"payload":2`,
		blueprint.PumpStation: `"level":`,
		"machine-state":       `"availability":`,
		"mqtt-to-dashboard":   "No broker yet",
		"rest-api":            "",
		blueprint.Empty:       "",
	}
	for _, b := range blueprint.List() {
		t.Run(b.ID, func(t *testing.T) {
			n.t = t
			n.deploy(b.Flows)
			if b.Page != "" {
				n.look(b, moves[b.ID])
			}
			n.quiet()
		})
	}
}

// look opens the blueprint's page and waits until it is sent what moves on it.
func (n *nodeRED) look(b blueprint.Blueprint, moves string) {
	n.t.Helper()
	if status, page := n.ask(http.MethodGet, b.Page, ""); status != http.StatusOK || !strings.Contains(page, "<html") {
		n.t.Fatalf("%s answers %d", b.Page, status)
	}
	config, follow := n.dashboard()
	if path := strings.TrimPrefix(b.Page, "/dashboard"); !strings.Contains(config, `"path":"`+path+`"`) {
		n.t.Errorf("the dashboard has no page %s", path)
	}
	n.press(b)
	end := time.Now().Add(time.Minute)
	for shown := ""; !strings.Contains(shown, moves); shown = follow() {
		n.quiet()
		if n.t.Failed() || time.Now().After(end) {
			n.t.Fatalf("%s never shows %s", b.Page, moves)
		}
	}
}

func TestTheRESTAPIAnswersInJSON(t *testing.T) {
	n := start(t)
	b, _ := blueprint.Get("rest-api")
	n.deploy(b.Flows)
	for _, c := range []struct {
		method, path, body string
		status             int
		want               string
	}{
		{"POST", "/api/measurements", `{"machine":"press-1","value":21.5,"unit":"bar"}`, 201, `"id":1`},
		{"POST", "/api/measurements", `{"machine":"../etc","value":"1","more":1}`, 422, `"field":"more"`},
		{"POST", "/api/measurements", `{"machine":`, 400, `"no_json"`},
		{"POST", "/api/measurements", `[]`, 422, `"faults"`},
		{"POST", "/api/measurements", `"` + strings.Repeat("x", 20000) + `"`, 413, `"too_large"`},
		{"GET", "/api/measurements?machine=press-1", "", 200, `"total":1`},
		{"GET", "/api/measurements?machine=press-2", "", 200, `"total":0`},
		{"GET", "/api/measurements?limit=1000", "", 400, `"invalid"`},
		{"GET", "/api/measurements/1", "", 200, `"press-1"`},
		{"GET", "/api/measurements/2", "", 404, `"not_found"`},
		{"GET", "/api", "", 200, `"routes"`},
	} {
		status, answer := n.ask(c.method, c.path, c.body)
		if status != c.status || !strings.Contains(answer, c.want) || !json.Valid([]byte(answer)) {
			t.Errorf("%s %s %.40s: %d %s; want %d with %s", c.method, c.path, c.body, status, answer, c.status, c.want)
		}
	}
	n.quiet()
}
