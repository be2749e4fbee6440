package flow_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"maps"
	"strings"
	"sync"
	"testing"
	"time"

	"congvan/internal/calendar"
	"congvan/internal/document"
	"congvan/internal/fault"
	"congvan/internal/flow"
	"congvan/internal/journal"
	"congvan/internal/register"
	"congvan/internal/workflow"
	"congvan/signing"
	"congvan/signing/pdf"
	"congvan/storage"
)

// TestActs holds every act against what may go wrong with it. The cases share one world,
// since its keys are slow to make; each takes documents of its own.
func TestActs(t *testing.T) {
	w := newWorld(t)
	for name, test := range map[string]func(*world){
		"secrecy is guarded first":               secrecyFirst,
		"uploads that are no draft":              badUploads,
		"fields of a draft":                      badDrafts,
		"places that are missing or twice":       places,
		"approvals bind to one edition":          approvals,
		"returns and a new version":              returns,
		"the leader signs what was seen":         viewedBytes,
		"the PIN and the token":                  tokenFaults,
		"two people at once":                     twoAtOnce,
		"numbers and dates":                      numbering,
		"the seal needs the leader's signature":  sealOrder,
		"an edit after the seal is refused":      editAfterSeal,
		"an annex that is no PDF":                otherAnnex,
		"an annex that is signed already":        signedAnnex,
		"the form of a draft is flattened":       flattened,
		"one consignment once":                   onceOnly,
		"other content under one identifier":     otherContent,
		"a secret mark":                          secretMark,
		"refused, and sent again":                refused,
		"deliveries that fail":                   failedDelivery,
		"statuses late, repeated and misplaced":  statuses,
		"paper in the same book":                 paper,
		"a repeated reference is asked about":    duplicateReference,
		"directions name a lead and are bounded": directions,
		"the journal is whole":                   wholeJournal,
	} {
		t.Run(name, func(t *testing.T) {
			w.jobs = nil
			test(w.in(t))
		})
	}
}

// in lets the world report to a sub-test.
func (w *world) in(t *testing.T) *world {
	parent := w.t
	w.t = t
	t.Cleanup(func() { w.t = parent })
	return w
}

// code fails the test unless err carries this catalogue code (and field, when given).
func (w *world) code(err error, code string, field ...string) {
	w.t.Helper()
	if !fault.Is(err, code) {
		w.t.Fatalf("got %v, want %s", err, code)
	}
	if len(field) > 0 && fault.From(err).FieldName != field[0] {
		w.t.Fatalf("%s names the field %q, want %q", code, fault.From(err).FieldName, field[0])
	}
}

func secrecyFirst(w *world) {
	for s := document.Secret; s <= document.Utmost; s++ {
		_, err := w.flow.Draft(w.t.Context(), w.who("cv.svd"), flow.DraftInput{Secrecy: s, Metadata: document.Metadata{Subject: "bí mật"}})
		w.code(err, "secret_refused", "secrecy")
	}
}

func badUploads(w *world) {
	cv := w.who("cv.svd")
	for name, code := range map[string]string{
		"not-a-pdf.pdf": "not_a_pdf", "cong-van-1-truncated.pdf": "pdf_truncated", "cong-van-1-user-password.pdf": "pdf_encrypted",
	} {
		b := sample(w.t, name)
		_, err := w.flow.KeepUpload(w.t.Context(), cv, flow.Spooled{Name: name, R: bytes.NewReader(b), Size: int64(len(b)), Key: sum(b)})
		if fault.Is(err, code) {
			continue
		}
		w.must(err) // what Inspect lets through, the draft refuses
		u := w.upload(cv, name, b)
		_, err = w.flow.Draft(w.t.Context(), cv, w.input(u.ID))
		w.code(err, code)
	}
	_, err := w.flow.KeepUpload(w.t.Context(), cv, flow.Spooled{Name: "a.pdf", R: bytes.NewReader(nil)})
	w.code(err, "file_empty", "file")
	// A file that carries a signature is no draft.
	d, err := w.sign(w.approved())
	w.must(err)
	u := w.upload(cv, "da-ky.pdf", w.bytes(document.MainFile(d.Files).Version))
	_, err = w.flow.Draft(w.t.Context(), cv, w.input(u.ID))
	w.code(err, "pdf_signed")
	_, err = w.flow.KeepUpload(w.t.Context(), w.who("gd.svd"), flow.Spooled{Name: "a.pdf", R: bytes.NewReader([]byte("x")), Size: 1})
	if fault.KindOf(err) != fault.Forbidden {
		w.t.Fatalf("a leader does not upload: %v", err)
	}
}

