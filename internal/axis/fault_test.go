package axis_test

import (
	"context"
	"slices"
	"strings"

	"congvan/internal/axis"
	"congvan/internal/axis/axistest"
	"congvan/internal/axis/edxml"
	"congvan/internal/axis/vxp"
	"congvan/internal/document"
	"congvan/internal/fault"
	"congvan/internal/flow"
	"congvan/internal/workflow"
)

// dying is a courier whose process is killed once the axis has taken the message.
type dying struct{ flow.Courier }

func (d dying) Send(ctx context.Context, c document.Consignment, again bool) []document.Handover {
	_ = d.Courier.Send(ctx, c, again)
	panic("killed")
}

func killed(x *exchange) {
	ctx := x.t.Context()
	d, id := x.issue()
	x.a.Flow.Courier = dying{x.a.courier}
	func() {
		defer func() { _ = recover() }()
		_ = x.a.Flow.Deliver(ctx, id)
	}()
	x.a.Flow.Courier = x.a.courier
	x.must(x.a.Flow.Deliver(ctx, id))
	x.once(d, id)
}

// once holds that a document is on the axis once, at its recipient once, and that its
// sender knows.
func (x *exchange) once(d document.Outgoing, id string) {
	x.t.Helper()
	x.settle()
	v := x.a.delivery(id)
	if ids := x.onAxis(x.a.client, reference(d)); len(ids) != 1 || v.AxisDocID != ids[0] {
		x.t.Errorf("the axis holds %v, the delivery knows %q", ids, v.AxisDocID)
	}
	if in := x.b.got("b-sm", "H26.14", d.DocumentID); len(in) != 1 {
		x.t.Errorf("%d documents at the recipient", len(in))
	}
	if v.State != workflow.Arrived || !slices.Equal(codes(v), []string{"01"}) {
		x.t.Errorf("%s by %v", v.State, codes(v))
	}
}

func reference(d document.Outgoing) string {
	_, _, code, _ := edxml.ParseDocumentID(d.DocumentID)
	return code
}

func locked(x *exchange) {
	ctx := x.t.Context()
	d, id := x.issue()
	x.fail(axistest.Fault{Kind: axistest.FaultLockRecipient, Recipient: "H98.05"})
	x.must(x.a.Flow.Deliver(ctx, id))
	if v := x.a.delivery(id); v.State != workflow.Failed || v.LastError != "axis_recipient_refused" || v.LastErrorWith["code"] != "23" || v.LastErrorWith["text"] == "" {
		x.t.Fatalf("%+v", v)
	}
	_, err := x.a.Flow.Resend(ctx, x.a.Who("vt.svd"), id)
	x.must(err)
	x.once(d, id)
}

func downAndBack(x *exchange) {
	ctx := x.t.Context()
	d, id := x.issue()
	x.down.Store(true)
	for n := range 3 {
		if err := x.a.Flow.Deliver(ctx, id); !fault.Is(err, "axis_unavailable") {
			x.t.Fatalf("down: %v", err)
		}
		if v := x.a.delivery(id); v.State != workflow.Queued || v.Attempts != n+1 || v.LastError != "axis_unavailable" {
			x.t.Fatalf("%+v", v)
		}
	}
	if _, err := x.b.inbox.Poll(ctx); fault.KindOf(err) != fault.Unavailable {
		x.t.Fatalf("down: %v", err)
	}
	x.down.Store(false)
	x.must(x.a.Flow.Deliver(ctx, id))
	x.once(d, id)
}

