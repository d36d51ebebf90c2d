package cli

import (
	"github.com/spf13/cobra"

	"leat/internal/launcher"
)

// launchCommand is what the server starts beside a hosted instance; people never
// call it.
func (w World) launchCommand() *cobra.Command {
	var dir string
	cmd := &cobra.Command{
		Use: "launch", Short: "Keep one hosted Node-RED running (started by the server)", Hidden: true, Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return launcher.Main(cmd.Context(), dir, w.Version, w.Stdin)
		},
	}
	cmd.Flags().StringVar(&dir, "dir", "", "the instance's directory")
	_ = cmd.MarkFlagRequired("dir") // the flag was defined just now
	return cmd
}
