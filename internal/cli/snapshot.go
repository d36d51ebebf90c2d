package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"leat/api"
)

func (w World) snapshotCommand() *cobra.Command {
	return noun("snapshot snapshots", "Snapshots: versions of an instance to compare, restore and carry elsewhere",
		w.snapshotListCommand(), w.snapshotShowCommand(), w.snapshotCreateCommand(), w.snapshotEditCommand(),
		deleteOf(w, deletion[api.Snapshot]{
			use: "delete SNAPSHOT", short: "Delete a snapshot that nothing uses", kind: (*call).snapshots, lost: " for good",
			do: func(ctx context.Context, c *call, id string) error { return c.client.DeleteSnapshot(ctx, id) },
		}),
		w.compareCommand(), w.restoreCommand(), w.exportCommand(), w.importCommand())
}

// snapshots are those of the team.
func (c *call) snapshots() kind[api.Snapshot] {
	return kind[api.Snapshot]{
		noun: "snapshot", prefix: snapshotPrefix, get: c.client.Snapshot, id: snapshotID,
		list: inTeam(c, func(ctx context.Context, team string, p api.Page) (*api.List[api.Snapshot], error) {
			return c.client.TeamSnapshots(ctx, team, api.SnapshotQuery{Page: p})
		}),
		names: func(s api.Snapshot) []string { return []string{snapshotName(s)} },
		place: func(s api.Snapshot) string { return s.InstanceName + "  " + c.out.when(s.CreatedAt) },
	}
}

func snapshotID(s api.Snapshot) string { return s.ID }

// snapshotName is what a snapshot is called; those that came by themselves have
// no name.
func snapshotName(s api.Snapshot) string {
	if s.Name == "" {
		return s.ID
	}
	return s.Name
}

var snapshotColumns = []column[api.Snapshot]{
	{title: "Id", value: func(s api.Snapshot) any { return s.ID }},
	{title: "Name", value: func(s api.Snapshot) any { return s.Name }},
	{title: "Kind", value: func(s api.Snapshot) any { return snapshotKind(s) }},
	{title: "Of", value: func(s api.Snapshot) any { return s.InstanceName }},
	{title: "Nodes", value: func(s api.Snapshot) any { return s.Nodes }},
	{title: "By", value: func(s api.Snapshot) any { return s.Author }},
	{title: "Created", value: func(s api.Snapshot) any { return s.CreatedAt }},
	{title: "Description", value: func(s api.Snapshot) any { return s.Description }, more: true},
	{title: "From", value: func(s api.Snapshot) any { return s.From }, more: true},
	{title: "Modules", value: func(s api.Snapshot) any { return s.Modules }, more: true},
	{title: "Size of flows", value: func(s api.Snapshot) any { return s.Size }, more: true},
	{title: "Digest", value: func(s api.Snapshot) any { return s.Digest }, more: true},
	{title: "Used by", value: func(s api.Snapshot) any { return s.UsedBy }, more: true},
}

// snapshotKind says what made a snapshot: "auto (deploy)".
func snapshotKind(s api.Snapshot) string {
	if s.Trigger == "" {
		return s.Kind
	}
	return s.Kind + " (" + s.Trigger + ")"
}

func (w World) snapshotListCommand() *cobra.Command {
	var q api.SnapshotQuery
	var instance, application string
	var most int
	cmd := w.verb(verb{use: "list", short: "List the team's snapshots, the newest first", aliases: []string{"ls"},
		example: "  leat snapshot list --instance pump-1\n  leat snapshot list --kind manual --limit 0",
		flags: func(f *pflag.FlagSet) {
			f.StringVar(&instance, "instance", "", "only those of this instance")
			f.StringVar(&application, "application", "", "only those of this application")
			f.StringVar(&q.Kind, "kind", "", "only manual, auto, safety or import")
			f.StringVar(&q.Q, "name", "", "only those with a word in their name that begins so")
			endless(&most)(f)
		},
		run: func(ctx context.Context, c *call, _ []string) error {
			ask, id, err := snapshotsOf(ctx, c, instance, application)
			if err != nil {
				return err
			}
			items, more, err := all(ctx, most, func(ctx context.Context, p api.Page) (*api.List[api.Snapshot], error) {
				p.Q = q.Q
				return ask(ctx, id, api.SnapshotQuery{Page: p, Kind: q.Kind})
			})
			if err != nil {
				return err
			}
			c.older(more, len(items))
			return list(c.out, items, snapshotID, snapshotColumns)
		}})
	w.complete(cmd, "instance", "INSTANCE")
	w.complete(cmd, "application", "APPLICATION")
	return cmd
}

