package cli

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"leat/api"
)

// clientVariables are the variables that client commands read.
var clientVariables = []string{"LEAT_URL", "LEAT_TOKEN", "LEAT_TOKEN_FILE", "LEAT_TEAM", "LEAT_CA", "LEAT_CONTEXT", "LEAT_CONFIG_DIR"}

// call is one run of a command that speaks to a platform.
type call struct {
	World
	cmd   *cobra.Command
	flags options
	shelf shelf
	// at is the platform and who asks; its name is empty where variables say so.
	at     *saved
	client *api.Client
	out    printer
}

// options are the flags that all client commands take.
type options struct {
	context, team, output string
	json, quiet           bool
}

// verb is a client command. Its use names its arguments in capitals: one in
// brackets may be left out, one that ends in … may be given again.
type verb struct {
	use, short, long, example string
	aliases                   []string
	flags                     func(*pflag.FlagSet)
	// run does the work; the client is there and its owner known unless open.
	run func(ctx context.Context, c *call, args []string) error
	// open is for commands that need no platform.
	open bool
}

func (w World) verb(v verb) *cobra.Command {
	c := &call{World: w}
	params := paramsOf(v.use)
	cmd := &cobra.Command{
		Use: v.use, Short: v.short, Long: v.long, Example: v.example, Aliases: v.aliases,
		Args: params.check, DisableFlagsInUseLine: true,
		RunE: func(cmd *cobra.Command, args []string) error {
			c.cmd = cmd
			if err := c.open(!v.open); err != nil {
				return err
			}
			return v.run(cmd.Context(), c, args)
		},
	}
	cmd.ValidArgsFunction = c.completeArgs(cmd, params)
	if v.flags != nil {
		v.flags(cmd.Flags())
	}
	c.commonFlags(cmd)
	return cmd
}

// noun is a command that only holds others.
func noun(use, short string, commands ...*cobra.Command) *cobra.Command {
	use, aliases, _ := strings.Cut(use, " ")
	cmd := &cobra.Command{
		Use: use, Short: short, Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.Aliases = strings.Fields(aliases)
	cmd.AddCommand(commands...)
	return cmd
}

// common marks a flag that all client commands have; help tells of them apart.
const common = "leat_common"

func (c *call) commonFlags(cmd *cobra.Command) {
	own := pflag.NewFlagSet("common", pflag.ContinueOnError)
	own.StringVar(&c.flags.context, "context", "", "the platform to speak to; see \"leat context list\"")
	own.StringVar(&c.flags.team, "team", "", "the team, instead of the context's")
	own.StringVarP(&c.flags.output, "output", "o", "table", "how to answer: table, json or yaml")
	own.BoolVar(&c.flags.json, "json", false, "the same as -o json")
	own.BoolVarP(&c.flags.quiet, "quiet", "q", false, "answer ids only, one a line")
	own.VisitAll(func(f *pflag.Flag) {
		if cmd.Flags().Lookup(f.Name) == nil && (f.Shorthand == "" || cmd.Flags().ShorthandLookup(f.Shorthand) == nil) {
			f.Annotations = map[string][]string{common: nil}
			cmd.Flags().AddFlag(f)
		}
	})
	_ = cmd.RegisterFlagCompletionFunc("context", c.completeContexts) // the flags were defined just now
	_ = cmd.RegisterFlagCompletionFunc("team", c.completeFlag("TEAM"))
	if f := cmd.Flags().Lookup("output"); f != nil && f.Annotations == nil {
		return // a file of its own
	}
	_ = cmd.RegisterFlagCompletionFunc("output", cobra.FixedCompletions([]string{"table", "json", "yaml"}, cobra.ShellCompDirectiveNoFileComp))
}

// open finds the platform and makes the client.
func (c *call) open(needed bool) error {
	var err error
	if c.out, err = newPrinter(c.World, c.flags); err != nil {
		return err
	}
	c.shelf, err = c.World.shelf()
	if err != nil && c.env("LEAT_URL") == "" {
		return err
	}
	if !needed {
		return nil
	}
	if c.at, err = c.place(); err != nil {
		return err
	}
	c.client, err = c.connect(c.at)
	return err
}

// place says which platform is meant: that of --context, of the variables, or
// the current context's.
func (c *call) place() (*saved, error) {
	name := c.flags.context
	if address := c.env("LEAT_URL"); name == "" && address != "" {
		return c.fromEnv(address)
	}
	if c.env("LEAT_TOKEN") != "" && c.env("LEAT_URL") == "" && name == "" {
		return nil, usageError{errors.New("LEAT_TOKEN is set and LEAT_URL is not: a token is for one platform. Set both")}
	}
	if name == "" {
		name = c.env("LEAT_CONTEXT")
	}
	if name == "" {
		name = c.shelf.current()
	}
	if name == "" {
		if names, err := c.shelf.names(); err == nil && len(names) > 0 {
			return nil, errors.New("no platform is chosen. Choose one with \"leat context use NAME\"; \"leat context list\" shows them")
		}
		return nil, errors.New("you are not signed in to a platform. Run \"leat login https://leat.example.com\" with your platform's address")
	}
	return c.shelf.load(name)
}

// fromEnv is a platform that variables name; without a token among them, a
// context of the same address lends its own.
func (c *call) fromEnv(address string) (*saved, error) {
	at := &saved{URL: strings.TrimSuffix(address, "/"), Token: c.env("LEAT_TOKEN"), Team: c.env("LEAT_TEAM")}
	if file := c.env("LEAT_TOKEN_FILE"); file != "" && at.Token == "" {
		raw, err := os.ReadFile(file)
		if err != nil {
			return nil, fmt.Errorf("LEAT_TOKEN_FILE: %w", err)
		}
		at.Token = strings.TrimSpace(string(raw))
	}
	if file := c.env("LEAT_CA"); file != "" {
		raw, err := os.ReadFile(file)
		if err != nil {
			return nil, fmt.Errorf("LEAT_CA: %w", err)
		}
		at.CA = string(raw)
	}
	if at.Token != "" || c.shelf.dir == "" {
		return at, nil
	}
	names, err := c.shelf.names()
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		if one, err := c.shelf.load(name); err == nil && one.URL == at.URL {
			return one, nil
		}
	}
	return at, nil
}

