package tlog

import (
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	sumdb "golang.org/x/mod/sumdb/tlog"
)

// ErrCheckpoint says that a text is not a checkpoint of the log that was asked
// for, or that its signature is wrong.
var ErrCheckpoint = errors.New("not a signed checkpoint of this log")

// A Signer signs checkpoints of one log.
type Signer struct {
	origin string
	public string
	signer note.Signer
}

// NewSigner returns the signer of a log. The origin names the log in every
// checkpoint and must not have spaces or a plus sign.
func NewSigner(origin string, key ed25519.PrivateKey) (*Signer, error) {
	public, err := note.NewEd25519VerifierKey(origin, key.Public().(ed25519.PublicKey))
	if err != nil {
		return nil, fmt.Errorf("key of log %q: %w", origin, err)
	}
	// The private form has the same name and hash, and the seed in place of the public key.
	const algorithmEd25519 = 1
	part := strings.SplitN(public, "+", 3)
	seed := base64.StdEncoding.EncodeToString(append([]byte{algorithmEd25519}, key.Seed()...))
	signer, err := note.NewSigner("PRIVATE+KEY+" + part[0] + "+" + part[1] + "+" + seed)
	if err != nil {
		return nil, fmt.Errorf("key of log %q: %w", origin, err)
	}
	return &Signer{origin: origin, public: public, signer: signer}, nil
}

// Public returns the key that [NewVerifier] takes; it holds the origin.
func (s *Signer) Public() string { return s.public }

// Sign returns the checkpoint of a tree: its origin, size and root, signed.
func (s *Signer) Sign(tree Tree) (string, error) {
	text := fmt.Sprintf("%s\n%d\n%s\n", s.origin, tree.Size, tree.Root)
	signed, err := note.Sign(&note.Note{Text: text}, s.signer)
	if err != nil {
		return "", fmt.Errorf("sign checkpoint of %d: %w", tree.Size, err)
	}
	return string(signed), nil
}

// A Verifier reads checkpoints of one log.
type Verifier struct {
	verifier note.Verifier
}

// NewVerifier returns the verifier for a public key that [Signer.Public] gave.
func NewVerifier(public string) (*Verifier, error) {
	verifier, err := note.NewVerifier(public)
	if err != nil {
		return nil, fmt.Errorf("public key of a log: %w", err)
	}
	return &Verifier{verifier}, nil
}

// Origin is the name of the log.
func (v *Verifier) Origin() string { return v.verifier.Name() }

// Open returns the tree that a checkpoint vouches for, or [ErrCheckpoint].
func (v *Verifier) Open(checkpoint string) (Tree, error) {
	opened, err := note.Open([]byte(checkpoint), note.VerifierList(v.verifier))
	if err != nil {
		return Tree{}, fmt.Errorf("%w: %w", ErrCheckpoint, err)
	}
	line := strings.Split(opened.Text, "\n")
	if len(line) != 4 || line[3] != "" || line[0] != v.verifier.Name() {
		return Tree{}, fmt.Errorf("%w: it is of another log or form", ErrCheckpoint)
	}
	size, err := strconv.ParseInt(line[1], 10, 64)
	if err != nil || size < 0 || strconv.FormatInt(size, 10) != line[1] {
		return Tree{}, fmt.Errorf("%w: it has no size", ErrCheckpoint)
	}
	root, err := sumdb.ParseHash(line[2])
	if err != nil {
		return Tree{}, fmt.Errorf("%w: it has no root", ErrCheckpoint)
	}
	return Tree{Size: size, Root: root}, nil
}
