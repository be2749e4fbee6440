package fs

import (
	"context"
	"errors"
	iofs "io/fs"
	"os"
	"path/filepath"
	"time"

	"congvan/storage"
)

// object reads a stored file for as long as its context lives.
type object struct {
	ctx  context.Context
	f    *os.File
	size int64
}

func (o object) Size() int64  { return o.size }
func (o object) Close() error { return o.f.Close() }

func (o object) ReadAt(p []byte, off int64) (int, error) {
	if err := o.ctx.Err(); err != nil {
		return 0, err
	}
	return o.f.ReadAt(p, off)
}

// Retain implements storage.Blobs. The time is kept beside the object, in whole seconds
// rounded up, for whoever may remove files one day.
func (s *Store) Retain(ctx context.Context, key storage.Key, until time.Time) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if _, err := os.Stat(s.path(key)); err != nil {
		return wrap("retain", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	have, err := s.retention(key)
	if err != nil {
		return wrap("retain", err)
	}
	want := storage.RetentionTime(until)
	if want.Before(have) {
		return wrap("retain", storage.ErrRetained)
	}
	if want.Equal(have) {
		return nil
	}
	return wrap("retain", s.writeTemp(func(f *os.File) error {
		_, err := f.WriteString(want.Format(time.RFC3339))
		return err
	}, func(tmp string) error {
		if err := os.Rename(tmp, s.path(key)+".retain"); err != nil {
			return err
		}
		return syncDir(filepath.Dir(s.path(key)))
	}))
}

// retention reads the kept time; zero when there is none.
func (s *Store) retention(key storage.Key) (time.Time, error) {
	b, err := os.ReadFile(s.path(key) + ".retain")
	if errors.Is(err, iofs.ErrNotExist) {
		return time.Time{}, nil
	}
	if err != nil {
		return time.Time{}, err
	}
	return time.Parse(time.RFC3339, string(b))
}
