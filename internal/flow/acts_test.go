package flow_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"congvan/internal/calendar"
	"congvan/internal/document"
	"congvan/internal/fault"
	"congvan/internal/flow"
	"congvan/internal/flowtest"
	"congvan/internal/journal"
	"congvan/internal/org"
	"congvan/internal/register"
	"congvan/internal/store"
	"congvan/internal/workflow"
	"congvan/signing"
	"congvan/signing/pdf"
	"congvan/signing/pdf/pdftest"
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
		"an annex written on to its corner":      fullAnnex,
		"an annex that is signed already":        signedAnnex,
		"the form of a draft is flattened":       flattened,
		"one consignment once":                   onceOnly,
		"other content under one identifier":     otherContent,
		"a secret mark":                          secretMark,
		"refused, and sent again":                refused,
		"deliveries that fail":                   failedDelivery,
		"deliveries cut off":                     cutOffDelivery,
		"messages set aside":                     setAside,
		"statuses late, repeated and misplaced":  statuses,
		"paper in the same book":                 paper,
		"a repeated reference is asked about":    duplicateReference,
		"directions name a lead and are bounded": directions,
		"the journal is whole":                   wholeJournal,
	} {
		t.Run(name, func(t *testing.T) {
			w.Jobs = nil
			w.In(t)
			test(w)
		})
	}
}

// code fails the test unless err carries this catalogue code (and field, when given).
func (w *world) code(err error, code string, field ...string) {
	w.T.Helper()
	if !fault.Is(err, code) {
		w.T.Fatalf("got %v, want %s", err, code)
	}
	if len(field) > 0 && fault.From(err).FieldName != field[0] {
		w.T.Fatalf("%s names the field %q, want %q", code, fault.From(err).FieldName, field[0])
	}
}

func secrecyFirst(w *world) {
	for s := document.Secret; s <= document.Utmost; s++ {
		_, err := w.Flow.Draft(w.T.Context(), w.Who("cv.svd"), flow.DraftInput{Secrecy: s, Metadata: document.Metadata{Subject: "bí mật"}})
		w.code(err, "secret_refused", "secrecy")
	}
}

func badUploads(w *world) {
	cv := w.Who("cv.svd")
	for name, code := range map[string]string{
		"not-a-pdf.pdf": "not_a_pdf", "cong-van-1-truncated.pdf": "pdf_truncated", "cong-van-1-user-password.pdf": "pdf_encrypted",
	} {
		b := flowtest.Sample(w.T, name)
		_, err := w.Flow.KeepUpload(w.T.Context(), cv, flow.Spooled{Name: name, R: bytes.NewReader(b), Size: int64(len(b)), Key: sum(b)})
		if fault.Is(err, code) {
			continue
		}
		w.Must(err) // what Inspect lets through, the draft refuses
		u := w.Upload(cv, name, b)
		_, err = w.Flow.Draft(w.T.Context(), cv, w.input(u.ID))
		w.code(err, code)
	}
	_, err := w.Flow.KeepUpload(w.T.Context(), cv, flow.Spooled{Name: "a.pdf", R: bytes.NewReader(nil)})
	w.code(err, "file_empty", "file")
	// A file that carries a signature is no draft.
	d, err := w.Sign(w.Approved())
	w.Must(err)
	u := w.Upload(cv, "da-ky.pdf", w.Bytes(document.MainFile(d.Files).Version))
	_, err = w.Flow.Draft(w.T.Context(), cv, w.input(u.ID))
	w.code(err, "pdf_signed")
	_, err = w.Flow.KeepUpload(w.T.Context(), w.Who("gd.svd"), flow.Spooled{Name: "a.pdf", R: bytes.NewReader([]byte("x")), Size: 1})
	if fault.KindOf(err) != fault.Forbidden {
		w.T.Fatalf("a leader does not upload: %v", err)
	}
}

// input is a good draft with one main file.
func (w *world) input(uploadID string) flow.DraftInput {
	return flow.DraftInput{
		Metadata: document.Metadata{TypeCode: register.CongVan, Subject: "V/v phối hợp"},
		SignerID: w.Who("gd.svd").PositionID, Recipients: []string{"H26.15"},
		Files: []flow.FileInput{{Role: document.Main, UploadID: uploadID}},
	}
}

