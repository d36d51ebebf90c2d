package npm

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"

	"leat/internal/fleet"
)

var (
	missingModule  = regexp.MustCompile(`'((?:@[^/'\s]+/)?[^@'\s]+)@[^']*'`)
	missingVersion = regexp.MustCompile(`No matching version found for ((?:@[^/\s]+/)?[^@\s]+)@(.+)\.`)
)

// explain turns npm's answer into an error a person can act on. npm's own words
// stay in the cause: they name addresses and files of the server.
func explain(out []byte, err error) error {
	var answer struct {
		Error struct{ Code, Summary, Detail string }
	}
	e := &answer.Error
	if jsonErr := json.Unmarshal(out, &answer); jsonErr != nil || e.Code+e.Summary == "" {
		return fmt.Errorf("npm: %w", err)
	}
	cause := fmt.Errorf("npm: %w: %s: %s", err, e.Code, e.Summary)
	say := func(kind fleet.Kind, code, msg string) error {
		return &fleet.Error{Kind: kind, Code: code, Msg: msg, Err: cause}
	}
	switch e.Code {
	case "E404":
		return say(fleet.NotFound, "module_not_found", fmt.Sprintf("The package registry has no module %s.", first(missingModule, e.Detail, "of that name")))
	case "ETARGET", "ENOVERSIONS":
		return say(fleet.NotFound, "module_version_not_found",
			fmt.Sprintf("The package registry has no version of %s that fits what was asked for.", first(missingVersion, e.Summary, "the module, or of one it needs,")))
	case "ENOSPC", "EDQUOT":
		return say(fleet.Unavailable, "disk_full", "There is no room left on the disk. Free some space and try again; nothing was changed.")
	case "EALLOWREMOTE", "EALLOWGIT", "EALLOWFILE", "EALLOWDIRECTORY":
		return say(fleet.Invalid, "module_not_from_registry",
			"The module, or one it needs, comes from an address or a repository of its own; Leat installs only what the package registry holds. Another version may do without.")
	case "EBADENGINE":
		return say(fleet.Conflict, "module_engine", "The module, or one it needs, wants another version of Node.js than this stack has. Ask for another version of the module.")
	case "EBADPLATFORM":
		return say(fleet.Conflict, "module_platform", "The module, or one it needs, does not run on this kind of machine.")
	case "ERESOLVE":
		return say(fleet.Conflict, "module_conflict", "The module does not go together with the ones installed: they want different versions of the same thing. Update or remove one of them first.")
	case "E401", "E403":
		return say(fleet.Unavailable, "registry_refused", "The package registry refused to answer: it wants a sign-in, or a proxy stands in between.")
	}
	if isUntrusted(e.Code) {
		return say(fleet.Unavailable, "registry_untrusted",
			"The package registry's certificate is not trusted by this system. If a proxy inspects the traffic, add its certificate to the system's.")
	}
	if isNetwork(e.Code) {
		return errUnreachable(cause)
	}
	return cause
}

// first returns what re finds in s, where that is a module's name.
func first(re *regexp.Regexp, s, otherwise string) string {
	if m := re.FindStringSubmatch(s); m != nil && ValidName(m[1]) {
		return m[1]
	}
	return otherwise
}

func isUntrusted(code string) bool {
	return strings.Contains(code, "CERT") || strings.HasPrefix(code, "UNABLE_TO_") || strings.HasPrefix(code, "ERR_TLS")
}

func isNetwork(code string) bool {
	switch code {
	case "ECONNREFUSED", "ECONNRESET", "ENOTFOUND", "EAI_AGAIN", "ETIMEDOUT", "EHOSTUNREACH", "ENETUNREACH", "EPIPE", "EPROTO",
		"ERR_SOCKET_TIMEOUT", "ERR_INVALID_URL", "FETCH_ERROR", "E429", "E408":
		return true
	}
	return len(code) == 4 && strings.HasPrefix(code, "E5")
}
