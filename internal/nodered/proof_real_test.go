//go:build real

package nodered_test

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"leat/internal/fleet"
	"leat/internal/nodered"
	"leat/internal/wire"
)

// function is a flow whose GET /go runs code in a function node.
func function(code string) string {
	text, err := json.Marshal([]map[string]any{
		{"id": "t1", "type": "tab", "label": "One"},
		{"id": "a1", "type": "http in", "z": "t1", "url": "/go", "method": "get", "wires": [][]string{{"f1"}}},
		{"id": "f1", "type": "function", "z": "t1", "name": "the culprit", "func": code, "outputs": 1, "wires": [][]string{{"o1"}}},
		{"id": "o1", "type": "http response", "z": "t1", "wires": [][]string{}},
	})
	if err != nil {
		panic(err)
	}
	return string(text)
}

func (r *rig) mustDeploy(flows string) {
	r.t.Helper()
	if code, text := r.deploy(flows); code != http.StatusNoContent {
		r.t.Fatalf("deploy: %d %s", code, text)
	}
}

// poke runs the flow behind GET /go, which may never answer.
func (r *rig) poke() {
	r.until("GET /go to be there", func(wire.Report) bool {
		code, _ := r.do("GET", "/go", "", nil)
		return code != http.StatusNotFound
	})
}

func (r *rig) logged(words ...string) bool {
	r.t.Helper()
	lines, err := r.Lines(0, 1000)
	if err != nil {
		r.t.Fatal(err)
	}
	for _, l := range lines {
		all := true
		for _, w := range words {
			all = all && strings.Contains(l.Text, w)
		}
		if all {
			return true
		}
	}
	return false
}

func TestAMemoryHogIsExplainedAndRestarted(t *testing.T) {
	r := newRig(t, nil)
	r.set(nil)
	r.running()
	r.mustDeploy(function("const hog=[];for(;;){hog.push(Buffer.alloc(4<<20,1))}"))
	r.poke()
	rep := r.until("a restart after the hog", func(rep wire.Report) bool {
		return rep.State == fleet.StateRunning && rep.Crashes >= 1 && rep.Settled
	})
	if rep.LastExit == nil || rep.LastExit.Code != "memory_limit" || !strings.Contains(rep.LastExit.Reason, "256 MiB") {
		t.Fatalf("the end is explained as %+v", rep.LastExit)
	}
	t.Log(rep.LastExit.Reason)
}

func TestAHangIsDetectedNamedAndEnded(t *testing.T) {
	r := newRig(t, func(c *nodered.Config) {
		c.Policy.Late, c.Policy.Hang = 2*time.Second, 8*time.Second
	})
	r.set(func(s *wire.Spec) { s.Limits.MemoryMiB = 512 })
	r.running()
	r.mustDeploy(function("for(;;){}"))
	r.poke()
	r.until("the hang to be said", func(rep wire.Report) bool { return rep.Code == "not_answering" })
	rep := r.until("a restart after the hang", func(rep wire.Report) bool {
		return rep.State == fleet.StateRunning && rep.Crashes == 1 && rep.Settled
	})
	if rep.LastExit == nil || rep.LastExit.Code != "hang" || !strings.Contains(rep.LastExit.Reason, "the culprit") {
		t.Fatalf("the end is explained as %+v", rep.LastExit)
	}
	t.Log(rep.LastExit.Reason)
}

func TestACrashLoopEndsInSafeModeAndADeployLeavesIt(t *testing.T) {
	onEachStack(t, crashLoop)
}

func crashLoop(t *testing.T, on string) {
	r := newRig(t, func(c *nodered.Config) {
		c.Policy.LoopCrashes, c.Policy.SafeCrashes = 2, 3
	}, on)
	// A function node has no process object; a flow reaches it by a module.
	r.set(func(s *wire.Spec) {
		s.Flows = json.RawMessage(`[{"id":"t1","type":"tab","label":"One"},{"id":"f1","type":"function","z":"t1","name":"the culprit","func":"",` +
			`"initialize":"setTimeout(()=>pr.exit(7),50)","libs":[{"var":"pr","module":"process"}],"outputs":0,"wires":[]}]`)
	})
	rep := r.until("safe mode", func(rep wire.Report) bool { return rep.State == fleet.StateSafeMode })
	if rep.LastExit.Status != 7 || rep.Crashes != 3 {
		t.Fatalf("%d crashes, the last %+v", rep.Crashes, rep.LastExit)
	}
	if !r.logged("safe mode") {
		t.Error("the log does not say that flows are not started")
	}
	if code, _ := r.do("GET", wire.EditorRoot+"flows", "", nil); code != 200 {
		t.Fatalf("in safe mode the editor answers %d", code)
	}
	r.mustDeploy(answering("well"))
	r.says("well")
	r.until("running again", func(rep wire.Report) bool { return rep.State == fleet.StateRunning })
}

