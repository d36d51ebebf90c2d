package web_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"leat/api"
	"leat/internal/fleet"
	"leat/internal/servertest"
	"leat/internal/web"
)

// walker sends every route as every role and compares with the permission table.
type walker struct {
	*servertest.Server
	t *testing.T
	n int
}

// roles are who the walk goes as; the empty role is none in the team.
var roles = []struct {
	name string
	role fleet.Role
}{
	{"stranger", ""}, {"other", fleet.RoleNone}, {"dashboard", fleet.RoleDashboard}, {"viewer", fleet.RoleViewer},
	{"member", fleet.RoleMember}, {"owner", fleet.RoleOwner}, {"reader", fleet.RoleOwner}, {"admin", fleet.RoleOwner},
}

func TestEveryRouteHoldsToThePermissionTable(t *testing.T) {
	w := &walker{Server: servertest.New(t), t: t}
	w.As("owner")
	for _, route := range bare(t).Routes() {
		grant, _ := fleet.GrantOf(route.Permission)
		for _, as := range roles {
			status, code := w.send(route, as.name)
			if want := expected(grant, as.name, as.role); !want.fits(status, code) {
				t.Errorf("%s %s (%s) as %s: %d %s; want %s", route.Method, route.Path, route.Permission, as.name, status, code, want)
			}
		}
	}
}

// verdict is how a request may end.
type verdict string

const (
	unknown   verdict = "401 not_signed_in"
	hidden    verdict = "404"
	forbidden verdict = "403 forbidden"
	readOnly  verdict = "403 read_only_token"
	allowed   verdict = "to be let through"
)

func (v verdict) fits(status int, code string) bool {
	switch v {
	case unknown:
		return status == http.StatusUnauthorized && code == "not_signed_in"
	case hidden:
		return status == http.StatusNotFound && strings.HasSuffix(code, "_not_found")
	case forbidden:
		return status == http.StatusForbidden && code == "forbidden"
	case readOnly:
		return status == http.StatusForbidden && code == "read_only_token"
	}
	switch code {
	case "not_signed_in", "forbidden", "read_only_token", "team_not_found", "application_not_found", "instance_not_found", "snapshot_not_found":
		return false
	}
	return status < http.StatusInternalServerError || code == "instance_unreachable"
}

// expected reads the table as fleet states it, and not as the verbs do.
func expected(g fleet.Grant, name string, role fleet.Role) verdict {
	switch {
	case g.Permission == fleet.InviteAccept && name == "reader":
		return readOnly // who is signed in accepts for themselves, and a change it is
	case g.Scope == fleet.Public:
		return allowed
	case name == "stranger":
		return unknown
	case g.Scope == fleet.Platform && name != "admin":
		return forbidden
	case g.Scope == fleet.InTeam && role == fleet.RoleNone:
		return hidden
	case g.Scope == fleet.InTeam && !role.AtLeast(g.Role):
		return forbidden
	case g.Write && name == "reader":
		return readOnly
	}
	return allowed
}

