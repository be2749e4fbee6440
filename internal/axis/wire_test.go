package axis_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"log/slog"
	"net/http/httptest"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"congvan/internal/axis"
	"congvan/internal/axis/axistest"
	"congvan/internal/axis/edxml"
	"congvan/internal/axis/lgsp"
	"congvan/internal/axis/vxp"
)

// protocols are the two clients of one axis.
var protocols = map[string]func(address, system, secret string, now func() time.Time) (axis.Wire, error){
	"vxp": func(address, system, secret string, now func() time.Time) (axis.Wire, error) {
		return vxp.New(vxp.Config{Endpoint: address, SystemID: system, Secret: secret, Now: now, Download: true})
	},
	"vxp by getEdoc": func(address, system, secret string, now func() time.Time) (axis.Wire, error) {
		return vxp.New(vxp.Config{Endpoint: address, SystemID: system, Secret: secret, Now: now})
	},
	"lgsp": func(address, system, secret string, now func() time.Time) (axis.Wire, error) {
		return lgsp.New(lgsp.Config{Endpoint: address, SystemID: system, SecretKey: secret, Username: system, Password: secret, Application: "QLVB", Now: now})
	},
}

// wires is an axis with two systems connected by one protocol.
type wires struct {
	t     *testing.T
	sim   *axistest.Simulator
	at    string
	clock time.Time
	a, b  axis.Wire
	open  func(address, system, secret string, now func() time.Time) (axis.Wire, error)
}

