package api

import (
	"context"
	"net/http"
	"time"
)

// Application groups what belongs together.
type Application struct {
	ID          string    `json:"id"`
	Team        string    `json:"team"`
	Name        string    `json:"name"`
	Description string    `json:"description"`
	Version     int64     `json:"version"`
	CreatedAt   time.Time `json:"createdAt"`
	// Instances counts its instances, Running those whose flows run.
	Instances int `json:"instances"`
	Running   int `json:"running"`
	Trouble   int `json:"trouble" doc:"instances that need somebody"`
}

// NewApplication creates an application.
type NewApplication struct {
	Name        string `json:"name"`
	Description string `json:"description,omitempty"`
}

// EditApplication changes an application.
type EditApplication struct {
	Name        Opt[string] `json:"name,omitzero"`
	Description Opt[string] `json:"description,omitzero"`
}

// Applications lists a team's applications.
func (c *Client) Applications(ctx context.Context, team string, p Page) (*List[Application], error) {
	return list[Application](ctx, c, at("/teams/", team, "/applications"), p)
}

// CreateApplication makes an application in a team.
func (c *Client) CreateApplication(ctx context.Context, team string, in NewApplication, o ...RequestOption) (*Application, error) {
	return send[Application](ctx, c, http.MethodPost, at("/teams/", team, "/applications"), in, o...)
}

// Application is an application by id.
func (c *Client) Application(ctx context.Context, id string) (*Application, error) {
	return take[Application](ctx, c, at("/applications/", id))
}

// UpdateApplication changes an application.
func (c *Client) UpdateApplication(ctx context.Context, id string, in EditApplication, o ...RequestOption) (*Application, error) {
	return send[Application](ctx, c, http.MethodPatch, at("/applications/", id), in, o...)
}

// DeleteApplication removes an application that holds nothing.
func (c *Client) DeleteApplication(ctx context.Context, id string) error {
	return c.do(ctx, http.MethodDelete, at("/applications/", id), nil, nil)
}
