package web_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"leat/api"
	"leat/internal/servertest"
)

func TestStatisticsCountWhatIsThere(t *testing.T) {
	s := servertest.New(t)
	application, owner := s.Application("Plant"), s.As("owner")
	for n, size := range []string{"small", "large"} {
		i, err := owner.CreateInstance(t.Context(), application.ID, api.NewInstance{Name: "Pump " + itoa(n), InstanceType: size})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := owner.PutFlows(t.Context(), i.ID, api.PutFlows{Flows: json.RawMessage(`[{"id":"t","type":"tab"}]`)}); err != nil {
			t.Fatal(err)
		}
	}
	got, err := s.Admin().Statistics(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if got.Users.Total != 6 || got.Users.Admins != 1 || got.Users.Recent != 6 || got.Applications != 1 || got.Teams.Total < 1 {
		t.Errorf("counted %+v, %+v, %d applications", got.Users, got.Teams, got.Applications)
	}
	if got.Instances.Total != 2 || len(got.Instances.ByType) != 2 || got.Instances.ByType[0] != (api.Count{ID: "large", Name: "Large", Count: 1}) || got.Instances.ByState[0].ID != "starting" {
		t.Errorf("instances %+v", got.Instances)
	}
	if today := got.Deploys[len(got.Deploys)-1]; len(got.Deploys) != 30 || today.Day != time.Now().UTC().Format("2006-01-02") || today.Count != 2 {
		t.Errorf("%d days of deploys, today %+v; want two of 30 days", len(got.Deploys), today)
	}
	if got.Database.Bytes < 10_000 || got.Database.Engine == "" || len(got.Queues) != 3 {
		t.Errorf("database %+v, queues %+v", got.Database, got.Queues)
	}
	if _, err := owner.PutFlows(t.Context(), instanceNamed(t, owner, s.Team.ID, "Pump 0"), api.PutFlows{Flows: json.RawMessage(`[]`)}); err != nil {
		t.Fatal(err)
	}
	if again, err := s.Admin().Statistics(t.Context()); err != nil || !again.At.Equal(got.At) {
		t.Errorf("asked again at once: %v, %v; want the same answer", again.At, err)
	}
	s.Clock.Step(time.Minute)
	if later, err := s.Admin().Statistics(t.Context()); err != nil || later.Deploys[29].Count != 3 {
		t.Errorf("a minute later: %+v, %v; want it counted anew", later.Deploys[29], err)
	}
	if _, err := owner.Statistics(t.Context()); !api.Is(err, "forbidden") {
		t.Errorf("an owner: %v; want forbidden", err)
	}
}

// instanceNamed is the id of a team's instance.
func instanceNamed(t *testing.T, client *api.Client, team, name string) string {
	t.Helper()
	list, err := client.TeamInstances(t.Context(), team, api.Page{Q: name})
	if err != nil || len(list.Items) != 1 {
		t.Fatalf("instances named %q: %+v, %v", name, list, err)
	}
	return list.Items[0].ID
}

func TestMeasuresHoldTheCounts(t *testing.T) {
	s := servertest.New(t)
	token, err := s.Admin().CreateToken(t.Context(), api.NewToken{Name: "scrape", Scopes: []string{"read"}})
	if err != nil {
		t.Fatal(err)
	}
	answer := s.Do(s.Request("GET", "/metrics", "", "Authorization", "Bearer "+token.Secret))
	if answer.StatusCode != http.StatusOK {
		t.Fatalf("/metrics: %d %s", answer.StatusCode, answer.Text)
	}
	for _, line := range []string{`leat_users{kind="total"} 6`, `leat_users{kind="admin"} 1`, `leat_deploys_today 0`, `leat_queue_waiting{queue="invitations"} 0`, `leat_teams{type="standard"}`} {
		if !strings.Contains(answer.Text, line) {
			t.Errorf("the measures lack %s", line)
		}
	}
}
