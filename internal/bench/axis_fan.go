package bench

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"
	"time"

	"congvan/internal/app"
	"congvan/internal/demo"
	"congvan/internal/document"
	"congvan/internal/workflow"
)

// fanOut is one document to very many agencies of B.
func (x *axisBench) fanOut(ctx context.Context) error {
	var to []string
	for _, w := range demo.Wards(x.n.Recipients, false) {
		to = append(to, w.Codes[0].Value)
	}
	l, err := x.sealed(ctx, letterSize, to...)
	if err != nil {
		return err
	}
	took, err := x.took(func() error {
		if err := x.issue(ctx, l); err != nil {
			return err
		}
		return x.reached(ctx, workflow.Arrived, 500*time.Millisecond, l)
	})
	if err != nil {
		return err
	}
	p, err := x.page(ctx, l)
	if err != nil {
		return err
	}
	messages := map[string]bool{}
	for _, d := range p.Deliveries {
		messages[d.AxisDocID] = true
	}
	l.blob = document.MainFile(p.Document.Files).Version.Blob
	copies := make([]int, 2)
	for i, in := range x.w.Installations {
		if copies[i], err = objects(filepath.Join(x.w.Dir, in.Name, "blobs"), l.blob); err != nil {
			return err
		}
	}
	x.fanned = l
	x.add(Row{
		What: fmt.Sprintf("One dispatch to %d agencies: all in their inboxes, all 01 back", x.n.Recipients), Unit: "s", Measured: took.Seconds(), Limit: fanOutLimit,
		Note: fmt.Sprintf("%d message(s) on the axis, the file stored %d time(s) at the sender and %d at the recipients", len(messages), copies[0], copies[1]),
	})
	return nil
}

// objects counts the stored files of one content.
func objects(dir, blob string) (n int, err error) {
	err = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && strings.HasSuffix(strings.ReplaceAll(path, string(filepath.Separator), ""), blob) {
			n++
		}
		return err
	})
	return n, err
}

// heavy sends a large file and reads how far each server's memory rose above that of one just
// started.
func (x *axisBench) heavy(ctx context.Context) error {
	l, err := x.sealed(ctx, x.n.Large, receiverOrgan)
	if err != nil {
		return err
	}
	for _, p := range x.w.Installations {
		if err := errors.Join(p.Stop(), p.Start(ctx, "/api/v1/health")); err != nil {
			return err
		}
	}
	if err := errors.Join(sleep(ctx, 3*time.Second), x.signIn(ctx)); err != nil {
		return err
	}
	idle := make([]float64, 2)
	for i, p := range x.w.Installations {
		if idle[i], err = memory(p, "VmRSS"); err != nil {
			return err
		}
		if err := forgetPeak(p); err != nil {
			return err
		}
	}
	took, err := x.took(func() error {
		if err := x.issue(ctx, l); err != nil {
			return err
		}
		return x.reached(ctx, workflow.Arrived, 100*time.Millisecond, l)
	})
	if err != nil {
		return err
	}
	for i, side := range []string{"sender", "recipient"} {
		peak, err := memory(x.w.Installations[i], "VmHWM")
		if err != nil {
			return err
		}
		x.add(Row{
			What: "Growth while a 200 MB file goes over the axis, " + side, Unit: "MB", Measured: max(0, peak-idle[i]), Limit: growthLimit,
			Note: fmt.Sprintf("%s MB, idle %s, peak %s, validated and 01 back in %s", figure(float64(x.n.Large)/1e6), figure(idle[i]), figure(peak), took.Round(10*time.Millisecond)),
		})
	}
	return nil
}

// stored looks into B's database, with the servers stopped: one report for identical bytes.
func (x *axisBench) stored(ctx context.Context) error {
	x.w.Stop()
	c, err := app.LoadConfig(filepath.Join(x.w.Dir, x.w.B.Name, "congvan.toml"))
	if err != nil {
		return err
	}
	db, err := app.OpenStore(ctx, c, x.Clock)
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }()
	var reports int
	err = db.DB().QueryRowContext(ctx, "SELECT count(*) FROM reports WHERE blob_key = $1", x.fanned.blob).Scan(&reports)
	x.add(Row{What: fmt.Sprintf("Validation reports on the file that %d agencies got", x.n.Recipients), Unit: "", Measured: float64(reports), Limit: 1})
	return err
}
