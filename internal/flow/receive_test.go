package flow_test

import (
	"time"

	"congvan/internal/calendar"
	"congvan/internal/document"
	"congvan/internal/fault"
	"congvan/internal/flow"
	"congvan/internal/flowtest"
	"congvan/internal/register"
	"congvan/internal/workflow"
)

func (w *world) consignment(id string) document.Consignment {
	d := w.Sealed()
	return document.Consignment{
		From: document.Party{OrganID: "H98.05", OrganName: "Sở Mẫu tỉnh Mẫu"}, DocumentID: id, CodeNumber: "07", CodeNotation: "SM-VP",
		IssuedDate: calendar.DateOf(w.Now()), TypeName: "Công văn", Subject: "V/v trả lời",
		Files: []document.ConsignedFile{{Role: document.Main, Name: "a.pdf", MediaType: "application/pdf", Blob: d.Files[0].Version.Blob, Size: d.Files[0].Version.Size}},
	}
}

func (w *world) fromSM(id string) (in []document.Incoming) {
	w.Must(w.Store.Read(w.T.Context(), func(tx flow.ReadTx) (err error) {
		in, err = tx.IncomingOf("a-svd", "H98.05", id)
		return err
	}))
	return in
}

func otherContent(w *world) {
	ctx := w.T.Context()
	c := w.consignment("H98.05,2026/11/19,07/SM-VP")
	w.Must(w.Flow.Receive(ctx, document.Parcel{AxisDocID: "aa", To: "H26.14", RawKey: "aa"}, c))
	c.Subject = "V/v khác"
	w.Must(w.Flow.Receive(ctx, document.Parcel{AxisDocID: "bb", To: "H26.14", RawKey: "bb"}, c))
	if got := w.fromSM(c.DocumentID); len(got) != 1 || got[0].Subject != "V/v trả lời" {
		w.T.Fatalf("nothing may be overwritten: %+v", got)
	}
	q, err := w.Store.Quarantine(ctx, 10)
	w.Must(err)
	if len(q) == 0 || q[0].Reason != "same_id_other_content" {
		w.T.Fatalf("quarantine %+v", q)
	}
	if err := w.Flow.Receive(ctx, document.Parcel{AxisDocID: "cc", To: "H99.99", RawKey: "cc"}, c); !fault.Is(err, "recipient_unknown") {
		w.T.Fatalf("misaddressed: %v", err)
	}
}

func secretMark(w *world) {
	c := w.consignment("H98.05,2026/11/19,08/SM-VP")
	c.SecrecyMark = "Độ mật: Mật"
	w.Must(w.Flow.Receive(w.T.Context(), document.Parcel{AxisDocID: "dd", To: "H26.14", RawKey: "dd"}, c))
	if got := w.fromSM(c.DocumentID); len(got) != 0 {
		w.T.Fatal("a secret became a document")
	}
	q, err := w.Store.Quarantine(w.T.Context(), 10)
	w.Must(err)
	if len(q) == 0 || !q[0].Secret || q[0].DocumentID != "" {
		w.T.Fatalf("quarantine %+v", q)
	}
}

func refused(w *world) {
	ctx := w.T.Context()
	c := w.consignment("H98.05,2026/11/19,09/SM-VP")
	w.Must(w.Flow.Receive(ctx, document.Parcel{AxisDocID: "ee", To: "H26.14", RawKey: "ee"}, c))
	in := w.fromSM(c.DocumentID)[0]
	_, err := w.Flow.Register(ctx, w.Who("vt.svd"), in.ID, flow.RegisterInput{})
	w.code(err, "verdict_pending")
	w.Must(w.Flow.Validate(ctx, in.ID))
	in = w.fromSM(c.DocumentID)[0]
	if in.Verdict != document.VerdictWrongSigner { // sealed by H26.14, sent as H98.05's
		w.T.Fatalf("verdict %s", in.Verdict)
	}
	_, err = w.Flow.Register(ctx, w.Who("vt.svd"), in.ID, flow.RegisterInput{})
	w.code(err, "signatures_not_sufficient", "confirmed")
	_, err = w.Flow.Refuse(ctx, w.Who("vt.svd"), in.ID, "Chữ ký của cơ quan khác.")
	w.Must(err)
	c.Subject = "V/v trả lời (gửi lại)"
	w.Must(w.Flow.Receive(ctx, document.Parcel{AxisDocID: "ff", To: "H26.14", RawKey: "ff"}, c))
	if got := w.fromSM(c.DocumentID); len(got) != 2 {
		w.T.Fatalf("after our refusal a new attempt is taken: %d", len(got))
	}
	w.Jobs = nil
}