func badDrafts(w *world) {
	cv := w.Who("cv.svd")
	u := w.Upload(cv, "a.pdf", flowtest.Sample(w.T, "cong-van-1.pdf"))
	foreign := w.Upload(w.Who("cv.stn"), "a.pdf", flowtest.Sample(w.T, "cong-van-1.pdf"))
	w.Must(w.Store.Administer(w.T.Context(), func(tx store.Admin) error {
		gone := time.Date(2026, 6, 30, 0, 0, 0, 0, time.UTC)
		return tx.PutAgency(org.Agency{
			ID: "closed", Name: "Sở Đã giải thể", Abbreviation: "SGT", Block: org.BlockGovernment, ClosedAt: &gone,
			Codes: []org.Code{{Scheme: org.SchemeQD20, Value: "H99.77"}},
		})
	}))
	for _, x := range []struct {
		code, field string
		change      func(*flow.DraftInput)
	}{
		{"field_required", "subject", func(in *flow.DraftInput) { in.Subject = " " }},
		{"text_too_long", "subject", func(in *flow.DraftInput) { in.Subject = strings.Repeat("ề", 501) }},
		{"type_unknown", "type_code", func(in *flow.DraftInput) { in.TypeCode = "XX" }},
		{"recipient_unknown", "recipients", func(in *flow.DraftInput) { in.Recipients = []string{"H99.99"} }},
		{"recipient_closed", "recipients", func(in *flow.DraftInput) { in.Recipients = []string{"H26.15", "h99.77"} }},
		{"recipient_self", "recipients", func(in *flow.DraftInput) { in.Recipients = []string{"H26.14"} }},
		{"signer_unknown", "signer_id", func(in *flow.DraftInput) { in.SignerID = w.Who("gd.stn").PositionID }},
		{"signer_unknown", "signer_id", func(in *flow.DraftInput) { in.SignerID = w.Who("vt.svd").PositionID }},
		{"upload_unknown", "files", func(in *flow.DraftInput) { in.Files[0].UploadID = foreign.ID }},
		{"main_file_first", "files", func(in *flow.DraftInput) { in.Files[0].Role = document.Annex }},
		{"place_off_page", "layout.number", func(in *flow.DraftInput) {
			in.Layout = &document.Layout{Number: &document.Place{Page: 9, X: 1, Y: 1, W: 10, H: 5}}
		}},
	} {
		in := w.input(u.ID)
		x.change(&in)
		_, err := w.Flow.Draft(w.T.Context(), cv, in)
		w.code(err, x.code, x.field)
	}
	if _, err := w.Flow.Draft(w.T.Context(), w.Who("vt.svd"), w.input(u.ID)); fault.KindOf(err) != fault.Forbidden {
		w.T.Fatalf("a clerk does not draft: %v", err)
	}
}

func places(w *world) {
	cv := w.Who("cv.svd")
	twice := w.Upload(cv, "a.pdf", flowtest.Sample(w.T, "cong-van-so-lap.pdf"))
	d, err := w.Flow.Draft(w.T.Context(), cv, w.input(twice.ID))
	w.Must(err)
	if d.Layout.Number != nil || d.Layout.Day != nil {
		w.T.Fatalf("what occurs twice is not guessed: %+v", d.Layout)
	}
	_, err = w.Flow.Submit(w.T.Context(), cv, d.ID)
	w.code(err, "place_missing", "layout.number")
	in := w.input(twice.ID)
	p := flow.Proposal(1)
	in.Layout, in.Files = &p, nil
	_, err = w.Flow.Revise(w.T.Context(), cv, d.ID, in)
	w.Must(err)
	_, err = w.Flow.Submit(w.T.Context(), cv, d.ID)
	w.Must(err)

	year := w.Upload(cv, "a.pdf", flowtest.Sample(w.T, "quyet-dinh.pdf"))
	in = w.input(year.ID)
	in.TypeCode = "QĐ"
	d, err = w.Flow.Draft(w.T.Context(), cv, in)
	w.Must(err)
	if d.Layout.Year == nil {
		w.T.Fatal("a blank year needs a place")
	}
}

