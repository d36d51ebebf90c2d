package cli

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"leat/internal/config"
	"leat/internal/server"
)

// envPrefix begins the names of variables that configure Leat.
const envPrefix = "LEAT"

// serveFlags are the settings that have a flag of their own, by the flag's name.
var serveFlags = map[string]string{"data": "data", "listen": "http.listen", "base-url": "http.base_url", "ui-dir": "ui.dir", "log-level": "log.level"}

func (w World) serveCommand() *cobra.Command {
	var file string
	var set []string
	cmd := &cobra.Command{
		Use: "serve", Short: "Run the platform", Args: noArgs,
		Long: "Run the platform: its pages, its API, the door to its instances, and the instances themselves.\n\n" +
			"Settings come from their defaults, a YAML file, LEAT_… variables and flags, each over the one before.",
		Example: "  leat serve --data /var/lib/leat --listen 0.0.0.0:8080 --base-url https://leat.example.com",
		RunE: func(cmd *cobra.Command, _ []string) error {
			source, err := w.source(cmd, file, set)
			if err != nil {
				return err
			}
			cfg := &server.Config{Version: w.Version}
			if err := config.Load(cfg, source); err != nil {
				return fmt.Errorf("the configuration has faults:\n%w", err)
			}
			log := server.NewLogger(cfg, w.Stderr)
			for _, name := range config.UnknownEnv(cfg, source) {
				if slices.Contains(clientVariables, name) {
					continue
				}
				log.WarnContext(cmd.Context(), "variable means nothing to Leat", "name", name)
			}
			return server.Run(cmd.Context(), cfg, server.World{Out: w.Stderr, Log: log, Now: time.Now})
		},
	}
	cmd.Flags().StringVar(&file, "config", "", "a YAML file with settings")
	cmd.Flags().StringArrayVar(&set, "set", nil, "one setting, as path=value; may be given again")
	for name, path := range serveFlags {
		cmd.Flags().String(name, "", help(path))
	}
	return cmd
}

// help is the help text of a setting.
func help(path string) string {
	for _, s := range config.Describe(&server.Config{}, envPrefix) {
		if s.Path == path {
			text := s.Help
			if s.Default != "" {
				text += " (default " + s.Default + ")"
			}
			return text
		}
	}
	return ""
}

// source is where a command's settings come from.
func (w World) source(cmd *cobra.Command, file string, set []string) (config.Source, error) {
	flags := map[string]string{}
	for name, path := range serveFlags {
		if f := cmd.Flags().Lookup(name); f != nil && f.Changed {
			flags[path] = f.Value.String()
		}
	}
	for _, s := range set {
		path, value, ok := strings.Cut(s, "=")
		if !ok {
			return config.Source{}, usageError{fmt.Errorf("--set wants path=value")}
		}
		flags[path] = value
	}
	return config.Source{File: file, Env: w.Env, Prefix: envPrefix, Flags: flags}, nil
}
