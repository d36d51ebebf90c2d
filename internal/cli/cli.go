// Package cli holds the commands of leat, one file per noun.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/mattn/go-isatty"
	"github.com/spf13/cobra"
)

// World is all that a command sees of the process it runs in.
type World struct {
	Args, Env      []string
	Stdin          io.Reader
	Stdout, Stderr io.Writer
	Version        string
}

// Exit codes.
const (
	exitDone   = 0
	exitFailed = 1
	exitUsage  = 2
)

// usageError is a command that was called wrongly.
type usageError struct{ error }

func (e usageError) Unwrap() error { return e.error }

// exitError ends the program with a code of its own, its message told already.
type exitError struct{ code int }

func (e exitError) Error() string { return fmt.Sprintf("exit code %d", e.code) }

// Run runs the command that the arguments name and returns the exit code: 0
// done, 1 failed, 2 called wrongly.
func Run(ctx context.Context, w World) int {
	root := w.root()
	root.SetArgs(w.Args)
	root.SetIn(w.Stdin)
	root.SetOut(w.Stdout)
	root.SetErr(w.Stderr)
	err := root.ExecuteContext(ctx)
	var exit exitError
	var usage usageError
	switch {
	case err == nil:
		return exitDone
	case errors.As(err, &exit):
		return exit.code
	case errors.As(err, &usage):
		fmt.Fprintf(w.Stderr, "leat: %v\nRun \"leat --help\" to see how it is called.\n", err)
		return exitUsage
	}
	fmt.Fprintf(w.Stderr, "leat: %v\n", err)
	return exitFailed
}

func (w World) root() *cobra.Command {
	root := &cobra.Command{
		Use:           "leat",
		Short:         "Build, run, ship, secure and watch Node-RED flows across servers and plants",
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return cmd.Help()
		},
	}
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usageError{err} })
	root.CompletionOptions.HiddenDefaultCmd = true
	root.AddCommand(w.serveCommand(), w.demoCommand(), w.auditCommand(), w.stackCommand(), w.launchCommand(), w.versionCommand())
	return root
}

// noArgs refuses arguments that a command does not take.
func noArgs(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		return usageError{fmt.Errorf("%q is not a command of %q", args[0], cmd.CommandPath())}
	}
	return nil
}

func (w World) versionCommand() *cobra.Command {
	return &cobra.Command{
		Use: "version", Short: "Print the version", Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			_, err := fmt.Fprintln(cmd.OutOrStdout(), "leat", w.Version)
			return err
		},
	}
}

// isTerminal reports whether text written to out is read by a person at once.
func isTerminal(out io.Writer) bool {
	f, ok := out.(*os.File)
	return ok && isatty.IsTerminal(f.Fd())
}
