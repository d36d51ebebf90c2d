package secret_test

import (
	"strings"
	"testing"

	"leat/internal/secret"
)

func TestMintedTokensAreOneUnguessableWord(t *testing.T) {
	seen := map[string]bool{}
	for range 200 {
		token := secret.Mint("leatp_")
		body, ok := strings.CutPrefix(token, "leatp_")
		if !ok || len(body) != 43 {
			t.Fatalf("token %q: want the prefix and 43 characters", token)
		}
		for _, r := range body {
			if !strings.ContainsRune("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz", r) {
				t.Fatalf("token %q holds %q", token, r)
			}
		}
		if seen[token] {
			t.Fatalf("token %q came twice", token)
		}
		seen[token] = true
	}
}

func TestHashIsSHA256InHex(t *testing.T) {
	const want = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
	if got := secret.Hash("abc"); got != want {
		t.Errorf("Hash(abc) = %s; want %s", got, want)
	}
}

func TestEqual(t *testing.T) {
	for _, row := range []struct {
		a, b string
		want bool
	}{{"", "", true}, {"a", "a", true}, {"a", "b", false}, {"a", "aa", false}, {"", "a", false}} {
		if got := secret.Equal(row.a, row.b); got != row.want {
			t.Errorf("Equal(%q, %q) = %v; want %v", row.a, row.b, got, row.want)
		}
	}
}
