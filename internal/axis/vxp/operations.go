package vxp

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"net/http"
	"strconv"
	"time"

	"congvan/internal/axis/transport"
)

// Kind is the messagetype of the protocol.
type Kind string

// The two kinds of message.
const (
	KindEdoc   Kind = "edoc"
	KindStatus Kind = "status"
)

// Transport statuses for UpdateStatus; no business statuses, which travel as messages.
const (
	TransportDone       = "done"
	TransportFail       = "fail"
	TransportProcessing = "processing"
)

func kindParams(kind Kind) []param {
	return []param{{"servicetype", "eDoc"}, {"messagetype", string(kind)}}
}

// simple makes a call whose answer is short or a list; each may be nil.
func (c *Client) simple(ctx context.Context, k call, each func(row) error) (row, error) {
	if each != nil {
		k.timeout = c.cfg.TransferTimeout
	}
	resp, err := c.do(ctx, k)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	a, err := readAnswer(transport.AtMost(resp.Body, c.cfg.MaxList), each)
	if err != nil {
		if given := ctx.Err(); given != nil {
			err = given
		}
		return nil, &Error{Op: k.op, Retryable: true, Uncertain: true, Err: err}
	}
	return a, a.failed(k.op)
}

// withBody is a call that carries a small JSON body.
func withBody(op string, body string, params ...param) call {
	return call{op: op, params: params, body: bytes.NewReader([]byte(body)), size: int64(len(body))}
}

// UpdateStatus sets the transport status of a received message; until it is
// TransportDone the axis keeps listing the message.
func (c *Client) UpdateStatus(ctx context.Context, docID, status string) error {
	_, err := c.simple(ctx, withBody("updateStatus", "{}", param{"docId", docID}, param{"status", status}), nil)
	return err
}

// Count is the number of received messages of a kind that wait to be fetched.
func (c *Client) Count(ctx context.Context, kind Kind) (int, error) {
	op := "countReceiveEdoc"
	if kind == KindStatus {
		op = "countReceiveStatus"
	}
	a, err := c.simple(ctx, withBody(op, "{}"), nil)
	// The SDK says GET and does POST; servers may follow either.
	if notOffered(err) {
		a, err = c.simple(ctx, call{op: op, method: http.MethodGet}, nil)
	}
	if err != nil {
		return 0, err
	}
	n, err := strconv.Atoi(cmp.Or(a["count"], a["data"]))
	if err != nil {
		return 0, &Error{Op: op, Err: transport.ErrNotAnAnswer}
	}
	return n, nil
}

// notOffered reports whether the axis does not know an operation or its method.
func notOffered(err error) bool {
	var e *Error
	if !errors.As(err, &e) {
		return false
	}
	switch e.HTTPStatus {
	case http.StatusNotFound, http.StatusMethodNotAllowed, http.StatusNotImplemented:
		return true
	}
	return false
}

// Received is one row of the received list: a message for one of our agencies.
type Received struct {
	DocID       string // of this recipient's copy
	ServiceType string
	MessageType string
	CreatedTime string // as the axis writes it
	UpdatedTime string
	From        string // the sender as the axis authenticated it
	To          string
	Status      string // transport status
	StatusDesc  string
}

// Period limits a list by day; zero times leave it open.
type Period struct{ From, To time.Time }

func (p Period) params() []param {
	var out []param
	if !p.From.IsZero() {
		out = append(out, param{"fromDate", p.From.In(zone).Format("2006/01/02")})
	}
	if !p.To.IsZero() {
		out = append(out, param{"toDate", p.To.In(zone).Format("2006/01/02")})
	}
	return out
}

// Received lists the messages that are not yet done, in the axis's order.
func (c *Client) Received(ctx context.Context, kind Kind, p Period) ([]Received, error) {
	var out []Received
	k := call{op: "getReceivedEdocList", params: append(kindParams(kind), p.params()...)}
	_, err := c.simple(ctx, k, func(r row) error {
		out = append(out, Received{
			DocID: r["docid"], ServiceType: r["servicetype"], MessageType: r["messagetype"],
			CreatedTime: r["created_time"], UpdatedTime: r["updated_time"],
			From: r["from"], To: r["to"], Status: r["status"], StatusDesc: r["status_desc"],
		})
		return nil
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// Sent is one row of the sent list: one recipient of a message of ours.
type Sent struct {
	ServiceType       string
	MessageType       string
	FromCode          string
	ToCode            string
	Title             string
	Notation          string
	SentTime          string
	ReceivedTime      string
	SendStatus        string
	SendStatusDesc    string
	ReceiveStatus     string
	ReceiveStatusDesc string
	SenderDocID       string // what Send returned
	ReceiverDocID     string // of the recipient's copy
}

// Sent lists what we sent; docID, if given, limits it to one send.
func (c *Client) Sent(ctx context.Context, kind Kind, docID string, p Period) ([]Sent, error) {
	var out []Sent
	k := call{op: "getSentEdocList", params: append(kindParams(kind), p.params()...)}
	if docID != "" {
		k.params = append(k.params, param{"docId", docID})
	}
	_, err := c.simple(ctx, k, func(r row) error {
		out = append(out, Sent{
			ServiceType: r["servicetype"], MessageType: r["messagetype"],
			FromCode: r["fromcode"], ToCode: r["tocode"], Title: r["title"], Notation: r["notation"],
			SentTime: r["senttime"], ReceivedTime: r["receivedtime"],
			SendStatus: r["sendstatus"], SendStatusDesc: r["sendstatusdesc"],
			ReceiveStatus: r["receivestatus"], ReceiveStatusDesc: r["receivestatusdesc"],
			SenderDocID: r["senderdocid"], ReceiverDocID: r["receiverdocid"],
		})
		return nil
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}
