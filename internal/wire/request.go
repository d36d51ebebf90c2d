package wire

import (
	"encoding/json"
	"time"

	"leat/internal/fleet"
)

// Requests of a runner to the server, POST with JSON, below [RunnerPrefix].
// A failure is [Problem] with a fitting status.
const (
	RunnerPrefix = "/api/v1/runner"
	// CheckInPath takes a CheckIn; 204, or 200 with a Spec that the runner does not have.
	CheckInPath = RunnerPrefix + "/check-in"
	// DeploysPath takes a Deploy; 200 with a Deployed once it is committed.
	DeploysPath = RunnerPrefix + "/deploys"
	// ResolvePath takes a ModuleChange; 200 with the Modules it would lead to.
	ResolvePath = RunnerPrefix + "/modules/resolve"
	// ModulesPath takes a ModuleCommit; 200 with a Deployed once it is kept.
	ModulesPath = RunnerPrefix + "/modules"
	// StackPath takes a StackAsk; 200 with the StackLock.
	StackPath = RunnerPrefix + "/stack"
)

// Requests of the server to a runner.
const (
	// StatusPath answers GET with a Report.
	StatusPath = "/v1/status"
	// AlivePath answers GET at once with headers, and with an end of the body only
	// when the runner ends.
	AlivePath = "/v1/alive"
	// LookPath takes POST: check in at once. 202.
	LookPath = "/v1/look"
	// LogsPath answers GET ?after=SEQ&limit=N with LogLines, one JSON object a
	// line; with &follow=1 it goes on with lines as they come.
	LogsPath = "/v1/logs"
	// SamplesPath answers GET ?after=RFC3339 with a JSON array of Sample.
	SamplesPath = "/v1/samples"
	// ContextPath answers GET ?scope=&prefix=&after=&limit= with a ContextPage, and
	// takes POST of a ContextChange; 204.
	ContextPath = "/v1/context"
	// RenewPath takes POST of a Renew: become that program, keeping Node-RED. 202.
	RenewPath = "/v1/renew"
	// StopPath takes POST: end Node-RED in order, then the runner itself. 202.
	StopPath = "/v1/stop"
)

// CheckIn is what a runner brings when it checks in.
type CheckIn struct {
	Report Report `json:"report"`
	// Samples are those made since the last check-in that was answered.
	Samples []Sample `json:"samples,omitempty"`
	// Events are hints of what happened inside Node-RED. A flow can make them up.
	Events []Event `json:"events,omitempty"`
}

// Event is a hint from inside Node-RED, such as "flows.started" or "nodes.install".
type Event struct {
	Time   time.Time       `json:"time"`
	Event  string          `json:"event"`
	Detail json.RawMessage `json:"detail,omitempty"`
}

// Deploy is a save of flows. It is sent again under the same id until it is
// answered, and must have its effect once.
type Deploy struct {
	ID fleet.DeployID `json:"id"`
	At time.Time      `json:"at"`
	// Base is the digest of the flows that this save replaces. The server refuses
	// with "flows_changed" where it holds others already.
	Base string `json:"base"`
	// BaseCredentials is the digest of the credentials that Node-RED had when it
	// made this save, [NoCredentials] without any, and covered like Base. A runner
	// that is older than this field does not send it.
	BaseCredentials string `json:"baseCredentials,omitempty"`
	// Flows are the bytes that Node-RED means to keep; SHA256 is their [Digest].
	Flows  json.RawMessage `json:"flows"`
	SHA256 string          `json:"sha256"`
	// Credentials are whole, plain, by node id and field; nothing when unchanged.
	Credentials json.RawMessage `json:"credentials,omitempty"`
	// User is who Node-RED says it was: a hint only.
	User string `json:"user,omitempty"`
}

// NoCredentials stands where the digest of credentials would.
const NoCredentials = "none"

// Deployed answers what was committed.
type Deployed struct {
	// Version is that of the desired state which holds it.
	Version int64 `json:"version"`
}

// ModuleChange asks what the modules would be after a change.
type ModuleChange struct {
	ID fleet.DeployID `json:"id"`
	// Base is the digest of the modules that the change starts from.
	Base string `json:"base"`
	// Install names a module to install or update, at Version or the newest.
	Install string `json:"install,omitempty"`
	Version string `json:"version,omitempty"`
	// Remove names a module to remove.
	Remove string `json:"remove,omitempty"`
	User   string `json:"user,omitempty"`
}

// ModuleCommit keeps what a ModuleChange led to, once the tree lies ready.
type ModuleCommit struct {
	// ID is that of the change; Digest that of the Modules it was answered with.
	ID     fleet.DeployID `json:"id"`
	Digest string         `json:"digest"`
}

// Renew names the program to become.
type Renew struct {
	Path string `json:"path"`
}

// Problem is a failure, as in RFC 9457.
type Problem struct {
	Title  string `json:"title"`
	Status int    `json:"status"`
	Detail string `json:"detail"`
	Code   string `json:"code"`
}
