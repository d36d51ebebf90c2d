package fleet

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"time"
)

// SignInRequest is a program that asks to be let in as whoever approves it in a
// browser. The program alone knows the verifier that the challenge is made of.
type SignInRequest struct {
	ID        SignInRequestID
	Code      string
	Challenge string
	Program   string
	Machine   string
	System    string
	Scope     TokenScope
	Addr      string
	// Network groups the addresses of one subscriber.
	Network string
	State   SignInState
	// User is who decided; empty while it waits.
	User      UserID
	CreatedAt time.Time
	ExpiresAt time.Time
}

// SignInState is how far a request has come.
type SignInState string

// The states of a request.
const (
	SignInWaiting  SignInState = "waiting"
	SignInApproved SignInState = "approved"
	SignInDenied   SignInState = "denied"
)

const (
	// SignInRequestLife is how long a person may take to decide.
	SignInRequestLife = 10 * time.Minute
	// SignInTokenDays is how long a program that was let in stays so.
	SignInTokenDays = 90
)

// codeAlphabet has no letters or digits that look like others, and no vowels,
// which could make words.
const codeAlphabet = "BCDFGHJKLMNPQRSTVWXZ479"

// NewSignInCode makes the code that a person compares: two groups of four.
func NewSignInCode() string {
	code := make([]byte, 0, 9)
	var pool [32]byte
	for len(code) < cap(code) {
		rand.Read(pool[:])
		for _, b := range pool {
			if len(code) == 4 {
				code = append(code, '-')
			}
			// 253 is the largest multiple of 23 in a byte.
			if b < 253 && len(code) < cap(code) {
				code = append(code, codeAlphabet[b%23])
			}
		}
	}
	return string(code)
}

// SignInChallenge is the challenge of a verifier.
func SignInChallenge(verifier string) string {
	sum := sha256.Sum256([]byte(verifier))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// Knows reports whether a program holds the verifier of the request.
func (r SignInRequest) Knows(verifier string) bool {
	return subtle.ConstantTimeCompare([]byte(SignInChallenge(verifier)), []byte(r.Challenge)) == 1
}

// ValidChallenge reports whether a challenge has the form of one.
func ValidChallenge(challenge string) bool {
	sum, err := base64.RawURLEncoding.Strict().DecodeString(challenge)
	return err == nil && len(sum) == sha256.Size
}
