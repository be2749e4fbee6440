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
	if err := x.a.Agencies(ctx, func(Agency) error { return stop }); !errors.Is(err, stop) {
		t.Errorf("got %v", err)
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

// TestStreaming sends 64 MiB and fetches it by both ways; all that is allocated, by the
// simulator too, stays far below that.
func TestStreaming(t *testing.T) {
	const size = 64 << 20
	x := newAxis(t, nil)
	plain := newClient(t, x.url, systems[1], func(c *Config) { c.Download = false })
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
	used := allocated(func() {
		_, err = x.a.Send(context.Background(), Outgoing{
			From: "H99.14", Kind: KindEdoc, Size: n, SHA256: sum,
			Body: func(w io.Writer) error { return edxml.Write(w, message, edxml.SDK()) },
		})
	})
	if err != nil || used > 8<<20 {
		t.Fatalf("send: %d bytes allocated in all, %v", used, err)
	}
	for name, c := range map[string]*Client{"downloadEdoc": x.b, "getEdoc": plain} {
		id := x.received(t)[0].DocID
		used := allocated(func() {
			var r io.ReadCloser
			if r, err = c.Fetch(context.Background(), id); err == nil {
				defer r.Close()
				if got := readMessage(t, r).Message.Attachments[0]; got.Size != size {
					t.Errorf("%s: %d bytes", name, got.Size)
				}
			}
		})
		if err != nil || used > 8<<20 {
			t.Errorf("%s: %d bytes allocated in all, %v", name, used, err)
		}
	}
}

// allocated is all the memory that was allocated meanwhile, freed or not.
func allocated(do func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	do()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// pattern is bytes without end.
type pattern struct{}

func (pattern) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = byte(i * 7)
	}
	return len(p), nil
}