// input is a good draft with one main file.
func (w *world) input(uploadID string) flow.DraftInput {
	return flow.DraftInput{
		Metadata: document.Metadata{TypeCode: register.CongVan, Subject: "V/v phối hợp"},
		SignerID: w.who("gd.svd").PositionID, Recipients: []string{"H26.15"},
		Files: []flow.FileInput{{Role: document.Main, UploadID: uploadID}},
	}
}

func badDrafts(w *world) {
	cv := w.who("cv.svd")
	u := w.upload(cv, "a.pdf", sample(w.t, "cong-van-1.pdf"))
	foreign := w.upload(w.who("cv.stn"), "a.pdf", sample(w.t, "cong-van-1.pdf"))
	for _, x := range []struct {
		code, field string
		change      func(*flow.DraftInput)
	}{
		{"field_required", "subject", func(in *flow.DraftInput) { in.Subject = " " }},
		{"text_too_long", "subject", func(in *flow.DraftInput) { in.Subject = strings.Repeat("ề", 501) }},
		{"type_unknown", "type_code", func(in *flow.DraftInput) { in.TypeCode = "XX" }},
		{"recipient_unknown", "recipients", func(in *flow.DraftInput) { in.Recipients = []string{"H99.99"} }},
		{"recipient_self", "recipients", func(in *flow.DraftInput) { in.Recipients = []string{"H26.14"} }},
		{"signer_unknown", "signer_id", func(in *flow.DraftInput) { in.SignerID = w.who("gd.stn").PositionID }},
		{"signer_unknown", "signer_id", func(in *flow.DraftInput) { in.SignerID = w.who("vt.svd").PositionID }},
		{"upload_unknown", "files", func(in *flow.DraftInput) { in.Files[0].UploadID = foreign.ID }},
		{"main_file_first", "files", func(in *flow.DraftInput) { in.Files[0].Role = document.Annex }},
		{"place_off_page", "layout.number", func(in *flow.DraftInput) {
			in.Layout = &document.Layout{Number: &document.Place{Page: 9, X: 1, Y: 1, W: 10, H: 5}}
		}},
	} {
		in := w.input(u.ID)
		x.change(&in)
		_, err := w.flow.Draft(w.t.Context(), cv, in)
		w.code(err, x.code, x.field)
	}
	if _, err := w.flow.Draft(w.t.Context(), w.who("vt.svd"), w.input(u.ID)); fault.KindOf(err) != fault.Forbidden {
		w.t.Fatalf("a clerk does not draft: %v", err)
	}
}

func places(w *world) {
	cv := w.who("cv.svd")
	twice := w.upload(cv, "a.pdf", sample(w.t, "cong-van-so-lap.pdf"))
	d, err := w.flow.Draft(w.t.Context(), cv, w.input(twice.ID))
	w.must(err)
	if d.Layout.Number != nil || d.Layout.Day != nil {
		w.t.Fatalf("what occurs twice is not guessed: %+v", d.Layout)
	}
	_, err = w.flow.Submit(w.t.Context(), cv, d.ID)
	w.code(err, "place_missing", "layout.number")
	in := w.input(twice.ID)
	p := flow.Proposal(1)
	in.Layout, in.Files = &p, nil
	_, err = w.flow.Revise(w.t.Context(), cv, d.ID, in)
	w.must(err)
	_, err = w.flow.Submit(w.t.Context(), cv, d.ID)
	w.must(err)

	year := w.upload(cv, "a.pdf", sample(w.t, "quyet-dinh.pdf"))
	in = w.input(year.ID)
	in.TypeCode = "QĐ"
	d, err = w.flow.Draft(w.t.Context(), cv, in)
	w.must(err)
	if d.Layout.Year == nil {
		w.t.Fatal("a blank year needs a place")
	}
}

