package fleet

import (
	"encoding/json"
	"fmt"
	"maps"
)

// Secrets are what a snapshot's manifest must not hold. They are kept sealed and
// outside the digest.
type Secrets struct {
	// Credentials are decrypted: the object of fields by node id.
	Credentials map[string]json.RawMessage `json:"credentials"`
	// Hidden maps the hidden variables to their values.
	Hidden map[string]string `json:"hidden"`
}

// Empty reports whether there is nothing to keep.
func (s *Secrets) Empty() bool { return s == nil || len(s.Credentials) == 0 && len(s.Hidden) == 0 }

// Canonical is what is sealed and what secretsDigest is made of: canonical JSON,
// or nothing where there are no secrets.
func (s *Secrets) Canonical() ([]byte, error) {
	if s.Empty() {
		return nil, nil
	}
	whole := Secrets{Credentials: map[string]json.RawMessage{}, Hidden: map[string]string{}}
	maps.Copy(whole.Credentials, s.Credentials)
	maps.Copy(whole.Hidden, s.Hidden)
	text, err := json.Marshal(whole)
	if err != nil {
		return nil, notKept("credentials", err)
	}
	b, err := AppendCanonicalText(nil, text)
	return b, notKept("credentials", err)
}

// ParseSecrets reads what [Secrets.Canonical] wrote.
func ParseSecrets(b []byte) (*Secrets, error) {
	s := &Secrets{}
	if len(b) == 0 {
		return s, nil
	}
	if err := json.Unmarshal(b, s); err != nil {
		return nil, fmt.Errorf("parse secrets: %w", err)
	}
	return s, nil
}
