// Package wire is what server and runner agree on: the desired state of a
// runner, what it reports, and the requests each makes of the other. The shapes
// are the same for a launcher on this machine and for an agent far away; neither
// end knows by which way they travel.
package wire

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
)

// Protocol is the number of the protocol that this build speaks.
//
// The history of the protocol. A change that an older end cannot pass over gets
// the next number; each end speaks the two numbers before its own as well.
//
//	1  2026-11  the first: check-in with a report and samples, answered by the
//	            desired state; deploys; module changes in two steps (resolve,
//	            commit); requests to the runner: status, alive, look, logs,
//	            samples, renew, stop
//	            later: deploys say which credentials they start from; runners ask
//	            for the lock of a stack; the server asks for context; a report
//	            says what a restart would bring and when context was written
const Protocol = 1

// OldestProtocol is the lowest number that this build still speaks.
const OldestProtocol = 1

// Marshal encodes v for the wire. It leaves <, > and & as they are, unlike
// [json.Marshal], which would change the bytes of embedded flows and with them
// their digest.
func Marshal(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

// Digest is the SHA-256 of JSON text without its insignificant spaces, in
// lower-case hex. For flows as Node-RED writes them it is Node-RED's own revision.
// The digest of nothing is "".
func Digest(text json.RawMessage) (string, error) {
	if len(text) == 0 {
		return "", nil
	}
	var b bytes.Buffer
	if err := json.Compact(&b, text); err != nil {
		return "", err
	}
	sum := sha256.Sum256(b.Bytes())
	return hex.EncodeToString(sum[:]), nil
}