func approvals(w *world) {
	ctx := w.T.Context()
	d := w.Draft()
	_, err := w.Flow.Submit(ctx, w.Who("cv.svd"), d.ID)
	w.Must(err)
	_, err = w.Flow.ApproveContent(ctx, w.Who("tp.svd"), d.ID, strings.Repeat("0", 64))
	w.code(err, "other_version", "manifest")
	_, err = w.Flow.ApproveFormat(ctx, w.Who("tt.svd"), d.ID, d.Manifest())
	w.code(err, "action_not_now")
	_, err = w.Flow.ApproveContent(ctx, w.Who("tt.svd"), d.ID, d.Manifest())
	w.code(err, "forbidden_role")
	_, err = w.Flow.ApproveContent(ctx, w.Who("tp.stn"), d.ID, d.Manifest())
	w.code(err, "not_found")
}

func returns(w *world) {
	ctx := w.T.Context()
	d, err := w.Sign(w.Approved())
	w.Must(err)
	_, err = w.Flow.Return(ctx, w.Who("vt.svd"), d.ID, " ")
	w.code(err, "field_required", "reason")
	d, err = w.Flow.Return(ctx, w.Who("vt.svd"), d.ID, "Sai căn cứ pháp lý.")
	w.Must(err)
	if d.State != workflow.Draft || d.ReturnReason == "" {
		w.T.Fatalf("returned: %s %q", d.State, d.ReturnReason)
	}
	_, err = w.Flow.Submit(ctx, w.Who("cv.svd"), d.ID)
	w.code(err, "new_version_needed", "files")
	u := w.Upload(w.Who("cv.svd"), "b.pdf", flowtest.Sample(w.T, "cong-van-2.pdf"))
	in := w.input(u.ID)
	in.SignerID = w.Who("pgd.svd").PositionID
	d, err = w.Flow.Revise(ctx, w.Who("cv.svd"), d.ID, in)
	w.Must(err)
	if d.Edition != 2 || d.Approved(document.ContentApproval) {
		w.T.Fatalf("a new edition begins without approvals: %d", d.Edition)
	}
	_, err = w.Flow.Submit(ctx, w.Who("cv.svd"), d.ID)
	w.Must(err)
	d, err = w.Flow.Withdraw(ctx, w.Who("cv.svd"), d.ID)
	w.Must(err)
	_, err = w.Flow.Cancel(ctx, w.Who("cv.svd"), d.ID)
	w.Must(err)
}

func viewedBytes(w *world) {
	d := w.Approved()
	asked := w.Keys.Asked.Load()
	_, err := w.Flow.Sign(w.T.Context(), w.Who("gd.svd"), d.ID, flow.SignInput{Viewed: strings.Repeat("ab", 32), PIN: []byte(flowtest.PIN)})
	w.code(err, "viewed_other_bytes", "viewed_sha256")
	_, err = w.Flow.Sign(w.T.Context(), w.Who("pgd.svd"), d.ID, flow.SignInput{Viewed: document.MainFile(d.Files).Version.Blob, PIN: []byte(flowtest.PIN)})
	w.code(err, "forbidden_role")
	if w.Keys.Asked.Load() != asked {
		w.T.Fatal("the token was asked all the same")
	}
}

func tokenFaults(w *world) {
	d := w.Approved()
	seen := document.MainFile(d.Files).Version.Blob
	typed := []byte("000000")
	asked := w.Keys.Asked.Load()
	_, err := w.Flow.Sign(w.T.Context(), w.Who("gd.svd"), d.ID, flow.SignInput{Viewed: seen, PIN: typed})
	w.code(err, "pin_incorrect", "pin")
	if w.Keys.Asked.Load() != asked+1 {
		w.T.Fatalf("a wrong PIN was tried %d times", w.Keys.Asked.Load()-asked)
	}
	if !bytes.Equal(typed, make([]byte, 6)) {
		w.T.Fatal("the PIN was not cleared")
	}
	_, err = w.Flow.Sign(w.T.Context(), w.Who("gd.svd"), d.ID, flow.SignInput{Viewed: seen})
	w.code(err, "pin_required", "pin")
	w.Keys.Fail = signing.ErrTokenUnavailable
	_, err = w.Sign(d)
	w.Keys.Fail = nil
	w.code(err, "token_unavailable")
	if fault.KindOf(err) != fault.Unavailable {
		w.T.Fatal("a token that is gone may come back")
	}
	intents, err := w.Store.Intents(w.T.Context(), d.ID)
	w.Must(err)
	if len(intents) != 2 || intents[0].Code != "pin_incorrect" || intents[1].Outcome != "FAILED" || intents[0].Digest == "" {
		w.T.Fatalf("intents: %+v", intents)
	}
	_, err = w.Sign(d) // nothing was lost
	w.Must(err)
}

