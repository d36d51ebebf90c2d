package control

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"leat/internal/store"
	"leat/internal/tlog"
)

const (
	// fileMost is how many notes the file of checkpoints may have; fileRecent of
	// them, the newest, are never taken out.
	fileMost   = 4096
	fileRecent = 1024
	// fileAtOnce bounds the proofs of one run; the next one goes on.
	fileAtOnce = 20_000
)

// ThinFile keeps the file of checkpoints from growing without end. Of the older
// notes only some stay, spread over all the time there was. A note is taken out
// only after it was proved that the log of now begins with the log it vouches
// for: from then on the newest note, which stays, vouches for the same leaves,
// and a note that the log contradicts stays as evidence.
func (c *AuditEvents) ThinFile(ctx context.Context) error {
	return c.thinFile(ctx, fileMost, fileRecent)
}

func (c *AuditEvents) thinFile(ctx context.Context, most, recent int) error {
	if c.CheckpointFile == "" {
		return nil
	}
	c.fileMu.Lock()
	defer c.fileMu.Unlock()
	n := 0
	err := eachNote(c.CheckpointFile, func(string) error { n++; return nil })
	if errors.Is(err, fs.ErrNotExist) || err == nil && n <= most {
		return nil
	}
	if err != nil {
		return err
	}
	return c.DB.View(ctx, func(tx *store.Tx) error {
		t, err := c.newThinner(tx, n-recent, max(1, most/2-recent))
		if err != nil {
			return err
		}
		return t.rewrite(ctx, c.CheckpointFile)
	})
}

// eachNote reads the notes of a file; what a kill left half written at its end is
// none.
func eachNote(path string, fn func(note string) error) error {
	f, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("open the file of checkpoints: %w", err)
	}
	defer f.Close()
	notes := bufio.NewScanner(f)
	notes.Buffer(nil, maxNote)
	notes.Split(splitNotes)
	for notes.Scan() {
		if len(notes.Bytes()) == 0 {
			continue
		}
		if err := fn(notes.Text()); err != nil {
			return err
		}
	}
	if err := notes.Err(); err != nil {
		return fmt.Errorf("read the file of checkpoints: %w", err)
	}
	return nil
}

// thinner decides which notes stay.
type thinner struct {
	tiles tlog.Tiles
	check *tlog.Verifier
	// tree is the log of now.
	tree tlog.Tree
	// Of the first older notes each stride-th stays.
	older, stride int
	proofs        int
}

func (c *AuditEvents) newThinner(tx *store.Tx, older, keep int) (*thinner, error) {
	signer, err := auditSigner(c.Key)
	if err != nil {
		return nil, err
	}
	check, err := tlog.NewVerifier(signer.Public())
	if err != nil {
		return nil, err
	}
	last, err := lastCheckpoint(tx)
	if err != nil {
		return nil, err
	}
	tree, err := treeOf(signer, last)
	return &thinner{tiles: tx.AuditTiles(), check: check, tree: tree, older: older, stride: max(2, (older+keep-1)/keep)}, err
}

// stays reports whether the note at a place is needed.
func (t *thinner) stays(place int, note string) bool {
	if place >= t.older || place%t.stride == 0 || t.proofs >= fileAtOnce {
		return true
	}
	old, err := t.check.Open(note)
	if err != nil || old.Size > t.tree.Size {
		return true
	}
	t.proofs++
	proof, err := tlog.ProveExtension(t.tiles, t.tree, old.Size)
	return err != nil || tlog.CheckExtension(proof, t.tree, old) != nil
}

// rewrite puts a file with fewer notes in the place of the one there: all of it,
// or nothing.
func (t *thinner) rewrite(ctx context.Context, path string) error {
	f, err := os.OpenFile(path+".new", os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return fmt.Errorf("make the file of checkpoints anew: %w", err)
	}
	out := bufio.NewWriter(f)
	place := 0
	err = eachNote(path, func(note string) error {
		if t.stays(place, note) {
			if _, err := out.WriteString(note + noteEnd[1:]); err != nil {
				return err
			}
		}
		place++
		return ctx.Err()
	})
	err = errors.Join(err, out.Flush(), f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(path+".new", path)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("make the file of checkpoints anew: %w", err), os.Remove(path+".new"))
	}
	return syncDirectory(filepath.Dir(path))
}

// syncDirectory makes a rename in a directory outlive a loss of power.
func syncDirectory(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return fmt.Errorf("open the directory of checkpoints: %w", err)
	}
	return errors.Join(d.Sync(), d.Close())
}
