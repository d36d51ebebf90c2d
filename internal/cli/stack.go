package cli

import (
	"fmt"
	"log/slog"
	"path/filepath"

	"github.com/spf13/cobra"

	"leat/internal/npm"
	"leat/internal/runtime"
)

func (w World) stackCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "stack", Short: "Node.js and Node-RED that instances run on", Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(w.stackFetchCommand())
	return cmd
}

func (w World) stackFetchCommand() *cobra.Command {
	var dir, registry string
	cmd := &cobra.Command{
		Use: "fetch", Short: "Fetch the default stack into a store, so that the first instance starts at once", Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
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
			stack, err := runtime.Find(runtime.DefaultStack)
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
		},
	}
	cmd.Flags().StringVar(&dir, "dir", "runtime", "the store of stacks")
	cmd.Flags().StringVar(&registry, "registry", "", "the package registry (default: the one Leat was built with)")
	return cmd
}