// twice: two copies on the axis, one more as a relay writes it, every list double and last
// first, and the axis told done without an answer.
func twice(x *exchange) {
	ctx := x.t.Context()
	d, id := x.issue()
	x.fail(axistest.Fault{Kind: axistest.FaultDuplicate, Operation: "sendEdoc", Count: -1},
		axistest.Fault{Kind: axistest.FaultRedeliverChanged, Operation: "sendEdoc"},
		axistest.Fault{Kind: axistest.FaultDuplicate, Operation: "getReceivedEdocList", Count: -1},
		axistest.Fault{Kind: axistest.FaultReorder, Operation: "getReceivedEdocList", Count: -1},
		axistest.Fault{Kind: axistest.FaultLostAnswer, Operation: "updateStatus", Count: 2})
	x.must(x.a.Flow.Deliver(ctx, id))
	rows, err := x.b.client.Received(ctx, vxp.KindEdoc, vxp.Period{})
	x.must(err)
	if len(rows) != 6 {
		x.t.Fatalf("%d rows, want 3 copies listed twice", len(rows))
	}
	if n, err := x.b.inbox.Poll(ctx); n != 1 || fault.KindOf(err) != fault.Unavailable {
		x.t.Fatalf("%d done, %v", n, err)
	}
	x.once(d, id)
	if q := x.b.quarantine(); len(q) != 0 {
		x.t.Errorf("set aside: %+v", q)
	}
}

// forgetful is a receiver that commits and then reports a fault, once for each act.
type forgetful struct {
	axis.Receiver
	acts map[string]bool
}

func (f forgetful) fault(act string, err error) error {
	if err != nil || f.acts[act] {
		return err
	}
	f.acts[act] = true
	return fault.New(fault.Unavailable, "database_unavailable")
}

func (f forgetful) Receive(ctx context.Context, p document.Parcel, c document.Consignment) error {
	return f.fault("receive", f.Receiver.Receive(ctx, p, c))
}

func (f forgetful) RecordStatus(ctx context.Context, p document.Parcel, m document.StatusMessage) error {
	return f.fault("status", f.Receiver.RecordStatus(ctx, p, m))
}

func (f forgetful) TakeOver(ctx context.Context, rows []document.Parcel) ([]document.Parcel, error) {
	rows, err := f.Receiver.TakeOver(ctx, rows)
	if len(rows) == 0 {
		return rows, err
	}
	return rows, f.fault("take over", err)
}

func (f forgetful) Strike(ctx context.Context, p document.Parcel, code string) (int, error) {
	n, err := f.Receiver.Strike(ctx, p, code)
	return n, f.fault("strike", err)
}

func (f forgetful) SetAside(ctx context.Context, p document.Parcel, code string) error {
	return f.fault("set aside", f.Receiver.SetAside(ctx, p, code))
}

func committedButFailed(x *exchange) {
	ctx := x.t.Context()
	acts := map[string]bool{}
	for _, s := range []*side{x.a, x.b} {
		s.inbox.Receiver = forgetful{s.Flow, acts}
		defer func() { s.inbox.Receiver = s.Flow }()
	}
	d, id := x.issue()
	x.must(x.a.Flow.Deliver(ctx, id))
	for _, act := range []string{"take over", "receive"} {
		if n, err := x.b.inbox.Poll(ctx); n != 0 || fault.KindOf(err) != fault.Unavailable || !acts[act] {
			x.t.Fatalf("%s: %d done, %v", act, n, err)
		}
	}
	x.b.poll()
	x.b.Work()
	if n, err := x.a.inbox.Poll(ctx); n != 0 || fault.KindOf(err) != fault.Unavailable {
		x.t.Fatalf("%d done, %v", n, err)
	}
	x.once(d, id)

	// A message at fault: its strikes and its quarantine are kept though reported as failed.
	x.post(x.stranger, stranger, vxp.KindEdoc, strings.Replace(x.raw(x.letter(stranger, 900)), "</AttachmentEncoded>", "</Attachment>", 1), "H26.14")
	for range 5 {
		_, _ = x.a.inbox.Poll(ctx)
	}
	if q := x.a.quarantine(); len(q) != 1 || !acts["strike"] || !acts["set aside"] {
		x.t.Errorf("set aside: %+v after %v", q, acts)
	}
	x.quiet(x.a)
}
