package main

import (
	"errors"

	"github.com/spf13/cobra"

	"congvan/internal/app"
)

func doctorCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "doctor", Short: "Say what is missing or wrong and how to mend it", Args: cobra.NoArgs,
		Long: "Looks at configuration, data folder, database, files, keys, certificates, revocation lists, axis and\njournal. Exit code 1 when something must be mended.",
	}
	config := configFlag(c)
	c.RunE = func(c *cobra.Command, _ []string) error {
		cfg, err := app.LoadConfig(*config)
		if err != nil {
			return err
		}
		bad := 0
		for _, f := range app.Examine(c.Context(), cfg, hsmHost()) {
			mark := "ok   "
			switch f.Weight {
			case app.Warning:
				mark = "WARN "
			case app.Failure:
				mark = "FAIL "
				bad++
			}
			c.Printf("%s %s: %s\n", mark, f.What, f.Found)
			if f.Mend != "" {
				c.Printf("      → %s\n", f.Mend)
			}
		}
		if bad > 0 {
			return errors.New("something must be mended")
		}
		return nil
	}
	return c
}
