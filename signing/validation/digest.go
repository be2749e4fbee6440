package validation

import (
	"crypto"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"slices"

	"congvan/signing/tsp"
)

const bufferSize = 64 << 10

// digests is the one pass over the bytes of the file: its own SHA-256 and, for every
// signature whose structure holds, the digest over its ByteRange. A running hash is
// forked at each gap, so that what several signatures cover is hashed once.
func (c *check) digests() error {
	jobs := map[crypto.Hash][]*found{crypto.SHA256: nil}
	for _, s := range c.found {
		if h := s.hash(); h.Available() && len(s.reasons) == 0 {
			jobs[h] = append(jobs[h], s)
		}
	}
	for h, list := range jobs {
		slices.SortFunc(list, func(a, b *found) int { return int(a.byteRange[1] - b.byteRange[1]) })
		running := h.New()
		var sink io.Writer = running
		if h == crypto.SHA256 { // goes over all of the file
			sink = io.MultiWriter(running, &c.watched)
		}
		var at int64
		for _, s := range list {
			if err := c.feed(sink, at, s.byteRange[1]); err != nil {
				return err
			}
			at = s.byteRange[1]
			fork, err := clone(running)
			if err != nil {
				return err
			}
			if err := c.feed(fork, s.byteRange[2], s.byteRange[2]+s.byteRange[3]); err != nil {
				return err
			}
			s.digest = fork.Sum(nil)
		}
		if h == crypto.SHA256 {
			if err := c.feed(sink, at, c.size); err != nil {
				return err
			}
			c.sum = hex.EncodeToString(running.Sum(nil))
		}
	}
	return nil
}

// hash is the algorithm that the document is hashed with for this signature.
func (s *found) hash() crypto.Hash {
	if s.cms == nil {
		return 0
	}
	switch s.subFilter {
	case subFilterSHA1, subFilterX509:
		return crypto.SHA1
	case subFilterTimestamp:
		t, err := tsp.Parse(s.contents)
		if err != nil {
			return 0
		}
		return t.Hash
	}
	return s.cms.DigestAlgorithm.Hash
}

func clone(h hash.Hash) (hash.Hash, error) {
	c, ok := h.(hash.Cloner)
	if !ok {
		return nil, fmt.Errorf("validation: %T cannot be forked", h)
	}
	return c.Clone()
}

// feed hashes the bytes between two offsets.
func (c *check) feed(h io.Writer, from, to int64) error {
	buf := c.v.buffer()
	defer c.v.release(buf)
	for from < to {
		b := (*buf)[:min(int64(len(*buf)), to-from)]
		if err := c.readAt(b, from); err != nil {
			return err
		}
		_, _ = h.Write(b) // a hash never fails
		from += int64(len(b))
	}
	return nil
}

// readAt fills b from an offset of the file.
func (c *check) readAt(b []byte, at int64) error {
	if err := c.ctx.Err(); err != nil {
		return err
	}
	n, err := c.r.ReadAt(b, at)
	if n == len(b) {
		return nil
	}
	if err == nil || errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return fmt.Errorf("validation: read %d bytes at %d: %w", len(b), at, err)
}

// fingerprint is the SHA-256 of DER bytes, in hex.
func fingerprint(der []byte) string {
	sum := sha256.Sum256(der)
	return hex.EncodeToString(sum[:])
}
