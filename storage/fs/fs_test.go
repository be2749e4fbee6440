package fs_test

import (
	"bytes"
	"errors"
	iofs "io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"congvan/storage"
	"congvan/storage/fs"
	"congvan/storage/storagetest"
)

func open(t *testing.T, dir string, now time.Time) *fs.Store {
	t.Helper()
	s, err := fs.Open(dir, now)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestConformance(t *testing.T) {
	storagetest.Run(t, func(t *testing.T) storage.Blobs {
		dir := t.TempDir()
		t.Cleanup(func() { checkTidy(t, dir) })
		return open(t, dir, time.Now())
	})
}

func TestMemoryOfLargeObjects(t *testing.T) {
	storagetest.RunMemory(t, open(t, t.TempDir(), time.Now()))
}

// checkTidy looks at the folder as an operator would: no half-written files, no access
// for others, every object under its own name.
func checkTidy(t *testing.T, dir string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d iofs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		rel, _ := filepath.Rel(dir, path)
		switch {
		case rel == ".":
		case d.IsDir() && info.Mode().Perm() != 0o700:
			t.Errorf("folder %s has mode %o, want 700", rel, info.Mode().Perm())
		case d.IsDir():
		case info.Mode().Perm() != 0o600:
			t.Errorf("file %s has mode %o, want 600", rel, info.Mode().Perm())
		case strings.HasPrefix(rel, "tmp"):
			t.Errorf("%s was left behind", rel)
		default:
			name := strings.TrimSuffix(d.Name(), ".retain")
			if _, err := storage.ParseKey(name); err != nil || rel[:len(rel)-len(d.Name())] != name[:2]+"/"+name[2:4]+"/" {
				t.Errorf("%s is not where its key says", rel)
			}
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

func TestReopenFindsWhatWasStored(t *testing.T) {
	dir := t.TempDir()
	b, key := storagetest.Bytes(1, 1000)
	if err := open(t, dir, time.Now()).Put(t.Context(), key, 1000, bytes.NewReader(b)); err != nil {
		t.Fatal(err)
	}
	if err := storage.Verify(t.Context(), open(t, dir, time.Now()), key); err != nil {
		t.Error(err)
	}
}

func TestOpenRemovesOnlyOldTemporaryFiles(t *testing.T) {
	dir, now := t.TempDir(), time.Now()
	open(t, dir, now)
	left := filepath.Join(dir, "tmp", "put-left")
	if err := os.WriteFile(left, []byte("half"), 0o600); err != nil {
		t.Fatal(err)
	}
	open(t, dir, now.Add(23*time.Hour))
	if _, err := os.Stat(left); err != nil {
		t.Errorf("a temporary file of today is gone: %v", err)
	}
	open(t, dir, now.Add(25*time.Hour))
	if _, err := os.Stat(left); !errors.Is(err, iofs.ErrNotExist) {
		t.Errorf("a temporary file older than a day is still there: %v", err)
	}
}

func TestDamageOnDiskIsFound(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, time.Now())
	b, key := storagetest.Bytes(2, 1000)
	if err := s.Put(t.Context(), key, 1000, bytes.NewReader(b)); err != nil {
		t.Fatal(err)
	}
	name := key.String()
	path := filepath.Join(dir, name[:2], name[2:4], name)
	b[500] ^= 1
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := storage.Verify(t.Context(), s, key); !errors.Is(err, storage.ErrChecksum) {
		t.Errorf("Verify of a changed file = %v, want ErrChecksum", err)
	}
}
