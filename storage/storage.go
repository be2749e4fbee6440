// Package storage is the port to where files are kept: content-addressed,
// create-only objects. Backends: fs (one machine), s3 (minio-go) and memory (tests).
// It knows nothing of agencies, documents or signatures.
package storage

import (
	"context"
	"encoding/hex"
	"errors"
	"io"
	"time"
)

// Key names an object by the SHA-256 of its bytes.
type Key [32]byte

// String is the key in lower-case hex.
func (k Key) String() string { return hex.EncodeToString(k[:]) }

// ParseKey reads the hex form; it returns ErrBadKey for anything else.
func ParseKey(s string) (Key, error) {
	var k Key
	b, err := hex.DecodeString(s)
	if err != nil || len(b) != len(k) {
		return k, ErrBadKey
	}
	copy(k[:], b)
	return k, nil
}

// Errors that callers tell apart; every backend wraps its own into these. All but
// ErrUnavailable are permanent: a retry will not help.
var (
	ErrBadKey      = errors.New("storage: key is not a SHA-256 in hex")
	ErrNotFound    = errors.New("storage: no such object")
	ErrChecksum    = errors.New("storage: bytes do not match their key")
	ErrTooLarge    = errors.New("storage: larger than the limit")
	ErrDenied      = errors.New("storage: access denied")
	ErrRetained    = errors.New("storage: object is under retention")
	ErrUnavailable = errors.New("storage: not available now")
)

// Info describes a stored object.
type Info struct {
	Key         Key
	Size        int64
	RetainUntil time.Time // zero: no retention
}

// Object is an open object: random access and a size; Close releases it. ReadAt is
// safe for concurrent use.
type Object interface {
	io.ReaderAt
	io.Closer
	Size() int64
}

// Blobs keeps objects. Every method is safe for concurrent use and honours ctx.
type Blobs interface {
	// Put stores exactly size bytes of r under key and checks them against it. An
	// object that is already there is a success and is not rewritten. On error nothing is
	// visible under key.
	Put(ctx context.Context, key Key, size int64, r io.Reader) error
	// Compose stores prefix's bytes followed by tail under key, without sending the
	// prefix through this process where the backend can. The caller vouches for key
	// (it continued the prefix's hash); Verify tells whether it was right.
	Compose(ctx context.Context, key, prefix Key, tail []byte) error
	// Open opens an object for ranged reading; ErrNotFound if there is none.
	Open(ctx context.Context, key Key) (Object, error)
	// Stat tells size and retention; ErrNotFound if there is none.
	Stat(ctx context.Context, key Key) (Info, error)
	// Retain forbids removal until the given time; it can be extended, never cut.
	Retain(ctx context.Context, key Key, until time.Time) error
}