func twoAtOnce(w *world) {
	d := w.Approved()
	var wg sync.WaitGroup
	errs := make([]error, 2)
	for i := range errs {
		wg.Go(func() { _, errs[i] = w.Sign(d) })
	}
	wg.Wait()
	won := 0
	for _, err := range errs {
		if err == nil {
			won++
		} else if k := fault.KindOf(err); k != fault.Conflict {
			w.T.Errorf("the loser is told of a conflict, not %v", err)
		}
	}
	if won != 1 {
		w.T.Fatalf("%d signatures won: %v", won, errs)
	}
}

func numbering(w *world) {
	ctx := w.T.Context()
	d, err := w.Sign(w.Approved())
	w.Must(err)
	_, err = w.Flow.Number(ctx, w.Who("vt.svd"), d.ID, flow.NumberInput{IssuedDate: calendar.DateOf(w.Now()).AddDays(-9), Reason: "Theo ngày ký."})
	w.code(err, "issue_date_not_allowed")
	_, err = w.Flow.Number(ctx, w.Who("gd.svd"), d.ID, flow.NumberInput{})
	w.code(err, "forbidden_role")
	first, err := w.Flow.Number(ctx, w.Who("vt.svd"), d.ID, flow.NumberInput{})
	w.Must(err)
	_, err = w.Flow.Number(ctx, w.Who("vt.svd"), d.ID, flow.NumberInput{})
	w.code(err, "action_not_now")
	d, err = w.Sign(w.Approved())
	w.Must(err)
	second, err := w.Flow.Number(ctx, w.Who("vt.svd"), d.ID, flow.NumberInput{})
	w.Must(err)
	if second.Number != first.Number+1 {
		w.T.Fatalf("numbers %d and %d", first.Number, second.Number)
	}
	v, err := w.Flow.Void(ctx, w.Who("vt.svd"), second.ID, "Ban hành nhầm.")
	w.Must(err)
	if v.Number != second.Number || v.State != workflow.Voided {
		w.T.Fatal("a voided number stays used")
	}
}

func sealOrder(w *world) {
	d := w.Approved()
	_, err := w.Flow.Seal(w.T.Context(), w.Who("vt.svd"), d.ID)
	w.code(err, "action_not_now")
}

// editAfterSeal changes the number behind the seal's back: the validator must refuse it.
func editAfterSeal(w *world) {
	d := w.Sealed()
	b := w.Bytes(document.MainFile(d.Files).Version)
	engine, validator := w.Flow.Engine, w.Flow.Validator
	_, err := engine.Prepare(w.T.Context(), signing.File{R: bytes.NewReader(b), Size: int64(len(b))}, signing.Request{
		Field: "Late", Fill: []signing.FieldValue{{Name: flow.FieldNumber, Value: "99"}}, Appearance: signing.Appearance{Look: signing.LookNone}, Time: w.Now(),
	})
	if err == nil {
		w.T.Fatal("our own engine must not fill a locked field")
	}
	// Another hand does it by bytes: the last value of the number in an update of its own.
	forged := appendEdit(w.T, b)
	rep, err := validator.Validate(w.T.Context(), signing.File{R: bytes.NewReader(forged), Size: int64(len(forged))}, w.Now())
	w.Must(err)
	if rep.Verdict != signing.Invalid {
		w.T.Fatalf("edited after the seal: %s %v", rep.Verdict, rep.Reasons)
	}
}

// fullAnnex has text where the agency's block would stand: at 8 mm it moves to the edge, at
// the edge it is not shown; either way the annex is signed and what it says stays readable.
func fullAnnex(w *world) {
	ctx := w.T.Context()
	cv := w.Who("cv.svd")
	for name, c := range map[string]struct {
		top      float64 // of the first line, points
		warnings []string
	}{
		"gan-mep.pdf": {780, nil},
		"sat-mep.pdf": {835, []string{"annex_block_unseen:sat-mep.pdf"}},
	} {
		main := w.Upload(cv, "a.pdf", flowtest.Sample(w.T, "cong-van-1.pdf"))
		annex := w.Upload(cv, name, written(c.top))
		in := w.input(main.ID)
		in.Files = append(in.Files, flow.FileInput{Role: document.Annex, UploadID: annex.ID})
		d, err := w.Flow.Draft(ctx, cv, in)
		w.Must(err)
		d = w.Seal(d)
		if !slices.Equal(d.Warnings, c.warnings) {
			w.T.Errorf("%s: warnings %v, want %v", name, d.Warnings, c.warnings)
		}
		if got := d.Files[1].Version.Kind; got != document.VersionSealed {
			w.T.Errorf("%s is %s", name, got)
		}
	}
}

