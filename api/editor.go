package api

import (
	"context"
	"time"
)

// Editor is somebody who has the editor of an instance open.
type Editor struct {
	User     string    `json:"user"`
	Username string    `json:"username"`
	Name     string    `json:"name"`
	Since    time.Time `json:"since"`
	Editing  bool      `json:"editing" doc:"may deploy; others look"`
	Open     int       `json:"open" doc:"in how many windows"`
}

// Editing tells whether the caller may deploy from the editor, and why not.
type Editing struct {
	Allowed bool   `json:"allowed"`
	Code    string `json:"code,omitempty" enum:"role,protected,suspended,team_suspended,read_only_token" doc:"why not, for programs"`
	Reason  string `json:"reason,omitempty" doc:"why not, as a sentence"`
}

// Editors lists who has the editor of an instance open, who came first first.
func (c *Client) Editors(ctx context.Context, instance string) (*List[Editor], error) {
	return take[List[Editor]](ctx, c, at("/instances/", instance, "/editors"))
}