// snapshotsOf is how the snapshots of an instance, of an application or of the
// team are listed.
func snapshotsOf(ctx context.Context, c *call, instance, application string) (ask func(context.Context, string, api.SnapshotQuery) (*api.List[api.Snapshot], error), id string, err error) {
	switch {
	case instance != "":
		i, err := c.instance(ctx, instance)
		if err != nil {
			return nil, "", err
		}
		return c.client.InstanceSnapshots, i.ID, nil
	case application != "":
		a, err := c.applications().find(ctx, application)
		if err != nil {
			return nil, "", err
		}
		return c.client.ApplicationSnapshots, a.ID, nil
	}
	team, err := c.team(ctx)
	return c.client.TeamSnapshots, team, err
}

func (w World) snapshotShowCommand() *cobra.Command {
	return w.verb(verb{use: "show SNAPSHOT", short: "Show a snapshot", aliases: []string{"get"},
		run: func(ctx context.Context, c *call, args []string) error {
			s, err := c.snapshot(ctx, args[0])
			if err != nil {
				return err
			}
			return show(c.out, *s, snapshotID, snapshotColumns)
		}})
}

// snapshot finds a snapshot and reads all that is told of one.
func (c *call) snapshot(ctx context.Context, word string) (*api.Snapshot, error) {
	s, err := c.snapshots().find(ctx, word)
	if err != nil {
		return nil, err
	}
	return c.client.Snapshot(ctx, s.ID)
}

func (w World) snapshotCreateCommand() *cobra.Command {
	in := api.NewSnapshot{}
	return w.verb(verb{use: "create INSTANCE", short: "Keep what an instance is now", example: "  leat snapshot create pump-1 --name \"Before the new sensor\"",
		flags: func(f *pflag.FlagSet) {
			f.StringVar(&in.Name, "name", "", "its name; the time where absent")
			f.StringVar(&in.Description, "description", "", "why it is kept")
		},
		run: func(ctx context.Context, c *call, args []string) error {
			i, err := c.instance(ctx, args[0])
			if err != nil {
				return err
			}
			s, err := c.client.CreateSnapshot(ctx, i.ID, in, once())
			if err != nil {
				return err
			}
			return show(c.out, *s, snapshotID, snapshotColumns)
		}})
}

func (w World) snapshotEditCommand() *cobra.Command {
	var name, description string
	return w.verb(verb{use: "edit SNAPSHOT", short: "Rename a snapshot, or describe it anew", aliases: []string{"update"},
		flags: func(f *pflag.FlagSet) {
			f.StringVar(&name, "name", "", "its new name")
			f.StringVar(&description, "description", "", "why it is kept")
		},
		run: func(ctx context.Context, c *call, args []string) error {
			if err := c.someChange(); err != nil {
				return err
			}
			s, err := c.snapshots().find(ctx, args[0])
			if err != nil {
				return err
			}
			s, err = c.client.UpdateSnapshot(ctx, s.ID, api.EditSnapshot{Name: changed(c, "name", name), Description: changed(c, "description", description)})
			if err != nil {
				return err
			}
			return show(c.out, *s, snapshotID, snapshotColumns)
		}})
}

// version is the id of a snapshot, or of an instance for what it holds now.
func (c *call) version(ctx context.Context, word string) (string, error) {
	if isID("i", word) || isID(snapshotPrefix, word) {
		return word, nil
	}
	s, err := c.snapshots().find(ctx, word)
	if err == nil {
		return s.ID, nil
	}
	i, other := c.instance(ctx, word)
	if other == nil {
		return i.ID, nil
	}
	return "", fmt.Errorf("there is no snapshot and no instance %q, or its name is not the only one:\n  %w\n  %w", word, err, other)
}
