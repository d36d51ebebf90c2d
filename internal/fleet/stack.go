package fleet

import (
	"regexp"
	"strings"
	"time"
)

// Stack is a Node.js and a Node-RED that instances run on.
type Stack struct {
	// ID is a short name that stays, such as "node-red-5".
	ID   string
	Name string
	// Digest names the lock; empty until Wanted is resolved.
	Digest string
	// Wanted are the versions that somebody asked for and that are to be resolved;
	// nothing where the lock was given.
	Wanted StackVersions
	// Reason says why Wanted could not be resolved; empty while that is tried.
	Reason string
	// Versions are those of the lock.
	Versions StackVersions
	// ArchiveBytes is what has to be downloaded for a CPU, where that is known.
	ArchiveBytes map[string]int64
	// Active lets instances be made on it or move to it.
	Active  bool
	Default bool
	// ReplacedBy is the stack that its instances had better move to.
	ReplacedBy string
	// BuiltIn comes with this version of the platform.
	BuiltIn   bool
	Version   int64
	CreatedAt time.Time
}

// StackVersions are what a stack is made of.
type StackVersions struct {
	NodeRED   string `json:"nodeRed,omitempty"`
	NodeJS    string `json:"nodeJs,omitempty"`
	Dashboard string `json:"dashboard,omitempty"`
}

var stackVersion = regexp.MustCompile(`^(0|[1-9][0-9]{0,5})\.(0|[1-9][0-9]{0,5})\.(0|[1-9][0-9]{0,5})(-[0-9A-Za-z.-]{1,40})?$`)

// Check tells whether a stack can be asked for by these versions.
func (v StackVersions) Check() error {
	for _, f := range []struct{ path, version, example string }{
		{"nodeRedVersion", v.NodeRED, "4.1.15"}, {"nodeVersion", v.NodeJS, "22.23.3"}, {"dashboardVersion", v.Dashboard, "1.31.0"},
	} {
		if f.version == "" && f.path == "dashboardVersion" {
			continue
		}
		if !stackVersion.MatchString(f.version) {
			return InvalidField(f.path, "Give an exact version, such as "+f.example+".")
		}
	}
	return nil
}

// StackIDFrom makes an id of versions: letters, digits and hyphens.
func StackIDFrom(v StackVersions) string {
	id := "node-red-" + v.NodeRED + "-node-" + v.NodeJS
	id = strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' {
			return r
		}
		return '-'
	}, id)
	return strings.Trim(id[:min(len(id), 56)], "-")
}

// Name says what a stack of these versions is called where nobody named it.
func (v StackVersions) Name() string {
	return "Node-RED " + v.NodeRED + " on Node.js " + v.NodeJS
}

// Frame is what an instance is given beside its flows: its stack and its limits.
// It changes when somebody asks for a start or a restart, and not by itself.
type Frame struct {
	// Digest is of the stack's lock.
	Digest     string
	MemoryMiB  int
	CPUPercent int
}
