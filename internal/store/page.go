package store

import (
	"encoding/base64"
	"strings"

	"leat/internal/fleet"
)

// Page says which part of a list is wanted. The zero Page is the first one.
type Page struct {
	// Limit is at most MaxLimit; 0 means DefaultLimit.
	Limit int
	// Cursor is what the page before gave as next.
	Cursor string
	// Q keeps what has a word that begins with it.
	Q string
}

// Limits of a page.
const (
	DefaultLimit = 50
	MaxLimit     = 500
)

// limit is how many rows to ask for: one more than shown, to know whether there
// is a page behind.
func (p Page) limit() int32 { return int32(p.shown() + 1) }

func (p Page) shown() int {
	if p.Limit <= 0 {
		return DefaultLimit
	}
	return min(p.Limit, MaxLimit)
}

// after takes the cursor apart into n keys; the first page gives empty ones.
func (p Page) after(n int) ([]string, error) {
	if p.Cursor == "" {
		return make([]string, n), nil
	}
	raw, err := base64.RawURLEncoding.DecodeString(p.Cursor)
	keys := strings.Split(string(raw), "\x00")
	if err != nil || len(keys) != n {
		return nil, &fleet.Error{Kind: fleet.Invalid, Code: "invalid_cursor", Msg: "The cursor is not one that this list gave. Start from the first page.", Err: err}
	}
	return keys, nil
}

// before is after for lists that show the newest first, by id.
func (p Page) before() (string, error) {
	keys, err := p.after(1)
	if err == nil && keys[0] == "" {
		return "~", nil
	}
	if err != nil {
		return "", err
	}
	return keys[0], nil
}

// cut takes the extra row off and makes the cursor of the page behind, or "".
func cut[T any](p Page, rows []T, keys func(T) []string) ([]T, string) {
	n := p.shown()
	if len(rows) <= n {
		return rows, ""
	}
	rows = rows[:n]
	return rows, cursorOf(keys(rows[n-1])...)
}

func cursorOf(keys ...string) string {
	return base64.RawURLEncoding.EncodeToString([]byte(strings.Join(keys, "\x00")))
}

// each turns rows into nouns.
func each[R, N any](rows []R, turn func(R) N) []N {
	out := make([]N, len(rows))
	for i, r := range rows {
		out[i] = turn(r)
	}
	return out
}