func TestNobodyPassesWithoutTheDoorsKey(t *testing.T) {
	onEachStack(t, withoutKey)
}

func withoutKey(t *testing.T, on string) {
	r := newRig(t, nil, on)
	r.set(nil)
	r.running()
	r.mustDeploy(`[{"id":"t1","type":"tab","label":"One"},` +
		`{"id":"a1","type":"http in","z":"t1","url":"/headers","method":"get","wires":[["f1"]]},` +
		`{"id":"f1","type":"function","z":"t1","func":"msg.payload={h:msg.req.headers,r:msg.req.rawHeaders};return msg","outputs":1,"wires":[["o1"]]},` +
		`{"id":"o1","type":"http response","z":"t1","wires":[]}]`)
	var text string
	r.until("the flow", func(wire.Report) bool {
		var code int
		code, text = r.do("GET", "/headers", "", nil)
		return code == 200
	})
	if strings.Contains(text, "the door's key") {
		t.Errorf("a flow sees the key: %s", text)
	}
	upgrade := func(q *http.Request) {
		q.Header.Set("Connection", "Upgrade")
		q.Header.Set("Upgrade", "websocket")
		q.Header.Set("Sec-WebSocket-Version", "13")
		q.Header.Set("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==")
	}
	for _, x := range []struct {
		what, path string
		change     func(*http.Request)
		want       int // 0: the connection is cut
	}{
		{"no key", "/headers", func(q *http.Request) { q.Header.Del(wire.KeyHeader) }, 403},
		{"wrong key", "/headers", func(q *http.Request) { q.Header.Set(wire.KeyHeader, "another") }, 403},
		{"two keys", "/headers", func(q *http.Request) { q.Header.Add(wire.KeyHeader, "the door's key") }, 403},
		{"no key to the editor", wire.EditorRoot + "flows", func(q *http.Request) { q.Header.Del(wire.KeyHeader) }, 403},
		{"upgrade with key", wire.EditorRoot + "comms", upgrade, 101},
		{"upgrade without key", wire.EditorRoot + "comms", func(q *http.Request) { upgrade(q); q.Header.Del(wire.KeyHeader) }, 0},
		{"expectation without key", "/headers", func(q *http.Request) { q.Header.Set("Expect", "100-continue"); q.Header.Del(wire.KeyHeader) }, 403},
	} {
		if code, text := r.do("GET", x.path, "", x.change); code != x.want {
			t.Errorf("%s: %d %s; want %d", x.what, code, text, x.want)
		}
	}
}

func TestOnlyAnIdentityForThisRunnerOpensTheEditor(t *testing.T) {
	onEachStack(t, identities)
}

func identities(t *testing.T, on string) {
	r := newRig(t, nil, on)
	r.set(nil)
	r.running()
	bearer := func(change func(*wire.Identity)) func(*http.Request) {
		return func(q *http.Request) { q.Header.Set("Authorization", "Bearer "+r.token(change)) }
	}
	unsigned := func(q *http.Request) {
		parts := strings.Split(r.token(nil), ".")
		parts[0] = base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none"}`))
		q.Header.Set("Authorization", "Bearer "+parts[0]+"."+parts[1]+".")
	}
	for _, x := range []struct {
		what, method string
		change       func(*http.Request)
		want         int
	}{
		{"editor", "GET", nil, 200},
		{"reader reads", "GET", bearer(func(i *wire.Identity) { i.Permissions = "read" }), 200},
		{"reader deploys", "POST", bearer(func(i *wire.Identity) { i.Permissions = "read" }), 401},
		{"nobody", "GET", func(q *http.Request) { q.Header.Del("Authorization") }, 401},
		{"another runner's", "GET", bearer(func(i *wire.Identity) { i.Audience = "i-other" }), 401},
		{"expired", "GET", bearer(func(i *wire.Identity) { i.Expires = time.Now().Add(-time.Second).Unix() }), 401},
		{"another issuer", "GET", bearer(func(i *wire.Identity) { i.Issuer = "somebody" }), 401},
		{"unsigned", "GET", unsigned, 401},
		{"other permissions", "GET", bearer(func(i *wire.Identity) { i.Permissions = "flows.write" }), 401},
		{"rubbish", "GET", func(q *http.Request) { q.Header.Set("Authorization", "Bearer x.y.z") }, 401},
	} {
		body := ""
		if x.method == "POST" {
			body = answering("never")
		}
		if code, text := r.do(x.method, wire.EditorRoot+"flows", body, x.change); code != x.want {
			t.Errorf("%s: %d %s; want %d", x.what, code, text, x.want)
		}
	}
	if n := len(r.platform.deploys); n != 0 {
		t.Errorf("%d deploys went through; want none", n)
	}
	json := func(q *http.Request) { q.Header.Set("Accept", "application/json") }
	if code, text := r.do("GET", wire.EditorRoot+"plugins", "", json); code != 200 || !strings.Contains(text, "leat-bridge/person") {
		t.Errorf("the plugin that tells dashboards who is there is not loaded: %d %s", code, text)
	}
	code, text := r.do("GET", wire.EditorRoot+"settings", "", nil)
	if code != 200 || !strings.Contains(text, `"username":"ada"`) {
		t.Errorf("the editor does not know who is there: %d %s", code, text)
	}
}

