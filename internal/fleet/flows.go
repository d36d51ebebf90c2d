package fleet

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
)

// DeployDigest is the digest by which a deploy that passed the door is matched
// with the save that Node-RED then makes of it: SHA-256 over the nodes, each as
// JSON with sorted keys on a line, without the credentials, which Node-RED takes
// out of the nodes when it saves. It reads both of Node-RED's forms, an array of
// nodes and an object with "flows"; false for anything else. Names are told apart
// by case and the last of two counts, as in JavaScript: what is read here must be
// what Node-RED reads.
func DeployDigest(body []byte) (string, bool) {
	if !json.Valid(body) {
		return "", false
	}
	if body = bytes.TrimSpace(body); body[0] == '{' {
		var wrapped map[string]json.RawMessage
		if json.Unmarshal(body, &wrapped) != nil || wrapped["flows"] == nil {
			return "", false
		}
		body = wrapped["flows"]
	}
	// Node by node: the whole of large flows takes many times their size in memory.
	dec := json.NewDecoder(bytes.NewReader(body))
	if begin, err := dec.Token(); err != nil || begin != json.Delim('[') {
		return "", false
	}
	h := sha256.New()
	enc := json.NewEncoder(h)
	enc.SetEscapeHTML(false)
	for dec.More() {
		var n map[string]any
		if dec.Decode(&n) != nil {
			return "", false
		}
		delete(n, "credentials")
		if enc.Encode(n) != nil {
			return "", false
		}
	}
	return hex.EncodeToString(h.Sum(nil)), true
}
