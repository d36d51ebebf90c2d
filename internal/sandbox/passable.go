package sandbox

import (
	"os"
	"path/filepath"
)

// Blocked is the folder on the way to path that a user of an instance's own may
// not pass, or "" where all may be. Folders that are not there yet do not count.
func Blocked(path string) string {
	blocked := ""
	for dir := filepath.Dir(path); ; dir = filepath.Dir(dir) {
		info, err := os.Stat(dir)
		if err == nil && info.Mode().Perm()&0o001 == 0 {
			blocked = dir
		}
		if dir == filepath.Dir(dir) {
			return blocked
		}
	}
}
