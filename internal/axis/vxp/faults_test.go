package vxp

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"congvan/internal/axis/axistest"
	"congvan/internal/axis/edxml"
)

// What the axis refuses is final and says why.
func TestRefusals(t *testing.T) {
	ctx := context.Background()
	x := newAxis(t, nil)
	raw := golden(t, "new")
	to := func(codes ...string) Outgoing {
		o := outgoing("H99.14", KindEdoc, raw)
		o.To = codes
		return o
	}
	wrong := newClient(t, x.url, axistest.System{ID: systems[0].ID, Secret: "khác"}, nil)
	unknown := newClient(t, x.url, axistest.System{ID: "H97", Secret: "x"}, nil)
	send := func(c *Client, o Outgoing) error {
		_, err := c.Send(ctx, o)
		return err
	}
	for name, c := range map[string]struct {
		err  error
		code string
		desc string
	}{
		"secret":         {send(wrong, to()), CodeWrongSecret, "hash-header"},
		"system":         {send(unknown, to()), CodeWrongSecret, "systemid"},
		"sender":         {send(x.a, outgoing("H99.05", KindEdoc, raw)), CodeUnknownSender, "Don vi gui H99.05 khong dung voi ma da dang ky: H99,H99.14"},
		"recipient":      {send(x.a, to("H99.05", "H98.77")), CodeUnknownRecipient, "H98.77"},
		"not edXML":      {send(x.a, outgoing("H99.14", KindEdoc, []byte("%PDF-1.4"))), CodeBadFormat, ""},
		"unknown docId":  {x.b.UpdateStatus(ctx, "khong-co", TransportDone), CodeInvalidFile, "khong-co"},
		"bad status":     {x.b.UpdateStatus(ctx, "x", "03"), CodeInvalidFile, ""},
		"another's copy": {func() error { x.send(t); _, err := fetch(t, x.a, x.received(t)[0].DocID); return err }(), CodeInvalidFile, ""},
	} {
		e := asError(t, c.err)
		if e.Retryable || e.Uncertain || e.Code != c.code || !strings.Contains(e.Desc, c.desc) {
			t.Errorf("%s: %v", name, e)
		}
	}
	if e := asError(t, x.b.UpdateStatus(ctx, "vị-trí", TransportDone)); e.Retryable || e.HTTPStatus != 0 {
		t.Errorf("a parameter outside ASCII: %v", e)
	}
}

