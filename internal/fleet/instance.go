package fleet

import "time"

// Instance is a Node-RED that Leat hosts.
type Instance struct {
	ID          InstanceID
	Application ApplicationID
	Team        TeamID
	Name        string
	// Label is its host name under the platform's domain; it stays when the name changes.
	Label  string
	Type   string
	Stack  string
	Access Access
	// Wanted is the state asked for; Observed the one last seen, at ObservedAt.
	Wanted     Wanted
	Observed   State
	ObservedAt time.Time
	// Reason is a sentence for people about the observed state; empty when all is well.
	Reason string
	// Restarts counts the restarts that were asked for: a runner that has seen a
	// lower number restarts.
	Restarts int64
	SafeMode bool
	// Protected instances run what owners of the team decide, and nobody below.
	Protected bool
	// Held is set while the team is suspended: the instance is stopped whatever is
	// wanted of it.
	Held bool
	// TimeZone is an IANA name such as "Europe/Berlin"; empty means UTC.
	TimeZone string
	// PersistentContext keeps context on the disk unless a flow says otherwise.
	PersistentContext bool
	// Given is what it runs on since it was last started on purpose; empty before
	// that was first decided.
	Given Frame
	// Ports are TCP ports that its flows may listen on, beside the door.
	Ports []uint16
	// Alerts say what its people are told of.
	Alerts    Alerts
	Version   int64
	CreatedAt time.Time
	UpdatedAt time.Time
}

// Access says who may use what an instance's flows serve.
type Access string

// The kinds of access.
const (
	AccessLogin Access = "login" // people of the team, signed in
	AccessOpen  Access = "open"  // anybody
	AccessToken Access = "token" // programs with a token of a member
)

// Want is what is to be now: a held instance does not run, and runs again when
// it is let go.
func (i *Instance) Want() Wanted {
	if i.Held {
		return WantSuspended
	}
	return i.Wanted
}

// MayChange asks whether an actor with a role in the instance's team may change
// what the instance runs under a permission: where it is protected, only owners
// and administrators may.
func (i *Instance) MayChange(who Actor, p Permission, role Role) error {
	if err := who.May(p, role, "instance"); err != nil {
		return err
	}
	if i.Protected && !who.Admin && !role.AtLeast(RoleOwner) && who.Kind != ActorSystem && who.Kind != ActorRunner {
		return &Error{Kind: Forbidden, Code: "protected_instance", Msg: "This instance is protected: only owners of the team change what it runs. Ask one to make the change or to take the protection away."}
	}
	return nil
}

// Valid reports whether a is one of the three.
func (a Access) Valid() bool { return a == AccessLogin || a == AccessOpen || a == AccessToken }

// Wanted is the state asked of an instance.
type Wanted string

// The wanted states. A suspended instance gives back its memory and its place;
// a stopped one differs only in the word people see.
const (
	WantRunning   Wanted = "running"
	WantStopped   Wanted = "stopped"
	WantSuspended Wanted = "suspended"
)

// State is what an instance is seen to be. The words are those of the UI.
type State string

// The states.
const (
	StateStarting    State = "starting"
	StateRunning     State = "running"
	StateStopping    State = "stopping"
	StateStopped     State = "stopped"
	StateSuspended   State = "suspended"
	StateDegraded    State = "degraded"
	StateCrashLoop   State = "crash loop"
	StateSafeMode    State = "safe mode"
	StateFailed      State = "failed"
	StateUnreachable State = "unreachable"
)

// Valid reports whether s is one of the states.
func (s State) Valid() bool {
	switch s {
	case StateStarting, StateRunning, StateStopping, StateStopped, StateSuspended:
		return true
	}
	return s.Trouble()
}

// Moving reports whether the state is on its way to another.
func (s State) Moving() bool { return s == StateStarting || s == StateStopping }

// Towards is what people see from the moment a state is asked for until the
// runner tells how far it is.
func (s State) Towards(want Wanted, restart bool) State {
	switch {
	case want == WantRunning && (restart || s == StateStopped || s == StateSuspended || s == StateStopping || s == StateFailed):
		return StateStarting
	case want == WantRunning:
		return s
	case s == StateStopped || s == StateSuspended:
		return s.Shown(want)
	}
	return StateStopping
}

// Shown is the state as people see it: a runner that is stopped does not know
// whether that is called suspended.
func (s State) Shown(want Wanted) State {
	if (s == StateStopped || s == StateSuspended) && want == WantSuspended {
		return StateSuspended
	}
	if s == StateSuspended && want == WantStopped {
		return StateStopped
	}
	return s
}

// Trouble reports whether an instance in this state needs somebody.
func (s State) Trouble() bool {
	switch s {
	case StateDegraded, StateCrashLoop, StateSafeMode, StateFailed, StateUnreachable:
		return true
	}
	return false
}

// Deploy is one change of an instance's flows.
type Deploy struct {
	ID       DeployID
	Instance InstanceID
	Time     time.Time
	// Author is a username, or what else made it; AuthorID is empty where that is
	// no person.
	Author   string
	AuthorID UserID
	// Digest is the SHA-256 of the flows.
	Digest string
	Nodes  int
	Size   int
}

// Module is a palette module and its exact version.
type Module struct {
	Name    string
	Version string
}
