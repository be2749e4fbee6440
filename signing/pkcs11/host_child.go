package pkcs11

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"syscall"
	"time"
)

const (
	statusWait = time.Second // for an answer that is not urgent
	maxStderr  = 4 << 10     // bytes kept of what a process said before it ended
)

// child is one host process and the connection to it.
type child struct {
	cmd    *exec.Cmd
	conn   *frameConn
	stderr head
	over   chan struct{} // closed when the connection has ended and the process is being ended
	exited chan struct{} // closed when the process is gone

	mu      sync.Mutex
	next    uint64
	waiting map[uint64]chan frame
	reason  string
	seen    Stats // the last it told
}

// startChild starts a process and accepts its connection, and no other: the socket is
// 0600 in a folder 0700, who connects must have the process's number, and both are removed
// at once.
func startChild(ctx context.Context, o HostOptions) (c *child, err error) {
	dir, err := os.MkdirTemp("", "hsm-") // 0700; a short path, since a socket's may have 107 bytes
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "socket")
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		return nil, err
	}
	defer func() { _ = l.Close() }()
	if err := os.Chmod(path, 0o600); err != nil {
		return nil, err
	}
	c = &child{over: make(chan struct{}), exited: make(chan struct{}), waiting: map[uint64]chan frame{}}
	if err := c.run(o, path); err != nil {
		return nil, err
	}
	conn, err := c.accept(ctx, l)
	if err != nil {
		_ = c.cmd.Process.Kill()
		<-c.exited
		return nil, fmt.Errorf("%w: %s", err, c.stderr.text())
	}
	c.conn = &frameConn{UnixConn: conn}
	go c.read()
	return c, nil
}

// run starts the program on a thread that stays as long as the process: the death signal
// comes when the thread that started it ends, not the server.
func (c *child) run(o HostOptions, socket string) error {
	c.cmd = exec.Command(o.Command[0], append(slices.Clone(o.Command[1:]), socket)...) //nolint:gosec // our own program
	c.cmd.Env = []string{}
	for name, value := range o.Env {
		c.cmd.Env = append(c.cmd.Env, name+"="+value)
	}
	c.cmd.Stderr = &c.stderr
	// A group of its own, so that Ctrl-C reaches the server alone; SIGHUP asks for an orderly
	// end, as does the end of the connection.
	c.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGHUP}
	started := make(chan error, 1)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := c.cmd.Start()
		started <- err
		if err == nil {
			_ = c.cmd.Wait()
		}
		close(c.exited)
	}()
	if err := <-started; err != nil {
		return fmt.Errorf("hsm-host does not start: %w", err)
	}
	return nil
}

// accept waits until the process connects.
func (c *child) accept(ctx context.Context, l *net.UnixListener) (*net.UnixConn, error) {
	connected := make(chan struct{})
	defer close(connected)
	go func() {
		select {
		case <-ctx.Done():
		case <-c.exited:
		case <-connected:
		}
		_ = l.Close()
	}()
	for {
		conn, err := l.AcceptUnix()
		if err != nil {
			return nil, errors.Join(errors.New("hsm-host did not connect"), ctx.Err())
		}
		if peer(conn) == c.pid() {
			return conn, nil
		}
		_ = conn.Close()
	}
}

// peer is the number of the process at the other end, 0 when the system does not tell.
func peer(conn *net.UnixConn) (pid int) {
	raw, err := conn.SyscallConn()
	if err != nil {
		return 0
	}
	_ = raw.Control(func(fd uintptr) {
		if cred, err := syscall.GetsockoptUcred(int(fd), syscall.SOL_SOCKET, syscall.SO_PEERCRED); err == nil {
			pid = int(cred.Pid)
		}
	})
	return pid
}

func (c *child) pid() int { return c.cmd.Process.Pid }

// read hands out answers until the connection ends.
func (c *child) read() {
	for {
		f, err := readFrame(c.conn)
		if err != nil {
			break
		}
		c.mu.Lock()
		to := c.waiting[f.number]
		delete(c.waiting, f.number)
		c.mu.Unlock()
		if to != nil {
			to <- f
		}
	}
	_ = c.conn.Close()
	close(c.over)
	_ = c.cmd.Process.Kill() // without a connection it is of no use; one that ended by itself has closed its module
}