// written is an A4 page with lines of text from top points down, as wide as the page.
func written(top float64) []byte {
	var text strings.Builder
	for y := top; y > top-120; y -= 12 {
		fmt.Fprintf(&text, "BT /F 12 Tf 40 %.0f Td (Bang ke so lieu thu nghiem, so lieu thu nghiem, so lieu thu nghiem, so lieu thu nghiem) Tj ET\n", y)
	}
	b := pdftest.New()
	b.Obj(1, "<</Type/Catalog/Pages 2 0 R>>")
	b.Obj(2, "<</Type/Pages/Kids[3 0 R]/Count 1>>")
	b.Obj(3, "<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R/Resources<</Font<</F 5 0 R>>>>>>")
	b.Stream(4, "", text.String())
	b.Obj(5, "<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>")
	b.Table("/Root 1 0 R")
	return b.Bytes()
}

func otherAnnex(w *world) {
	ctx := w.T.Context()
	cv := w.Who("cv.svd")
	main := w.Upload(cv, "a.pdf", flowtest.Sample(w.T, "cong-van-1.pdf"))
	sheet := w.Upload(cv, "bang.xlsx", append([]byte("PK\x03\x04"), make([]byte, 100)...))
	in := w.input(main.ID)
	in.Files = append(in.Files, flow.FileInput{Role: document.Annex, UploadID: sheet.ID})
	d, err := w.Flow.Draft(ctx, cv, in)
	w.Must(err)
	d = w.Seal(d)
	if len(d.Warnings) != 1 || d.Warnings[0] != "annex_unsigned:bang.xlsx" {
		w.T.Fatalf("warnings %v", d.Warnings)
	}
}

func signedAnnex(w *world) {
	cv := w.Who("cv.svd")
	earlier := w.Sealed()
	main := w.Upload(cv, "a.pdf", flowtest.Sample(w.T, "cong-van-1.pdf"))
	annex := w.Upload(cv, "da-ky.pdf", w.Bytes(earlier.Files[1].Version))
	in := w.input(main.ID)
	in.Files = append(in.Files, flow.FileInput{Role: document.Annex, UploadID: annex.ID})
	d, err := w.Flow.Draft(w.T.Context(), cv, in)
	w.Must(err)
	d = w.Seal(d)
	b := w.Bytes(d.Files[1].Version)
	if !bytes.HasPrefix(b, w.Bytes(earlier.Files[1].Version)) {
		w.T.Fatal("ours must be a further revision")
	}
	rep, err := w.Flow.Validator.Validate(w.T.Context(), signing.File{R: bytes.NewReader(b), Size: int64(len(b))}, w.Now())
	w.Must(err)
	if rep.Verdict != signing.Valid || len(rep.Signatures) != 2 {
		w.T.Fatalf("%s with %d signatures: %v", rep.Verdict, len(rep.Signatures), rep.Reasons)
	}
}

func flattened(w *world) {
	cv := w.Who("cv.svd")
	u := w.Upload(cv, "a.pdf", flowtest.Sample(w.T, "cong-van-bieu-mau.pdf"))
	d, err := w.Flow.Draft(w.T.Context(), cv, w.input(u.ID))
	w.Must(err)
	main := document.MainFile(d.Files)
	if main.Version.Kind != document.VersionFlattened || main.Version.BaseBlob != u.Blob {
		w.T.Fatalf("version %+v", main.Version)
	}
	b := w.Bytes(main.Version)
	in, err := w.Flow.Engine.Inspect(w.T.Context(), signing.File{R: bytes.NewReader(b), Size: int64(len(b))})
	w.Must(err)
	if len(in.FormFields) != 0 {
		w.T.Fatalf("fields survive: %v", in.FormFields)
	}
}

