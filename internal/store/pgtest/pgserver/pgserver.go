// Package pgserver starts a PostgreSQL server of Debian's packages as a child process on a
// unix socket, for tests and for trials on one machine. It does not flush to the disk: it
// is not for production.
package pgserver

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver named pgx
)

const (
	startLimit  = 30 * time.Second
	stopLimit   = 10 * time.Second
	maxSocket   = 90 // bytes of a folder's name that leave room for the socket's within 108
	maxIdent    = 63 // bytes of a database name
	superuser   = "postgres"
	logName     = "server.log"
	clusterName = "data"
)

// Server is a running PostgreSQL server. Its methods are safe for concurrent use; Stop may
// be called more than once.
type Server struct {
	dir    string
	cmd    *exec.Cmd
	exited chan struct{}
	admin  *sql.DB
	once   sync.Once
}

// Start makes a cluster in dir, or takes the one that is there, and returns when it
// answers. The server ends with this process at the latest. PostgreSQL refuses to run as
// root: started by root it runs as the system's user postgres, who must be able to reach
// dir and gets it as his own.
func Start(ctx context.Context, dir string) (*Server, error) {
	s, err := start(ctx, dir)
	if err != nil {
		return nil, fmt.Errorf("pgserver: %w", err)
	}
	return s, nil
}

func start(ctx context.Context, dir string) (*Server, error) {
	bin, err := binaries()
	if err != nil {
		return nil, err
	}
	dir, err = filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	if len(dir) > maxSocket {
		return nil, fmt.Errorf("%s is too long a name for a socket's folder (%d bytes at most)", dir, maxSocket)
	}
	attr, err := prepare(dir)
	if err != nil {
		return nil, err
	}
	logFile, err := os.OpenFile(filepath.Join(dir, logName), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	defer logFile.Close()

	if _, err := os.Stat(filepath.Join(dir, clusterName, "PG_VERSION")); errors.Is(err, os.ErrNotExist) {
		initdb := command(attr, dir, logFile, filepath.Join(bin, "initdb"), "--no-sync", "--no-instructions",
			"--username="+superuser, "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", filepath.Join(dir, clusterName))
		if err := initdb.Run(); err != nil {
			return nil, fmt.Errorf("initdb: %w; see %s", err, logFile.Name())
		}
	}
	s := &Server{dir: dir, exited: make(chan struct{})}
	s.cmd = command(attr, dir, logFile, filepath.Join(bin, "postgres"), "-D", filepath.Join(dir, clusterName),
		"-c", "listen_addresses=", "-c", "unix_socket_directories="+dir, "-c", "unix_socket_permissions=0700",
		"-c", "fsync=off", "-c", "full_page_writes=off", "-c", "synchronous_commit=off",
		"-c", "max_connections=200", "-c", "shared_buffers=64MB", "-c", "timezone=UTC", "-c", "log_min_messages=fatal")
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
	if s.admin, err = sql.Open("pgx", s.DSN("postgres")); err == nil {
		err = s.waitReady(ctx)
	}
	if err != nil {
		s.Stop()
		return nil, fmt.Errorf("%w; see %s", err, logFile.Name())
	}
	return s, nil
}

// DSN is the connection string of a database of this server.
func (s *Server) DSN(database string) string {
	u := url.URL{Scheme: "postgres", User: url.User(superuser), Path: "/" + database, RawQuery: url.Values{"host": {s.dir}}.Encode()}
	return u.String()
}

// CreateDatabase creates a database and returns its connection string. It is a copy of
// template, to which nobody may be connected; an empty database if that is "".
func (s *Server) CreateDatabase(ctx context.Context, name, template string) (string, error) {
	if template == "" {
		template = "template1"
	}
	q, err := quoted(name, template)
	if err != nil {
		return "", err
	}
	if _, err := s.admin.ExecContext(ctx, "CREATE DATABASE "+q[0]+" TEMPLATE "+q[1]); err != nil {
		return "", fmt.Errorf("pgserver: create database %s: %w", name, err)
	}
	return s.DSN(name), nil
}

// HasDatabase reports whether a database of that name is there.
func (s *Server) HasDatabase(ctx context.Context, name string) (bool, error) {
	var there bool
	err := s.admin.QueryRowContext(ctx, "SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)", name).Scan(&there)
	return there, err
}

// DropDatabase removes a database and ends the connections to it.
func (s *Server) DropDatabase(ctx context.Context, name string) error {
	q, err := quoted(name)
	if err != nil {
		return err
	}
	if _, err := s.admin.ExecContext(ctx, "DROP DATABASE IF EXISTS "+q[0]+" WITH (FORCE)"); err != nil {
		return fmt.Errorf("pgserver: drop database %s: %w", name, err)
	}
	return nil
}

// Stop ends the server, and its connections with it, and waits.
func (s *Server) Stop() {
	s.once.Do(func() {
		if s.admin != nil {
			_ = s.admin.Close()
		}
		_ = s.cmd.Process.Signal(syscall.SIGINT) // PostgreSQL's fast shutdown
	})
	select {
	case <-s.exited:
	case <-time.After(stopLimit):
		_ = s.cmd.Process.Signal(syscall.SIGQUIT) // its immediate shutdown
		<-s.exited
	}
}

func (s *Server) waitReady(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	for {
		err := s.admin.PingContext(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return err
		case <-s.exited:
			return fmt.Errorf("it ended at once (%s)", s.cmd.ProcessState)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// binaries is the folder of the newest PostgreSQL that Debian's packages installed.
func binaries() (string, error) {
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/postgres")
	if err != nil {
		return "", err
	}
	if len(found) == 0 {
		return "", errors.New("PostgreSQL is not installed: run `make setup`")
	}
	return filepath.Dir(slices.MaxFunc(found, func(a, b string) int { return len(a) - len(b) + strings.Compare(a, b) })), nil
}

func command(attr *syscall.SysProcAttr, dir string, out io.Writer, name string, args ...string) *exec.Cmd {
	cmd := exec.Command(name, args...)
	cmd.Dir = dir
	cmd.Env = []string{"PATH=/usr/bin:/bin", "HOME=" + dir, "LC_ALL=C.UTF-8", "TZ=UTC"}
	cmd.Stdout, cmd.Stderr = out, out
	cmd.SysProcAttr = attr
	return cmd
}

func quoted(names ...string) ([]string, error) {
	out := make([]string, len(names))
	for i, n := range names {
		if n == "" || len(n) > maxIdent || strings.ContainsRune(n, 0) {
			return nil, fmt.Errorf("pgserver: %q is no name for a database", n)
		}
		out[i] = `"` + strings.ReplaceAll(n, `"`, `""`) + `"`
	}
	return out, nil
}
