// Package chaos runs three installations and the axis simulator, each a process of its own,
// while the axis does everything wrong that the simulator knows and the processes are killed
// at random moments and started again. When the storm is over every dispatch is in exactly
// one state at each recipient, which its sender knows; nothing is lost and nothing doubled.
//
// CONGVAN_CHAOS_SECONDS (60) and CONGVAN_CHAOS_SEED say how long and which storm; the seed
// is printed and decides what is done wrong, to whom and in which order.
package chaos

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	mrand "math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"

	"congvan/internal/demo"
	"congvan/internal/walk"
)

const top = "../.."

// settling bounds how long after the storm everything may take to come to rest: the longest
// pause before another attempt is five minutes.
const settling = 8 * time.Minute

func TestChaos(t *testing.T) {
	length := time.Duration(number(t, "CONGVAN_CHAOS_SECONDS", 60)) * time.Second
	seed := uint64(number(t, "CONGVAN_CHAOS_SEED", int(time.Now().UnixMicro()%1_000_000)))
	t.Logf("a storm of %s; CONGVAN_CHAOS_SEED=%d repeats it", length, seed)

	s := newStorm(t, seed)
	calm, stop := context.WithTimeout(t.Context(), length)
	defer stop()
	var weather, work sync.WaitGroup
	weather.Go(func() { s.kill(calm) })
	weather.Go(func() { s.faults(calm) })
	rest, end := context.WithTimeout(t.Context(), length+settling)
	defer end()
	for i, o := range s.offices {
		work.Go(func() { s.send(rest, calm, o, s.chance(10+uint64(i))) })
	}
	receivers, stopReceiving := context.WithCancel(rest)
	var desks sync.WaitGroup
	for _, o := range s.offices {
		desks.Go(func() { s.receive(receivers, o) })
	}
	weather.Wait()
	s.calm()
	t.Logf("the storm is over: %d dispatches begun, %d processes killed, faults %v", s.begun.Load(), s.killed, s.struck())
	work.Wait()
	s.settle(rest)
	stopReceiving()
	desks.Wait()
	s.judge()
}

// number reads a whole number from the environment.
func number(t *testing.T, name string, def int) int {
	v := os.Getenv(name)
	if v == "" {
		return def
	}
	n, err := strconv.Atoi(v)
	if err != nil || n < 0 {
		t.Fatalf("%s=%q is no number", name, v)
	}
	return n
}

// office is the one agency of an installation with the people who act for it.
type office struct {
	site    demo.Site
	short   string // ending of the account names
	organID string
	process *walk.Process

	agreed map[string]bool // recalled documents that its clerk has answered for

	mu      sync.Mutex
	clients map[string]*walk.Client
}

// as is a person of the office, signed in; sessions outlive the process.
func (o *office) as(ctx context.Context, who string) (*walk.Client, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if c, ok := o.clients[who]; ok {
		return c, nil
	}
	c, err := walk.SignIn(ctx, o.process.Base, who+"."+o.short, demo.Password)
	if err == nil {
		o.clients[who] = c
	}
	return c, err
}

func (o *office) position(who string) string { return "pos-" + o.site.Agencies[0].ID + "-" + who }

func newStorm(t *testing.T, seed uint64) *storm {
	t.Helper()
	dir := t.TempDir()
	bin := filepath.Join(dir, "bin")
	build := exec.Command("go", "build", "-o", bin+"/", "./cmd/congvan", "./cmd/axissim")
	build.Dir = top
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	sites := demo.Trio()
	for i := range sites { // each site has its own agency first
		for k, a := range sites[i].Agencies {
			if a.Local {
				sites[i].Agencies[0], sites[i].Agencies[k] = a, sites[i].Agencies[0]
			}
		}
	}
	w, err := walk.StartWorld(t.Context(), walk.WorldOptions{
		Congvan: filepath.Join(bin, "congvan"), Axissim: filepath.Join(bin, "axissim"), Dir: filepath.Join(dir, "world"),
		DB: "sqlite", Blobs: "fs", Sites: sites, Ports: freePorts(t, 1+len(sites)), Progress: io.Discard, Clock: time.Now, Rand: rand.Reader,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.Stop)
	s := &storm{T: t, w: w, seed: seed, bin: bin}
	for i, site := range sites {
		a := site.Agencies[0]
		s.offices = append(s.offices, &office{
			site: site, short: a.ID[len(site.Key)+1:], organID: a.Codes[0].Value, process: w.Installations[i], clients: map[string]*walk.Client{},
			agreed: map[string]bool{},
		})
	}
	t.Cleanup(func() {
		if !t.Failed() {
			return
		}
		for _, p := range append(w.Installations, w.Axis) {
			b, _ := os.ReadFile(p.Log)
			t.Logf("%s printed at last:\n%s", p.Name, b[max(0, len(b)-3000):])
		}
	})
	return s
}

// freePorts are found once: who is started again must be found where it was.
func freePorts(t *testing.T, n int) (out []int) {
	t.Helper()
	for range n {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = l.Close() }()
		out = append(out, l.Addr().(*net.TCPAddr).Port)
	}
	return out
}

// chance is a stream of decisions of its own for everyone who decides.
func (s *storm) chance(stream uint64) *mrand.Rand { return mrand.New(mrand.NewPCG(s.seed, stream)) }

// program runs one of ours to its end.
func (s *storm) program(args ...string) (code int, out string) {
	ctx, stop := context.WithTimeout(s.Context(), time.Minute)
	defer stop()
	cmd := exec.CommandContext(ctx, filepath.Join(s.bin, "congvan"), args...)
	var b bytes.Buffer
	cmd.Stdout, cmd.Stderr = &b, &b
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		return -1, fmt.Sprint(err)
	}
	return cmd.ProcessState.ExitCode(), b.String()
}

// pause waits, or less if ctx ends.
func pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}