func TestBodyThatIsNotTheOneMeasured(t *testing.T) {
	x := newAxis(t, nil)
	raw := golden(t, "new")
	disk := errors.New("disk gone")
	for name, change := range map[string]func(*Outgoing){
		"other bytes": func(o *Outgoing) { o.SHA256[0]++ },
		"shorter":     func(o *Outgoing) { o.Size++ },
		"longer":      func(o *Outgoing) { o.Size-- },
		"failing":     func(o *Outgoing) { o.Body = func(io.Writer) error { return disk } },
	} {
		o := outgoing("H99.14", KindEdoc, raw)
		change(&o)
		_, err := x.a.Send(context.Background(), o)
		var e *Error
		if err == nil || errors.As(err, &e) || name == "failing" && !errors.Is(err, disk) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if rows := x.received(t); len(rows) != 0 {
		t.Errorf("the axis took %+v", rows)
	}
}

// Every fault, and what the client makes of it.
func TestFaults(t *testing.T) {
	ctx := context.Background()
	send := func(x *axis) error {
		_, err := x.a.Send(ctx, outgoing("H99.14", KindEdoc, golden(t, "new")))
		return err
	}
	list := func(x *axis) error {
		_, err := x.b.Received(ctx, KindEdoc, Period{})
		return err
	}
	get := func(x *axis) error {
		x.ClearFaults()
		id := func() string { x.send(t); return x.received(t)[0].DocID }()
		x.fail(t, axistest.Fault{Kind: axistest.FaultReset, Count: -1})
		_, err := fetch(t, x.b, id)
		return err
	}
	for name, c := range map[string]struct {
		fault axistest.Fault
		call  func(*axis) error
		want  Error // Op, Err aside
		taken int   // copies the axis holds afterwards
	}{
		"5xx":           {axistest.Fault{Kind: axistest.FaultStatus, Status: 503}, send, Error{HTTPStatus: 503, Retryable: true, Uncertain: true}, 0},
		"4xx":           {axistest.Fault{Kind: axistest.FaultStatus, Status: 403}, send, Error{HTTPStatus: 403}, 0},
		"429":           {axistest.Fault{Kind: axistest.FaultBusy}, send, Error{HTTPStatus: 429, Retryable: true, RetryAfter: time.Second}, 0},
		"reset":         {axistest.Fault{Kind: axistest.FaultReset}, send, Error{Retryable: true, Uncertain: true}, 2},
		"lost answer":   {axistest.Fault{Kind: axistest.FaultLostAnswer}, send, Error{Retryable: true, Uncertain: true}, 2},
		"wrong hmac":    {axistest.Fault{Kind: axistest.FaultWrongHMAC}, send, Error{Code: CodeWrongSecret}, 0},
		"fail":          {axistest.Fault{Kind: axistest.FaultFail, Code: "22", Desc: "Sai dinh dang"}, send, Error{Code: "22"}, 0},
		"system error":  {axistest.Fault{Kind: axistest.FaultFail, Code: "20", Desc: "Loi he thong"}, send, Error{Code: "20", Retryable: true, Uncertain: true}, 0},
		"locked":        {axistest.Fault{Kind: axistest.FaultLockRecipient, Recipient: "H99.05"}, send, Error{Code: CodeRecipientLocked}, 0},
		"other locked":  {axistest.Fault{Kind: axistest.FaultLockRecipient, Recipient: "H99.14"}, send, Error{}, 2},
		"list reset":    {axistest.Fault{Kind: axistest.FaultReset}, list, Error{Retryable: true, Uncertain: true}, 0},
		"list 500":      {axistest.Fault{Kind: axistest.FaultStatus}, list, Error{HTTPStatus: 500, Retryable: true, Uncertain: true}, 0},
		"fetch reset":   {axistest.Fault{Kind: axistest.FaultDelay}, get, Error{Retryable: true}, 2},
		"duplicate":     {axistest.Fault{Kind: axistest.FaultDuplicate}, send, Error{}, 4},
		"other op":      {axistest.Fault{Kind: axistest.FaultStatus, Operation: "updateStatus"}, send, Error{}, 2},
		"every other":   {axistest.Fault{Kind: axistest.FaultStatus, Every: 2, Count: -1}, send, Error{}, 2},
		"slow, patient": {axistest.Fault{Kind: axistest.FaultSlowRecipient, Recipient: "H99.05", DelayMS: 20}, send, Error{}, 2},
	} {
		t.Run(name, func(t *testing.T) {
			x := newAxis(t, nil)
			x.fail(t, c.fault)
			err := c.call(x)
			x.ClearFaults()
			if rows := x.received(t); len(rows) != c.taken {
				t.Errorf("the axis holds %d copies, want %d", len(rows), c.taken)
			}
			if c.want == (Error{}) {
				if err != nil {
					t.Errorf("got %v", err)
				}
				return
			}
			got := *asError(t, err)
			got.Op, got.Err, got.Desc = "", nil, ""
			if got != c.want {
				t.Errorf("got %+v (%v), want %+v", got, err, c.want)
			}
		})
	}
}

// An answer lost after acceptance is found again in the sent list.
func TestLostAnswerCanBeReconciled(t *testing.T) {
	x := newAxis(t, nil)
	x.fail(t, axistest.Fault{Operation: "sendEdoc", Kind: axistest.FaultLostAnswer})
	_, err := x.a.Send(context.Background(), outgoing("H99.14", KindEdoc, golden(t, "new")))
	if !asError(t, err).Uncertain {
		t.Fatal(err)
	}
	rows, err := x.a.Sent(context.Background(), KindEdoc, "", Period{})
	if err != nil || len(rows) != 2 || rows[0].Notation != "145/SVD-VP" {
		t.Errorf("%+v %v", rows, err)
	}
}

func TestListFaults(t *testing.T) {
	x := newAxis(t, nil)
	x.send(t)
	plain := x.received(t)
	x.fail(t, axistest.Fault{Operation: "getReceivedEdocList", Kind: axistest.FaultReorder})
	back := x.received(t)
	slices.Reverse(back)
	if diff := cmp.Diff(plain, back); diff != "" {
		t.Error(diff)
	}
	x.fail(t, axistest.Fault{Operation: "getReceivedEdocList", Kind: axistest.FaultDuplicate})
	if rows := x.received(t); len(rows) != 4 {
		t.Errorf("%+v", rows)
	}
	x.fail(t, axistest.Fault{Kind: axistest.FaultClockSkew, DelayMS: int(24 * time.Hour / time.Millisecond)})
	x.send(t)
	if rows := x.received(t); rows[3].CreatedTime != "2026/11/22 09:00:00" {
		t.Errorf("%+v", rows[3])
	}
}

// A copy that a relay wrote differently is the same document to the codec.
func TestRedeliveredCopyIsTheSameDocument(t *testing.T) {
	x := newAxis(t, nil)
	x.fail(t, axistest.Fault{Kind: axistest.FaultRedeliverChanged})
	x.send(t)
	rows := x.received(t)
	if len(rows) != 4 {
		t.Fatalf("%+v", rows)
	}
	var texts [2][]byte
	var prints [2]string
	for i, id := range []string{rows[0].DocID, rows[2].DocID} {
		raw, err := fetch(t, x.b, id)
		if err != nil {
			t.Fatal(err)
		}
		env := readMessage(t, bytes.NewReader(raw))
		if traces := len(env.Message.TraceHeaderList.TraceHeader); traces != i+1 {
			t.Errorf("copy %d has %d traces", i, traces)
		}
		texts[i], prints[i] = raw, env.Message.Fingerprint()
	}
	if bytes.Equal(texts[0], texts[1]) || prints[0] != prints[1] {
		t.Errorf("same bytes %v, same fingerprint %v", bytes.Equal(texts[0], texts[1]), prints[0] == prints[1])
	}
}

func TestCorruptBodyIsRefusedByTheCodec(t *testing.T) {
	for _, download := range []bool{true, false} {
		x := newAxis(t, func(c *Config) { c.Download = download })
		x.send(t)
		x.fail(t, axistest.Fault{Kind: axistest.FaultCorrupt})
		raw, err := fetch(t, x.b, x.received(t)[0].DocID)
		if err != nil {
			t.Fatal(err)
		}
		_, err = edxml.Read(context.Background(), bytes.NewReader(raw), edxml.Limits{}, edxml.NewTemp(t.TempDir()).Open)
		var refused *edxml.Error
		if !errors.As(err, &refused) {
			t.Errorf("got %v", err)
		}
	}
}

func TestDownAndSlow(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	server.Close()
	c := newClient(t, server.URL, systems[0], nil)
	_, err := c.Send(context.Background(), outgoing("H99.14", KindEdoc, []byte("x")))
	if e := asError(t, err); !e.Retryable || e.Uncertain {
		t.Errorf("down: %+v", e)
	}

	x := newAxis(t, func(c *Config) { c.Timeout = 50 * time.Millisecond })
	x.fail(t, axistest.Fault{Kind: axistest.FaultDelay, DelayMS: 400, Count: -1})
	err = x.b.UpdateStatus(context.Background(), "x", TransportDone)
	if e := asError(t, err); !e.Retryable || !e.Uncertain || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("slow: %+v", e)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := x.a.UpdateStatus(ctx, "x", TransportDone); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}
