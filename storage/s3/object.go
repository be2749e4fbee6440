package s3

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/minio/minio-go/v7"

	"congvan/storage"
)

const (
	blockSize  = 256 << 10 // unit of the read-ahead cache
	maxAhead   = 16        // blocks fetched at once while reading goes straight on
	maxBlocks  = 32        // blocks kept: 8 MiB for an open object
	directRead = maxAhead * blockSize
)

// object reads a stored object by ranged requests for as long as its context lives. A
// reader of PDFs asks for many small pieces: they are served from aligned blocks, of which
// more are fetched at once the longer the reading goes straight on.
type object struct {
	ctx  context.Context
	s    *Store
	key  storage.Key
	size int64

	mu     sync.Mutex // guards what follows; not held while fetching
	blocks map[int64][]byte
	order  []int64 // block numbers, oldest first
	next   int64   // block after the last fetch
	ahead  int64   // blocks of the last fetch
}

// Open implements storage.Blobs.
func (s *Store) Open(ctx context.Context, key storage.Key) (storage.Object, error) {
	info, err := s.Stat(ctx, key)
	if err != nil {
		return nil, err
	}
	return &object{ctx: ctx, s: s, key: key, size: info.Size, blocks: map[int64][]byte{}}, nil
}

func (o *object) Size() int64 { return o.size }

func (o *object) Close() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.blocks, o.order = map[int64][]byte{}, nil
	return nil
}

func (o *object) ReadAt(p []byte, off int64) (int, error) {
	if off < 0 {
		return 0, fmt.Errorf("s3: read %s at negative offset %d", o.key, off)
	}
	if err := o.ctx.Err(); err != nil {
		return 0, err
	}
	if off >= o.size {
		return 0, io.EOF
	}
	var atEnd error
	if int64(len(p)) > o.size-off {
		p, atEnd = p[:o.size-off], io.EOF
	}
	if len(p) >= directRead {
		if err := o.fetch(off, p); err != nil {
			return 0, err
		}
		return len(p), atEnd
	}
	done := 0
	for done < len(p) {
		at := off + int64(done)
		block, err := o.block(at / blockSize)
		if err != nil {
			return done, err
		}
		done += copy(p[done:], block[at%blockSize:])
	}
	return done, atEnd
}

// block returns a block from the cache or the server.
func (o *object) block(n int64) ([]byte, error) {
	o.mu.Lock()
	if b, ok := o.blocks[n]; ok {
		o.mu.Unlock()
		return b, nil
	}
	ahead := int64(1)
	if n == o.next && n > 0 {
		ahead = min(2*o.ahead, maxAhead)
	}
	o.next, o.ahead = n+ahead, ahead
	o.mu.Unlock()

	var bufs [][]byte // one for each block, so that each can be dropped alone
	for i := n; i < n+ahead && i*blockSize < o.size; i++ {
		bufs = append(bufs, make([]byte, min(blockSize, o.size-i*blockSize)))
	}
	if err := o.fetch(n*blockSize, bufs...); err != nil {
		return nil, err
	}

	o.mu.Lock()
	defer o.mu.Unlock()
	for i, b := range bufs {
		if _, ok := o.blocks[n+int64(i)]; !ok {
			o.blocks[n+int64(i)] = b
			o.order = append(o.order, n+int64(i))
		}
	}
	for len(o.order) > maxBlocks {
		delete(o.blocks, o.order[0])
		o.order = o.order[1:]
	}
	return bufs[0], nil
}

// fetch fills bufs with the bytes from off on, in one request.
func (o *object) fetch(off int64, bufs ...[]byte) error {
	length := int64(0)
	for _, b := range bufs {
		length += int64(len(b))
	}
	if length == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(o.ctx, o.s.timeout)
	defer cancel()
	var opts minio.GetObjectOptions
	if err := opts.SetRange(off, off+length-1); err != nil {
		return o.s.wrap(ctx, "read", err)
	}
	body, _, _, err := o.s.core.GetObject(ctx, o.s.bucket, name(o.key), opts)
	if err != nil {
		return o.s.wrap(ctx, "read", err)
	}
	defer body.Close()
	for _, b := range bufs {
		if _, err := io.ReadFull(body, b); err != nil {
			if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
				err = fmt.Errorf("the answer ended early")
			}
			return o.s.wrap(ctx, "read", err)
		}
	}
	return nil
}
