package secret_test

import (
	"encoding/json"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"leat/internal/secret"
)

func TestCredentialsComeBack(t *testing.T) {
	want := secret.Credentials{
		"n1": {"user": "pump", "password": "ü<&>\u2028 \"quoted\""},
		"n2": {"port": json.Number("12345678901234567890"), "on": true, "none": nil, "list": []any{"a", json.Number("1.50")}},
	}
	text, err := secret.EncryptCredentials("plant secret", want)
	if err != nil {
		t.Fatal(err)
	}
	got, err := secret.DecryptCredentials("plant secret", text)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("credentials changed (-want +got):\n%s", diff)
	}
}

// The text was made by Node.js as Node-RED does it: SHA-256 of the secret,
// aes-256-ctr, a hex IV, then base64.
func TestCredentialsOfNodeREDAreRead(t *testing.T) {
	const fromNode = "0f1e2d3c4b5a69788796a5b4c3d2e1f0o61GzGcWk8j3bWLoLMAyNE9fEhNSjF077Wr5Jm7QQg0VF5/udpSIkOdfkjw4T9fGIA=="
	got, err := secret.DecryptCredentials("a secret from Node-RED", fromNode)
	if err != nil {
		t.Fatal(err)
	}
	want := secret.Credentials{"4f2c": {"user": "pümp", "password": "<&> geheim"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("credentials (-want +got):\n%s", diff)
	}
}

func TestAWrongCredentialSecretIsSaid(t *testing.T) {
	text, err := secret.EncryptCredentials("right", secret.Credentials{"n": {"p": "x"}})
	if err != nil {
		t.Fatal(err)
	}
	for _, wrong := range []string{"", "Right", "right "} {
		if _, err := secret.DecryptCredentials(wrong, text); !errors.Is(err, secret.ErrCredentialSecret) {
			t.Errorf("secret %q: %v; want ErrCredentialSecret", wrong, err)
		}
	}
}

func TestNoCredentialsAreStillAnObject(t *testing.T) {
	text, err := secret.EncryptCredentials("s", nil)
	if err != nil {
		t.Fatal(err)
	}
	got, err := secret.DecryptCredentials("s", text)
	if err != nil || got == nil || len(got) != 0 {
		t.Errorf("got %v, %v; want an empty object", got, err)
	}
}

func TestDamagedCredentialsAreRefused(t *testing.T) {
	for _, text := range []string{"", "00ff", "zz112233445566778899aabbccddeeffAAAA", "00112233445566778899aabbccddeeff*not base64*"} {
		if _, err := secret.DecryptCredentials("s", text); err == nil {
			t.Errorf("%q is taken", text)
		}
	}
}

func TestAValueAndTheProofOfItsSecret(t *testing.T) {
	const value = "t0ken <&> ü"
	sealed := secret.EncryptValue("right", value)
	if again := secret.EncryptValue("right", value); again == sealed {
		t.Error("the same value is sealed to the same text twice")
	}
	if got, err := secret.DecryptValue("right", sealed); err != nil || got != value {
		t.Errorf("opened %q, %v", got, err)
	}
	for _, text := range []string{"", "00ff", "zz112233445566778899aabbccddeeffAAAA", "00112233445566778899aabbccddeeff*not base64*"} {
		if _, err := secret.DecryptValue("right", text); err == nil {
			t.Errorf("%q is taken", text)
		}
	}
	proof := secret.ProveSecret("right", sealed, "more")
	for _, c := range []struct {
		secret string
		parts  []string
		want   bool
	}{
		{"right", []string{sealed, "more"}, true},
		{"wrong", []string{sealed, "more"}, false},
		{"right", []string{sealed, "mor"}, false},
		{"right", []string{sealed + "m", "ore"}, false},
	} {
		if got := secret.CheckSecretProof(proof, c.secret, c.parts...); got != c.want {
			t.Errorf("%s over %d parts: %v; want %v", c.secret, len(c.parts), got, c.want)
		}
	}
}
