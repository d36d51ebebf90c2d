package host

import (
	"context"
	"net/http"

	"leat/internal/driver"
	"leat/internal/fleet"
)

// Hub is the handler for launchers.
func (h *Host) Hub() http.Handler { return h.hub() }

// Seat gives an instance a seat on which nobody works.
func (h *Host) Seat(id fleet.InstanceID) { h.seats[id] = newSeat(h, id) }

// Seats counts them.
func (h *Host) Seats() int { return len(h.seats) }

// Secrets are the tokens of an instance.
func (h *Host) Secrets(id fleet.InstanceID) driver.Secrets { return h.secrets(id) }

// Match compares rows with places.
func (h *Host) Match(ctx context.Context, wanted []Wanted, places []fleet.InstanceID) {
	h.match(ctx, wanted, places)
}

// Changed tells an instance's seat that its row changed.
func (h *Host) Changed(id fleet.InstanceID) { h.seats[id].changed() }
