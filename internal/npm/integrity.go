package npm

import (
	"crypto/sha1" // only where it is explicitly allowed, for packages of before 2017
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"hash"
	"strings"
)

// Integrity is the hash that a tarball must have.
type Integrity struct {
	// Algorithm is "sha512" or "sha1".
	Algorithm string
	// Sum is the hash in hexadecimal.
	Sum string
}

// ParseIntegrity picks the strongest hash that Leat accepts out of a lock's
// integrity text: SHA-512, or SHA-1 where there is no other. ok is false where
// there is neither.
func ParseIntegrity(s string) (i Integrity, ok bool) {
	for _, part := range strings.Fields(s) {
		part, _, _ = strings.Cut(part, "?")
		algorithm, value, _ := strings.Cut(part, "-")
		sum, err := base64.StdEncoding.DecodeString(value)
		if err != nil {
			continue
		}
		switch {
		case algorithm == "sha512" && len(sum) == sha512.Size:
			return Integrity{algorithm, hex.EncodeToString(sum)}, true
		case algorithm == "sha1" && len(sum) == sha1.Size:
			i, ok = Integrity{algorithm, hex.EncodeToString(sum)}, true
		}
	}
	return i, ok
}

func (i Integrity) hash() hash.Hash {
	if i.Algorithm == "sha1" {
		return sha1.New() // see the import
	}
	return sha512.New()
}

func (i Integrity) matches(h hash.Hash) bool { return hex.EncodeToString(h.Sum(nil)) == i.Sum }