func approvals(w *world) {
	ctx := w.t.Context()
	d := w.draft()
	_, err := w.flow.Submit(ctx, w.who("cv.svd"), d.ID)
	w.must(err)
	_, err = w.flow.ApproveContent(ctx, w.who("tp.svd"), d.ID, strings.Repeat("0", 64))
	w.code(err, "other_version", "manifest")
	_, err = w.flow.ApproveFormat(ctx, w.who("tt.svd"), d.ID, d.Manifest())
	w.code(err, "action_not_now")
	_, err = w.flow.ApproveContent(ctx, w.who("tt.svd"), d.ID, d.Manifest())
	w.code(err, "forbidden_role")
	_, err = w.flow.ApproveContent(ctx, w.who("tp.stn"), d.ID, d.Manifest())
	w.code(err, "not_found")
}

func returns(w *world) {
	ctx := w.t.Context()
	d, err := w.sign(w.approved())
	w.must(err)
	_, err = w.flow.Return(ctx, w.who("vt.svd"), d.ID, " ")
	w.code(err, "field_required", "reason")
	d, err = w.flow.Return(ctx, w.who("vt.svd"), d.ID, "Sai căn cứ pháp lý.")
	w.must(err)
	if d.State != workflow.Draft || d.ReturnReason == "" {
		w.t.Fatalf("returned: %s %q", d.State, d.ReturnReason)
	}
	_, err = w.flow.Submit(ctx, w.who("cv.svd"), d.ID)
	w.code(err, "new_version_needed", "files")
	u := w.upload(w.who("cv.svd"), "b.pdf", sample(w.t, "cong-van-2.pdf"))
	in := w.input(u.ID)
	in.SignerID = w.who("pgd.svd").PositionID
	d, err = w.flow.Revise(ctx, w.who("cv.svd"), d.ID, in)
	w.must(err)
	if d.Edition != 2 || d.Approved(document.ContentApproval) {
		w.t.Fatalf("a new edition begins without approvals: %d", d.Edition)
	}
	_, err = w.flow.Submit(ctx, w.who("cv.svd"), d.ID)
	w.must(err)
	d, err = w.flow.Withdraw(ctx, w.who("cv.svd"), d.ID)
	w.must(err)
	_, err = w.flow.Cancel(ctx, w.who("cv.svd"), d.ID)
	w.must(err)
}

func viewedBytes(w *world) {
	d := w.approved()
	asked := w.keys.asked
	_, err := w.flow.Sign(w.t.Context(), w.who("gd.svd"), d.ID, flow.SignInput{Viewed: strings.Repeat("ab", 32), PIN: []byte(pin)})
	w.code(err, "viewed_other_bytes", "viewed_sha256")
	_, err = w.flow.Sign(w.t.Context(), w.who("pgd.svd"), d.ID, flow.SignInput{Viewed: document.MainFile(d.Files).Version.Blob, PIN: []byte(pin)})
	w.code(err, "forbidden_role")
	if w.keys.asked != asked {
		w.t.Fatal("the token was asked all the same")
	}
}

func tokenFaults(w *world) {
	d := w.approved()
	seen := document.MainFile(d.Files).Version.Blob
	typed := []byte("000000")
	asked := w.keys.asked
	_, err := w.flow.Sign(w.t.Context(), w.who("gd.svd"), d.ID, flow.SignInput{Viewed: seen, PIN: typed})
	w.code(err, "pin_incorrect", "pin")
	if w.keys.asked != asked+1 {
		w.t.Fatalf("a wrong PIN was tried %d times", w.keys.asked-asked)
	}
	if !bytes.Equal(typed, make([]byte, 6)) {
		w.t.Fatal("the PIN was not cleared")
	}
	_, err = w.flow.Sign(w.t.Context(), w.who("gd.svd"), d.ID, flow.SignInput{Viewed: seen})
	w.code(err, "pin_required", "pin")
	w.keys.fail = signing.ErrTokenUnavailable
	_, err = w.sign(d)
	w.keys.fail = nil
	w.code(err, "token_unavailable")
	if fault.KindOf(err) != fault.Unavailable {
		w.t.Fatal("a token that is gone may come back")
	}
	intents, err := w.store.Intents(w.t.Context(), d.ID)
	w.must(err)
	if len(intents) != 2 || intents[0].Code != "pin_incorrect" || intents[1].Outcome != "FAILED" || intents[0].Digest == "" {
		w.t.Fatalf("intents: %+v", intents)
	}
	_, err = w.sign(d) // nothing was lost
	w.must(err)
}

