package storetest

import (
	"errors"
	"testing"
	"time"

	"congvan/internal/calendar"
	"congvan/internal/document"
	"congvan/internal/fault"
	"congvan/internal/flow"
	"congvan/internal/org"
	"congvan/internal/store"
	"congvan/internal/workflow"
	"congvan/signing"
)

func (w *world) getOutgoing(id string) (d document.Outgoing) {
	w.t.Helper()
	w.read(func(tx flow.ReadTx) (err error) {
		d, err = tx.Outgoing(id)
		return err
	})
	return d
}

func (w *world) getIncoming(id string) (d document.Incoming) {
	w.t.Helper()
	w.read(func(tx flow.ReadTx) (err error) {
		d, err = tx.Incoming(id)
		return err
	})
	return d
}

func (w *world) putOutgoing(d *document.Outgoing) {
	w.t.Helper()
	w.write(func(tx flow.Tx) error { return tx.PutOutgoing(d) })
}

func (w *world) putIncoming(d *document.Incoming) {
	w.t.Helper()
	w.write(func(tx flow.Tx) error { return tx.PutIncoming(d) })
}

func testOutgoing(t *testing.T, w *world) {
	d := w.outgoing()
	w.putOutgoing(&d)
	if d.Row != 1 {
		t.Errorf("row is %d after the first put", d.Row)
	}
	w.same("fresh", d, w.getOutgoing(d.ID))

	issued := now().Add(2 * time.Hour)
	d.State, d.Subject, d.ReturnReason, d.Warnings = workflow.Issued, "Trích yếu mới", "", nil
	d.Number, d.Notation, d.IssuedDate, d.SeriesID, d.DocumentID = 7, "UBND-VX", calendar.On(2026, 11, 18), "ALL", codeA+",2026/11/18,07/UBND-VX"
	d.IssuedAt, d.UpdatedAt = &issued, issued
	d.Files[0].Version = document.Version{
		ID: w.id("ver"), N: 2, Kind: document.VersionSigned, Blob: "signed", Size: 130000, HashState: []byte{9}, Pages: 4,
		BaseBlob: d.Files[0].Version.Blob, CreatedAt: issued, CreatedBy: leader,
	}
	w.putOutgoing(&d)
	if d.Row != 2 {
		t.Errorf("row is %d after the second put", d.Row)
	}
	w.same("changed", d, w.getOutgoing(d.ID))
	w.read(func(tx flow.ReadTx) error {
		got, err := tx.OutgoingByDocumentID(d.DocumentID)
		w.same("by document id", d, got)
		return err
	})

	least := document.Outgoing{ID: w.id("out"), AgencyID: agencyA, State: workflow.Draft, CreatedAt: now(), UpdatedAt: now()}
	w.putOutgoing(&least)
	w.same("least", least, w.getOutgoing(least.ID))
}

// testEditions replaces the files and takes approvals back: what was stays in the database.
func testEditions(t *testing.T, w *world) {
	d := w.outgoing()
	w.putOutgoing(&d)
	first := d.Approvals
	d.Files, d.Approvals, d.Edition = []document.File{w.file(document.Main, 1)}, nil, 3
	w.putOutgoing(&d)
	w.same("new edition", d, w.getOutgoing(d.ID))

	d.Approvals = first[:1]
	w.putOutgoing(&d)
	d.Approvals = []document.Approval{first[0], first[1]}
	w.putOutgoing(&d)
	w.same("approved again", d, w.getOutgoing(d.ID))
	d.Approvals = []document.Approval{first[1]}
	w.putOutgoing(&d)
	w.same("first taken back", d, w.getOutgoing(d.ID))

	for table, want := range map[string]int{"files": 3, "versions": 3, "approvals": 5} {
		var n int
		if err := w.s.DB().QueryRowContext(t.Context(), "SELECT COUNT(*) FROM "+table).Scan(&n); err != nil {
			t.Fatal(err)
		}
		if n != want {
			t.Errorf("%d rows in %s, want %d: nothing may be lost", n, table, want)
		}
	}
}

