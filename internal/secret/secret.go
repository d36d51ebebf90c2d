// Package secret mints, hashes, compares and seals what must not be known.
//
// It holds no state of its own but the platform key that its caller loads, does
// no logging, and never puts a secret into an error.
package secret

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
)

// tokenAlphabet has letters and digits only: a token stays one word in a
// terminal, an URL, a header and a double click.
const tokenAlphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

// tokenLength characters of a 62-letter alphabet carry 256 bits.
const tokenLength = 43

// Mint returns a new token: the prefix, which says to a person and a leak
// scanner what was found, and 256 random bits. The prefix must not contain ':'.
func Mint(prefix string) string {
	token := make([]byte, 0, len(prefix)+tokenLength)
	token = append(token, prefix...)
	var pool [64]byte
	for len(token) < cap(token) {
		rand.Read(pool[:])
		for _, b := range pool {
			// 248 is the largest multiple of 62 in a byte: above it letters would not be equally likely.
			if b < 248 && len(token) < cap(token) {
				token = append(token, tokenAlphabet[b%62])
			}
		}
	}
	return string(token)
}

// Hash is what is stored of a token: SHA-256 in hex. Minted tokens are too long
// to be guessed, so neither salt nor slowness is needed; passwords need
// [Passwords] instead.
func Hash(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:])
}

// Equal compares in a time that depends on the lengths alone.
func Equal(a, b string) bool {
	return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1
}