// onceOnly: the same consignment twice is one document, and the second call is answered too.
func onceOnly(w *world) {
	ctx := w.T.Context()
	d, err := w.Flow.Issue(ctx, w.Who("vt.svd"), w.Sealed().ID)
	w.Must(err)
	job := w.Jobs[len(w.Jobs)-1]
	w.Work()
	w.Must(w.Flow.Deliver(ctx, job.ID)) // done, but reported failed: the job runs again
	w.Work()
	w.arrivedAt("a-stn", d.DocumentID) // exactly one
	w.expect(d.ID, workflow.Arrived)
}

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

// axis is a courier that fails as told, and otherwise takes a message once.
type axis struct {
	script []string // of the calls to come; afterwards all goes well
	took   int
	again  []bool // as it was told
}

func (a *axis) Send(_ context.Context, c document.Consignment, again bool) []document.Handover {
	id, err := a.send(again)
	out := make([]document.Handover, len(c.To))
	for i := range out {
		out[i] = document.Handover{AxisDocID: id, Err: err}
	}
	return out
}

func (a *axis) send(again bool) (string, error) {
	a.again = append(a.again, again)
	step := "well"
	if len(a.script) > 0 {
		step, a.script = a.script[0], a.script[1:]
	}
	switch step {
	case "down":
		return "", fault.New(fault.Unavailable, "axis_unavailable")
	case "refused":
		return "", fault.New(fault.Invalid, "axis_refused")
	}
	if !again || a.took == 0 {
		a.took++
	}
	switch step {
	case "lost":
		return "", fault.New(fault.Unavailable, "axis_unavailable")
	case "killed":
		panic(step)
	}
	return "axis-1", nil
}

// Find knows what was taken.
func (a *axis) Find(_ context.Context, c document.Consignment) ([]document.Handover, bool, error) {
	out := make([]document.Handover, len(c.To))
	if a.took > 0 {
		out[0].AxisDocID = "axis-1"
	}
	return out, true, nil
}

func (a *axis) SendStatus(context.Context, document.StatusMessage) error { return nil }

// issued issues a document to the agency of the other province and gives its delivery's job.
func (w *world) issued() (document.Outgoing, string) {
	w.T.Helper()
	d, err := w.Flow.Issue(w.T.Context(), w.Who("vt.svd"), w.Sealed("H98.05").ID)
	w.Must(err)
	job := w.Jobs[len(w.Jobs)-1]
	w.Jobs = nil
	return d, job.ID
}

func failedDelivery(w *world) {
	ctx := w.T.Context()
	d, id := w.issued()
	if err := w.Flow.Deliver(ctx, id); !fault.Is(err, "axis_not_configured") {
		w.T.Fatalf("without an axis: %v", err)
	}
	w.expect(d.ID, workflow.Queued)
	c := &axis{script: []string{"down", "refused"}}
	w.Flow.Courier = c
	defer func() { w.Flow.Courier = nil }()
	if err := w.Flow.Deliver(ctx, id); fault.KindOf(err) != fault.Unavailable {
		w.T.Fatalf("what may pass comes back: %v", err)
	}
	w.expect(d.ID, workflow.Queued)
	w.Must(w.Flow.Deliver(ctx, id))
	w.expect(d.ID, workflow.Failed)
	_, err := w.Flow.Resend(ctx, w.Who("cv.svd"), id)
	w.code(err, "forbidden_role")
	_, err = w.Flow.Resend(ctx, w.Who("vt.svd"), id)
	w.Must(err)
	w.Must(w.Flow.Deliver(ctx, id))
	w.expect(d.ID, workflow.Sent)
	w.Must(w.Flow.Deliver(ctx, id))
	if !slices.Equal(c.again, []bool{true, true, true}) || c.took != 1 {
		w.T.Fatalf("calls %v, taken %d times", c.again, c.took)
	}
	w.Jobs = nil
}

