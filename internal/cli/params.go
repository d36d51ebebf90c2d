package cli

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
)

// param is an argument of a command, as its use line names it.
type param struct {
	name             string
	optional, repeat bool
}

type params []param

// paramsOf reads the arguments in a use line such as "set INSTANCE NAME=VALUE…".
func paramsOf(use string) params {
	var out params
	for _, word := range strings.Fields(use)[1:] {
		p := param{name: word}
		if inner, ok := strings.CutPrefix(p.name, "["); ok {
			p.name, p.optional = strings.TrimSuffix(inner, "]"), true
		}
		p.name, p.repeat = strings.CutSuffix(p.name, "…")
		out = append(out, p)
	}
	return out
}

// check holds the arguments to the use line.
func (ps params) check(cmd *cobra.Command, args []string) error {
	for i, p := range ps {
		if i >= len(args) && !p.optional {
			return usageError{fmt.Errorf("%q needs %s: leat %s", cmd.CommandPath(), p.name, useLine(cmd))}
		}
	}
	if len(args) > len(ps) && (len(ps) == 0 || !ps[len(ps)-1].repeat) {
		extra := args[len(ps)]
		return usageError{fmt.Errorf("%q takes no further argument, and %q is one: leat %s", cmd.CommandPath(), extra, useLine(cmd))}
	}
	for _, arg := range args {
		if arg == "" {
			return usageError{errors.New("an argument is empty; is a variable not set?")}
		}
	}
	return nil
}

// useLine is how a command is called, without the name of the program.
func useLine(cmd *cobra.Command) string {
	return strings.TrimPrefix(strings.TrimSuffix(cmd.UseLine(), " [flags]"), "leat ")
}

// at is the parameter that an argument at a place is for; false where there is none.
func (ps params) at(i int) (param, bool) {
	switch {
	case i < len(ps):
		return ps[i], true
	case len(ps) > 0 && ps[len(ps)-1].repeat:
		return ps[len(ps)-1], true
	}
	return param{}, false
}
