package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"leat/api"
)

// components is which parts of a snapshot are meant.
type components struct {
	only, without []string
	environment   string
}

var componentNames = []string{"flows", "credentials", "environment", "settings", "modules", "stack"}

func (n *components) flags(f *pflag.FlagSet, doing string) {
	f.StringSliceVar(&n.only, "only", nil, doing+" only these: "+strings.Join(componentNames, ", "))
	f.StringSliceVar(&n.without, "without", nil, doing+" all but these")
	f.StringVar(&n.environment, "environment", "", doing+" all, keys or none of the variables")
}

// choice is the components as the API takes them, nil for all.
func (n *components) choice() (*api.Components, error) {
	for _, name := range append(slices.Clone(n.only), n.without...) {
		if !slices.Contains(componentNames, name) {
			return nil, usageError{fmt.Errorf("%q is no part of a snapshot: they are %s%s", name, strings.Join(componentNames, ", "), didYouMean(name, componentNames))}
		}
	}
	if len(n.only) > 0 && len(n.without) > 0 {
		return nil, usageError{errors.New("say --only or --without, not both")}
	}
	if len(n.only) == 0 && len(n.without) == 0 && n.environment == "" {
		return nil, nil
	}
	take := func(name string) *bool {
		yes := !slices.Contains(n.without, name) && (len(n.only) == 0 || slices.Contains(n.only, name))
		return &yes
	}
	out := &api.Components{
		Flows: take("flows"), Credentials: take("credentials"), Settings: take("settings"), Modules: take("modules"), Stack: take("stack"), Environment: n.environment,
	}
	if out.Environment == "" && !*take("environment") {
		out.Environment = "none"
	}
	return out, nil
}

func (w World) restoreCommand() *cobra.Command {
	var yes bool
	part, wait := &components{}, &waiting{}
	return w.verb(verb{use: "restore INSTANCE SNAPSHOT", short: "Give an instance the content of a snapshot",
		long:    "Give an instance the content of a snapshot, all of it or some parts. What it holds now is kept as a snapshot first,\nso that a restore can be taken back. The instance restarts where that is needed.",
		example: "  leat snapshot restore pump-1 \"Before the new sensor\" --wait\n  leat snapshot restore pump-1 n-… --only flows,modules --yes",
		flags: func(f *pflag.FlagSet) {
			f.BoolVar(&yes, "yes", false, "do not ask")
			part.flags(f, "restore")
			wait.flags(f)
		},
		run: func(ctx context.Context, c *call, args []string) error {
			chosen, err := part.choice()
			if err != nil {
				return err
			}
			i, err := c.instance(ctx, args[0])
			if err != nil {
				return err
			}
			s, err := c.snapshots().find(ctx, args[1])
			if err != nil {
				return err
			}
			if err := c.confirm(ctx, yes, "Give %q the content of the snapshot %q?", i.Name, snapshotName(*s)); err != nil {
				return err
			}
			after, err := c.client.RestoreSnapshot(ctx, i.ID, api.Restore{Snapshot: s.ID, Components: chosen})
			if err != nil {
				return err
			}
			if len(after.Changed) > 0 && after.Wanted == "running" {
				if _, err := wait.until(ctx, c, &after.Instance, starting, nil); err != nil {
					return err
				}
			}
			if c.out.quiet || c.out.format != "table" {
				return show(c.out, *after, func(r api.Restored) string { return r.ID }, nil)
			}
			if len(after.Changed) == 0 {
				c.out.said("%s held that content already. Nothing was changed.", i.Name)
				return nil
			}
			c.out.said("%s has the content of %q: %s.", i.Name, snapshotName(*s), strings.Join(after.Changed, ", "))
			if after.Safety != "" {
				c.out.said("To take it back: leat snapshot restore %s %s", i.Label, after.Safety)
			}
			return nil
		}})
}

