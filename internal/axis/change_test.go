package axis_test

import (
	"strings"

	"congvan/internal/axis/axistest"
	"congvan/internal/axis/edxml"
	"congvan/internal/axis/vxp"
	"congvan/internal/document"
	"congvan/internal/flow"
	"congvan/internal/flowtest"
	"congvan/internal/workflow"
)

// asked are the changes of an outgoing document at its sender.
func (s *side) asked(id string) (out []document.Change) {
	s.T.Helper()
	s.Must(s.Store.Read(s.T.Context(), func(tx flow.ReadTx) (err error) { out, err = tx.ChangesOf(id); return err }))
	return out
}

// waiting is the newest change of a received document.
func (s *side) waiting(id string) document.Change {
	s.T.Helper()
	var all []document.Change
	s.Must(s.Store.Read(s.T.Context(), func(tx flow.ReadTx) (err error) { all, err = tx.ChangesOn(id); return err }))
	if len(all) == 0 {
		s.T.Fatal("nothing was asked")
	}
	return all[len(all)-1]
}

// recalls takes documents back over the axis by each of the routes that a peer may want,
// every message twice and in disorder: both copies are frozen, and 15 comes back.
func recalls(x *exchange) {
	ctx := x.t.Context()
	for _, route := range []edxml.RecallRoute{edxml.RecallByDocument, edxml.RecallByStatus, edxml.RecallByBoth} {
		d, id := x.issue()
		x.must(x.a.Flow.Deliver(ctx, id))
		x.settle()
		courier := *x.a.courier
		courier.Dialect.Recall = route
		x.a.Flow.Courier = &courier
		x.fail(axistest.Fault{Operation: "sendEdoc", Kind: axistest.FaultDuplicate, Count: -1}, axistest.Fault{Operation: "getReceivedEdocList", Kind: axistest.FaultReorder, Count: -1})
		d, err := x.a.Flow.Recall(ctx, x.a.Who("gd.svd"), d.ID, flow.RecallInput{Reason: "Gửi nhầm phụ lục"})
		x.must(err)
		x.settle()
		in := x.b.got("b-sm", "H26.14", d.DocumentID)
		if d.State != workflow.Recalled || len(in) != 1 || in[0].State != workflow.Recalled || len(in[0].Files) != 2 {
			x.t.Fatalf("%s: %s, %+v", route, d.State, in)
		}
		c := x.b.waiting(in[0].ID)
		if c.State != workflow.Waiting || c.Reason != "Gửi nhầm phụ lục" {
			x.t.Fatalf("%s: %+v", route, c)
		}
		_, err = x.b.Flow.Agree(ctx, x.b.Who("vt.sm"), c.ID, "Đã hủy")
		x.must(err)
		x.settle()
		if got := x.a.asked(d.ID); len(got) != 1 || got[0].State != workflow.Agreed || got[0].Answer != "Đã hủy" {
			x.t.Fatalf("%s: at the sender %+v", route, got)
		}
		if v := x.a.delivery(id); v.State != workflow.Arrived {
			x.t.Fatalf("%s: 15 moved the delivery to %s", route, v.State)
		}
		x.sim.ClearFaults()
		x.settle()
	}
}

