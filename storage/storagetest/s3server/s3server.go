// Package s3server starts a real S3 server (versitygw) as a child process on this machine,
// for tests and for trials on one machine. It is not for production.
package s3server

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"sync"
	"syscall"
	"time"
)

const (
	startTries = 3 // a port that was free may be taken by the time the server asks for it
	startLimit = 15 * time.Second
	stopLimit  = 5 * time.Second
)

// Server is a running S3 server. Stop and Kill are safe to call more than once.
type Server struct {
	Endpoint  string // host:port on the loopback, plain HTTP
	AccessKey string
	SecretKey string

	cmd    *exec.Cmd
	exited chan struct{}
	once   sync.Once
}

// Start starts binary over the folder dir, which it fills with the folders data and
// versions, and returns when it answers. It ends with this process at the latest.
func Start(ctx context.Context, dir, binary string) (*Server, error) {
	for _, sub := range []string{"data", "versions"} {
		if err := os.MkdirAll(filepath.Join(dir, sub), 0o700); err != nil {
			return nil, fmt.Errorf("s3server: %w", err)
		}
	}
	var err error
	for range startTries {
		var s *Server
		if s, err = start(ctx, dir, binary); err == nil {
			return s, nil
		}
		if ctx.Err() != nil || errors.Is(err, os.ErrNotExist) {
			break
		}
	}
	return nil, fmt.Errorf("s3server: %w", err)
}

func start(ctx context.Context, dir, binary string) (*Server, error) {
	endpoint, err := freePort()
	if err != nil {
		return nil, err
	}
	s := &Server{Endpoint: endpoint, AccessKey: "congvan", SecretKey: rand.Text(), exited: make(chan struct{})}
	logFile, err := os.OpenFile(filepath.Join(dir, "server.log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	defer logFile.Close()
	s.cmd = exec.Command(binary, "--port", endpoint, "--health", "/health", "--quiet", "--keep-alive",
		"posix", "--versioning-dir", filepath.Join(dir, "versions"), filepath.Join(dir, "data"))
	s.cmd.Env = []string{"ROOT_ACCESS_KEY=" + s.AccessKey, "ROOT_SECRET_KEY=" + s.SecretKey, "HOME=" + dir}
	s.cmd.Stdout, s.cmd.Stderr = logFile, logFile
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	started := make(chan error, 1)
	go func() {
		// The death signal comes when the thread that started the child ends: this one stays.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := s.cmd.Start()
		started <- err
		if err == nil {
			_ = s.cmd.Wait() // how it ended does not matter: it was told to, or the caller sees it gone
		}
		close(s.exited)
	}()
	if err := <-started; err != nil {
		return nil, err
	}
	if err := s.waitReady(ctx); err != nil {
		s.Kill()
		return nil, fmt.Errorf("%w; see %s", err, logFile.Name())
	}
	return s, nil
}

func (s *Server) waitReady(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	client := &http.Client{Timeout: time.Second}
	for {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+s.Endpoint+"/health", nil)
		if err != nil {
			return err
		}
		if resp, err := client.Do(req); err == nil {
			resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				return nil
			}
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("no answer at %s: %w", s.Endpoint, ctx.Err())
		case <-s.exited:
			return fmt.Errorf("it ended at once (%s)", s.cmd.ProcessState)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// Stop asks the server to end and waits; after five seconds it is killed.
func (s *Server) Stop() {
	s.once.Do(func() { _ = s.cmd.Process.Signal(syscall.SIGTERM) })
	select {
	case <-s.exited:
	case <-time.After(stopLimit):
		s.Kill()
	}
}

// Kill ends the server at once, as a power cut would.
func (s *Server) Kill() {
	_ = s.cmd.Process.Kill()
	<-s.exited
}

// Find returns the server's binary: from PATH, or from .tools/bin of the checkout that
// holds the working folder, where `make setup` puts it.
func Find() (string, error) {
	if p, err := exec.LookPath("versitygw"); err == nil {
		return p, nil
	}
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		p := filepath.Join(dir, ".tools", "bin", "versitygw")
		if info, err := os.Stat(p); err == nil && info.Mode().IsRegular() {
			return p, nil
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return "", errors.New("s3server: versitygw is not here: run `make setup`")
		}
		dir = parent
	}
}

func freePort() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer l.Close()
	return l.Addr().String(), nil
}
