package store_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"congvan/internal/store"
	"congvan/internal/store/pgtest"
	"congvan/internal/store/storetest"
)

func openPostgres(t testing.TB, o store.Options) *store.Store {
	t.Helper()
	o.Driver = store.Postgres
	o.DSN = pgtest.StartMigrated(t, func(ctx context.Context, dsn string) error {
		s, err := store.Open(ctx, store.Options{Driver: store.Postgres, DSN: dsn, Clock: time.Now})
		if err != nil {
			return err
		}
		return errors.Join(s.Migrate(ctx), s.Close())
	})
	return open(t, o)
}

func TestPostgres(t *testing.T) { storetest.Run(t, openPostgres) }
