package mail

import (
	"fmt"
	"strings"
	"time"
)

// Invitation asks somebody into a team.
type Invitation struct {
	Team, Inviter, Role string
	Link                string
	ExpiresAt           time.Time
	// Reminder says that it was sent before.
	Reminder bool `json:",omitempty"`
}

// Kind names the type.
func (*Invitation) Kind() string { return "invitation" }

func (c *Invitation) letter(p Platform) Letter {
	subject := fmt.Sprintf("%s invites you to the team %s", oneLine(c.Inviter, 40), oneLine(c.Team, 64))
	first := fmt.Sprintf("%s invites you to the team %s on %s, as %s.", name(c.Inviter), name(c.Team), name(p.Name), article(c.Role))
	if c.Reminder {
		subject = "Reminder: " + subject
		first = "This invitation still waits for you. " + first
	}
	return Letter{
		Subject:    subject,
		Paragraphs: []string{first},
		Action:     &Action{"Accept the invitation", c.Link},
		After:      []string{fmt.Sprintf("The link is good until %s, and for you alone. Whoever else has it could join in your place, so do not pass it on.", moment(c.ExpiresAt, ""))},
		Why:        fmt.Sprintf("You get this letter because %s entered your address. If you do not know why, do nothing: without the link nothing happens.", name(c.Inviter)),
	}
}

func article(role string) string {
	if strings.HasPrefix(role, "o") {
		return "an " + name(role)
	}
	return "a " + name(role)
}

// PasswordReset lets its reader choose a new password.
type PasswordReset struct {
	Username, Link string
	ExpiresAt      time.Time
	// Addr is where it was asked for from.
	Addr string
}

// Kind names the type.
func (*PasswordReset) Kind() string { return "password-reset" }

func (c *PasswordReset) letter(p Platform) Letter {
	return Letter{
		Subject: fmt.Sprintf("A new password for %s", p.Name),
		Paragraphs: []string{
			fmt.Sprintf("Somebody, hopefully you, asked for a new password for the account %s on %s.", name(c.Username), name(p.Name)),
		},
		Facts:  []Fact{{"Asked from", name(c.Addr)}},
		Action: &Action{"Choose a new password", c.Link},
		After: []string{
			fmt.Sprintf("The link is good until %s and works once. With the new password, every browser that is signed in has to sign in again.", moment(c.ExpiresAt, "")),
			"If it was not you, do nothing: your password stays as it is. Nobody but you has this link.",
		},
		Why: "You get this letter because your address is the one of that account.",
	}
}

// PasswordChanged tells that a password is another.
type PasswordChanged struct {
	Username string
	At       time.Time
	Addr     string
	// By is empty where the reader did it, else the administrator who did.
	By string `json:",omitempty"`
	// Reset says that it was done with the link of a letter.
	Reset bool `json:",omitempty"`
}

// Kind names the type.
func (*PasswordChanged) Kind() string { return "password-changed" }

func (c *PasswordChanged) letter(p Platform) Letter {
	how := fmt.Sprintf("The password of your account %s on %s was changed.", name(c.Username), name(p.Name))
	switch {
	case c.By != "":
		how = fmt.Sprintf("The administrator %s changed the password of your account %s on %s.", name(c.By), name(c.Username), name(p.Name))
	case c.Reset:
		how = fmt.Sprintf("The password of your account %s on %s was changed with the link of our letter.", name(c.Username), name(p.Name))
	}
	return Letter{
		Subject:    fmt.Sprintf("Your password for %s was changed", p.Name),
		Paragraphs: []string{how, "Browsers that were signed in before have to sign in again."},
		Facts:      facts("When", moment(c.At, ""), "From", name(c.Addr)),
		After:      []string{"If you did not expect this, somebody else may have your account: ask for a new password on the sign-in page, and tell an administrator."},
		Action:     &Action{"Open " + oneLine(p.Name, 40), p.URL},
		Why:        "You get this letter because it concerns the safety of your account. It cannot be switched off.",
	}
}

