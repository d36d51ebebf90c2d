package bench

import (
	"context"
	"fmt"
	"net/url"
	"path/filepath"
	"strings"
	"time"

	"leat/internal/fleet"
	"leat/internal/store"
)

// measureSearch searches 10,000 names as an administrator, who may see all, and
// as the owner of the one team that holds a tenth of them: whole names, words,
// parts and nothing at all.
func measureSearch(ctx context.Context, o Options) (string, error) {
	w, err := newWorld(ctx, o, "search")
	if err != nil {
		return "", err
	}
	if err := w.stop(); err != nil {
		return "", err
	}
	db, err := store.Open(ctx, "sqlite:"+filepath.Join(w.data, "leat.db"))
	if err != nil {
		return "", err
	}
	err = FillNames(ctx, db, fleet.TeamID(w.team))
	if closed := db.Close(); err == nil {
		err = closed
	}
	if err != nil {
		return "", err
	}
	s, _, err := startServer(ctx, o, w.data)
	if err != nil {
		return "", err
	}
	w.server = s
	defer w.stop()
	var out []string
	for _, q := range []struct{ name, path string }{
		{"name", "q=" + url.QueryEscape("Pump station 77")}, {"word", "q=boiler"}, {"part", "q=ipe"}, {"two words", "q=" + url.QueryEscape("south mi")},
		{"nothing", "q=zebra"}, {"in a team", "q=boiler&team=" + w.team},
	} {
		r, err := load(w.addr, 1, 200, shot{method: "GET", path: "/api/v1/search?" + q.path, header: w.auth()})
		if err != nil || r.failed > 0 {
			return "", fmt.Errorf("search %s: %d failed, %v", q.name, r.failed, err)
		}
		out = append(out, q.name+" "+short(r.p50))
	}
	return strings.Join(out, ", "), nil
}

// The names that searching is measured over: 10,000 in all.
const (
	namedTeams        = 200
	namedApplications = 1_300
	namedInstances    = 7_500
	namedUsers        = 1_000
)

var nameWords = strings.Fields("pump station river water tank north south line filling boiler press mill packaging hall conveyor oven cooling heat solar grid meter gateway pipe")

func nameOf(n int) string {
	return fmt.Sprintf("%s %s %d", nameWords[n%len(nameWords)], nameWords[n*7%len(nameWords)], n)
}

// FillNames writes teams, applications, instances and users with names of a
// plant's words. A tenth of what a team can hold lies in the given team.
func FillNames(ctx context.Context, db *store.DB, team fleet.TeamID) error {
	now := time.Now().Truncate(time.Microsecond)
	return db.Update(ctx, func(tx *store.Tx) error {
		teams := make([]fleet.TeamID, namedTeams)
		for n := range teams {
			teams[n] = fleet.TeamID(fmt.Sprintf("t-bench-%d", n))
			t := &fleet.Team{ID: teams[n], Name: nameOf(n), Slug: fmt.Sprintf("works-%d", n), Type: "standard", Version: 1, CreatedAt: now}
			if err := tx.InsertTeam(t); err != nil {
				return err
			}
		}
		for n := range namedUsers {
			if err := insertPerson(tx, n, teams[n%namedTeams], now); err != nil {
				return err
			}
		}
		for n := range namedApplications {
			owner := teams[n%namedTeams]
			if n%10 == 0 {
				owner = team
			}
			if err := insertPlant(tx, n, owner, now); err != nil {
				return err
			}
		}
		return nil
	})
}

func insertPerson(tx *store.Tx, n int, team fleet.TeamID, now time.Time) error {
	u := &fleet.User{
		ID: fleet.UserID(fmt.Sprintf("u-bench-%d", n)), Username: fmt.Sprintf("person-%d", n), Email: fmt.Sprintf("person-%d@example.com", n), Name: nameOf(n),
		PasswordHash: "none", Version: 1, CreatedAt: now,
	}
	if err := tx.InsertUser(u); err != nil {
		return err
	}
	return tx.InsertMember(&fleet.Membership{Team: team, User: u.ID, Role: fleet.RoleMember, CreatedAt: now})
}

// insertPlant writes an application with its share of the instances, each with a
// report as long as a running one has.
func insertPlant(tx *store.Tx, n int, team fleet.TeamID, now time.Time) error {
	a := &fleet.Application{ID: fleet.ApplicationID(fmt.Sprintf("a-bench-%d", n)), Team: team, Name: nameOf(n), Version: 1, CreatedAt: now}
	if err := tx.InsertApplication(a); err != nil {
		return err
	}
	for m := n; m < namedInstances; m += namedApplications {
		i := &store.Instance{SpecVersion: 1, EnvVersion: 1, Report: `{"x":"` + strings.Repeat("x", 2000) + `"}`, Instance: fleet.Instance{
			ID: fleet.InstanceID(fmt.Sprintf("i-bench-%d", m)), Application: a.ID, Team: team, Name: nameOf(m), Label: fmt.Sprintf("works-%d", m), Type: "small",
			Stack: "node-red-5", Access: fleet.AccessLogin, Wanted: fleet.WantStopped, Observed: fleet.StateStopped, Version: 1, CreatedAt: now, UpdatedAt: now,
		}}
		if err := tx.InsertInstance(i); err != nil {
			return err
		}
	}
	return nil
}
