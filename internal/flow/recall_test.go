package flow_test

import (
	"congvan/internal/calendar"
	"congvan/internal/document"
	"congvan/internal/flow"
	"congvan/internal/flowtest"
	"congvan/internal/workflow"
)

func recallAgreed(w *world) {
	ctx := w.T.Context()
	d := w.delivered()
	before := w.arrivedAt("a-stn", d.DocumentID)
	_, err := w.Flow.Recall(ctx, w.Who("gd.svd"), d.ID, flow.RecallInput{})
	w.code(err, "field_required", "reason")
	d = w.recall(d)
	if d.State != workflow.Recalled || len(w.out(d.ID).Files) == 0 {
		w.T.Fatalf("the issuer's copy is %s", d.State)
	}
	w.states(w.asked(d.ID), workflow.Sent)
	in := w.arrivedAt("a-stn", d.DocumentID)
	w.frozen(in, workflow.Recalled)
	c := w.waiting(in.ID)
	if c.State != workflow.Waiting || c.Reason != "Gửi nhầm phụ lục" || c.Before != before.State {
		w.T.Fatalf("%+v", c)
	}
	_, err = w.Flow.Recall(ctx, w.Who("gd.svd"), d.ID, flow.RecallInput{Reason: "lần nữa"})
	w.code(err, "nothing_to_recall")
	_, err = w.Flow.Agree(ctx, w.Who("vt.stn"), c.ID, "Đã hủy bản lưu")
	w.Must(err)
	w.Work()
	got := w.asked(d.ID)
	w.states(got, workflow.Agreed)
	if got[0].Answer != "Đã hủy bản lưu" || got[0].AnsweredAt == nil || got[0].AnsweredBy == "" {
		w.T.Errorf("the answer at the sender: %+v", got[0])
	}
	w.expect(d.ID, workflow.Arrived) // 15 stands beside the delivery's state
	w.frozen(w.arrivedAt("a-stn", d.DocumentID), workflow.Recalled)
	_, err = w.Flow.Agree(ctx, w.Who("vt.stn"), c.ID, "")
	w.code(err, "action_not_now")
}

// recallInWork: what is being worked on is taken back all the same, and who works on it
// still may read it.
func recallInWork(w *world) {
	ctx := w.T.Context()
	d := w.delivered()
	in := w.arrivedAt("a-stn", d.DocumentID)
	_, err := w.Flow.Register(ctx, w.Who("vt.stn"), in.ID, flow.RegisterInput{})
	w.Must(err)
	_, err = w.Flow.Present(ctx, w.Who("vt.stn"), in.ID, w.Who("gd.stn").PositionID)
	w.Must(err)
	_, err = w.Flow.Assign(ctx, w.Who("gd.stn"), in.ID, flow.AssignInput{To: []document.AssignmentTo{{PositionID: w.Who("cv.stn").PositionID, Role: document.Lead}}})
	w.Must(err)
	_, err = w.Flow.Start(ctx, w.Who("cv.stn"), in.ID)
	w.Must(err)
	w.Work()
	w.recall(d)
	w.frozen(w.incomingDoc(in.ID), workflow.Recalled)
	_, err = w.Flow.Complete(ctx, w.Who("cv.stn"), in.ID, "xong")
	w.code(err, "action_not_now")
	w.expect(d.ID, workflow.Processing)
	if got := w.incomingDoc(in.ID); got.ArrivalNumber == 0 {
		w.T.Error("the line of the register is gone")
	}
}

func recallUnsent(w *world) {
	ctx := w.T.Context()
	d, err := w.Flow.Issue(ctx, w.Who("vt.svd"), w.Sealed().ID)
	w.Must(err)
	d, err = w.Flow.Recall(ctx, w.Who("gd.svd"), d.ID, flow.RecallInput{Reason: "Phát hành nhầm"})
	w.Must(err)
	w.Work()
	w.expect(d.ID, workflow.Recalled)
	w.states(w.asked(d.ID), workflow.Recalled)
	w.Must(w.Store.Read(ctx, func(tx flow.ReadTx) error {
		found, err := tx.IncomingNamed("a-stn", d.DocumentID)
		if len(found) != 0 {
			w.T.Error("it left all the same")
		}
		return err
	}))
}

