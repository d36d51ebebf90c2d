package control

import (
	"context"
	"fmt"
	"strconv"

	"leat/internal/fleet"
	"leat/internal/store"
)

const (
	// expireEvent is the event that tells which events lost their content.
	expireEvent   = "audit.expire"
	expireSetting = "audit.expired"
)

// Expire removes the content of events that are older than they are to be kept.
// Their places and hashes stay, so that the log can be verified all the same.
func (c *AuditEvents) Expire(ctx context.Context) error {
	if c.AuditKeep <= 0 {
		return nil
	}
	for {
		n, err := c.expireOnce(ctx)
		if err != nil || n < expireBatch {
			return err
		}
	}
}

func (c *AuditEvents) expireOnce(ctx context.Context) (n int, err error) {
	err = c.DB.Update(ctx, func(tx *store.Tx) error {
		n = 0
		from, err := expiredUpTo(tx)
		if err != nil {
			return err
		}
		rows, err := tx.AuditByLeaf(from, expireBatch)
		if err != nil {
			return err
		}
		s := &step{Tx: tx, c: c.core, who: fleet.System("retention"), now: c.Now()}
		for _, r := range rows {
			if !r.Time.Before(s.now.Add(-c.AuditKeep)) {
				break
			}
			if err := tx.BlankAuditEvent(r.ID); err != nil {
				return err
			}
			n++
		}
		if n == 0 {
			return nil
		}
		to := from + int64(n)
		if err := tx.PutSetting(expireSetting, strconv.FormatInt(to, 10)); err != nil {
			return err
		}
		return s.audit(fleet.AuditEvent{Event: expireEvent, Detail: map[string]any{"from": from, "to": to}})
	})
	if n > 0 {
		c.hintSealer()
	}
	return n, err
}

// expiredUpTo is the place of the first event that may have its content.
func expiredUpTo(tx *store.Tx) (int64, error) {
	text, there, err := tx.Setting(expireSetting)
	if err != nil || !there {
		return 0, err
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("setting %s: %w", expireSetting, err)
	}
	return n, nil
}
