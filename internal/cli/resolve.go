package cli

import (
	"context"
	"fmt"
	"regexp"
	"strings"

	"leat/api"
)

// kind is how things of a kind are found by what people call them.
type kind[T any] struct {
	noun string
	// prefix begins their ids.
	prefix string
	get    func(ctx context.Context, id string) (*T, error)
	list   func(ctx context.Context, p api.Page) (*api.List[T], error)
	id     func(T) string
	// names are what it can be called by; the first is its name.
	names func(T) []string
	// place tells two of the same name apart.
	place func(T) string
}

// find is the thing that a word means: by its id or one of its names, in any case.
func (k kind[T]) find(ctx context.Context, word string) (*T, error) {
	if isID(k.prefix, word) && k.get != nil {
		got, err := k.get(ctx, word)
		if err == nil || api.StatusOf(err) != 404 {
			return got, err
		}
	}
	// The beginning of a name is found by its index; other names are not in it.
	found, _, err := k.called(ctx, word, word)
	if err != nil {
		return nil, err
	}
	var names []string
	if len(found) == 0 {
		if found, names, err = k.called(ctx, word, ""); err != nil {
			return nil, err
		}
	}
	switch len(found) {
	case 0:
		return nil, fmt.Errorf("there is no %s %q, or you may not see it%s", k.noun, word, didYouMean(word, names))
	case 1:
		return &found[0], nil
	}
	text := fmt.Sprintf("%q is the name of %d %ss. Say which by its id:", word, len(found), k.noun)
	for _, item := range found {
		text += "\n  " + k.id(item) + "  " + k.names(item)[0]
		if k.place != nil {
			text += "  " + k.place(item)
		}
	}
	return nil, fmt.Errorf("%s", clean(text))
}

// called lists the things called by a word, and the names of all that were looked at.
func (k kind[T]) called(ctx context.Context, word, q string) (found []T, names []string, err error) {
	var exact []T
	items, _, err := all(ctx, 0, func(ctx context.Context, p api.Page) (*api.List[T], error) {
		p.Q = q
		return k.list(ctx, p)
	})
	for _, item := range items {
		if k.id(item) == word {
			return []T{item}, nil, nil
		}
		called := k.names(item)
		names = append(names, called[0])
		for _, name := range called {
			if strings.EqualFold(name, word) {
				found = append(found, item)
				if name == word {
					exact = append(exact, item)
				}
				break
			}
		}
	}
	if len(exact) == 1 {
		found = exact
	}
	return found, names, err
}

// isID reports whether a word has the form of an id of a noun.
func isID(prefix, word string) bool {
	rest, ok := strings.CutPrefix(word, prefix+"-")
	return ok && prefix != "" && len(rest) == 23 && strings.Trim(rest, "0123456789abcdefghjkmnpqrstvwxyz") == ""
}

const (
	pageSize = 500

	snapshotPrefix = "n"
)

// all reads a list to its end, or up to most things; more says that there are others.
func all[T any](ctx context.Context, most int, page func(context.Context, api.Page) (*api.List[T], error)) (items []T, more bool, err error) {
	p := api.Page{Limit: pageSize}
	for {
		if most > 0 {
			p.Limit = min(pageSize, most-len(items))
		}
		got, err := page(ctx, p)
		if err != nil {
			return nil, false, err
		}
		items = append(items, got.Items...)
		if got.Next == nil {
			return items, false, nil
		}
		if most > 0 && len(items) >= most {
			return items, true, nil
		}
		p.Cursor = *got.Next
	}
}

// findTeam finds a team by id, short name or name. The platform knows the first
// two, also of teams that an administrator is not in.
func (c *call) findTeam(ctx context.Context, word string) (*api.Team, error) {
	if slugForm.MatchString(word) {
		t, err := c.client.Team(ctx, word)
		if err == nil || api.StatusOf(err) != 404 {
			return t, err
		}
	}
	return c.teams().find(ctx, word)
}

var slugForm = regexp.MustCompile(`^[a-z0-9-]{1,64}$`)

func (c *call) teams() kind[api.Team] {
	return kind[api.Team]{
		noun: "team", prefix: "t", get: c.client.Team, list: c.client.Teams,
		id: func(t api.Team) string { return t.ID }, names: func(t api.Team) []string { return []string{t.Slug, t.Name} },
	}
}

// applications are those of the team.
func (c *call) applications() kind[api.Application] {
	return kind[api.Application]{
		noun: "application", prefix: "a", get: c.client.Application,
		list: inTeam(c, c.client.Applications),
		id:   func(a api.Application) string { return a.ID }, names: func(a api.Application) []string { return []string{a.Name} },
	}
}

// instances are those of the team.
func (c *call) instances() kind[api.Instance] {
	return kind[api.Instance]{
		noun: "instance", prefix: "i", get: c.client.Instance,
		list: inTeam(c, c.client.TeamInstances),
		id:   func(i api.Instance) string { return i.ID }, names: func(i api.Instance) []string { return []string{i.Name, i.Label} },
		place: func(i api.Instance) string { return i.Label },
	}
}

// instance finds an instance by id, name or label; the name may follow that of
// its application and a slash.
func (c *call) instance(ctx context.Context, word string) (*api.Instance, error) {
	application, name, ok := strings.Cut(word, "/")
	if !ok {
		return c.instances().find(ctx, word)
	}
	a, err := c.applications().find(ctx, application)
	if err != nil {
		return nil, err
	}
	k := c.instances()
	k.list = func(ctx context.Context, p api.Page) (*api.List[api.Instance], error) {
		return c.client.Instances(ctx, a.ID, p)
	}
	return k.find(ctx, name)
}

// inTeam lists what the team has.
func inTeam[T any](c *call, list func(ctx context.Context, team string, p api.Page) (*api.List[T], error)) func(context.Context, api.Page) (*api.List[T], error) {
	team := ""
	return func(ctx context.Context, p api.Page) (_ *api.List[T], err error) {
		if team == "" {
			if team, err = c.team(ctx); err != nil {
				return nil, err
			}
		}
		return list(ctx, team, p)
	}
}
