package pades

import (
	"context"
	"crypto/sha256"
	"encoding"
	"encoding/binary"
	"fmt"
	"hash"
	"io"

	"congvan/signing"
)

// prefixHash returns SHA-256 over the whole of a file, ready to be continued: from
// its kept state when that fits, else by reading it once.
func (e *Engine) prefixHash(ctx context.Context, f signing.File) (hash.Hash, error) {
	if h, ok := resume(f.HashState, f.Size); ok {
		return h, nil
	}
	h := sha256.New()
	buf := e.buffers.Get().(*[]byte)
	defer e.buffers.Put(buf)
	for at := int64(0); at < f.Size; {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		part := (*buf)[:min(int64(len(*buf)), f.Size-at)]
		if n, err := f.R.ReadAt(part, at); n < len(part) {
			if err == nil || err == io.EOF {
				err = io.ErrUnexpectedEOF
			}
			return nil, fmt.Errorf("pades: read %d bytes at %d: %w", len(part), at, err)
		}
		h.Write(part)
		at += int64(len(part))
	}
	return h, nil
}

// resume restores a kept SHA-256 state. One of another digest or build, or over
// another number of bytes than size, is not taken.
func resume(state []byte, size int64) (hash.Hash, bool) {
	h := sha256.New()
	u, ok := h.(encoding.BinaryUnmarshaler)
	if !ok || len(state) < 8 || u.UnmarshalBinary(state) != nil {
		return nil, false
	}
	// The state ends with the number of bytes hashed so far.
	return h, binary.BigEndian.Uint64(state[len(state)-8:]) == uint64(size)
}
