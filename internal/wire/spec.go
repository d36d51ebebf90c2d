package wire

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"leat/internal/fleet"
)

// Spec is the desired state of one runner, whole: a runner that holds it needs
// to ask nothing more. It carries secrets in plain text and is never written to
// a disk by a runner beside the server.
type Spec struct {
	Protocol int              `json:"protocol"`
	Runner   fleet.InstanceID `json:"runner"`
	Name     string           `json:"name"`
	// Version grows with every change. A runner passes over a Spec whose version
	// is lower than the highest it has seen, be it in a Spec or in the answer to
	// a deploy.
	Version int64 `json:"version"`
	// Digest is made by [Spec.Seal] and names the content without its version.
	Digest string `json:"digest"`

	// Running asks for a Node-RED; without it there is to be none.
	Running bool `json:"running"`
	// Restarts counts the restarts that were asked for.
	Restarts int64 `json:"restarts"`
	// SafeMode asks for a Node-RED whose flows are not started.
	SafeMode bool `json:"safeMode,omitempty"`

	// Stack is the digest of the lock of Node.js and Node-RED.
	Stack string `json:"stack"`
	// Flows are Node-RED's own array; nothing means none yet.
	Flows json.RawMessage `json:"flows,omitempty"`
	// Credentials are plain values by node id and field.
	Credentials json.RawMessage `json:"credentials,omitempty"`
	Environment []Variable      `json:"environment,omitempty"`
	Modules     Modules         `json:"modules"`
	Settings    Settings        `json:"settings"`
	Door        Door            `json:"door"`
	// Ports are TCP ports that its flows may listen on.
	Ports   []uint16 `json:"ports,omitempty"`
	Limits  Limits   `json:"limits"`
	Palette Palette  `json:"palette"`
}

// Variable is one entry of the environment.
type Variable struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// Modules are the palette modules of a runner.
type Modules struct {
	// Direct names the modules somebody asked for and their exact versions.
	Direct map[string]string `json:"direct,omitempty"`
	// Lock is the npm lock (version 3, without addresses) of the whole tree.
	Lock json.RawMessage `json:"lock,omitempty"`
	// Digest is the [Digest] of Lock, and names the tree.
	Digest string `json:"digest,omitempty"`
}

// Settings are what steers Node-RED and its editor.
type Settings struct {
	// Title is shown in the editor's header and the page's title.
	Title string `json:"title"`
	// Theme is "light", "dark" or "system".
	Theme string `json:"theme,omitempty"`
	// TimeZone is an IANA name; empty means UTC.
	TimeZone string `json:"timeZone,omitempty"`
	// Language is the editor's language; empty means the browser's.
	Language string `json:"language,omitempty"`
	// HTTPBodyLimitMiB bounds the body of a request to a flow; 0 means 5.
	HTTPBodyLimitMiB int `json:"httpBodyLimitMiB,omitempty"`
	// PersistentContext makes the store on the disk the default one of context.
	PersistentContext bool `json:"persistentContext,omitempty"`
	// PlatformURL is the page of this runner on the platform, for the link back.
	PlatformURL string `json:"platformUrl,omitempty"`
}

// Door is how the runner knows the platform's door.
type Door struct {
	// Key is what every request and upgrade must carry in [KeyHeader].
	Key string `json:"key"`
	// PublicKey is the Ed25519 key of identities, 32 bytes in base64url without padding.
	PublicKey string `json:"publicKey"`
	// Audience is what an identity's aud must be; it is the runner's id.
	Audience string `json:"audience"`
}

// The headers that the door sets and a client never gets through it.
const (
	// KeyHeader carries [Door.Key]. The bridge takes it out before a flow sees it.
	KeyHeader = "X-Leat-Key"
	// UserHeader carries a [User] as JSON in base64url without padding, towards
	// flows and dashboards.
	UserHeader = "X-Leat-User"
)

// User is the person behind a request to flows and dashboards.
type User struct {
	ID       string `json:"userId"`
	Username string `json:"username"`
	Name     string `json:"name,omitempty"`
	Role     string `json:"role,omitempty"`
}

// EditorRoot is where Node-RED's editor is mounted; flows are at "/".
const EditorRoot = "/.leat/editor/"

// CataloguePath is where the editor asks for the palette catalogue, on its own
// host: the door answers it, Node-RED never sees it.
const CataloguePath = EditorRoot + ".catalogue.json"

