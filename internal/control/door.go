package control

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"leat/internal/fleet"
	"leat/internal/store"
)

// Doors is the verbs of the way in to instances. Like signing in, entering finds
// out who the caller is, so it takes none.
type Doors struct {
	*core
	tokens     *Tokens
	httpTokens *HTTPTokens
}

// Entry is what is known of one instance and one caller.
type Entry struct {
	Instance fleet.Instance
	// Actor is the caller; anonymous where no session or token was good.
	Actor fleet.Actor
	// Name is what the person is called.
	Name string
	// Role is the caller's in the instance's team, RoleNone outside of it.
	Role fleet.Role
	// HTTPToken is the token by which a machine came to the flows of this instance;
	// it opens nothing else.
	HTTPToken fleet.HTTPTokenID
	// EndsAt is when the session ends if the person does nothing more, or the HTTP
	// token; zero where neither is known to end.
	EndsAt time.Time
}

// Enter finds an instance by its label, and the session's user and role. An
// unknown label is NotFound; a session that is no longer in force gives an
// anonymous actor and no error.
func (c *Doors) Enter(ctx context.Context, label string, session fleet.SessionID) (Entry, error) {
	return c.enter(ctx, session, func(tx *store.Tx) (*store.Instance, error) { return tx.InstanceByLabel(label) })
}

// EnterID is Enter by the instance's id.
func (c *Doors) EnterID(ctx context.Context, id fleet.InstanceID, session fleet.SessionID) (Entry, error) {
	return c.enter(ctx, session, func(tx *store.Tx) (*store.Instance, error) { return tx.InstanceAlone(id) })
}

func (c *Doors) enter(ctx context.Context, session fleet.SessionID, find func(*store.Tx) (*store.Instance, error)) (e Entry, err error) {
	err = c.DB.View(ctx, func(tx *store.Tx) error {
		in, err := find(tx)
		if err != nil {
			return err
		}
		e = Entry{Instance: in.Instance, Actor: fleet.Anonymous("", ""), Role: fleet.RoleNone}
		if session == "" {
			return nil
		}
		ses, err := tx.Session(session)
		if fleet.IsKind(err, fleet.NotFound) || err == nil && !c.lives(ses) {
			return nil
		}
		if err != nil {
			return err
		}
		e.Actor, e.EndsAt = actorOf(ses), ses.EndsAt(c.SessionIdle)
		return e.addPerson(tx)
	})
	return e, err
}

// addPerson reads what the person is called and may.
func (e *Entry) addPerson(tx *store.Tx) error {
	u, err := tx.User(e.Actor.User)
	if err != nil {
		return err
	}
	e.Name = u.Name
	e.Role, err = tx.Role(e.Instance.Team, e.Actor.User)
	return err
}

// EnterToken is Enter for a personal access token or an HTTP token of the instance.
func (c *Doors) EnterToken(ctx context.Context, label, token string) (e Entry, err error) {
	if strings.HasPrefix(token, fleet.HTTPTokenPrefix) {
		return c.enterHTTPToken(ctx, label, token)
	}
	who, err := c.tokens.Authenticate(ctx, token)
	known := err == nil
	if err != nil && !fleet.IsKind(err, fleet.Unauthenticated) {
		return e, err
	}
	err = c.DB.View(ctx, func(tx *store.Tx) error {
		in, err := tx.InstanceByLabel(label)
		if err != nil {
			return err
		}
		e = Entry{Instance: in.Instance, Actor: fleet.Anonymous("", ""), Role: fleet.RoleNone}
		if !known {
			return nil
		}
		e.Actor = who
		return e.addPerson(tx)
	})
	return e, err
}

func (c *Doors) enterHTTPToken(ctx context.Context, label, token string) (e Entry, err error) {
	err = c.DB.View(ctx, func(tx *store.Tx) error {
		in, err := tx.InstanceByLabel(label)
		if err != nil {
			return err
		}
		e = Entry{Instance: in.Instance, Actor: fleet.Anonymous("", ""), Role: fleet.RoleNone}
		return c.httpTokens.enter(tx, &e, token)
	})
	return e, err
}

// Witness notes a deploy that the door lets through: who, and the digest of the
// flows in it. The save that follows is recorded as this person's.
func (c *Doors) Witness(ctx context.Context, who fleet.Actor, id fleet.InstanceID, flows, body string) error {
	return c.write(ctx, who, fleet.FlowsEdit, func(s *step) error {
		in, err := s.InstanceAlone(id)
		if err != nil {
			return err
		}
		if err := s.may(in.Team, "instance", string(id)); err != nil {
			return err
		}
		if err := in.MayChange(who, s.perm, s.role); err != nil {
			return err
		}
		return s.InsertDoorDeploy(&store.DoorDeploy{
			ID: string(fleet.NewDeployID(s.now)), Instance: id, Digest: flows, User: who.User, Username: who.Username,
			Session: who.Session, Addr: who.Addr, CreatedAt: s.now,
		})
	})
}

