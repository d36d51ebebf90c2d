package fleet

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
)

// DeployDigest is the digest by which a deploy that passed the door is matched
// with the save that Node-RED then makes of it: SHA-256 over the nodes, each as
// JSON with sorted keys on a line, without the credentials, which Node-RED takes
// out of the nodes when it saves. It reads both of Node-RED's forms, an array of
// nodes and an object with "flows"; false for anything else.
func DeployDigest(body []byte) (string, bool) {
	var wrapped struct {
		Flows json.RawMessage `json:"flows"`
	}
	if json.Unmarshal(body, &wrapped) == nil && wrapped.Flows != nil {
		body = wrapped.Flows
	}
	var nodes []map[string]any
	if json.Unmarshal(body, &nodes) != nil {
		return "", false
	}
	h := sha256.New()
	enc := json.NewEncoder(h)
	enc.SetEscapeHTML(false)
	for _, n := range nodes {
		delete(n, "credentials")
		if enc.Encode(n) != nil {
			return "", false
		}
	}
	return hex.EncodeToString(h.Sum(nil)), true
}
