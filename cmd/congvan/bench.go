package main

import (
	"crypto/rand"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"congvan/internal/bench"
)

func benchCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "bench", Short: "Measure speed and memory and print one table", Args: cobra.NoArgs,
		Long: `Measures speed and memory of the embedded default (SQLite, files in a folder, SoftHSM2,
test certificates) in a temporary folder: each figure beside its limit and beside what the
token and the disk took in the same run. Nothing is left running. The large PDF needs about
1.5 GB of free disk. Exit code 0 also when a figure is over its limit.`,
	}
	f := c.Flags()
	quick := f.Bool("quick", false, "tiny counts: shows that everything runs, measures little")
	asJSON := f.Bool("json", false, "print the table as JSON")
	samples := f.String("samples", "testdata", "folder with the sample PDFs")
	dir := f.String("dir", "", "empty folder to work in, kept afterwards; its disk is the one measured")
	c.RunE = func(c *cobra.Command, _ []string) error {
		self, err := os.Executable()
		if err != nil {
			return err
		}
		work := *dir
		if work == "" {
			if work, err = os.MkdirTemp("", "congvan-bench-"); err != nil {
				return err
			}
			defer os.RemoveAll(work)
		}
		if work, err = filepath.Abs(work); err != nil { // key URIs hold absolute paths
			return err
		}
		t, err := bench.Run(c.Context(), bench.Options{
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
	c.AddCommand(benchAxisCommand())
	return c
}