// recallsUnsent: recalled while the axis cannot be reached, a document never leaves; taken by
// the axis with its answer lost, it is asked back.
func recallsUnsent(x *exchange) {
	ctx := x.t.Context()
	for _, taken := range []bool{false, true} {
		d, id := x.issue()
		x.down.Store(!taken)
		if taken { // the answer is lost, and so is the list that would tell of it
			x.fail(axistest.Fault{Operation: "sendEdoc", Kind: axistest.FaultLostAnswer, Count: 1}, axistest.Fault{Operation: "getSentEdocList", Kind: axistest.FaultStatus, Count: 1})
		}
		if err := x.a.Flow.Deliver(ctx, id); err == nil {
			x.t.Fatal("the attempt succeeded")
		}
		_, err := x.a.Flow.Recall(ctx, x.a.Who("gd.svd"), d.ID, flow.RecallInput{Reason: "Gửi nhầm"})
		x.must(err)
		x.a.Jobs = nil
		x.down.Store(false)
		_ = x.a.Flow.Deliver(ctx, id) // finds out, and asks to come again
		x.must(x.a.Flow.Deliver(ctx, id))
		c := x.a.asked(d.ID)[0]
		x.must(x.a.Flow.SendChange(ctx, c.ID))
		x.settle()
		in, v := x.b.got("b-sm", "H26.14", d.DocumentID), x.a.delivery(id)
		switch {
		case !taken && (len(in) != 0 || v.State != workflow.Recalled):
			x.t.Fatalf("it left: %s, %+v", v.State, in)
		case taken && (len(in) != 1 || in[0].State != workflow.Recalled || v.State != workflow.Arrived):
			x.t.Fatalf("it was not asked back: %s, %+v", v.State, in)
		}
	}
}

// replaces sends a new document in the place of an earlier one.
func replaces(x *exchange) {
	ctx := x.t.Context()
	d, id := x.issue()
	x.must(x.a.Flow.Deliver(ctx, id))
	x.settle()
	cv := x.a.Who("cv.svd")
	u := x.a.Upload(cv, "thay-the.pdf", flowtest.Sample(x.t, "cong-van-1.pdf"))
	n, err := x.a.Flow.Draft(ctx, cv, flow.DraftInput{
		Metadata: document.Metadata{TypeCode: d.TypeCode, Subject: "V/v phối hợp (thay thế)"}, SignerID: x.a.Who("gd.svd").PositionID,
		Files:  []flow.FileInput{{Role: document.Main, UploadID: u.ID}},
		Effect: document.Effect{Kind: document.Replace, Targets: []string{d.ID}, Reason: "Sai số liệu"},
	})
	x.must(err)
	n, err = x.a.Flow.Issue(ctx, x.a.Who("vt.svd"), x.a.Seal(n).ID)
	x.must(err)
	x.settle()
	old, fresh := x.b.got("b-sm", "H26.14", d.DocumentID), x.b.got("b-sm", "H26.14", n.DocumentID)
	if len(old) != 1 || old[0].State != workflow.Replaced || len(fresh) != 1 || fresh[0].State != workflow.Received {
		x.t.Fatalf("old %+v, new %+v", old, fresh)
	}
	if c := x.b.waiting(old[0].ID); c.CarrierID != fresh[0].ID || c.Kind != document.Replace {
		x.t.Fatalf("%+v", c)
	}
	if got := x.a.asked(d.ID); len(got) != 1 || got[0].State != workflow.Agreed {
		x.t.Fatalf("at the sender %+v", got)
	}
}

// updates changes fields, and takes a recipient off.
func updates(x *exchange) {
	ctx := x.t.Context()
	d, id := x.issue()
	x.must(x.a.Flow.Deliver(ctx, id))
	x.settle()
	subject := "V/v phối hợp, bản sửa trích yếu"
	_, err := x.a.Flow.Update(ctx, x.a.Who("vt.svd"), d.ID, flow.UpdateInput{Reason: "Sai trích yếu", Subject: &subject})
	x.must(err)
	x.settle()
	in := x.b.got("b-sm", "H26.14", d.DocumentID)[0]
	_, err = x.b.Flow.Agree(ctx, x.b.Who("vt.sm"), x.b.waiting(in.ID).ID, "")
	x.must(err)
	_, err = x.a.Flow.Update(ctx, x.a.Who("gd.svd"), d.ID, flow.UpdateInput{Reason: "Không thuộc thẩm quyền", Remove: []string{"H98.05"}})
	x.must(err)
	x.settle()
	in = x.b.got("b-sm", "H26.14", d.DocumentID)[0]
	newest := x.b.waiting(in.ID)
	if in.Subject != subject || len(in.Files) != 2 || in.Files[0].Version.N != 1 || in.State != workflow.Recalled || !newest.Removal() {
		x.t.Fatalf("%q, %s, %+v", in.Subject, in.State, in.Files)
	}
	if got := x.a.asked(d.ID); len(got) != 2 || got[0].State != workflow.Agreed || got[1].State != workflow.Sent {
		x.t.Fatalf("at the sender %+v", got)
	}
}

