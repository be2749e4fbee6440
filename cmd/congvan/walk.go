package main

import (
	"crypto/rand"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"congvan/internal/walk"
	"congvan/signing"
)

func walkCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "walk", Short: "Walk the whole road over the HTTP API, every step printed with its evidence", Args: cobra.NoArgs,
		Long: `Takes dispatches with real PDFs from a draft in one agency to registered and answered in
another, over the HTTP API. With --start both installations and the axis simulator are
started in a temporary folder and stopped at the end; otherwise name running ones with --a
and --b. Exit code 0 only if every step held.`,
	}
	f := c.Flags()
	start := f.Bool("start", false, "start both installations and the simulator in a temporary folder")
	a := f.String("a", "http://127.0.0.1:8080", "address of installation A")
	b := f.String("b", "http://127.0.0.1:8081", "address of installation B")
	db := f.String("db", "sqlite", "with --start: sqlite or postgres")
	blobs := f.String("blobs", "fs", "with --start: fs or s3")
	samples := f.String("samples", "testdata", "folder with the sample PDFs")
	save := f.String("save", "", "keep the files as received in this folder")
	one := f.Bool("one", false, "only the first dispatch")
	c.RunE = func(c *cobra.Command, _ []string) error {
		ctx := c.Context()
		if *start {
			w, done, err := startWorld(c, *db, *blobs)
			if err != nil {
				return err
			}
			defer done()
			*a, *b = w.A.Base, w.B.Base
		}
		road := walk.NewRoad(*a, *b, c.OutOrStdout(), time.Now)
		road.Save = *save
		if *start { // what we start ourselves has a timestamp server
			road.Level = signing.LevelLTA
		}
		dispatches, done, err := walk.Dispatches(*samples)
		if err != nil {
			return err
		}
		defer done()
		if *one {
			dispatches = dispatches[:1]
		}
		for _, d := range dispatches {
			c.Printf("--- %s (phụ lục: %s)\n", filepath.Base(d.Main), filepath.Base(d.Annex))
			if err := road.Run(ctx, d); err != nil {
				return fmt.Errorf("%s: %w", filepath.Base(d.Main), err)
			}
		}
		if err := road.Paper(ctx, filepath.Join(*samples, "van-ban-giay-scan.pdf")); err != nil {
			return err
		}
		c.Println("Mọi bước đều đạt. Every step held.")
		return nil
	}
	return c
}

// startWorld starts the demonstration in a temporary folder that is removed at the end.
func startWorld(c *cobra.Command, db, blobs string) (*walk.World, func(), error) {
	dir, err := os.MkdirTemp("", "congvan-walk-")
	if err != nil {
		return nil, nil, err
	}
	self, sim, err := binaries()
	if err != nil {
		return nil, nil, err
	}
	w, err := walk.StartWorld(c.Context(), walk.WorldOptions{
		Congvan: self, Axissim: sim, Dir: dir, DB: db, Blobs: blobs, Progress: c.OutOrStdout(), Clock: time.Now, Rand: rand.Reader,
	})
	if err != nil {
		return nil, nil, err
	}
	return w, func() { w.Stop(); _ = os.RemoveAll(dir) }, nil
}

// binaries are this program and the simulator beside it.
func binaries() (self, sim string, err error) {
	if self, err = os.Executable(); err != nil {
		return "", "", err
	}
	sim = filepath.Join(filepath.Dir(self), "axissim")
	if _, err := os.Stat(sim); err != nil {
		return "", "", fmt.Errorf("the axis simulator is not beside this program: run make build: %w", err)
	}
	return self, sim, nil
}
