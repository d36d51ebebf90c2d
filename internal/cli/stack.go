package cli

import (
	"context"
	"fmt"
	"log/slog"
	"path/filepath"

	"github.com/spf13/cobra"

	"leat/api"
	"leat/internal/npm"
	"leat/internal/runtime"
)

func (w World) stackCommand() *cobra.Command {
	return noun("stack stacks", "Node.js and Node-RED that instances run on", listOf(w, "List what instances can run on", (*call).stacks, stackColumns), showOf(w, "show STACK", "Show a stack", (*call).stacks, stackColumns),
		w.stackCreateCommand(), w.stackEditCommand(),
		deleteOf(w, deletion[api.Stack]{
			use: "delete STACK", short: "Delete a stack that nothing runs on, for administrators", kind: (*call).stacks,
			do: func(ctx context.Context, c *call, id string) error { return c.client.DeleteStack(ctx, id) },
		}),
		w.stackInstancesCommand(), w.stackFetchCommand())
}

func (w World) stackFetchCommand() *cobra.Command {
	var dir, registry string
	cmd := &cobra.Command{
		Use: "fetch [STACK…]", Short: "Fetch stacks into a store, so that the first instance starts at once; without a name the default one",
		RunE: func(cmd *cobra.Command, names []string) error {
			log := slog.New(slog.NewTextHandler(w.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
			dir, err := filepath.Abs(dir)
			if err != nil {
				return err
			}
			client, err := npm.New(npm.Config{Registry: registry, CacheDir: filepath.Join(dir, ".packages"), Log: log})
			if err != nil {
				return err
			}
			store, err := runtime.NewStore(dir, client, log)
			if err != nil {
				return err
			}
			if len(names) == 0 {
				names = []string{runtime.DefaultStack}
			}
			for _, name := range names {
				if err := w.fetchStack(cmd, store, name); err != nil {
					return err
				}
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&dir, "dir", "runtime", "the store of stacks")
	cmd.Flags().StringVar(&registry, "registry", "", "the package registry (default: the one Leat was built with)")
	return cmd
}

// stacks are all that the platform has.
func (c *call) stacks() kind[api.Stack] {
	return kind[api.Stack]{
		noun: "stack", list: whole(c.client.Stacks), id: stackID,
		names: func(s api.Stack) []string { return []string{s.Name} },
	}
}

func stackID(s api.Stack) string { return s.ID }

var stackColumns = []column[api.Stack]{
	{title: "Id", value: func(s api.Stack) any { return s.ID }},
	{title: "Name", value: func(s api.Stack) any { return s.Name }},
	{title: "Node-RED", value: func(s api.Stack) any { return s.NodeRed }},
	{title: "Node.js", value: func(s api.Stack) any { return s.NodeJS }},
	{title: "State", value: func(s api.Stack) any { return state(s.State) }},
	{title: "Offered", value: func(s api.Stack) any { return s.Active }},
	{title: "Default", value: func(s api.Stack) any { return s.Default }},
	{title: "Dashboard", value: func(s api.Stack) any { return s.Dashboard }, more: true},
	{title: "Replaced by", value: func(s api.Stack) any { return s.ReplacedBy }, more: true},
	{title: "Instances", value: func(s api.Stack) any { return s.Instances }, more: true},
	{title: "Reason", value: func(s api.Stack) any { return s.Reason }, more: true},
	{title: "Digest", value: func(s api.Stack) any { return s.Digest }, more: true},
}

func (w World) fetchStack(cmd *cobra.Command, store *runtime.Store, name string) error {
	stack, err := runtime.Find(name)
	if err != nil {
		return err
	}
	bar := newProgress(w.Stderr)
	tree, err := store.Ensure(cmd.Context(), stack, func(p runtime.Progress) { bar.show(p.Step, p.Done, p.Total) })
	bar.end()
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(cmd.OutOrStdout(), stack.Label, "is at", tree.Dir)
	return err
}
