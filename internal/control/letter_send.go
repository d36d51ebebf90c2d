package control

import (
	"context"
	"errors"
	"slices"
	"time"

	"leat/internal/fleet"
	"leat/internal/mail"
	"leat/internal/store"
)

const (
	// lettersKept is how long it is known of a letter that it was sent or given up.
	lettersKept = 7 * 24 * time.Hour
	// lettersAtOnce go over one connection.
	lettersAtOnce = 20
	// sessionBound bounds one connection to the mail server.
	sessionBound = 2 * time.Minute
	// lettersAnyway is when the outbox is looked at without having been told.
	lettersAnyway = time.Minute
)

// Run sends letters until ctx ends. What cannot be sent then waits for the next
// start.
func (c *Letters) Run(ctx context.Context) error {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-c.lettersNow:
		case <-timer.C:
		}
		err := c.SendDue(ctx)
		wait := lettersAnyway
		switch {
		case ctx.Err() != nil:
			return nil
		case err != nil:
			c.troubled++
			wait = min(time.Duration(c.troubled)*lettersAnyway, 5*lettersAnyway)
			c.Log.WarnContext(ctx, "letters could not be sent; it is tried again", "error", err)
		default:
			c.troubled = 0
			wait = c.untilNext(ctx)
		}
		timer.Reset(wait)
	}
}

// untilNext is how long the outbox may be left alone.
func (c *Letters) untilNext(ctx context.Context) time.Duration {
	wait := lettersAnyway
	err := c.DB.View(ctx, func(tx *store.Tx) error {
		due, err := tx.NextLetter()
		if err == nil {
			wait = max(time.Second, min(due.Sub(c.Now()), lettersAnyway))
		}
		return err
	})
	if err != nil && !fleet.IsKind(err, fleet.NotFound) {
		return lettersAnyway
	}
	return wait
}

// SendDue sends every letter that is due. It stops where the mail server is in
// trouble; the letters then wait, each a while longer than before.
func (c *Letters) SendDue(ctx context.Context) error {
	for ctx.Err() == nil {
		batch, err := c.due(ctx)
		if err != nil || len(batch) == 0 {
			return err
		}
		if err := c.sendBatch(ctx, batch); err != nil {
			return err
		}
	}
	return ctx.Err()
}

func (c *Letters) due(ctx context.Context) (batch []*fleet.Letter, err error) {
	err = c.DB.View(ctx, func(tx *store.Tx) error {
		batch, err = tx.LettersDue(c.Now(), lettersAtOnce)
		return err
	})
	return batch, err
}

// sendBatch tries letters over one connection. An error says that the server, not
// a letter, is in trouble.
func (c *Letters) sendBatch(ctx context.Context, batch []*fleet.Letter) error {
	var settings mail.Settings
	var head mail.Platform
	err := c.DB.View(ctx, func(tx *store.Tx) (err error) {
		s := &step{Tx: tx, c: c.core, now: c.Now()}
		if head, err = s.letterHead(); err == nil {
			settings, err = s.mailSettings()
		}
		return err
	})
	if err != nil {
		return err
	}
	if batch, err = c.withoutExpired(ctx, batch); err != nil || len(batch) == 0 {
		return err
	}
	if !settings.Set() {
		return c.postpone(ctx, batch, &mail.Fault{Step: "connect", Text: "The platform has no mail server any more."})
	}
	bounded, cancel := context.WithTimeout(ctx, sessionBound)
	defer cancel()
	session, err := mail.Open(bounded, settings, head, c.MailTLS, nil)
	if err != nil {
		return c.postpone(ctx, batch, err)
	}
	defer session.Close()
	for n, l := range batch {
		if err := c.sendOne(ctx, session, head, l); err != nil {
			return c.postpone(ctx, batch[n:], err)
		}
	}
	return nil
}

// withoutExpired gives up the letters that are too old to be of use.
func (c *Letters) withoutExpired(ctx context.Context, batch []*fleet.Letter) ([]*fleet.Letter, error) {
	var faults []error
	left := slices.DeleteFunc(batch, func(l *fleet.Letter) bool {
		if c.Now().Before(l.ExpiresAt) {
			return false
		}
		if l.Fault == "" {
			l.Fault = "It was too late to be of use."
		}
		faults = append(faults, c.note(ctx, l, fleet.LetterFailed, l.Fault))
		return true
	})
	return left, errors.Join(faults...)
}

