package cli

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// Reference is all commands as a page, made from the commands themselves.
func Reference() string {
	root := World{Version: "test"}.root()
	b := &strings.Builder{}
	b.WriteString(`# Commands

<!-- This page is made from the commands: go test ./internal/cli -update -->

Everything that ` + "`leat`" + ` can be told. ` + "`leat COMMAND --help`" + ` says the same in a terminal. An argument in brackets may be left out; one that
ends in … may be given again. Wherever a thing is named, its id and its name will do, in any case; an instance's label too, and
` + "`application/instance`" + ` where two instances have one name.

| Exit code | Means |
|---|---|
| 0 | done |
| 1 | failed |
| 2 | called wrongly |

`)
	referenceCommon(b, root)
	for _, group := range root.Groups() {
		fmt.Fprintf(b, "## %s\n\n", group.Title)
		for _, cmd := range root.Commands() {
			if cmd.GroupID == group.ID && cmd.IsAvailableCommand() {
				referenceOf(b, cmd, 3)
			}
		}
	}
	return strings.TrimRight(b.String(), "\n") + "\n"
}

// referenceCommon tells once of what all client commands have.
func referenceCommon(b *strings.Builder, root *cobra.Command) {
	any, _, err := root.Find([]string{"instance", "list"})
	if err != nil {
		panic(err)
	}
	_, shared := flagsOf(any)
	b.WriteString("## Flags of all commands that speak to a platform\n\n")
	referenceFlags(b, shared)
	b.WriteString(`| Variable | Instead of a sign-in, for scripts |
|---|---|
| ` + "`LEAT_URL`" + ` | the platform's address |
| ` + "`LEAT_TOKEN`" + `, ` + "`LEAT_TOKEN_FILE`" + ` | the token, or the file with it |
| ` + "`LEAT_TEAM`" + ` | the team, as ` + "`--team`" + ` |
| ` + "`LEAT_CA`" + ` | the file with the certificate of a private authority |
| ` + "`LEAT_CONTEXT`" + ` | the context, as ` + "`--context`" + ` |
| ` + "`LEAT_CONFIG_DIR`" + ` | where sign-ins are kept |
| ` + "`NO_COLOR`" + ` | no colours |

`)
}

func referenceOf(b *strings.Builder, cmd *cobra.Command, depth int) {
	line := strings.TrimSuffix(cmd.UseLine(), " [flags]")
	fmt.Fprintf(b, "%s `%s`\n\n", strings.Repeat("#", depth), line)
	text := cmd.Long
	if text == "" {
		text = cmd.Short + "."
	}
	fmt.Fprintf(b, "%s\n\n", strings.TrimSpace(text))
	if len(cmd.Aliases) > 0 {
		fmt.Fprintf(b, "Also called `%s`.\n\n", strings.Join(cmd.Aliases, "`, `"))
	}
	if cmd.Example != "" {
		var lines []string
		for line := range strings.Lines(cmd.Example) {
			lines = append(lines, strings.TrimPrefix(line, "  "))
		}
		fmt.Fprintf(b, "```console\n%s\n```\n\n", strings.TrimRight(strings.Join(lines, ""), "\n"))
	}
	own, _ := flagsOf(cmd)
	referenceFlags(b, own)
	for _, sub := range cmd.Commands() {
		if sub.IsAvailableCommand() {
			referenceOf(b, sub, min(depth+1, 5))
		}
	}
}

func referenceFlags(b *strings.Builder, flags *pflag.FlagSet) {
	rows := ""
	flags.VisitAll(func(f *pflag.Flag) {
		if f.Hidden || f.Name == "help" {
			return
		}
		name := "`--" + f.Name + "`"
		if f.Shorthand != "" {
			name += ", `-" + f.Shorthand + "`"
		}
		kind, text := pflag.UnquoteUsage(f)
		text = strings.ReplaceAll(text, "|", "\\|")
		if f.DefValue != "" && f.DefValue != "false" && f.DefValue != "[]" && f.DefValue != "0" && f.DefValue != "0s" && !strings.Contains(text, "default") {
			text += " (" + f.DefValue + " where absent)"
		}
		rows += fmt.Sprintf("| %s | %s | %s |\n", name, kind, text)
	})
	if rows != "" {
		fmt.Fprintf(b, "| Flag | Value | What it does |\n|---|---|---|\n%s\n", rows)
	}
}