// facts makes facts of names and values, without those that are empty.
func facts(pairs ...string) []Fact {
	var out []Fact
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			out = append(out, Fact{pairs[i], pairs[i+1]})
		}
	}
	return out
}

// EmailChanged tells the old and the new address of an account.
type EmailChanged struct {
	Username, Old, New string
	At                 time.Time
	By                 string `json:",omitempty"` // as in PasswordChanged
	// ToOld says that this letter goes to the old address.
	ToOld bool
}

// Kind names the type.
func (*EmailChanged) Kind() string { return "email-changed" }

func (c *EmailChanged) letter(p Platform) Letter {
	how := fmt.Sprintf("The e-mail address of your account %s on %s was changed.", name(c.Username), name(p.Name))
	if c.By != "" {
		how = fmt.Sprintf("The administrator %s changed the e-mail address of your account %s on %s.", name(c.By), name(c.Username), name(p.Name))
	}
	after := "Letters of the platform come to this address from now on."
	if c.ToOld {
		after = "This is the last letter to this address. If you did not expect it, somebody else may have your account: tell an administrator."
	}
	return Letter{
		Subject:    fmt.Sprintf("Your e-mail address for %s was changed", p.Name),
		Paragraphs: []string{how},
		Facts:      facts("Before", name(c.Old), "Now", name(c.New), "When", moment(c.At, "")),
		After:      []string{after},
		Why:        "You get this letter because it concerns the safety of your account. It cannot be switched off.",
	}
}

// AccountSuspended tells that somebody cannot sign in any more.
type AccountSuspended struct {
	Username string
	// Contact is whom to ask; empty where nobody is named.
	Contact string `json:",omitempty"`
}

// Kind names the type.
func (*AccountSuspended) Kind() string { return "account-suspended" }

func (c *AccountSuspended) letter(p Platform) Letter {
	ask := "Ask an administrator of the platform if you need it again."
	if c.Contact != "" {
		ask = "If you need it again, ask " + oneLine(c.Contact, 200) + "."
	}
	return Letter{
		Subject: fmt.Sprintf("Your account on %s was suspended", p.Name),
		Paragraphs: []string{
			fmt.Sprintf("An administrator suspended your account %s on %s. You cannot sign in, and your tokens do nothing.", name(c.Username), name(p.Name)),
			"Nothing of yours was deleted: your teams and their instances are as they were.",
			ask,
		},
		Why: "You get this letter because it concerns your account.",
	}
}

// Test is sent to see whether letters arrive.
type Test struct{ By string }

// Kind names the type.
func (*Test) Kind() string { return "test" }

func (c *Test) letter(p Platform) Letter {
	return Letter{
		Subject:    fmt.Sprintf("A test letter of %s", p.Name),
		Paragraphs: []string{fmt.Sprintf("Letters of %s arrive. %s sent this one to see whether they do.", name(p.Name), name(c.By))},
		Action:     &Action{"Open the settings", p.URL + "/admin/mail"},
		Why:        "You get this letter because an administrator entered your address to test the mail server.",
	}
}

// Announcement is what an administrator tells people.
type Announcement struct {
	Title, Text string
	Link        string `json:",omitempty"`
	By          string
}

// Kind names the type.
func (*Announcement) Kind() string { return "announcement" }

func (c *Announcement) letter(p Platform) Letter {
	l := Letter{
		Subject: oneLine(c.Title, maxSubject),
		Why:     fmt.Sprintf("%s, an administrator of %s, sent this to you and others who use the platform.", name(c.By), name(p.Name)),
	}
	for part := range strings.SplitSeq(strings.ReplaceAll(c.Text, "\r\n", "\n"), "\n\n") {
		if part = oneLine(part, 20_000); part != "" {
			l.Paragraphs = append(l.Paragraphs, part)
		}
	}
	if c.Link != "" {
		link := c.Link
		if strings.HasPrefix(link, "/") {
			link = p.URL + link
		}
		l.Action = &Action{"Read more", link}
	}
	return l
}
