package web

import (
	"context"
	"errors"
	"math/rand/v2"
	"strconv"
	"strings"
	"sync"
	"time"

	"leat/internal/bus"
	"leat/internal/fleet"
)

// A stream that was cut goes on where it was, within these bounds.
const (
	historyAge  = 5 * time.Minute
	historySize = 8192
)

// hub keeps the events of the last minutes for all streams. A stream is only a
// place in that history, so a slow one costs nothing and holds up nobody.
type hub struct {
	bus *bus.Bus[fleet.Event]
	now func() time.Time
	// epoch tells this process's numbers from another's.
	epoch string

	mu      sync.Mutex
	history []noted
	first   uint64        // number of history[0]
	news    chan struct{} // closed and replaced when something was added
	closed  bool
	streams map[fleet.UserID]int
}

type noted struct {
	at    time.Time
	event fleet.Event
}

func newHub(b *bus.Bus[fleet.Event], now func() time.Time) *hub {
	return &hub{
		bus: b, now: now, epoch: strconv.FormatUint(rand.Uint64(), 36), first: 1,
		news: make(chan struct{}), streams: map[fleet.UserID]int{},
	}
}

// run listens on the bus until ctx ends, and then ends every stream. When it
// fell behind it starts anew, and every stream is told to read everything again.
func (h *hub) run(ctx context.Context) error {
	defer h.close()
	for ctx.Err() == nil {
		listener := h.bus.Subscribe(ctx, nil)
		for event := range listener.Events() {
			h.add(event)
		}
		if errors.Is(listener.Err(), bus.ErrClosed) {
			return nil
		}
		h.forget()
	}
	return nil
}

func (h *hub) add(event fleet.Event) {
	h.mu.Lock()
	defer h.mu.Unlock()
	now := h.now()
	h.history = append(h.history, noted{now, event})
	drop := max(0, len(h.history)-historySize)
	for drop < len(h.history) && now.Sub(h.history[drop].at) > historyAge {
		drop++
	}
	h.first += uint64(drop)
	if h.history = h.history[drop:]; cap(h.history) > 2*historySize {
		h.history = append([]noted(nil), h.history...)
	}
	h.wake()
}

// forget makes every place in the history one that is gone.
func (h *hub) forget() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.first += uint64(len(h.history)) + 1
	h.history = nil
	h.wake()
}

func (h *hub) close() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.closed = true
	h.wake()
}

func (h *hub) wake() {
	close(h.news)
	h.news = make(chan struct{})
}

// since gives the events behind a place, the place behind them, and a channel
// that is closed when there are more. whole is false where some are gone.
func (h *hub) since(place uint64) (events []fleet.Event, next uint64, whole, closed bool, news <-chan struct{}) {
	h.mu.Lock()
	defer h.mu.Unlock()
	end := h.first + uint64(len(h.history))
	whole = place >= h.first && place <= end
	if whole {
		for _, one := range h.history[place-h.first:] {
			events = append(events, one.event)
		}
	}
	return events, end, whole, h.closed, h.news
}

// place finds where a stream goes on: at the id it saw last, or at the end.
// resumed is false where an id was given that this history does not reach.
func (h *hub) place(lastID string) (place uint64, resumed bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	end := h.first + uint64(len(h.history))
	if lastID == "" {
		return end, true
	}
	epoch, number, _ := strings.Cut(lastID, "-")
	n, err := strconv.ParseUint(number, 10, 64)
	if err != nil || epoch != h.epoch || n < h.first || n > end {
		return end, false
	}
	return n, true
}

// id names a place: what a reader that has seen all before it sends to go on.
func (h *hub) id(place uint64) string { return h.epoch + "-" + strconv.FormatUint(place, 10) }

// streamsAtOnce is how many streams one person may have open: many tabs, but no flood.
const streamsAtOnce = 64

// enter counts a stream in, and gives what counts it out.
func (h *hub) enter(user fleet.UserID) (leave func(), err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		return nil, &fleet.Error{Kind: fleet.Unavailable, Code: "stopping", Msg: "The platform is stopping. Try again in a moment.", RetryAfterSeconds: 2}
	}
	if h.streams[user] >= streamsAtOnce {
		return nil, &fleet.Error{Kind: fleet.TooMany, Code: "too_many_streams", Msg: "Too many live streams are open. Close some tabs.", RetryAfterSeconds: 10}
	}
	h.streams[user]++
	return func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		if h.streams[user]--; h.streams[user] == 0 {
			delete(h.streams, user)
		}
	}, nil
}

// count is how many streams are open.
func (h *hub) count() (n int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, one := range h.streams {
		n += one
	}
	return n
}
