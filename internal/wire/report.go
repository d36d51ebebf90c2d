package wire

import (
	"time"

	"leat/internal/fleet"
)

// Report is what a runner is, as far as it knows.
type Report struct {
	Protocol int              `json:"protocol"`
	Runner   fleet.InstanceID `json:"runner"`
	// Build names the version of the runner's own program.
	Build string    `json:"build"`
	At    time.Time `json:"at"`

	// SpecVersion and SpecDigest are of the desired state it works towards.
	SpecVersion int64  `json:"specVersion"`
	SpecDigest  string `json:"specDigest,omitempty"`
	// Settled is set once it is what that state asks for, or has given up.
	Settled bool `json:"settled"`

	State fleet.State `json:"state"`
	Since time.Time   `json:"since"`
	// Code is stable and snake_case, Reason a sentence for people; both are empty
	// when all is well.
	Code   string `json:"code,omitempty"`
	Reason string `json:"reason,omitempty"`
	// Step says what is being done, Done of Total how far it is.
	Step  string `json:"step,omitempty"`
	Done  int64  `json:"done,omitempty"`
	Total int64  `json:"total,omitempty"`

	// StartedAt is when the Node-RED that runs was ready; zero without one.
	StartedAt time.Time `json:"startedAt,omitzero"`
	// Starts counts the processes begun since the runner began, Crashes those
	// that ended by themselves.
	Starts  int64 `json:"starts"`
	Crashes int64 `json:"crashes"`
	// LastExit tells how the last process ended.
	LastExit *Exit `json:"lastExit,omitempty"`

	// Isolation names the layers that bind it, such as "uid", "landlock", "cgroup".
	Isolation []string `json:"isolation,omitempty"`
	NodeRed   string   `json:"nodeRed,omitempty"`
	NodeJS    string   `json:"nodeJs,omitempty"`
	// Stack is the digest of the lock that Node-RED runs on now.
	Stack string `json:"stack,omitempty"`
	// FlowsDigest and ModulesDigest are of what runs now.
	FlowsDigest   string `json:"flowsDigest,omitempty"`
	ModulesDigest string `json:"modulesDigest,omitempty"`
	// MissingTypes are node types that the flows use and no module has.
	MissingTypes []string `json:"missingTypes,omitempty"`
	// Dashboard is set where a Dashboard answers, as its path.
	Dashboard string `json:"dashboard,omitempty"`
	// Stale names what a restart would bring beside what the desired state says:
	// "address" (of the platform), "platform" (its bridge inside Node-RED).
	Stale []string `json:"stale,omitempty"`
	// ContextFlushed is when context was last written to the disk.
	ContextFlushed time.Time `json:"contextFlushed,omitzero"`
	// LogSeq is the number of the newest line of the log.
	LogSeq int64 `json:"logSeq"`
}

// Exit tells how a process ended.
type Exit struct {
	At     time.Time `json:"at"`
	Status int       `json:"status"`
	Signal string    `json:"signal,omitempty"`
	// Code is stable: "memory_limit", "heap_limit", "hang", "exit", "signal", "asked".
	Code string `json:"code"`
	// Reason is a sentence for people.
	Reason string `json:"reason"`
}

// Sample is one measurement.
type Sample struct {
	Time time.Time `json:"time"`
	// MemoryBytes is of the whole runner where it is measured from outside, of
	// Node-RED alone otherwise.
	MemoryBytes int64 `json:"memoryBytes"`
	HeapBytes   int64 `json:"heapBytes,omitempty"`
	// CPUPercent counts one core as 100.
	CPUPercent float64 `json:"cpuPercent"`
	// LagMs is how late the event loop was at worst, Loop the share of time it was busy (0–1).
	LagMs float64 `json:"lagMs"`
	Loop  float64 `json:"loop"`
}

// LogLine is one line of a runner's log. Seq grows by one each line, over
// restarts too, and is the cursor.
type LogLine struct {
	Seq   int64     `json:"seq"`
	Time  time.Time `json:"time"`
	Level string    `json:"level"` // debug, info, warn, error
	// Source is "leat", "node-red", or the id of the node that speaks.
	Source string `json:"source"`
	// Name is the name or type of that node.
	Name string `json:"name,omitempty"`
	Text string `json:"text"`
}