func testIncoming(t *testing.T, w *world) {
	d := w.incoming()
	w.putIncoming(&d)
	w.same("fresh", d, w.getIncoming(d.ID))
	resolved := now().Add(3 * time.Hour)
	d.State, d.Verdict, d.ResolvedAt, d.RefusalReason, d.PresentedTo = workflow.Resolved, document.VerdictUnknown, &resolved, "Lý do", ""
	w.putIncoming(&d)
	w.same("changed", d, w.getIncoming(d.ID))
	w.read(func(tx flow.ReadTx) error {
		got, err := tx.IncomingOf(agencyA, "h98.01", d.DocumentID)
		w.same("of", []document.Incoming{d}, got)
		none, err2 := tx.IncomingOf(agencyB, "H98.01", d.DocumentID)
		w.same("of another agency", 0, len(none))
		if err2 != nil {
			return err2
		}
		return err
	})
	least := document.Incoming{ID: w.id("inc"), AgencyID: agencyA, State: workflow.Received, ReceivedAt: now(), UpdatedAt: now()}
	w.putIncoming(&least)
	w.same("least", least, w.getIncoming(least.ID))
}

func testIncomingLike(t *testing.T, w *world) {
	put := func(number, notation, from string) string {
		d := w.incoming()
		d.CodeNumber, d.CodeNotation, d.From.OrganID = number, notation, from
		w.putIncoming(&d)
		return d.ID
	}
	first := put("05", "TB-CQN", "H98.01")
	second := put("5", "tb/cqn", "h98.01")
	put("05", "TB-CQN", "H98.02")
	put("15", "TB-CQN", "H98.01")
	put("05", "HD-CQN", "H98.01")
	stroke := put("05", "HĐ-CQN", "H98.01")
	put("", "TB-CQN", "H98.01")
	for _, c := range []struct {
		number, notation string
		want             []string
	}{
		{"005", "TB-CQN", []string{second, first}}, {"5", "HĐ/CQN", []string{stroke}}, {"", "TB-CQN", nil}, {"77", "TB-CQN", nil},
	} {
		w.read(func(tx flow.ReadTx) error {
			found, err := tx.IncomingLike(agencyA, "H98.01", c.number, c.notation)
			var ids []string
			for _, d := range found {
				ids = append(ids, d.ID)
			}
			w.same(c.number+"/"+c.notation, c.want, ids)
			return err
		})
	}
}

func testAssignments(t *testing.T, w *world) {
	d := w.incoming()
	w.putIncoming(&d)
	started, done := now().Add(time.Hour), now().Add(2*time.Hour)
	var all []document.Assignment
	for _, role := range []document.AssignmentRole{document.Lead, document.Coordinating, document.Information} {
		all = append(all, document.Assignment{
			ID: w.id("asg"), IncomingID: d.ID, GiverID: leader, PositionID: official, UnitID: unitA, Role: role, State: workflow.Pending,
			Deadline: calendar.On(2026, 11, 25), Opinion: "Giao phòng Văn xã tham mưu.", CreatedAt: now(), Note: "",
		})
	}
	w.write(func(tx flow.Tx) error {
		for i := range all {
			if err := tx.PutAssignment(&all[i]); err != nil {
				return err
			}
		}
		return nil
	})
	all[1].State, all[1].StartedAt, all[1].DoneAt, all[1].Note, all[1].Deadline = workflow.Done, &started, &done, "Đã xong", calendar.Date{}
	w.write(func(tx flow.Tx) error { return tx.PutAssignment(&all[1]) })
	w.read(func(tx flow.ReadTx) error {
		got, err := tx.Assignments(d.ID)
		w.same("all", all, got)
		one, err2 := tx.Assignment(all[1].ID)
		w.same("one", all[1], one)
		if err2 != nil {
			return err2
		}
		return err
	})
}

