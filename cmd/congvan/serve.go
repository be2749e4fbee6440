package main

import (
	"fmt"
	"log/slog"

	"github.com/spf13/cobra"

	"congvan/internal/app"
)

// configFlag is the flag every command that works on an installation has.
func configFlag(c *cobra.Command) *string {
	return c.Flags().String("config", "", "configuration file (TOML); CONGVAN_… variables win over it")
}

func serveCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "serve", Short: "Serve an installation until interrupted", Args: cobra.NoArgs,
		Long: "Serve an installation: pages, API, jobs, axis inbox and journal checkpoints in one process.",
	}
	config := configFlag(c)
	listen := c.Flags().String("listen", "", "address to listen on; wins over the configuration")
	addrFile := c.Flags().String("addr-file", "", "write the bound address to this file")
	c.RunE = func(c *cobra.Command, _ []string) error {
		cfg, err := app.LoadConfig(*config)
		if err != nil {
			return err
		}
		if *listen != "" {
			cfg.Listen = *listen
		}
		if *addrFile != "" {
			cfg.AddrFile = *addrFile
		}
		var level slog.Level
		if err := level.UnmarshalText([]byte(cfg.LogLevel)); err != nil {
			return fmt.Errorf("configuration: log_level %q: use debug, info, warn or error", cfg.LogLevel)
		}
		log := slog.New(slog.NewTextHandler(c.ErrOrStderr(), &slog.HandlerOptions{Level: level}))
		return app.Serve(c.Context(), cfg, app.Options{Log: log, HSMHost: hsmHost()})
	}
	return c
}

func migrateCommand() *cobra.Command {
	c := &cobra.Command{Use: "migrate", Short: "Bring the database to this version's schema", Args: cobra.NoArgs}
	config := configFlag(c)
	c.RunE = func(c *cobra.Command, _ []string) error {
		cfg, err := app.LoadConfig(*config)
		if err != nil {
			return err
		}
		if err := app.Migrate(c.Context(), cfg); err != nil {
			return err
		}
		c.Println("The database is up to date.")
		return nil
	}
	return c
}

func journalCommand() *cobra.Command {
	c := &cobra.Command{Use: "journal", Short: "Work with the journal of acts"}
	verify := &cobra.Command{
		Use: "verify", Short: "Check the chain of the journal against its signed checkpoints", Args: cobra.NoArgs,
		Long: "Finds an edited, removed or inserted entry, a chain rewritten from some entry on and a tail cut off,\nand says which entries no checkpoint covers yet. Exit code 1 when anything is wrong.",
	}
	config := configFlag(verify)
	verify.RunE = func(c *cobra.Command, _ []string) error {
		cfg, err := app.LoadConfig(*config)
		if err != nil {
			return err
		}
		rep, err := app.VerifyJournal(c.Context(), cfg)
		if err != nil {
			return err
		}
		c.Printf("%d entries, %d checkpoints, covered up to entry %d", rep.Rows, rep.Checkpoints, rep.Covered)
		if !rep.CoveredAt.IsZero() {
			c.Printf(" (%s)", rep.CoveredAt.Local().Format("02/01/2006 15:04:05"))
		}
		c.Println()
		if from, to, ok := rep.Uncovered(); ok {
			c.Printf("entries %d to %d are not covered by a checkpoint yet\n", from, to)
		}
		for _, f := range rep.Findings {
			c.Println("FOUND:", f)
		}
		if !rep.OK() {
			return fmt.Errorf("the journal has been changed: %d findings", rep.Total)
		}
		c.Println("The journal is intact.")
		return nil
	}
	c.AddCommand(verify)
	return c
}
