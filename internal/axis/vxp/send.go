package vxp

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"strconv"
	"strings"
)

// Outgoing is one message to send. Size and SHA256 are of what Body writes, measured
// beforehand: the hash travels in a header.
type Outgoing struct {
	From   string   // the sending agency, registered under our system id
	To     []string // the "to" header; without it the axis reads the message itself
	Kind   Kind
	Size   int64
	SHA256 [32]byte
	Body   func(io.Writer) error // called once, from another goroutine, ended when Send returns
}

// Send hands a message to the axis and returns the axis's id of it, which the rows of
// the sent list carry as SenderDocID. A body whose length or hash is not as announced
// never arrives whole.
//
// Errors: *Error, with Uncertain where the axis may have taken the message; the body's
// own error; the context's.
func (c *Client) Send(ctx context.Context, o Outgoing) (docID string, err error) {
	params := append([]param{{"from", o.From}}, kindParams(o.Kind)...)
	to, err := json.Marshal(o.To)
	if err != nil {
		return "", err
	}
	if len(o.To) > 0 && len(to) <= maxTo {
		params = append(params, param{"to", string(to)})
	}
	params = append(params, param{"hash-file", c.hashFile(o.SHA256)})

	r, w := io.Pipe()
	written := make(chan error, 1)
	go func() {
		err := writeBody(w, o)
		w.CloseWithError(err)
		written <- err
	}()
	a, err := c.simple(ctx, call{
		op: "sendEdoc", contentType: "application/octet-stream", params: params,
		body: r, size: o.Size + int64(len(crlf)), timeout: c.cfg.TransferTimeout,
	}, nil)
	r.CloseWithError(errAbandoned)
	if fault := <-written; fault != nil && !errors.Is(fault, errAbandoned) {
		return "", fault
	}
	if err != nil {
		return "", err
	}
	if a["docid"] == "" {
		return "", &Error{Op: "sendEdoc", Retryable: true, Uncertain: true, Err: errNotAnAnswer}
	}
	return a["docid"], nil
}

// maxTo is the longest "to" header in bytes. It travels twice, and servers refuse long
// headers; longer lists are left to the message's own To.
const maxTo = 2 << 10

// The protocol ends the message with a line end that is not part of it.
const crlf = "\r\n"

var errAbandoned = errors.New("vxp: the request ended before its body")

// writeBody writes the message and, only if it is what was announced, the line end
// without which the request is not whole. It returns errAbandoned where the request
// took no more, whatever the body made of that.
func writeBody(pipe io.Writer, o Outgoing) error {
	w := &bodyWriter{pipe: pipe, hash: sha256.New()}
	err := o.Body(w)
	switch {
	case w.refused:
		return errAbandoned
	case err != nil:
		return err
	case w.n != o.Size || [32]byte(w.hash.Sum(nil)) != o.SHA256:
		return fmt.Errorf("vxp: the message is not the one measured: %d bytes instead of %d, or another hash", w.n, o.Size)
	}
	if _, err := io.WriteString(pipe, crlf); err != nil {
		return errAbandoned
	}
	return nil
}

// bodyWriter counts and hashes what goes into the request.
type bodyWriter struct {
	pipe    io.Writer
	hash    hash.Hash
	n       int64
	refused bool
}

func (w *bodyWriter) Write(p []byte) (int, error) {
	n, err := w.pipe.Write(p)
	w.hash.Write(p[:n])
	w.n += int64(n)
	w.refused = w.refused || err != nil
	return n, err
}

// hashFile is the message's hash in the form configured: the SDK prints each byte
// without its leading zero.
func (c *Client) hashFile(sum [32]byte) string {
	if c.cfg.PaddedHash {
		return hex.EncodeToString(sum[:])
	}
	var b strings.Builder
	for _, x := range sum {
		b.WriteString(strconv.FormatUint(uint64(x), 16))
	}
	return b.String()
}