func twoAtOnce(w *world) {
	d := w.approved()
	var wg sync.WaitGroup
	errs := make([]error, 2)
	for i := range errs {
		wg.Go(func() { _, errs[i] = w.sign(d) })
	}
	wg.Wait()
	won := 0
	for _, err := range errs {
		if err == nil {
			won++
		} else if k := fault.KindOf(err); k != fault.Conflict {
			w.t.Errorf("the loser is told of a conflict, not %v", err)
		}
	}
	if won != 1 {
		w.t.Fatalf("%d signatures won: %v", won, errs)
	}
}

func numbering(w *world) {
	ctx := w.t.Context()
	d, err := w.sign(w.approved())
	w.must(err)
	_, err = w.flow.Number(ctx, w.who("vt.svd"), d.ID, flow.NumberInput{IssuedDate: calendar.DateOf(w.now).AddDays(-9), Reason: "Theo ngày ký."})
	w.code(err, "issue_date_not_allowed")
	_, err = w.flow.Number(ctx, w.who("gd.svd"), d.ID, flow.NumberInput{})
	w.code(err, "forbidden_role")
	first, err := w.flow.Number(ctx, w.who("vt.svd"), d.ID, flow.NumberInput{})
	w.must(err)
	_, err = w.flow.Number(ctx, w.who("vt.svd"), d.ID, flow.NumberInput{})
	w.code(err, "action_not_now")
	d, err = w.sign(w.approved())
	w.must(err)
	second, err := w.flow.Number(ctx, w.who("vt.svd"), d.ID, flow.NumberInput{})
	w.must(err)
	if second.Number != first.Number+1 {
		w.t.Fatalf("numbers %d and %d", first.Number, second.Number)
	}
	v, err := w.flow.Void(ctx, w.who("vt.svd"), second.ID, "Ban hành nhầm.")
	w.must(err)
	if v.Number != second.Number || v.State != workflow.Voided {
		w.t.Fatal("a voided number stays used")
	}
}

func sealOrder(w *world) {
	d := w.approved()
	_, err := w.flow.Seal(w.t.Context(), w.who("vt.svd"), d.ID)
	w.code(err, "action_not_now")
}

// editAfterSeal changes the number behind the seal's back: the validator must refuse it.
func editAfterSeal(w *world) {
	d := w.sealed()
	b := w.bytes(document.MainFile(d.Files).Version)
	engine, validator := w.flow.Engine, w.flow.Validator
	_, err := engine.Prepare(w.t.Context(), signing.File{R: bytes.NewReader(b), Size: int64(len(b))}, signing.Request{
		Field: "Late", Fill: []signing.FieldValue{{Name: flow.FieldNumber, Value: "99"}}, Appearance: signing.Appearance{Look: signing.LookNone}, Time: w.now,
	})
	if err == nil {
		w.t.Fatal("our own engine must not fill a locked field")
	}
	// Another hand does it by bytes: the last value of the number in an update of its own.
	forged := appendEdit(w.t, b)
	rep, err := validator.Validate(w.t.Context(), signing.File{R: bytes.NewReader(forged), Size: int64(len(forged))}, w.now)
	w.must(err)
	if rep.Verdict != signing.Invalid {
		w.t.Fatalf("edited after the seal: %s %v", rep.Verdict, rep.Reasons)
	}
}

func otherAnnex(w *world) {
	ctx := w.t.Context()
	cv := w.who("cv.svd")
	main := w.upload(cv, "a.pdf", sample(w.t, "cong-van-1.pdf"))
	sheet := w.upload(cv, "bang.xlsx", append([]byte("PK\x03\x04"), make([]byte, 100)...))
	in := w.input(main.ID)
	in.Files = append(in.Files, flow.FileInput{Role: document.Annex, UploadID: sheet.ID})
	d, err := w.flow.Draft(ctx, cv, in)
	w.must(err)
	d = w.through(d)
	if len(d.Warnings) != 1 || d.Warnings[0] != "annex_unsigned:bang.xlsx" {
		w.t.Fatalf("warnings %v", d.Warnings)
	}
}