func recallSome(w *world) {
	ctx := w.T.Context()
	d := w.delivered("H26.15", "H26.31")
	_, err := w.Flow.Recall(ctx, w.Who("gd.svd"), d.ID, flow.RecallInput{Reason: "x", Recipients: []string{"H26.99"}})
	w.code(err, "recipient_not_served", "recipients")
	d = w.recall(d, "H26.15")
	if d.State != workflow.Issued {
		w.T.Fatalf("it is %s and still holds for another recipient", d.State)
	}
	w.states(w.asked(d.ID), workflow.Sent)
	w.frozen(w.arrivedAt("a-stn", d.DocumentID), workflow.Recalled)
	if d = w.recall(d); d.State != workflow.Recalled {
		w.T.Fatalf("taken back from all it is %s", d.State)
	}
	w.states(w.asked(d.ID), workflow.Sent, workflow.Sent)
}

func recallDeclined(w *world) {
	ctx := w.T.Context()
	vt := w.Who("vt.stn")
	d := w.recall(w.delivered())
	in := w.arrivedAt("a-stn", d.DocumentID)
	c := w.waiting(in.ID)
	_, err := w.Flow.Decline(ctx, vt, c.ID, flow.DeclineInput{Reason: "Đã thực hiện"})
	w.code(err, "recall_must_be_obeyed", "confirmed")
	_, err = w.Flow.Decline(ctx, vt, c.ID, flow.DeclineInput{Reason: "Đã thực hiện", Confirmed: true})
	w.Must(err)
	w.Work()
	w.states(w.asked(d.ID), workflow.Declined)
	if got := w.incomingDoc(in.ID); got.State != workflow.Received {
		w.T.Fatalf("declined, the copy is %s", got.State)
	}
	d = w.recall(d)
	w.states(w.asked(d.ID), workflow.Declined, workflow.Sent)
	again := w.waiting(in.ID)
	if again.ID == c.ID || again.State != workflow.Waiting {
		w.T.Fatalf("asked again: %+v", again)
	}
	_, err = w.Flow.Agree(ctx, vt, again.ID, "")
	w.Must(err)
	w.Work()
	w.states(w.asked(d.ID), workflow.Declined, workflow.Agreed)
	w.frozen(w.incomingDoc(in.ID), workflow.Recalled)
}

// take hands a message of the axis over as the inbox does.
func (w *world) take(c document.Consignment, to, raw string) error {
	return w.Flow.Receive(w.T.Context(), document.Parcel{AxisDocID: "axis-" + raw, From: c.From.OrganID, To: to, RawKey: raw}, c)
}

func recalling(c document.Consignment, id string) document.Consignment {
	c.Files, c.Subject = nil, "Thu hồi"
	c.Aim = &document.Aim{Kind: document.Recall, Reason: "Gửi nhầm", Targets: [][]string{{id}}}
	return c
}

func (w *world) heldFor(reason, rawKey string) flow.Quarantined {
	w.T.Helper()
	all, err := w.Store.Quarantine(w.T.Context(), 1000)
	w.Must(err)
	for _, q := range all {
		if q.Reason == reason && q.RawKey == rawKey {
			return q
		}
	}
	w.T.Fatalf("nothing is set aside for %s", reason)
	return flow.Quarantined{}
}

func recallForeign(w *world) {
	c := w.consignment("H98.05,2026/11/19,21/SM-VP")
	w.Must(w.take(c, "H26.14", "f1"))
	stranger := recalling(c, c.DocumentID)
	stranger.From = document.Party{OrganID: "H98.99", OrganName: "Sở khác"}
	stranger.DocumentID = "H98.99,2026/11/19,1/TB"
	w.Must(w.take(stranger, "H26.14", "f2"))
	if got := w.fromSM(c.DocumentID)[0]; got.State != workflow.Received {
		w.T.Fatalf("another's recall made it %s", got.State)
	}
	w.heldFor("change_not_sender", "f2")
	// By the sender's old code it is the sender's (mã định danh cũ).
	own := recalling(c, c.DocumentID)
	own.From.OrganID = "000.00.05.H98"
	w.Must(w.take(own, "H26.14", "f3"))
	if got := w.fromSM(c.DocumentID)[0]; got.State != workflow.Recalled {
		w.T.Fatalf("the sender's own recall left it %s", got.State)
	}
	w.Must(w.take(own, "H26.14", "f3")) // repeated
	if x := w.waiting(w.fromSM(c.DocumentID)[0].ID); x.State != workflow.Waiting {
		w.T.Fatalf("%+v", x)
	}
}

