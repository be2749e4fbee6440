package main

import (
	"crypto/rand"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"congvan/internal/bench"
)

func benchAxisCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "axis", Short: "Measure the way over the axis and print one table", Args: cobra.NoArgs,
		Long: `Measures two installations and the axis simulator between them, three processes on this
machine: dispatches end to end, the delay into an inbox, one dispatch to 636 agencies, and
memory while a 200 MB file passes. Nothing is left running. Needs about 2 GB of free disk.
Exit code 0 also when a figure is over its limit.`,
	}
	f := c.Flags()
	quick := f.Bool("quick", false, "tiny counts: shows that everything runs, measures little")
	asJSON := f.Bool("json", false, "print the table as JSON")
	samples := f.String("samples", "testdata", "folder with the sample PDFs")
	c.RunE = func(c *cobra.Command, _ []string) error {
		self, _, err := binaries()
		if err != nil {
			return err
		}
		work, err := os.MkdirTemp("", "congvan-bench-axis-")
		if err != nil {
			return err
		}
		defer os.RemoveAll(work)
		if work, err = filepath.Abs(work); err != nil {
			return err
		}
		t, err := bench.RunAxis(c.Context(), bench.Options{
			Congvan: self, Dir: work, Samples: *samples, Quick: *quick, Progress: c.ErrOrStderr(), Clock: time.Now, Rand: rand.Reader,
		})
		if err != nil {
			return err
		}
		if *asJSON {
			return t.WriteJSON(c.OutOrStdout())
		}
		return t.Write(c.OutOrStdout())
	}
	return c
}
