// Package memory keeps objects in memory, for tests. It fails the test when stored bytes
// were changed behind its back.
package memory

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"sync"
	"time"

	"congvan/storage"
)

// T is what the store needs of *testing.T.
type T interface {
	Helper()
	Errorf(format string, args ...any)
	Cleanup(func())
}

// Store implements storage.Blobs in memory. Unlike the others it checks every composed
// object, so that a wrong continued hash shows in the test that made it.
type Store struct {
	t       T
	mu      sync.RWMutex
	objects map[storage.Key]stored
}

type stored struct {
	bytes []byte
	until time.Time
}

var _ storage.Blobs = (*Store)(nil)

// New returns an empty store that lives as long as the test.
func New(t T) *Store {
	s := &Store{t: t, objects: map[storage.Key]stored{}}
	t.Cleanup(s.check)
	return s
}

// check reports objects whose bytes no longer match their key.
func (s *Store) check() {
	s.t.Helper()
	s.mu.RLock()
	defer s.mu.RUnlock()
	for key, o := range s.objects {
		if sha256.Sum256(o.bytes) != key {
			s.t.Errorf("memory: the bytes stored under %s were changed", key)
		}
	}
}

// Put implements storage.Blobs.
func (s *Store) Put(ctx context.Context, key storage.Key, size int64, r io.Reader) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if there, err := s.have(key, size); there || err != nil {
		return err
	}
	b, err := io.ReadAll(storage.NewChecked(ctx, r, key, size))
	if err != nil {
		return fmt.Errorf("memory: put: %w", err)
	}
	s.add(key, b)
	return nil
}

// Compose implements storage.Blobs.
func (s *Store) Compose(ctx context.Context, key, prefix storage.Key, tail []byte) error {
	head, err := s.get(ctx, prefix)
	if err != nil {
		return err
	}
	size := int64(len(head.bytes) + len(tail))
	return s.Put(ctx, key, size, io.MultiReader(bytes.NewReader(head.bytes), bytes.NewReader(tail)))
}

// Open implements storage.Blobs.
func (s *Store) Open(ctx context.Context, key storage.Key) (storage.Object, error) {
	o, err := s.get(ctx, key)
	if err != nil {
		return nil, err
	}
	return object{ctx, bytes.NewReader(o.bytes)}, nil
}

// Stat implements storage.Blobs.
func (s *Store) Stat(ctx context.Context, key storage.Key) (storage.Info, error) {
	o, err := s.get(ctx, key)
	if err != nil {
		return storage.Info{}, err
	}
	return storage.Info{Key: key, Size: int64(len(o.bytes)), RetainUntil: o.until}, nil
}

// Retain implements storage.Blobs.
func (s *Store) Retain(ctx context.Context, key storage.Key, until time.Time) error {
	if _, err := s.get(ctx, key); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	o, want := s.objects[key], storage.RetentionTime(until)
	if want.Before(o.until) {
		return fmt.Errorf("memory: retain %s: %w", key, storage.ErrRetained)
	}
	o.until = want
	s.objects[key] = o
	return nil
}

// Keys lists what is stored, in no order.
func (s *Store) Keys() []storage.Key {
	s.mu.RLock()
	defer s.mu.RUnlock()
	keys := make([]storage.Key, 0, len(s.objects))
	for k := range s.objects {
		keys = append(keys, k)
	}
	return keys
}

func (s *Store) get(ctx context.Context, key storage.Key) (stored, error) {
	if err := ctx.Err(); err != nil {
		return stored{}, err
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	o, ok := s.objects[key]
	if !ok {
		return stored{}, fmt.Errorf("memory: %s: %w", key, storage.ErrNotFound)
	}
	return o, nil
}

func (s *Store) have(key storage.Key, size int64) (bool, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	o, ok := s.objects[key]
	if ok && int64(len(o.bytes)) != size {
		return true, fmt.Errorf("memory: %w: %s is stored with %d bytes, not %d", storage.ErrChecksum, key, len(o.bytes), size)
	}
	return ok, nil
}

func (s *Store) add(key storage.Key, b []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, ok := s.objects[key]; !ok {
		s.objects[key] = stored{bytes: b}
	}
}

// object reads stored bytes for as long as its context lives.
type object struct {
	ctx context.Context
	r   *bytes.Reader
}

func (o object) Size() int64  { return o.r.Size() }
func (o object) Close() error { return nil }

func (o object) ReadAt(p []byte, off int64) (int, error) {
	if err := o.ctx.Err(); err != nil {
		return 0, err
	}
	return o.r.ReadAt(p, off)
}