// through takes a draft up to the seal.
func (w *world) through(d document.Outgoing) document.Outgoing {
	w.t.Helper()
	ctx := w.t.Context()
	_, err := w.flow.Submit(ctx, w.who("cv.svd"), d.ID)
	w.must(err)
	_, err = w.flow.ApproveContent(ctx, w.who("tp.svd"), d.ID, d.Manifest())
	w.must(err)
	_, err = w.flow.ApproveFormat(ctx, w.who("tt.svd"), d.ID, d.Manifest())
	w.must(err)
	_, err = w.sign(d)
	w.must(err)
	_, err = w.flow.Number(ctx, w.who("vt.svd"), d.ID, flow.NumberInput{})
	w.must(err)
	d, err = w.flow.Seal(ctx, w.who("vt.svd"), d.ID)
	w.must(err)
	return d
}

func signedAnnex(w *world) {
	cv := w.who("cv.svd")
	earlier := w.sealed()
	main := w.upload(cv, "a.pdf", sample(w.t, "cong-van-1.pdf"))
	annex := w.upload(cv, "da-ky.pdf", w.bytes(earlier.Files[1].Version))
	in := w.input(main.ID)
	in.Files = append(in.Files, flow.FileInput{Role: document.Annex, UploadID: annex.ID})
	d, err := w.flow.Draft(w.t.Context(), cv, in)
	w.must(err)
	d = w.through(d)
	b := w.bytes(d.Files[1].Version)
	if !bytes.HasPrefix(b, w.bytes(earlier.Files[1].Version)) {
		w.t.Fatal("ours must be a further revision")
	}
	rep, err := w.flow.Validator.Validate(w.t.Context(), signing.File{R: bytes.NewReader(b), Size: int64(len(b))}, w.now)
	w.must(err)
	if rep.Verdict != signing.Valid || len(rep.Signatures) != 2 {
		w.t.Fatalf("%s with %d signatures: %v", rep.Verdict, len(rep.Signatures), rep.Reasons)
	}
}

func flattened(w *world) {
	cv := w.who("cv.svd")
	u := w.upload(cv, "a.pdf", sample(w.t, "cong-van-bieu-mau.pdf"))
	d, err := w.flow.Draft(w.t.Context(), cv, w.input(u.ID))
	w.must(err)
	main := document.MainFile(d.Files)
	if main.Version.Kind != document.VersionFlattened || main.Version.BaseBlob != u.Blob {
		w.t.Fatalf("version %+v", main.Version)
	}
	b := w.bytes(main.Version)
	in, err := w.flow.Engine.Inspect(w.t.Context(), signing.File{R: bytes.NewReader(b), Size: int64(len(b))})
	w.must(err)
	if len(in.FormFields) != 0 {
		w.t.Fatalf("fields survive: %v", in.FormFields)
	}
}

// onceOnly: the same consignment twice is one document, and the second call is answered too.
func onceOnly(w *world) {
	ctx := w.t.Context()
	d, err := w.flow.Issue(ctx, w.who("vt.svd"), w.sealed().ID)
	w.must(err)
	job := w.jobs[len(w.jobs)-1]
	w.work()
	w.must(w.flow.Deliver(ctx, job.ID)) // done, but reported failed: the job runs again
	w.work()
	w.arrivedAt("a-stn", d.DocumentID) // exactly one
	w.expect(d.ID, workflow.Arrived)
}

func (w *world) consignment(id string) document.Consignment {
	d := w.sealed()
	return document.Consignment{
		From: document.Party{OrganID: "H98.05", OrganName: "Sở Mẫu tỉnh Mẫu"}, DocumentID: id, CodeNumber: "07", CodeNotation: "SM-VP",
		IssuedDate: calendar.DateOf(w.now), TypeName: "Công văn", Subject: "V/v trả lời",
		Files: []document.ConsignedFile{{Role: document.Main, Name: "a.pdf", MediaType: "application/pdf", Blob: d.Files[0].Version.Blob, Size: d.Files[0].Version.Size}},
	}
}

