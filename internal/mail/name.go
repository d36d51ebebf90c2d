package mail

import (
	"strings"
	"time"
	"unicode"
)

// guard stands behind a character that mail programs look for when they turn text
// into links. It cannot be seen.
const guard = "\u2060"

// name makes a free name, or any text that a user or a flow made, safe to stand
// in a sentence: one line, nothing invisible, and nothing that a mail program
// turns into a link: neither host names and addresses, nor what has a scheme.
func name(text string) string {
	var b strings.Builder
	last := ' '
	for _, r := range oneLine(text, maxNameLength) {
		if (last == '.' || last == '@') && r != ' ' || last == ':' && r == '/' {
			b.WriteString(guard)
		}
		b.WriteRune(r)
		last = r
	}
	return b.String()
}

const maxNameLength = 300

// oneLine removes what cannot be seen or changes what stands around it, and cuts
// what is too long.
func oneLine(text string, most int) string {
	var b strings.Builder
	n, space := 0, false
	for _, r := range strings.ToValidUTF8(text, "\uFFFD") {
		switch {
		case unicode.IsSpace(r) || unicode.IsControl(r):
			space = b.Len() > 0
			continue
		case unicode.In(r, unicode.Cf, unicode.Co, unicode.Zl, unicode.Zp):
			continue
		}
		if n++; n > most {
			return b.String() + "…"
		}
		if space {
			b.WriteByte(' ')
			space = false
		}
		b.WriteRune(r)
	}
	return b.String()
}

// moment is a time for people: in a zone where one is given, else in UTC.
func moment(at time.Time, zone string) string {
	const form = "2 January 2006, 15:04"
	if zone != "" {
		if place, err := time.LoadLocation(zone); err == nil {
			return at.In(place).Format(form) + " (" + zone + ")"
		}
	}
	return at.UTC().Format(form) + " UTC"
}

// times is a count for people.
func times(n int, one, many string) string {
	if n == 1 {
		return one
	}
	return strings.Replace(many, "#", itoa(n), 1)
}
