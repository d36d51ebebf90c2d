package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"leat/api"
)

func (w World) environmentCommand() *cobra.Command {
	return noun("environment env", "Variables of an instance", w.environmentListCommand(), w.environmentSetCommand(), w.environmentUnsetCommand())
}

func variableID(v api.Variable) string { return v.Name }

var variableColumns = []column[api.Variable]{
	{title: "Name", value: func(v api.Variable) any { return v.Name }},
	{title: "Value", value: func(v api.Variable) any {
		if v.Hidden {
			return "(hidden)"
		}
		return v.Value
	}},
}

func (w World) environmentListCommand() *cobra.Command {
	return w.verb(verb{use: "list INSTANCE", short: "List an instance's variables; hidden values are not shown", aliases: []string{"ls"},
		run: func(ctx context.Context, c *call, args []string) error {
			i, err := c.instance(ctx, args[0])
			if err != nil {
				return err
			}
			env, err := c.client.Environment(ctx, i.ID)
			if err != nil {
				return err
			}
			return list(c.out, env.Items, variableID, variableColumns)
		}})
}

// variables is what the flags of set say.
type variables struct {
	hidden    bool
	file      string
	valueFile string
}

func (w World) environmentSetCommand() *cobra.Command {
	v := &variables{}
	return w.verb(verb{use: "set INSTANCE [NAME=VALUE…]", short: "Set variables of an instance; others stay", run: v.set,
		long: "Set variables of an instance; others stay. The instance gets them at its next restart.\n\n" +
			"A hidden value is never shown again, and never an argument, which other users of this machine could read: name the\n" +
			"variable alone and type its value, or take it from --value-file.",
		example: "  leat environment set pump-1 SITE=north LIMIT=7\n  leat environment set pump-1 --file site.env\n  leat environment set pump-1 API_KEY --hidden",
		flags: func(f *pflag.FlagSet) {
			f.BoolVar(&v.hidden, "hidden", false, "hide the value; it is asked for")
			f.StringVar(&v.valueFile, "value-file", "", "the file with the one value; - is the standard input")
			f.StringVar(&v.file, "file", "", "a file with NAME=VALUE lines; - is the standard input")
		}})
}

func (v *variables) set(ctx context.Context, c *call, args []string) error {
	items, err := v.items(c, args[1:])
	if err != nil {
		return err
	}
	i, err := c.instance(ctx, args[0])
	if err != nil {
		return err
	}
	return c.changeEnvironment(ctx, i, func(all []api.Variable) ([]api.Variable, error) {
		for _, item := range items {
			at := slices.IndexFunc(all, func(v api.Variable) bool { return v.Name == item.Name })
			if at < 0 {
				all = append(all, item)
				continue
			}
			if all[at].Hidden && !item.Hidden {
				return nil, fmt.Errorf("%s is hidden: set it with --hidden, or unset it first", item.Name)
			}
			all[at] = item
		}
		return all, nil
	})
}

// items are the variables that arguments and flags say.
func (v *variables) items(c *call, args []string) ([]api.Variable, error) {
	var out []api.Variable
	if v.file != "" {
		raw, err := c.readFile(v.file)
		if err != nil {
			return nil, err
		}
		if out, err = parseEnv(v.file, string(raw)); err != nil {
			return nil, err
		}
	}
	for _, arg := range args {
		name, value, ok := strings.Cut(arg, "=")
		switch {
		case ok && v.hidden:
			return nil, usageError{errors.New("a hidden value is never an argument: name the variable alone, and type its value or say --value-file")}
		case !ok && len(args) > 1:
			return nil, usageError{fmt.Errorf("%q has no value: write NAME=VALUE, or name one variable alone", arg)}
		case !ok:
			var err error
			if value, err = c.secret(v.valueFile, "Value of "+name); err != nil {
				return nil, err
			}
			if value == "" {
				return nil, usageError{fmt.Errorf("%s has no value: say --value-file", name)}
			}
		}
		out = append(out, api.Variable{Name: name, Value: value, Hidden: v.hidden})
	}
	if len(out) == 0 {
		return nil, usageError{errors.New("nothing to set: give NAME=VALUE, or --file")}
	}
	return out, nil
}

// parseEnv reads NAME=VALUE lines; empty ones and those that begin with # are
// passed over, and quotes around a value are taken off.
func parseEnv(file, text string) ([]api.Variable, error) {
	var out []api.Variable
	n := 0
	for line := range strings.Lines(text) {
		n++
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		name, value, ok := strings.Cut(strings.TrimPrefix(line, "export "), "=")
		if !ok {
			return nil, fmt.Errorf("%s, line %d: no \"=\" in it", file, n)
		}
		value = strings.TrimSpace(value)
		if len(value) >= 2 && (value[0] == '"' || value[0] == '\'') && value[len(value)-1] == value[0] {
			value = value[1 : len(value)-1]
		}
		out = append(out, api.Variable{Name: strings.TrimSpace(name), Value: value})
	}
	return out, nil
}

// changeEnvironment changes an instance's variables, again where somebody else
// did in between.
func (c *call) changeEnvironment(ctx context.Context, i *api.Instance, change func([]api.Variable) ([]api.Variable, error)) error {
	for try := 0; ; try++ {
		env, err := c.client.Environment(ctx, i.ID)
		if err != nil {
			return err
		}
		if env.Items, err = change(env.Items); err != nil {
			return err
		}
		after, err := c.client.PutEnvironment(ctx, i.ID, *env, api.IfMatch(env.Version))
		if api.StatusOf(err) == 412 && try < 3 {
			continue
		}
		if err != nil {
			return err
		}
		if c.out.quiet || c.out.format != "table" {
			return list(c.out, after.Items, variableID, variableColumns)
		}
		c.out.said("The variables of %s are kept. It gets them when it is restarted.", i.Name)
		return nil
	}
}

func (w World) environmentUnsetCommand() *cobra.Command {
	return w.verb(verb{use: "unset INSTANCE NAME…", short: "Remove variables of an instance",
		run: func(ctx context.Context, c *call, args []string) error {
			i, err := c.instance(ctx, args[0])
			if err != nil {
				return err
			}
			return c.changeEnvironment(ctx, i, func(all []api.Variable) ([]api.Variable, error) {
				for _, name := range args[1:] {
					at := slices.IndexFunc(all, func(v api.Variable) bool { return v.Name == name })
					if at < 0 {
						var names []string
						for _, v := range all {
							names = append(names, v.Name)
						}
						return nil, fmt.Errorf("%s has no variable %q%s", i.Name, name, didYouMean(name, names))
					}
					all = slices.Delete(all, at, at+1)
				}
				return all, nil
			})
		}})
}