func TestWhatCannotBeDoneLeavesWhatRan(t *testing.T) {
	r := newRig(t, nil)
	r.set(func(s *wire.Spec) { s.Flows = json.RawMessage(answering("before")) })
	r.running()
	r.says("before")

	r.set(func(s *wire.Spec) { s.Flows = json.RawMessage(`{"not":"an array"}`) })
	rep := r.until("the broken flows to be said", func(rep wire.Report) bool { return rep.Code == "flows_invalid" })
	if rep.State != fleet.StateDegraded {
		t.Errorf("state %s; want degraded", rep.State)
	}
	r.says("before")

	r.set(func(s *wire.Spec) {
		s.Flows = json.RawMessage(answering("before"))
		s.Modules.Lock = json.RawMessage(`{"lockfileVersion":3}`)
		s.Modules.Digest, _ = wire.Digest(s.Modules.Lock)
	})
	rep = r.until("the unreachable registry to be said", func(rep wire.Report) bool { return rep.Code == "registry_unreachable" })
	if rep.State != fleet.StateDegraded || rep.Starts != 1 {
		t.Errorf("state %s after %d starts; want degraded after 1", rep.State, rep.Starts)
	}
	r.says("before")
	if code, text := r.do("POST", wire.EditorRoot+"nodes", `{"module":"node-red-node-random"}`, nil); code < 400 {
		t.Errorf("an install without a registry answered %d %s", code, text)
	}

	r.set(func(s *wire.Spec) {
		s.Modules = wire.Modules{}
		s.Flows = json.RawMessage(`[{"id":"t1","type":"tab"},{"id":"x","type":"nobody has this","z":"t1","wires":[]}]`)
	})
	rep = r.until("the missing node to be said", func(rep wire.Report) bool { return rep.Code == "types_missing" })
	if !strings.Contains(rep.Reason, "nobody has this") {
		t.Errorf("reason: %s", rep.Reason)
	}
}

func TestDescriptorsDoNotReachWhatAFlowStarts(t *testing.T) {
	r := newRig(t, nil)
	r.set(nil)
	r.running()
	r.mustDeploy(`[{"id":"t1","type":"tab","label":"One"},` +
		`{"id":"a1","type":"http in","z":"t1","url":"/hello","method":"get","wires":[["e1"]]},` +
		`{"id":"e1","type":"exec","z":"t1","command":"ls -l /proc/self/fd","addpay":"","useSpawn":"false","wires":[["o1"],[],[]]},` +
		`{"id":"o1","type":"http response","z":"t1","wires":[]}]`)
	var text string
	r.until("the flow", func(wire.Report) bool {
		var code int
		code, text = r.do("GET", "/hello", "", nil)
		return code == 200
	})
	// 0, 1 and 2 are its own, 3 is the directory that it lists.
	if !strings.Contains(text, " 3 -> ") || regexp.MustCompile(` ([4-9]|\d\d+) -> `).MatchString(text) {
		t.Errorf("a child has descriptors of ours:\n%s", text)
	}
	if _, err := os.Stat(filepath.Join(r.dir, "user", "settings.json")); err == nil {
		t.Error("settings with secrets lie on the disk")
	}
}
