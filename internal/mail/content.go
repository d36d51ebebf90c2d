package mail

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
)

// Content is what a letter tells. It is kept as JSON until the letter is sent.
type Content interface {
	// Kind names its type; see [Decode].
	Kind() string
	letter(p Platform) Letter
}

// Platform is who writes.
type Platform struct {
	Name string
	// URL is where people find it, without a slash at its end.
	URL string
}

// Letter is what is to be read, before it is text or HTML. All of it is text for
// people except for the addresses.
type Letter struct {
	Subject string
	// Title is the subject, safe to stand in a text.
	Title      string
	Paragraphs []string
	Facts      []Fact
	Action     *Action
	// After stands behind the button, Lines are of a log.
	After      []string
	LinesTitle string
	Lines      []string
	// Why says why its reader gets it.
	Why string
}

// Fact is a name and its value.
type Fact struct{ Name, Value string }

// Action is a button.
type Action struct{ Label, URL string }

// contents are all kinds.
var contents = map[string]func() Content{
	"invitation":        func() Content { return &Invitation{} },
	"password-reset":    func() Content { return &PasswordReset{} },
	"password-changed":  func() Content { return &PasswordChanged{} },
	"email-changed":     func() Content { return &EmailChanged{} },
	"account-suspended": func() Content { return &AccountSuspended{} },
	"crash":             func() Content { return &Crash{} },
	"safe-mode":         func() Content { return &SafeMode{} },
	"hang":              func() Content { return &Hang{} },
	"cpu":               func() Content { return &HighCPU{} },
	"memory":            func() Content { return &HighMemory{} },
	"recovered":         func() Content { return &Recovered{} },
	"announcement":      func() Content { return &Announcement{} },
	"test":              func() Content { return &Test{} },
}

// Decode reads a content of a kind that was encoded as JSON.
func Decode(kind string, text []byte) (Content, error) {
	fresh, ok := contents[kind]
	if !ok {
		return nil, fmt.Errorf("a letter of kind %q is none that this version writes", kind)
	}
	c := fresh()
	if err := json.Unmarshal(text, c); err != nil {
		return nil, fmt.Errorf("decode a letter of kind %s: %w", kind, err)
	}
	return c, nil
}

// Compose writes the letter.
func Compose(c Content, p Platform) Letter {
	l := c.letter(p)
	l.Subject = oneLine(l.Subject, maxSubject)
	l.Title = name(l.Subject)
	for i, line := range l.Lines {
		l.Lines[i] = strings.TrimRight(name(line), " ")
	}
	return l
}

const maxSubject = 120

func itoa(n int) string { return strconv.Itoa(n) }
