// Package driver is the interface behind which a hosted instance's launcher
// runs: a process on this machine, a container, a pod.
package driver

import (
	"context"
	"net"

	"leat/internal/fleet"
)

// Driver gives launchers a place, starts them and finds them again. A launcher
// lives on when the server ends; whoever starts next finds it with Control.
//
// Every method may be called at any time and again; what is so already is no
// error. Calls for one instance are not made at the same time.
type Driver interface {
	// Create makes the instance's place. What is in it already stays.
	Create(ctx context.Context, id fleet.InstanceID) error
	// Start starts the launcher where none lives. It does not wait until the
	// launcher answers.
	Start(ctx context.Context, id fleet.InstanceID, s Secrets) error
	// Control connects to the launcher's handler. While none lives it fails.
	Control(ctx context.Context, id fleet.InstanceID) (net.Conn, error)
	// Dial connects to Node-RED. While none listens it fails.
	Dial(ctx context.Context, id fleet.InstanceID) (net.Conn, error)
	// List finds the instances that have a place.
	List(ctx context.Context) ([]fleet.InstanceID, error)
	// Kill ends the launcher at once, with all that it started.
	Kill(ctx context.Context, id fleet.InstanceID) error
	// Remove kills and takes the place away with everything in it.
	Remove(ctx context.Context, id fleet.InstanceID) error
}

// Secrets is what a launcher is told at its start and keeps in memory only.
type Secrets struct {
	// Token is what the server shows the launcher; Hub what the launcher shows
	// the server.
	Token string `json:"token"`
	Hub   string `json:"hub"`
}