// send makes the things that the route is about and asks for them; each request
// gets things of its own, since many end them.
func (w *walker) send(route web.Route, as string) (status int, code string) {
	w.t.Helper()
	w.n++
	ctx, cancel := context.WithCancel(w.t.Context())
	defer cancel()
	path := strings.TrimPrefix(w.fill(route), "/api/v1")
	text := strings.ReplaceAll(bodies[route.Method+" "+strings.TrimPrefix(route.Path, "/api/v1")], "#", fmt.Sprint(w.n))
	if strings.Contains(text, "{snapshot}") {
		text = strings.ReplaceAll(text, "{snapshot}", w.snapshot(w.Application(fmt.Sprintf("for a snapshot %d", w.n)).ID))
	}
	body := strings.NewReader(text)
	req, err := w.As(as).NewRequest(ctx, route.Method, path, body)
	if err != nil {
		w.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	res, err := w.As(as).HTTP().Do(req)
	if err != nil {
		w.t.Fatalf("%s %s as %s: %v", route.Method, path, as, err)
	}
	defer res.Body.Close()
	if res.StatusCode >= http.StatusBadRequest {
		code = problemCode(w.t, res)
	}
	return res.StatusCode, code
}

// fill puts ids into a route's path.
func (w *walker) fill(route web.Route) string {
	w.t.Helper()
	path := strings.ReplaceAll(route.Path+queries[route.Path], "{team}", w.Team.ID)
	if route.Permission == fleet.TeamDelete {
		w.Application(fmt.Sprintf("keeps the team %d", w.n))
	}
	if strings.Contains(path, "{application}") || strings.Contains(path, "{instance}") || strings.Contains(path, "{snapshot}") {
		application := w.Application(fmt.Sprintf("application %d", w.n))
		path = strings.ReplaceAll(path, "{application}", application.ID)
		if strings.Contains(path, "{snapshot}") {
			path = strings.ReplaceAll(path, "{snapshot}", w.snapshot(application.ID))
		}
		if strings.Contains(path, "{instance}") {
			instance, err := w.As("owner").CreateInstance(w.t.Context(), application.ID, api.NewInstance{Name: fmt.Sprintf("instance %d", w.n)})
			if err != nil {
				w.t.Fatalf("create an instance: %v", err)
			}
			path = strings.ReplaceAll(path, "{instance}", instance.ID)
		}
	}
	// Nobody has these: who may do it is told that they are not there.
	return strings.NewReplacer("{user}", "u-0000", "{session}", "s-0000", "{token}", "k-0000", "{request}", "q-0000", "{type}", "y-0000", "{stack}", "node-red-5", "{scope}", "global", "{key}", "a", "{invitation}", "v-0000", "{announcement}", "g-0000", "{notification}", "m-0000").Replace(path)
}

// snapshot brings one into an application, of no instance, so that it may be deleted.
func (w *walker) snapshot(application string) string {
	w.t.Helper()
	made, err := w.As("owner").ImportSnapshot(w.t.Context(), application, api.ImportSnapshot{Snapshot: json.RawMessage(`[{"id":"t","type":"tab"}]`)})
	if err != nil {
		w.t.Fatalf("import a snapshot: %v", err)
	}
	return made.ID
}

// queries are what routes cannot do without.
var queries = map[string]string{
	"/api/v1/snapshots/compare": "?from={instance}&to={instance}",
}

// bodies are good ones, so that every request gets as far as its verb; # is a
// number of its own for each.
var bodies = map[string]string{
	"POST /setup":                                       `{"secret":"no","username":"x","email":"x@x.example","password":"` + servertest.Password + `"}`,
	"POST /session":                                     `{"username":"ada","password":"` + servertest.AdminPassword + `"}`,
	"PATCH /user":                                       `{}`,
	"POST /users":                                       `{"username":"walk-#","email":"walk-#@leat.example","password":"` + servertest.Password + `"}`,
	"PATCH /users/{user}":                               `{}`,
	"POST /sign-in-requests":                            `{"program":"leat","machine":"walk-#","challenge":"47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU"}`,
	"POST /sign-in-requests/{request}/token":            `{"verifier":"no"}`,
	"POST /user/tokens":                                 `{"name":"walk #"}`,
	"POST /teams":                                       `{"name":"Team #"}`,
	"PATCH /teams/{team}":                               `{}`,
	"PATCH /teams/{team}/members/{user}":                `{"role":"viewer"}`,
	"POST /teams/{team}/invitations":                    `{"email":"walk-#@elsewhere.example","role":"viewer"}`,
	"POST /invitations/read":                            `{"secret":"no"}`,
	"POST /invitations/accept":                          `{"secret":"no"}`,
	"POST /teams/{team}/applications":                   `{"name":"made by walk #"}`,
	"PATCH /applications/{application}":                 `{}`,
	"POST /applications/{application}/instances":        `{"name":"made by walk #"}`,
	"POST /team-types":                                  `{"name":"Type #"}`,
	"PATCH /team-types/{type}":                          `{}`,
	"POST /instance-types":                              `{"name":"Size #","memoryMiB":256,"cpuPercent":50}`,
	"PATCH /instance-types/{type}":                      `{}`,
	"PATCH /admin/teams/{team}":                         `{}`,
	"PATCH /settings":                                   `{}`,
	"POST /instances/{instance}/http-tokens":            `{"name":"walk #"}`,
	"PATCH /instances/{instance}":                       `{}`,
	"POST /stacks":                                      `{"nodeRedVersion":"4.0.#","nodeVersion":"22.23.3"}`,
	"PATCH /stacks/{stack}":                             `{}`,
	"PUT /instances/{instance}/context/{scope}/{key}":   `{"value":1}`,
	"PUT /instances/{instance}/flows":                   `{"flows":[]}`,
	"POST /instances/{instance}/snapshots":              `{}`,
	"PATCH /snapshots/{snapshot}":                       `{}`,
	"POST /snapshots/{snapshot}/export":                 `{"secret":"` + servertest.Password + `"}`,
	"POST /applications/{application}/snapshots/import": `{"snapshot":[{"id":"t","type":"tab"}]}`,
	"POST /instances/{instance}/restore":                `{"snapshot":"{snapshot}"}`,
	"POST /instances/{instance}/import":                 `{"flows":[{"id":"t","type":"tab"}]}`,
	"PUT /instances/{instance}/environment":             `{"items":[],"version":0}`,
	"PUT /settings/mail":                                `{"host":""}`,
	"POST /settings/mail/test":                          `{"to":"ada@leat.example"}`,
	"PATCH /user/notifications":                         `{"all":true,"read":true}`,
	"POST /announcements":                               `{"title":"Hello #"}`,
	"POST /announcements/count":                         `{}`,
	"POST /password-resets":                             `{"username":"walk-#"}`,
	"POST /password-resets/read":                        `{"secret":"no"}`,
	"POST /password-resets/use":                         `{"secret":"no","password":"` + servertest.Password + `"}`,
}
