package lgsp

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"congvan/internal/axis/vxp"
)

// answer is what every answer begins with.
type answer struct {
	Success *bool  `json:"success"`
	Message string `json:"message"`
}

// word is a code that servers write now as a string, now as a number.
type word string

func (w *word) UnmarshalJSON(b []byte) error {
	var s string
	if json.Unmarshal(b, &s) != nil {
		if s = string(b); s == "null" {
			s = ""
		}
	}
	*w = word(s)
	return nil
}

// sent is the answer to sendEdoc, and of refusals.
type sent struct {
	answer
	DocID word `json:"docId"`
	Data  struct {
		DocID     word   `json:"docId"`
		ErrorCode word   `json:"errorCode"`
		ErrorDesc string `json:"errorDesc"`
	} `json:"data"`
}

// failed is the refusal that an answer tells, or nil.
func (a *sent) failed(op string) error {
	code := string(a.Data.ErrorCode)
	if a.Success != nil && *a.Success && (code == "" || code == vxp.CodeOK) {
		return nil
	}
	broken := code == vxp.CodeSystemError
	desc := a.Data.ErrorDesc
	if desc == "" {
		desc = a.Message
	}
	return &vxp.Error{Op: op, Code: vxp.Clean(code), Desc: vxp.Clean(desc), Retryable: broken, Uncertain: broken}
}

var zone = time.FixedZone("+07", 7*3600)

// Send hands a message to the façade and returns the id it gives. The façade takes sender
// and recipients from the message itself; From and To of o are not sent.
//
// Errors are those of vxp.Client.Send.
func (c *Client) Send(ctx context.Context, o vxp.Outgoing) (docID string, err error) {
	mark := boundary(o.SHA256)
	head := fmt.Sprintf("--%s\r\nContent-Disposition: form-data; name=\"messageType\"\r\n\r\n%s\r\n"+
		"--%s\r\nContent-Disposition: form-data; name=\"edocFile\"; filename=\"edoc.edxml\"\r\nContent-Type: application/xml\r\n\r\n", mark, o.Kind, mark)
	tail := "\r\n--" + mark + "--\r\n"

	// The sign-in comes first: the body can be given only once.
	if _, err := c.signedIn(ctx, ""); err != nil {
		return "", err
	}
	r, w := io.Pipe()
	written := make(chan error, 1)
	go func() {
		err := writeBody(w, o, head, tail)
		w.CloseWithError(err)
		written <- err
	}()
	resp, err := c.do(ctx, call{
		op: "sendEdoc", method: http.MethodPost, contentType: "multipart/form-data; boundary=" + mark, once: true,
		body: func() io.Reader { return r }, size: int64(len(head)) + o.Size + int64(len(tail)), timeout: c.cfg.TransferTimeout,
	})
	r.CloseWithError(errAbandoned)
	if fault := <-written; fault != nil && !errors.Is(fault, errAbandoned) {
		if resp != nil {
			resp.Body.Close()
		}
		return "", fault
	}
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	var a sent
	if err := c.decode(resp, &a, 1<<20); err != nil {
		return "", &vxp.Error{Op: "sendEdoc", Retryable: true, Uncertain: true, Err: err}
	}
	if err := a.failed("sendEdoc"); err != nil {
		return "", err
	}
	id := string(a.DocID)
	if id == "" {
		id = string(a.Data.DocID)
	}
	if id == "" {
		return "", &vxp.Error{Op: "sendEdoc", Retryable: true, Uncertain: true, Err: errNotAnAnswer}
	}
	return id, nil
}

var errAbandoned = errors.New("lgsp: the request ended before its body")

// writeBody writes the form and ends it only if the message is the one announced.
func writeBody(pipe io.Writer, o vxp.Outgoing, head, tail string) error {
	if _, err := io.WriteString(pipe, head); err != nil {
		return errAbandoned
	}
	w := &counted{w: pipe, hash: sha256.New()}
	err := o.Body(w)
	switch {
	case w.refused:
		return errAbandoned
	case err != nil:
		return err
	case w.n != o.Size || [32]byte(w.hash.Sum(nil)) != o.SHA256:
		return fmt.Errorf("lgsp: the message is not the one measured: %d bytes instead of %d, or another hash", w.n, o.Size)
	}
	if _, err := io.WriteString(pipe, tail); err != nil {
		return errAbandoned
	}
	return nil
}

type counted struct {
	w    io.Writer
	hash interface {
		io.Writer
		Sum([]byte) []byte
	}
	n       int64
	refused bool
}

func (c *counted) Write(p []byte) (int, error) {
	n, err := c.w.Write(p)
	_, _ = c.hash.Write(p[:n])
	c.n += int64(n)
	c.refused = c.refused || err != nil
	return n, err
}

