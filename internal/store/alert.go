package store

import (
	"encoding/json"
	"strings"
	"time"

	"leat/internal/fleet"
	"leat/internal/store/query"
)

// Alerts are kept as JSON, and as nothing where nobody chose.
func alertsOf(text string) fleet.Alerts {
	a := fleet.DefaultAlerts
	if text == "" || json.Unmarshal([]byte(text), &a) != nil {
		return fleet.DefaultAlerts
	}
	return a
}

// SetAlerts keeps what an instance's people are told of. It is part of the
// configuration that UpdateInstance counts.
func (tx *Tx) SetAlerts(id fleet.InstanceID, a fleet.Alerts) error {
	text, err := json.Marshal(a)
	if err != nil {
		return err
	}
	return noun(tx.q.SetAlerts(tx.ctx, id, string(text)), "instance", "update")
}

func alertOf(r query.Alert) *fleet.Alert {
	return &fleet.Alert{
		Instance: r.InstanceID, Kind: r.Kind, Firing: r.Firing, Began: fromMicros(r.Began), LastAt: fromMicros(r.LastAt), Count: int(r.Count),
		LetterAt: fromMicros(r.LetterAt), HeldBack: int(r.HeldBack), Detail: r.Detail,
	}
}

// Alert is what an instance's people were told of a kind; a blank one where that
// is nothing.
func (tx *Tx) Alert(id fleet.InstanceID, kind fleet.AlertKind) (*fleet.Alert, error) {
	r, err := tx.q.Alert(tx.ctx, id, kind)
	err = noun(err, "alert", "read")
	if fleet.IsKind(err, fleet.NotFound) {
		return &fleet.Alert{Instance: id, Kind: kind}, nil
	}
	return alertOf(r), err
}

// PutAlert keeps what an instance's people were told.
func (tx *Tx) PutAlert(a *fleet.Alert) error {
	return noun(tx.q.PutAlert(tx.ctx, query.PutAlertParams{
		InstanceID: a.Instance, Kind: a.Kind, Firing: a.Firing, Began: micros(a.Began), LastAt: micros(a.LastAt), Count: int64(a.Count),
		LetterAt: micros(a.LetterAt), HeldBack: int64(a.HeldBack), Detail: a.Detail,
	}), "alert", "put")
}

// FiringAlerts are all that have not recovered.
func (tx *Tx) FiringAlerts() ([]*fleet.Alert, error) {
	rows, err := tx.q.FiringAlerts(tx.ctx)
	return each(rows, alertOf), noun(err, "alert", "list")
}

// HeldBackAlerts are up to most of those whose last letter is older than a time
// and that happened again since.
func (tx *Tx) HeldBackAlerts(upTo time.Time, most int) ([]*fleet.Alert, error) {
	rows, err := tx.q.HeldBackAlerts(tx.ctx, micros(upTo), int32(most))
	return each(rows, alertOf), noun(err, "alert", "list")
}

// Person is whom something is told.
type Person struct {
	User  fleet.UserID
	Email string
	Role  fleet.Role
}

// PeopleWithRole are the members of a team who have one of the roles and may
// sign in.
func (tx *Tx) PeopleWithRole(team fleet.TeamID, roles []fleet.Role) ([]Person, error) {
	rows, err := tx.q.AlertPeople(tx.ctx, team, barred(roles))
	return each(rows, func(r query.AlertPeopleRow) Person { return Person{User: r.ID, Email: r.Email, Role: r.Role} }), noun(err, "member", "list")
}

// barred writes a list so that a query can look for a word in it: "|a|b|".
func barred[T ~string](list []T) string {
	if len(list) == 0 {
		return ""
	}
	var b strings.Builder
	for _, one := range list {
		b.WriteString("|" + string(one))
	}
	return b.String() + "|"
}

func unbarred[T ~string](text string) []T {
	if text == "" {
		return nil
	}
	var out []T
	for one := range strings.SplitSeq(strings.Trim(text, "|"), "|") {
		out = append(out, T(one))
	}
	return out
}
