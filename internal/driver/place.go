package driver

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"leat/internal/fleet"
)

// Names in an instance's directory. Control is the launcher's own: nobody but
// the user that Leat runs as gets in.
const (
	ControlDir    = "ctl"
	ControlSocket = ControlDir + "/l.sock"
	// LockFile is held by the launcher while it lives, and begins with its process number.
	LockFile  = ControlDir + "/lock"
	placeFile = ControlDir + "/place.json"
	// NodeREDSocket is where Node-RED listens.
	NodeREDSocket = "run/nr.sock"
)

// Place tells a launcher where it is and what it stands on. It lies in the
// instance's directory and holds no secret.
type Place struct {
	Instance fleet.InstanceID `json:"instance"`
	// UID and GID are who Node-RED runs as; 0 where nobody can be changed to.
	UID int `json:"uid"`
	GID int `json:"gid"`
	// Hub is the socket on which the server hears its launchers.
	Hub string `json:"hub"`
	// Runtime is the store of stacks, Packages the cache of packages, Registry
	// where those come from that are in neither.
	Runtime  string `json:"runtime"`
	Packages string `json:"packages"`
	Registry string `json:"registry,omitempty"`
}

// ReadPlace reads it from the instance's directory.
func ReadPlace(dir string) (Place, error) {
	var p Place
	text, err := os.ReadFile(filepath.Join(dir, placeFile))
	if err != nil {
		return p, fmt.Errorf("read place: %w", err)
	}
	if err := json.Unmarshal(text, &p); err != nil {
		return p, fmt.Errorf("read place in %s: %w", dir, err)
	}
	return p, nil
}

// WritePlace writes it, whole or not at all, a power cut included: an instance
// whose place cannot be read does not start, and its user number is forgotten.
func WritePlace(dir string, p Place) error {
	text, err := json.MarshalIndent(p, "", "  ")
	if err != nil {
		return err
	}
	path := filepath.Join(dir, placeFile)
	f, err := os.OpenFile(path+".new", os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return fmt.Errorf("write place: %w", err)
	}
	_, err = f.Write(append(text, '\n'))
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("write place: %w", err)
	}
	return os.Rename(path+".new", path)
}