// cutOffDelivery: whatever happens between the beginning of an attempt and its record, the
// next one knows that it is not the first, and the axis takes one message.
func cutOffDelivery(w *world) {
	ctx := w.T.Context()
	defer func() { w.Flow.Courier = nil }()
	for _, how := range []string{"down", "lost", "killed"} {
		d, id := w.issued()
		c := &axis{script: []string{how}}
		w.Flow.Courier = c
		func() {
			defer func() { _ = recover() }() // nothing after the kill is recorded
			if err := w.Flow.Deliver(ctx, id); fault.KindOf(err) != fault.Unavailable {
				w.T.Errorf("%s: %v", how, err)
			}
		}()
		w.expect(d.ID, workflow.Queued)
		w.Must(w.Flow.Deliver(ctx, id))
		w.expect(d.ID, workflow.Sent)
		if !slices.Equal(c.again, []bool{false, true}) || c.took != 1 {
			w.T.Errorf("%s: calls %v, taken %d times", how, c.again, c.took)
		}
		w.Must(w.Store.Read(ctx, func(tx flow.ReadTx) error {
			v, err := tx.Delivery(id)
			if v.Attempts != 2 || v.LastError != "" || v.AxisDocID != "axis-1" {
				w.T.Errorf("%s: %+v", how, v)
			}
			return err
		}))
	}
	// One that is given up by the last of its attempts is looked for again when resent.
	d, id := w.issued()
	w.Flow.MaxAttempts = 1
	defer func() { w.Flow.MaxAttempts = 30 }()
	c := &axis{script: []string{"lost"}}
	w.Flow.Courier = c
	_ = w.Flow.Deliver(ctx, id)
	w.expect(d.ID, workflow.Failed)
	_, err := w.Flow.Resend(ctx, w.Who("vt.svd"), id)
	w.Must(err)
	w.Must(w.Flow.Deliver(ctx, id))
	w.expect(d.ID, workflow.Sent)
	if !slices.Equal(c.again, []bool{false, true}) || c.took != 1 {
		w.T.Errorf("resent: calls %v, taken %d times", c.again, c.took)
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

func directions(w *world) {
	ctx := w.T.Context()
	d, err := w.Flow.Issue(ctx, w.Who("vt.svd"), w.Sealed().ID)
	w.Must(err)
	w.Work()
	in := w.arrivedAt("a-stn", d.DocumentID)
	_, err = w.Flow.Assign(ctx, w.Who("gd.stn"), in.ID, flow.AssignInput{To: []document.AssignmentTo{{PositionID: w.Who("cv.stn").PositionID, Role: document.Lead}}})
	w.code(err, "not_found") // not before the leader's desk: unregistered, it is the clerk's alone
	_, err = w.Flow.Register(ctx, w.Who("vt.stn"), in.ID, flow.RegisterInput{})
	w.Must(err)
	lead := document.AssignmentTo{PositionID: w.Who("cv.stn").PositionID, Role: document.Lead}
	for _, x := range []struct {
		code string
		to   []document.AssignmentTo
	}{
		{"assignees_count", nil},
		{"lead_required", []document.AssignmentTo{{PositionID: lead.PositionID, Role: document.Information}}},
		{"assignee_unknown", []document.AssignmentTo{{PositionID: w.Who("cv.svd").PositionID, Role: document.Lead}}},
		{"already_assigned", []document.AssignmentTo{lead, lead}},
		{"deadline_past", []document.AssignmentTo{{PositionID: lead.PositionID, Role: document.Lead, Deadline: calendar.DateOf(w.Now()).AddDays(-1)}}},
		{"assignment_role_unknown", []document.AssignmentTo{{PositionID: lead.PositionID, Role: "BOSS"}}},
	} {
		_, err := w.Flow.Assign(ctx, w.Who("gd.stn"), in.ID, flow.AssignInput{To: x.to})
		w.code(err, x.code)
	}
	_, err = w.Flow.Assign(ctx, w.Who("gd.stn"), in.ID, flow.AssignInput{To: []document.AssignmentTo{lead, {PositionID: w.Who("cv2.stn").PositionID, Role: document.Coordinating}}})
	w.Must(err)
	_, err = w.Flow.Complete(ctx, w.Who("cv2.stn"), in.ID, "")
	w.code(err, "forbidden_role")
	in, err = w.Flow.Complete(ctx, w.Who("cv.stn"), in.ID, "")
	w.Must(err)
	var as []document.Assignment
	w.Must(w.Store.Read(ctx, func(tx flow.ReadTx) (err error) { as, err = tx.Assignments(in.ID); return err }))
	for _, a := range as {
		if a.State != workflow.Done {
			w.T.Errorf("when the lead ends, all end: %+v", a)
		}
	}
	w.Work()
}

func wholeJournal(w *world) {
	rep, err := journal.Verify(w.Store.JournalRows(w.T.Context()), nil)
	w.Must(err)
	if !rep.OK() || rep.Rows == 0 {
		w.T.Fatalf("%+v", rep)
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