func (w *world) fromSM(id string) (in []document.Incoming) {
	w.must(w.store.Read(w.t.Context(), func(tx flow.ReadTx) (err error) {
		in, err = tx.IncomingOf("a-svd", "H98.05", id)
		return err
	}))
	return in
}

func otherContent(w *world) {
	ctx := w.t.Context()
	c := w.consignment("H98.05,2026/11/19,07/SM-VP")
	w.must(w.flow.Receive(ctx, c, "H26.14", document.Axis, "aa"))
	c.Subject = "V/v khác"
	w.must(w.flow.Receive(ctx, c, "H26.14", document.Axis, "bb"))
	if got := w.fromSM(c.DocumentID); len(got) != 1 || got[0].Subject != "V/v trả lời" {
		w.t.Fatalf("nothing may be overwritten: %+v", got)
	}
	q, err := w.store.Quarantine(ctx, 10)
	w.must(err)
	if len(q) == 0 || q[0].Reason != "same_id_other_content" {
		w.t.Fatalf("quarantine %+v", q)
	}
	if err := w.flow.Receive(ctx, c, "H99.99", document.Axis, "cc"); !fault.Is(err, "recipient_unknown") {
		w.t.Fatalf("misaddressed: %v", err)
	}
}

func secretMark(w *world) {
	c := w.consignment("H98.05,2026/11/19,08/SM-VP")
	c.SecrecyMark = "Độ mật: Mật"
	w.must(w.flow.Receive(w.t.Context(), c, "H26.14", document.Axis, "dd"))
	if got := w.fromSM(c.DocumentID); len(got) != 0 {
		w.t.Fatal("a secret became a document")
	}
	q, err := w.store.Quarantine(w.t.Context(), 10)
	w.must(err)
	if len(q) == 0 || !q[0].Secret || q[0].DocumentID != "" {
		w.t.Fatalf("quarantine %+v", q)
	}
}

func refused(w *world) {
	ctx := w.t.Context()
	c := w.consignment("H98.05,2026/11/19,09/SM-VP")
	w.must(w.flow.Receive(ctx, c, "H26.14", document.Axis, "ee"))
	in := w.fromSM(c.DocumentID)[0]
	_, err := w.flow.Register(ctx, w.who("vt.svd"), in.ID, flow.RegisterInput{})
	w.code(err, "verdict_pending")
	w.must(w.flow.Validate(ctx, in.ID))
	in = w.fromSM(c.DocumentID)[0]
	if in.Verdict != document.VerdictWrongSigner { // sealed by H26.14, sent as H98.05's
		w.t.Fatalf("verdict %s", in.Verdict)
	}
	_, err = w.flow.Register(ctx, w.who("vt.svd"), in.ID, flow.RegisterInput{})
	w.code(err, "signatures_not_sufficient", "confirmed")
	_, err = w.flow.Refuse(ctx, w.who("vt.svd"), in.ID, "Chữ ký của cơ quan khác.")
	w.must(err)
	c.Subject = "V/v trả lời (gửi lại)"
	w.must(w.flow.Receive(ctx, c, "H26.14", document.Axis, "ff"))
	if got := w.fromSM(c.DocumentID); len(got) != 2 {
		w.t.Fatalf("after our refusal a new attempt is taken: %d", len(got))
	}
	w.jobs = nil
}

// axis is a courier that fails as told.
type axis struct {
	errs []error
	sent int
}

func (a *axis) Send(context.Context, document.Consignment) (string, error) {
	a.sent++
	if len(a.errs) == 0 {
		return "axis-1", nil
	}
	err := a.errs[0]
	a.errs = a.errs[1:]
	return "", err
}
func (a *axis) SendStatus(context.Context, document.StatusMessage) error { return nil }

