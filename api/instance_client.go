package api

import (
	"context"
	"net/http"
	"strconv"
)

// Instances lists an application's instances.
func (c *Client) Instances(ctx context.Context, application string, p Page) (*List[Instance], error) {
	return list[Instance](ctx, c, at("/applications/", application, "/instances"), p)
}

// TeamInstances lists a team's instances.
func (c *Client) TeamInstances(ctx context.Context, team string, p Page) (*List[Instance], error) {
	return list[Instance](ctx, c, at("/teams/", team, "/instances"), p)
}

// Dashboards lists the dashboards of a team that the caller may look at.
func (c *Client) Dashboards(ctx context.Context, team string, p Page) (*List[Dashboard], error) {
	return list[Dashboard](ctx, c, at("/teams/", team, "/dashboards"), p)
}

// CreateInstance makes an instance in an application, and starts it.
func (c *Client) CreateInstance(ctx context.Context, application string, in NewInstance, o ...RequestOption) (*Instance, error) {
	return send[Instance](ctx, c, http.MethodPost, at("/applications/", application, "/instances"), in, o...)
}

// Instance is an instance by id.
func (c *Client) Instance(ctx context.Context, id string) (*Instance, error) {
	return take[Instance](ctx, c, at("/instances/", id))
}

// UpdateInstance changes an instance.
func (c *Client) UpdateInstance(ctx context.Context, id string, in EditInstance, o ...RequestOption) (*Instance, error) {
	return send[Instance](ctx, c, http.MethodPatch, at("/instances/", id), in, o...)
}

// DeleteInstance removes an instance and all it keeps.
func (c *Client) DeleteInstance(ctx context.Context, id string) error {
	return c.do(ctx, http.MethodDelete, at("/instances/", id), nil, nil)
}

// StartInstance asks for an instance to run.
func (c *Client) StartInstance(ctx context.Context, id string) (*Instance, error) {
	return c.operate(ctx, id, "/start")
}

// StopInstance asks for an instance to stop.
func (c *Client) StopInstance(ctx context.Context, id string) (*Instance, error) {
	return c.operate(ctx, id, "/stop")
}

// RestartInstance asks for an instance to stop and start again.
func (c *Client) RestartInstance(ctx context.Context, id string) (*Instance, error) {
	return c.operate(ctx, id, "/restart")
}

// SuspendInstance asks for an instance to stop and give back what it takes.
func (c *Client) SuspendInstance(ctx context.Context, id string) (*Instance, error) {
	return c.operate(ctx, id, "/suspend")
}

func (c *Client) operate(ctx context.Context, id, what string) (*Instance, error) {
	return send[Instance](ctx, c, http.MethodPost, at("/instances/", id, what), nil)
}

// Flows are an instance's flows.
func (c *Client) Flows(ctx context.Context, id string) (*Flows, error) {
	return take[Flows](ctx, c, at("/instances/", id, "/flows"))
}

// PutFlows deploys flows to an instance.
func (c *Client) PutFlows(ctx context.Context, id string, in PutFlows) (*Flows, error) {
	return send[Flows](ctx, c, http.MethodPut, at("/instances/", id, "/flows"), in)
}

// Environment is an instance's variables.
func (c *Client) Environment(ctx context.Context, id string) (*Environment, error) {
	return take[Environment](ctx, c, at("/instances/", id, "/environment"))
}

// PutEnvironment replaces an instance's variables.
func (c *Client) PutEnvironment(ctx context.Context, id string, in Environment, o ...RequestOption) (*Environment, error) {
	return send[Environment](ctx, c, http.MethodPut, at("/instances/", id, "/environment"), in, o...)
}

// Logs reads an instance's log lines behind a cursor, or the last ones.
func (c *Client) Logs(ctx context.Context, id, cursor, level string, limit int) (*List[LogLine], error) {
	n := ""
	if limit > 0 {
		n = strconv.Itoa(limit)
	}
	return take[List[LogLine]](ctx, c, at("/instances/", id, "/logs"), query("cursor", cursor, "level", level, "limit", n))
}

// Samples are an instance's measurements of the last hours.
func (c *Client) Samples(ctx context.Context, id string) (*Samples, error) {
	return take[Samples](ctx, c, at("/instances/", id, "/samples"))
}

// Blueprints lists the flows to start from.
func (c *Client) Blueprints(ctx context.Context) (*List[Blueprint], error) {
	return take[List[Blueprint]](ctx, c, "/blueprints")
}
