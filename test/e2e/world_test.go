// Package e2e tests the product as its users meet it: real processes on real files, driven
// over HTTP, by a browser and from the command line, killed where it hurts and started
// again.
package e2e

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"congvan/internal/demo"
	"congvan/internal/walk"
)

// top is the source tree as seen from here.
const top = "../.."

// binaries is the folder of the programs under test, built once.
var binaries string

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	dir, err := os.MkdirTemp("", "congvan-e2e-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer func() { _ = os.RemoveAll(dir) }()
	binaries, template.dir = filepath.Join(dir, "bin"), filepath.Join(dir, "template")
	build := exec.Command("go", "build", "-ldflags", "-X main.version=e2e", "-o", binaries+"/", "./cmd/congvan", "./cmd/axissim")
	build.Dir = top
	if out, err := build.CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "build: %v\n%s", err, out)
		return 1
	}
	return m.Run()
}

func binary(name string) string { return filepath.Join(binaries, name) }

// template is a prepared demonstration that every world of SQLite and folders starts from:
// keys and certificates take seconds to make and none of these tests is about making them.
var template struct {
	once sync.Once
	dir  string
	err  error
}

// world starts two installations and the axis simulator, and stops them when the test ends.
func world(t *testing.T) *walk.World {
	t.Helper()
	template.once.Do(func() {
		w, err := walk.StartWorld(t.Context(), options(template.dir))
		if err == nil {
			w.Stop()
		}
		template.err = err
	})
	if template.err != nil {
		t.Fatal(template.err)
	}
	dir := filepath.Join(t.TempDir(), "world")
	if err := os.CopyFS(dir, os.DirFS(template.dir)); err != nil {
		t.Fatal(err)
	}
	private(t, dir)
	return start(t, options(dir))
}

// ports are three free ones: a process that is started again must be found where it was.
func ports() []int {
	out := make([]int, 3)
	for i := range out {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil // whatever is free at the start
		}
		defer func() { _ = l.Close() }()
		out[i] = l.Addr().(*net.TCPAddr).Port
	}
	return out
}

func options(dir string) walk.WorldOptions {
	return walk.WorldOptions{
		Congvan: binary("congvan"), Axissim: binary("axissim"), Dir: dir, DB: "sqlite", Blobs: "fs", Progress: io.Discard,
		Clock: time.Now, Rand: rand.Reader, Ports: ports(),
	}
}

func start(t *testing.T, o walk.WorldOptions) *walk.World {
	t.Helper()
	w, err := walk.StartWorld(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		w.Stop()
		if !t.Failed() {
			return
		}
		for _, p := range []*walk.Process{w.A, w.B, w.Axis} {
			b, _ := os.ReadFile(p.Log)
			t.Logf("%s printed:\n%s", p.Name, b[max(0, len(b)-4000):])
		}
	})
	return w
}

// private gives a copied tree the modes that the originals have: os.CopyFS widens them.
func private(t *testing.T, dir string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		mode := os.FileMode(0o600)
		if err == nil && d.IsDir() {
			mode = 0o700
		}
		return errors.Join(err, os.Chmod(path, mode))
	})
	if err != nil {
		t.Fatal(err)
	}
}

// client signs in with a demonstration account.
func client(t *testing.T, base, account string) *walk.Client {
	t.Helper()
	c, err := walk.SignIn(t.Context(), base, account, demo.Password)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// refused wants a problem of the API with this status and code.
func refused(t *testing.T, err error, status int, code string) *walk.Problem {
	t.Helper()
	var p *walk.Problem
	if !errors.As(err, &p) || p.Status != status || p.Code != code {
		t.Fatalf("got %v, want HTTP %d %s", err, status, code)
	}
	return p
}

// eventually asks until ok, for a step that another process takes.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(90 * time.Second); !ok(); time.Sleep(100 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("waited too long for: %s", what)
		}
	}
}

// healthy tells whether an installation answers and is well.
func healthy(base string) bool {
	resp, err := http.Get(base + "/api/v1/health")
	if err != nil {
		return false
	}
	_ = resp.Body.Close()
	return resp.StatusCode == http.StatusOK
}

// program runs one of ours to its end.
func program(t *testing.T, stdin, name string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	ctx, stop := context.WithTimeout(t.Context(), 2*time.Minute)
	defer stop()
	cmd := exec.CommandContext(ctx, binary(name), args...)
	var out, errOut bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewBufferString(stdin), &out, &errOut
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode(), out.String(), errOut.String()
}

// tool runs a tool of another maker and wants it to succeed.
func tool(t *testing.T, name string, args ...string) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), name, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s %v: %v\n%s", name, args, err, out)
	}
	return string(out)
}
