package pgtest_test

import (
	"context"
	"database/sql"
	"os"
	"strings"
	"sync/atomic"
	"testing"

	_ "github.com/jackc/pgx/v5/stdlib"

	"congvan/internal/store/pgtest"
	"congvan/internal/store/pgtest/pgserver"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }

func connect(t *testing.T, dsn string) *sql.DB {
	t.Helper()
	db, err := sql.Open("pgx", dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

func exec(t *testing.T, db *sql.DB, q string) {
	t.Helper()
	if _, err := db.ExecContext(t.Context(), q); err != nil {
		t.Fatalf("%s: %v", q, err)
	}
}

func TestEachTestHasADatabaseOfItsOwn(t *testing.T) {
	a, b := connect(t, pgtest.Start(t)), connect(t, pgtest.Start(t))
	exec(t, a, "CREATE TABLE only_here (x text)")
	var n int
	if err := b.QueryRowContext(t.Context(), "SELECT count(*) FROM pg_tables WHERE tablename = 'only_here'").Scan(&n); err != nil || n != 0 {
		t.Errorf("a table of one database is in another: %d, %v", n, err)
	}
	var version, encoding, zone string
	if err := a.QueryRowContext(t.Context(), "SELECT current_setting('server_version'), current_setting('server_encoding'), current_setting('timezone')").Scan(&version, &encoding, &zone); err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(version, "15.") || encoding != "UTF8" || zone != "UTC" {
		t.Errorf("version %s, encoding %s, time zone %s; want 15, UTF8, UTC", version, encoding, zone)
	}
	exec(t, a, "CREATE EXTENSION pg_trgm") // search needs it
}

func TestMigrationRunsOnce(t *testing.T) {
	var runs atomic.Int32
	migrate := func(ctx context.Context, dsn string) error {
		runs.Add(1)
		db, err := sql.Open("pgx", dsn)
		if err != nil {
			return err
		}
		defer db.Close()
		_, err = db.ExecContext(ctx, "CREATE TABLE documents (subject text)")
		return err
	}
	for range 3 {
		exec(t, connect(t, pgtest.StartMigrated(t, migrate)), "INSERT INTO documents VALUES ('về việc thử nghiệm')")
	}
	if runs.Load() != 1 {
		t.Errorf("the migration ran %d times, want once", runs.Load())
	}
}

func TestServerKeepsItsDataOverARestart(t *testing.T) {
	dir, err := os.MkdirTemp("", "pgserver-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	for turn := range 2 {
		server, err := pgserver.Start(t.Context(), dir)
		if err != nil {
			t.Fatal(err)
		}
		there, err := server.HasDatabase(t.Context(), `tên "lạ"`)
		if err != nil || there != (turn == 1) {
			t.Errorf("turn %d: HasDatabase = %t, %v", turn, there, err)
		}
		if !there {
			if _, err := server.CreateDatabase(t.Context(), `tên "lạ"`, ""); err != nil {
				t.Error(err)
			}
		}
		server.Stop()
		server.Stop()
		if err := connect(t, server.DSN("postgres")).PingContext(t.Context()); err == nil {
			t.Error("the server answers after Stop")
		}
	}
}

func TestFolderOutOfReach(t *testing.T) {
	long := t.TempDir() + "/" + strings.Repeat("x", 100)
	if _, err := pgserver.Start(t.Context(), long); err == nil || !strings.Contains(err.Error(), "too long") {
		t.Errorf("Start in a folder with a long name = %v", err)
	}
	if os.Getuid() != 0 {
		return
	}
	closed := t.TempDir()
	if err := os.Chmod(closed, 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := pgserver.Start(t.Context(), closed+"/x"); err == nil || !strings.Contains(err.Error(), "cannot reach") {
		t.Errorf("Start in a folder that postgres cannot reach = %v", err)
	}
}
