package api

import (
	"context"
	"net/url"
)

// SearchResult is what was found of everything the caller may see, by kind.
type SearchResult struct {
	Q      string        `json:"q"`
	Groups []SearchGroup `json:"groups" doc:"those in which something was found, best first"`
}

// SearchGroup is the best hits of one kind.
type SearchGroup struct {
	Kind  string      `json:"kind" enum:"team,application,instance,dashboard,snapshot,member,user,team-type,instance-type,stack"`
	Items []SearchHit `json:"items"`
	More  bool        `json:"more" doc:"there are more than are shown"`
}

// SearchHit is one thing that was found. The ids make its link.
type SearchHit struct {
	Kind string `json:"kind" enum:"team,application,instance,dashboard,snapshot,member,user,team-type,instance-type,stack"`
	ID   string `json:"id" doc:"of a member: the user's"`
	Name string `json:"name"`
	// Detail tells things of one name apart: a label, a username, a short name.
	Detail      string `json:"detail,omitempty"`
	Match       string `json:"match" enum:"exact,prefix,word,part" doc:"how well it fits, best first"`
	Team        string `json:"team,omitempty"`
	TeamSlug    string `json:"teamSlug,omitempty"`
	TeamName    string `json:"teamName,omitempty"`
	Application string `json:"application,omitempty"`
	Instance    string `json:"instance,omitempty"`
	State       string `json:"state,omitempty" doc:"of an instance"`
}

// Search finds what the caller may see by its name; team, where not empty, keeps
// to one team, by id or short name.
func (c *Client) Search(ctx context.Context, q, team string) (*SearchResult, error) {
	query := url.Values{"q": {q}}
	if team != "" {
		query.Set("team", team)
	}
	return take[SearchResult](ctx, c, "/search?"+query.Encode())
}
