// Package fs keeps objects in a folder of this machine: each under its hash, written
// once, flushed to the disk before it is visible.
//
// Layout: ab/cd/abcd… for the object, the same name with .retain for its retention,
// tmp/ for what is being written. Folders are 0700 and files 0600.
package fs

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	iofs "io/fs"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"congvan/storage"
)

const (
	tmpDir      = "tmp"
	tmpLifetime = 24 * time.Hour
	copyChunk   = 8 << 20 // bytes copied between two looks at the context
)

// Store implements storage.Blobs in a folder.
type Store struct {
	root    string
	mu      sync.Mutex          // guards durable and every change of a retention
	durable map[string]struct{} // folders known to be on the disk
}

var _ storage.Blobs = (*Store)(nil)

// Open prepares dir, creating it if need be, and removes what a crash left half written
// more than a day before now.
func Open(dir string, now time.Time) (*Store, error) {
	s := &Store{root: dir, durable: map[string]struct{}{}}
	if err := os.MkdirAll(filepath.Join(dir, tmpDir), 0o700); err != nil {
		return nil, wrap("open", err)
	}
	return s, wrap("open", s.sweep(now.Add(-tmpLifetime)))
}

func (s *Store) sweep(before time.Time) error {
	entries, err := os.ReadDir(filepath.Join(s.root, tmpDir))
	if err != nil {
		return err
	}
	for _, e := range entries {
		info, err := e.Info()
		if err != nil || !info.Mode().IsRegular() || !info.ModTime().Before(before) {
			continue // gone meanwhile, not ours, or still young
		}
		if err := os.Remove(filepath.Join(s.root, tmpDir, e.Name())); err != nil && !errors.Is(err, iofs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// Put implements storage.Blobs.
func (s *Store) Put(ctx context.Context, key storage.Key, size int64, r io.Reader) error {
	if done, err := s.settled(ctx, key, size); done || err != nil {
		return wrap("put", err)
	}
	return wrap("put", s.create(key, func(f *os.File) error {
		_, err := io.Copy(f, storage.NewChecked(ctx, r, key, size))
		return err
	}))
}

// Compose implements storage.Blobs. The kernel copies a large prefix (copy_file_range).
func (s *Store) Compose(ctx context.Context, key, prefix storage.Key, tail []byte) error {
	src, err := os.Open(s.path(prefix))
	if err != nil {
		return wrap("compose", err)
	}
	defer src.Close()
	info, err := src.Stat()
	if err != nil {
		return wrap("compose", err)
	}
	size := info.Size() + int64(len(tail))
	if done, err := s.settled(ctx, key, size); done || err != nil {
		return wrap("compose", err)
	}
	return wrap("compose", s.create(key, func(f *os.File) error {
		if info.Size() < storage.ComposeCopyMin {
			both := io.MultiReader(src, bytes.NewReader(tail))
			_, err := io.Copy(f, storage.NewChecked(ctx, both, key, size))
			return err
		}
		for left := info.Size(); left > 0; left -= copyChunk {
			if err := ctx.Err(); err != nil {
				return err
			}
			if _, err := io.CopyN(f, src, min(left, copyChunk)); err != nil {
				return err
			}
		}
		_, err := f.Write(tail)
		return err
	}))
}

// Open implements storage.Blobs.
func (s *Store) Open(ctx context.Context, key storage.Key) (storage.Object, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	f, err := os.Open(s.path(key))
	if err != nil {
		return nil, wrap("open", err)
	}
	info, err := f.Stat()
	if err != nil {
		f.Close()
		return nil, wrap("open", err)
	}
	return object{ctx, f, info.Size()}, nil
}

// Stat implements storage.Blobs.
func (s *Store) Stat(ctx context.Context, key storage.Key) (storage.Info, error) {
	if err := ctx.Err(); err != nil {
		return storage.Info{}, err
	}
	info, err := os.Stat(s.path(key))
	if err != nil {
		return storage.Info{}, wrap("stat", err)
	}
	until, err := s.retention(key)
	if err != nil {
		return storage.Info{}, wrap("stat", err)
	}
	return storage.Info{Key: key, Size: info.Size(), RetainUntil: until}, nil
}

// settled reports whether key is already stored and safely on the disk.
func (s *Store) settled(ctx context.Context, key storage.Key, size int64) (bool, error) {
	if err := ctx.Err(); err != nil {
		return false, err
	}
	info, err := os.Stat(s.path(key))
	if errors.Is(err, iofs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	if info.Size() != size {
		return false, fmt.Errorf("%w: %s is stored with %d bytes, not %d", storage.ErrChecksum, key, info.Size(), size)
	}
	// Its writer may not have flushed the folder yet; our caller relies on it now.
	return true, syncDir(filepath.Dir(s.path(key)))
}

// create makes key's file from what write puts into it: nothing is visible under the
// name before every byte is on the disk.
func (s *Store) create(key storage.Key, write func(*os.File) error) error {
	final := s.path(key)
	if err := s.makeDirs(key); err != nil {
		return err
	}
	return s.writeTemp(write, func(tmp string) error {
		err := os.Link(tmp, final)
		if err != nil && !errors.Is(err, iofs.ErrExist) { // a concurrent writer of the same bytes won
			return err
		}
		return syncDir(filepath.Dir(final))
	})
}

// writeTemp writes and flushes a temporary file, hands its name to publish and removes
// what is left of it.
func (s *Store) writeTemp(write func(*os.File) error, publish func(tmp string) error) error {
	f, err := os.CreateTemp(filepath.Join(s.root, tmpDir), "put-")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	err = write(f)
	if err == nil {
		err = f.Sync()
	}
	if closeErr := f.Close(); err == nil {
		err = closeErr
	}
	if err != nil {
		return err
	}
	return publish(f.Name())
}

// makeDirs creates ab and ab/cd and flushes their parents, once for each.
func (s *Store) makeDirs(key storage.Key) error {
	leaf := filepath.Dir(s.path(key))
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, dir := range []string{filepath.Dir(leaf), leaf} {
		if _, known := s.durable[dir]; known {
			continue
		}
		if err := os.Mkdir(dir, 0o700); err != nil && !errors.Is(err, iofs.ErrExist) {
			return err
		}
		if err := syncDir(filepath.Dir(dir)); err != nil {
			return err
		}
		s.durable[dir] = struct{}{}
	}
	return nil
}

func (s *Store) path(key storage.Key) string {
	name := key.String()
	return filepath.Join(s.root, name[:2], name[2:4], name)
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	err = d.Sync()
	if closeErr := d.Close(); err == nil {
		err = closeErr
	}
	return err
}

// wrap names the operation and gives the error its kind.
func wrap(op string, err error) error {
	var kind error
	switch {
	case err == nil:
		return nil
	case errors.Is(err, iofs.ErrNotExist):
		kind = storage.ErrNotFound
	case errors.Is(err, iofs.ErrPermission):
		kind = storage.ErrDenied
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT), errors.Is(err, syscall.EIO), errors.Is(err, syscall.EMFILE):
		kind = storage.ErrUnavailable
	default:
		return fmt.Errorf("fs: %s: %w", op, err)
	}
	return fmt.Errorf("fs: %s: %w: %w", op, kind, err)
}
