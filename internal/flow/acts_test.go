package flow_test

import (
	"bytes"
	"crypto/sha256"
	"maps"
	"strings"
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
