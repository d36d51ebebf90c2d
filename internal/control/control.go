// Package control holds the verbs: what can be done on the platform.
//
// A verb takes the actor by name, asks permission, changes rows and writes its
// audit event in one transaction, and publishes a hint after commit. HTTP, the
// host and the scheduler call verbs; no rule lives anywhere else. A verb never
// calls another verb; what two of them share is a step that takes the
// transaction.
package control

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"log/slog"
	"time"

	"leat/internal/bus"
	"leat/internal/fleet"
	"leat/internal/mail"
	"leat/internal/secret"
	"leat/internal/store"
)

// Deps is what the verbs stand on.
type Deps struct {
	DB        *store.DB
	Bus       *bus.Bus[fleet.Event]
	Key       secret.Key // the platform's; everything sealed or signed derives from it
	Passwords *secret.Passwords
	Now       func() time.Time
	Log       *slog.Logger
	// SessionIdle and SessionLife are how long a session lasts.
	SessionIdle time.Duration
	SessionLife time.Duration
	// SetupSecret reports whether a secret is the one of the setup link in force.
	SetupSecret func(secret string) bool
	// Stacks are those that come with this version, the default first; StackReady
	// tells of a lock's digest whether it is laid out, and is nil where nobody knows.
	Stacks     []Stack
	StackReady func(digest string) bool
	// Blueprints are flows to start from, by id.
	Blueprints map[string]json.RawMessage
	// Context reaches what the flows of instances remember; nil where no instances
	// are kept.
	Context ContextKeeper
	// Resolver is nil where there is no package registry.
	Resolver Resolver
	// Packages is nil where nothing is to be fetched before a restore.
	Packages Packages
	// Mail is how letters are sent where the configuration says so; the zero value
	// leaves it to administrators. MailTLS is nil but in tests.
	Mail    mail.Settings
	MailTLS *tls.Config
	// PlatformName is what the platform is called.
	PlatformName string
	// PlatformURL is where people find the platform, without a slash at its end.
	PlatformURL string
	// LogTail gives the last lines of an instance's log, for letters; nil where
	// nobody has them.
	LogTail func(ctx context.Context, id fleet.InstanceID, most int) []string
	// ReservedPorts are the platform's own; no flow may listen on them.
	ReservedPorts []uint16
	// CheckpointFile gets a copy of every checkpoint of the audit log.
	CheckpointFile string
	// AuditKeep is how long audit events keep their content; 0 means for ever.
	AuditKeep time.Duration
}

// Control is all verbs, by noun.
type Control struct {
	Setup          *Setup
	Users          *Users
	Sessions       *Sessions
	Tokens         *Tokens
	Teams          *Teams
	Members        *Members
	Invitations    *Invitations
	Applications   *Applications
	Instances      *Instances
	Flows          *Flows
	Environment    *Environment
	Modules        *Modules
	Snapshots      *Snapshots
	Timeline       *Timeline
	Comparisons    *Comparisons
	Stacks         *Stacks
	Contexts       *Contexts
	Runners        *Runners
	Keys           *Keys
	AuditEvents    *AuditEvents
	Doors          *Doors
	HTTPTokens     *HTTPTokens
	Settings       *Settings
	Statistics     *Statistics
	Searches       *Searches
	TeamTypes      *TeamTypes
	InstanceTypes  *InstanceTypes
	Samples        *Samples
	Letters        *Letters
	MailSettings   *MailSettings
	Notifications  *Notifications
	Announcements  *Announcements
	Alerts         *Alerts
	PasswordResets *PasswordResets
	// SignInRequests is programs that ask to be let in.
	SignInRequests *SignInRequests
}

// New makes the verbs.
func New(d Deps) *Control {
	c := &core{Deps: d, refusals: newRefusals(), postage: newPostage(), sealNow: make(chan struct{}, 1), lettersNow: make(chan struct{}, 1), auditKey: d.Key.Derive(auditEventKey), letterKey: d.Key.Derive(letterKey)}
	samples, resets := newSamples(c), &PasswordResets{core: c, throttle: newThrottle()}
	instances, flows, modules := &Instances{core: c, samples: samples}, &Flows{core: c, pace: newPace()}, &Modules{core: c}
	stacks := &Stacks{core: c}
	tokens := &Tokens{core: c, used: map[fleet.TokenID]time.Time{}}
	httpTokens := &HTTPTokens{core: c, used: map[fleet.HTTPTokenID]time.Time{}}
	return &Control{
		Setup:         &Setup{core: c},
		Users:         &Users{core: c, throttle: newThrottle()},
		Sessions:      &Sessions{core: c, throttle: newThrottle()},
		Tokens:        tokens,
		Teams:         &Teams{core: c},
		Members:       &Members{core: c},
		Invitations:   &Invitations{core: c},
		Applications:  &Applications{core: c},
		Instances:     instances,
		Flows:         flows,
		Environment:   &Environment{core: c},
		Modules:       modules,
		Snapshots:     &Snapshots{core: c},
		Timeline:      &Timeline{core: c},
		Comparisons:   &Comparisons{core: c},
		Stacks:        stacks,
		Contexts:      &Contexts{core: c},
		Runners:       &Runners{core: c, instances: instances, flows: flows, modules: modules, stacks: stacks, samples: samples},
		Keys:          &Keys{core: c},
		AuditEvents:   &AuditEvents{core: c},
		Doors:         &Doors{core: c, tokens: tokens, httpTokens: httpTokens},
		HTTPTokens:    httpTokens,
		Settings:      &Settings{core: c},
		Statistics:    &Statistics{core: c},
		Searches:      &Searches{core: c},
		TeamTypes:     &TeamTypes{core: c},
		InstanceTypes: &InstanceTypes{core: c},

		Samples:        samples,
		Letters:        &Letters{core: c, resets: resets},
		MailSettings:   &MailSettings{core: c},
		Notifications:  &Notifications{core: c},
		Announcements:  newAnnouncements(c),
		Alerts:         &Alerts{core: c, samples: samples},
		PasswordResets: resets,
		SignInRequests: &SignInRequests{core: c},
	}
}

// core is what all verbs share.
type core struct {
	Deps
	refusals *refusals
	postage  *postage
	// sealNow has something in it when an audit event waits to be sealed,
	// lettersNow when a letter waits to be sent.
	sealNow    chan struct{}
	lettersNow chan struct{}
	auditKey   secret.Key
	letterKey  secret.Key
}
