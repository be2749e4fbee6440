package pkcs11

import (
	"context"
	"crypto"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"time"

	"congvan/signing"
)

// The parent and its host process speak in frames over one unix socket:
//
//	length of what follows (4 bytes, big endian) | kind (1) | number (8) | body
//
// Every request has a number of its own and gets one answer with the same number, in any
// order; frameCancel gets none. Bodies are JSON, but for a signature's request and value:
// they are bytes, so that the one place a PIN stands in can be wiped.
const (
	frameOpen     byte = iota + 1 // hostSetup → nothing
	frameSign                     // signRequest → the signature's value
	frameDescribe                 // nothing → []Token
	frameStatus                   // nothing → Stats
	frameCancel                   // whoever waits for the request of this number has gone
	frameDone                     // answer
	frameFailed                   // answer: hostError
)

const (
	hostProtocol = 1
	frameHead    = 9
	maxFrame     = 1 << 20 // bytes; the largest is a list of tokens
	maxField     = 1 << 16 // bytes of a URI, digest or PIN
)

var errFrame = errors.New("pkcs11: malformed frame between server and hsm-host")

type frame struct {
	kind   byte
	number uint64
	body   []byte
}

func readFrame(r io.Reader) (frame, error) {
	var size [4]byte
	if _, err := io.ReadFull(r, size[:]); err != nil {
		return frame{}, err
	}
	n := binary.BigEndian.Uint32(size[:])
	if n < frameHead || n > maxFrame {
		return frame{}, errFrame
	}
	b := make([]byte, n)
	if _, err := io.ReadFull(r, b); err != nil {
		return frame{}, fmt.Errorf("%w: %w", errFrame, err)
	}
	return frame{b[0], binary.BigEndian.Uint64(b[1:frameHead]), b[frameHead:]}, nil
}

// frameConn writes whole frames from many goroutines.
type frameConn struct {
	*net.UnixConn
	mu sync.Mutex
}

// send writes a frame and wipes its body, which may hold a PIN.
func (c *frameConn) send(f frame) error {
	if len(f.body) > maxFrame-frameHead {
		return errFrame
	}
	b := make([]byte, 0, 4+frameHead+len(f.body))
	b = binary.BigEndian.AppendUint32(b, uint32(frameHead+len(f.body)))
	b = append(b, f.kind)
	b = binary.BigEndian.AppendUint64(b, f.number)
	b = append(b, f.body...)
	clear(f.body)
	defer clear(b)
	c.mu.Lock()
	defer c.mu.Unlock()
	_, err := c.Write(b)
	return err
}

// hostSetup is all the configuration that a host process has.
type hostSetup struct {
	Protocol int           `json:"protocol"`
	Module   string        `json:"module"`
	Sessions int           `json:"sessions"`
	Pause    time.Duration `json:"pause"`
	Grace    time.Duration `json:"grace"` // how long calls may take to end when the parent is gone
}

// signRequest is one call of Sign.
type signRequest struct {
	key    string
	digest []byte
	opts   signing.SignOptions
}

const (
	flagPSS = 1 << iota
	flagPIN
)

func (r signRequest) encode() ([]byte, error) {
	var flags byte
	if r.opts.PSS {
		flags |= flagPSS
	}
	if r.opts.PIN != nil {
		flags |= flagPIN
	}
	fields := [][]byte{[]byte(r.key), r.digest, r.opts.PIN}
	size := 2
	for _, f := range fields {
		if len(f) >= maxField {
			return nil, fmt.Errorf("%w: a key URI, digest or PIN of %d bytes", ErrURI, len(f))
		}
		size += 2 + len(f)
	}
	b := append(make([]byte, 0, size), byte(r.opts.Hash), flags) // of its full size, so that no part of a PIN stays behind
	for _, f := range fields {
		b = append(binary.BigEndian.AppendUint16(b, uint16(len(f))), f...)
	}
	return b, nil
}

// decodeSign reads a request; its PIN is a part of b.
func decodeSign(b []byte) (signRequest, error) {
	if len(b) < 2 {
		return signRequest{}, errFrame
	}
	r := signRequest{opts: signing.SignOptions{Hash: crypto.Hash(b[0]), PSS: b[1]&flagPSS != 0}}
	fields := make([][]byte, 3)
	rest := b[2:]
	for i := range fields {
		if len(rest) < 2 || len(rest)-2 < int(binary.BigEndian.Uint16(rest)) {
			return signRequest{}, errFrame
		}
		n := int(binary.BigEndian.Uint16(rest))
		fields[i], rest = rest[2:2+n:2+n], rest[2+n:]
	}
	if len(rest) != 0 {
		return signRequest{}, errFrame
	}
	r.key, r.digest = string(fields[0]), fields[1]
	if b[1]&flagPIN != 0 {
		r.opts.PIN = fields[2]
	}
	return r, nil
}

// hostError is an error on its way between the processes: its kind survives, and its text.
type hostError struct {
	Kind string `json:"kind"` // of Code
	Text string `json:"text"`
}

func (e *hostError) Error() string { return e.Text }

func (e *hostError) Unwrap() error {
	for _, k := range kinds {
		if k.code == e.Kind {
			return k.err
		}
	}
	return nil
}

// answer is the frame that answers a request.
func answer(number uint64, body any, err error) frame {
	value, bytes := body.([]byte)
	if err == nil && !bytes {
		value, err = json.Marshal(body)
	}
	if err == nil {
		return frame{frameDone, number, value}
	}
	value, err = json.Marshal(hostError{Code(err), err.Error()})
	if err != nil {
		value = nil
	}
	return frame{frameFailed, number, value}
}

// read returns what an answer holds: its bytes, or the error it stands for.
func (f frame) read() ([]byte, error) {
	switch f.kind {
	case frameDone:
		return f.body, nil
	case frameFailed:
		e := &hostError{}
		if err := json.Unmarshal(f.body, e); err != nil {
			return nil, errFrame
		}
		return nil, e
	}
	return nil, errFrame
}

// contextual makes an error of the caller's own context out of one that came back as such.
func contextual(ctx context.Context, err error) error {
	if own := ctx.Err(); own != nil && (errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)) {
		return fmt.Errorf("%s: %w", err, own)
	}
	return err
}
