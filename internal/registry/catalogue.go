package registry

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// catalogueLife is how long a catalogue that was fetched counts as fresh, and
// retryAfter how long a source that failed is left alone.
const (
	catalogueLife = 24 * time.Hour
	retryAfter    = 10 * time.Minute
	fetchTimeout  = 20 * time.Second
	maxCatalogue  = 32 << 20
)

//go:embed known.json
var known []byte

// Catalogue answers the editor's palette catalogue, in Node-RED's own form. It
// keeps the last one it fetched on disk; a platform that reaches no source
// answers with a short list of well-known modules, marked as such.
type Catalogue struct {
	// Source is the address of a catalogue; empty for a network without one.
	Source string
	// File keeps the last catalogue.
	File   string
	Client *http.Client
	Now    func() time.Time
	Log    *slog.Logger

	mu      sync.Mutex
	body    []byte
	fetched time.Time
}

// ServeHTTP answers at once with what there is; a stale catalogue is fetched
// anew in its own time by Run.
func (c *Catalogue) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := c.Current()
	if err != nil {
		c.Log.ErrorContext(r.Context(), "palette catalogue could not be read", "err", err)
		http.Error(w, "The palette catalogue cannot be read.", http.StatusInternalServerError)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Cache-Control", "private, max-age=300")
	h.Set("X-Content-Type-Options", "nosniff")
	_, _ = w.Write(body) // the browser has gone
}

// Current is the catalogue at hand: the one last fetched, or the built-in list.
func (c *Catalogue) Current() ([]byte, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.body != nil {
		return c.body, nil
	}
	if b, err := os.ReadFile(c.File); err == nil && checkCatalogue(b) == nil {
		c.body = b
		if info, err := os.Stat(c.File); err == nil {
			c.fetched = info.ModTime()
		}
		return b, nil
	}
	b, err := builtIn(c.Now())
	if err != nil {
		return nil, err
	}
	c.body = b
	return b, nil
}

// builtIn is the list in this binary, as a catalogue.
func builtIn(now time.Time) ([]byte, error) {
	var modules []map[string]any
	if err := json.Unmarshal(known, &modules); err != nil {
		return nil, fmt.Errorf("built-in catalogue: %w", err)
	}
	for _, m := range modules {
		m["updated_at"] = now.UTC().Format(time.RFC3339)
		m["url"] = ""
	}
	return json.Marshal(map[string]any{
		"name": "Well-known modules (offline list)", "updated_at": now.UTC().Format(time.RFC3339), "modules": modules,
	})
}

// Run keeps the catalogue fresh until ctx ends.
func (c *Catalogue) Run(ctx context.Context) error {
	if c.Source == "" {
		<-ctx.Done()
		return nil
	}
	if _, err := c.Current(); err != nil {
		return err
	}
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-timer.C:
			timer.Reset(c.refresh(ctx))
		}
	}
}

// refresh fetches the catalogue where it is due, and says when to look again.
func (c *Catalogue) refresh(ctx context.Context) time.Duration {
	c.mu.Lock()
	left := catalogueLife - c.Now().Sub(c.fetched)
	c.mu.Unlock()
	if left > 0 {
		return min(left, catalogueLife)
	}
	body, err := c.fetch(ctx)
	if err != nil {
		if ctx.Err() == nil {
			c.Log.InfoContext(ctx, "palette catalogue could not be fetched; the one at hand stays", "err", err)
		}
		return retryAfter
	}
	c.mu.Lock()
	c.body, c.fetched = body, c.Now()
	c.mu.Unlock()
	if err := keepFile(c.File, body); err != nil {
		c.Log.WarnContext(ctx, "palette catalogue could not be kept", "err", err)
	}
	return catalogueLife
}

func (c *Catalogue) fetch(ctx context.Context) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, fetchTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.Source, nil)
	if err != nil {
		return nil, fmt.Errorf("catalogue address: %w", err)
	}
	res, err := c.Client.Do(req)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("catalogue answered %s", res.Status)
	}
	body, err := io.ReadAll(io.LimitReader(res.Body, maxCatalogue+1))
	switch {
	case err != nil:
		return nil, err
	case len(body) > maxCatalogue:
		return nil, errors.New("catalogue is larger than 32 MiB")
	}
	return body, checkCatalogue(body)
}

// checkCatalogue tells a catalogue from an error page.
func checkCatalogue(b []byte) error {
	var c struct {
		Modules []struct {
			ID string `json:"id"`
		} `json:"modules"`
	}
	if err := json.Unmarshal(b, &c); err != nil {
		return fmt.Errorf("not a catalogue: %w", err)
	}
	if len(c.Modules) == 0 {
		return errors.New("not a catalogue: it names no modules")
	}
	return nil
}

// keepFile replaces a file in one step.
func keepFile(name string, body []byte) error {
	if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	tmp := name + ".new"
	if err := os.WriteFile(tmp, body, 0o600); err != nil {
		return err
	}
	return os.Rename(tmp, name)
}
