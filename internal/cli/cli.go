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
	"github.com/spf13/pflag"
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
	called, err := root.ExecuteContextC(ctx)
	var exit exitError
	var usage usageError
	switch {
	case err == nil:
		return exitDone
	case errors.As(err, &exit):
		return exit.code
	case errors.As(err, &usage):
		fmt.Fprintf(w.Stderr, "leat: %s\nRun \"%s --help\" to see how it is called.\n", explain(err), called.CommandPath())
		return exitUsage
	}
	fmt.Fprintf(w.Stderr, "leat: %s\n", explain(err))
	return exitFailed
}

// The groups that the commands are listed in.
const (
	groupServer = "server"
	groupClient = "client"
)

func (w World) root() *cobra.Command {
	root := &cobra.Command{
		Use:           "leat",
		Short:         "Build, run, ship, secure and watch Node-RED flows across servers and plants",
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          noArgs,
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error { return usageError{flagError(cmd, err)} })
	root.SetHelpFunc(showHelp)
	root.SetHelpCommand(w.helpCommand())
	root.CompletionOptions.DisableDefaultCmd = true
	root.AddGroup(&cobra.Group{ID: groupServer, Title: "The platform itself"}, &cobra.Group{ID: groupClient, Title: "Work on a platform"})
	for _, cmd := range []*cobra.Command{w.serveCommand(), w.demoCommand(), w.versionCommand()} {
		cmd.GroupID = groupServer
		root.AddCommand(cmd)
	}
	root.AddCommand(w.launchCommand())
	for _, cmd := range w.clientCommands() {
		cmd.GroupID = groupClient
		root.AddCommand(cmd)
	}
	return root
}

// clientCommands are those that speak to a platform.
func (w World) clientCommands() []*cobra.Command {
	return []*cobra.Command{
		w.loginCommand(), w.logoutCommand(), w.contextCommand(),
		w.teamCommand(), w.applicationCommand(), w.instanceCommand(), w.environmentCommand(), w.snapshotCommand(), w.httpTokenCommand(),
		w.memberCommand(), w.invitationCommand(), w.userCommand(), w.tokenCommand(), w.notificationCommand(), w.announcementCommand(),
		w.auditCommand(), w.stackCommand(), w.instanceTypeCommand(), w.teamTypeCommand(), w.blueprintCommand(), w.settingCommand(), w.statisticsCommand(),
		w.searchCommand(), w.apiCommand(), w.completionCommand(),
	}
}

func (w World) helpCommand() *cobra.Command {
	return &cobra.Command{
		Use: "help [COMMAND…]", Short: "Tell more about a command", Hidden: true,
		RunE: func(cmd *cobra.Command, args []string) error {
			about, rest, err := cmd.Root().Find(args)
			if err != nil {
				return usageError{err}
			}
			if len(rest) > 0 && about.HasSubCommands() {
				return noArgs(about, rest)
			}
			return about.Help()
		},
	}
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

// flagError says which flag was meant where one is not known.
func flagError(cmd *cobra.Command, err error) error {
	var unknown *pflag.NotExistError
	if !errors.As(err, &unknown) {
		return err
	}
	var names []string
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		if !f.Hidden {
			names = append(names, "--"+f.Name)
		}
	})
	return fmt.Errorf("%w%s", err, didYouMean("--"+unknown.GetSpecifiedName(), names))
}
