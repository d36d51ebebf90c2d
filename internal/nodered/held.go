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

// maxHints bounds what is kept of a flow's talk while the server is away.
const maxHints = 100

// Set gives the desired state. One that is older than what was seen is passed
// over; flows that Node-RED could not load are not taken, and the report says so.
func (s *Supervisor) Set(spec *wire.Spec) error {
	if err := spec.Check(); err != nil {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.fault = faultOf(err, "What ran before goes on.")
		signal(s.wake)
		return err
	}
	flaw := wire.CheckFlows(spec.Flows)
	key, err := heldKey(spec.Flows, spec.Credentials)
	if err != nil && flaw == nil {
		flaw = &fleet.Error{Kind: fleet.Invalid, Code: "credentials_invalid", Msg: "The credentials are not JSON.", Err: err}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if spec.Version < s.held.version {
		return nil
	}
	s.held.version = spec.Version
	s.fault = nil
	if flaw != nil {
		s.fault = faultOf(flaw, "The flows that ran before are kept.")
	} else if key != s.held.key {
		s.hold(spec.Flows, spec.Credentials)
	}
	lean := *spec
	lean.Flows, lean.Credentials = nil, nil
	s.spec = &lean
	signal(s.wake)
	return nil
}

func faultOf(err error, kept string) *fault {
	f := &fault{code: "failed", reason: "The platform could not do this; its log says why."}
	var e *fleet.Error
	if errors.As(err, &e) {
		f.code, f.reason = e.Code, e.Msg
	}
	f.reason += " " + kept
	return f
}

func heldKey(flows, credentials json.RawMessage) (string, error) {
	a, err := wire.Digest(flows)
	if err != nil {
		return "", err
	}
	b, err := wire.Digest(credentials)
	return a + "." + b, err
}

// hold is called with the lock held and JSON that was checked.
func (s *Supervisor) hold(flows, credentials json.RawMessage) {
	s.held.flows, s.held.credentials = flows, credentials
	s.held.digest, _ = wire.Digest(flows)
	s.held.key, _ = heldKey(flows, credentials)
}

// loaded is what the bridge gets when Node-RED asks for flows.
type loaded struct {
	Flows       json.RawMessage `json:"flows,omitempty"`
	Credentials json.RawMessage `json:"credentials,omitempty"`
}

func (s *Supervisor) getFlows(p *process) loaded {
	s.mu.Lock()
	defer s.mu.Unlock()
	p.given, p.flows = s.held.key, s.held.digest
	return loaded{s.held.flows, s.held.credentials}
}

// saved is what the bridge sends when Node-RED saves.
type saved struct {
	Flows       json.RawMessage `json:"flows"`
	Credentials json.RawMessage `json:"credentials"`
	User        string          `json:"user"`
}

// saveFlows takes a deploy to the server and answers Node-RED with the outcome.
// Only after the server has it does this runner hold it, and only then is
// Node-RED told: whatever is killed in between, nobody was promised anything.
func (s *Supervisor) saveFlows(ctx context.Context, p *process, in saved) error {
	if err := wire.CheckFlows(in.Flows); err != nil {
		return err
	}
	digest, err := wire.Digest(in.Flows)
	if err != nil {
		return fmt.Errorf("digest of saved flows: %w", err)
	}
	now := time.Now()
	d := wire.Deploy{
		ID: fleet.NewDeployID(now), At: now.UTC(), Flows: in.Flows, SHA256: digest,
		Credentials: in.Credentials, User: in.User,
	}
	s.mu.Lock()
	d.Base, d.BaseCredentials = s.base(p)
	s.saving++
	s.mu.Unlock()

	done, err := s.cfg.Platform.Deploy(ctx, d)

	s.mu.Lock()
	defer s.mu.Unlock()
	s.saving--
	signal(s.wake)
	if err != nil {
		return err
	}
	credentials := s.held.credentials
	if d.Credentials != nil {
		credentials = d.Credentials
	}
	if done.Version >= s.held.version {
		s.hold(d.Flows, credentials)
		s.held.version = done.Version
		s.fault = nil
	}
	p.given, _ = heldKey(d.Flows, credentials)
	p.flows = digest
	return nil
}

// base names what Node-RED had when it made a save: what it was given last, and
// not what it will be given when it reloads. The lock is held.
func (s *Supervisor) base(p *process) (flows, credentials string) {
	given := p.given
	if given == "" {
		given = s.held.key
	}
	flows, credentials, _ = strings.Cut(given, ".")
	if credentials == "" {
		credentials = wire.NoCredentials
	}
	return flows, credentials
}

// hint keeps what the bridge tells of people's doings.
func (s *Supervisor) hint(event string, detail json.RawMessage) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.hints) < maxHints {
		s.hints = append(s.hints, wire.Event{Time: time.Now().UTC(), Event: event, Detail: detail})
	}
	signal(s.changed)
}
