package api

import (
	"context"
	"net/http"
	"time"
)

// InstanceType is a size of instance.
type InstanceType struct {
	ID          string    `json:"id"`
	Name        string    `json:"name"`
	Description string    `json:"description"`
	MemoryMiB   int       `json:"memoryMiB"`
	CPUPercent  int       `json:"cpuPercent" doc:"one core is 100"`
	Order       int       `json:"order" doc:"its place in lists, from small to large"`
	Active      bool      `json:"active" doc:"new instances may have it"`
	Default     bool      `json:"default" doc:"instances that name none get it"`
	Instances   int       `json:"instances" doc:"how many have it; 0 unless the caller is an administrator"`
	Version     int64     `json:"version"`
	CreatedAt   time.Time `json:"createdAt"`
}

// NewInstanceType creates a size. An id is made from the name where none is given.
type NewInstanceType struct {
	ID          string `json:"id,omitempty" maxLength:"40"`
	Name        string `json:"name"`
	Description string `json:"description,omitempty"`
	MemoryMiB   int    `json:"memoryMiB"`
	CPUPercent  int    `json:"cpuPercent"`
	Order       int    `json:"order,omitempty"`
	Active      *bool  `json:"active,omitempty" doc:"true where absent"`
	Default     bool   `json:"default,omitempty"`
}

// EditInstanceType changes a size. Instances that have it take new limits at
// their next start.
type EditInstanceType struct {
	Name        Opt[string] `json:"name,omitzero"`
	Description Opt[string] `json:"description,omitzero"`
	MemoryMiB   Opt[int]    `json:"memoryMiB,omitzero"`
	CPUPercent  Opt[int]    `json:"cpuPercent,omitzero"`
	Order       Opt[int]    `json:"order,omitzero"`
	Active      Opt[bool]   `json:"active,omitzero"`
	Default     Opt[bool]   `json:"default,omitzero"`
}

// InstanceTypes lists the sizes.
func (c *Client) InstanceTypes(ctx context.Context) (*List[InstanceType], error) {
	return list[InstanceType](ctx, c, "/instance-types", Page{})
}

// InstanceType is a size by id.
func (c *Client) InstanceType(ctx context.Context, id string) (*InstanceType, error) {
	return take[InstanceType](ctx, c, at("/instance-types/", id))
}

// CreateInstanceType makes a size.
func (c *Client) CreateInstanceType(ctx context.Context, in NewInstanceType, o ...RequestOption) (*InstanceType, error) {
	return send[InstanceType](ctx, c, http.MethodPost, "/instance-types", in, o...)
}

// UpdateInstanceType changes a size.
func (c *Client) UpdateInstanceType(ctx context.Context, id string, in EditInstanceType, o ...RequestOption) (*InstanceType, error) {
	return send[InstanceType](ctx, c, http.MethodPatch, at("/instance-types/", id), in, o...)
}

// DeleteInstanceType removes a size that no instance has.
func (c *Client) DeleteInstanceType(ctx context.Context, id string) error {
	return c.do(ctx, http.MethodDelete, at("/instance-types/", id), nil, nil)
}