// ask sends a request and waits for its answer. When ctx ends, whoever waits in the process
// for a session is called back; a call that has reached the token is waited for, so that no
// signature is made that nobody knows of.
func (c *child) ask(ctx context.Context, kind byte, body []byte) ([]byte, error) {
	to := make(chan frame, 1)
	c.mu.Lock()
	c.next++
	number := c.next
	c.waiting[number] = to
	c.mu.Unlock()
	if err := c.conn.send(frame{kind, number, body}); err != nil {
		c.forget(number)
		return nil, fmt.Errorf("%w: %s", errEnded, c.why())
	}
	gone := ctx.Done()
	for {
		select {
		case f := <-to:
			return f.read()
		case <-gone:
			gone = nil
			_ = c.conn.send(frame{kind: frameCancel, number: number})
		case <-c.over:
			select {
			case f := <-to: // it came just before the end
				return f.read()
			default:
			}
			c.forget(number)
			return nil, fmt.Errorf("%w: %s", errEnded, c.why())
		}
	}
}

func (c *child) forget(number uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.waiting, number)
}

// guard kills the process when a call in it, or the process itself, does not answer for
// longer than timeout.
func (c *child) guard(timeout time.Duration) {
	tick := time.NewTicker(max(timeout/8, time.Millisecond))
	defer tick.Stop()
	for {
		select {
		case <-c.over:
			return
		case <-tick.C:
		}
		c.mu.Lock()
		idle := len(c.waiting) == 0
		c.mu.Unlock()
		if idle {
			continue
		}
		s, ok := c.statusNow(timeout)
		select {
		case <-c.over:
			return
		default:
		}
		switch {
		case !ok:
			c.kill("it did not answer for " + timeout.String())
		case s.Busy > timeout:
			c.kill("a call into the module hung for " + s.Busy.Round(time.Millisecond).String())
		}
	}
}

// statusNow asks for the figures of the process.
func (c *child) statusNow(wait time.Duration) (Stats, bool) {
	told := make(chan Stats, 1)
	go func() {
		defer close(told)
		var s Stats
		if body, err := c.ask(context.Background(), frameStatus, nil); err == nil && json.Unmarshal(body, &s) == nil {
			c.mu.Lock()
			c.seen = s
			c.mu.Unlock()
			told <- s
		}
	}()
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case s, ok := <-told:
		return s, ok
	case <-timer.C:
		return Stats{}, false
	}
}

// status is statusNow, or what was told last.
func (c *child) status(wait time.Duration) Stats {
	if s, ok := c.statusNow(wait); ok {
		return s
	}
	return c.lastSeen()
}

func (c *child) lastSeen() Stats {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.seen
}

// kill ends the process at once.
func (c *child) kill(reason string) {
	c.mu.Lock()
	if c.reason == "" {
		c.reason = reason
	}
	c.mu.Unlock()
	_ = c.cmd.Process.Kill()
}

// why tells why the process ended.
func (c *child) why() string {
	timer := time.NewTimer(statusWait)
	defer timer.Stop()
	select { // the connection ends a moment before the process
	case <-c.exited:
	case <-timer.C:
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.reason != "" {
		return c.reason
	}
	return c.stderr.text()
}

// close ends the connection and waits until the process has let its calls end.
func (c *child) close(wait time.Duration) error {
	_ = c.conn.CloseWrite()
	timer := time.NewTimer(wait + statusWait)
	defer timer.Stop()
	select {
	case <-c.exited:
		return nil
	case <-timer.C:
		c.kill("it did not end by itself")
		<-c.exited
		return errors.New("pkcs11: hsm-host did not end by itself and was killed")
	}
}

// head keeps the beginning of what is written to it.
type head struct {
	mu sync.Mutex
	b  []byte
}

func (h *head) Write(p []byte) (int, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.b = append(h.b, p[:min(len(p), maxStderr-len(h.b))]...)
	return len(p), nil
}

// text is its first line.
func (h *head) text() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	line, _, _ := bytes.Cut(h.b, []byte("\n"))
	if len(line) == 0 {
		return "it said nothing"
	}
	return string(line)
}
