package fleet

import (
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Settings are what administrators decide for the whole platform.
type Settings struct {
	// Name is what the platform is called; empty means as it was configured.
	Name string `json:"name"`
	// SignInMessage is plain text for the sign-in page.
	SignInMessage string `json:"signInMessage"`
	// SupportContact is an address or a few words: where people get help.
	SupportContact string       `json:"supportContact"`
	TeamCreation   TeamCreation `json:"teamCreation"`
	// InviteNewUsers lets people without an account be invited and make one.
	InviteNewUsers bool  `json:"inviteNewUsers"`
	Version        int64 `json:"version"`
}

// TeamCreation says who may create teams.
type TeamCreation string

// Who may create teams.
const (
	ByEverybody      TeamCreation = "everybody"
	ByAdministrators TeamCreation = "administrators"
)

// DefaultSettings are those of a platform of which nobody has changed any.
func DefaultSettings() Settings {
	return Settings{TeamCreation: ByEverybody, InviteNewUsers: true, Version: 1}
}

const (
	maxSignInMessage  = 2000
	maxSupportContact = 200
)

// Clean trims what people wrote and lists what is wrong.
func (s *Settings) Clean() []error {
	var errs [4]error
	if s.Name = strings.TrimSpace(s.Name); s.Name != "" {
		s.Name, errs[0] = CleanName("name", s.Name)
	}
	s.SignInMessage = strings.TrimSpace(strings.ReplaceAll(s.SignInMessage, "\r\n", "\n"))
	if !plainText(s.SignInMessage, true) || utf8.RuneCountInString(s.SignInMessage) > maxSignInMessage {
		errs[1] = InvalidField("signInMessage", "The message is plain text of at most 2000 characters.")
	}
	s.SupportContact = strings.TrimSpace(s.SupportContact)
	if !plainText(s.SupportContact, false) || utf8.RuneCountInString(s.SupportContact) > maxSupportContact {
		errs[2] = InvalidField("supportContact", "The contact is one line of at most 200 characters.")
	} else if scheme, _, is := strings.Cut(s.SupportContact, "://"); is {
		u, err := url.Parse(s.SupportContact)
		if err != nil || u.Host == "" || scheme != "http" && scheme != "https" {
			errs[2] = InvalidField("supportContact", "Give an address that begins with https:// or http://, an e-mail address, or a few words.")
		}
	}
	if s.TeamCreation != ByEverybody && s.TeamCreation != ByAdministrators {
		errs[3] = InvalidField("teamCreation", "Teams are created by everybody or by administrators.")
	}
	return errs[:]
}

// plainText reports text that shows as it is.
func plainText(text string, lines bool) bool {
	return utf8.ValidString(text) && !strings.ContainsFunc(text, func(r rune) bool {
		return hidden(r) || unicode.IsControl(r) && !(lines && (r == '\n' || r == '\t'))
	})
}
