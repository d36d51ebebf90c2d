package proxy_test

import (
	"encoding/base64"
	"net/http"
	"testing"
	"time"

	"leat/internal/fleet"
	"leat/internal/wire"
)

// machineToken is an HTTP token of the plant's instance, while machine is set.
const machineToken = "leat_http_plc"

func basic(user, password string) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(user+":"+password))
}

func TestAMachineWithATokenReachesTheFlowsAlone(t *testing.T) {
	for _, row := range []struct {
		what         string
		access       fleet.Access
		host, method string
		path, auth   string
		want         int
	}{
		{"bearer", fleet.AccessToken, flowsHost, "POST", "/api", "Bearer " + machineToken, 200},
		{"bearer where people sign in", fleet.AccessLogin, flowsHost, "POST", "/api", "Bearer " + machineToken, 200},
		{"basic", fleet.AccessToken, flowsHost, "GET", "/api", basic("plc-7", machineToken), 200},
		{"basic where people sign in", fleet.AccessLogin, flowsHost, "GET", "/api", basic("", machineToken), 200},
		{"a person's token as basic", fleet.AccessToken, flowsHost, "GET", "/api", basic("max", "leat_good"), 200},
		{"an unknown token", fleet.AccessToken, flowsHost, "GET", "/api", "Bearer leat_http_other", 401},
		{"an unknown token as basic", fleet.AccessLogin, flowsHost, "GET", "/api", basic("plc-7", "leat_http_other"), 401},
		{"the token as a name", fleet.AccessToken, flowsHost, "GET", "/api", basic(machineToken, ""), 401},
		{"the editor", fleet.AccessToken, editorHost, "GET", "/.leat/editor/flows", "Bearer " + machineToken, 401},
		{"the editor as basic", fleet.AccessOpen, editorHost, "GET", "/.leat/editor/flows", basic("plc-7", machineToken), 401},
		{"the layout of a dashboard", fleet.AccessToken, flowsHost, "PATCH", "/.leat/editor/dashboard/api/v1/ui", "Bearer " + machineToken, 404},
	} {
		p := newPlant(t)
		p.machine, p.instance.Access = true, row.access
		w := p.ask(row.method, row.host, row.path, "", "Authorization", row.auth)
		if w.Code != row.want {
			t.Errorf("%s: %d; want %d", row.what, w.Code, row.want)
		}
		if w.Code == 200 && (p.seen.Header.Get("Authorization") != "" || row.what != "a person's token as basic" && p.seen.Header.Get(wire.UserHeader) != "") {
			t.Errorf("%s: the flow was given %v", row.what, p.seen.Header)
		}
	}
}

func TestAFlowsOwnAuthorizationReachesIt(t *testing.T) {
	p := newPlant(t)
	p.instance.Access = fleet.AccessOpen
	for _, auth := range []string{"Bearer of-the-flow", basic("max", "of the flow"), "Digest x"} {
		if w := p.ask("GET", flowsHost, "/api", "", "Authorization", auth); w.Code != 200 || p.seen.Header.Get("Authorization") != auth {
			t.Errorf("%s: %d, and the flow got %q", auth, w.Code, p.seen.Header.Get("Authorization"))
		}
	}
}

func TestAPageOfAnotherSiteCannotUseATokenThatABrowserKeeps(t *testing.T) {
	p := newPlant(t)
	p.machine = true
	w := p.ask("POST", flowsHost, "/api", "", "Authorization", basic("plc", machineToken), "Sec-Fetch-Site", "cross-site", "Origin", "https://elsewhere.example")
	if w.Code != http.StatusForbidden {
		t.Errorf("another site's request with a kept token: %d; want 403", w.Code)
	}
}

func TestWhatAMachineHasOpenEndsWithItsToken(t *testing.T) {
	for _, auth := range []string{"Bearer " + machineToken, basic("plc", machineToken)} {
		p := newPlant(t)
		p.machine = true
		started, ended := make(chan struct{}), make(chan struct{})
		p.upstream = func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(200)
			if err := http.NewResponseController(w).Flush(); err != nil {
				t.Error(err)
			}
			close(started)
			<-r.Context().Done()
			close(ended)
		}
		go p.ask("GET", flowsHost, "/events", "", "Authorization", auth)
		<-started
		p.set(func() { p.machine = false })
		p.hints <- struct{}{}
		select {
		case <-ended:
		case <-time.After(5 * time.Second):
			t.Fatal("the stream outlived its token")
		}
	}
}
