package fleet

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// MaxName is the longest free name of a thing, in characters.
const MaxName = 64

// CleanName trims a free name and checks it: 1 to MaxName characters, one line,
// valid UTF-8, at least one letter, digit or symbol, and no control or
// direction-changing characters, which could make a list lie about what it
// shows. field is the input's path in the error.
func CleanName(field, name string) (string, error) {
	name = strings.TrimSpace(name)
	n := utf8.RuneCountInString(name)
	switch {
	case !utf8.ValidString(name):
		return "", InvalidField(field, "The name is not valid text.")
	case n == 0:
		return "", InvalidField(field, "Give it a name.")
	case n > MaxName:
		return "", InvalidField(field, "The name is too long: at most 64 characters.")
	}
	visible := false
	for _, r := range name {
		if unicode.IsControl(r) || hidden(r) {
			return "", InvalidField(field, "The name holds a character that cannot be seen. Type it again by hand.")
		}
		visible = visible || !unicode.IsSpace(r)
	}
	if !visible {
		return "", InvalidField(field, "Give it a name.")
	}
	return name, nil
}

// hidden reports characters that change or hide what stands around them; the
// joiners that emoji and some scripts need are not among them.
func hidden(r rune) bool {
	switch {
	case r >= 0x202A && r <= 0x202E, r >= 0x2066 && r <= 0x2069, r == 0x200B, r == 0x2028, r == 0x2029, r == 0xFEFF, r == 0x00AD:
		return true
	}
	return unicode.Is(unicode.Co, r)
}

var usernamePattern = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?$`)

var reservedUsernames = map[string]bool{"root": true, "system": true, "leat": true, "anonymous": true, "runner": true}

// CleanUsername lowers a username and checks it: 1 to 32 letters, digits and
// hyphens, not starting or ending with a hyphen.
func CleanUsername(name string) (string, error) {
	name = strings.ToLower(strings.TrimSpace(name))
	if !usernamePattern.MatchString(name) {
		return "", InvalidField("username", "A username has 1 to 32 letters, digits and hyphens, and starts and ends with a letter or digit.")
	}
	if reservedUsernames[name] {
		return "", InvalidField("username", "This username is kept for the platform. Choose another.")
	}
	return name, nil
}

// CleanEmail lowers an e-mail address and checks that it has the shape of one.
func CleanEmail(addr string) (string, error) {
	addr = strings.ToLower(strings.TrimSpace(addr))
	at := strings.LastIndexByte(addr, '@')
	bad := at < 1 || at == len(addr)-1 || len(addr) > 254 || strings.ContainsFunc(addr, func(r rune) bool {
		return unicode.IsSpace(r) || unicode.IsControl(r) || strings.ContainsRune(`<>"(),;:\`, r)
	})
	if bad {
		return "", InvalidField("email", "This is not an e-mail address.")
	}
	return addr, nil
}

// NameKey folds a name for comparison: names with the same key are the same to
// a reader.
func NameKey(name string) string {
	return strings.ToLower(norm.NFKC.String(strings.ToLower(name)))
}
