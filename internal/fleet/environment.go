package fleet

import (
	"fmt"
	"regexp"
	"strings"
)

// Variable is one entry of an instance's environment.
type Variable struct {
	Name string
	// Value is empty in everything shown to people when Hidden is set.
	Value  string
	Hidden bool
}

// Limits of an environment.
const (
	MaxVariables     = 500
	MaxVariableValue = 32 << 10
)

var variablePattern = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]{0,127}$`)

// CheckEnvironment checks a whole environment and reports every fault at once,
// without repeating a value.
func CheckEnvironment(vars []Variable) error {
	var faults []Field
	fault := func(i int, part, msg string) {
		faults = append(faults, Field{Path: fmt.Sprintf("items[%d].%s", i, part), Msg: msg})
	}
	if len(vars) > MaxVariables {
		return InvalidField("items", fmt.Sprintf("At most %d variables.", MaxVariables))
	}
	seen := map[string]bool{}
	for i, v := range vars {
		switch {
		case !variablePattern.MatchString(v.Name):
			fault(i, "name", "A name has letters, digits and underscores and does not start with a digit.")
		case seen[v.Name]:
			fault(i, "name", "This name is there twice.")
		case refusal(v.Name) != "":
			fault(i, "name", refusal(v.Name))
		}
		seen[v.Name] = true
		if len(v.Value) > MaxVariableValue {
			fault(i, "value", "The value is too long: at most 32 KiB.")
		}
		if strings.ContainsRune(v.Value, 0) {
			fault(i, "value", "The value holds a zero byte.")
		}
	}
	if faults == nil {
		return nil
	}
	return &Error{Kind: Invalid, Code: "invalid_environment", Msg: faults[0].Msg, Fields: faults}
}

// refusals are names that steer Node.js, npm, the loader, the shell or Leat
// itself, and what to use instead. A name that ends in "*" is a prefix.
var refusals = []struct{ name, instead string }{
	{"LEAT_*", "Names that begin with LEAT_ are set by the platform."},
	{"NODE_OPTIONS", "NODE_OPTIONS steers Node.js. Memory is set by the instance type."},
	{"NODE_EXTRA_CA_CERTS", "NODE_EXTRA_CA_CERTS is set by the platform. Ask an administrator to add the certificate."},
	{"NODE_TLS_REJECT_UNAUTHORIZED", "NODE_TLS_REJECT_UNAUTHORIZED would switch certificate checks off for every flow. Set a TLS configuration in the node that needs it."},
	{"NODE_*", "Names that begin with NODE_ steer Node.js. Use another name."},
	{"NODE_RED_*", "Names that begin with NODE_RED_ steer Node-RED. Use the instance's settings."},
	{"NODE", "NODE steers Node.js. Use another name."},
	{"UV_*", "Names that begin with UV_ steer Node.js. Size is set by the instance type."},
	{"NPM_*", "Names that begin with NPM_ steer npm. Modules are installed in the editor's palette."},
	{"LD_*", "Names that begin with LD_ steer the program loader. Use another name."},
	{"DYLD_*", "Names that begin with DYLD_ steer the program loader. Use another name."},
	{"MALLOC_*", "Names that begin with MALLOC_ steer memory. Size is set by the instance type."},
	{"GLIBC_*", "Names that begin with GLIBC_ steer the C library. Use another name."},
	{"OPENSSL_*", "Names that begin with OPENSSL_ steer encryption. Use a TLS configuration node."},
	{"SSL_CERT_*", "Names that begin with SSL_CERT_ steer which certificates are trusted. Ask an administrator to add the certificate."},
	{"PATH", "PATH is set by the platform. Use the program's full path in the node."},
	{"HOME", "HOME is set by the platform: it is the instance's own directory."},
	{"TMPDIR", "TMPDIR is set by the platform: it is the instance's own directory."},
	{"SHELL", "SHELL is set by the platform. Name the shell in the exec node."},
	{"BASH_ENV", "BASH_ENV steers the shell. Use another name."},
	{"ENV", "ENV steers the shell. Use another name."},
	{"IFS", "IFS steers the shell. Use another name."},
	{"PORT", "PORT would steer the server. Flows are served at the instance's own address."},
	{"TZ", "Use the time zone in the instance's settings."},
}

// refusal says why a name is refused, or "".
func refusal(name string) string {
	up := strings.ToUpper(name)
	for _, r := range refusals {
		if prefix, ok := strings.CutSuffix(r.name, "*"); ok && strings.HasPrefix(up, prefix) || up == r.name {
			return r.instead
		}
	}
	return ""
}