func newWires(t *testing.T, protocol string) *wires {
	x := &wires{t: t, clock: time.Date(2026, 11, 20, 3, 0, 0, 0, time.UTC), open: protocols[protocol]}
	sim, err := axistest.New(axistest.Options{Clock: x.now, Dir: t.TempDir(), Systems: []axistest.System{
		{ID: "one", Secret: "k1", Agencies: []axistest.Agency{{Code: "H99.14", Code102: "000.00.14.H99", Name: "Sở Ví dụ"}}},
		{ID: "two", Secret: "k2", Agencies: []axistest.Agency{{Code: "H99.05", Name: "Sở Tiếp nhận"}, {Code: "H99.21.03", Name: "UBND phường"}}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(sim)
	server.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, 0)
	t.Cleanup(func() { server.Close(); _ = sim.Close() })
	x.sim, x.at = sim, server.URL
	x.a, x.b = x.connect("one", "k1"), x.connect("two", "k2")
	return x
}

func (x *wires) now() time.Time { return x.clock }

func (x *wires) connect(system, secret string) axis.Wire {
	w, err := x.open(x.at, system, secret, x.now)
	if err != nil {
		x.t.Fatal(err)
	}
	return w
}

func golden(t testing.TB, name string) string {
	t.Helper()
	b, err := os.ReadFile("edxml/testdata/" + name + ".edxml")
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func parcel(from string, kind vxp.Kind, raw string) vxp.Outgoing {
	return vxp.Outgoing{
		From: from, Kind: kind, Size: int64(len(raw)), SHA256: sha256.Sum256([]byte(raw)),
		Body: func(w io.Writer) error { _, err := io.WriteString(w, raw); return err },
	}
}

func (x *wires) send(o vxp.Outgoing) (string, error) { return x.a.Send(x.t.Context(), o) }

func (x *wires) rows(w axis.Wire, kind vxp.Kind) []vxp.Received {
	x.t.Helper()
	rows, err := w.Received(x.t.Context(), kind, vxp.Period{From: x.clock.AddDate(0, 0, -1)})
	if err != nil {
		x.t.Fatal(err)
	}
	return rows
}

func (x *wires) wrong(err error) *vxp.Error {
	x.t.Helper()
	var e *vxp.Error
	if !errors.As(err, &e) {
		x.t.Fatalf("not an *Error: %v", err)
	}
	return e
}

// TestWire is what every client of the axis must do, whatever protocol it speaks.
func TestWire(t *testing.T) {
	for protocol := range protocols {
		for name, test := range map[string]func(*wires){
			"there and back": wireThereAndBack, "refusals": wireRefusals, "faults": wireFaults, "credentials": wireCredentials,
			"large": wireLarge, "another body": wireBody, "cut off": wireCut, "given up": wireGivenUp,
		} {
			t.Run(protocol+"/"+name, func(t *testing.T) { test(newWires(t, protocol)) })
		}
	}
}

func wireThereAndBack(x *wires) {
	ctx, raw := x.t.Context(), golden(x.t, "new")
	if id, err := x.send(parcel("H99.14", vxp.KindEdoc, raw)); id == "" || err != nil {
		x.t.Fatalf("%q, %v", id, err)
	}
	rows := x.rows(x.b, vxp.KindEdoc)
	if len(rows) != 2 || rows[0].From != "H99.14" || rows[0].To != "H99.05" || rows[0].CreatedTime != "2026/11/20 10:00:00" || rows[0].MessageType != "edoc" {
		x.t.Fatalf("%+v", rows)
	}
	for _, r := range rows {
		body, err := x.b.Fetch(ctx, r.DocID)
		if err != nil {
			x.t.Fatal(err)
		}
		got, err := io.ReadAll(body)
		if err = errors.Join(err, body.Close()); err != nil || string(got) != raw {
			x.t.Errorf("fetched %d bytes of %d: %v", len(got), len(raw), err)
		}
		if err := x.b.UpdateStatus(ctx, r.DocID, vxp.TransportDone); err != nil {
			x.t.Fatal(err)
		}
	}
	if rows := x.rows(x.b, vxp.KindEdoc); len(rows) != 0 {
		x.t.Errorf("done, and listed: %+v", rows)
	}
	status := strings.Replace(golden(x.t, "status-03"), "H99.05", "H99.05", 1)
	if _, err := x.b.Send(ctx, parcel("H99.05", vxp.KindStatus, status)); err != nil {
		x.t.Fatal(err)
	}
	if rows := x.rows(x.a, vxp.KindStatus); len(rows) != 1 || rows[0].From != "H99.05" {
		x.t.Errorf("status: %+v", rows)
	}
}

func wireRefusals(x *wires) {
	ctx, raw := x.t.Context(), golden(x.t, "new")
	for name, c := range map[string]struct {
		o    vxp.Outgoing
		code string
	}{
		"unknown recipient": {parcel("H99.14", vxp.KindEdoc, strings.Replace(raw, "H99.05", "H97.77", 1)), vxp.CodeUnknownRecipient},
		"not our agency":    {parcel("H99.05", vxp.KindEdoc, strings.Replace(raw, "<edXML:OrganId>H99.14<", "<edXML:OrganId>H99.05<", 1)), vxp.CodeUnknownSender},
		"no edXML":          {parcel("H99.14", vxp.KindEdoc, "<html>"), vxp.CodeBadFormat},
	} {
		_, err := x.send(c.o)
		if e := x.wrong(err); e.Code != c.code || e.Retryable || e.Uncertain || e.Desc == "" {
			x.t.Errorf("%s: %+v", name, e)
		}
	}
	_, err := x.b.Fetch(ctx, "0123")
	if e := x.wrong(err); e.Retryable || e.Code != vxp.CodeInvalidFile {
		x.t.Errorf("fetch of nothing: %+v", e)
	}
	if e := x.wrong(x.b.UpdateStatus(ctx, "0123", vxp.TransportDone)); e.Retryable {
		x.t.Errorf("status of nothing: %+v", e)
	}
}

func wireFaults(x *wires) {
	raw := golden(x.t, "new")
	for name, c := range map[string]struct {
		fault                axistest.Fault
		retryable, uncertain bool
		accepted             int
	}{
		"lost answer":  {axistest.Fault{Kind: axistest.FaultLostAnswer}, true, true, 2},
		"reset":        {axistest.Fault{Kind: axistest.FaultReset}, true, true, 2},
		"down":         {axistest.Fault{Kind: axistest.FaultStatus, Status: 503}, true, true, 0},
		"busy":         {axistest.Fault{Kind: axistest.FaultBusy}, true, false, 0},
		"system error": {axistest.Fault{Kind: axistest.FaultFail, Code: "20"}, true, true, 0},
		"refused":      {axistest.Fault{Kind: axistest.FaultFail, Code: "22", Desc: "Sai"}, false, false, 0},
		"locked":       {axistest.Fault{Kind: axistest.FaultLockRecipient, Recipient: "H99.05"}, false, false, 0},
	} {
		// Signed in already, so that the fault strikes the sending.
		before := len(x.rows(x.b, vxp.KindEdoc))
		if _, err := x.a.Received(x.t.Context(), vxp.KindEdoc, vxp.Period{}); err != nil {
			x.t.Fatal(err)
		}
		c.fault.Operation = "sendEdoc"
		if err := x.sim.AddFault(c.fault); err != nil {
			x.t.Fatal(err)
		}
		_, err := x.send(parcel("H99.14", vxp.KindEdoc, raw))
		e := x.wrong(err)
		if e.Retryable != c.retryable || e.Uncertain != c.uncertain {
			x.t.Errorf("%s: %+v", name, e)
		}
		if name == "busy" && e.RetryAfter != time.Second {
			x.t.Errorf("busy: %+v", e)
		}
		if got := len(x.rows(x.b, vxp.KindEdoc)) - before; got != c.accepted {
			x.t.Errorf("%s: %d rows, want %d", name, got, c.accepted)
		}
		x.sim.ClearFaults()
	}
}

func wireCredentials(x *wires) {
	other := x.connect("one", "wrong")
	_, err := other.Received(x.t.Context(), vxp.KindEdoc, vxp.Period{})
	if e := x.wrong(err); e.Code != vxp.CodeWrongSecret || e.Retryable {
		x.t.Errorf("%+v", e)
	}
	// A session outlives any token: hours later the same client goes on.
	for range 3 {
		x.rows(x.b, vxp.KindEdoc)
		x.clock = x.clock.Add(45 * time.Minute)
		if _, err := x.send(parcel("H99.14", vxp.KindEdoc, golden(x.t, "new"))); err != nil {
			x.t.Fatal(err)
		}
	}
}

// wireLarge passes 200 MiB through the client both ways in memory that does not grow.
func wireLarge(x *wires) {
	const size = 200 << 20
	m := &edxml.Message{
		MessageHeader: edxml.MessageHeader{
			From: edxml.Agency{OrganId: "H99.14"}, To: []edxml.Agency{{OrganId: "H99.05"}}, DocumentId: "1",
			Code: edxml.Code{CodeNumber: "1", CodeNotation: "A"}, PromulgationInfo: edxml.PromulgationInfo{PromulgationDate: "2026/11/20"},
			DocumentType: edxml.AdministrativeType("Công văn"), Subject: "Lớn",
		},
		TraceHeaderList: edxml.TraceHeaderList{
			TraceHeader: []edxml.TraceHeader{{OrganId: "H99.14", Timestamp: "2026/11/20 10:00:00"}},
			Bussiness:   edxml.Bussiness{BussinessDocType: edxml.DocNew},
		},
		Attachments: []edxml.Attachment{{ContentId: "1", AttachmentName: "lon.pdf", Size: size, Open: zeros(size)}},
	}
	n, sum, err := edxml.Measure(m, edxml.SDK())
	if err != nil {
		x.t.Fatal(err)
	}
	before := allocated()
	_, err = x.send(vxp.Outgoing{
		From: "H99.14", Kind: vxp.KindEdoc, Size: n, SHA256: [32]byte(sum),
		Body: func(w io.Writer) error { return edxml.Write(w, m, edxml.SDK()) },
	})
	if err != nil {
		x.t.Fatal(err)
	}
	body, err := x.b.Fetch(x.t.Context(), x.rows(x.b, vxp.KindEdoc)[0].DocID)
	if err != nil {
		x.t.Fatal(err)
	}
	h := sha256.New()
	got, err := io.Copy(h, body)
	if err = errors.Join(err, body.Close()); err != nil || got != n || !bytes.Equal(h.Sum(nil), sum[:]) {
		x.t.Errorf("%d of %d bytes, %v", got, n, err)
	}
	if used := allocated() - before; used > 16<<20 {
		x.t.Errorf("%d MiB allocated in all", used>>20)
	}
}

func allocated() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.TotalAlloc
}

// wireBody: a message that is not the one measured never arrives, and its own error is told.
func wireBody(x *wires) {
	raw := golden(x.t, "new")
	o := parcel("H99.14", vxp.KindEdoc, raw)
	o.Body = func(w io.Writer) error {
		_, err := io.WriteString(w, strings.Replace(raw, "145", "146", 1))
		return err
	}
	if _, err := x.send(o); err == nil {
		x.t.Error("another body was sent")
	}
	fault := errors.New("disk")
	o.Body = func(w io.Writer) error { _, _ = io.WriteString(w, raw[:100]); return fault }
	if _, err := x.send(o); !errors.Is(err, fault) {
		x.t.Errorf("got %v", err)
	}
	if rows := x.rows(x.b, vxp.KindEdoc); len(rows) != 0 {
		x.t.Errorf("%+v", rows)
	}
}

// wireCut: an answer that was cut off never looks like the end of the message.
func wireCut(x *wires) {
	if _, err := x.send(parcel("H99.14", vxp.KindEdoc, golden(x.t, "new"))); err != nil {
		x.t.Fatal(err)
	}
	row := x.rows(x.b, vxp.KindEdoc)[0]
	for _, op := range []string{"getEdoc", "downloadEdoc"} {
		if err := x.sim.AddFault(axistest.Fault{Operation: op, Kind: axistest.FaultReset}); err != nil {
			x.t.Fatal(err)
		}
	}
	body, err := x.b.Fetch(x.t.Context(), row.DocID)
	if err == nil {
		_, err = io.ReadAll(body)
		body.Close()
	}
	if e := x.wrong(err); !e.Retryable {
		x.t.Errorf("%+v", e)
	}
}

func wireGivenUp(x *wires) {
	if err := x.sim.AddFault(axistest.Fault{Kind: axistest.FaultDelay, DelayMS: 1_500, Count: -1}); err != nil {
		x.t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(x.t.Context(), 50*time.Millisecond)
	defer cancel()
	_, err := x.a.Send(ctx, parcel("H99.14", vxp.KindEdoc, golden(x.t, "new")))
	if !errors.Is(err, context.DeadlineExceeded) {
		x.t.Errorf("got %v", err)
	}
	x.sim.ClearFaults()
}
