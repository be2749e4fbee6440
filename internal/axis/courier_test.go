package axis_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"strings"
	"testing"

	"congvan/internal/axis"
	"congvan/internal/axis/axistest"
	"congvan/internal/axis/edxml"
	"congvan/internal/axis/vxp"
	"congvan/internal/calendar"
	"congvan/internal/document"
	"congvan/internal/fault"
	"congvan/internal/workflow"
	"congvan/storage"
)

// consignment is a document as the flow would hand it over, without its signatures.
func (x *exchange) consignment(n int) document.Consignment {
	x.t.Helper()
	body := fmt.Appendf(nil, "%%PDF-1.7 văn bản thứ %d", n)
	key := storage.Key(sha256.Sum256(body))
	x.must(x.a.Blobs.Put(x.t.Context(), key, int64(len(body)), bytes.NewReader(body)))
	day := calendar.DateOf(x.a.Now())
	return document.Consignment{
		From: document.Party{OrganID: "H26.14", OrganName: "Sở Ví dụ"}, To: []document.Party{{OrganID: "H98.05", OrganName: "Sở Mẫu tỉnh Mẫu"}},
		DocumentID: fmt.Sprintf("H26.14,%s,%d/SVD-TT", edxml.DateOf(x.a.Now()), n), CodeNumber: fmt.Sprint(n), CodeNotation: "SVD-TT",
		Place: "Hà Nội", IssuedDate: day, TypeName: "Công văn", Subject: "V/v gửi thử  nhiều lần", SignerName: "Nguyễn Văn Mẫu", SentAt: x.a.Now(),
		Files: []document.ConsignedFile{{Role: document.Main, Name: "cong-van.pdf", MediaType: "application/pdf", Blob: key.String(), Size: int64(len(body))}},
	}
}

// sentOnce: whatever the axis does and answers, a courier that tries until it is told an
// id has sent the message once.
func sentOnce(x *exchange) {
	ctx := x.t.Context()
	on := func(op string, kind axistest.FaultKind) axistest.Fault {
		return axistest.Fault{Operation: op, Kind: kind}
	}
	send, list := "sendEdoc", "getSentEdocList"
	number := 500
	for name, c := range map[string]struct {
		faults []axistest.Fault
		calls  int // until it is done
	}{
		"nothing":                     {nil, 1},
		"answer lost":                 {[]axistest.Fault{on(send, axistest.FaultLostAnswer)}, 1},
		"reset in the answer":         {[]axistest.Fault{on(send, axistest.FaultReset)}, 1},
		"answer lost, list down":      {[]axistest.Fault{on(send, axistest.FaultLostAnswer), {Operation: list, Kind: axistest.FaultStatus, Count: 2}}, 3},
		"answer lost, list cut off":   {[]axistest.Fault{on(send, axistest.FaultReset), on(list, axistest.FaultReset)}, 2},
		"answer lost, list refused":   {[]axistest.Fault{on(send, axistest.FaultLostAnswer), {Operation: list, Kind: axistest.FaultFail, Count: 2, Code: "10"}}, 3},
		"refused with a system error": {[]axistest.Fault{{Operation: send, Kind: axistest.FaultFail, Code: "20"}}, 2},
		"down":                        {[]axistest.Fault{{Operation: send, Kind: axistest.FaultStatus, Status: 503, Count: 3}}, 4},
		"busy":                        {[]axistest.Fault{on(send, axistest.FaultBusy)}, 2},
		"our key refused":             {[]axistest.Fault{on(send, axistest.FaultWrongHMAC)}, 2},
		"a gateway's refusal":         {[]axistest.Fault{{Operation: send, Kind: axistest.FaultStatus, Status: 403}}, 2},
	} {
		x.t.Run(name, func(t *testing.T) {
			x := x.in(t)
			number++
			d := x.consignment(number)
			x.fail(c.faults...)
			calls, id := 0, ""
			for id == "" && calls < 10 {
				h := x.a.courier.Send(ctx, d, calls > 0)[0]
				if h.Err != nil && fault.KindOf(h.Err) != fault.Unavailable {
					t.Fatal(h.Err)
				}
				id = h.AxisDocID
				calls++
			}
			if ids := x.onAxis(x.a.client, d.CodeNumber+"/SVD-TT"); len(ids) != 1 || ids[0] != id {
				t.Errorf("the axis holds %v, we know %q", ids, id)
			}
			if calls != c.calls {
				t.Errorf("%d calls, want %d", calls, c.calls)
			}
			if again := x.a.courier.Send(ctx, d, true)[0]; again.AxisDocID != id || again.Err != nil {
				t.Errorf("once more: %+v", again)
			}
		})
	}
	x.fail(axistest.Fault{Operation: send, Kind: axistest.FaultFail, Code: "18"})
	if h := x.a.courier.Send(ctx, x.consignment(600), false)[0]; !fault.Is(h.Err, "axis_recipient_refused") || fault.From(h.Err).Args["code"] != "18" {
		x.t.Errorf("an unknown recipient: %v", h.Err)
	}
	bad := x.consignment(601)
	bad.Subject = ""
	if h := x.a.courier.Send(ctx, bad, false)[0]; !fault.Is(h.Err, "axis_field") || fault.From(h.Err).Args["path"] != "MessageHeader/Subject" {
		x.t.Errorf("no subject: %v", h.Err)
	}
}

