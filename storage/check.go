package storage

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"
	"time"
)

// ComposeCopyMin is the prefix size in bytes from which Compose may leave the copying to
// the backend; below it the bytes pass through this process and are checked against the
// key. It is the smallest part that an S3 multipart upload accepts.
const ComposeCopyMin = 5 << 20

// Checked passes a reader's bytes on and holds back the last of them until all have been
// compared with a key: whoever copies it to the end without an error has exactly the
// expected bytes. It is not safe for concurrent use.
type Checked struct {
	ctx  context.Context
	r    io.Reader
	key  Key
	left int64
	sum  hash.Hash
	err  error // io.EOF after the last checked byte
}

// NewChecked reads r, which must hold exactly size bytes whose SHA-256 is key; Read
// returns ErrChecksum otherwise, and ctx's error once ctx is done.
func NewChecked(ctx context.Context, r io.Reader, key Key, size int64) *Checked {
	c := &Checked{ctx: ctx, r: r, key: key, left: size, sum: sha256.New()}
	if size < 0 {
		c.err = fmt.Errorf("%w: %s is announced with %d bytes", ErrChecksum, key, size)
	}
	return c
}

// Read implements io.Reader.
func (c *Checked) Read(p []byte) (int, error) {
	if c.err == nil {
		c.err = c.ctx.Err()
	}
	if c.err != nil {
		return 0, c.err
	}
	if c.left == 0 {
		c.err = c.finish()
		return 0, c.err
	}
	if int64(len(p)) > c.left {
		p = p[:c.left]
	}
	n, err := c.r.Read(p)
	c.sum.Write(p[:n])
	c.left -= int64(n)
	switch {
	case c.left == 0:
		if c.err = c.finish(); !errors.Is(c.err, io.EOF) {
			return 0, c.err
		}
		return n, nil
	case errors.Is(err, io.EOF):
		c.err = fmt.Errorf("%w: %s ended %d bytes early", ErrChecksum, c.key, c.left)
		return 0, c.err
	case err != nil:
		c.err = err
	}
	return n, err
}

// Err is what stopped the reading: nil at the checked end or before it. Backends ask it
// because clients in between tend to replace a reader's error by their own.
func (c *Checked) Err() error {
	if errors.Is(c.err, io.EOF) {
		return nil
	}
	return c.err
}

// Complete reports whether every byte was read and checked.
func (c *Checked) Complete() bool { return errors.Is(c.err, io.EOF) }

func (c *Checked) finish() error {
	var extra [1]byte
	if n, err := io.ReadFull(c.r, extra[:]); n > 0 {
		return fmt.Errorf("%w: %s is longer than announced", ErrChecksum, c.key)
	} else if !errors.Is(err, io.EOF) {
		return err
	}
	if got := Key(c.sum.Sum(nil)); got != c.key {
		return fmt.Errorf("%w: want %s, got %s", ErrChecksum, c.key, got)
	}
	return io.EOF
}

// Verify reads the object back and returns ErrChecksum unless its bytes hash to key.
func Verify(ctx context.Context, b Blobs, key Key) error {
	obj, err := b.Open(ctx, key)
	if err != nil {
		return err
	}
	defer obj.Close()
	src := NewChecked(ctx, io.NewSectionReader(obj, 0, obj.Size()), key, obj.Size())
	_, err = io.Copy(io.Discard, src)
	return err
}

// RetentionTime is the moment that a backend keeps for until: UTC in whole seconds,
// rounded up, as S3 object lock writes it.
func RetentionTime(until time.Time) time.Time {
	return until.UTC().Add(time.Second - 1).Truncate(time.Second)
}
