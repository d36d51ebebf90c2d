package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"leat/api"
)

func (w World) instanceImportCommand() *cobra.Command {
	in := api.ImportFlows{}
	var credentials, secretFile string
	var add, yes bool
	return w.verb(verb{use: "import INSTANCE FILE", short: "Bring flows from a file into an instance, with their credentials",
		long: "Bring flows from a file into an instance: in place of what it has, or beside it with --add. What it holds now is kept as a\n" +
			"snapshot first. FILE is - for the standard input. --credentials names Node-RED's flows_cred.json; the secret it is encrypted\n" +
			"with is asked for or taken from --secret-file.",
		example: "  leat instance import pump-1 flows.json --credentials flows_cred.json --secret-file cred.secret\n  leat instance import pump-1 more.json --add",
		flags: func(f *pflag.FlagSet) {
			f.BoolVar(&add, "add", false, "add to what is there; nodes whose id is taken get a new one")
			f.StringVar(&credentials, "credentials", "", "the file with credentials, plain or Node-RED's own")
			f.StringVar(&secretFile, "secret-file", "", "the file with the secret that they are encrypted with")
			f.BoolVar(&yes, "yes", false, "do not ask")
		},
		run: func(ctx context.Context, c *call, args []string) error {
			files, err := deployOfFiles(c, args[1], "")
			if err != nil {
				return err
			}
			in.Flows = files.Flows
			if credentials != "" {
				if in.Credentials, err = c.readFile(credentials); err != nil {
					return err
				}
				if !json.Valid(in.Credentials) {
					return fmt.Errorf("%s is not JSON", credentials)
				}
				if in.Secret, err = c.secret(secretFile, "Secret of the credentials (empty where they are plain)"); err != nil {
					return err
				}
			}
			i, err := c.instance(ctx, args[0])
			if err != nil {
				return err
			}
			if in.Mode = "replace"; add {
				in.Mode = "add"
			} else if err := c.confirm(ctx, yes, "Replace the flows of %q?", i.Name); err != nil {
				return err
			}
			got, err := c.client.ImportFlows(ctx, i.ID, in)
			if err != nil {
				return err
			}
			if c.out.quiet || c.out.format != "table" {
				return show(c.out, *got, func(r api.ImportedFlows) string { return r.ID }, nil)
			}
			c.out.said("%s were brought into %s.", plural(got.Nodes, "node"), i.Name)
			if got.Renewed > 0 {
				c.out.said("%s got a new id.", plural(got.Renewed, "node"))
			}
			if got.Safety != "" {
				c.out.said("To take it back: leat snapshot restore %s %s", i.Label, got.Safety)
			}
			return nil
		}})
}

var editorColumns = []column[api.Editor]{
	{title: "Username", value: func(e api.Editor) any { return e.Username }},
	{title: "Name", value: func(e api.Editor) any { return e.Name }},
	{title: "Since", value: func(e api.Editor) any { return e.Since }},
	{title: "May deploy", value: func(e api.Editor) any { return e.Editing }},
	{title: "Windows", value: func(e api.Editor) any { return e.Open }},
}

func (w World) instanceEditorsCommand() *cobra.Command {
	return w.verb(verb{use: "editors INSTANCE", short: "List who has an instance's editor open",
		run: func(ctx context.Context, c *call, args []string) error {
			i, err := c.instance(ctx, args[0])
			if err != nil {
				return err
			}
			got, err := c.client.Editors(ctx, i.ID)
			if err != nil {
				return err
			}
			return list(c.out, got.Items, func(e api.Editor) string { return e.User }, editorColumns)
		}})
}

var sampleColumns = []column[api.Sample]{
	{title: "Time", value: func(s api.Sample) any { return s.Time }},
	{title: "Memory (MiB)", value: func(s api.Sample) any { return decimal(s.MemoryMiB) }},
	{title: "CPU (%)", value: func(s api.Sample) any { return decimal(s.CPUPercent) }},
	{title: "Lag (ms)", value: func(s api.Sample) any { return decimal(s.LagMs) }},
	{title: "Loop busy (%)", value: func(s api.Sample) any { return decimal(s.Loop * 100) }},
}