// WitnessModule notes that the door lets a person install or remove a palette
// module. The change that follows is recorded as theirs.
func (c *Doors) WitnessModule(ctx context.Context, who fleet.Actor, id fleet.InstanceID, module string) error {
	return c.Witness(ctx, who, id, moduleDigest(module), "")
}

// moduleDigest stands where the digest of flows does for a change of modules.
func moduleDigest(module string) string { return "module:" + module }

// Touch notes that the person behind a session did something at an instance.
func (c *Doors) Touch(ctx context.Context, who fleet.Actor) error {
	return c.touch(ctx, who.Session)
}

// touch writes a session's activity down, at most once a minute.
func (c *core) touch(ctx context.Context, id fleet.SessionID) error {
	var in *store.SignedIn
	err := c.DB.View(ctx, func(tx *store.Tx) (err error) { in, err = tx.Session(id); return err })
	if err != nil {
		return err
	}
	now := c.Now()
	if since := now.Sub(in.ActiveAt); since < touchEvery && since < c.SessionIdle/4 {
		return nil
	}
	return c.DB.Update(ctx, func(tx *store.Tx) error { return tx.TouchSession(id, now) })
}

// Refused notes that somebody signed in was refused at an instance's door.
func (c *Doors) Refused(ctx context.Context, who fleet.Actor, in fleet.Instance, permission string) error {
	c.noteFailure(ctx, fleet.AuditEvent{
		Event: "instance.open", Result: fleet.AuditRefused, Actor: who, Team: in.Team, Application: in.Application,
		Object: string(in.ID), Name: in.Name, Detail: map[string]any{"permission": permission},
	})
	return nil
}

// The ports that instances get where the platform is reached without names; an
// even one for the flows and the one above it for the editor. They lie below
// those that Linux gives to outgoing connections.
const (
	firstDoorPort = 20000
	lastDoorPort  = 29998
	doorPorts     = "door.ports"
)

// isDoorPort reports a port that an instance may get. A flow that listens there
// would be taken for another instance's door.
func isDoorPort(port int) bool { return port >= firstDoorPort && port <= lastDoorPort+1 }

// Ports gives every instance, by its label, the port of its flows; the editor's
// is the next. An instance keeps its ports as long as it lives.
func (c *Doors) Ports(ctx context.Context) (map[string]int, error) {
	out := map[string]int{}
	var missing bool
	read := func(tx *store.Tx) (map[fleet.InstanceID]int, error) {
		kept := map[fleet.InstanceID]int{}
		text, ok, err := tx.Setting(doorPorts)
		if err != nil || !ok {
			return kept, err
		}
		if err := json.Unmarshal([]byte(text), &kept); err != nil {
			return nil, fmt.Errorf("read setting %s: %w", doorPorts, err)
		}
		return kept, nil
	}
	err := c.DB.View(ctx, func(tx *store.Tx) error {
		labels, err := tx.Labels()
		if err != nil {
			return err
		}
		kept, err := read(tx)
		if err != nil {
			return err
		}
		missing = len(kept) != len(labels)
		for id, label := range labels {
			if port, ok := kept[id]; ok {
				out[label] = port
			} else {
				missing = true
			}
		}
		return nil
	})
	if err != nil || !missing {
		return out, err
	}
	return out, c.DB.Update(ctx, func(tx *store.Tx) error {
		clear(out)
		labels, err := tx.Labels()
		if err != nil {
			return err
		}
		kept, err := read(tx)
		if err != nil {
			return err
		}
		given := givePorts(labels, kept)
		for id, port := range given {
			out[labels[id]] = port
		}
		text, err := json.Marshal(given)
		if err != nil {
			return err
		}
		return tx.PutSetting(doorPorts, string(text))
	})
}

// givePorts keeps the ports of instances that are there and gives the lowest
// free ones to the others. Where none is left, an instance goes without.
func givePorts(labels map[fleet.InstanceID]string, kept map[fleet.InstanceID]int) map[fleet.InstanceID]int {
	given, used := map[fleet.InstanceID]int{}, map[int]bool{}
	for id := range labels {
		if port, ok := kept[id]; ok {
			given[id] = port
			used[port] = true
		}
	}
	next := firstDoorPort
	for id := range labels {
		if _, ok := given[id]; ok {
			continue
		}
		for used[next] {
			next += 2
		}
		if next > lastDoorPort {
			break
		}
		given[id] = next
		used[next] = true
	}
	return given
}