// listed answers with a sent list of its own.
type listed struct {
	axis.Wire
	rows []vxp.Sent
	err  error
}

func (l *listed) Sent(context.Context, vxp.Kind, string, vxp.Period) ([]vxp.Sent, error) {
	return l.rows, l.err
}

// noList: without the list nothing is sent a second time; and what it lists is ours only if
// all of it fits.
func noList(x *exchange) {
	ctx := x.t.Context()
	d := x.consignment(700)
	d.To = append(d.To, document.Party{OrganID: "H98", OrganName: "Ủy ban nhân dân tỉnh Mẫu"})
	whole := vxp.Sent{FromCode: "000.00.14.H26", ToCode: "000.00.05.H98", Title: "V/v gửi thử nhiều lần", Notation: "700 / SVD-TT", SendStatus: "done", SenderDocID: "s"}
	other := whole
	other.ToCode = "h98"
	with := func(change func(*vxp.Sent)) []vxp.Sent {
		row := other
		change(&row)
		return []vxp.Sent{whole, row}
	}
	for name, c := range map[string]struct {
		rows []vxp.Sent
		want string // the messages by which the two were reached
	}{
		"both recipients":     {[]vxp.Sent{whole, other}, "s s"},
		"one of them":         {[]vxp.Sent{whole, whole}, "s -"},
		"two messages":        {with(func(r *vxp.Sent) { r.SenderDocID = "t" }), "s t"},
		"failed to be sent":   {with(func(r *vxp.Sent) { r.SendStatus = "fail" }), "s -"},
		"another sender":      {with(func(r *vxp.Sent) { r.FromCode = "H26.15" }), "s -"},
		"another number":      {with(func(r *vxp.Sent) { r.Notation = "701/SVD-TT" }), "s -"},
		"another subject":     {with(func(r *vxp.Sent) { r.Title = "V/v khác" }), "s -"},
		"an unknown sender":   {with(func(r *vxp.Sent) { r.FromCode = "000.00.01.H97" }), "s -"},
		"decomposed Unicode":  {with(func(r *vxp.Sent) { r.Title = "V/v gư\u0309i thư\u0309 nhiê\u0300u lâ\u0300n" }), "s s"},
		"nothing":             {nil, "- -"},
		"the list is refused": {nil, "? ?"},
	} {
		l := &listed{Wire: x.a.client, rows: c.rows}
		if name == "the list is refused" {
			l.err = &vxp.Error{Code: "10"}
		}
		courier := *x.a.courier
		// What is not found would be sent: a wire that sends nothing shows it.
		courier.Wire = refusing{l}
		var got []string
		for _, h := range courier.Send(ctx, d, true) {
			switch {
			case h.Err == nil:
				got = append(got, h.AxisDocID)
			case fault.Is(h.Err, "axis_refused"):
				got = append(got, "-")
			case fault.KindOf(h.Err) == fault.Unavailable:
				got = append(got, "?")
			}
		}
		if strings.Join(got, " ") != c.want {
			x.t.Errorf("%s: %v, want %s", name, got, c.want)
		}
	}
	if ids := x.onAxis(x.a.client, "700/SVD-TT"); len(ids) != 0 {
		x.t.Errorf("sent %v", ids)
	}
}

// refusing is a wire that takes no message.
type refusing struct{ axis.Wire }

func (refusing) Send(context.Context, vxp.Outgoing) (string, error) {
	return "", &vxp.Error{Op: "sendEdoc", Code: vxp.CodeInvalidFile}
}

// otherBytes is a storage whose objects were changed behind its back.
type otherBytes struct{ storage.Blobs }

func (o otherBytes) Open(ctx context.Context, key storage.Key) (storage.Object, error) {
	obj, err := o.Blobs.Open(ctx, key)
	return changed{obj}, err
}

type changed struct{ storage.Object }

func (c changed) ReadAt(p []byte, off int64) (int, error) {
	n, err := c.Object.ReadAt(p, off)
	if off == 0 && n > 100 {
		p[100] ^= 1
	}
	return n, err
}

// swapped: a file that is not the one that was sealed does not leave the house (O4).
func swapped(x *exchange) {
	d, id := x.issue()
	courier := *x.a.courier
	courier.Blobs = otherBytes{courier.Blobs}
	x.a.Flow.Courier = &courier
	x.must(x.a.Flow.Deliver(x.t.Context(), id))
	if v := x.a.delivery(id); v.State != workflow.Failed || v.LastError != "stored_bytes_differ" {
		x.t.Fatalf("%+v", v)
	}
	if ids := x.onAxis(x.a.client, reference(d)); len(ids) != 0 {
		x.t.Fatalf("sent %v", ids)
	}
}
