package secret_test

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"leat/internal/secret"
)

func TestWeakPasswordsAreRefusedWithAdvice(t *testing.T) {
	for password, advice := range map[string]string{
		"":                         "at least 8",
		"short1!":                  "at least 8",
		strings.Repeat("ab1?", 33): "at most 128",
		"\xff\xfe\xfd\xfc12345678": "can be typed",
		"password":                 "easy to guess",
		"Passw0rd!":                "easy to guess",
		"P@ssw0rd123":              "easy to guess",
		"12345678":                 "easy to guess",
		"abcdefghijkl":             "easy to guess",
		"aaaaaaaaaaaaaaaa":         "easy to guess",
		"pumppumppumppump":         "easy to guess",
		"qwertzuiop":               "easy to guess",
		"1qaz2wsx3edc":             "easy to guess",
		"admin1234":                "easy to guess",
		"Sommer2026!":              "easy to guess",
		"drowssap":                 "easy to guess",
		"24121987":                 "easy to guess",
		"siemens2024":              "easy to guess",
	} {
		if got := secret.Weakness(password); !strings.Contains(got, advice) {
			t.Errorf("Weakness(%q) = %q (10^%.1f guesses); want %q", password, got, secret.Guesses(password), advice)
		}
	}
}

func TestGoodPasswordsAreTaken(t *testing.T) {
	for _, password := range []string{
		"correct horse battery staple", "Xk7#mq2Lw9", "kettle-umbrella-north", "wetzlar bridge 41 crows", "пароль-для-насоса", "Tr0ub4dor&3x", "8fh3kq0zvn",
	} {
		if got := secret.Weakness(password, "operator", "op@plant.example"); got != "" {
			t.Errorf("Weakness(%q) = %q (10^%.1f guesses); want none", password, got, secret.Guesses(password))
		}
	}
}

func TestAPasswordMustNotHoldItsPerson(t *testing.T) {
	for _, password := range []string{"xk7-JSmith-mq2", "jane.smith@plant.example", "9!jane.smith!kq"} {
		if got := secret.Weakness(password, "jsmith", "jane.smith@plant.example"); !strings.Contains(got, "username") {
			t.Errorf("Weakness(%q) = %q; want advice about the username", password, got)
		}
	}
	if got := secret.Weakness("xk7-al-mq2-wv9", "al", "al@plant.example"); got != "" {
		t.Errorf("a name of two letters forbids: %q", got)
	}
}

func TestTheAdviceNeverRepeatsThePassword(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		password := rapid.StringN(4, 200, -1).Draw(t, "password")
		if got := secret.Weakness(password, password); len(strings.TrimSpace(password)) > 12 && strings.Contains(got, password) {
			t.Fatalf("%q repeats the password", got)
		}
	})
}

func BenchmarkWeakness(b *testing.B) {
	long := strings.Repeat("abab", 32)
	for b.Loop() {
		secret.Weakness(long)
	}
}
