package proxy_test

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"leat/internal/fleet"
)

// editors serves the plant's door and a Node-RED that takes sockets.
func (p *plant) editors() (addr string) {
	p.upstream = func(w http.ResponseWriter, _ *http.Request) {
		c, rw, err := http.NewResponseController(w).Hijack()
		if err != nil {
			return
		}
		rw.WriteString("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
		rw.Flush()
		io.Copy(io.Discard, c)
		c.Close()
	}
	front := httptest.NewServer(p.door)
	p.t.Cleanup(front.Close)
	return front.Listener.Addr().String()
}

// socket opens a socket of the editor, and says what was answered.
func (p *plant) socket(addr, path, cookie string) (net.Conn, string) {
	p.t.Helper()
	c, err := net.Dial("tcp", addr)
	if err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(func() { c.Close() })
	c.SetDeadline(time.Now().Add(10 * time.Second))
	fmt.Fprintf(c, "GET %s HTTP/1.1\r\nHost: %s\r\nOrigin: http://%[2]s\r\nCookie: %s\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n", path, editorHost, cookie)
	buf := make([]byte, 512)
	n, _ := c.Read(buf)
	answer, _, _ := strings.Cut(string(buf[:n]), "\r\n")
	return c, answer
}

// await waits until the door says that who has the editor open changed, and
// that is what is wanted.
func (p *plant) await(want string) {
	p.t.Helper()
	late := time.After(10 * time.Second)
	for {
		var got []string
		for _, e := range p.door.Editors("i-1") {
			got = append(got, fmt.Sprintf("%s %v %d", e.User, e.Editing, e.Open))
		}
		if strings.Join(got, ", ") == want {
			return
		}
		select {
		case <-p.changed:
		case <-late:
			p.t.Fatalf("open are %q; want %q", got, want)
		}
	}
}

func TestWhoHasTheEditorOpenIsKnown(t *testing.T) {
	p := newPlant(t)
	addr := p.editors()
	owner, viewer := p.enter("s-owner", editorHost), p.enter("s-viewer", editorHost)
	p.await("")
	first, _ := p.socket(addr, "/.leat/editor/comms", viewer)
	p.await("u-s-viewer false 1")
	p.set(func() { p.now = p.now.Add(time.Second) })
	second, _ := p.socket(addr, "/.leat/editor/comms", owner)
	third, _ := p.socket(addr, "/.leat/editor/comms", owner)
	p.socket(addr, "/.leat/editor/debug/socket", owner)
	p.await("u-s-viewer false 1, u-s-owner true 2")
	if got := p.door.Editors("i-2"); len(got) != 0 {
		t.Errorf("another instance has %+v", got)
	}
	second.Close()
	p.await("u-s-viewer false 1, u-s-owner true 1")
	first.Close()
	third.Close()
	p.await("")
}

func TestASocketThatNodeREDRefusesIsNoEditor(t *testing.T) {
	p := newPlant(t)
	addr := p.editors()
	p.set(func() {
		p.upstream = func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusUnauthorized) }
	})
	if _, answer := p.socket(addr, "/.leat/editor/comms", p.enter("s-owner", editorHost)); !strings.Contains(answer, "401") {
		t.Errorf("answered %q", answer)
	}
	if got := p.door.Editors("i-1"); len(got) != 0 {
		t.Errorf("open are %+v", got)
	}
}

func TestAProtectedInstanceIsReadByMembersAndChangedByOwners(t *testing.T) {
	p := newPlant(t)
	p.set(func() { p.roles["s-member"] = fleet.RoleMember; p.instance.Protected = true })
	for _, c := range []struct {
		session      fleet.SessionID
		method, path string
		want         int
	}{
		{"s-member", "GET", "/.leat/editor/flows", 200},
		{"s-member", "HEAD", "/.leat/editor/", 200},
		{"s-member", "POST", "/.leat/editor/flows", 403},
		{"s-member", "POST", "/.leat/editor/nodes", 403},
		{"s-member", "PUT", "/.leat/editor/inject/1", 403},
		{"s-member", "DELETE", "/.leat/editor/context/global/x", 403},
		{"s-owner", "POST", "/.leat/editor/nodes", 200},
		{"s-viewer", "POST", "/.leat/editor/nodes", 403},
	} {
		w := p.ask(c.method, editorHost, c.path, "", "Cookie", p.enter(c.session, editorHost), "Sec-Fetch-Site", "same-origin")
		if w.Code != c.want {
			t.Errorf("%s %s as %s: %d; want %d", c.method, c.path, c.session, w.Code, c.want)
		}
		if told := strings.Contains(w.Body.String(), "protected"); c.session == "s-member" && c.want == 403 && !told {
			t.Errorf("%s %s does not say why: %s", c.method, c.path, w.Body)
		}
	}
	flows := p.enter("s-member", flowsHost)
	if w := p.ask("PATCH", flowsHost, "/.leat/editor/dashboard/api/v1/x", "", "Cookie", flows, "Sec-Fetch-Site", "same-origin"); w.Code != 404 {
		t.Errorf("the layout editor of Dashboard: %d; want 404", w.Code)
	}
}

// Node-RED believes what the identity says until the socket ends: it must begin
// anew when the right to edit does.
func TestOpenEditorsBeginAnewWhenAnInstanceIsProtected(t *testing.T) {
	p := newPlant(t)
	p.set(func() { p.roles["s-member"] = fleet.RoleMember })
	addr := p.editors()
	member, owner := p.enter("s-member", editorHost), p.enter("s-owner", editorHost)
	p.socket(addr, "/.leat/editor/comms", member)
	p.socket(addr, "/.leat/editor/comms", owner)
	p.await("u-s-member true 1, u-s-owner true 1")
	p.set(func() { p.instance.Protected = true })
	p.hints <- struct{}{}
	p.await("u-s-owner true 1")
	p.socket(addr, "/.leat/editor/comms", member)
	p.await("u-s-member false 1, u-s-owner true 1")
	p.set(func() { p.instance.Protected = false })
	p.hints <- struct{}{}
	p.await("u-s-owner true 1")
}
