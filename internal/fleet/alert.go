package fleet

import (
	"strings"
	"time"
)

// AlertKind says what an instance's people are told of.
type AlertKind string

// The kinds.
const (
	AlertCrash    AlertKind = "crash"
	AlertSafeMode AlertKind = "safe-mode"
	AlertHang     AlertKind = "hang"
	AlertCPU      AlertKind = "cpu"
	AlertMemory   AlertKind = "memory"
)

// Alerts say what an instance's people are told of, and who they are.
type Alerts struct {
	Crash      bool            `json:"crash"`
	SafeMode   bool            `json:"safeMode"`
	Hang       bool            `json:"hang"`
	CPU        bool            `json:"cpu"`
	Memory     bool            `json:"memory"`
	Recipients AlertRecipients `json:"recipients"`
	Mail       bool            `json:"mail"`
}

// DefaultAlerts are those of an instance where nobody chose.
var DefaultAlerts = Alerts{Crash: true, SafeMode: true, Hang: true, Memory: true, Recipients: ToOwners, Mail: true}

// On reports whether people are told of a kind.
func (a Alerts) On(k AlertKind) bool {
	switch k {
	case AlertCrash:
		return a.Crash
	case AlertSafeMode:
		return a.SafeMode
	case AlertHang:
		return a.Hang
	case AlertCPU:
		return a.CPU
	case AlertMemory:
		return a.Memory
	}
	return false
}

// String says it in words, for histories.
func (a Alerts) String() string {
	var kinds []string
	for _, k := range []AlertKind{AlertCrash, AlertSafeMode, AlertHang, AlertCPU, AlertMemory} {
		if a.On(k) {
			kinds = append(kinds, string(k))
		}
	}
	if kinds == nil {
		return "none"
	}
	text := strings.Join(kinds, ", ") + " to " + string(a.Recipients)
	if a.Mail {
		text += ", also by mail"
	}
	return text
}

// AlertRecipients are who is told, by their role in the team.
type AlertRecipients string

// The recipients.
const (
	ToOwners  AlertRecipients = "owners"
	ToMembers AlertRecipients = "members"
	ToBoth    AlertRecipients = "both"
)

// Roles are those of who is told; nil where r is not one of the three.
func (r AlertRecipients) Roles() []Role {
	switch r {
	case ToOwners:
		return []Role{RoleOwner}
	case ToMembers:
		return []Role{RoleMember}
	case ToBoth:
		return []Role{RoleOwner, RoleMember}
	}
	return nil
}

// Alert is what an instance's people were told of one kind. While it is Firing,
// what happens again belongs to the same episode.
type Alert struct {
	Instance InstanceID
	Kind     AlertKind
	Firing   bool
	Began    time.Time
	LastAt   time.Time
	Count    int
	// LetterAt is when the last letter was written, HeldBack how often it
	// happened since without one.
	LetterAt time.Time
	HeldBack int
	// Detail is a sentence about the last time.
	Detail string
}

// LetterPause is the least time between two letters of one instance and kind.
const LetterPause = 30 * time.Minute

// MayWrite reports whether a letter may go out now.
func (a *Alert) MayWrite(now time.Time) bool { return now.Sub(a.LetterAt) >= LetterPause }

// Calm is how long an instance must have run without trouble until that counts
// as recovered.
const Calm = 5 * time.Minute

// What of CPU or memory is too much, and for how long: the average over the
// window. It is over only when nothing in a whole window was above the limit.
const (
	LoadLimit  = 75 // per cent
	LoadWindow = 5 * time.Minute
)

// Reading is how much of its limit an instance used at a time, in per cent.
type Reading struct {
	Time    time.Time
	Percent float64
}

// Verdict is what a window of readings says.
type Verdict uint8

// The verdicts. Unsettled is neither: nothing begins and nothing ends.
const (
	Unsettled Verdict = iota
	Overloaded
	Relieved
)

// JudgeLoad judges the newest window of readings, which are oldest first. Too
// few of them, or a hole as large as a minute, judge nothing.
func JudgeLoad(readings []Reading) (v Verdict, average float64) {
	if len(readings) == 0 {
		return Unsettled, 0
	}
	newest := readings[len(readings)-1].Time
	first := newest.Add(-LoadWindow)
	n, sum, most, oldest := 0, 0.0, 0.0, newest
	for i := len(readings) - 1; i >= 0 && readings[i].Time.After(first); i-- {
		r := readings[i]
		if oldest.Sub(r.Time) >= time.Minute {
			return Unsettled, 0
		}
		n, sum, most, oldest = n+1, sum+r.Percent, max(most, r.Percent), r.Time
	}
	if newest.Sub(oldest) < LoadWindow-30*time.Second {
		return Unsettled, 0
	}
	average = sum / float64(n)
	switch {
	case average > LoadLimit:
		return Overloaded, average
	case most <= LoadLimit:
		return Relieved, average
	}
	return Unsettled, average
}
