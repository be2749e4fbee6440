package main

import (
	"errors"
	"log/slog"
	"os/user"

	"github.com/spf13/cobra"

	"congvan/internal/app"
	"congvan/internal/fault"
	"congvan/internal/journal"
)

func axisSyncCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "sync", Short: "Take the axis's list of agencies into the directory", Args: cobra.NoArgs,
		Long: `Takes the axis's agencies with their old and new codes into the directory, page by page, so that
documents can be sent to them. Agencies of this installation are left alone, those entered by hand
only gain codes. What the axis no longer lists is closed, never deleted; a list that lacks more than
half of what was known closes nothing and ends with exit code 1. A server does this by itself every
axis.agencies (24h); with SQLite, run this while none is running.`,
	}
	config := configFlag(c)
	usageErrors(c, cobra.NoArgs)
	c.RunE = func(c *cobra.Command, _ []string) (err error) {
		cfg, err := app.LoadConfig(*config)
		if err != nil {
			return err
		}
		a, err := app.Build(c.Context(), cfg, app.Options{Log: slog.New(slog.NewTextHandler(c.ErrOrStderr(), &slog.HandlerOptions{Level: slog.LevelWarn}))})
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, a.Close()) }()
		by := "congvan axis sync"
		if u, err := user.Current(); err == nil {
			by += " (" + u.Username + ")"
		}
		done, err := a.SyncAgencies(c.Context(), journal.Actor{AccountID: "command-line", Name: by})
		c.Printf("%d rows; %d agencies added, %d changed, %d closed\n", done.Rows, done.Added, done.Changed, done.Closed)
		if known := (*fault.Error)(nil); errors.As(err, &known) {
			return errors.New(a.Catalogue.Text("vi", err) + " / " + a.Catalogue.Text("en", err))
		}
		return err
	}
	return c
}