func (w *world) delivery(d *document.Outgoing, to document.Party) document.Delivery {
	return document.Delivery{
		ID: w.id("dlv"), OutgoingID: d.ID, AgencyID: d.AgencyID, Recipient: to, Channel: document.Axis, State: workflow.Queued,
		DocumentID: "doc-" + d.ID, QueuedAt: now(), UpdatedAt: now(),
		Events: []document.StatusEvent{{State: workflow.Queued, By: d.AgencyID, At: now(), RecordedAt: now()}},
	}
}

func testDeliveries(t *testing.T, w *world) {
	d := w.outgoing()
	first, second := w.delivery(&d, d.Recipients[1]), w.delivery(&d, d.Recipients[0])
	w.write(func(tx flow.Tx) error {
		for _, err := range []error{tx.PutOutgoing(&d), tx.PutDelivery(&first), tx.PutDelivery(&second)} {
			if err != nil {
				return err
			}
		}
		return nil
	})
	first.State, first.Attempts, first.LastError, first.AxisDocID, first.UpdatedAt = workflow.Arrived, 3, "axis_down", "ax-1", now().Add(time.Minute)
	first.Events = append(first.Events,
		document.StatusEvent{State: workflow.Sent, At: now(), RecordedAt: now()}, // two transport steps at one time are two events
		document.StatusEvent{State: workflow.Arrived, Code: "01", Description: "Đã đến", By: "Cơ quan ngoài", At: now(), RecordedAt: now().Add(time.Minute)})
	w.write(func(tx flow.Tx) error { return tx.PutDelivery(&first) })
	w.read(func(tx flow.ReadTx) error {
		got, err := tx.Deliveries(d.ID)
		w.same("in the order of the recipients", []document.Delivery{first, second}, got)
		if err != nil {
			return err
		}
		one, err := tx.Delivery(second.ID)
		w.same("one", second, one)
		if err != nil {
			return err
		}
		to, err := tx.DeliveryTo(first.DocumentID, "h98.01")
		w.same("to", first, to)
		return err
	})

	twice := first
	twice.Events = append(append([]document.StatusEvent(nil), first.Events...), first.Events[2])
	err := w.s.Write(t.Context(), func(tx flow.Tx) error { return tx.PutDelivery(&twice) })
	w.refused(err, fault.Conflict, "already_exists")
	fewer := first
	fewer.Events = first.Events[:1]
	err = w.s.Write(t.Context(), func(tx flow.Tx) error { return tx.PutDelivery(&fewer) })
	w.refused(err, fault.Conflict, "row_changed")

	t.Run("another code of the recipient", func(t *testing.T) { testDeliveryToOtherCode(t, w, &second) })
}

func testNotices(t *testing.T, w *world) {
	d := w.incoming()
	w.putIncoming(&d)
	notice := func() document.Notice {
		return document.Notice{
			ID: w.id("ntc"), IncomingID: d.ID, Channel: document.Axis,
			Message: document.StatusMessage{
				From: document.Party{OrganID: codeA, OrganName: "UBND"}, To: "H98.01", DocumentID: d.DocumentID, Code: "05/TB-CQN",
				PromulgationDate: calendar.On(2026, 11, 10), Status: workflow.StatusArrived, Description: "Đã đến",
				Staff: document.Staff{Department: "Văn thư", Name: "Lê Thử"}, At: now(),
			},
		}
	}
	first, second := notice(), notice()
	w.write(func(tx flow.Tx) error { return tx.PutNotice(&first) })
	w.write(func(tx flow.Tx) error { return tx.PutNotice(&second) })
	if second.ID != first.ID || second.Row != first.Row {
		t.Errorf("a second notice got %s row %d, want the first: %s row %d", second.ID, second.Row, first.ID, first.Row)
	}
	sent := now()
	first.Attempts, first.LastError, first.SentAt = 2, "axis_down", &sent
	w.write(func(tx flow.Tx) error { return tx.PutNotice(&first) })
	w.read(func(tx flow.ReadTx) error {
		got, err := tx.Notice(first.ID)
		w.same("notice", first, got)
		return err
	})
	other := notice()
	other.Message.Status = workflow.StatusAccepted
	id := other.ID
	w.write(func(tx flow.Tx) error { return tx.PutNotice(&other) })
	if other.ID != id || other.Row != 1 {
		t.Errorf("a notice of another code: %s row %d", other.ID, other.Row)
	}
	answer := notice()
	answer.About, id = "chg-1", answer.ID
	w.write(func(tx flow.Tx) error { return tx.PutNotice(&answer) })
	if answer.ID != id || answer.Row != 1 {
		t.Errorf("the answer to a change: %s row %d", answer.ID, answer.Row)
	}
}

