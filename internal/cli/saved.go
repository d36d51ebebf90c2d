package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"time"
)

// saved is a context: a platform, who signed in there, and a team.
type saved struct {
	Name string `json:"name"`
	URL  string `json:"url"`
	Team string `json:"team,omitempty"`
	// CA is the certificate of a private authority, in PEM.
	CA        string     `json:"ca,omitempty"`
	Username  string     `json:"username,omitempty"`
	Token     string     `json:"token,omitempty"`
	TokenID   string     `json:"tokenId,omitempty"`
	ExpiresAt *time.Time `json:"expiresAt,omitempty"`
}

// shelf is where contexts are kept: a file each, and one that names the current.
// Two commands at a time cannot spoil each other's.
type shelf struct{ dir string }

// env is the value of a variable of the process.
func (w World) env(name string) string {
	for i := len(w.Env) - 1; i >= 0; i-- {
		if value, ok := strings.CutPrefix(w.Env[i], name+"="); ok {
			return value
		}
	}
	return ""
}

// shelf finds the user's configuration directory.
func (w World) shelf() (shelf, error) {
	if dir := w.env("LEAT_CONFIG_DIR"); dir != "" {
		return shelf{dir}, nil
	}
	home := w.env("HOME")
	switch runtime.GOOS {
	case "windows":
		if dir := w.env("APPDATA"); dir != "" {
			return shelf{filepath.Join(dir, "leat")}, nil
		}
		home = w.env("USERPROFILE")
	case "darwin":
		if home != "" {
			return shelf{filepath.Join(home, "Library", "Application Support", "leat")}, nil
		}
	default:
		if dir := w.env("XDG_CONFIG_HOME"); filepath.IsAbs(dir) {
			return shelf{filepath.Join(dir, "leat")}, nil
		}
	}
	if home == "" {
		return shelf{}, errors.New("there is no home directory to keep sign-ins in; set LEAT_CONFIG_DIR, or give LEAT_URL and LEAT_TOKEN")
	}
	return shelf{filepath.Join(home, ".config", "leat")}, nil
}

const contextSuffix = ".json"

var contextName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$`)

func (s shelf) path(name string) (string, error) {
	if !contextName.MatchString(name) {
		return "", usageError{fmt.Errorf("%q cannot be the name of a context: use letters, digits, dots and hyphens", name)}
	}
	return filepath.Join(s.dir, "contexts", name+contextSuffix), nil
}

// names lists the contexts there are.
func (s shelf) names() ([]string, error) {
	entries, err := os.ReadDir(filepath.Join(s.dir, "contexts"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	var names []string
	for _, e := range entries {
		if name, ok := strings.CutSuffix(e.Name(), contextSuffix); ok && contextName.MatchString(name) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names, nil
}

// load reads a context.
func (s shelf) load(name string) (*saved, error) {
	path, err := s.path(name)
	if err != nil {
		return nil, err
	}
	raw, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		names, _ := s.names() // for the suggestion alone
		return nil, fmt.Errorf("there is no context %q%s", name, didYouMean(name, names))
	}
	if err != nil {
		return nil, err
	}
	out := &saved{}
	if err := json.Unmarshal(raw, out); err != nil {
		return nil, fmt.Errorf("the context in %s cannot be read (%v); sign in again with \"leat login\"", path, err)
	}
	out.Name = name
	return out, nil
}

// store writes a context.
func (s shelf) store(c *saved) error {
	path, err := s.path(c.Name)
	if err != nil {
		return err
	}
	raw, err := json.MarshalIndent(c, "", "  ")
	if err != nil {
		return err
	}
	return writePrivate(path, append(raw, '\n'))
}

// remove deletes a context, and makes it the current one no longer.
func (s shelf) remove(name string) error {
	path, err := s.path(name)
	if err != nil {
		return err
	}
	if s.current() == name {
		if err := os.Remove(filepath.Join(s.dir, "current")); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return os.Remove(path)
}

// current is the name of the context in use, or the only one there is.
func (s shelf) current() string {
	raw, err := os.ReadFile(filepath.Join(s.dir, "current"))
	if name := strings.TrimSpace(string(raw)); err == nil && name != "" {
		return name
	}
	if names, err := s.names(); err == nil && len(names) == 1 {
		return names[0]
	}
	return ""
}

func (s shelf) use(name string) error {
	return writePrivate(filepath.Join(s.dir, "current"), []byte(name+"\n"))
}

// writePrivate writes a file that its owner alone can read, all of it or nothing.
func writePrivate(path string, content []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".new-*") // made with mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	_, err = f.Write(content)
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}

// contextOf names a context after a platform's address.
func contextOf(host string) string {
	return strings.Trim(strings.Map(func(r rune) rune {
		if r == '.' || r == '-' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' {
			return r
		}
		return '-'
	}, host), ".-")
}
