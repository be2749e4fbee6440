package transport

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"
)

// Message is what a request's body carries: what Write writes, of this size and hash, within
// a frame of the protocol.
type Message struct {
	Head, Tail string
	Size       int64
	SHA256     [sha256.Size]byte
	Write      func(io.Writer) error
}

// Length of the body.
func (m *Message) Length() int64 { return int64(len(m.Head)) + m.Size + int64(len(m.Tail)) }

// Open writes the body in another goroutine. Without its tail a body is not whole, and the
// tail comes only behind a message that is the one announced. done ends the writing once the
// request is over and tells the message's own fault, nil where the request took no more.
func (m *Message) Open() (body io.Reader, done func() error) {
	r, w := io.Pipe()
	written := make(chan error, 1)
	go func() {
		err := m.write(w)
		w.CloseWithError(err)
		written <- err
	}()
	return r, func() error {
		r.CloseWithError(errAbandoned)
		if err := <-written; !errors.Is(err, errAbandoned) {
			return err
		}
		return nil
	}
}

var errAbandoned = errors.New("transport: the request ended before its body")

// write returns errAbandoned where the request took no more, whatever the message made of
// that.
func (m *Message) write(pipe io.Writer) error {
	if _, err := io.WriteString(pipe, m.Head); err != nil {
		return errAbandoned
	}
	w := &counted{w: pipe, hash: sha256.New()}
	err := m.Write(w)
	switch {
	case w.refused:
		return errAbandoned
	case err != nil:
		return err
	case w.n != m.Size || [sha256.Size]byte(w.hash.Sum(nil)) != m.SHA256:
		return fmt.Errorf("transport: the message is not the one measured: %d bytes instead of %d, or another hash", w.n, m.Size)
	}
	if _, err := io.WriteString(pipe, m.Tail); err != nil {
		return errAbandoned
	}
	return nil
}

// counted counts and hashes what goes into the request.
type counted struct {
	w       io.Writer
	hash    hash.Hash
	n       int64
	refused bool
}

func (c *counted) Write(p []byte) (int, error) {
	n, err := c.w.Write(p)
	c.hash.Write(p[:n])
	c.n += int64(n)
	c.refused = c.refused || err != nil
	return n, err
}

// AtMost fails with ErrTooLarge beyond n bytes of r.
func AtMost(r io.Reader, n int64) io.Reader { return &atMost{r, n} }

type atMost struct {
	r io.Reader
	n int64 // below 0: it was too much
}

func (a *atMost) Read(p []byte) (int, error) {
	if a.n < 0 {
		return 0, ErrTooLarge
	}
	n, err := a.r.Read(p[:min(int64(len(p)), a.n+1)])
	if a.n -= int64(n); a.n < 0 {
		return n - 1, ErrTooLarge
	}
	return n, err
}

// Stream is the text of a fetched message as it comes; every fault of it but its end passes
// Fault.
type Stream struct {
	io.Reader
	io.Closer
	Fault func(error) error
}

func (s *Stream) Read(p []byte) (int, error) {
	n, err := s.Reader.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		err = s.Fault(err)
	}
	return n, err
}
