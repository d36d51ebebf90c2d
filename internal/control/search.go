package control

import (
	"context"
	"slices"
	"strings"

	"leat/internal/fleet"
	"leat/internal/store"
)

// Searches is the verb of finding things by their names.
//
// There is no table of words: a name is compared where it stands, in an index
// that holds all that is compared. For ten thousand names that takes as long as
// asking a table of words for one of them and reading its rows.
type Searches struct{ *core }

// Found is the best hits of one kind.
type Found struct {
	Kind string
	Hits []store.Hit
	More bool
}

const (
	// maxHits of each kind are shown.
	maxHits = 8
	// maxSearch is how much of what somebody typed is looked for, in characters.
	maxSearch = 100
)

// Find finds what the caller may see and names fit; team, where not empty, keeps
// to one team. What fits best comes first.
func (c *Searches) Find(ctx context.Context, who fleet.Actor, q, team string) (found []Found, err error) {
	terms := fleet.NewSearchTerms(cutText(q, maxSearch))
	err = c.read(ctx, who, fleet.SearchRead, func(s *step) error {
		if err := s.may("", "search", ""); err != nil {
			return err
		}
		in := store.Search{Terms: terms, User: who.User, Everywhere: who.Admin, Most: maxHits + 1}
		if team != "" {
			if in.Team, err = s.searchedTeam(team); err != nil {
				return err
			}
		}
		if terms.Empty() {
			return nil
		}
		found, err = s.find(in)
		return err
	})
	return found, err
}

// searchedTeam finds a team that the caller is in.
func (s *step) searchedTeam(ref string) (fleet.TeamID, error) {
	t, err := s.findTeam(ref)
	if err != nil {
		return "", err
	}
	role, err := s.Role(t.ID, s.who.User)
	if err == nil && !role.Valid() && !s.who.Admin {
		return "", fleet.ErrNotFound("team")
	}
	return t.ID, err
}

func (s *step) find(in store.Search) ([]Found, error) {
	type kind struct {
		name string
		find func(*store.Tx, store.Search) ([]store.Hit, error)
	}
	kinds := []kind{
		{"instance", (*store.Tx).SearchInstances}, {"dashboard", (*store.Tx).SearchDashboards}, {"application", (*store.Tx).SearchApplications},
		{"team", (*store.Tx).SearchTeams}, {"snapshot", (*store.Tx).SearchSnapshots}, {"member", (*store.Tx).SearchMembers},
	}
	if s.who.Admin && in.Team == "" {
		// Administrators find everybody among the users; members stand beside them in
		// one team alone.
		kinds[len(kinds)-1] = kind{"user", (*store.Tx).SearchUsers}
		kinds = append(kinds, kind{"team-type", s.searchTeamTypes}, kind{"instance-type", s.searchInstanceTypes}, kind{"stack", s.searchStacks})
	}
	var found []Found
	for _, k := range kinds {
		hits, err := k.find(s.Tx, in)
		if err != nil {
			return nil, err
		}
		if len(hits) > 0 {
			found = append(found, Found{k.name, hits[:min(len(hits), maxHits)], len(hits) > maxHits})
		}
	}
	slices.SortStableFunc(found, func(a, b Found) int { return int(a.Hits[0].Fit - b.Hits[0].Fit) })
	return found, nil
}

// searchTeamTypes, searchInstanceTypes and searchStacks look through short lists.
func (s *step) searchTeamTypes(tx *store.Tx, in store.Search) ([]store.Hit, error) {
	types, err := tx.TeamTypes()
	return among(in, types, func(t *fleet.TeamType) store.Hit { return store.Hit{ID: string(t.ID), Name: t.Name} }), err
}

func (s *step) searchInstanceTypes(tx *store.Tx, in store.Search) ([]store.Hit, error) {
	types, err := tx.InstanceTypes()
	return among(in, types, func(t *fleet.InstanceType) store.Hit { return store.Hit{ID: t.ID, Name: t.Name, Detail: t.ID} }), err
}

func (s *step) searchStacks(tx *store.Tx, in store.Search) ([]store.Hit, error) {
	stacks, err := tx.Stacks()
	return among(in, stacks, func(t *fleet.Stack) store.Hit { return store.Hit{ID: t.ID, Name: t.Name, Detail: t.ID} }), err
}

// among finds in a list what the queries find among rows.
func among[N any](in store.Search, list []N, view func(N) store.Hit) []store.Hit {
	var hits []store.Hit
	for _, one := range list {
		hit := view(one)
		if fit, ok := in.Terms.Fits(hit.Name, hit.Detail); ok {
			hit.Fit = fit
			hits = append(hits, hit)
		}
	}
	slices.SortStableFunc(hits, func(a, b store.Hit) int {
		if a.Fit != b.Fit {
			return int(a.Fit - b.Fit)
		}
		return strings.Compare(fleet.NameKey(a.Name), fleet.NameKey(b.Name))
	})
	return hits[:min(len(hits), in.Most)]
}