// setAsideActs: the same identifier with other content is taken as an update, and as a
// document of its own; what could not be read is read again; another's recall is nobody's.
func setAsideActs(x *exchange) {
	ctx := x.t.Context()
	vt := x.a.Who("vt.svd")
	send := func(n int, change func(*edxml.Message)) *edxml.Message {
		m := x.letter(stranger, n)
		if change != nil {
			change(m)
		}
		x.post(x.stranger, stranger, vxp.KindEdoc, x.raw(m))
		return m
	}
	held := func(reason string) flow.Quarantined {
		x.t.Helper()
		for _, q := range x.a.quarantine() {
			if q.Reason == reason && q.State == workflow.Held {
				return q
			}
		}
		x.t.Fatalf("nothing is held for %s", reason)
		return flow.Quarantined{}
	}
	first := send(901, nil)
	x.settle()
	send(901, func(m *edxml.Message) { m.MessageHeader.Subject = "V/v hỏi đường khác" })
	x.settle()
	q, err := x.a.Flow.TakeUpdate(ctx, vt, held("same_id_other_content").ID)
	x.must(err)
	x.settle()
	in := x.a.got("a-svd", stranger, first.MessageHeader.DocumentId)
	if len(in) != 1 || in[0].ID != q.IncomingID || in[0].Subject != "V/v hỏi đường khác" || in[0].Verdict == document.VerdictPending {
		x.t.Fatalf("taken as an update: %+v", in)
	}
	send(901, func(m *edxml.Message) { m.MessageHeader.Subject = "V/v việc thứ ba" })
	x.settle()
	q, err = x.a.Flow.TakeNew(ctx, vt, held("same_id_other_content").ID)
	x.must(err)
	x.settle()
	if in = x.a.got("a-svd", stranger, first.MessageHeader.DocumentId); len(in) != 2 || in[0].ID != q.IncomingID || in[0].PreviousID != in[1].ID {
		x.t.Fatalf("taken as new: %+v", in)
	}

	// A recall in the name of a document of Sở Mẫu is nobody's (E1, E2).
	d, err := x.b.Flow.Issue(ctx, x.b.Who("vt.sm"), x.b.Sealed("H26.14").ID)
	x.must(err)
	x.settle()
	send(902, func(m *edxml.Message) { m.Recall(edxml.Earlier{DocumentId: d.DocumentID}, "Thu hồi") })
	x.settle()
	if got := x.a.got("a-svd", "H98.05", d.DocumentID); len(got) != 1 || got[0].State == workflow.Recalled {
		x.t.Fatalf("a stranger recalled %+v", got)
	}
	held("change_not_sender")

	// What could not be read is kept, still cannot be read, and is put away.
	x.post(x.stranger, stranger, vxp.KindEdoc, strings.Replace(x.raw(x.letter(stranger, 903)), "</edXML", "<edXML", 1), "H26.14")
	for range 4 {
		_, _ = x.a.inbox.Poll(ctx)
	}
	var bad flow.Quarantined
	for _, q := range x.a.quarantine() {
		if q.Consignment == nil {
			bad = q
		}
	}
	x.a.Flow.Rereader = x.a.inbox
	if _, err = x.a.Flow.ReadAgain(ctx, vt, bad.ID); err == nil || bad.RawKey == "" {
		x.t.Fatalf("read again: %v, %+v", err, bad)
	}
	_, err = x.a.Flow.PutAside(ctx, vt, bad.ID, "Đã gọi điện")
	x.must(err)
}
