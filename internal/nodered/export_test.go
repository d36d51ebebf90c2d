package nodered

import (
	"context"
	"encoding/json"
	"net"
	"time"

	"leat/internal/wire"
)

// Measured is what is kept of samples made at these times.
func Measured(times ...time.Time) []wire.Sample {
	s := newSamples()
	for _, t := range times {
		s.add(wire.Sample{Time: t})
	}
	return s.after(time.Time{})
}

// BaseOfSave is what a save names as its base, by a Node-RED that was given what
// first holds while the supervisor already holds next.
func BaseOfSave(first, next *wire.Spec) (flows, credentials string, err error) {
	s := &Supervisor{wake: make(chan struct{}, 1)}
	p := &process{}
	if err := s.Set(first); err != nil {
		return "", "", err
	}
	s.getFlows(p)
	if err := s.Set(next); err != nil {
		return "", "", err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	flows, credentials = s.base(p)
	return flows, credentials, nil
}

// LiveContext reads what the bridge says of context.
var LiveContext = liveContext

// AskIn asks for context over one bridge, whose other end somebody else has.
func AskIn(conn net.Conn) func(ctx context.Context, op string, body any) (json.RawMessage, error) {
	return newLine(conn).askIn
}

// AskInServed is AskIn of a bridge whose answers are read until it ends.
func AskInServed(ctx context.Context, conn net.Conn) (ask func(context.Context, string, any) (json.RawMessage, error), ended chan error) {
	l, ended := newLine(conn), make(chan error, 1)
	go func() {
		ended <- l.serve(ctx, func(context.Context, string, json.RawMessage) (any, error) { return nil, nil }, func(string, json.RawMessage) {})
	}()
	return l.askIn, ended
}
