package vxp

import (
	"bufio"
	"context"
	"encoding/base64"
	"errors"
	"io"
	"net/http"
	"strings"

	"congvan/internal/axis/transport"
)

// Fetch opens the text of a received message. Reading streams from the network in
// constant memory; Close ends the call. An answer that was cut off or refused fails at
// Fetch or on reading with an *Error and never looks like the end of the message.
func (c *Client) Fetch(ctx context.Context, docID string) (io.ReadCloser, error) {
	if !c.noDownload.Load() {
		r, err := c.fetch(ctx, call{op: "downloadEdoc", method: http.MethodGet, params: []param{{"docId", docID}}})
		// 404 may speak of the document as well as of the operation: getEdoc tells.
		if !notOffered(err) {
			return r, err
		}
		var e *Error
		if errors.As(err, &e) && e.HTTPStatus != http.StatusNotFound {
			c.noDownload.Store(true)
		}
	}
	return c.fetch(ctx, withBody("getEdoc", "{}", param{"docId", docID}))
}

func (c *Client) fetch(ctx context.Context, k call) (io.ReadCloser, error) {
	k.timeout = c.cfg.TransferTimeout
	resp, err := c.do(ctx, k)
	if err != nil {
		return nil, err
	}
	f := &transport.Stream{Closer: resp.Body, Fault: func(err error) error { return FetchFault(k.op, err) }}
	// Base64 and its escapes are at most so much longer than the message.
	in := bufio.NewReaderSize(transport.AtMost(resp.Body, 2*c.cfg.MaxFetch+1<<20), 64<<10)
	html := strings.HasPrefix(resp.Header.Get("Content-Type"), "text/html")
	switch first, err := firstByte(in); {
	case err != nil:
		f.Reader = failedReader{err}
	case first == '{':
		if f.Reader, err = openData(k.op, in); err != nil {
			resp.Body.Close()
			return nil, f.Fault(err)
		}
	case k.op == "getEdoc" || html:
		f.Reader = failedReader{transport.ErrNotAnAnswer}
	default:
		f.Reader = in
	}
	f.Reader = transport.AtMost(f.Reader, c.cfg.MaxFetch)
	return f, nil
}

// firstByte is the first byte that is not white space, left to be read.
func firstByte(in *bufio.Reader) (byte, error) {
	for {
		b, err := in.ReadByte()
		if err != nil {
			return 0, transport.Malformed(err)
		}
		if b > ' ' {
			return b, in.UnreadByte()
		}
	}
}

type failedReader struct{ err error }

func (f failedReader) Read([]byte) (int, error) { return 0, f.err }

// FetchFault makes any fault of a fetched answer an *Error. All but the axis's own refusal and a
// message over the limit may be gone at the next try.
func FetchFault(op string, err error) error {
	if e := (*Error)(nil); errors.As(err, &e) {
		return e
	}
	return &Error{Op: op, Retryable: !errors.Is(err, ErrTooLarge), Err: err}
}

// openData reads an answer up to its data and returns the reader that decodes it.
func openData(op string, in *bufio.Reader) (io.Reader, error) {
	text, err := transport.OpenText(in, []string{"data"}, func(members map[string]string) error { return row(members).failed(op) })
	if err != nil {
		return nil, err
	}
	return base64.NewDecoder(base64.StdEncoding, text), nil
}