func testEvidence(t *testing.T, w *world) {
	at := now()
	report := func(v signing.Verdict) *signing.Report {
		return &signing.Report{
			File: "a.pdf", Verdict: v, Reasons: []string{"r"}, CheckedAt: now(), SHA256: "ab",
			Signatures: []signing.SignatureReport{{Field: "SignerSignature", Signer: "Trần Thị Thử", Time: &at, Verdict: v, Reasons: []string{}}},
		}
	}
	for _, v := range []signing.Verdict{signing.Unknown, signing.Valid} {
		w.write(func(tx flow.Tx) error { return tx.PutReport("blob-1", report(v), "evidence of "+string(v)) })
		w.read(func(tx flow.ReadTx) error {
			got, err := tx.Report("blob-1")
			w.same("newest report", report(v), got)
			e, err2 := tx.Evidence("blob-1")
			w.same("its evidence", "evidence of "+string(v), e)
			return errors.Join(err, err2)
		})
	}

	intent := flow.Intent{
		ID: w.id("int"), DocumentID: "out-1", FileID: "fil-1", Purpose: flow.PurposeAgency, PositionID: clerk, PersonName: "Văn thư",
		BaseBlob: "base", Digest: "ff", KeyURI: "pkcs11:token=a", At: now(),
	}
	w.write(func(tx flow.Tx) error { return tx.PutIntent(&intent) })
	later := intent
	later.ID, later.Row = w.id("int"), 0
	w.write(func(tx flow.Tx) error { return tx.PutIntent(&later) })
	intent.Outcome, intent.Code, intent.ResultBlob, intent.DoneAt = "SIGNED", "c", "result", &at
	w.write(func(tx flow.Tx) error { return tx.PutIntent(&intent) })
	got, err := w.s.Intents(t.Context(), "out-1")
	if err != nil {
		t.Fatal(err)
	}
	w.same("intents", []flow.Intent{intent, later}, got)

	upload := flow.Upload{
		ID: w.id("upl"), AccountID: "acc-1", PositionID: official, Name: "Tệp đính kèm.pdf", MediaType: "application/pdf",
		Blob: "b", Size: 1 << 33, HashState: []byte{0, 1}, Pages: 9, At: now(),
	}
	w.write(func(tx flow.Tx) error { return tx.PutUpload(upload) })
	w.read(func(tx flow.ReadTx) error {
		got, err := tx.Upload(upload.ID)
		w.same("upload", upload, got)
		return err
	})
}

