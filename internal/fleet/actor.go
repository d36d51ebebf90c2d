package fleet

// ActorKind says what sort of caller acts.
type ActorKind string

// The kinds of actor.
const (
	ActorUser      ActorKind = "user"      // a person with a session
	ActorToken     ActorKind = "token"     // a program with a person's token
	ActorRunner    ActorKind = "runner"    // an instance, for itself
	ActorSystem    ActorKind = "system"    // the platform itself
	ActorAnonymous ActorKind = "anonymous" // nobody we know
)

// Actor is who asks for something. Every verb takes one; none is ever hidden in
// a context.
type Actor struct {
	Kind ActorKind
	// User is the person, also behind a token; empty for the other kinds.
	User     UserID
	Username string
	Admin    bool
	Session  SessionID
	Token    TokenID
	// ReadOnly is set for a token that may only read.
	ReadOnly bool
	// MustChange is set for a person who has to choose a new password first.
	MustChange bool
	Runner     InstanceID
	// Addr is the address the request came from, RequestID names it in the log.
	Addr      string
	RequestID string
}

// System is the actor of what the platform does by itself; why names the part.
func System(why string) Actor { return Actor{Kind: ActorSystem, Username: why} }

// Anonymous is the actor of a request that nobody has signed in for.
func Anonymous(addr, requestID string) Actor {
	return Actor{Kind: ActorAnonymous, Addr: addr, RequestID: requestID}
}

// SignedIn reports whether a known user stands behind the actor.
func (a Actor) SignedIn() bool { return a.User != "" }

// May applies the permission table. role is the actor's role in the team that
// owns the thing (RoleNone outside of it); it is not read for other scopes.
// The error is NotFound where the actor may not even see the thing, Forbidden
// (naming the permission) where it may.
func (a Actor) May(p Permission, role Role, noun string) error {
	g, ok := GrantOf(p)
	if !ok {
		return &Error{Kind: Internal, Code: "unknown_permission", Msg: "unknown permission " + string(p)}
	}
	if a.Kind == ActorSystem || g.Scope == Public && !a.ReadOnly {
		return nil
	}
	if g.Scope == Runner {
		if a.Kind != ActorRunner {
			return forbidden(g)
		}
		return nil
	}
	if g.Scope != Public && !a.SignedIn() {
		return &Error{Kind: Unauthenticated, Code: "not_signed_in", Msg: "Sign in to continue."}
	}
	if a.MustChange && !beforeNewPassword[p] {
		return &Error{Kind: Forbidden, Code: "password_change_required", Msg: "Choose a new password first: an administrator asked for it."}
	}
	switch g.Scope {
	case Platform:
		if !a.Admin {
			return forbidden(g)
		}
	case InTeam:
		if !a.Admin && !role.Valid() {
			return ErrNotFound(noun)
		}
		if !a.Admin && !role.AtLeast(g.Role) {
			return forbidden(g)
		}
	}
	if g.Write && a.ReadOnly {
		return &Error{Kind: Forbidden, Code: "read_only_token", Msg: "This token may only read. Use one with full access to " + g.Does + "."}
	}
	return nil
}

// beforeNewPassword is what somebody may who has to choose a new password first.
var beforeNewPassword = map[Permission]bool{StatusRead: true, SessionCreate: true, SelfRead: true, SelfEdit: true, SessionRevoke: true, EventsFollow: true}

func forbidden(g Grant) *Error {
	who := "an owner of the team"
	if g.Scope == Platform {
		who = "an administrator"
	}
	return &Error{Kind: Forbidden, Code: "forbidden", Msg: "You may not " + g.Does + " (" + string(g.Permission) + "). Ask " + who + "."}
}
