package secret

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"fmt"
	"runtime"
	"runtime/debug"
	"sync/atomic"
	"time"

	"golang.org/x/crypto/argon2"
	"golang.org/x/text/unicode/norm"
)

// Passwords hashes and verifies passwords with argon2id, a few at a time: every
// hash takes 64 MiB for as long as it runs, and a rush of sign-ins must wait for
// memory rather than exhaust it.
type Passwords struct {
	cost  cost
	turns chan struct{}
	dummy string

	// used is set by every hash; Run gives memory back and clears it.
	used atomic.Bool
}

// memoryBackEvery is how long Run waits between two looks for memory to give back.
const memoryBackEvery = 2 * time.Second

// NewPasswords returns a hasher with the second recommended option of RFC 9106
// (64 MiB, three passes, four lanes). At most atOnce hashes run together; 0
// means half as many as there are processors, but at least one and at most four.
func NewPasswords(atOnce int) *Passwords {
	if atOnce <= 0 {
		atOnce = min(max(runtime.GOMAXPROCS(0)/2, 1), 4)
	}
	return newPasswords(atOnce, cost{memory: 64 * 1024, passes: 3, lanes: 4})
}

func newPasswords(atOnce int, c cost) *Passwords {
	salt, key := make([]byte, saltSize), make([]byte, hashSize)
	rand.Read(salt)
	rand.Read(key)
	return &Passwords{
		cost:  c,
		turns: make(chan struct{}, atOnce),
		dummy: phc{cost: c, salt: salt, key: key}.String(),
	}
}

// Run hands the memory of past hashes back to the system, every few seconds and
// not after each: a rush shares one garbage collection. It returns when ctx ends.
func (p *Passwords) Run(ctx context.Context) error {
	ticker := time.NewTicker(memoryBackEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
			if len(p.turns) == 0 && p.used.Swap(false) {
				debug.FreeOSMemory()
			}
		}
	}
}

// Hash returns a PHC string for a password. It waits for its turn, and fails
// only when ctx ends first.
func (p *Passwords) Hash(ctx context.Context, password string) (string, error) {
	out := phc{cost: p.cost, salt: make([]byte, saltSize)}
	rand.Read(out.salt)
	key, err := p.derive(ctx, password, out)
	if err != nil {
		return "", err
	}
	out.key = key
	return out.String(), nil
}

// Verify reports whether a password belongs to a hash. For an unknown user pass
// "": the answer is false and takes as long as for a known one, so that time
// does not tell which users exist.
func (p *Passwords) Verify(ctx context.Context, password, hash string) (bool, error) {
	known := hash != ""
	if !known {
		hash = p.dummy
	}
	want, err := parsePHC(hash)
	if err != nil {
		return false, fmt.Errorf("password hash: %w", err)
	}
	got, err := p.derive(ctx, password, want)
	if err != nil {
		return false, err
	}
	same := subtle.ConstantTimeCompare(got, want.key) == 1
	return same && known, nil
}

// NeedsRehash reports whether a hash was made at another cost than today's: hash
// the password again at the next sign-in that succeeds.
func (p *Passwords) NeedsRehash(hash string) bool {
	have, err := parsePHC(hash)
	return err != nil || have.cost != p.cost || len(have.key) != hashSize
}

func (p *Passwords) derive(ctx context.Context, password string, with phc) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("wait to hash a password: %w", err)
	}
	select {
	case p.turns <- struct{}{}:
	case <-ctx.Done():
		return nil, fmt.Errorf("wait to hash a password: %w", ctx.Err())
	}
	defer func() { <-p.turns }()
	p.used.Store(true)
	size := hashSize
	if len(with.key) > 0 {
		size = len(with.key)
	}
	// The same letters can be typed as different code points on different keyboards.
	text := norm.NFC.Bytes([]byte(password))
	return argon2.IDKey(text, with.salt, with.passes, with.memory, with.lanes, uint32(size)), nil
}