func recallEarly(w *world) {
	c := w.consignment("H98.05,2026/11/19,22/SM-VP")
	w.Must(w.take(recalling(c, c.DocumentID), "H26.14", "e1"))
	w.heldFor("change_target_unknown", "e1")
	w.Must(w.take(c, "H26.14", "e2"))
	if got := w.fromSM(c.DocumentID)[0]; got.State != workflow.Recalled {
		w.T.Fatalf("what was recalled before it came is %s", got.State)
	}
	if q := w.heldFor("change_target_unknown", "e1"); q.State != workflow.TakenUpdate || q.IncomingID == "" {
		w.T.Fatalf("the message set aside: %+v", q)
	}
	w.Work() // the check of its signatures changes nothing about that
	if got := w.fromSM(c.DocumentID)[0]; got.State != workflow.Recalled || got.Verdict == document.VerdictPending {
		w.T.Fatalf("%s, %s", got.State, got.Verdict)
	}
}

func recallByStatus(w *world) {
	ctx := w.T.Context()
	c := w.consignment("H98.05,2026/11/19,23/SM-VP")
	w.Must(w.take(c, "H26.14", "s1"))
	ask := func(from, id string) {
		w.Must(w.Flow.RecordStatus(ctx, document.Parcel{AxisDocID: "st", From: from, To: "H26.14", RawKey: "s2"}, document.StatusMessage{
			From: document.Party{OrganID: from, OrganName: "Sở Mẫu tỉnh Mẫu"}, To: "H26.14", DocumentID: id, Code: "07/SM-VP",
			PromulgationDate: calendar.DateOf(w.Now()), Status: workflow.StatusRecall, Description: "Gửi nhầm", At: w.Now(),
		}))
	}
	ask("H98.99", c.DocumentID)
	ask("H98.05", "H98.05,2026/11/19,unknown")
	if got := w.fromSM(c.DocumentID)[0]; got.State != workflow.Received {
		w.T.Fatalf("somebody else's 13 made it %s", got.State)
	}
	ask("H98.05", c.DocumentID)
	got := w.fromSM(c.DocumentID)[0]
	if x := w.waiting(got.ID); got.State != workflow.Recalled || x.Reason != "Gửi nhầm" {
		w.T.Fatalf("%s, %+v", got.State, x)
	}
}

func strayAnswers(w *world) {
	ctx := w.T.Context()
	d := w.delivered()
	at := w.Now()
	say := func(code workflow.StatusCode, from, id string) {
		w.Must(w.Flow.RecordStatus(ctx, document.Parcel{}, document.StatusMessage{
			From: document.Party{OrganID: from, OrganName: "Sở"}, DocumentID: id, Status: code, At: at,
		}))
	}
	say("15", "H26.15", d.DocumentID) // nothing was asked
	say("15", "H26.15", d.DocumentID)
	say("16", "H98.05", d.DocumentID) // it did not go there
	say("15", "H26.15", "unknown")
	say("77", "H26.15", d.DocumentID)
	w.expect(d.ID, workflow.Arrived)
	w.states(w.asked(d.ID))
	w.recall(d)
	at = w.Now()
	say("16", "H26.15", d.DocumentID)
	w.states(w.asked(d.ID), workflow.Declined)
	at = at.Add(1e9)
	say("15", "H26.15", d.DocumentID)
	say("16", "H26.15", d.DocumentID) // late: an agreement stays
	w.states(w.asked(d.ID), workflow.Agreed)
	say("02", "H26.15", d.DocumentID)
	w.expect(d.ID, workflow.Refusal)
}

// recallGivenUp: what was given up is sent no more, and should it have arrived all the same,
// it is asked back then.
func recallGivenUp(w *world) {
	ctx := w.T.Context()
	d, id := w.issued()
	w.Flow.Courier = &axis{script: []string{"refused"}}
	w.Must(w.Flow.Deliver(ctx, id))
	w.expect(d.ID, workflow.Failed)
	w.Jobs = nil
	d = w.recall(d)
	w.expect(d.ID, workflow.Recalled)
	w.states(w.asked(d.ID), workflow.Asked)
	_, err := w.Flow.Resend(ctx, w.Who("vt.svd"), id)
	w.code(err, "action_not_now")
	w.Flow.Courier = &axis{}
	w.Must(w.Flow.RecordStatus(ctx, document.Parcel{}, document.StatusMessage{
		From: document.Party{OrganID: "H98.05", OrganName: "Sở Mẫu"}, DocumentID: d.DocumentID, Status: "01", At: w.Now(),
	}))
	w.expect(d.ID, workflow.Arrived)
	w.Work()
	w.states(w.asked(d.ID), workflow.Sent)
}

