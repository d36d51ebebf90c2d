package server

import (
	"context"
	"encoding/json"
	"fmt"

	"golang.org/x/sync/errgroup"

	"leat/internal/npm"
	"leat/internal/runtime"
)

// fetchAtOnce is how many packages are fetched side by side.
const fetchAtOnce = 8

// Fetch brings the packages of a lock into the cache that instances take them
// from. Those that are there already cost nothing.
func (s *stacks) Fetch(ctx context.Context, text json.RawMessage) error {
	lock, err := npm.ParseLock(text)
	if err != nil {
		return fmt.Errorf("lock to fetch: %w", err)
	}
	on, err := runtime.HostPlatform()
	if err != nil {
		return err
	}
	packages, err := lock.Install(on, runtime.Provided()...)
	if err != nil {
		return err
	}
	group, fetching := errgroup.WithContext(ctx)
	group.SetLimit(fetchAtOnce)
	for _, p := range packages {
		group.Go(func() error {
			f, err := s.client.Fetch(fetching, p, nil)
			if err != nil {
				return err
			}
			return f.Close()
		})
	}
	return group.Wait()
}
