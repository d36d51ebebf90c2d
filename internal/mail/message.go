package mail

import (
	"bytes"
	"fmt"
	netmail "net/mail"
	"strings"
	"time"

	gomail "github.com/wneessen/go-mail"
)

// Message is a letter on its way to one reader.
type Message struct {
	// ID is the same each time that the letter is sent again, so that a reader's
	// program shows it once.
	ID     string
	To     string
	At     time.Time
	Letter Letter
	// Bulk marks what many get, so that nobody's absence note answers it.
	Bulk bool
}

// bytes is the message as it goes over the wire.
func (m Message) bytes(s Settings, p Platform) ([]byte, error) {
	plain, rich, err := m.Letter.Render(p)
	if err != nil {
		return nil, err
	}
	// Header fields are given as values that the library encodes; what it cannot
	// encode it refuses. Addresses were checked where they were entered.
	if strings.ContainsAny(m.To+s.From+m.ID, "\r\n\x00<> ") {
		return nil, fmt.Errorf("the address of a letter is not one")
	}
	from := s.FromName
	if from == "" {
		from = p.Name
	}
	msg := gomail.NewMsg(gomail.WithNoDefaultUserAgent())
	msg.FromMailAddress(&netmail.Address{Name: oneLine(from, 64), Address: s.From})
	msg.ToMailAddress(&netmail.Address{Address: m.To})
	msg.Subject(m.Letter.Subject)
	msg.SetDateWithValue(m.At.UTC())
	_, domain, _ := strings.Cut(s.From, "@")
	msg.SetMessageIDWithValue(m.ID + "@" + domain)
	msg.SetGenHeader("Auto-Submitted", "auto-generated")
	msg.SetGenHeader("X-Auto-Response-Suppress", "All")
	if m.Bulk {
		msg.SetBulk()
	}
	msg.SetBodyString(gomail.TypeTextPlain, plain)
	msg.AddAlternativeString(gomail.TypeTextHTML, rich)
	var out bytes.Buffer
	if _, err := msg.WriteTo(&out); err != nil {
		return nil, fmt.Errorf("write a message: %w", err)
	}
	return out.Bytes(), nil
}
