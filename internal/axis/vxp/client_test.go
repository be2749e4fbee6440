package vxp

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"congvan/internal/axis/axistest"
	"congvan/internal/axis/edxml"
)

func at() time.Time { return time.Date(2026, 11, 21, 2, 0, 0, 123e6, time.UTC) }

// axis is a simulator with two systems and clients of both.
type axis struct {
	*axistest.Simulator
	url  string
	a, b *Client
}

var systems = []axistest.System{
	{ID: "000.00.00.H99", Secret: "example-secret", Agencies: []axistest.Agency{
		{Code: "H99", Code102: "000.00.00.H99", Name: "UBND tỉnh Mẫu"},
		{Code: "H99.14", Code102: "000.00.14.H99", Name: "Sở Ví dụ tỉnh Mẫu", Parent: "H99"},
	}},
	{ID: "000.00.00.H98", Secret: "bí-mật-khác", Agencies: []axistest.Agency{
		{Code: "H99.05", Code102: "000.00.05.H99", Name: "Sở Tiếp nhận tỉnh Mẫu", Parent: "H99"},
		{Code: "H99.21.03", Name: "UBND phường Mẫu", Parent: "H99.21"},
	}},
}

func newAxis(t testing.TB, change func(*Config)) *axis {
	t.Helper()
	sim, err := axistest.New(axistest.Options{Clock: at, Dir: t.TempDir(), Systems: systems})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(sim)
	t.Cleanup(func() {
		server.Close()
		sim.Close()
	})
	out := &axis{Simulator: sim, url: server.URL}
	out.a = newClient(t, server.URL, systems[0], change)
	out.b = newClient(t, server.URL, systems[1], change)
	return out
}

