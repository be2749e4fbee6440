package main

import (
	"encoding/json"
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"congvan/internal/app"
	"congvan/internal/calendar"
	"congvan/internal/conservation"
)

func axisCommand() *cobra.Command {
	c := &cobra.Command{Use: "axis", Short: "Work with the national document axis"}
	c.AddCommand(axisAuditCommand(), axisSyncCommand())
	return c
}

// liveGrace is how long a row may be in work before it counts beside a running server.
const liveGrace = 10 * time.Minute

func axisAuditCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "audit", Short: "Check from the journal that no message is lost or doubled", Args: cobra.NoArgs,
		Long: `Adds up the journal by agency and hour:

  accepted for sending = pending + delivered + dead-lettered + recalled before delivery
  rows fetched = documents + duplicates + statuses applied + unmatched + quarantined

and holds every delivery and every fetched row of the database against it. Exit code 1 with
the list of differences when anything does not add up. A row that is still in work counts as
a difference, for at rest there is none; with --live only when it has been for 10 minutes.`,
	}
	config := configFlag(c)
	asJSON := c.Flags().Bool("json", false, "print the report as JSON")
	live := c.Flags().Bool("live", false, "beside a running server: leave rows in work some time")
	since := c.Flags().String("since", "", "only what began at this time or later, as 2026-11-19 or 2026-11-19T08:00:00+07:00, or a duration such as 24h before now")
	usageErrors(c, cobra.NoArgs)
	c.RunE = func(c *cobra.Command, _ []string) error {
		now := time.Now()
		from, err := parseSince(*since, now)
		if err != nil {
			return usage(err)
		}
		settled := now.Add(time.Hour)
		if *live {
			settled = now.Add(-liveGrace)
		}
		cfg, err := app.LoadConfig(*config)
		if err != nil {
			return err
		}
		rep, err := app.AuditAxis(c.Context(), cfg, from, settled)
		if err != nil {
			return err
		}
		if err := printAudit(c.OutOrStdout(), rep, *asJSON); err != nil {
			return err
		}
		if !rep.Adds() {
			return fmt.Errorf("messages do not add up: %d differences", len(rep.Differences))
		}
		return nil
	}
	return c
}

// parseSince reads a day in Vietnam's time, an instant, or a duration before now.
func parseSince(s string, now time.Time) (time.Time, error) {
	if s == "" {
		return time.Time{}, nil
	}
	if d, err := time.ParseDuration(s); err == nil && d > 0 {
		return now.Add(-d).Truncate(time.Hour), nil
	}
	if t, err := time.ParseInLocation(time.DateOnly, s, calendar.Zone()); err == nil {
		return t, nil
	}
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		return t, fmt.Errorf("--since %q is neither a day, a time nor a duration", s)
	}
	return t.Truncate(time.Hour), nil
}

func printAudit(w io.Writer, rep conservation.Report, asJSON bool) error {
	if asJSON {
		e := json.NewEncoder(w)
		e.SetIndent("", "  ")
		return e.Encode(rep)
	}
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	row := func(cells ...any) {
		for _, c := range cells {
			_, _ = fmt.Fprint(t, c, "\t")
		}
		_, _ = fmt.Fprintln(t)
	}
	hour := func(t time.Time) string { return t.In(calendar.Zone()).Format("02/01/2006 15h") }
	row("accepted in", "agency", "accepted", "pending", "delivered", "dead-lettered", "recalled")
	for _, l := range rep.Outgoing {
		row(hour(l.Hour), l.Agency, l.Accepted, l.Pending, l.Delivered, l.DeadLettered, l.Recalled)
	}
	row()
	row("fetched in", "agency", "fetched", "documents", "duplicates", "statuses", "unmatched", "quarantined", "in work")
	for _, l := range rep.Incoming {
		row(hour(l.Hour), l.Agency, l.Fetched, l.Documents, l.Duplicates, l.StatusesApplied, l.StatusesUnmatched, l.Quarantined, l.InWork)
	}
	if err := t.Flush(); err != nil {
		return err
	}
	for _, d := range rep.Differences {
		if _, err := fmt.Fprintf(w, "DIFFERENCE: %s %s of agency %q: %s (journal %q, table %q)\n", d.Kind, d.ID, d.Agency, d.What, d.Journal, d.Table); err != nil {
			return err
		}
	}
	if rep.Adds() {
		_, err := fmt.Fprintf(w, "Every message is accounted for, up to journal entry %d.\n", rep.Entries)
		return err
	}
	return nil
}
