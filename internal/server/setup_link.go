package server

import (
	"crypto/rand"
	"encoding/base32"
	"fmt"
	"io"
	"net/url"
	"strings"
	"time"

	"leat/internal/secret"
)

// setupLife is how long a setup link can be used.
const setupLife = time.Hour

// setupLink is the way in to a platform that has no administrator. Each start
// makes a new one; only who reads the server's own output has it.
type setupLink struct {
	hash string
	ends time.Time
	now  func() time.Time
}

// newSetupLink makes a link's secret of 128 bits. What is kept is its hash.
func newSetupLink(now func() time.Time) (link *setupLink, text string) {
	var raw [16]byte
	rand.Read(raw[:])
	text = strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(raw[:]))
	return &setupLink{hash: secret.Hash(text), ends: now().Add(setupLife), now: now}, text
}

// check reports whether a secret is this link's, and the link still in force.
func (l *setupLink) check(text string) bool {
	return secret.Equal(secret.Hash(text), l.hash) && l.now().Before(l.ends)
}

// print writes the link where the person who started the server sees it. The
// secret stands in the fragment, which browsers keep to themselves.
func (l *setupLink) print(out io.Writer, base *url.URL, text string) error {
	_, err := fmt.Fprintf(out, "\n  Open this link within an hour to create the administrator:\n\n    %s/setup#%s\n\n", base, text)
	return err
}