func newClient(t testing.TB, url string, system axistest.System, change func(*Config)) *Client {
	t.Helper()
	cfg := Config{Endpoint: url, SystemID: system.ID, Secret: system.Secret, Now: at, Download: true}
	if change != nil {
		change(&cfg)
	}
	c, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

func golden(t testing.TB, name string) []byte {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("..", "edxml", "testdata", name+".edxml"))
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func outgoing(from string, kind Kind, raw []byte) Outgoing {
	return Outgoing{
		From: from, Kind: kind, Size: int64(len(raw)), SHA256: sha256.Sum256(raw),
		Body: func(w io.Writer) error {
			_, err := w.Write(raw)
			return err
		},
	}
}

func (x *axis) send(t testing.TB) string {
	t.Helper()
	id, err := x.a.Send(context.Background(), outgoing("H99.14", KindEdoc, golden(t, "new")))
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func (x *axis) received(t testing.TB) []Received {
	t.Helper()
	rows, err := x.b.Received(context.Background(), KindEdoc, Period{})
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

func (x *axis) fail(t testing.TB, f axistest.Fault) {
	t.Helper()
	if err := x.AddFault(f); err != nil {
		t.Fatal(err)
	}
}

func fetch(t testing.TB, c *Client, id string) ([]byte, error) {
	t.Helper()
	r, err := c.Fetch(context.Background(), id)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return io.ReadAll(r)
}

// asError is the client's error; any other kind fails the test.
func asError(t testing.TB, err error) *Error {
	t.Helper()
	var e *Error
	if !errors.As(err, &e) {
		t.Fatalf("not an *Error: %v", err)
	}
	return e
}

func TestSigningVector(t *testing.T) {
	text := signedText([]param{
		{"timestamp", timestamp(at())},
		{"systemid", "000.00.00.H99"},
		{"Content-Type", "application/json"},
		{"servicetype", "eDoc"},
		{"messagetype", "edoc"},
	})
	want := `{"XroadVnpt-timestamp":"21112026T090000+0123","XroadVnpt-systemid":"000.00.00.H99","XroadVnpt-Content-Type":"application/json","XroadVnpt-servicetype":"eDoc","XroadVnpt-messagetype":"edoc"}`
	if text != want {
		t.Errorf("signed text\n%s\nwant\n%s", text, want)
	}
	if got := mac("example-secret", text); got != "a35c61d735b51232b3dd53f0ac9d7eded7bface3573ffa50de7a534b425e9a28" {
		t.Errorf("mac %s", got)
	}
}

func TestHashFileForms(t *testing.T) {
	sum := sha256.Sum256([]byte("abc"))
	for padded, want := range map[bool]string{
		false: "ba7816bf8f1cfea414140de5dae2223b0361a396177a9cb410ff61f2015ad",
		true:  "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
	} {
		c := &Client{cfg: Config{PaddedHash: padded}}
		if got := c.hashFile(sum); got != want {
			t.Errorf("padded %v: %s", padded, got)
		}
	}
}

// What stands on the wire, header by header.
func TestRequestOnTheWire(t *testing.T) {
	var got http.Header
	var body []byte
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got = r.Header.Clone()
		body, _ = io.ReadAll(r.Body)
		fmt.Fprint(w, `{"status":"OK","ErrorCode":"0","ErrorDesc":"Thanh cong","DocId":"5f"}`)
	}))
	defer server.Close()
	c := newClient(t, server.URL, systems[0], nil)
	o := outgoing("H99.14", KindEdoc, []byte("abc"))
	o.To = []string{"H99.05", "H99.21.03"}
	if id, err := c.Send(context.Background(), o); err != nil || id != "5f" {
		t.Fatal(id, err)
	}
	if string(body) != "abc\r\n" {
		t.Errorf("body %q", body)
	}
	text := `{"XroadVnpt-timestamp":"21112026T090000+0123","XroadVnpt-systemid":"000.00.00.H99","XroadVnpt-Content-Type":"application/octet-stream",` +
		`"XroadVnpt-from":"H99.14","XroadVnpt-servicetype":"eDoc","XroadVnpt-messagetype":"edoc","XroadVnpt-to":"[\"H99.05\",\"H99.21.03\"]",` +
		`"XroadVnpt-hash-file":"ba7816bf8f1cfea414140de5dae2223b0361a396177a9cb410ff61f2015ad"}`
	for name, want := range map[string]string{
		"XroadVnpt-timestamp": "21112026T090000+0123", "XroadVnpt-systemid": "000.00.00.H99",
		"XroadVnpt-Content-Type": "application/octet-stream", "Content-Type": "application/octet-stream",
		"XroadVnpt-from": "H99.14", "XroadVnpt-to": `["H99.05","H99.21.03"]`,
		"User-Agent": "JAVASDKAgent/1.0.0 XRoad/VPCP", "XroadVnpt-version": "3.0.201608",
		"XroadVnpt-sign-header-key": "timestamp;systemid;Content-Type;from;servicetype;messagetype;to;hash-file",
		"XroadVnpt-sign-header":     text,
		"XroadVnpt-hash-header":     mac("example-secret", text),
		"Content-Length":            "5",
	} {
		if got.Get(name) != want {
			t.Errorf("%s: %q, want %q", name, got.Get(name), want)
		}
	}
	many := outgoing("H99.14", KindEdoc, []byte("abc"))
	for i := range 636 {
		many.To = append(many.To, fmt.Sprintf("H98.%03d", i))
	}
	if _, err := c.Send(context.Background(), many); err != nil {
		t.Fatal(err)
	}
	if got.Get("XroadVnpt-to") != "" {
		t.Error("a to header of many kilobytes")
	}
}

