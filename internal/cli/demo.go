package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"leat/api"
	"leat/internal/config"
	"leat/internal/sandbox"
	"leat/internal/server"
)

// demoPassword opens every account of the demo plant. It is no secret: the
// plant is for looking at, and listens on this machine alone.
const demoPassword = "steady water level 4"

// demoAccounts are the people of the demo plant, one of each role.
var demoAccounts = []api.DemoAccount{
	{Username: "olga", Password: demoPassword, Role: "owner", Hint: "Runs the waterworks: may change everything in the team."},
	{Username: "max", Password: demoPassword, Role: "member", Hint: "Automation engineer: edits flows and deploys them."},
	{Username: "vera", Password: demoPassword, Role: "viewer", Hint: "Looks at everything and changes nothing."},
	{Username: "dario", Password: demoPassword, Role: "dashboard", Hint: "Plant operator: sees the dashboards."},
	{Username: "admin", Password: demoPassword, Role: "administrator", Hint: "Looks after the platform and its users."},
}

// demo is one run of the demo plant.
type demo struct {
	world  World
	out    io.Writer
	dir    string
	server *server.Server
	client *api.Client
	bar    *progress
	// chosen says that somebody named the folder.
	chosen bool
	// dashboard is where the plant's dashboard answers.
	dashboard string
}

func (w World) demoCommand() *cobra.Command {
	d := &demo{world: w, out: w.Stdout}
	var listen string
	cmd := &cobra.Command{
		Use: "demo", Short: "Run a whole small plant on this machine", Args: noArgs,
		Long: "Run a whole small plant on this machine: the platform, people of every role, and a pump station with a live dashboard.\n" +
			"Everything lies in one folder; delete it and nothing is left.",
		RunE: func(cmd *cobra.Command, _ []string) error {
			d.chosen = cmd.Flags().Changed("dir")
			return d.run(cmd.Context(), listen, cmd.Flags().Changed("listen"))
		},
	}
	cmd.Flags().StringVar(&d.dir, "dir", "leat-demo", "the folder for everything")
	cmd.Flags().StringVar(&listen, "listen", "127.0.0.1:8080", "address to listen on; the next free port where it is taken")
	return cmd
}

func (d *demo) run(ctx context.Context, listen string, asked bool) error {
	if err := d.place(); err != nil {
		return err
	}
	// An instance's own user passes through here on the way to its directory.
	if err := os.MkdirAll(d.dir, 0o711); err != nil {
		return err
	}
	if !asked {
		listen = freeFrom(listen)
	}
	logFile, err := os.OpenFile(filepath.Join(d.dir, "leat.log"), os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer logFile.Close()
	fmt.Fprintf(d.out, "\nLeat demo: a pump station on this machine, in %s\n\n", d.dir)
	d.bar = newProgress(d.out)
	if err := d.open(ctx, listen, slog.New(slog.NewTextHandler(logFile, nil))); err != nil {
		return err
	}
	serving, stop := context.WithCancel(ctx)
	done := make(chan error, 1)
	go func() { done <- d.server.Run(serving) }()
	err = d.plant(ctx, done)
	if err == nil {
		d.links()
		select {
		case <-ctx.Done():
		case err = <-done:
			done <- nil
		}
	}
	d.bar.end()
	stop()
	fmt.Fprintln(d.out, "\nStopping the plant …")
	err = errors.Join(err, <-done)
	ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), 20*time.Second)
	defer cancel()
	if ctx.Err() != nil && errors.Is(err, context.Canceled) {
		err = nil
	}
	return errors.Join(err, d.server.EndInstances(ending))
}

// place settles where the demo lies. Started by root, instances run as users of
// their own, who cannot pass a home directory that is closed to others.
func (d *demo) place() error {
	dir, err := filepath.Abs(d.dir)
	if err != nil {
		return err
	}
	blocked := sandbox.Blocked(dir)
	switch {
	case os.Geteuid() != 0 || blocked == "":
	case d.chosen:
		return fmt.Errorf("%s is closed to other users, and each instance runs as a user of its own; choose a folder elsewhere, such as --dir %s", blocked, demoElsewhere)
	default:
		dir = demoElsewhere
	}
	d.dir = dir
	return nil
}

// demoElsewhere is where the demo lies when it cannot lie where it was started.
const demoElsewhere = "/var/lib/leat-demo"

// open configures and opens the server of the demo.
func (d *demo) open(ctx context.Context, listen string, log *slog.Logger) error {
	cfg := &server.Config{Version: d.world.Version, Demo: demoAccounts}
	err := config.Load(cfg, config.Source{Env: d.world.Env, Prefix: envPrefix, Flags: map[string]string{
		"data": filepath.Join(d.dir, "data"), "http.listen": listen,
		"admin.username": "admin", "admin.password": demoPassword, "admin.email": "admin@example.com",
	}})
	if err != nil {
		return fmt.Errorf("the configuration has faults:\n%w", err)
	}
	if d.server, err = server.Open(ctx, cfg, server.World{Out: io.Discard, Log: log, Now: time.Now}); err != nil {
		return err
	}
	d.client, err = api.NewClient(d.server.Base().String())
	return err
}

// freeFrom is the address, with the next port up that nothing listens on.
func freeFrom(listen string) string {
	host, text, err := net.SplitHostPort(listen)
	if err != nil {
		return listen
	}
	first, err := strconv.Atoi(text)
	if err != nil {
		return listen
	}
	for port := first; port < first+50; port++ {
		addr := net.JoinHostPort(host, strconv.Itoa(port))
		if l, err := net.Listen("tcp", addr); err == nil {
			l.Close()
			return addr
		}
	}
	return listen
}

// links says where to go.
func (d *demo) links() {
	base := d.server.Base().String()
	fmt.Fprintf(d.out, "  The pump station is live.\n\n    Open       %s\n    Dashboard  %s\n\n", base, d.dashboard)
	fmt.Fprintf(d.out, "  Sign in as any of these; the password of all is  %s\n\n", demoPassword)
	for _, a := range demoAccounts {
		fmt.Fprintf(d.out, "    %-7s %-14s %s\n", a.Username, a.Role, a.Hint)
	}
	fmt.Fprintf(d.out, "\n  Sign in as max, open the editor of the pump station, change the number in \"Change me first\",\n  press Deploy, and look at the dashboard.\n\n  Ctrl C stops everything. Delete %s to remove it.\n", d.dir)
}
