package nodered

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"leat/internal/fleet"
	"leat/internal/wire"
)

// contextPatience is how long Node-RED may take to look at what its flows
// remember: it does so between two messages.
const contextPatience = 5 * time.Second

// Context gives a page of what flows remember: of Node-RED where it runs, of the
// disk otherwise.
func (s *Supervisor) Context(ctx context.Context, q wire.ContextQuery) (wire.ContextPage, error) {
	if q.Scope != "" {
		if err := wire.CheckScope(q.Scope); err != nil {
			return wire.ContextPage{}, err
		}
	}
	q.Limit = min(max(q.Limit, 1), wire.MaxContextItems)
	s.mu.Lock()
	p, flushed := s.live, s.report.ContextFlushed
	s.mu.Unlock()
	if p == nil {
		return s.home.storedContext(ctx, q)
	}
	raw, err := p.line.askIn(ctx, "context", q)
	if err != nil {
		return wire.ContextPage{}, err
	}
	page, err := liveContext(raw)
	page.Flushed = flushed
	if flushed.IsZero() {
		page.Flushed = s.home.contextWritten()
	}
	return page, err
}

// SetContext changes a key of a Node-RED that runs.
func (s *Supervisor) SetContext(ctx context.Context, c wire.ContextChange) error {
	if err := c.Check(); err != nil {
		return err
	}
	s.mu.Lock()
	p := s.live
	s.mu.Unlock()
	if p == nil {
		return &fleet.Error{Kind: fleet.Conflict, Code: "instance_not_running", Msg: "Context can be changed while the instance runs. Start it first."}
	}
	_, err := p.line.askIn(ctx, "setContext", c)
	return err
}

// askIn asks within the patience for context, and turns what goes wrong into
// words for people.
func (l *line) askIn(ctx context.Context, op string, body any) (json.RawMessage, error) {
	ctx, cancel := context.WithTimeout(ctx, contextPatience)
	defer cancel()
	raw, err := l.askAside(ctx, op, body)
	var said *lineError
	switch {
	case err == nil:
		return raw, nil
	case errors.As(err, &said) && said.Code == "unknown_request":
		return nil, &fleet.Error{Kind: fleet.Conflict, Code: "restart_needed", Msg: "This instance was started by an earlier version of the platform. Restart it to see its context."}
	case errors.As(err, &said):
		return nil, &fleet.Error{Kind: fleet.Conflict, Code: contextCode(said.Code), Msg: cutTo(said.Message, 300)}
	case errors.Is(err, context.DeadlineExceeded):
		return nil, &fleet.Error{Kind: fleet.Unavailable, Code: "instance_busy", Msg: "Node-RED does not answer: a flow keeps it busy. Try again in a moment.", Err: err}
	}
	return nil, &fleet.Error{Kind: fleet.Unavailable, Code: "instance_unreachable", Msg: "Node-RED has just ended. Try again in a moment.", Err: err}
}

// askAside is ask that ends with ctx also while the question itself cannot be
// written: a flow may keep the bridge from being read. The few that then wait for
// it end with the bridge.
func (l *line) askAside(ctx context.Context, op string, body any) (json.RawMessage, error) {
	select {
	case l.looking <- struct{}{}:
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	type answer struct {
		raw json.RawMessage
		err error
	}
	said := make(chan answer, 1)
	go func() {
		defer func() { <-l.looking }()
		raw, err := l.ask(ctx, op, body)
		said <- answer{raw, err}
	}()
	select {
	case a := <-said:
		return a.raw, a.err
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

// contextCode believes the bridge only the codes that it has.
func contextCode(code string) string {
	switch code {
	case "store_not_found", "scope_not_found", "invalid_key":
		return code
	}
	return "context_failed"
}

// describedEntry is an entry as the bridge says it: text is JSON, or where it is
// cut the beginning of it.
type describedEntry struct {
	wire.ContextEntry
	Text string `json:"text"`
}

// liveContext reads what the bridge answered. A flow may have said it instead:
// nothing in it is larger than what was asked for.
func liveContext(raw json.RawMessage) (wire.ContextPage, error) {
	var in struct {
		wire.ContextPage
		Entries []describedEntry `json:"entries"`
	}
	if err := json.Unmarshal(raw, &in); err != nil {
		return wire.ContextPage{}, &fleet.Error{Kind: fleet.Unavailable, Code: "context_failed", Msg: "Node-RED did not say what its flows remember. Try again.", Err: err}
	}
	page := in.ContextPage
	page.Live, page.Next = true, cutTo(page.Next, 1024)
	page.Scopes = page.Scopes[:min(len(page.Scopes), wire.MaxContextItems)]
	page.Stores = page.Stores[:min(len(page.Stores), 16)]
	page.Entries = nil
	room := wire.MaxContextPage / 2
	for _, d := range in.Entries[:min(len(in.Entries), wire.MaxContextItems)] {
		e := d.entry()
		if room -= len(e.Key) + len(e.Value) + len(e.Preview) + 256; room < 0 {
			last := page.Entries[len(page.Entries)-1]
			page.Next = last.Store + ":" + last.Key
			break
		}
		page.Entries = append(page.Entries, e)
	}
	return page, nil
}

const previewBytes = 2048

// entry decides what is shown of a value: all of it, or its beginning.
func (d describedEntry) entry() wire.ContextEntry {
	e := d.ContextEntry
	e.Key, e.Store, e.Type = cutTo(e.Key, 512), cutTo(e.Store, 64), cutTo(e.Type, 64)
	e.Value, e.Preview = nil, ""
	switch e.Type {
	case "string", "number", "boolean", "null", "array", "object":
		if !e.Cut && len(d.Text) <= wire.MaxContextValue && json.Valid([]byte(d.Text)) && (e.Exact || e.Type == "array" || e.Type == "object") {
			e.Value = json.RawMessage(d.Text)
			return e
		}
	}
	e.Cut = e.Cut || len(d.Text) > previewBytes
	e.Preview = cutTo(plainText(d.Text), previewBytes)
	return e
}

// plainText takes the quotes off a text that is one JSON string.
func plainText(text string) string {
	var plain string
	if json.Unmarshal([]byte(text), &plain) == nil {
		return strings.TrimSuffix(strings.TrimPrefix(plain, "["), "]")
	}
	return text
}

func cutTo(text string, most int) string {
	if len(text) <= most {
		return text
	}
	return strings.ToValidUTF8(text[:most], "")
}

// wroteContext is what the bridge tells when it wrote context to the disk.
type wroteContext struct {
	Flushed int64 `json:"flushed"`
	Pending bool  `json:"pending"`
}

func (s *Supervisor) wroteContext(body json.RawMessage) error {
	var w wroteContext
	if err := json.Unmarshal(body, &w); err != nil {
		return fmt.Errorf("read when context was written: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	// What a flow makes up lies neither in the future nor before what is known.
	if at := time.UnixMilli(w.Flushed).UTC(); at.After(s.report.ContextFlushed) && at.Before(time.Now().Add(time.Minute)) {
		s.report.ContextFlushed = at
	}
	return nil
}