// recallUnderWay: an attempt that did not reach the axis ends here; one whose answer was
// lost is known to have left, and is asked back.
func recallUnderWay(w *world) {
	ctx := w.T.Context()
	for _, x := range []struct {
		script   string
		delivery workflow.State
		change   workflow.State
	}{{"down", workflow.Recalled, workflow.Recalled}, {"lost", workflow.Sent, workflow.Sent}} {
		d, id := w.issued()
		a := &axis{script: []string{x.script}}
		w.Flow.Courier = a
		if err := w.Flow.Deliver(ctx, id); err == nil {
			w.T.Fatal("the attempt succeeded")
		}
		_, err := w.Flow.Recall(ctx, w.Who("gd.svd"), d.ID, flow.RecallInput{Reason: "Gửi nhầm"})
		w.Must(err)
		w.code(w.Flow.SendChange(ctx, w.asked(d.ID)[0].ID), "delivery_under_way")
		w.code(w.Flow.Deliver(ctx, id), "delivery_taken_back")
		w.Must(w.Flow.Deliver(ctx, id)) // the job ends
		w.expect(d.ID, x.delivery)
		w.Work()
		w.states(w.asked(d.ID), x.change)
		if sent := x.change == workflow.Sent; len(a.again) != map[bool]int{false: 1, true: 2}[sent] {
			w.T.Errorf("%s: handed over %d times", x.script, len(a.again))
		}
	}
}

// seal takes a draft to the seal and issues it.
func (w *world) issue(d document.Outgoing) document.Outgoing {
	w.T.Helper()
	d, err := w.Flow.Issue(w.T.Context(), w.Who("vt.svd"), w.Seal(d).ID)
	w.Must(err)
	return d
}

// drafted is a document with an effect on others.
func (w *world) drafted(kind document.ChangeKind, targets ...string) (document.Outgoing, error) {
	cv := w.Who("cv.svd")
	main := w.Upload(cv, "cong-van.pdf", flowtest.Sample(w.T, "cong-van-1.pdf"))
	in := w.input(main.ID)
	in.Subject = "Thông báo về văn bản đã gửi"
	in.Effect = document.Effect{Kind: kind, Targets: targets, Reason: "Sai phụ lục"}
	in.SignerID = w.Who("gd.svd").PositionID
	return w.Flow.Draft(w.T.Context(), cv, in)
}

func recallByNotice(w *world) {
	d := w.delivered()
	_, err := w.drafted(document.Recall, d.ID, d.ID+"x")
	w.code(err, "too_many", "effect")
	_, err = w.drafted(document.Recall, "out-none")
	w.code(err, "target_unknown", "effect")
	n, err := w.drafted(document.Recall, d.ID)
	w.Must(err)
	if len(n.Recipients) == 0 || n.Recipients[0].OrganID != "H26.15" {
		w.T.Fatalf("the notice goes to %+v", n.Recipients)
	}
	n = w.issue(n)
	if got := w.out(d.ID); got.State != workflow.Recalled {
		w.T.Fatalf("at issue the document is %s", got.State)
	}
	w.Work()
	w.frozen(w.arrivedAt("a-stn", d.DocumentID), workflow.Recalled)
	notice := w.arrivedAt("a-stn", n.DocumentID)
	c := w.waiting(w.arrivedAt("a-stn", d.DocumentID).ID)
	if c.CarrierID != notice.ID || notice.State != workflow.Received {
		w.T.Fatalf("the notice is %s (%s), the change names %s", notice.ID, notice.State, c.CarrierID)
	}
	_, err = w.Flow.Agree(w.T.Context(), w.Who("vt.stn"), c.ID, "")
	w.Must(err)
	w.Work()
	w.states(w.asked(d.ID), workflow.Agreed)
	if got := w.asked(d.ID)[0]; got.CarrierID != n.ID {
		w.T.Errorf("at the sender the change names %q", got.CarrierID)
	}
	_, err = w.drafted(document.Replace, d.ID)
	w.code(err, "target_not_issued", "effect")
}