// Identity is the claims of the door's token towards the editor: a JWT, EdDSA,
// in "Authorization: Bearer". Times are Unix seconds.
type Identity struct {
	Issuer      string `json:"iss"` // [Issuer]
	Audience    string `json:"aud"`
	Subject     string `json:"sub"`
	Username    string `json:"name"`
	Permissions string `json:"perm"` // "*" or "read"
	Session     string `json:"sid,omitempty"`
	ID          string `json:"jti"`
	IssuedAt    int64  `json:"iat"`
	Expires     int64  `json:"exp"`
}

// Issuer is who issues an [Identity].
const Issuer = "leat"

// Limits bind what a runner uses; 0 means no limit.
type Limits struct {
	MemoryMiB int `json:"memoryMiB,omitempty"`
	// CPUPercent counts one core as 100.
	CPUPercent int `json:"cpuPercent,omitempty"`
	Processes  int `json:"processes,omitempty"`
}

// Palette says which modules the editor may install. Rules are names in which "*"
// stands for any text; an empty Allow allows all, and Deny goes before Allow.
type Palette struct {
	Install bool     `json:"install"`
	Allow   []string `json:"allow,omitempty"`
	Deny    []string `json:"deny,omitempty"`
}

// Allows tells whether a module may be installed.
func (p Palette) Allows(name string) bool {
	fits := func(rule string) bool { return matches(rule, name) }
	return p.Install && !slices.ContainsFunc(p.Deny, fits) && (len(p.Allow) == 0 || slices.ContainsFunc(p.Allow, fits))
}

// matches compares a name with a rule, from star to star.
func matches(rule, name string) bool {
	head, rest, star := strings.Cut(rule, "*")
	if !star {
		return rule == name
	}
	tail, found := strings.CutPrefix(name, head)
	if !found {
		return false
	}
	for i := 0; i <= len(tail); i++ {
		if matches(rest, tail[i:]) {
			return true
		}
	}
	return false
}

// Seal sets the protocol and computes the digest.
func (s *Spec) Seal() error {
	s.Protocol = Protocol
	c := *s
	c.Digest, c.Version = "", 0
	text, err := Marshal(c)
	if err != nil {
		return fmt.Errorf("encode spec of %s: %w", s.Runner, err)
	}
	s.Digest, err = Digest(text)
	return err
}

// Check tells what keeps a runner from following the Spec, as an error with a
// code and a sentence. A fault in the flows is not one of them: the runner keeps
// the flows it has and says so.
func (s *Spec) Check() error {
	wrong := func(code, msg string) error {
		return &fleet.Error{Kind: fleet.Invalid, Code: code, Msg: msg}
	}
	switch {
	case s.Protocol < OldestProtocol || s.Protocol > Protocol:
		return wrong("protocol_unknown", fmt.Sprintf("The platform speaks protocol %d, this runner %d to %d. Update the older one.", s.Protocol, OldestProtocol, Protocol))
	case s.Runner == "":
		return wrong("spec_incomplete", "The desired state names no runner.")
	case s.Running && s.Stack == "":
		return wrong("spec_incomplete", "The desired state names no stack.")
	case s.Running && (s.Door.Key == "" || s.Door.PublicKey == "" || s.Door.Audience == ""):
		return wrong("spec_incomplete", "The desired state does not say how to know the platform's door.")
	}
	return nil
}

// CheckFlows tells whether flows are what Node-RED can load: an array of objects
// that each have an id and a type. Nothing is no fault.
func CheckFlows(flows json.RawMessage) error {
	_, err := CountFlows(flows)
	return err
}

// CountFlows is CheckFlows, and tells how many nodes there are.
func CountFlows(flows json.RawMessage) (nodes int, err error) {
	if text := bytes.TrimSpace(flows); len(text) == 0 || string(text) == "null" {
		return 0, nil
	}
	faulty := func(err error) (int, error) {
		return 0, &fleet.Error{Kind: fleet.Invalid, Code: "flows_invalid", Msg: "The flows are not a JSON array of nodes.", Err: err}
	}
	if !json.Valid(flows) {
		return faulty(nil)
	}
	// One by one: of a long array of nothing, all would take many times its size.
	dec := json.NewDecoder(bytes.NewReader(flows))
	if begin, err := dec.Token(); err != nil || begin != json.Delim('[') {
		return faulty(err)
	}
	for ; dec.More(); nodes++ {
		var n struct {
			ID   string `json:"id"`
			Type string `json:"type"`
		}
		switch err := dec.Decode(&n); {
		case err != nil:
			return faulty(err)
		case n.ID == "" || n.Type == "":
			return 0, &fleet.Error{Kind: fleet.Invalid, Code: "flows_invalid", Msg: fmt.Sprintf("Node %d of the flows has no id or no type.", nodes+1)}
		}
	}
	return nodes, nil
}
