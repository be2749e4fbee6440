package bench

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"time"

	"congvan/internal/walk"
)

// disk measures n appends of 4 KB in a row, each flushed to the disk that holds the
// installation, so many times over.
func (b *bench) disk(n, times int) (spread, error) {
	f, err := os.CreateTemp(b.Dir, "fsync-")
	if err != nil {
		return nil, err
	}
	defer os.Remove(f.Name())
	defer f.Close()
	var out spread
	page := make([]byte, 4096)
	for range times {
		took, err := b.took(func() error {
			for range n {
				if _, err := f.Write(page); err != nil {
					return err
				}
				if err := f.Sync(); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
		out = append(out, took)
	}
	return out, nil
}

// perAct is how many fsyncs the server makes for one request.
type perAct struct {
	sign, seal int
	missing    string // why they could not be counted
}

// countFsyncs signs and seals a few documents with the server under strace, which stops it
// at fsync only. Nothing is timed there.
func (b *bench) countFsyncs(ctx context.Context) error {
	strace, err := exec.LookPath("strace")
	if err != nil {
		b.fsyncs.missing = "strace is not here (apt-get install strace): counted as none"
		return nil
	}
	trace := filepath.Join(b.Dir, "fsync.trace")
	before := []string{strace, "-D", "-f", "-y", "--seccomp-bpf", "-e", "trace=fsync,fdatasync,sync_file_range,msync", "-o", trace, "--"}
	return b.site.with(ctx, "traced", before, nil, func(p *walk.Process) error {
		who, err := signIn(ctx, p.Base, "cv", "tp", "tt", "gd", "vt")
		if err != nil {
			return err
		}
		letters, err := b.letters(ctx, who, "dem", b.Counted)
		if err != nil {
			return err
		}
		var sign, seal []int
		count := func(to *[]int, act func() error) error {
			if err := sleep(ctx, b.Pause); err != nil {
				return err
			}
			had, err := flushes(trace)
			if err != nil {
				return err
			}
			if err := act(); err != nil {
				return err
			}
			has, err := flushes(trace)
			*to = append(*to, has-had)
			return err
		}
		for _, l := range letters {
			err := errors.Join(count(&sign, func() error { return l.sign(ctx, who) }), l.number(ctx, who), count(&seal, func() error { return l.seal(ctx, who) }))
			if err != nil {
				return err
			}
		}
		b.fsyncs = perAct{sign: median(sign), seal: median(seal)}
		if b.fsyncs.sign == 0 {
			return fmt.Errorf("strace saw no fsync in %d signatures; look at %s", b.Counted, trace)
		}
		return nil
	})
}

var flushed = regexp.MustCompile(`(?m)sync.* = 0$`)

// flushes counts the calls that have ended so far.
func flushes(trace string) (int, error) {
	b, err := os.ReadFile(trace)
	return len(flushed.FindAllIndex(bytes.TrimRight(b, "\n"), -1)), err
}

func median(x []int) int {
	if len(x) == 0 {
		return 0
	}
	slices.Sort(x)
	return x[len(x)/2]
}

func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}