func setAside(w *world) {
	ctx := w.T.Context()
	count := func() int {
		q, err := w.Store.Quarantine(ctx, 1000)
		w.Must(err)
		return len(q)
	}
	before := count()
	for _, p := range []document.Parcel{
		{AxisDocID: "x1", From: "H98.05", To: "H26.14", RawKey: "aa"},
		{AxisDocID: "x1", From: "H98.05", To: "H26.14", RawKey: "aa"}, // the answer to the axis was lost
		{AxisDocID: "x2", From: "H98.05", To: "H26.14"},               // could not be fetched
		{AxisDocID: "x3", From: "H98.05", To: "H99.99", RawKey: "bb"}, // for nobody we know
	} {
		w.Must(w.Flow.SetAside(ctx, p, "edxml_syntax"))
	}
	if n := count() - before; n != 3 {
		w.T.Errorf("%d messages set aside, want 3", n)
	}
	for _, x := range []struct {
		a, b string
		want bool
	}{
		{"H98.05", "h98.05 ", true},
		{"H98.05", "000.00.05.H98", true},
		{"H98.05", "H98", false},
		{"H97.01", "H97.01", true},
		{"H97.01", "000.00.01.H97", false},
		{"H98.05", "", false},
	} {
		if got, err := w.Flow.SameAgency(ctx, x.a, x.b); got != x.want || err != nil {
			w.T.Errorf("%s and %s: %v, %v", x.a, x.b, got, err)
		}
	}
}

func statuses(w *world) {
	ctx := w.T.Context()
	d, err := w.Flow.Issue(ctx, w.Who("vt.svd"), w.Sealed("H98.05").ID)
	w.Must(err)
	w.Jobs = nil
	status := func(code workflow.StatusCode, from string, at time.Duration) {
		w.Must(w.Flow.RecordStatus(ctx, document.Parcel{}, document.StatusMessage{
			From: document.Party{OrganID: from}, To: "H26.14", DocumentID: d.DocumentID, Status: code, At: w.Now().Truncate(time.Second).Add(at),
		}))
	}
	fixed := w.Now().Truncate(time.Second)
	again := func() {
		w.Must(w.Flow.RecordStatus(ctx, document.Parcel{}, document.StatusMessage{From: document.Party{OrganID: "H98.05"}, DocumentID: d.DocumentID, Status: "03", At: fixed}))
	}
	status("03", "H98.05", 0)
	status("01", "H98.05", time.Second) // late
	w.expect(d.ID, workflow.Acceptance)
	again()
	again() // the same one twice
	status("77", "H98.05", time.Minute)
	status("06", "H26.15", 0) // of an agency it never went to
	w.expect(d.ID, workflow.Acceptance)
	var v document.Delivery
	w.Must(w.Store.Read(ctx, func(tx flow.ReadTx) (err error) {
		v, err = tx.DeliveryTo(d.DocumentID, "h98.05")
		return err
	}))
	if len(v.Events) != 4 { // queued, 03, 01, 77; the repeated 03 adds nothing
		w.T.Fatalf("%d events: %+v", len(v.Events), v.Events)
	}
}

func paper(w *world) {
	ctx := w.T.Context()
	vt := w.Who("vt.stn")
	u := w.Upload(vt, "scan.pdf", flowtest.Sample(w.T, "van-ban-giay-scan.pdf"))
	in := flow.PaperInput{
		Metadata: document.Metadata{TypeCode: register.CongVan, Subject: "V/v khảo sát"}, From: document.Party{OrganName: "Công ty Ví dụ"},
		CodeNumber: "12", CodeNotation: "CV-VD", IssuedDate: calendar.DateOf(w.Now()), Files: []flow.FileInput{{Role: document.Main, UploadID: u.ID}},
	}
	bad := in
	bad.Secrecy = document.TopSecret
	_, err := w.Flow.RegisterPaper(ctx, vt, bad)
	w.code(err, "secret_refused", "secrecy")
	bad = in
	bad.CodeNumber = ""
	_, err = w.Flow.RegisterPaper(ctx, vt, bad)
	w.code(err, "field_required", "code_number")
	_, err = w.Flow.RegisterPaper(ctx, w.Who("cv.stn"), in)
	w.code(err, "forbidden_role")
	a, err := w.Flow.RegisterPaper(ctx, vt, in)
	w.Must(err)
	in.CodeNumber = "13"
	b, err := w.Flow.RegisterPaper(ctx, vt, in)
	w.Must(err)
	if b.ArrivalNumber != a.ArrivalNumber+1 || a.Verdict != document.VerdictPaper {
		w.T.Fatalf("arrival numbers %d, %d", a.ArrivalNumber, b.ArrivalNumber)
	}
}

func duplicateReference(w *world) {
	vt := w.Who("vt.phuong")
	u := w.Upload(vt, "scan.pdf", flowtest.Sample(w.T, "van-ban-giay-scan.pdf"))
	in := flow.PaperInput{
		Metadata: document.Metadata{TypeCode: register.CongVan, Subject: "V/v khảo sát"}, From: document.Party{OrganName: "Công ty Ví dụ", OrganID: "H98"},
		CodeNumber: "12", CodeNotation: "CV-VD", IssuedDate: calendar.DateOf(w.Now()), Files: []flow.FileInput{{Role: document.Main, UploadID: u.ID}},
	}
	_, err := w.Flow.RegisterPaper(w.T.Context(), vt, in)
	w.Must(err)
	_, err = w.Flow.RegisterPaper(w.T.Context(), vt, in)
	w.code(err, "duplicate_reference", "confirmed")
	in.Confirmed = true
	_, err = w.Flow.RegisterPaper(w.T.Context(), vt, in)
	w.Must(err)
}