// sendOne sends a letter to who may have it now. An error is the server's.
func (c *Letters) sendOne(ctx context.Context, session *mail.Session, head mail.Platform, l *fleet.Letter) error {
	what, err := c.openLetter(l)
	if err != nil {
		c.Log.ErrorContext(ctx, "a letter cannot be read; it is given up", "letter", l.ID, "kind", l.Kind, "error", err)
		return c.note(ctx, l, fleet.LetterFailed, "The letter cannot be read.")
	}
	to, err := c.address(ctx, l, what)
	if err != nil { // the database's trouble, or the end of the platform: no fault of the letter
		c.Log.WarnContext(ctx, "a letter has to wait: whom it is for could not be looked up", "letter", l.ID, "kind", l.Kind, "error", err)
		return c.later(ctx, l, &mail.Fault{Text: "Whom the letter is for could not be looked up. The server's log says why."})
	}
	if to == "" {
		return c.note(ctx, l, fleet.LetterDropped, "")
	}
	err = session.Send(mail.Message{ID: string(l.ID), To: to, At: l.CreatedAt, Letter: mail.Compose(what, head), Bulk: l.Kind == "announcement"})
	var fault *mail.Fault
	switch {
	case err == nil:
		return c.note(ctx, l, fleet.LetterSent, "")
	case !errors.As(err, &fault) || !fault.OfLetter:
		return err
	case fault.Permanent:
		c.Log.WarnContext(ctx, "the mail server refused a letter for good", "letter", l.ID, "kind", l.Kind, "error", err)
		return c.note(ctx, l, fleet.LetterFailed, fault.Text)
	}
	return c.later(ctx, l, fault)
}

// address finds where a letter goes, and adds what is only known now; "" where
// nobody is to have it any more.
func (c *Letters) address(ctx context.Context, l *fleet.Letter, what mail.Content) (to string, err error) {
	if trouble, ok := what.(interface{ About() *mail.Incident }); ok {
		c.addLog(ctx, trouble.About())
	}
	if reset, ok := what.(*mail.PasswordReset); ok {
		return c.resets.resolve(ctx, l, reset)
	}
	if l.User == "" {
		return l.Address, nil
	}
	err = c.DB.View(ctx, func(tx *store.Tx) error {
		u, err := tx.User(l.User)
		if fleet.IsKind(err, fleet.NotFound) {
			return nil
		}
		if err != nil || u.Suspended && l.Kind != "account-suspended" {
			return err
		}
		if l.Team != "" {
			role, err := tx.Role(l.Team, l.User)
			if err != nil || !slices.Contains(l.Roles, role) {
				return err
			}
		}
		to = u.Email
		return nil
	})
	return to, err
}

const (
	// logLines are in a letter, read within logBound.
	logLines = 20
	logBound = 2 * time.Second
)

// addLog puts the last lines of an instance's log into a letter, where they are
// at hand.
func (c *Letters) addLog(ctx context.Context, about *mail.Incident) {
	if c.LogTail == nil {
		return
	}
	bounded, cancel := context.WithTimeout(ctx, logBound)
	defer cancel()
	about.Lines = c.LogTail(bounded, fleet.InstanceID(about.Instance.ID), logLines)
}

// note writes how a letter ended. Its content goes with it.
func (c *Letters) note(ctx context.Context, l *fleet.Letter, state fleet.LetterState, fault string) error {
	l.State, l.DueAt, l.Fault, l.Sealed = state, c.Now(), fault, []byte{}
	// A letter that was sent must not be sent again because the server stops now.
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	return c.DB.Update(last, func(tx *store.Tx) error { return tx.NoteLetter(l) })
}

// later puts a letter off.
func (c *Letters) later(ctx context.Context, l *fleet.Letter, fault *mail.Fault) error {
	l.Attempts++
	l.DueAt, l.Fault = c.Now().Add(l.Pause()), fault.Text
	return c.DB.Update(ctx, func(tx *store.Tx) error { return tx.NoteLetter(l) })
}

// postpone puts letters off because the server is in trouble, and gives the
// reason back.
func (c *Letters) postpone(ctx context.Context, batch []*fleet.Letter, err error) error {
	var fault *mail.Fault
	if !errors.As(err, &fault) || ctx.Err() != nil {
		return err
	}
	for _, l := range batch {
		l.Attempts++
		l.DueAt, l.Fault = c.Now().Add(l.Pause()), fault.Text
	}
	return errors.Join(err, c.DB.Update(ctx, func(tx *store.Tx) error {
		for _, l := range batch {
			if err := tx.NoteLetter(l); err != nil {
				return err
			}
		}
		return nil
	}))
}

// Expire forgets letters that ended a while ago.
func (c *Letters) Expire(ctx context.Context) error {
	before := c.Now().Add(-lettersKept)
	for _, state := range []fleet.LetterState{fleet.LetterSent, fleet.LetterFailed, fleet.LetterDropped} {
		err := c.inBatches(ctx, func(tx *store.Tx) (int64, error) { return tx.DeleteOldLetters(state, before, expireBatch) })
		if err != nil {
			return err
		}
	}
	return nil
}
