package npm

import (
	"regexp"
	"strings"

	"leat/internal/fleet"
)

const maxNameLen = 214 // npm's own limit

var (
	namePart  = regexp.MustCompile(`^[A-Za-z0-9~-][A-Za-z0-9._~-]*$`)
	scopePart = regexp.MustCompile(`^@[A-Za-z0-9~_-][A-Za-z0-9._~-]*$`)
	version   = regexp.MustCompile(`^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)` +
		`(-(0|[1-9]\d*|\d*[A-Za-z-][0-9A-Za-z-]*)(\.(0|[1-9]\d*|\d*[A-Za-z-][0-9A-Za-z-]*))*)?` +
		`(\+[0-9A-Za-z-]+(\.[0-9A-Za-z-]+)*)?$`)
	versionRange = regexp.MustCompile(`^[0-9A-Za-z*^~<>=|][0-9A-Za-z.*^~<>=|+ -]*$`)
	tarballName  = regexp.MustCompile(`(?i)\.(tgz|tar|tar\.gz)$`)
)

// ValidName reports whether s can be the name of a package in a registry, with
// or without a scope. Upper case is allowed, as old packages have it.
func ValidName(s string) bool {
	if len(s) > maxNameLen {
		return false
	}
	scope, name, scoped := strings.Cut(s, "/")
	if !scoped {
		name = s
	} else if !scopePart.MatchString(scope) {
		return false
	}
	switch strings.ToLower(name) {
	case "node_modules", "favicon.ico":
		return false
	}
	return namePart.MatchString(name)
}

// ValidVersion reports whether s is one exact semantic version.
func ValidVersion(s string) bool { return len(s) <= 256 && version.MatchString(s) }

// ValidRange reports whether s is a version, a range of versions or a tag.
// Whatever npm would read as an address, an alias, a repository or a path is
// none of these.
func ValidRange(s string) bool {
	return len(s) <= 256 && versionRange.MatchString(s) && !tarballName.MatchString(s)
}

// CheckWanted returns a fault for each wanted module whose name or range is not
// one that Leat installs.
func CheckWanted(wanted map[string]string) error {
	var fields []fleet.Field
	for _, name := range sortedKeys(wanted) {
		switch {
		case !ValidName(name):
			fields = append(fields, fleet.Field{Path: "modules", Msg: "A module's name is letters, digits, dots and dashes, with or without a scope."})
		case !ValidRange(wanted[name]):
			fields = append(fields, fleet.Field{Path: "modules." + name, Msg: "Give a version or a range of versions; addresses, repositories and files are not installed."})
		}
	}
	if fields == nil {
		return nil
	}
	return &fleet.Error{Kind: fleet.Invalid, Code: "module_invalid", Msg: fields[0].Msg, Fields: fields}
}
