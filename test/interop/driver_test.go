//go:build interop

package interop

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// driver is a running driver: one process that answers a question per line.
type driver struct {
	name   string
	cmd    *exec.Cmd
	in     io.WriteCloser
	out    *bufio.Reader
	stderr bytes.Buffer
}

// newDriver starts a driver, which ends with the test. It lies in $CONGVAN_INTEROP, else
// where scripts/setup puts it.
func newDriver(t testing.TB, name, root string) *driver {
	t.Helper()
	dir := os.Getenv("CONGVAN_INTEROP")
	if dir == "" {
		dir = filepath.Join("..", "..", ".tools", "interop")
	}
	d := &driver{name: name, cmd: exec.CommandContext(t.Context(), filepath.Join(dir, name), "serve", "--trust", root)}
	d.cmd.Stderr = &d.stderr
	var err error
	d.in, err = d.cmd.StdinPipe()
	must(t, err)
	out, err := d.cmd.StdoutPipe()
	must(t, err)
	d.out = bufio.NewReader(out)
	if err := d.cmd.Start(); err != nil {
		t.Fatalf("%v: scripts/setup installs it", err)
	}
	t.Cleanup(func() {
		_ = d.in.Close()
		_ = d.cmd.Wait()
		if state := d.cmd.ProcessState; state != nil {
			t.Logf("%s: %.1f s of processor time", name, (state.UserTime() + state.SystemTime()).Seconds())
		}
	})
	return d
}

// ask puts one question and returns the line of the answer.
func (d *driver) ask(t testing.TB, question map[string]any) []byte {
	line, err := json.Marshal(question)
	must(t, err)
	if _, err = d.in.Write(append(line, '\n')); err == nil {
		line, err = d.out.ReadBytes('\n')
	}
	if err != nil {
		t.Errorf("%s: %v: %s", d.name, err, lastLines(d.stderr.String(), 5))
		return []byte(`{"error":"no answer"}`)
	}
	return line
}