func TestTheRoad(t *testing.T) {
	for name, download := range map[string]bool{"downloadEdoc": true, "getEdoc": false} {
		t.Run(name, func(t *testing.T) {
			ctx := context.Background()
			x := newAxis(t, func(c *Config) { c.Download = download })
			raw := golden(t, "new")
			id := x.send(t)

			rows := x.received(t)
			if len(rows) != 2 || rows[0].To != "H99.05" || rows[1].To != "H99.21.03" || rows[0].From != "H99.14" ||
				rows[0].Status != "initial" || rows[0].MessageType != "edoc" || rows[0].DocID == rows[1].DocID {
				t.Fatalf("received %+v", rows)
			}
			if n, err := x.b.Count(ctx, KindEdoc); n != 2 || err != nil {
				t.Errorf("count %d %v", n, err)
			}
			got, err := fetch(t, x.b, rows[0].DocID)
			if err != nil || !bytes.Equal(got, raw) {
				t.Fatalf("fetched %d bytes of %d: %v", len(got), len(raw), err)
			}
			if err := x.b.UpdateStatus(ctx, rows[0].DocID, TransportProcessing); err != nil {
				t.Fatal(err)
			}
			if again := x.received(t); len(again) != 2 || again[0].Status != "processing" {
				t.Errorf("before done: %+v", again)
			}
			if err := x.b.UpdateStatus(ctx, rows[0].DocID, TransportDone); err != nil {
				t.Fatal(err)
			}
			if again := x.received(t); len(again) != 1 || again[0].DocID != rows[1].DocID {
				t.Errorf("after done: %+v", again)
			}

			sent, err := x.a.Sent(ctx, KindEdoc, id, Period{From: at(), To: at()})
			if err != nil || len(sent) != 2 {
				t.Fatalf("sent %+v %v", sent, err)
			}
			want := Sent{
				ServiceType: "eDoc", MessageType: "edoc", FromCode: "H99.14", ToCode: "H99.05",
				Title:    "V/v phối hợp triển khai kết nối liên thông văn bản điện tử",
				Notation: "145/SVD-VP", SentTime: "2026/11/21 09:00:00", ReceivedTime: "2026/11/21 09:00:00",
				SendStatus: "done", SendStatusDesc: "Da gui", ReceiveStatus: "done", ReceiveStatusDesc: "Da xu ly",
				SenderDocID: id, ReceiverDocID: rows[0].DocID,
			}
			if diff := cmp.Diff(want, sent[0]); diff != "" {
				t.Error(diff)
			}
			if none, err := x.a.Sent(ctx, KindEdoc, "", Period{To: at().AddDate(0, 0, -1)}); err != nil || len(none) != 0 {
				t.Errorf("the day before: %v %v", none, err)
			}

			// A status finds its way back by ResponseFor alone.
			if _, err := x.b.Send(ctx, outgoing("H99.05", KindStatus, golden(t, "status-03"))); err != nil {
				t.Fatal(err)
			}
			back, err := x.a.Received(ctx, KindStatus, Period{})
			if err != nil || len(back) != 1 || back[0].From != "H99.05" || back[0].To != "H99.14" {
				t.Fatalf("statuses %+v %v", back, err)
			}
			if n, err := x.a.Count(ctx, KindStatus); n != 1 || err != nil {
				t.Errorf("count %d %v", n, err)
			}
		})
	}
}

func TestAgencies(t *testing.T) {
	ctx := context.Background()
	x := newAxis(t, nil)
	collect := func(list func(context.Context, func(Agency) error) error) map[string]Agency {
		t.Helper()
		out := map[string]Agency{}
		if err := list(ctx, func(a Agency) error { out[a.Code] = a; return nil }); err != nil {
			t.Fatal(err)
		}
		return out
	}
	all := collect(x.a.Agencies)
	if len(all) != 4 || all["H99.14"].Name != "Sở Ví dụ tỉnh Mẫu" || all["H99.14"].ParentCode != "H99" {
		t.Errorf("%+v", all)
	}
	qd20 := collect(func(ctx context.Context, each func(Agency) error) error { return x.a.AgenciesQD20(ctx, "2", each) })
	if len(qd20) != 2 || qd20["H99.05"].Code102 != "000.00.05.H99" {
		t.Errorf("%+v", qd20)
	}
	units := collect(x.a.SynchronizeUnits)
	if len(units) != 4 || !units["H99"].IsAgency || units["H99"].Deleted || units["H99"].OldCode != "000.00.00.H99" || units["H99"].Version != "1" {
		t.Errorf("%+v", units)
	}
	if err := x.a.Register(ctx, Agency{Code: "H99.30", ParentCode: "H99", Name: "Phòng thử nghiệm"}); err != nil {
		t.Fatal(err)
	}
	if now := collect(x.b.Agencies); now["H99.30"].Name != "Phòng thử nghiệm" {
		t.Errorf("%+v", now)
	}
	if err := x.a.Unregister(ctx, "H99.30"); err != nil {
		t.Fatal(err)
	}
	if now := collect(x.b.Agencies); len(now) != 4 {
		t.Errorf("%+v", now)
	}
	if e := asError(t, x.b.Unregister(ctx, "H99.14")); e.Retryable || e.Code != CodeUnknownSender {
		t.Errorf("another's agency: %v", e)
	}
	stop := errors.New("stop")
	if err := x.a.Agencies(ctx, func(Agency) error { return stop }); err != stop {
		t.Errorf("got %v", err)
	}
}

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

