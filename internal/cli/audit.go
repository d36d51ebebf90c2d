package cli

import (
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"leat/internal/control"
	"leat/internal/server"
)

func (w World) auditCommand() *cobra.Command {
	return noun("audit audit-event", "The audit log and its proof", w.auditListCommand(), w.auditVerifyCommand())
}

func (w World) auditVerifyCommand() *cobra.Command {
	var data, database, checkpoints string
	cmd := &cobra.Command{
		Use: "verify", Short: "Check that nobody altered, removed, added or reordered an event", Args: noArgs,
		Long: "Check the audit log of a server's data directory: the bytes of each event against its columns and its leaf,\n" +
			"the leaves against the root, the root against the signed checkpoints, and those against their copy in a file.\n\n" +
			"Exit code 0: whole. 1: something differs, or it could not be read.",
		RunE: func(cmd *cobra.Command, _ []string) error {
			report, err := server.VerifyAudit(cmd.Context(), data, database, checkpoints)
			if err != nil {
				return err
			}
			tellAudit(cmd.OutOrStdout(), report)
			if !report.Whole() {
				return exitError{exitFailed}
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&data, "data", "leat-data", "the server's data directory")
	cmd.Flags().StringVar(&database, "db-url", "", "the PostgreSQL that holds the rows, where one does")
	cmd.Flags().StringVar(&checkpoints, "checkpoints", "", "a copy of the file of checkpoints that was kept elsewhere")
	return cmd
}

// tellAudit writes a report for people.
func tellAudit(out io.Writer, r *control.AuditReport) {
	if r.Whole() {
		fmt.Fprintf(out, "The audit log is whole: %d events, root %s.\n", r.Leaves, short(r.Root))
	} else {
		fmt.Fprintf(out, "The audit log is NOT whole: %d differences in %d events.\n\n", len(r.Findings)+r.More, r.Leaves)
	}
	for _, f := range r.Findings {
		fmt.Fprintf(out, "  %s", f.Kind)
		if f.ID != "" {
			fmt.Fprintf(out, "  event %s", f.ID)
		}
		if f.Leaf >= 0 {
			fmt.Fprintf(out, "  leaf %d", f.Leaf)
		}
		if !f.Time.IsZero() {
			fmt.Fprintf(out, "  of %s", f.Time.UTC().Format(time.RFC3339))
		}
		fmt.Fprintf(out, "\n    %s\n", f.What)
	}
	if r.More > 0 {
		fmt.Fprintf(out, "  … and %d more.\n", r.More)
	}
	if !r.CheckedAt.IsZero() {
		fmt.Fprintf(out, "Last signed checkpoint: %s, %d in all.\n", r.CheckedAt.UTC().Format(time.RFC3339), r.Checkpoints)
	}
	if r.Expired > 0 {
		fmt.Fprintf(out, "%d events keep their place, but their content was removed by retention.\n", r.Expired)
	}
	if r.Unsealed > 0 {
		fmt.Fprintf(out, "%d events have no place in the log yet; they get one when the server runs.\n", r.Unsealed)
	}
	for _, u := range r.Unknown {
		fmt.Fprintf(out, "It cannot know: %s\n", u)
	}
}

func short(hash string) string {
	if len(hash) > 16 {
		return hash[:16] + "…"
	}
	return hash
}
