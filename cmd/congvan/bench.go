package main

import (
	"context"
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
	f := benchFlags(c)
	c.RunE = func(c *cobra.Command, _ []string) error {
		self, err := os.Executable()
		if err != nil {
			return err
		}
		return f.run(c, func(dir string) (bench.Table, error) {
			return bench.Run(c.Context(), bench.Options{
				Congvan: self, Dir: dir, Samples: *f.samples, Quick: *f.quick, Progress: c.ErrOrStderr(), Clock: time.Now, Rand: rand.Reader,
			})
		})
	}
	c.AddCommand(
		benchAxisCommand(),
		engineBench("sign", "Measure the signing engine beside its limit and print one table",
			`Measures the signing engine alone: the token, the limit (SHA-256 over the file's bytes and
one raw signature), whole documents of 100 KB to 1 GB with 1 to 30 workers, with the hash
state kept, with each look, behind a slow token, and the memory it takes. RSA-2048 in
SoftHSM2 with test certificates, in a temporary folder that needs 1.1 GB.`, bench.RunSign),
		engineBench("verify", "Measure the validator and print one table",
			`Measures the validator: a file of 1 MB with two signatures, all checks, revocation lists at
hand, in a temporary folder.`, bench.RunVerify))
	return c
}

func engineBench(name, short, long string, run func(context.Context, bench.EngineOptions) (bench.Table, error)) *cobra.Command {
	c := &cobra.Command{Use: name, Short: short, Long: long, Args: cobra.NoArgs}
	f := benchFlags(c)
	c.RunE = func(c *cobra.Command, _ []string) error {
		return f.run(c, func(dir string) (bench.Table, error) {
			return run(c.Context(), bench.EngineOptions{
				Dir: dir, Samples: *f.samples, Quick: *f.quick, Progress: c.ErrOrStderr(), Clock: time.Now, Rand: rand.Reader, Host: hsmHost(),
			})
		})
	}
	return c
}

// benchFlag are the flags that every measurement has.
type benchFlag struct {
	quick, json  *bool
	samples, dir *string
}

func benchFlags(c *cobra.Command) benchFlag {
	f := c.Flags()
	return benchFlag{
		quick:   f.Bool("quick", false, "tiny counts: shows that everything runs, measures little"),
		json:    f.Bool("json", false, "print the table as JSON"),
		samples: f.String("samples", "testdata", "folder with the sample PDFs"),
		dir:     f.String("dir", "", "empty folder to work in, kept afterwards; its disk is the one measured"),
	}
}

// run measures in a folder and prints the table.
func (f benchFlag) run(c *cobra.Command, measure func(dir string) (bench.Table, error)) error {
	work := *f.dir
	if work == "" {
		var err error
		if work, err = os.MkdirTemp("", "congvan-bench-"); err != nil {
			return err
		}
		defer os.RemoveAll(work)
	}
	work, err := filepath.Abs(work) // key URIs hold absolute paths
	if err != nil {
		return err
	}
	t, err := measure(work)
	if err != nil {
		return err
	}
	if *f.json {
		return t.WriteJSON(c.OutOrStdout())
	}
	return t.Write(c.OutOrStdout())
}
