package control

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"syscall"
	"time"

	"leat/internal/fleet"
	"leat/internal/secret"
	"leat/internal/store"
	"leat/internal/tlog"
)

// What the keys of the audit log are derived for, and what the log is called.
const (
	auditEventKey      = "audit event"
	auditCheckpointKey = "audit checkpoint"
	auditOrigin        = "leat/audit"
)

// auditSalt makes the salt of an event. It is keyed: an event that somebody put
// into the table without the platform key does not have it.
func (c *core) auditSalt(unsalted string) []byte { return saltOf(c.auditKey, unsalted) }

func saltOf(key secret.Key, unsalted string) []byte { return key.MAC(unsalted)[:16] }

func auditSigner(key secret.Key) (*tlog.Signer, error) {
	return tlog.NewSigner(auditOrigin, key.Derive(auditCheckpointKey).Signer())
}

const (
	// sealPause lets events gather, so that many share a checkpoint.
	sealPause = 250 * time.Millisecond
	// sealAnyway is when the sealer looks without having been told.
	sealAnyway = 30 * time.Second
	// sealBatch keeps the writer free for others in between.
	sealBatch = 256
	// noteFailuresEvery is how often counted refusals are written.
	noteFailuresEvery = 10 * time.Second
)

// Run seals audit events soon after they were written, and writes the refusals
// that were only counted. It ends with everything sealed.
func (c *AuditEvents) Run(ctx context.Context) error {
	err := c.catchUpFile(ctx)
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
		c.Log.ErrorContext(ctx, "the file of checkpoints could not be written; it is tried again", "error", err)
	} else if err != nil {
		return err
	}
	pause, failures := time.NewTimer(0), time.NewTicker(noteFailuresEvery)
	defer pause.Stop()
	defer failures.Stop()
	soon := false // events that go on coming must not put it off again and again
	for ctx.Err() == nil {
		var err error
		select {
		case <-c.sealNow:
			if !soon {
				soon = true
				pause.Reset(sealPause)
			}
		case <-pause.C:
			soon = false
			err = c.Seal(ctx)
			pause.Reset(sealAnyway)
		case <-failures.C:
			err = c.NoteFailures(ctx, false)
		case <-ctx.Done():
		}
		if err != nil && ctx.Err() == nil {
			c.Log.ErrorContext(ctx, "the audit log could not be sealed; it is tried again", "error", err)
		}
	}
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	return errors.Join(c.NoteFailures(last, true), c.Seal(last), c.appendFile(last, true))
}

// NoteFailures writes the refusals that were counted for long enough, or all.
func (c *AuditEvents) NoteFailures(ctx context.Context, all bool) error {
	return c.writeFailures(ctx, c.refusals.due(c.Now(), all))
}

// Seal gives every event its place in the log. Each batch is one transaction, so
// being killed in between does no harm.
func (c *AuditEvents) Seal(ctx context.Context) error {
	for {
		n, err := c.sealOnce(ctx)
		if err != nil {
			return fmt.Errorf("seal the audit log: %w", err)
		}
		if n < sealBatch {
			return c.appendFile(ctx, false)
		}
	}
}

func (c *AuditEvents) sealOnce(ctx context.Context) (int, error) {
	c.sealing.Lock()
	defer c.sealing.Unlock()
	signer, err := auditSigner(c.Key)
	if err != nil {
		return 0, err
	}
	var events []store.Unsealed
	var old *store.Checkpoint
	err = c.DB.View(ctx, func(tx *store.Tx) error {
		if events, err = tx.AuditUnsealed("", sealBatch); err != nil {
			return err
		}
		old, err = lastCheckpoint(tx)
		return err
	})
	if err != nil || len(events) == 0 {
		return 0, err
	}
	tree, err := treeOf(signer, old)
	if err != nil {
		return 0, err
	}
	leaves := make([]tlog.Hash, len(events))
	for i, e := range events {
		leaves[i] = tlog.Leaf([]byte(e.Bytes))
	}
	return len(events), c.DB.Update(ctx, func(tx *store.Tx) error {
		now, err := lastCheckpoint(tx)
		if err != nil {
			return err
		}
		if now.Size != old.Size {
			return errors.New("the log grew while a batch was made: two servers work on one database")
		}
		for i, e := range events {
			if err := tx.SealAuditEvent(e.ID, old.Size+int64(i)); err != nil {
				return err
			}
		}
		grown, err := tlog.Append(tx.AuditTiles(), tree, leaves)
		if err != nil {
			return err
		}
		return c.putCheckpoint(tx, signer, old, grown)
	})
}

