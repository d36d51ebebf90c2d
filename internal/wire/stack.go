package wire

import "encoding/json"

// StackAsk asks for the lock of a stack that the desired state names and that
// the runner's own program does not know.
type StackAsk struct {
	Digest string `json:"digest"`
}

// StackLock answers with an npm lock (version 3, without addresses).
type StackLock struct {
	Digest string          `json:"digest"`
	Lock   json.RawMessage `json:"lock"`
	// ArchiveBytes is what has to be downloaded for a CPU, where that is known.
	ArchiveBytes map[string]int64 `json:"archiveBytes,omitempty"`
}
