package tlog_test

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"leat/internal/tlog"
)

func signer(t interface{ Fatalf(string, ...any) }, origin string, seed byte) (*tlog.Signer, *tlog.Verifier) {
	s, err := tlog.NewSigner(origin, ed25519.NewKeyFromSeed(bytes.Repeat([]byte{seed}, ed25519.SeedSize)))
	if err != nil {
		t.Fatalf("signer: %v", err)
	}
	v, err := tlog.NewVerifier(s.Public())
	if err != nil {
		t.Fatalf("verifier: %v", err)
	}
	return s, v
}

func TestACheckpointVouchesForItsTree(t *testing.T) {
	s, v := signer(t, "leat.example/audit", 1)
	tree := build(leavesOf(300))
	text, err := s.Sign(tree)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(text, "leat.example/audit\n300\n"+tree.Root.String()+"\n\n— leat.example/audit ") {
		t.Errorf("checkpoint:\n%s", text)
	}
	if got, err := v.Open(text); err != nil || got != tree {
		t.Errorf("Open = %v, %v; want %v", got, err, tree)
	}
	if v.Origin() != "leat.example/audit" {
		t.Errorf("origin %q", v.Origin())
	}
}

// The signed text ends with its line end; a signature of base64 has the same
// value in more than one spelling, so only the text and the value are altered.
func TestAnAlteredCheckpointIsRefused(t *testing.T) {
	s, v := signer(t, "leat.example/audit", 1)
	text, err := s.Sign(build(leavesOf(300)))
	if err != nil {
		t.Fatal(err)
	}
	body, _, _ := strings.Cut(text, "\n\n")
	rapid.Check(t, func(t *rapid.T) {
		at := rapid.IntRange(0, len(body)-1).Draw(t, "at")
		altered := []byte(text)
		altered[at] ^= byte(rapid.IntRange(1, 255).Draw(t, "flip"))
		if _, err := v.Open(string(altered)); !errors.Is(err, tlog.ErrCheckpoint) {
			t.Fatalf("altered at %d: %v; want ErrCheckpoint", at, err)
		}
		if _, err := v.Open(text[:at]); !errors.Is(err, tlog.ErrCheckpoint) {
			t.Fatalf("cut at %d: %v; want ErrCheckpoint", at, err)
		}
	})
	cut := strings.LastIndex(text, " ") + 1
	signature, err := base64.StdEncoding.DecodeString(strings.TrimSpace(text[cut:]))
	if err != nil {
		t.Fatal(err)
	}
	for i := range signature {
		forged := bytes.Clone(signature)
		forged[i] ^= 0x40
		if _, err := v.Open(text[:cut] + base64.StdEncoding.EncodeToString(forged) + "\n"); !errors.Is(err, tlog.ErrCheckpoint) {
			t.Errorf("signature altered at byte %d: %v; want ErrCheckpoint", i, err)
		}
	}
}

func TestCheckpointsOfOthersAreRefused(t *testing.T) {
	_, v := signer(t, "leat.example/audit", 1)
	for name, other := range map[string]struct {
		origin string
		seed   byte
	}{"another key": {"leat.example/audit", 2}, "another log": {"other.example/audit", 1}} {
		s, _ := signer(t, other.origin, other.seed)
		text, err := s.Sign(build(leavesOf(3)))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := v.Open(text); !errors.Is(err, tlog.ErrCheckpoint) {
			t.Errorf("%s: %v; want ErrCheckpoint", name, err)
		}
	}
}

func TestAnOriginIsOneWord(t *testing.T) {
	for _, origin := range []string{"", "two words", "a+b"} {
		if _, err := tlog.NewSigner(origin, ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize))); err == nil {
			t.Errorf("origin %q is taken", origin)
		}
	}
}
