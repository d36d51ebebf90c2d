package proxy

import (
	"crypto/ed25519"
	"crypto/rand"
	"fmt"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"leat/internal/control"
	"leat/internal/fleet"
	"leat/internal/wire"
)

// An identity lives for a minute and is made anew after half of it, so that one
// that leaks out of a Node-RED is soon worth nothing.
const (
	identityLife  = 60 * time.Second
	identityReuse = 30 * time.Second
	maxIdentities = 4096
)

// minter signs identities, and keeps each for identityReuse.
type minter struct {
	signer jose.Signer
	err    error
	now    func() time.Time
	mu     sync.Mutex
	kept   map[identityKey]identity
}

type identityKey struct {
	session    fleet.SessionID
	token      fleet.TokenID
	instance   fleet.InstanceID
	permission string
}

type identity struct {
	token string
	at    time.Time
}

func newMinter(key ed25519.PrivateKey, now func() time.Time) *minter {
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.EdDSA, Key: key}, (&jose.SignerOptions{}).WithType("JWT"))
	return &minter{signer: signer, err: err, now: now, kept: map[identityKey]identity{}}
}

// mint signs who e's actor is, for the instance alone.
func (m *minter) mint(e control.Entry) (string, error) {
	permission := "read"
	if mayEdit(e) == nil {
		permission = "*"
	}
	key := identityKey{e.Actor.Session, e.Actor.Token, e.Instance.ID, permission}
	now := m.now()
	m.mu.Lock()
	kept, ok := m.kept[key]
	m.mu.Unlock()
	if ok && now.Sub(kept.at) < identityReuse && !now.Before(kept.at) {
		return kept.token, nil
	}
	if m.err != nil {
		return "", fmt.Errorf("identity key: %w", m.err)
	}
	token, err := jwt.Signed(m.signer).Claims(wire.Identity{
		Issuer: wire.Issuer, Audience: string(e.Instance.ID), Subject: string(e.Actor.User),
		Username: e.Actor.Username, Permissions: permission, Session: string(e.Actor.Session),
		ID: rand.Text(), IssuedAt: now.Unix(), Expires: now.Add(identityLife).Unix(),
	}).Serialize()
	if err != nil {
		return "", fmt.Errorf("sign identity: %w", err)
	}
	m.keep(key, identity{token, now})
	return token, nil
}

func (m *minter) keep(key identityKey, id identity) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.kept) >= maxIdentities {
		for k, old := range m.kept {
			if id.at.Sub(old.at) >= identityReuse {
				delete(m.kept, k)
			}
		}
		if len(m.kept) >= maxIdentities {
			clear(m.kept)
		}
	}
	m.kept[key] = id
}
