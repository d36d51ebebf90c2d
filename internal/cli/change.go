package cli

import (
	"crypto/rand"
	"errors"
	"fmt"

	"github.com/spf13/pflag"

	"leat/api"
)

// changed is a field of an edit: set where its flag was given.
func changed[T any](c *call, flag string, value T) api.Opt[T] {
	if !c.cmd.Flags().Changed(flag) {
		return api.Opt[T]{}
	}
	return api.Some(value)
}

// someChange refuses an edit that changes nothing.
func (c *call) someChange() error {
	any := false
	own, _ := flagsOf(c.cmd)
	own.VisitAll(func(f *pflag.Flag) { any = any || f.Changed })
	if !any {
		return usageError{errors.New("nothing to change: say what with a flag")}
	}
	return nil
}

// yesFlag adds the answer to what a command would ask.
func yesFlag(yes *bool) func(*pflag.FlagSet) {
	return func(f *pflag.FlagSet) { f.BoolVar(yes, "yes", false, "do not ask") }
}

// once makes a create that is sent twice one create: with a key the HTTP client
// sends it again itself where the connection broke before an answer.
func once() api.RequestOption { return api.Once(rand.Text()) }

// oneOf refuses a value that is none of those.
func oneOf(flag, value string, allowed ...string) error {
	for _, a := range allowed {
		if a == value {
			return nil
		}
	}
	return usageError{fmt.Errorf("--%s is none of %v: %q%s", flag, allowed, value, didYouMean(value, allowed))}
}

// endless adds the flag that bounds lists without end, such as the audit log.
func endless(most *int) func(*pflag.FlagSet) {
	return func(f *pflag.FlagSet) { f.IntVarP(most, "limit", "n", 50, "at most this many; 0 for all") }
}

// older tells that a list goes on behind what is shown.
func (c *call) older(more bool, n int) {
	if more {
		c.out.note("These are the newest %d. Say --limit N for more, or --limit 0 for all.", n)
	}
}
