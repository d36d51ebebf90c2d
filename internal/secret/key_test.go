package secret_test

import (
	"bytes"
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"leat/internal/secret"
)

func TestSealedValuesOpenOnlyWithTheirKeyAndUse(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		key := secret.NewKey()
		plain := rapid.SliceOf(rapid.Byte()).Draw(t, "plain")
		use := rapid.SliceOf(rapid.Byte()).Draw(t, "use")
		sealed := key.Seal(plain, use)
		got, err := key.Open(sealed, use)
		if err != nil || !bytes.Equal(got, plain) {
			t.Fatalf("Open = %x, %v; want %x", got, err, plain)
		}
		if _, err := secret.NewKey().Open(sealed, use); !errors.Is(err, secret.ErrSealed) {
			t.Fatalf("another key: %v; want ErrSealed", err)
		}
		if _, err := key.Open(sealed, append(use, 0)); !errors.Is(err, secret.ErrSealed) {
			t.Fatalf("another use: %v; want ErrSealed", err)
		}
		at := rapid.IntRange(0, len(sealed)-1).Draw(t, "at")
		sealed[at] ^= byte(rapid.IntRange(1, 255).Draw(t, "flip"))
		if _, err := key.Open(sealed, use); !errors.Is(err, secret.ErrSealed) {
			t.Fatalf("altered at %d: %v; want ErrSealed", at, err)
		}
		if _, err := key.Open(sealed[:at], use); !errors.Is(err, secret.ErrSealed) {
			t.Fatalf("cut at %d: %v; want ErrSealed", at, err)
		}
	})
}

func TestSealingTwiceDiffers(t *testing.T) {
	key := secret.NewKey()
	if bytes.Equal(key.Seal([]byte("flow"), nil), key.Seal([]byte("flow"), nil)) {
		t.Error("the same value sealed twice gave the same bytes")
	}
}

func TestDerivedKeysDependOnKeyAndPurpose(t *testing.T) {
	key := secret.NewKey()
	if key.Derive("door") != key.Derive("door") {
		t.Error("the same purpose gave two keys")
	}
	if key.Derive("door") == key.Derive("audit") || key.Derive("door") == secret.NewKey().Derive("door") || key.Derive("door") == key {
		t.Error("different keys or purposes gave the same key")
	}
}

func TestSignerIsStable(t *testing.T) {
	key := secret.NewKey()
	message := []byte("checkpoint")
	public := key.Signer().Public().(ed25519.PublicKey)
	if !ed25519.Verify(public, message, ed25519.Sign(key.Signer(), message)) {
		t.Error("a second signer of the same key signs differently")
	}
}

func TestMACTakesPartsApart(t *testing.T) {
	key := secret.NewKey()
	mac := key.MAC("ab", "c")
	if !key.CheckMAC(mac, "ab", "c") {
		t.Error("the right parts are refused")
	}
	for _, parts := range [][]string{{"a", "bc"}, {"abc"}, {"ab", "c", ""}, {}} {
		if key.CheckMAC(mac, parts...) {
			t.Errorf("parts %q pass for ab, c", parts)
		}
	}
}

func TestKeysDoNotPrint(t *testing.T) {
	key := secret.NewKey()
	var log bytes.Buffer
	slog.New(slog.NewTextHandler(&log, nil)).Info("start", "key", key)
	encoded, err := json.Marshal(key)
	if err != nil {
		t.Fatal(err)
	}
	raw := fmt.Sprint([]byte(key.Encode()))
	for _, out := range []string{fmt.Sprint(key), fmt.Sprintf("%v %+v %#v %s", key, key, key, key), log.String(), string(encoded)} {
		if strings.Contains(out, key.Encode()) || strings.Contains(out, raw) {
			t.Errorf("the key is in %q", out)
		}
	}
}

func TestParseKeyRefusesOtherSizes(t *testing.T) {
	for _, text := range []string{"", "AAAA", "not base64", secret.NewKey().Encode() + "AAAA"} {
		if _, err := secret.ParseKey(text); err == nil {
			t.Errorf("ParseKey(%q) is taken", text)
		}
	}
}
