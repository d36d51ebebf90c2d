// Package cron is the list of what the platform does again and again, and the
// loop that does it.
package cron

import (
	"context"
	"log/slog"
	"time"

	"leat/internal/control"
	"leat/internal/run"
	"leat/internal/store"
)

// Job is work that is done again and again.
type Job struct {
	Name string
	// First is how long after the start it is done first, Every how long it then
	// rests.
	First, Every time.Duration
	// Within ends a run that hangs.
	Within time.Duration
	Do     func(ctx context.Context) error
}

// Jobs lists what the platform does again and again.
func Jobs(c *control.Control, db *store.DB) []Job {
	const soon, within = 30 * time.Second, 5 * time.Minute
	return []Job{
		{"move the write-ahead log", soon, time.Minute, within, db.Maintain},
		{"write down when tokens were used", soon, 15 * time.Second, within, c.Tokens.NoteUse},
		{"write down when HTTP tokens were used", soon, 15 * time.Second, within, c.HTTPTokens.NoteUse},
		{"remove expired HTTP tokens", soon, time.Hour, within, c.HTTPTokens.Expire},
		{"end sessions", soon, time.Minute, within, c.Sessions.Expire},
		{"mark silent instances", 3 * time.Minute, soon, within, c.Instances.MarkLost},
		{"remove expired tokens", soon, time.Hour, within, c.Tokens.Expire},
		{"remove expired sign-in requests", soon, time.Minute, within, c.SignInRequests.Expire},
		{"remind of invitations", soon, time.Hour, within, c.Invitations.Remind},
		{"remove expired invitations", soon, time.Hour, within, c.Invitations.Expire},
		{"forget idempotency keys", soon, time.Hour, within, c.Keys.Expire},
		{"forget old deploys", soon, time.Hour, within, c.Flows.Prune},
		{"remove automatic snapshots", soon, time.Hour, time.Hour, c.Snapshots.Prune},
		{"shorten timelines", soon, time.Hour, within, c.Timeline.Prune},
		{"forget module changes", soon, time.Hour, within, c.Modules.Expire},
		{"forget locks of stacks", 5 * time.Minute, 24 * time.Hour, within, c.Stacks.Expire},
		{"write samples down", soon, time.Minute, within, c.Samples.Flush},
		{"watch instances", soon + 5*time.Second, time.Minute, within, c.Alerts.Watch},
		{"make old samples fewer", 2 * time.Minute, 5 * time.Minute, within, c.Samples.Thin},
		{"forget old notifications", soon, time.Hour, within, c.Notifications.Expire},
		{"forget old announcements", soon, time.Hour, within, c.Announcements.Expire},
		{"forget letters that are gone", soon, time.Hour, within, c.Letters.Expire},
		{"remove expired links to new passwords", soon, time.Hour, within, c.PasswordResets.Expire},
		{"keep the file of checkpoints small", 10 * time.Minute, time.Hour, within, c.AuditEvents.ThinFile},
		{"keep the table of checkpoints small", 11 * time.Minute, time.Hour, within, c.AuditEvents.ThinTable},
		{"remove old audit events", soon, time.Hour, time.Hour, c.AuditEvents.Expire},
	}
}

// Loop does jobs, one at a time.
type Loop struct {
	Jobs []Job
	Log  *slog.Logger
}

// Run does the jobs until ctx ends. One that fails is logged and done again when
// it is due.
func (l *Loop) Run(ctx context.Context) error {
	if len(l.Jobs) == 0 {
		<-ctx.Done()
		return nil
	}
	start := time.Now()
	due := make([]time.Time, len(l.Jobs))
	for i, j := range l.Jobs {
		due[i] = start.Add(j.First)
	}
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		next := earliest(due)
		timer.Reset(time.Until(due[next]))
		select {
		case <-ctx.Done():
			return nil
		case <-timer.C:
		}
		l.do(ctx, l.Jobs[next])
		due[next] = time.Now().Add(l.Jobs[next].Every)
	}
}

// do runs a job; what goes wrong in it, a panic too, stops at this job.
func (l *Loop) do(ctx context.Context, j Job) {
	limited, cancel := context.WithTimeout(ctx, j.Within)
	defer cancel()
	err := run.Safe(func() error { return j.Do(limited) })
	if err != nil && ctx.Err() == nil {
		l.Log.ErrorContext(ctx, "a periodic job failed; it is done again when it is due", "job", j.Name, "error", err)
	}
}

func earliest(due []time.Time) int {
	first := 0
	for i, t := range due {
		if t.Before(due[first]) {
			first = i
		}
	}
	return first
}
