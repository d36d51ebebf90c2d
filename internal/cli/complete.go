package cli

import (
	"context"
	"io"
	"regexp"
	"time"

	"github.com/spf13/cobra"

	"leat/api"
)

// completeWithin bounds what a key may wait for; nobody is told of what failed.
const completeWithin = time.Second

// completeArgs completes a command's arguments by what its use line calls them.
func (c *call) completeArgs(cmd *cobra.Command, ps params) cobra.CompletionFunc {
	return func(_ *cobra.Command, args []string, typed string) ([]cobra.Completion, cobra.ShellCompDirective) {
		p, ok := ps.at(len(args))
		if !ok {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		if p.name == "FILE" || p.name == "-" {
			return nil, cobra.ShellCompDirectiveDefault
		}
		return c.names(cmd, p.name, typed), cobra.ShellCompDirectiveNoFileComp
	}
}

// completeFlag completes a flag's value by what it names.
func (c *call) completeFlag(what string) cobra.CompletionFunc {
	return func(cmd *cobra.Command, _ []string, typed string) ([]cobra.Completion, cobra.ShellCompDirective) {
		return c.names(cmd, what, typed), cobra.ShellCompDirectiveNoFileComp
	}
}

func (c *call) completeContexts(*cobra.Command, []string, string) ([]cobra.Completion, cobra.ShellCompDirective) {
	var out []cobra.Completion
	if shelf, err := c.World.shelf(); err == nil {
		out, _ = shelf.names()
	}
	return out, cobra.ShellCompDirectiveNoFileComp
}

// names lists what a parameter of that name can be.
func (c *call) names(cmd *cobra.Command, what, typed string) []cobra.Completion {
	switch what {
	case "CONTEXT":
		out, _ := c.completeContexts(nil, nil, "")
		return out
	case "ROLE":
		return []cobra.Completion{"owner", "member", "viewer", "dashboard"}
	case "SHELL":
		return shells
	case "METHOD":
		return []cobra.Completion{"GET", "POST", "PUT", "PATCH", "DELETE"}
	}
	c.cmd, c.Stderr = cmd, io.Discard
	if c.open(true) != nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(cmd.Context(), completeWithin)
	defer cancel()
	return c.things(ctx, cmd, what, typed)
}

// things lists the things of the platform that a parameter can be.
func (c *call) things(ctx context.Context, cmd *cobra.Command, what, typed string) []cobra.Completion {
	noun := ""
	if cmd.HasParent() {
		noun = cmd.Parent().Name()
	}
	switch what + " of " + noun {
	case "USER of member":
		return completions(ctx, c.members(), typed)
	case "USER of user":
		return completions(ctx, c.users(), typed)
	case "TYPE of instance-type":
		return completions(ctx, c.instanceTypes(), typed)
	case "TYPE of team-type":
		return completions(ctx, c.teamTypes(), typed)
	case "TOKEN of token":
		return completions(ctx, c.tokens(), typed)
	}
	switch what {
	case "TEAM":
		return completions(ctx, c.teams(), typed)
	case "APPLICATION":
		return completions(ctx, c.applications(), typed)
	case "INSTANCE":
		return completions(ctx, c.instances(), typed)
	case "SNAPSHOT", "FROM", "TO":
		return completions(ctx, c.snapshots(), typed)
	case "STACK":
		return completions(ctx, c.stacks(), typed)
	}
	return nil
}

// completeMost is how many names are offered.
const completeMost = 200

var oneWord = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._@-]*$`)

// completions offers the things of a kind: by a name that is one word in every
// shell, else by id, with the name beside it.
func completions[T any](ctx context.Context, k kind[T], typed string) []cobra.Completion {
	q := typed
	if isID(k.prefix, typed) || len(typed) < 2 {
		q = ""
	}
	items, _, err := all(ctx, completeMost, func(ctx context.Context, p api.Page) (*api.List[T], error) {
		p.Q = q
		return k.list(ctx, p)
	})
	if err != nil {
		return nil
	}
	var out []cobra.Completion
	for _, item := range items {
		names := k.names(item)
		offer := k.id(item)
		for _, name := range names {
			if oneWord.MatchString(name) {
				offer = name
				break
			}
		}
		if offer == names[0] {
			out = append(out, offer)
			continue
		}
		out = append(out, cobra.CompletionWithDesc(offer, clean(names[0])))
	}
	return out
}

var shells = []cobra.Completion{"bash", "zsh", "fish", "powershell"}

func (w World) completionCommand() *cobra.Command {
	return &cobra.Command{
		Use: "completion SHELL", Short: "Print the script that completes commands and names in a shell",
		Long: "Print the script that completes commands, flags and the names of your things in a shell: bash, zsh, fish or powershell.",
		Example: "  # bash, in this shell and in later ones\n  source <(leat completion bash)\n  leat completion bash > ~/.local/share/bash-completion/completions/leat\n\n" +
			"  # zsh: into a directory of $fpath\n  leat completion zsh > \"${fpath[1]}/_leat\"\n\n" +
			"  # fish\n  leat completion fish > ~/.config/fish/completions/leat.fish\n\n" +
			"  # PowerShell, in its profile\n  leat completion powershell | Out-String | Invoke-Expression",
		Args: paramsOf("completion SHELL").check, ValidArgs: shells, DisableFlagsInUseLine: true,
		RunE: func(cmd *cobra.Command, args []string) error {
			root, out := cmd.Root(), cmd.OutOrStdout()
			switch args[0] {
			case "bash":
				return root.GenBashCompletionV2(out, true)
			case "zsh":
				return root.GenZshCompletion(out)
			case "fish":
				return root.GenFishCompletion(out, true)
			case "powershell":
				return root.GenPowerShellCompletionWithDesc(out)
			}
			return usageError{errUnknownShell(args[0])}
		},
	}
}

// complete completes a flag's value by what it names.
func (w World) complete(cmd *cobra.Command, flag, what string) {
	c := &call{World: w}
	_ = cmd.RegisterFlagCompletionFunc(flag, func(cmd *cobra.Command, _ []string, typed string) ([]cobra.Completion, cobra.ShellCompDirective) {
		c.flags.context, c.flags.team = cmd.Flag("context").Value.String(), cmd.Flag("team").Value.String()
		return c.names(cmd, what, typed), cobra.ShellCompDirectiveNoFileComp
	}) // the flag was defined just now
}
