package cli_test

import (
	"testing"

	"leat/internal/cli"
)

func TestOnlyPagesAreOpenedInABrowser(t *testing.T) {
	for address, page := range map[string]bool{
		"https://leat.example.com/approve/q-1":    true,
		"http://leat.localhost:3000/approve/q-1":  true,
		"file:///etc/passwd":                      false,
		`C:\Windows\System32\calc.exe`:            false,
		`\\evil.example\share\run.exe`:            false,
		"smb://evil.example/share":                false,
		"--new-window":                            false,
		"javascript:alert(1)":                     false,
		"https:///approve":                        false,
		"https://leat.example.com@evil.example/a": false,
		"https://leat.example.com/\x1b]0;x\x07":   false,
		"":                                        false,
	} {
		if cli.IsPage(address) != page {
			t.Errorf("%q opened: %t; want %t", address, !page, page)
		}
	}
}
