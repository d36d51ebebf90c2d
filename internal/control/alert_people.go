package control

import (
	"fmt"
	"strconv"
	"time"

	"leat/internal/fleet"
	"leat/internal/mail"
	"leat/internal/store"
)

// about is an instance as it is told of, and to whom.
type about struct {
	s      *step
	i      *store.Instance
	team   *fleet.Team
	people []store.Person
	letter mail.Instance
	link   string
}

func (s *step) about(i *store.Instance) (*about, error) {
	team, err := s.Team(i.Team)
	if err != nil {
		return nil, err
	}
	application, err := s.Application(i.Application)
	if err != nil {
		return nil, err
	}
	people, err := s.PeopleWithRole(i.Team, i.Alerts.Recipients.Roles())
	if err != nil {
		return nil, err
	}
	link := "/team/" + team.Slug + "/instance/" + string(i.ID)
	return &about{s: s, i: i, team: team, people: people, link: link, letter: mail.Instance{
		ID: string(i.ID), Name: i.Name, Application: application.Name, Team: team.Name, Link: s.c.PlatformURL + link, Zone: i.TimeZone,
	}}, nil
}

// alertLetterLife is how long the letter of an alert is of use.
const alertLetterLife = 12 * time.Hour

func (b *about) reference(kind fleet.AlertKind) string {
	return "instance/" + string(b.i.ID) + "/" + string(kind)
}

var noteKinds = map[fleet.AlertKind]fleet.NotificationKind{
	fleet.AlertCrash: fleet.NoteCrash, fleet.AlertSafeMode: fleet.NoteSafeMode, fleet.AlertHang: fleet.NoteHang,
	fleet.AlertCPU: fleet.NoteCPU, fleet.AlertMemory: fleet.NoteMemory,
}

// tell puts an incident into the inboxes.
func (b *about) tell(what incident) error {
	n := fleet.Notification{
		Kind: noteKinds[what.kind], Level: fleet.LevelError, Reference: b.reference(what.kind), Text: what.Reason, Name: b.i.Name,
		Team: b.i.Team, Application: b.i.Application, Instance: b.i.ID, Link: b.link + "/logs", Detail: map[string]any{"reason": what.Reason},
	}
	switch what.kind {
	case fleet.AlertCrash:
		n.Title = b.i.Name + " crashed"
	case fleet.AlertSafeMode:
		n.Title, n.Link = b.i.Name+" is in safe mode", b.link+"/editor"
	case fleet.AlertHang:
		n.Title = b.i.Name + " did not answer and was restarted"
		if what.Silent {
			n.Title, n.Level, n.Link = "Nothing is heard of "+b.i.Name, fleet.LevelWarning, b.link
		}
	case fleet.AlertCPU, fleet.AlertMemory:
		n.Title = fmt.Sprintf("%s uses %d %% of its %s", b.i.Name, what.Percent, loadWord(what.kind))
		n.Text = fmt.Sprintf("On average over five minutes, of %s.", what.Limit)
		n.Level, n.Link = fleet.LevelWarning, b.link
		n.Detail = map[string]any{"percent": what.Percent, "limit": what.Limit}
	}
	for _, p := range b.people {
		n.User = p.User
		if err := b.s.notify(n); err != nil {
			return err
		}
	}
	return nil
}

func loadWord(kind fleet.AlertKind) string {
	if kind == fleet.AlertCPU {
		return "CPU"
	}
	return "memory"
}

func limitText(kind fleet.AlertKind, limit int) string {
	if kind == fleet.AlertMemory {
		return strconv.Itoa(limit) + " MiB"
	}
	if limit == 100 {
		return "one core"
	}
	return strconv.Itoa(limit) + " % of one core"
}

// write sends letters of an incident, or counts it as held back where the last
// letter is too young.
func (b *about) write(what incident, a *fleet.Alert) error {
	can, err := b.s.canMail()
	if err != nil || !can || !b.i.Alerts.Mail {
		a.HeldBack = 0
		return err
	}
	a.HeldBack += what.times
	if !a.MayWrite(b.s.now) {
		return nil
	}
	content := b.content(what, mail.Incident{Instance: b.letter, At: a.LastAt, Reason: what.Reason, Count: a.HeldBack})
	a.LetterAt, a.HeldBack = b.s.now, 0
	return b.send(content)
}

func (b *about) content(what incident, in mail.Incident) mail.Content {
	load := mail.Load{Incident: in, Percent: what.Percent, Limit: what.Limit}
	switch what.kind {
	case fleet.AlertSafeMode:
		return &mail.SafeMode{Incident: in}
	case fleet.AlertHang:
		return &mail.Hang{Incident: in, Silent: what.Silent}
	case fleet.AlertCPU:
		return &mail.HighCPU{Load: load}
	case fleet.AlertMemory:
		return &mail.HighMemory{Load: load}
	}
	return &mail.Crash{Incident: in}
}

func (b *about) send(content mail.Content) error {
	for _, p := range b.people {
		if err := b.s.sendLetter(toRole(p.User, b.i.Team, b.i.Alerts.Recipients.Roles()), content, alertLetterLife); err != nil {
			return err
		}
	}
	return nil
}

// was is a sentence about trouble that is over.
func was(a *fleet.Alert) (string, error) {
	last, err := lastOf(a)
	if err != nil {
		return "", err
	}
	count := "once"
	if a.Count > 1 {
		count = strconv.Itoa(a.Count) + " times"
	}
	switch a.Kind {
	case fleet.AlertSafeMode:
		return "It was in safe mode", nil
	case fleet.AlertHang:
		return "It did not answer " + count, nil
	case fleet.AlertCPU, fleet.AlertMemory:
		return fmt.Sprintf("It used %d %% of its %s", last.Percent, loadWord(a.Kind)), nil
	}
	return "It crashed " + count, nil
}

// tellRecovered puts the good news into the inboxes, in place of the bad.
func (b *about) tellRecovered(a *fleet.Alert, was string) error {
	for _, p := range b.people {
		if err := b.s.supersede(p.User, b.reference(a.Kind)); err != nil {
			return err
		}
		err := b.s.notify(fleet.Notification{
			User: p.User, Kind: fleet.NoteRecovered, Level: fleet.LevelGood, Reference: b.reference(a.Kind) + "/recovered",
			Title: b.i.Name + " is well again", Text: was + ". It has been well for five minutes.", Name: b.i.Name,
			Team: b.i.Team, Application: b.i.Application, Instance: b.i.ID, Link: b.link,
			Detail: map[string]any{"of": string(a.Kind), "times": a.Count, "began": a.Began.UTC().Format(time.RFC3339)},
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// writeRecovered sends the good news to who got a letter with the bad, and no
// more often than other letters.
func (b *about) writeRecovered(a *fleet.Alert, was string) error {
	if !b.i.Alerts.Mail || a.LetterAt.Before(a.Began) {
		return nil
	}
	last, err := b.s.Alert(b.i.ID, a.Kind+"-recovered")
	if err != nil || !last.MayWrite(b.s.now) {
		return err
	}
	last.LetterAt, last.LastAt = b.s.now, b.s.now
	if err := b.s.PutAlert(last); err != nil {
		return err
	}
	return b.send(&mail.Recovered{Instance: b.letter, At: b.s.now, What: was, Since: a.Began})
}