// lastCheckpoint is what the log is now; the zero Checkpoint where it is empty.
func lastCheckpoint(tx *store.Tx) (*store.Checkpoint, error) {
	c, err := tx.LastCheckpoint()
	if fleet.IsKind(err, fleet.NotFound) {
		return &store.Checkpoint{}, nil
	}
	return c, err
}

// treeOf believes a checkpoint only for its signature.
func treeOf(signer *tlog.Signer, c *store.Checkpoint) (tlog.Tree, error) {
	if c.Size == 0 {
		return tlog.Empty(), nil
	}
	v, err := tlog.NewVerifier(signer.Public())
	if err != nil {
		return tlog.Tree{}, err
	}
	tree, err := v.Open(c.Note)
	if err == nil && tree.Size != c.Size {
		err = fmt.Errorf("%w: it is of %d leaves and stands at %d", tlog.ErrCheckpoint, tree.Size, c.Size)
	}
	return tree, err
}

// checkpointEvery is how far apart the checkpoints are that are kept.
const checkpointEvery = time.Minute

// putCheckpoint signs what the log is now. The one before goes where it is of
// the same minute: what it vouched for, this one does.
func (c *core) putCheckpoint(tx *store.Tx, signer *tlog.Signer, old *store.Checkpoint, tree tlog.Tree) error {
	note, err := signer.Sign(tree)
	if err != nil {
		return err
	}
	now := c.Now()
	if old.Size > 0 && old.Time.Truncate(checkpointEvery).Equal(now.Truncate(checkpointEvery)) {
		if err := tx.DeleteCheckpoint(old.Size); err != nil {
			return err
		}
	}
	return tx.InsertCheckpoint(&store.Checkpoint{Size: tree.Size, Root: tree.Root.String(), Note: note, Time: now})
}

// catchUpFile finds how the file of checkpoints ends, takes off half a note that
// a kill may have left there, and puts on what the table has since.
func (c *AuditEvents) catchUpFile(ctx context.Context) error {
	if c.CheckpointFile == "" {
		return nil
	}
	f, err := os.OpenFile(c.CheckpointFile, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return fmt.Errorf("open the file of checkpoints: %w", err)
	}
	last, err := mendTail(f)
	if err = errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("mend the file of checkpoints: %w", err)
	}
	c.fileMu.Lock()
	c.fileNote = last
	c.fileMu.Unlock()
	return c.appendFile(ctx, true)
}

// mendTail cuts a file off behind its last whole note, and returns that.
func mendTail(f *os.File) (last string, err error) {
	size, err := f.Seek(0, io.SeekEnd)
	if err != nil {
		return "", err
	}
	tail := make([]byte, min(size, 8<<10))
	if _, err := f.ReadAt(tail, size-int64(len(tail))); err != nil {
		return "", err
	}
	whole := strings.LastIndex(string(tail), noteEnd)
	if whole < 0 {
		return "", f.Truncate(0)
	}
	end := whole + len(noteEnd)
	if err := f.Truncate(size - int64(len(tail)) + int64(end)); err != nil {
		return "", err
	}
	begin := strings.LastIndex(string(tail[:whole]), noteEnd)
	if begin >= 0 {
		begin += len(noteEnd)
	}
	return string(tail[max(begin, 0) : whole+1]), nil
}

// noteEnd stands behind every note of the file: signatures end with a line break
// and notes are kept apart by an empty line.
const noteEnd = "\n\n\n"

// appendFile puts the newest checkpoint at the end of the file: once a minute,
// and at the end. The file is meant to be copied to where nobody can change it.
func (c *AuditEvents) appendFile(ctx context.Context, now bool) error {
	c.fileMu.Lock()
	defer c.fileMu.Unlock()
	minute := c.Now().Truncate(checkpointEvery)
	if c.CheckpointFile == "" || !now && minute.Equal(c.fileMinute) {
		return nil
	}
	var last *store.Checkpoint
	err := c.DB.View(ctx, func(tx *store.Tx) (err error) { last, err = lastCheckpoint(tx); return err })
	if err != nil || last.Size == 0 || last.Note == c.fileNote {
		return err
	}
	f, err := os.OpenFile(c.CheckpointFile, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return fmt.Errorf("open the file of checkpoints: %w", err)
	}
	if err = errors.Join(addNote(f, last.Note), f.Close()); err != nil {
		return fmt.Errorf("write the file of checkpoints: %w", err)
	}
	c.fileMinute, c.fileNote = minute, last.Note
	return nil
}

// addNote puts a note at the end of the file, or nothing: half of one would count
// as forged.
func addNote(f *os.File, note string) error {
	size, err := f.Seek(0, io.SeekEnd)
	if err != nil {
		return err
	}
	if _, err = f.WriteString(note + noteEnd[1:]); err != nil {
		return errors.Join(err, f.Truncate(size))
	}
	return f.Sync()
}
