// Package spool takes in streams of unknown length: to a temporary file while hashing, so
// that memory does not grow with them and their key is known before they are put.
package spool

import (
	"context"
	"crypto/sha256"
	"encoding"
	"fmt"
	"io"
	"os"

	"congvan/storage"
)

// Spool makes temporary files in one folder. It is safe for concurrent use.
type Spool struct {
	dir   string
	limit int64
}

// New returns a spool that takes up to limit bytes for each file; dir is created when the
// first one comes.
func New(dir string, limit int64) *Spool { return &Spool{dir: dir, limit: limit} }

// Limit is the largest size in bytes that a file may have.
func (s *Spool) Limit() int64 { return s.limit }

// File is a spooled stream: random access, its key, and the state of its SHA-256, which
// a later increment of the file can continue. Its name is gone from the folder already, so
// that nothing is left of it after Close or a crash. It is safe for concurrent use.
type File struct {
	f     *os.File
	size  int64
	key   storage.Key
	state []byte
}

// Spool reads r to its end. It returns storage.ErrTooLarge beyond the limit, r's own error,
// or ctx's once ctx is done; nothing is kept then.
func (s *Spool) Spool(ctx context.Context, r io.Reader) (*File, error) {
	if err := os.MkdirAll(s.dir, 0o700); err != nil {
		return nil, fmt.Errorf("spool: %w: %w", storage.ErrUnavailable, err)
	}
	f, err := os.CreateTemp(s.dir, "spool-")
	if err != nil {
		return nil, fmt.Errorf("spool: %w: %w", storage.ErrUnavailable, err)
	}
	if err := os.Remove(f.Name()); err != nil {
		f.Close()
		return nil, fmt.Errorf("spool: %w: %w", storage.ErrUnavailable, err)
	}
	file, err := s.fill(ctx, f, r)
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("spool: %w", err)
	}
	return file, nil
}

func (s *Spool) fill(ctx context.Context, f *os.File, r io.Reader) (*File, error) {
	sum := sha256.New()
	size, err := io.Copy(io.MultiWriter(disk{f}, sum), &bounded{ctx, r, s.limit})
	if err != nil {
		return nil, err
	}
	state, err := sum.(encoding.BinaryMarshaler).MarshalBinary()
	if err != nil {
		return nil, err
	}
	return &File{f: f, size: size, key: storage.Key(sum.Sum(nil)), state: state}, nil
}

// disk tells a failed write apart from a failed read.
type disk struct{ f *os.File }

func (d disk) Write(p []byte) (int, error) {
	n, err := d.f.Write(p)
	if err != nil {
		err = fmt.Errorf("%w: %w", storage.ErrUnavailable, err)
	}
	return n, err
}

// bounded fails when more than left bytes come, or when ctx is done.
type bounded struct {
	ctx  context.Context
	r    io.Reader
	left int64
}

func (b *bounded) Read(p []byte) (int, error) {
	if err := b.ctx.Err(); err != nil {
		return 0, err
	}
	n, err := b.r.Read(p)
	b.left -= int64(n)
	if b.left < 0 {
		return 0, storage.ErrTooLarge
	}
	return n, err
}

// Key is the SHA-256 of the bytes.
func (f *File) Key() storage.Key { return f.key }

// Size is the number of bytes.
func (f *File) Size() int64 { return f.size }

// HashState is the marshalled state of crypto/sha256 after the last byte.
func (f *File) HashState() []byte { return f.state }

// ReadAt implements io.ReaderAt.
func (f *File) ReadAt(p []byte, off int64) (int, error) { return f.f.ReadAt(p, off) }

// Reader reads the file from its beginning; each call gives a reader of its own.
func (f *File) Reader() *io.SectionReader { return io.NewSectionReader(f.f, 0, f.size) }

// PutInto stores the file under its key.
func (f *File) PutInto(ctx context.Context, b storage.Blobs) error {
	return b.Put(ctx, f.key, f.size, f.Reader())
}

// Close frees the file's place on the disk.
func (f *File) Close() error { return f.f.Close() }