func testQuarantine(t *testing.T, w *world) {
	open := flow.Quarantined{
		ID: w.id("qua"), AgencyID: agencyA, Channel: document.Axis, From: document.Party{OrganID: "H98.01", OrganName: "Cơ quan ngoài"},
		DocumentID: "doc", RawKey: "raw-open", Reason: "same_id_other_content", State: workflow.Held, At: now(),
		Consignment: &document.Consignment{DocumentID: "doc", Subject: "V/v một việc"},
	}
	secret := flow.Quarantined{ID: w.id("qua"), AgencyID: agencyA, Channel: document.Axis, From: open.From, RawKey: "raw-secret", Reason: "secret_mark", Secret: true, At: now().Add(time.Second)}
	stray := flow.Quarantined{ID: w.id("qua"), Channel: document.Axis, From: open.From, RawKey: "raw-stray", Reason: "recipient_unknown", At: now().Add(2 * time.Second)}
	again := open
	again.Reason, again.At = "another", now().Add(time.Hour)
	w.write(func(tx flow.Tx) error {
		for _, x := range []struct {
			q     flow.Quarantined
			added bool
		}{{open, true}, {secret, true}, {stray, true}, {again, false}} {
			if added, err := tx.PutQuarantine(x.q); err != nil || added != x.added {
				t.Errorf("%s: added %v, %v", x.q.Reason, added, err)
			}
		}
		return nil
	})
	got, err := w.s.Quarantine(t.Context(), 10)
	if err != nil {
		t.Fatal(err)
	}
	open.Row, secret.Row, stray.Row = 1, 1, 1
	secret.RawKey = "" // the way to a secret message is shown to nobody
	w.same("quarantine", []flow.Quarantined{stray, secret, open}, got)
}

func testMissing(t *testing.T, w *world) {
	for name, find := range map[string]func(flow.ReadTx) error{
		"agency":              func(tx flow.ReadTx) error { _, err := tx.Agency("x"); return err },
		"unit":                func(tx flow.ReadTx) error { _, err := tx.Unit("x"); return err },
		"position":            func(tx flow.ReadTx) error { _, err := tx.Position("x"); return err },
		"person":              func(tx flow.ReadTx) error { _, err := tx.Person("x"); return err },
		"authority":           func(tx flow.ReadTx) error { _, err := tx.Authority("x"); return err },
		"outgoing":            func(tx flow.ReadTx) error { _, err := tx.Outgoing("x"); return err },
		"outgoing by no id":   func(tx flow.ReadTx) error { _, err := tx.OutgoingByDocumentID(""); return err },
		"outgoing by wire id": func(tx flow.ReadTx) error { _, err := tx.OutgoingByDocumentID("x"); return err },
		"incoming":            func(tx flow.ReadTx) error { _, err := tx.Incoming("x"); return err },
		"assignment":          func(tx flow.ReadTx) error { _, err := tx.Assignment("x"); return err },
		"delivery":            func(tx flow.ReadTx) error { _, err := tx.Delivery("x"); return err },
		"delivery to":         func(tx flow.ReadTx) error { _, err := tx.DeliveryTo("x", codeB); return err },
		"notice":              func(tx flow.ReadTx) error { _, err := tx.Notice("x"); return err },
		"report":              func(tx flow.ReadTx) error { _, err := tx.Report("x"); return err },
		"evidence":            func(tx flow.ReadTx) error { _, err := tx.Evidence("x"); return err },
		"upload":              func(tx flow.ReadTx) error { _, err := tx.Upload("x"); return err },
	} {
		t.Run(name, func(t *testing.T) {
			w.refused(w.s.Read(t.Context(), find), fault.NotFound, "not_found")
		})
	}
	w.read(func(tx flow.ReadTx) error {
		as, err := tx.Assignments("x")
		ds, err2 := tx.Deliveries("x")
		if len(as)+len(ds) != 0 || err2 != nil {
			t.Errorf("lists of nothing: %v %v %v", as, ds, err2)
		}
		return err
	})
}

// testDeliveryToOtherCode: a recipient may answer under its new code.
func testDeliveryToOtherCode(t *testing.T, w *world, v *document.Delivery) {
	w.administer(func(a store.Admin) error {
		return a.PutAgency(org.Agency{ID: agencyB, Name: "Sở Nội vụ", Codes: []org.Code{
			{Scheme: org.SchemeQD20, Value: codeB}, {Scheme: org.SchemeQD20, Value: "H99.88"},
		}})
	})
	w.read(func(tx flow.ReadTx) error {
		got, err := tx.DeliveryTo(v.DocumentID, "H99.88")
		w.same("delivery", *v, got)
		return err
	})
}