func (w World) exportCommand() *cobra.Command {
	var file, secretFile string
	part := &components{}
	return w.verb(verb{use: "export SNAPSHOT", short: "Write a snapshot to a file, to carry it elsewhere",
		long: "Write a snapshot to a file, to carry it elsewhere. Credentials and hidden values are sealed with a secret, which is asked\n" +
			"for or taken from --secret-file, and is needed to import the file. Or leave them out: --without credentials --environment keys.",
		example: "  leat snapshot export n-… -o pump.json --secret-file pump.secret\n  leat snapshot export \"Release 7\" --without credentials > release-7.json",
		flags: func(f *pflag.FlagSet) {
			f.StringVarP(&file, "output", "o", "", "the file to write; the standard output where absent")
			f.StringVar(&secretFile, "secret-file", "", "the file with the secret; - is the standard input")
			part.flags(f, "export")
		},
		run: func(ctx context.Context, c *call, args []string) error {
			chosen, err := part.choice()
			if err != nil {
				return err
			}
			s, err := c.snapshots().find(ctx, args[0])
			if err != nil {
				return err
			}
			in := api.Export{Components: chosen}
			if secretFile != "" {
				if in.Secret, err = c.secret(secretFile, ""); err != nil {
					return err
				}
			}
			raw, err := c.client.ExportSnapshot(ctx, s.ID, in)
			if in.Secret == "" && api.Is(err, secretRequired) && c.interactive() {
				if in.Secret, err = c.newSecret("Secret to seal credentials with"); err != nil {
					return err
				}
				raw, err = c.client.ExportSnapshot(ctx, s.ID, in)
			}
			if err != nil {
				return err
			}
			return c.deliver(file, append(raw, '\n'))
		}})
}

// secretRequired is the code of a file that holds what needs a secret.
const secretRequired = "secret_required"

func (w World) importCommand() *cobra.Command {
	in := api.ImportSnapshot{}
	var application, secretFile string
	cmd := w.verb(verb{use: "import FILE", short: "Make a snapshot of a file: one of ours, of FlowFuse, or flows of Node-RED",
		long: "Make a snapshot of a file: one of ours, of FlowFuse's export, or the bare flows of Node-RED. FILE is - for the standard\n" +
			"input. Where credentials are in it, the secret it was exported with is asked for or taken from --secret-file.",
		example: "  leat snapshot import pump.json --application \"Pump station\" --secret-file pump.secret",
		flags: func(f *pflag.FlagSet) {
			f.StringVar(&application, "application", "", "the application it goes to; not needed where the team has one")
			f.StringVar(&in.Name, "name", "", "its name, instead of the file's own")
			f.StringVar(&in.Description, "description", "", "why it is kept")
			f.StringVar(&secretFile, "secret-file", "", "the file with the secret; - is the standard input")
		},
		run: func(ctx context.Context, c *call, args []string) error {
			raw, err := c.readFile(args[0])
			if err != nil {
				return err
			}
			if !json.Valid(raw) {
				return fmt.Errorf("%s is not JSON; is it whole?", args[0])
			}
			in.Snapshot = raw
			home := &newInstance{application: application}
			target, err := home.home(ctx, c)
			if err != nil {
				return err
			}
			if secretFile != "" {
				if in.Secret, err = c.secret(secretFile, ""); err != nil {
					return err
				}
			}
			s, err := importWith(ctx, c, target, in)
			if err != nil {
				return err
			}
			return show(c.out, *s, snapshotID, snapshotColumns)
		}})
	w.complete(cmd, "application", "APPLICATION")
	return cmd
}

// importWith imports, and asks for the secret where the file needs one.
func importWith(ctx context.Context, c *call, application string, in api.ImportSnapshot) (*api.Snapshot, error) {
	s, err := c.client.ImportSnapshot(ctx, application, in, once())
	if in.Secret != "" || !api.Is(err, secretRequired) || !c.interactive() {
		return s, err
	}
	if in.Secret, err = c.secret("", "Secret that the file was exported with"); err != nil {
		return nil, err
	}
	return c.client.ImportSnapshot(ctx, application, in, once())
}

// deliver prints content, or writes it to a file of its owner.
func (c *call) deliver(file string, content []byte) error {
	if file == "" || file == "-" {
		_, err := c.Stdout.Write(content)
		return err
	}
	if info, err := os.Stat(file); err == nil && info.IsDir() {
		return usageError{fmt.Errorf("%s is a directory; name the file to write", filepath.Clean(file))}
	}
	if err := writePrivate(file, content); err != nil {
		return err
	}
	c.out.note("Written to %s.", file)
	return nil
}