func failedDelivery(w *world) {
	ctx := w.t.Context()
	d, err := w.flow.Issue(ctx, w.who("vt.svd"), w.sealed("H98.05").ID)
	w.must(err)
	job := w.jobs[len(w.jobs)-1]
	w.jobs = nil
	if err := w.flow.Deliver(ctx, job.ID); !fault.Is(err, "axis_not_configured") {
		w.t.Fatalf("without an axis: %v", err)
	}
	w.expect(d.ID, workflow.Queued)
	c := &axis{errs: []error{fault.New(fault.Unavailable, "axis_unavailable"), fault.New(fault.Invalid, "axis_refused")}}
	w.flow.Courier = c
	defer func() { w.flow.Courier = nil }()
	if err := w.flow.Deliver(ctx, job.ID); fault.KindOf(err) != fault.Unavailable {
		w.t.Fatalf("what may pass comes back: %v", err)
	}
	w.expect(d.ID, workflow.Queued)
	w.must(w.flow.Deliver(ctx, job.ID))
	w.expect(d.ID, workflow.Failed)
	_, err = w.flow.Resend(ctx, w.who("cv.svd"), job.ID)
	w.code(err, "forbidden_role")
	_, err = w.flow.Resend(ctx, w.who("vt.svd"), job.ID)
	w.must(err)
	w.must(w.flow.Deliver(ctx, job.ID))
	w.expect(d.ID, workflow.Sent)
	w.must(w.flow.Deliver(ctx, job.ID))
	if c.sent != 3 {
		w.t.Fatalf("sent %d times, want 3", c.sent)
	}
	w.jobs = nil
}

