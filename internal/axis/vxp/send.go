package vxp

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"io"
	"strconv"
	"strings"

	"congvan/internal/axis/transport"
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

	m := transport.Message{Tail: crlf, Size: o.Size, SHA256: o.SHA256, Write: o.Body}
	body, done := m.Open()
	a, err := c.simple(ctx, call{
		op: "sendEdoc", contentType: "application/octet-stream", params: params,
		body: body, size: m.Length(), timeout: c.cfg.TransferTimeout,
	}, nil)
	if fault := done(); fault != nil {
		return "", fault
	}
	if err != nil {
		return "", err
	}
	if a["docid"] == "" {
		return "", &Error{Op: "sendEdoc", Retryable: true, Uncertain: true, Err: transport.ErrNotAnAnswer}
	}
	return a["docid"], nil
}

// maxTo is the longest "to" header in bytes. It travels twice, and servers refuse long
// headers; longer lists are left to the message's own To.
const maxTo = 2 << 10

// The protocol ends the message with a line end that is not part of it.
const crlf = "\r\n"

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
