package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"leat/api"
)

func (w World) flowsCommand() *cobra.Command {
	var file string
	return w.verb(verb{use: "flows INSTANCE", short: "Print an instance's flows as JSON, or write them to a file",
		long: "Print an instance's flows as Node-RED's own JSON, or write them to a file. Credentials are not among them.",
		flags: func(f *pflag.FlagSet) {
			f.StringVarP(&file, "output", "o", "", "the file to write; the standard output where absent")
		},
		run: func(ctx context.Context, c *call, args []string) error {
			i, err := c.instance(ctx, args[0])
			if err != nil {
				return err
			}
			flows, err := c.client.Flows(ctx, i.ID)
			if err != nil {
				return err
			}
			var text bytes.Buffer
			if err := json.Indent(&text, flows.Flows, "", "  "); err != nil {
				return err
			}
			text.WriteByte('\n')
			return c.deliver(file, readable(text.Bytes()))
		}})
}

func (w World) deployCommand() *cobra.Command {
	var credentials string
	return w.verb(verb{use: "deploy INSTANCE FILE", short: "Deploy flows from a file to an instance",
		long:    "Deploy flows from a file to an instance, in place of what it has. FILE is - for the standard input.",
		example: "  leat instance flows pump-1 | jq '…' | leat instance deploy pump-2 -",
		flags: func(f *pflag.FlagSet) {
			f.StringVar(&credentials, "credentials", "", "a file with credentials as plain JSON by node id; those kept stay where absent")
		},
		run: func(ctx context.Context, c *call, args []string) error {
			in, err := deployOfFiles(c, args[1], credentials)
			if err != nil {
				return err
			}
			i, err := c.instance(ctx, args[0])
			if err != nil {
				return err
			}
			flows, err := c.client.PutFlows(ctx, i.ID, *in)
			if err != nil {
				return err
			}
			if c.out.format != "table" {
				return c.out.encode(map[string]string{"instance": i.ID, "digest": flows.Digest})
			}
			c.out.said("The flows are deployed to %s.", i.Name)
			return nil
		}})
}

// deployOfFiles reads flows: Node-RED's list, or an object that holds it.
func deployOfFiles(c *call, file, credentials string) (*api.PutFlows, error) {
	raw, err := c.readFile(file)
	if err != nil {
		return nil, err
	}
	in := &api.PutFlows{}
	raw = bytes.TrimSpace(raw)
	switch {
	case !json.Valid(raw):
		return nil, fmt.Errorf("%s is not JSON; export the flows from Node-RED as JSON", file)
	case raw[0] == '[':
		in.Flows = raw
	default:
		if err := json.Unmarshal(raw, in); err != nil || len(in.Flows) == 0 {
			return nil, fmt.Errorf("%s holds no flows: they are a JSON list, or an object with the list in \"flows\"", file)
		}
	}
	if credentials == "" {
		return in, nil
	}
	if file == "-" && credentials == "-" {
		return nil, usageError{errors.New("only one of the two files can be the standard input")}
	}
	if raw, err = c.readFile(credentials); err != nil {
		return nil, err
	}
	if err := json.Unmarshal(raw, &in.Credentials); err != nil {
		return nil, fmt.Errorf("%s holds no credentials: they are a JSON object of objects, by node id", credentials)
	}
	return in, nil
}
