package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	_ "modernc.org/sqlite" // the driver "sqlite"
)

// ErrInUse says that another process serves this database file.
var ErrInUse = errors.New("the database file is in use")

const (
	busyTimeout     = 10 * time.Second // a command beside the server may be writing
	readConnections = 8
	poolSize        = 16
)

// openSQLite opens the file twice: one connection that writes, and some that only read.
// WAL lets them read while it writes; synchronous FULL makes a commit survive a power cut.
func (s *Store) openSQLite(ctx context.Context, o Options) error {
	if o.DSN == "" {
		return errors.New("store: the path of the SQLite file is missing")
	}
	if !o.Beside {
		if err := s.claim(o.DSN + ".lock"); err != nil {
			return err
		}
	}
	f, err := os.OpenFile(o.DSN, os.O_CREATE|os.O_RDWR, 0o600) // its companions get the same mode
	if err != nil {
		return fmt.Errorf("store: open the database: %w", err)
	}
	_ = f.Close()
	pragmas := []string{
		fmt.Sprintf("busy_timeout(%d)", busyTimeout.Milliseconds()), "foreign_keys(1)",
		"journal_mode(WAL)", "synchronous(FULL)", "temp_store(MEMORY)", "cache_size(-16384)",
	}
	if s.write, err = sql.Open("sqlite", sqliteDSN(o.DSN, "immediate", pragmas...)); err != nil {
		return fmt.Errorf("store: open %s: %w", o.DSN, err)
	}
	s.write.SetMaxOpenConns(1)
	s.write.SetMaxIdleConns(1)
	if err := s.write.PingContext(ctx); err != nil {
		return fmt.Errorf("store: open %s: %w", o.DSN, err)
	}
	if s.read, err = sql.Open("sqlite", sqliteDSN(o.DSN, "deferred", pragmas[0], pragmas[1], "query_only(1)", "temp_store(MEMORY)")); err != nil {
		return fmt.Errorf("store: open %s: %w", o.DSN, err)
	}
	s.read.SetMaxOpenConns(readConnections)
	s.read.SetMaxIdleConns(readConnections)
	s.readStmts, s.writeStmts = newStatements(s.read), newStatements(s.write)
	s.group = &group{s: s}
	return nil
}

func sqliteDSN(path, begin string, pragmas ...string) string {
	q := url.Values{"_txlock": {begin}, "_pragma": pragmas}
	return "file:" + (&url.URL{Path: path}).EscapedPath() + "?" + q.Encode()
}

// claim takes the file for this process until Close; the lock dies with the process.
func (s *Store) claim(path string) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return fmt.Errorf("store: claim the database: %w", err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		holder, _ := io.ReadAll(io.LimitReader(f, 32))
		_ = f.Close()
		if !errors.Is(err, syscall.EWOULDBLOCK) {
			return fmt.Errorf("store: claim the database: %w", err)
		}
		return fmt.Errorf("store: %w: process %s serves %s; stop it first, or use another data folder",
			ErrInUse, strings.TrimSpace(string(holder)), strings.TrimSuffix(path, ".lock"))
	}
	s.lock = f
	err = f.Truncate(0)
	if err == nil {
		_, err = f.WriteAt([]byte(strconv.Itoa(os.Getpid())+"\n"), 0)
	}
	if err != nil {
		return fmt.Errorf("store: claim the database: %w", err)
	}
	return nil
}

func (s *Store) openPostgres(ctx context.Context, o Options) error {
	c, err := pgx.ParseConfig(o.DSN)
	if err != nil {
		return fmt.Errorf("store: connection string: %w", err)
	}
	if c.RuntimeParams["application_name"] == "" {
		c.RuntimeParams["application_name"] = "congvan"
	}
	s.write = stdlib.OpenDB(*c)
	s.read = s.write
	n := o.Connections
	if n <= 0 {
		n = poolSize
	}
	s.write.SetMaxOpenConns(n)
	s.write.SetMaxIdleConns(n)
	s.write.SetConnMaxLifetime(30 * time.Minute)
	if err := s.write.PingContext(ctx); err != nil {
		return fmt.Errorf("store: connect to PostgreSQL at %s: %w", c.Host, err)
	}
	return nil
}