// Received lists the messages that are not yet done.
func (c *Client) Received(ctx context.Context, kind vxp.Kind, p vxp.Period) ([]vxp.Received, error) {
	const op = "syncReceivedEdocList"
	q := url.Values{"messageType": {string(kind)}}
	for name, t := range map[string]time.Time{"fromDate": p.From, "toDate": p.To} {
		if !t.IsZero() {
			q.Set(name, t.In(zone).Format("2006/01/02"))
		}
	}
	resp, err := c.do(ctx, call{op: op, method: http.MethodGet, query: q, timeout: c.cfg.TransferTimeout})
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	var a struct {
		answer
		Data []struct {
			DocID       word   `json:"docId"`
			From        string `json:"from"`
			To          string `json:"to"`
			MessageType string `json:"messageType"`
			ServiceType string `json:"serviceType"`
			CreatedTime string `json:"createdTime"`
			UpdatedTime string `json:"updatedTime"`
			Status      string `json:"status"`
			StatusDesc  string `json:"statusDesc"`
		} `json:"data"`
	}
	var raw json.RawMessage
	if err := c.decode(resp, &raw, c.cfg.MaxList); err != nil {
		return nil, &vxp.Error{Op: op, Retryable: true, Err: err}
	}
	if err := refusal(op, raw); err != nil {
		return nil, err
	}
	if json.Unmarshal(raw, &a) != nil {
		return nil, &vxp.Error{Op: op, Retryable: true, Err: errNotAnAnswer}
	}
	var out []vxp.Received
	for _, r := range a.Data {
		out = append(out, vxp.Received{
			DocID: string(r.DocID), ServiceType: r.ServiceType, MessageType: r.MessageType, CreatedTime: r.CreatedTime,
			UpdatedTime: r.UpdatedTime, From: r.From, To: r.To, Status: r.Status, StatusDesc: r.StatusDesc,
		})
	}
	return out, nil
}

// refusal reads only what tells whether an answer is one; data may be of any kind.
func refusal(op string, raw json.RawMessage) error {
	var a answer
	if err := json.Unmarshal(raw, &a); err != nil {
		return &vxp.Error{Op: op, Retryable: true, Err: errNotAnAnswer}
	}
	if a.Success != nil && *a.Success {
		return nil
	}
	var s sent
	if json.Unmarshal(raw, &s) != nil {
		s.answer = a
	}
	return s.failed(op)
}

// Sent gives ErrNoSentList.
func (c *Client) Sent(context.Context, vxp.Kind, string, vxp.Period) ([]vxp.Sent, error) {
	return nil, &vxp.Error{Op: "sent list", Err: ErrNoSentList}
}

// UpdateStatus sets the transport status of a received message.
func (c *Client) UpdateStatus(ctx context.Context, docID, status string) error {
	const op = "updateStatus"
	body, err := json.Marshal(map[string]string{"docId": docID, "status": status})
	if err != nil {
		return err
	}
	resp, err := c.do(ctx, call{
		op: op, method: http.MethodPost, contentType: "application/json", size: int64(len(body)),
		body: func() io.Reader { return strings.NewReader(string(body)) },
	})
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	var raw json.RawMessage
	if err := c.decode(resp, &raw, 1<<20); err != nil {
		return &vxp.Error{Op: op, Retryable: true, Uncertain: true, Err: err}
	}
	return refusal(op, raw)
}

// Fetch opens the text of a received message; it is never held whole. It comes as text or
// as base64: the first character tells.
func (c *Client) Fetch(ctx context.Context, docID string) (io.ReadCloser, error) {
	const op = "getEdoc"
	resp, err := c.do(ctx, call{op: op, method: http.MethodGet, query: url.Values{"docId": {docID}}, timeout: c.cfg.TransferTimeout})
	if err != nil {
		return nil, err
	}
	in := bufio.NewReaderSize(&atMost{resp.Body, 2*c.cfg.MaxFetch + 1<<20}, 64<<10)
	text := &textMember{op: op, in: in}
	if err := text.open(); err != nil {
		defer resp.Body.Close()
		return nil, fetchError(op, err)
	}
	decoded := bufio.NewReaderSize(text, 64<<10)
	first, err := decoded.Peek(1)
	var out io.Reader = decoded
	switch {
	case err != nil && !errors.Is(err, io.EOF):
		defer resp.Body.Close()
		return nil, fetchError(op, err)
	case len(first) == 1 && strings.ContainsRune(base64Letters, rune(first[0])):
		out = base64.NewDecoder(base64.StdEncoding, decoded)
	}
	return &fetched{op, &atMost{out, c.cfg.MaxFetch}, resp.Body}, nil
}

// base64Letters begin the base64 of an XML text: '<', white space or a byte order mark.
const base64Letters = "PICDQ7"

type fetched struct {
	op   string
	r    io.Reader
	body io.Closer
}

func (f *fetched) Read(p []byte) (int, error) {
	n, err := f.r.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		err = fetchError(f.op, err)
	}
	return n, err
}

func (f *fetched) Close() error { return f.body.Close() }

func fetchError(op string, err error) error {
	if x := (*vxp.Error)(nil); errors.As(err, &x) {
		return err
	}
	return &vxp.Error{Op: op, Retryable: !errors.Is(err, vxp.ErrTooLarge), Err: err}
}

// atMost fails with vxp.ErrTooLarge beyond n bytes.
type atMost struct {
	r io.Reader
	n int64
}

func (a *atMost) Read(p []byte) (int, error) {
	if a.n < 0 {
		return 0, vxp.ErrTooLarge
	}
	n, err := a.r.Read(p[:min(int64(len(p)), a.n+1)])
	if a.n -= int64(n); a.n < 0 {
		return n - 1, vxp.ErrTooLarge
	}
	return n, err
}
