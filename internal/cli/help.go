package cli

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// showHelp writes what a command does and how it is called.
func showHelp(cmd *cobra.Command, _ []string) {
	out := cmd.OutOrStdout()
	text := cmd.Long
	if text == "" {
		text = cmd.Short + "."
	}
	fmt.Fprintf(out, "%s\n", strings.TrimSpace(text))
	usage(cmd, out)
}

// usage writes how a command is called.
func usage(cmd *cobra.Command, out io.Writer) {
	fmt.Fprintf(out, "\nUsage:\n")
	if cmd.HasAvailableSubCommands() {
		fmt.Fprintf(out, "  %s COMMAND\n", cmd.CommandPath())
	} else {
		line := cmd.UseLine()
		if cmd.HasAvailableLocalFlags() && !strings.HasSuffix(line, "[flags]") {
			line += " [flags]"
		}
		fmt.Fprintf(out, "  %s\n", line)
	}
	if len(cmd.Aliases) > 0 {
		fmt.Fprintf(out, "\nAlso called:\n  %s\n", strings.Join(cmd.Aliases, ", "))
	}
	if cmd.Example != "" {
		fmt.Fprintf(out, "\nExamples:\n%s\n", strings.TrimRight(cmd.Example, "\n"))
	}
	usageCommands(cmd, out)
	own, shared := flagsOf(cmd)
	if own.HasAvailableFlags() {
		fmt.Fprintf(out, "\nFlags:\n%s", own.FlagUsages())
	}
	if shared.HasAvailableFlags() {
		fmt.Fprintf(out, "\nFlags of all such commands:\n%s", shared.FlagUsages())
	}
	if cmd.HasAvailableSubCommands() {
		fmt.Fprintf(out, "\n\"%s COMMAND --help\" tells more about a command.\n", cmd.CommandPath())
	}
}

// usageCommands lists the commands below one, by group.
func usageCommands(cmd *cobra.Command, out io.Writer) {
	groups := append([]*cobra.Group{{ID: "", Title: "Commands"}}, cmd.Groups()...)
	for _, group := range groups {
		first := true
		for _, sub := range cmd.Commands() {
			if !sub.IsAvailableCommand() || sub.GroupID != group.ID {
				continue
			}
			if first {
				fmt.Fprintf(out, "\n%s:\n", group.Title)
				first = false
			}
			fmt.Fprintf(out, "  %s  %s\n", pad(sub.Name(), 15), sub.Short)
		}
	}
}

// flagsOf parts a command's flags into its own and those that all client
// commands have.
func flagsOf(cmd *cobra.Command) (own, shared *pflag.FlagSet) {
	own, shared = pflag.NewFlagSet("own", pflag.ContinueOnError), pflag.NewFlagSet("shared", pflag.ContinueOnError)
	client := cmd.Flags().Lookup("quiet") != nil
	cmd.LocalFlags().VisitAll(func(f *pflag.Flag) {
		if _, ok := f.Annotations[common]; ok || client && f.Name == "help" {
			shared.AddFlag(f)
			return
		}
		own.AddFlag(f)
	})
	return own, shared
}

// noArgs refuses arguments that a command does not take.
func noArgs(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	var names []string
	for _, sub := range cmd.Commands() {
		if sub.IsAvailableCommand() {
			names = append(names, sub.Name())
		}
		if slices.Contains(sub.SuggestFor, args[0]) {
			return usageError{fmt.Errorf("%q is not a command of %q. Did you mean %q?", args[0], cmd.CommandPath(), sub.Name())}
		}
	}
	return usageError{fmt.Errorf("%q is not a command of %q%s", args[0], cmd.CommandPath(), didYouMean(args[0], names))}
}
