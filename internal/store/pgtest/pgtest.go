// Package pgtest gives each test a PostgreSQL database of its own, on one server for the
// test binary that starts with the first test that asks and ends with the last.
//
//	func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }
//
//	func TestStore(t *testing.T) { dsn := pgtest.Start(t) … }
package pgtest

import (
	"context"
	"fmt"
	"os"
	"sync"
	"testing"

	"congvan/internal/store/pgtest/pgserver"
)

// shared is the server of this test binary. Test support is the one place where a package
// keeps state: Go runs all tests of a binary between the start and the end of Main.
var shared struct {
	mu        sync.Mutex
	inMain    bool
	server    *pgserver.Server
	dir       string
	databases int
	template  string // its name once it is migrated
	err       error  // why the server does not start: told to every test
}

// Main runs the tests and then stops the server and removes its folder. It returns the exit
// code for TestMain.
func Main(m *testing.M) int {
	shared.mu.Lock()
	shared.inMain = true
	shared.mu.Unlock()
	defer func() {
		if shared.server != nil {
			shared.server.Stop()
		}
		if shared.dir != "" {
			_ = os.RemoveAll(shared.dir)
		}
	}()
	return m.Run()
}

// Start returns the connection string of an empty database that is dropped when the test
// ends.
func Start(t testing.TB) string {
	t.Helper()
	shared.mu.Lock()
	defer shared.mu.Unlock()
	return create(t, "")
}

// StartMigrated is Start with the tables in place: migrate runs once in this test binary,
// on a database that the following ones are copied from. It must close its connections.
func StartMigrated(t testing.TB, migrate func(ctx context.Context, dsn string) error) string {
	t.Helper()
	shared.mu.Lock()
	defer shared.mu.Unlock()
	if shared.template == "" {
		server := running(t)
		const name = "migrated"
		if err := server.DropDatabase(t.Context(), name); err != nil {
			t.Fatal(err)
		}
		dsn, err := server.CreateDatabase(t.Context(), name, "")
		if err != nil {
			t.Fatal(err)
		}
		if err := migrate(t.Context(), dsn); err != nil {
			t.Fatalf("pgtest: migrate: %v", err)
		}
		shared.template = name
	}
	return create(t, shared.template)
}

func create(t testing.TB, template string) string {
	t.Helper()
	server := running(t)
	shared.databases++
	name := fmt.Sprintf("test_%d", shared.databases)
	dsn, err := server.CreateDatabase(t.Context(), name, template)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.DropDatabase(context.Background(), name); err != nil {
			t.Errorf("pgtest: %v", err)
		}
	})
	return dsn
}

// running starts the server at its first call. It wants shared.mu held.
func running(t testing.TB) *pgserver.Server {
	t.Helper()
	if !shared.inMain {
		t.Fatal("pgtest: this package's TestMain must call pgtest.Main")
	}
	if shared.server == nil && shared.err == nil {
		shared.dir, shared.err = os.MkdirTemp("", "pgtest-")
		if shared.err == nil {
			shared.server, shared.err = pgserver.Start(context.Background(), shared.dir)
		}
	}
	if shared.err != nil {
		t.Fatal(shared.err)
	}
	return shared.server
}
