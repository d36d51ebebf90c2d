package web

import (
	"time"

	"leat/api"
	"leat/internal/store"
)

// Page is what every list takes.
type Page struct {
	Limit  int    `query:"limit" minimum:"1" maximum:"500" doc:"at most this many; 50 where absent"`
	Cursor string `query:"cursor" maxLength:"1024" doc:"next of the page before"`
}

// Named is what every list of named things takes.
type Named struct {
	Page
	Q string `query:"q" maxLength:"128" doc:"only what has a word in its name that begins with this"`
}

func (p Page) store() store.Page  { return store.Page{Limit: p.Limit, Cursor: p.Cursor} }
func (n Named) store() store.Page { return store.Page{Limit: n.Limit, Cursor: n.Cursor, Q: n.Q} }

// listView shows a page of things.
func listView[N, V any](items []N, next string, err error, view func(N) V) (*api.List[V], error) {
	if err != nil {
		return nil, err
	}
	out := &api.List[V]{Items: make([]V, len(items))}
	for i, one := range items {
		out.Items[i] = view(one)
	}
	if next != "" {
		out.Next = &next
	}
	return out, nil
}

// one shows a thing.
func one[N, V any](noun N, err error, view func(N) V) (*V, error) {
	if err != nil {
		return nil, err
	}
	out := view(noun)
	return &out, nil
}

// when shows a time that may not have come: null where it is zero.
func when(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &t
}
