package app

import (
	"context"
	"crypto/ed25519"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"time"

	"congvan/internal/flow"
	"congvan/internal/jobs"
	"congvan/internal/journal"
	"congvan/internal/store"
)

// openStore opens the database with its job queue and brings both to this version.
func (a *App) openStore(ctx context.Context, o Options) error {
	db, err := store.Open(ctx, store.Options{
		Driver: a.Config.Database.Driver, DSN: a.Config.Database.DSN, Clock: a.Clock,
		Enqueuer: func(ctx context.Context, tx *sql.Tx, j flow.Job) error {
			if o.Take != nil && !o.Take(j) {
				return nil
			}
			return a.Jobs.Enqueue(ctx, tx, j)
		},
	})
	if err != nil {
		return fmt.Errorf("database: %w", err)
	}
	a.Store = db
	a.closers = append(a.closers, db)
	a.Jobs, err = jobs.New(jobs.Options{
		Driver: a.Config.Database.Driver, DB: db.DB(), Clock: a.Clock, Logger: a.Log, Work: a.work(), Away: away(),
	})
	if err != nil {
		return err
	}
	if err := errors.Join(db.Migrate(ctx), a.Jobs.Migrate(ctx)); err != nil {
		return fmt.Errorf("database: %w", err)
	}
	return nil
}

// OpenStore opens and migrates the database alone, for commands that need nothing else.
func OpenStore(ctx context.Context, cfg Config, clock func() time.Time) (*store.Store, error) {
	a := &App{Config: cfg, Clock: clock, Log: slog.Default()}
	if err := os.MkdirAll(cfg.Data, 0o700); err != nil {
		return nil, fmt.Errorf("data folder: %w", err)
	}
	if err := a.openStore(ctx, Options{}); err != nil {
		return nil, errors.Join(err, a.Close())
	}
	return a.Store, nil
}

// OpenBeside opens the database beside a server that may be using it.
func OpenBeside(ctx context.Context, cfg Config, clock func() time.Time) (*store.Store, error) {
	return store.Open(ctx, store.Options{Driver: cfg.Database.Driver, DSN: cfg.Database.DSN, Clock: clock, Beside: true})
}

// Migrate brings the database to this version's schema.
func Migrate(ctx context.Context, cfg Config) error {
	db, err := OpenStore(ctx, cfg, time.Now)
	if err != nil {
		return err
	}
	return db.Close()
}

// VerifyJournal checks the whole journal against its checkpoints, beside a running server.
func VerifyJournal(ctx context.Context, cfg Config) (rep journal.Report, err error) {
	db, err := OpenBeside(ctx, cfg, time.Now)
	if err != nil {
		return rep, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	var keys []ed25519.PublicKey
	switch key, err := readJournalKey(cfg.Journal.KeyFile); {
	case err == nil:
		keys = append(keys, publicKey(key))
	case !errors.Is(err, fs.ErrNotExist): // without one, no checkpoint counts
		return rep, err
	}
	f, err := os.Open(cfg.Journal.CheckpointFile)
	if errors.Is(err, fs.ErrNotExist) {
		return journal.Verify(db.JournalRows(ctx), nil, keys...)
	}
	if err != nil {
		return rep, err
	}
	defer func() { _ = f.Close() }()
	return journal.Verify(db.JournalRows(ctx), f, keys...)
}
