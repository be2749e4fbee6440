package lgsp

import (
	"bufio"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"congvan/internal/axis/transport"
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
	m := transport.Message{
		Head: fmt.Sprintf("--%s\r\nContent-Disposition: form-data; name=\"messageType\"\r\n\r\n%s\r\n"+
			"--%s\r\nContent-Disposition: form-data; name=\"edocFile\"; filename=\"edoc.edxml\"\r\nContent-Type: application/xml\r\n\r\n", mark, o.Kind, mark),
		Tail: "\r\n--" + mark + "--\r\n", Size: o.Size, SHA256: o.SHA256, Write: o.Body,
	}
	// The sign-in comes first: the body can be given only once.
	if _, err := c.signedIn(ctx, ""); err != nil {
		return "", err
	}
	body, done := m.Open()
	resp, err := c.do(ctx, call{
		op: "sendEdoc", method: http.MethodPost, contentType: "multipart/form-data; boundary=" + mark, once: true,
		body: func() io.Reader { return body }, size: m.Length(), timeout: c.cfg.TransferTimeout,
	})
	if fault := done(); fault != nil {
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
		return "", &vxp.Error{Op: "sendEdoc", Retryable: true, Uncertain: true, Err: transport.ErrNotAnAnswer}
	}
	return id, nil
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
		return nil, &vxp.Error{Op: op, Retryable: true, Err: transport.ErrNotAnAnswer}
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
		return &vxp.Error{Op: op, Retryable: true, Err: transport.ErrNotAnAnswer}
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
	fault := func(err error) error { return vxp.FetchFault(op, err) }
	out, err := messageIn(op, transport.AtMost(resp.Body, 2*c.cfg.MaxFetch+1<<20))
	if err != nil {
		resp.Body.Close()
		return nil, fault(err)
	}
	return &transport.Stream{Reader: transport.AtMost(out, c.cfg.MaxFetch), Closer: resp.Body, Fault: fault}, nil
}

// messageIn is the text of data.edxml in an answer.
func messageIn(op string, answer io.Reader) (io.Reader, error) {
	text, err := edxmlText(answer, func(m map[string]string) error { return refused(op, m) })
	if err != nil {
		return nil, err
	}
	in := bufio.NewReaderSize(text, 64<<10)
	first, err := in.Peek(1)
	switch {
	case err != nil && !errors.Is(err, io.EOF):
		return nil, err
	case len(first) == 1 && strings.ContainsRune(base64Letters, rune(first[0])):
		return base64.NewDecoder(base64.StdEncoding, in), nil
	}
	return in, nil
}

// edxmlText opens data.edxml in an answer.
func edxmlText(answer io.Reader, refused func(map[string]string) error) (*transport.Text, error) {
	return transport.OpenText(bufio.NewReaderSize(answer, 64<<10), []string{"data", "edxml"}, refused)
}

// refused is the refusal that the members beside a message tell, or nil.
func refused(op string, m map[string]string) error {
	var a sent
	if told, ok := m["success"]; ok {
		success := told == "true"
		a.Success = &success
	}
	a.Message, a.Data.ErrorCode, a.Data.ErrorDesc = m["message"], word(m["errorcode"]), m["errordesc"]
	return a.failed(op)
}

// base64Letters begin the base64 of an XML text: '<', white space or a byte order mark.
const base64Letters = "PICDQ7"