func statuses(w *world) {
	ctx := w.t.Context()
	d, err := w.flow.Issue(ctx, w.who("vt.svd"), w.sealed("H98.05").ID)
	w.must(err)
	w.jobs = nil
	status := func(code workflow.StatusCode, from string, at time.Duration) {
		w.must(w.flow.RecordStatus(ctx, document.StatusMessage{
			From: document.Party{OrganID: from}, To: "H26.14", DocumentID: d.DocumentID, Status: code, At: w.now.Truncate(time.Second).Add(at),
		}))
	}
	fixed := w.now.Truncate(time.Second)
	again := func() {
		w.must(w.flow.RecordStatus(ctx, document.StatusMessage{From: document.Party{OrganID: "H98.05"}, DocumentID: d.DocumentID, Status: "03", At: fixed}))
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
	w.must(w.store.Read(ctx, func(tx flow.ReadTx) (err error) {
		v, err = tx.DeliveryTo(d.DocumentID, "h98.05")
		return err
	}))
	if len(v.Events) != 4 { // queued, 03, 01, 77; the repeated 03 adds nothing
		w.t.Fatalf("%d events: %+v", len(v.Events), v.Events)
	}
}

func paper(w *world) {
	ctx := w.t.Context()
	vt := w.who("vt.stn")
	u := w.upload(vt, "scan.pdf", sample(w.t, "van-ban-giay-scan.pdf"))
	in := flow.PaperInput{
		Metadata: document.Metadata{TypeCode: register.CongVan, Subject: "V/v khảo sát"}, From: document.Party{OrganName: "Công ty Ví dụ"},
		CodeNumber: "12", CodeNotation: "CV-VD", IssuedDate: calendar.DateOf(w.now), Files: []flow.FileInput{{Role: document.Main, UploadID: u.ID}},
	}
	bad := in
	bad.Secrecy = document.TopSecret
	_, err := w.flow.RegisterPaper(ctx, vt, bad)
	w.code(err, "secret_refused", "secrecy")
	bad = in
	bad.CodeNumber = ""
	_, err = w.flow.RegisterPaper(ctx, vt, bad)
	w.code(err, "field_required", "code_number")
	_, err = w.flow.RegisterPaper(ctx, w.who("cv.stn"), in)
	w.code(err, "forbidden_role")
	a, err := w.flow.RegisterPaper(ctx, vt, in)
	w.must(err)
	in.CodeNumber = "13"
	b, err := w.flow.RegisterPaper(ctx, vt, in)
	w.must(err)
	if b.ArrivalNumber != a.ArrivalNumber+1 || a.Verdict != document.VerdictPaper {
		w.t.Fatalf("arrival numbers %d, %d", a.ArrivalNumber, b.ArrivalNumber)
	}
}

func duplicateReference(w *world) {
	vt := w.who("vt.phuong")
	u := w.upload(vt, "scan.pdf", sample(w.t, "van-ban-giay-scan.pdf"))
	in := flow.PaperInput{
		Metadata: document.Metadata{TypeCode: register.CongVan, Subject: "V/v khảo sát"}, From: document.Party{OrganName: "Công ty Ví dụ", OrganID: "H98"},
		CodeNumber: "12", CodeNotation: "CV-VD", IssuedDate: calendar.DateOf(w.now), Files: []flow.FileInput{{Role: document.Main, UploadID: u.ID}},
	}
	_, err := w.flow.RegisterPaper(w.t.Context(), vt, in)
	w.must(err)
	_, err = w.flow.RegisterPaper(w.t.Context(), vt, in)
	w.code(err, "duplicate_reference", "confirmed")
	in.Confirmed = true
	_, err = w.flow.RegisterPaper(w.t.Context(), vt, in)
	w.must(err)
}

func directions(w *world) {
	ctx := w.t.Context()
	d, err := w.flow.Issue(ctx, w.who("vt.svd"), w.sealed().ID)
	w.must(err)
	w.work()
	in := w.arrivedAt("a-stn", d.DocumentID)
	_, err = w.flow.Assign(ctx, w.who("gd.stn"), in.ID, flow.AssignInput{To: []document.AssignmentTo{{PositionID: w.who("cv.stn").PositionID, Role: document.Lead}}})
	w.code(err, "not_found") // not before the leader's desk: unregistered, it is the clerk's alone
	_, err = w.flow.Register(ctx, w.who("vt.stn"), in.ID, flow.RegisterInput{})
	w.must(err)
	lead := document.AssignmentTo{PositionID: w.who("cv.stn").PositionID, Role: document.Lead}
	for _, x := range []struct {
		code string
		to   []document.AssignmentTo
	}{
		{"assignees_count", nil},
		{"lead_required", []document.AssignmentTo{{PositionID: lead.PositionID, Role: document.Information}}},
		{"assignee_unknown", []document.AssignmentTo{{PositionID: w.who("cv.svd").PositionID, Role: document.Lead}}},
		{"already_assigned", []document.AssignmentTo{lead, lead}},
		{"deadline_past", []document.AssignmentTo{{PositionID: lead.PositionID, Role: document.Lead, Deadline: calendar.DateOf(w.now).AddDays(-1)}}},
		{"assignment_role_unknown", []document.AssignmentTo{{PositionID: lead.PositionID, Role: "BOSS"}}},
	} {
		_, err := w.flow.Assign(ctx, w.who("gd.stn"), in.ID, flow.AssignInput{To: x.to})
		w.code(err, x.code)
	}
	_, err = w.flow.Assign(ctx, w.who("gd.stn"), in.ID, flow.AssignInput{To: []document.AssignmentTo{lead, {PositionID: w.who("cv2.stn").PositionID, Role: document.Coordinating}}})
	w.must(err)
	_, err = w.flow.Complete(ctx, w.who("cv2.stn"), in.ID, "")
	w.code(err, "forbidden_role")
	in, err = w.flow.Complete(ctx, w.who("cv.stn"), in.ID, "")
	w.must(err)
	var as []document.Assignment
	w.must(w.store.Read(ctx, func(tx flow.ReadTx) (err error) { as, err = tx.Assignments(in.ID); return err }))
	for _, a := range as {
		if a.State != workflow.Done {
			w.t.Errorf("when the lead ends, all end: %+v", a)
		}
	}
	w.work()
}

func wholeJournal(w *world) {
	rep, err := journal.Verify(w.store.JournalRows(w.t.Context()), nil)
	w.must(err)
	if !rep.OK() || rep.Rows == 0 {
		w.t.Fatalf("%+v", rep)
	}
}

func sum(b []byte) storage.Key { return storage.Key(sha256.Sum256(b)) }

// appendEdit is what a forger does who knows PDF: a revision of its own in which the number
// reads 99.
func appendEdit(t *testing.T, b []byte) []byte {
	t.Helper()
	f, err := pdf.Open(t.Context(), bytes.NewReader(b), int64(len(b)), pdf.DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	fields, err := f.Fields()
	if err != nil {
		t.Fatal(err)
	}
	u := pdf.NewUpdate(f)
	for _, x := range fields {
		if x.Name == flow.FieldNumber {
			d := maps.Clone(x.Dict)
			d["V"] = pdf.String("99")
			u.Set(x.Ref, d)
		}
	}
	if u.Len() != 1 {
		t.Fatalf("%d fields changed", u.Len())
	}
	tail, err := u.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	return append(bytes.Clone(b), tail...)
}
