package control

import (
	"encoding/json"
	"fmt"
	"time"

	"leat/internal/fleet"
	"leat/internal/mail"
)

// Letters is the verbs of the outbox: letters are rows, written in the
// transaction of what they tell of, and sent afterwards until the mail server
// took them or they expired. A letter may arrive twice where the server is
// killed between sending and noting that; it is never lost.
type Letters struct {
	*core
	resets *PasswordResets
	// troubled counts how often in a row no mail server took anything.
	troubled int
}

// recipient is whom a letter is for.
type recipient struct {
	user    fleet.UserID
	address string
	team    fleet.TeamID
	roles   []fleet.Role
}

// toAddress is whoever reads the mail of an address.
func toAddress(address string) recipient { return recipient{address: address} }

// toUser is a user, at the address they have when the letter is sent.
func toUser(id fleet.UserID) recipient { return recipient{user: id} }

// toRole is a user as long as they have one of the roles in a team: who lost it
// before the letter is sent does not get it.
func toRole(id fleet.UserID, team fleet.TeamID, roles []fleet.Role) recipient {
	return recipient{user: id, team: team, roles: roles}
}

// maxWaiting bounds the outbox. The last of it is for who cannot sign in or was
// invited, and not for what instances and announcements make in any number.
const (
	maxWaiting    = 10_000
	keptForPeople = 2_000
)

// roomFor is how many letters may wait before one of a kind is left out.
func roomFor(to recipient, what mail.Content) int {
	if _, bulk := what.(*mail.Announcement); bulk || to.team != "" {
		return maxWaiting - keptForPeople
	}
	return maxWaiting
}

// canMail reports whether the platform has a mail server.
func (s *step) canMail() (bool, error) {
	if s.c.Mail.Set() {
		return true, nil
	}
	kept, err := s.keptMail()
	return kept.Host != "", err
}

// sendLetter puts a letter into the outbox; it goes out after commit, and is
// tried again for as long as life. Without a mail server, or where the outbox is
// full, it does nothing: what the letter tells of happens all the same.
func (s *step) sendLetter(to recipient, what mail.Content, life time.Duration) error {
	if can, err := s.canMail(); err != nil || !can {
		return err
	}
	if s.waiting == 0 {
		n, err := s.CountLetters(fleet.LetterWaiting, time.Time{})
		if err != nil {
			return err
		}
		s.waiting = n + 1
	}
	if s.waiting > roomFor(to, what) {
		s.c.Log.WarnContext(s.Context(), "the outbox is full; a letter was not written", "kind", what.Kind())
		return nil
	}
	s.waiting++
	l := &fleet.Letter{
		ID: fleet.NewLetterID(s.now), Kind: what.Kind(), State: fleet.LetterWaiting, User: to.user, Address: to.address, Team: to.team, Roles: to.roles,
		DueAt: s.now, ExpiresAt: s.now.Add(life), CreatedAt: s.now,
	}
	text, err := json.Marshal(what)
	if err != nil {
		return fmt.Errorf("encode a letter of kind %s: %w", l.Kind, err)
	}
	l.Sealed = s.c.letterKey.Seal(text, []byte(l.ID))
	s.lettered = true
	return s.InsertLetter(l)
}

// letterKey is what the key of letters is derived for.
const letterKey = "letter"

// hintLetters tells that there is a letter to send.
func (c *core) hintLetters() {
	select {
	case c.lettersNow <- struct{}{}:
	default:
	}
}

// openLetter reads what a letter tells.
func (c *core) openLetter(l *fleet.Letter) (mail.Content, error) {
	text, err := c.letterKey.Open(l.Sealed, []byte(l.ID))
	if err != nil {
		return nil, fmt.Errorf("open letter %s: %w", l.ID, err)
	}
	return mail.Decode(l.Kind, text)
}
