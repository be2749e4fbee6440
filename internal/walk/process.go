package walk

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"
)

// Process is a program of ours that runs beside us: an installation or the simulator. It
// listens on a free loopback port and writes its address to a file.
type Process struct {
	Name string
	Base string   // http://127.0.0.1:PORT once started
	Log  string   // file with everything it printed
	Env  []string // added to our own; may be changed between two starts

	args     []string
	addrFile string
	cmd      *exec.Cmd
	done     chan struct{} // closed when the program has ended
	ended    error         // how it ended; read after done
}

// startWait bounds how long a process may take until it answers.
const startWait = 60 * time.Second

// NewProcess describes a program without starting it. dir takes its log and address file;
// args must make it write its address to the file that AddrFile names.
func NewProcess(name, dir string, env []string, args ...string) *Process {
	return &Process{
		Name: name, Log: filepath.Join(dir, name+".log"), addrFile: AddrFile(dir, name), args: args, Env: env,
	}
}

// AddrFile is where a process of this name writes its address.
func AddrFile(dir, name string) string { return filepath.Join(dir, name+".addr") }

// Start runs the program and waits until it answers at path.
func (p *Process) Start(ctx context.Context, path string) error {
	_ = os.Remove(p.addrFile)
	log, err := os.OpenFile(p.Log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	p.cmd = exec.Command(p.args[0], p.args[1:]...) //nolint:gosec // our own binary with our own arguments
	p.cmd.Env = append(os.Environ(), p.Env...)
	p.cmd.Stdout, p.cmd.Stderr = log, log
	// Should we be killed, the child goes with us.
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGTERM}
	p.done = make(chan struct{})
	started := make(chan error, 1)
	go func(cmd *exec.Cmd, done chan struct{}) {
		// The death signal comes when the thread that started the child ends, not the process:
		// this one stays as long as the child.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		started <- err
		if err == nil {
			p.ended = cmd.Wait()
		}
		_ = log.Close()
		close(done)
	}(p.cmd, p.done)
	if err := <-started; err != nil {
		return fmt.Errorf("start %s: %w", p.Name, err)
	}
	ctx, stop := context.WithTimeout(ctx, startWait)
	defer stop()
	if err := p.ready(ctx, path); err != nil {
		p.Kill()
		return fmt.Errorf("%s did not start: %w\n%s", p.Name, err, p.tail())
	}
	return nil
}

func (p *Process) ready(ctx context.Context, path string) error {
	tick := time.NewTicker(30 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-p.done:
			return fmt.Errorf("it ended: %w", errors.Join(p.ended, errors.New("see its log")))
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
		b, err := os.ReadFile(p.addrFile)
		if err != nil || len(b) == 0 {
			continue
		}
		p.Base = "http://" + strings.TrimSpace(string(b))
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, p.Base+path, nil)
		if err != nil {
			return err
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			continue
		}
		_ = resp.Body.Close()
		if resp.StatusCode == http.StatusOK {
			return nil
		}
	}
}

// Stop asks the program to end and waits for it; after 15 s it is killed.
func (p *Process) Stop() error {
	if p.cmd == nil || p.cmd.Process == nil {
		return nil
	}
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-p.done:
		p.cmd = nil
		return p.ended
	case <-time.After(15 * time.Second):
		p.Kill()
		return fmt.Errorf("%s did not stop when asked", p.Name)
	}
}

// PID is the number of the running process, 0 before Start and after its end.
func (p *Process) PID() int {
	if p.cmd == nil || p.cmd.Process == nil {
		return 0
	}
	return p.cmd.Process.Pid
}

// Wait waits until the program ends by itself.
func (p *Process) Wait(ctx context.Context) error {
	select {
	case <-p.done:
		p.cmd = nil
		return p.ended
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Kill ends the program at once, as a power cut would.
func (p *Process) Kill() {
	if p.cmd == nil || p.cmd.Process == nil {
		return
	}
	_ = p.cmd.Process.Kill()
	<-p.done
	p.cmd = nil
}

func (p *Process) tail() string {
	b, err := os.ReadFile(p.Log)
	if err != nil {
		return ""
	}
	if len(b) > 4000 {
		b = b[len(b)-4000:]
	}
	return string(b)
}
