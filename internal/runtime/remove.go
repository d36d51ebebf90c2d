package runtime

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"leat/internal/npm"
)

var digestName = regexp.MustCompile(`^[0-9a-f]{64}$`)

// RemoveUnused removes the stacks whose digests are not used, their compile
// caches, and what interrupted work left. It returns the digests removed. The
// caller knows what every instance runs on, also instances of an earlier Leat, and
// is asked when nobody else changes the store.
func (s *Store) RemoveUnused(ctx context.Context, ask func(context.Context) (used []string, err error)) ([]string, error) {
	if _, err := os.Stat(s.dir); errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	unlock, err := s.lock(ctx, everything)
	if err != nil {
		return nil, err
	}
	defer unlock()
	used, err := ask(ctx)
	if err != nil {
		return nil, err
	}
	entries, err := os.ReadDir(s.dir)
	if err != nil {
		return nil, err
	}
	var removed []string
	for _, e := range entries {
		at := filepath.Join(s.dir, e.Name())
		if hidden, found := strings.CutPrefix(e.Name(), "."); found {
			name, _, _ := strings.Cut(hidden, ".tmp-")
			if err := npm.Sweep(filepath.Join(s.dir, name)); err != nil {
				return removed, err
			}
			continue
		}
		digest := strings.TrimSuffix(e.Name(), ".cache")
		if !digestName.MatchString(digest) || slices.Contains(used, digest) {
			continue
		}
		if err := npm.RemoveTree(at); err != nil {
			return removed, err
		}
		if digest == e.Name() {
			removed = append(removed, digest)
		}
	}
	return removed, nil
}
