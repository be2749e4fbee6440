package flow_test

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"congvan/internal/calendar"
	"congvan/internal/document"
	"congvan/internal/flow"
	"congvan/internal/flowtest"
	"congvan/internal/workflow"
	"congvan/signing"
	"congvan/signing/pdf/pdftest"
)

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
