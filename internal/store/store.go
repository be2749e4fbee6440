// Package store keeps everything in one SQL database: SQLite for one machine, PostgreSQL 15
// for more. The SQL is written once; dialect.go holds every difference. A function that
// changes rows takes a transaction; one transaction holds the documents, the journal entry
// and the jobs of an act.
//
// Times are kept as microseconds since 1970 UTC, dates as yyyy-mm-dd with ” for none, small
// nested values as JSON text: the same in both databases.
package store

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"github.com/pressly/goose/v3"

	"congvan/internal/flow"
)

//go:embed migrations
var migrations embed.FS

// Drivers.
const (
	SQLite   = "sqlite"
	Postgres = "postgres"
)

// Options say which database and how.
type Options struct {
	Driver string           // SQLite or Postgres
	DSN    string           // SQLite: the path of the file; Postgres: a connection string
	Clock  func() time.Time // decides what is valid now

	// Enqueuer adds a job within the transaction; nil where no jobs run.
	Enqueuer func(ctx context.Context, tx *sql.Tx, j flow.Job) error

	// Beside opens a SQLite file that a server may be using: for commands beside it. All
	// others claim the file and are refused with ErrInUse when another process has it.
	Beside bool

	Connections int // of PostgreSQL; 0 means 16
}

// Store is the database. It is safe for concurrent use.
type Store struct {
	dialect dialect
	clock   func() time.Time
	enqueue func(ctx context.Context, tx *sql.Tx, j flow.Job) error
	write   *sql.DB // SQLite: one connection
	read    *sql.DB // SQLite: read only; PostgreSQL: the same pool
	lock    *os.File

	// SQLite only.
	readStmts, writeStmts *statements
	group                 *group
}

// Open opens the database; Migrate makes its tables. With SQLite the file is made if need
// be, its folder is not.
func Open(ctx context.Context, o Options) (*Store, error) {
	s := &Store{clock: o.Clock, enqueue: o.Enqueuer}
	if s.clock == nil {
		return nil, errors.New("store: a clock is needed")
	}
	var err error
	switch o.Driver {
	case SQLite:
		s.dialect = sqliteDialect{}
		err = s.openSQLite(ctx, o)
	case Postgres:
		s.dialect = postgresDialect{}
		err = s.openPostgres(ctx, o)
	default:
		return nil, fmt.Errorf("store: unknown driver %q: use %s or %s", o.Driver, SQLite, Postgres)
	}
	if err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// Close waits for running statements and lets go of the database.
func (s *Store) Close() error {
	var errs []error
	if s.read != nil && s.read != s.write {
		errs = append(errs, s.read.Close())
	}
	if s.write != nil {
		errs = append(errs, s.write.Close())
	}
	if s.lock != nil {
		errs = append(errs, s.lock.Close())
	}
	return errors.Join(errs...)
}

// DB is the pool that writes, for the job queue on the same database.
func (s *Store) DB() *sql.DB { return s.write }

// Driver is SQLite or Postgres.
func (s *Store) Driver() string { return s.dialect.name() }

// Ping tells whether the database answers.
func (s *Store) Ping(ctx context.Context) error { return s.read.PingContext(ctx) }

// Migrate brings the tables to this build's version. Of several processes on PostgreSQL
// one migrates, the others wait.
func (s *Store) Migrate(ctx context.Context) error {
	p, err := s.provider()
	if err != nil {
		return err
	}
	if _, err := p.Up(ctx); err != nil {
		return fmt.Errorf("store: migrate: %w", err)
	}
	return nil
}

// Version is the schema version of the database and the one that this build wants.
func (s *Store) Version(ctx context.Context) (have, want int64, err error) {
	p, err := s.provider()
	if err != nil {
		return 0, 0, err
	}
	if have, want, err = p.GetVersions(ctx); err != nil {
		return 0, 0, fmt.Errorf("store: schema version: %w", err)
	}
	return have, want, nil
}

func (s *Store) provider() (*goose.Provider, error) {
	dir, err := fs.Sub(migrations, "migrations/"+s.dialect.name())
	if err != nil {
		return nil, fmt.Errorf("store: migrations: %w", err)
	}
	gooseDialect, options, err := s.dialect.goose()
	if err != nil {
		return nil, fmt.Errorf("store: migrations: %w", err)
	}
	p, err := goose.NewProvider(gooseDialect, s.write, dir, options...)
	if err != nil {
		return nil, fmt.Errorf("store: migrations: %w", err)
	}
	return p, nil
}
