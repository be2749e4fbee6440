package store_test

import (
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"congvan/internal/store"
	"congvan/internal/store/pgtest"
	"congvan/internal/store/storetest"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }

// open opens and migrates a store that is closed when the test ends.
func open(t testing.TB, o store.Options) *store.Store {
	t.Helper()
	s, err := store.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	if err := s.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	return s
}

func openSQLite(t testing.TB, o store.Options) *store.Store {
	t.Helper()
	o.Driver, o.DSN = store.SQLite, filepath.Join(t.TempDir(), "a b?&#%.db")
	return open(t, o)
}

func TestSQLite(t *testing.T) { storetest.Run(t, openSQLite) }

func TestSecondServerIsRefused(t *testing.T) {
	o := store.Options{Driver: store.SQLite, DSN: filepath.Join(t.TempDir(), "congvan.db"), Clock: time.Now}
	first, err := store.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	_, err = store.Open(t.Context(), o)
	if !errors.Is(err, store.ErrInUse) || !strings.Contains(err.Error(), "process "+strconv.Itoa(os.Getpid())) {
		t.Errorf("a second server: %v", err)
	}
	beside := o
	beside.Beside = true
	command, err := store.Open(t.Context(), beside)
	if err != nil {
		t.Fatalf("a command beside the server: %v", err)
	}
	if err := errors.Join(command.Close(), first.Close()); err != nil {
		t.Fatal(err)
	}
	again, err := store.Open(t.Context(), o)
	if err != nil {
		t.Fatalf("after the first has ended: %v", err)
	}
	if err := again.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestOpenRefuses(t *testing.T) {
	for _, o := range []store.Options{
		{Driver: store.SQLite, DSN: "x.db"},
		{Driver: "oracle", Clock: time.Now},
		{Driver: store.SQLite, Clock: time.Now},
		{Driver: store.SQLite, DSN: filepath.Join(t.TempDir(), "none", "x.db"), Clock: time.Now},
		{Driver: store.Postgres, DSN: "postgres://%zz", Clock: time.Now},
		{Driver: store.Postgres, DSN: "postgres://127.0.0.1:1/none?connect_timeout=1", Clock: time.Now},
	} {
		if s, err := store.Open(t.Context(), o); err == nil {
			t.Errorf("%+v opened", o)
			_ = s.Close()
		}
	}
}

func TestMigrateTwice(t *testing.T) {
	s := openSQLite(t, store.Options{Clock: time.Now})
	if err := s.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	have, want, err := s.Version(t.Context())
	if err != nil || have != want || want == 0 {
		t.Errorf("version %d of %d, %v", have, want, err)
	}
}
