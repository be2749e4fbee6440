package vxp

import (
	"bufio"
	"context"
	"encoding/base64"
	"errors"
	"io"
	"net/http"
	"strings"
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
	f := &fetched{op: k.op, body: resp.Body}
	in := bufio.NewReaderSize(resp.Body, 64<<10)
	html := strings.HasPrefix(resp.Header.Get("Content-Type"), "text/html")
	switch first, err := firstByte(in); {
	case err != nil:
		f.r = failedReader{err}
	case first == '{':
		f.r, err = openData(k.op, in)
		if err != nil {
			resp.Body.Close()
			return nil, f.fault(err)
		}
	case k.op == "getEdoc" || html:
		f.r = failedReader{errNotAnAnswer}
	default:
		f.r = in
	}
	f.r = &atMost{f.r, c.cfg.MaxFetch}
	return f, nil
}

// firstByte is the first byte that is not white space, left to be read.
func firstByte(in *bufio.Reader) (byte, error) {
	for {
		b, err := in.ReadByte()
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		if err != nil {
			return 0, err
		}
		if b > ' ' {
			return b, in.UnreadByte()
		}
	}
}

type failedReader struct{ err error }

func (f failedReader) Read([]byte) (int, error) { return 0, f.err }

// fetched is the text of a message as it comes.
type fetched struct {
	op   string
	r    io.Reader
	body io.Closer
}

func (f *fetched) Read(p []byte) (int, error) {
	n, err := f.r.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		err = f.fault(err)
	}
	return n, err
}

func (f *fetched) Close() error { return f.body.Close() }

// fault makes any fault of the answer an *Error. All but the axis's own refusal and a
// message over the limit may be gone at the next try.
func (f *fetched) fault(err error) error {
	if e := (*Error)(nil); errors.As(err, &e) {
		return e
	}
	return &Error{Op: f.op, Retryable: !errors.Is(err, ErrTooLarge), Err: err}
}

// openData reads an answer up to its data and returns the reader that decodes it.
func openData(op string, in *bufio.Reader) (io.Reader, error) {
	s := &dataString{op: op, in: in, members: row{}}
	if err := s.upToData(); err != nil {
		return nil, err
	}
	return base64.NewDecoder(base64.StdEncoding, s), nil
}