// decimal is a number with one place behind the point.
type decimal float64

func (w World) instanceSamplesCommand() *cobra.Command {
	var since time.Duration
	var points int
	return w.verb(verb{use: "samples INSTANCE", short: "List an instance's memory, CPU and event loop over time", aliases: []string{"stats"},
		example: "  leat instance samples pump-1 --since 24h --points 24",
		flags: func(f *pflag.FlagSet) {
			f.DurationVar(&since, "since", time.Hour, "how far back")
			f.IntVar(&points, "points", 30, "at most this many; each then stands for a span of time")
		},
		run: func(ctx context.Context, c *call, args []string) error {
			i, err := c.instance(ctx, args[0])
			if err != nil {
				return err
			}
			got, err := c.client.SamplesBetween(ctx, i.ID, api.SampleQuery{From: c.out.now.Add(-since), To: c.out.now, Points: points})
			if err != nil {
				return err
			}
			if c.out.format != "table" {
				return c.out.encode(got)
			}
			if got.MemoryLimitMiB > 0 {
				c.out.note("Limits: %d MiB, %d %% CPU", got.MemoryLimitMiB, got.CPULimit)
			}
			return list(c.out, got.Items, func(s api.Sample) string { return s.Time.UTC().Format(time.RFC3339) }, sampleColumns)
		}})
}

// alertNames are what an instance can raise an alarm about.
var alertNames = []string{"crash", "safe-mode", "hang", "cpu", "memory"}

func (w World) instanceAlertsCommand() *cobra.Command {
	var on, off []string
	var recipients string
	var mail bool
	return w.verb(verb{use: "alerts INSTANCE", short: "Show or change what people are told about an instance, and who is",
		example: "  leat instance alerts pump-1\n  leat instance alerts pump-1 --on cpu,memory --recipients both --mail",
		flags: func(f *pflag.FlagSet) {
			f.StringSliceVar(&on, "on", nil, "tell of these: "+strings.Join(alertNames, ", "))
			f.StringSliceVar(&off, "off", nil, "do not tell of these")
			f.StringVar(&recipients, "recipients", "", "owners, members or both")
			f.BoolVar(&mail, "mail", false, "send letters too")
		},
		run: func(ctx context.Context, c *call, args []string) error {
			i, err := c.instance(ctx, args[0])
			if err != nil {
				return err
			}
			if c.someChange() == nil {
				in := &api.EditAlerts{Recipients: changed(c, "recipients", recipients), Mail: changed(c, "mail", mail)}
				if err := setAlerts(in, on, true); err != nil {
					return err
				}
				if err := setAlerts(in, off, false); err != nil {
					return err
				}
				if i, err = c.client.UpdateInstance(ctx, i.ID, api.EditInstance{Alerts: in}); err != nil {
					return err
				}
			}
			return show(c.out, i.Alerts, func(api.Alerts) string { return i.ID }, alertColumns)
		}})
}

func setAlerts(in *api.EditAlerts, names []string, to bool) error {
	fields := map[string]*api.Opt[bool]{"crash": &in.Crash, "safe-mode": &in.SafeMode, "hang": &in.Hang, "cpu": &in.CPU, "memory": &in.Memory}
	for _, name := range names {
		field := fields[name]
		if field == nil {
			return usageError{fmt.Errorf("%q is nothing that is told of: %s%s", name, strings.Join(alertNames, ", "), didYouMean(name, alertNames))}
		}
		*field = api.Some(to)
	}
	return nil
}

var alertColumns = []column[api.Alerts]{
	{title: "Crash", value: func(a api.Alerts) any { return a.Crash }},
	{title: "Safe mode", value: func(a api.Alerts) any { return a.SafeMode }},
	{title: "Hang", value: func(a api.Alerts) any { return a.Hang }},
	{title: "CPU", value: func(a api.Alerts) any { return a.CPU }},
	{title: "Memory", value: func(a api.Alerts) any { return a.Memory }},
	{title: "Recipients", value: func(a api.Alerts) any { return a.Recipients }},
	{title: "Letters", value: func(a api.Alerts) any { return a.Mail }},
}
