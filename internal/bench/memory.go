package bench

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"congvan/internal/document"
	"congvan/internal/query"
	"congvan/internal/walk"
)

// Limits of issue 2, in the rows' units.
const (
	startLimit  = 1000 // ms
	idleLimit   = 100  // MB
	growthLimit = 64   // MB
)

// starting measures the start on existing data, and the memory of the idle server.
func (b *bench) starting(ctx context.Context) error {
	var starts spread
	var idle []float64
	for n := range b.Starts {
		began := b.Clock()
		err := b.site.with(ctx, fmt.Sprintf("start-%d", n), nil, nil, func(p *walk.Process) error {
			starts = append(starts, b.Clock().Sub(began))
			if n > 0 {
				return nil
			}
			if err := sleep(ctx, b.Settle); err != nil {
				return err
			}
			m, err := memory(p, "VmRSS")
			idle = append(idle, m)
			return err
		})
		if err != nil {
			return err
		}
	}
	b.add(Row{
		What: fmt.Sprintf("Start on %d documents until health answers, slowest of %d", 2*b.Documents, len(starts)), Unit: "ms",
		Measured: starts.p(100), Limit: startLimit, Note: starts.String() + ", asked every 30 ms",
	})
	b.add(Row{What: "Idle memory (RSS)", Unit: "MB", Measured: idle[0], Limit: idleLimit, Note: "after " + b.Settle.String()})
	return nil
}

func largeRows(where string) [2]string {
	return [2]string{"Growth while a 200 MB PDF is uploaded and drafted, " + where, "Growth while it is downloaded, " + where}
}

// large sends and fetches a large PDF and reads how far the server's memory rose above idle.
func (b *bench) large(ctx context.Context, where string, env ...string) error {
	file := filepath.Join(b.Dir, "lon.pdf")
	if _, err := os.Stat(file); errors.Is(err, os.ErrNotExist) {
		if file, err = b.pdf("lon.pdf", b.Large); err != nil {
			return err
		}
	}
	return b.site.with(ctx, "large-"+where, nil, env, func(p *walk.Process) error {
		if err := sleep(ctx, b.Settle); err != nil {
			return err
		}
		idle, err := memory(p, "VmRSS")
		if err != nil {
			return err
		}
		who, err := signIn(ctx, p.Base, "cv")
		if err != nil {
			return err
		}
		var page query.OutgoingPage
		acts := []func() error{
			func() error {
				id, err := who["cv"].Upload(ctx, file)
				if err != nil {
					return err
				}
				page, err = b.draft(ctx, who["cv"], id)
				return err
			},
			func() error { return b.fetch(ctx, who["cv"], page) },
		}
		for i, act := range acts {
			if err := forgetPeak(p); err != nil {
				return err
			}
			took, err := b.took(act)
			if err != nil {
				return err
			}
			peak, err := memory(p, "VmHWM")
			if err != nil {
				return err
			}
			b.add(Row{
				What: largeRows(where)[i], Unit: "MB", Measured: max(0, peak-idle), Limit: growthLimit,
				Note: fmt.Sprintf("%s MB, idle %s, peak %s, in %s", figure(float64(b.Large)/1e6), figure(idle), figure(peak), took.Round(10*time.Millisecond)),
			})
		}
		return nil
	})
}

// fetch downloads the draft's file and compares it with what is recorded.
func (b *bench) fetch(ctx context.Context, c *walk.Client, page query.OutgoingPage) error {
	main := document.MainFile(page.Document.Files)
	sum, err := c.Download(ctx, "/outgoing/"+page.Document.ID+"/files/"+main.ID+"/content", io.Discard)
	if err == nil && sum != main.Version.Blob {
		err = errors.New("the bytes downloaded are not the recorded ones")
	}
	return err
}

// memory reads a figure of a process in MB: VmRSS now, or VmHWM, the highest it was.
func memory(p *walk.Process, field string) (float64, error) { return memoryOf(p.PID(), field) }

func memoryOf(pid int, field string) (float64, error) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, err
	}
	for line := range bytes.Lines(b) {
		name, value, _ := bytes.Cut(line, []byte(":"))
		if string(name) != field {
			continue
		}
		kb, err := strconv.ParseFloat(string(bytes.TrimSpace(bytes.TrimSuffix(bytes.TrimSpace(value), []byte("kB")))), 64)
		return kb * 1024 / 1e6, err
	}
	return 0, fmt.Errorf("/proc tells no %s", field)
}

// forgetPeak begins VmHWM anew (proc(5), clear_refs 5).
func forgetPeak(p *walk.Process) error { return forgetPeakOf(p.PID()) }

func forgetPeakOf(pid int) error {
	return os.WriteFile(fmt.Sprintf("/proc/%d/clear_refs", pid), []byte("5"), 0o200)
}

// cpu is what a process has used of the processors since it began, which a busy machine
// makes no longer.
func cpu(pid int) (time.Duration, error) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, err
	}
	f := bytes.Fields(b[bytes.LastIndexByte(b, ')')+1:]) // the name may hold anything
	if len(f) < 13 {
		return 0, errors.New("/proc tells no processor time")
	}
	user, err1 := strconv.ParseInt(string(f[11]), 10, 64)
	system, err2 := strconv.ParseInt(string(f[12]), 10, 64)
	const tick = 10 * time.Millisecond // USER_HZ is 100 wherever Go runs on Linux
	return time.Duration(user+system) * tick, errors.Join(err1, err2)
}

// spent is what a process used while fn ran.
func spent(pid int, fn func() error) (time.Duration, error) {
	before, err := cpu(pid)
	if err != nil {
		return 0, err
	}
	if err := fn(); err != nil {
		return 0, err
	}
	after, err := cpu(pid)
	return after - before, err
}

// each is a share of a sum in ms, as text.
func each(sum time.Duration, n int) string { return figure(ms(sum)/float64(n)) + " ms" }
