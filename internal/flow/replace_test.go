package flow_test

import (
	"congvan/internal/document"
	"congvan/internal/flow"
	"congvan/internal/workflow"
)

func replaced(w *world) {
	d := w.delivered("H26.15", "H26.31")
	n, err := w.drafted(document.Replace, d.ID)
	w.Must(err)
	n = w.issue(n)
	w.Work()
	if got := w.out(d.ID); got.State != workflow.Replaced {
		w.T.Fatalf("the replaced document is %s", got.State)
	}
	old, fresh := w.arrivedAt("a-stn", d.DocumentID), w.arrivedAt("a-stn", n.DocumentID)
	w.frozen(old, workflow.Replaced)
	c := w.waiting(old.ID)
	if c.CarrierID != fresh.ID || c.State != workflow.Agreed || fresh.State != workflow.Received {
		w.T.Fatalf("linked to %s, want %s; %s", c.CarrierID, fresh.ID, c.State)
	}
	w.states(w.asked(d.ID), workflow.Agreed, workflow.Agreed)
	w.Must(w.Store.Read(w.T.Context(), func(tx flow.ReadTx) error {
		by, err := tx.ChangesBy(fresh.ID)
		if len(by) != 1 || by[0].IncomingID != old.ID {
			w.T.Errorf("the new one replaces %+v", by)
		}
		return err
	}))
	_, err = w.Flow.Decline(w.T.Context(), w.Who("vt.stn"), c.ID, flow.DeclineInput{Reason: "x", Confirmed: true})
	w.code(err, "action_not_now")
}

func replacesUnknown(w *world) {
	c := w.consignment("H98.05,2026/11/19,24/SM-VP")
	c.Aim = &document.Aim{Kind: document.Replace, Reason: "Đính chính", Targets: [][]string{{"H98.05,2026/11/01,1/SM-VP"}, {c.DocumentID}}}
	w.Must(w.take(c, "H26.14", "r1"))
	w.Must(w.take(c, "H26.14", "r1"))
	if got := w.fromSM(c.DocumentID); len(got) != 1 || got[0].State != workflow.Received {
		w.T.Fatalf("%+v", got)
	}
}

func updated(w *world) {
	ctx := w.T.Context()
	d := w.delivered()
	subject, urgent := "V/v phối hợp cung cấp số liệu năm 2026", document.Urgent
	_, err := w.Flow.Update(ctx, w.Who("vt.svd"), d.ID, flow.UpdateInput{Reason: "Không đổi", Subject: &d.Subject})
	w.code(err, "nothing_changed")
	d, err = w.Flow.Update(ctx, w.Who("vt.svd"), d.ID, flow.UpdateInput{Reason: "Sửa trích yếu", Subject: &subject, Urgency: &urgent})
	w.Must(err)
	w.Work()
	in := w.arrivedAt("a-stn", d.DocumentID)
	c := w.waiting(in.ID)
	if in.Subject == subject || in.State != workflow.Received || c.Kind != document.Update {
		w.T.Fatalf("before the answer: %q, %s, %s", in.Subject, in.State, c.Kind)
	}
	if _, err = w.Flow.Agree(ctx, w.Who("vt.stn"), c.ID, ""); err != nil {
		w.T.Fatal(err)
	}
	w.Work()
	in = w.incomingDoc(in.ID)
	if in.Subject != subject || in.Urgency != urgent || in.Verdict != document.VerdictSufficient {
		w.T.Fatalf("%q, %d, %s", in.Subject, in.Urgency, in.Verdict)
	}
	w.states(w.asked(d.ID), workflow.Agreed)
	// Declined: nothing changes, no warning is needed.
	other := "V/v khác"
	_, err = w.Flow.Update(ctx, w.Who("vt.svd"), d.ID, flow.UpdateInput{Reason: "Lại sửa", Subject: &other})
	w.Must(err)
	w.Work()
	_, err = w.Flow.Decline(ctx, w.Who("vt.stn"), w.waiting(in.ID).ID, flow.DeclineInput{Reason: "Đã trình lãnh đạo"})
	w.Must(err)
	w.Work()
	if got := w.incomingDoc(in.ID); got.Subject != subject {
		w.T.Errorf("declined, and yet %q", got.Subject)
	}
	w.states(w.asked(d.ID), workflow.Agreed, workflow.Declined)
}

func recipientsChanged(w *world) {
	ctx := w.T.Context()
	d := w.delivered()
	_, err := w.Flow.Update(ctx, w.Who("vt.svd"), d.ID, flow.UpdateInput{Reason: "x", Add: []string{"H26.15"}})
	w.code(err, "already_recipient", "add")
	_, err = w.Flow.Update(ctx, w.Who("vt.svd"), d.ID, flow.UpdateInput{Reason: "x", Remove: []string{"H26.15"}})
	w.code(err, "forbidden_role")
	d, err = w.Flow.Update(ctx, w.Who("gd.svd"), d.ID, flow.UpdateInput{Reason: "Gửi nhầm nơi", Add: []string{"H26.31"}, Remove: []string{"H26.15"}})
	w.Must(err)
	w.Work()
	if d.State != workflow.Issued || len(d.Recipients) != 1 || d.Recipients[0].OrganID != "H26.31" {
		w.T.Fatalf("%s, recipients %+v", d.State, d.Recipients)
	}
	in := w.arrivedAt("a-stn", d.DocumentID)
	w.frozen(in, workflow.Recalled)
	if c := w.waiting(in.ID); c.Kind != document.Update || !c.Removal() {
		w.T.Fatalf("%+v", c)
	}
	var all []document.Delivery
	w.Must(w.Store.Read(ctx, func(tx flow.ReadTx) (err error) { all, err = tx.Deliveries(d.ID); return err }))
	if len(all) != 2 || all[0].State != workflow.Arrived || all[1].State != workflow.Arrived {
		w.T.Fatalf("the new recipient's delivery: %+v", all)
	}
}

// updateFiles: new files of an update are new versions; nothing is overwritten.
func updateFiles(w *world) {
	ctx := w.T.Context()
	c := w.consignment("H98.05,2026/11/19,25/SM-VP")
	w.Must(w.take(c, "H26.14", "u1"))
	w.Work()
	in := w.fromSM(c.DocumentID)[0]
	first := in.Files[0].Version
	c.Aim = &document.Aim{Kind: document.Update, Reason: "Thay tệp", Targets: [][]string{{c.DocumentID}}, Info: true}
	c.Files = w.consignment("x").Files
	c.Files[0].Blob = w.Draft().Files[0].Version.Blob
	w.Must(w.take(c, "H26.14", "u2"))
	_, err := w.Flow.Agree(ctx, w.Who("vt.svd"), w.waiting(in.ID).ID, "")
	w.Must(err)
	in = w.incomingDoc(in.ID)
	if v := in.Files[0].Version; v.N != 2 || v.Blob != c.Files[0].Blob || in.Verdict != document.VerdictPending || first.Blob == v.Blob {
		w.T.Fatalf("%+v, %s", v, in.Verdict)
	}
	w.Work()
	if in = w.incomingDoc(in.ID); in.Verdict == document.VerdictPending {
		w.T.Error("the new file was not checked")
	}
}