// connect makes a client for a platform.
func (c *call) connect(at *saved) (*api.Client, error) {
	client, err := api.NewClient(at.URL)
	if err != nil {
		return nil, usageError{err}
	}
	if at.CA != "" {
		if err := client.TrustCA([]byte(at.CA)); err != nil {
			return nil, err
		}
	}
	client.SetUserAgent("leat/" + c.Version)
	client.SetToken(at.Token)
	if u := client.Base(); u.Scheme == "http" && !isLoopback(u) {
		fmt.Fprintf(c.Stderr, "leat: warning: %s has no TLS: everybody on the way can read what is sent, your token too.\n", u.Host)
	}
	return client, nil
}

// isLoopback reports whether an address is one of this machine.
func isLoopback(u *url.URL) bool {
	host := u.Hostname()
	ip := net.ParseIP(host)
	return host == "localhost" || strings.HasSuffix(host, ".localhost") || ip != nil && ip.IsLoopback()
}

// team is the id of the team that names are looked up in.
func (c *call) team(ctx context.Context) (string, error) {
	t, err := c.wholeTeam(ctx)
	if err != nil {
		return "", err
	}
	return t.ID, nil
}

// wholeTeam is the team of --team, of LEAT_TEAM, of the context, or the only one.
func (c *call) wholeTeam(ctx context.Context) (*api.Team, error) {
	for _, ref := range []string{c.flags.team, c.env("LEAT_TEAM"), c.at.Team} {
		if ref != "" {
			return c.findTeam(ctx, ref)
		}
	}
	teams, err := c.client.Teams(ctx, api.Page{Limit: 2})
	if err != nil {
		return nil, err
	}
	switch len(teams.Items) {
	case 0:
		return nil, errors.New("you are in no team yet. Create one with \"leat team create NAME\", or ask somebody to invite you")
	case 1:
		return &teams.Items[0], nil
	}
	return nil, errors.New("you are in several teams. Say which with --team, or choose one for good with \"leat team use TEAM\"")
}
