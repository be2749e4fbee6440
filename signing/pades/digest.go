package pades

import (
	"context"
	"crypto"
	"fmt"
	"hash"
	"io"

	"congvan/signing"
)

// digestOf is the digest that a request asks for; SHA-1 and everything else that is
// not of the SHA-2 family is refused before a key is asked.
func digestOf(h crypto.Hash) (crypto.Hash, error) {
	switch h {
	case 0:
		return crypto.SHA256, nil
	case crypto.SHA256, crypto.SHA384, crypto.SHA512:
		return h, nil
	}
	return 0, fmt.Errorf("pades: digest %v; SHA-256, SHA-384 or SHA-512", h)
}

// prefixHash returns the digest over the whole of a file, ready to be continued: from
// its kept state when that fits, else by reading it once.
func (e *Engine) prefixHash(ctx context.Context, f signing.File, digest crypto.Hash) (hash.Hash, error) {
	if h := f.Hashed(digest); h != nil {
		return h, nil
	}
	h := digest.New()
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
