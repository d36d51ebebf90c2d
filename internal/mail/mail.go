// Package mail writes letters and hands them to a mail server.
//
// What a letter tells is a [Content], one type for each kind. A letter is the
// same words as plain text and as HTML. A [Session] speaks SMTP with the server
// that the [Settings] name; every step of it is bounded in time and in what the
// server may say. The package keeps nothing and tries nothing twice: the outbox
// is its caller's.
package mail

import (
	"net"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"leat/internal/fleet"
)

// Security says how the connection to the mail server is protected.
type Security string

// The kinds of security. StartTLS begins in the clear and refuses to go on
// where the server cannot encrypt.
const (
	StartTLS Security = "starttls"
	TLS      Security = "tls"
	None     Security = "none"
)

// Settings are how letters are sent.
type Settings struct {
	Host     string
	Port     int
	Security Security
	Username string
	Password string
	// From is the address that letters come from, FromName the name beside it.
	From, FromName string
}

// Set reports whether letters can be sent.
func (s Settings) Set() bool { return s.Host != "" }

// Address is where the mail server listens.
func (s Settings) Address() string { return net.JoinHostPort(s.Host, strconv.Itoa(s.Port)) }

var hostPattern = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9._-]{0,252}[A-Za-z0-9])?$`)

// Clean fills in what was left open, and checks the rest. fault is told every
// fault, with the field's name.
func (s Settings) Clean(fault func(field, message string)) Settings {
	s.Host, s.Username, s.FromName = strings.TrimSpace(s.Host), strings.TrimSpace(s.Username), strings.TrimSpace(s.FromName)
	if s.Host == "" {
		return Settings{}
	}
	if !hostPattern.MatchString(s.Host) && net.ParseIP(s.Host) == nil {
		fault("host", "must be a name such as mail.example.com, or an address")
	}
	if s.Security == "" {
		s.Security = StartTLS
	}
	ports := map[Security]int{StartTLS: 587, TLS: 465, None: 25}
	if ports[s.Security] == 0 {
		fault("security", "must be starttls, tls or none")
	}
	if s.Port == 0 {
		s.Port = ports[s.Security]
	}
	if s.Port < 1 || s.Port > 65535 {
		fault("port", "must be a number from 1 to 65535")
	}
	s.checkSender(fault)
	return s
}

func (s *Settings) checkSender(fault func(field, message string)) {
	clean, err := fleet.CleanEmail(s.From)
	if err != nil {
		fault("from", "must be an e-mail address such as leat@example.com")
	} else {
		s.From = clean
	}
	for field, text := range map[string]string{"username": s.Username, "password": s.Password, "fromName": s.FromName} {
		if !utf8.ValidString(text) || strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r == 0x7f }) {
			fault(field, "must be one line of text")
		}
	}
	if utf8.RuneCountInString(s.FromName) > fleet.MaxName {
		fault("fromName", "must have at most 64 characters")
	}
	if s.Username == "" && s.Password != "" {
		fault("username", "must be set together with the password")
	}
	if s.Security == None && s.Password != "" && !loopback(s.Host) {
		fault("security", "must be starttls or tls where there is a password: it would cross the network for all to read")
	}
}

// loopback reports whether a host is this machine.
func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