func TestOldCodesReachTheSameAgency(t *testing.T) {
	x := newAxis(t, nil)
	o := outgoing("000.00.14.H99", KindEdoc, golden(t, "new"))
	o.To = []string{"000.00.05.h99"}
	if _, err := x.a.Send(context.Background(), o); err != nil {
		t.Fatal(err)
	}
	if rows := x.received(t); len(rows) != 1 {
		t.Errorf("%+v", rows)
	}
}

func TestPaddedHashIsTakenToo(t *testing.T) {
	x := newAxis(t, func(c *Config) { c.PaddedHash = true })
	x.send(t)
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
		"fail":          {axistest.Fault{Kind: axistest.FaultFail, Code: "20", Desc: "Loi he thong"}, send, Error{Code: "20"}, 0},
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
	var prints [2]edxml.Digest
	for i, id := range []string{rows[0].DocID, rows[2].DocID} {
		raw, err := fetch(t, x.b, id)
		if err != nil {
			t.Fatal(err)
		}
		env := readMessage(t, bytes.NewReader(raw))
		if traces := len(env.Message.TraceHeaderList.TraceHeader); traces != i+1 {
			t.Errorf("copy %d has %d traces", i, traces)
		}
		texts[i], prints[i] = raw, env.Message.Fingerprint(func(s string) string { return s })
	}
	if bytes.Equal(texts[0], texts[1]) || prints[0] != prints[1] {
		t.Errorf("same bytes %v, same fingerprint %v", bytes.Equal(texts[0], texts[1]), prints[0] == prints[1])
	}
}

func readMessage(t testing.TB, r io.Reader) *edxml.Envelope {
	t.Helper()
	spool := edxml.NewTemp(t.TempDir())
	t.Cleanup(func() { spool.Close() })
	env, err := edxml.Read(context.Background(), r, edxml.Limits{}, spool.Open)
	if err != nil {
		t.Fatal(err)
	}
	return env
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

// TestStreaming sends and fetches 64 MiB by both ways; all that is allocated, by the
// simulator too, stays far below that.
func TestStreaming(t *testing.T) {
	const size = 64 << 20
	for name, download := range map[string]bool{"downloadEdoc": true, "getEdoc": false} {
		t.Run(name, func(t *testing.T) {
			x := newAxis(t, func(c *Config) { c.Download = download })
			message := readMessage(t, bytes.NewReader(golden(t, "new"))).Message
			message.Attachments = message.Attachments[:1]
			message.Attachments[0].Size, message.Attachments[0].SHA256 = size, edxml.Digest{}
			message.Attachments[0].Open = func() (io.ReadCloser, error) {
				return io.NopCloser(io.LimitReader(pattern{}, size)), nil
			}
			n, sum, err := edxml.Measure(message, edxml.SDK())
			if err != nil {
				t.Fatal(err)
			}
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			_, err = x.a.Send(context.Background(), Outgoing{
				From: "H99.14", Kind: KindEdoc, Size: n, SHA256: sum,
				Body: func(w io.Writer) error { return edxml.Write(w, message, edxml.SDK()) },
			})
			if err != nil {
				t.Fatal(err)
			}
			r, err := x.b.Fetch(context.Background(), x.received(t)[0].DocID)
			if err != nil {
				t.Fatal(err)
			}
			defer r.Close()
			env := readMessage(t, r)
			runtime.ReadMemStats(&after)
			if got := env.Message.Attachments[0]; got.Size != size {
				t.Errorf("%d bytes", got.Size)
			}
			if used := after.TotalAlloc - before.TotalAlloc; used > 16<<20 {
				t.Errorf("%d bytes allocated in all", used)
			}
		})
	}
}

// pattern is bytes without end.
type pattern struct{}

func (pattern) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = byte(i * 7)
	}
	return len(p), nil
}
