package httpd

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"net/http"
	"strings"

	"congvan/internal/document"
	"congvan/internal/fault"
	"congvan/internal/flow"
	"congvan/internal/workflow"
	"congvan/storage"
)

// setAside puts a message that nobody could read in quarantine at Sở Ví dụ.
func (w *world) setAside(secret bool) (id string) {
	w.t.Helper()
	q := flow.Quarantined{
		AgencyID: "a-svd", State: workflow.Held, Channel: document.Axis, From: document.Party{OrganID: "H98.05"}, Recipient: "H26.14",
		AxisDocID: "ax-1", RawKey: w.blob([]byte("<edXML>")), Reason: "edxml_syntax", Secret: secret, At: w.clock(),
	}
	return w.hold(q)
}

func (w *world) blob(b []byte) string {
	w.t.Helper()
	key := storage.Key(sha256.Sum256(b))
	w.must(w.flow.Blobs.Put(w.t.Context(), key, int64(len(b)), bytes.NewReader(b)))
	return key.String()
}

func (w *world) hold(q flow.Quarantined) string {
	w.t.Helper()
	q.ID = fmt.Sprintf("qua-%d", w.count("quarantine"))
	w.must(w.store.Write(context.Background(), func(tx flow.Tx) error {
		_, err := tx.PutQuarantine(q)
		return err
	}))
	return q.ID
}

// held sets a document of another province aside.
func (w *world) held(reason, documentID, subject string) string {
	w.t.Helper()
	pdf := sample(w.t, "phu-luc.pdf")
	raw := w.blob([]byte(reason + documentID + subject))
	return w.hold(flow.Quarantined{
		AgencyID: "a-svd", State: workflow.Held, Channel: document.Axis, From: document.Party{OrganID: "H98.05", OrganName: "Sở Mẫu"},
		Recipient: "H26.14", DocumentID: documentID, AxisDocID: "ax-2", RawKey: raw, Reason: reason, At: w.clock(),
		Consignment: &document.Consignment{
			From: document.Party{OrganID: "H98.05", OrganName: "Sở Mẫu"}, DocumentID: documentID, CodeNumber: "9", CodeNotation: "SM-VP",
			TypeName: "Công văn", Subject: subject, SentAt: w.clock(),
			Files: []document.ConsignedFile{{Role: document.Main, Name: "a.pdf", MediaType: "application/pdf", Blob: w.blob(pdf), Size: int64(len(pdf))}},
		},
	})
}

// unread reads messages again, or still cannot.
type unread struct{ err error }

func (u unread) Reread(context.Context, document.Parcel) error { return u.err }

// changes walks recalls, updates and what is set aside.
func (w *world) changes() {
	t := w.t
	t.Helper()
	vt, stn := w.as("vt.svd"), w.as("vt.stn")

	id := w.issued()
	at, in := "/outgoing/"+id, w.arrived()
	vt.refused(http.StatusConflict, "delivery_under_way", vt.post(at+"/update", fields{"reason": "Sửa trích yếu", "subject": "V/v phối hợp (đã sửa)"}))
	w.giveUp(id)
	page := w.step("vt.svd", at+"/update", fields{"reason": "Sửa trích yếu", "subject": "V/v phối hợp (đã sửa)", "due_date": "2026-12-01"})
	if page.text(t, "document", "subject") != "V/v phối hợp (đã sửa)" || page.text(t, "changes", 0, "kind") != "UPDATE" {
		t.Errorf("updated: %s", page.body)
	}
	w.work()
	change := func() string {
		got := stn.want(http.StatusOK, stn.get("/incoming/"+in))
		return got.text(t, "changes", len(got.at(t, "changes").([]any))-1, "id")
	}
	stn.want(http.StatusOK, stn.get("/incoming?box=asked")).text(t, "rows", 0, "id")
	got := stn.want(http.StatusOK, stn.post("/changes/"+change()+"/agree", fields{}))
	if got.text(t, "document", "subject") != "V/v phối hợp (đã sửa)" || got.text(t, "changes", 0, "state") != "AGREED" {
		t.Errorf("agreed: %s", got.body)
	}
	page = w.step("gd.svd", at+"/recall", fields{"reason": "Gửi nhầm"})
	if page.text(t, "document", "state") != "RECALLED" {
		t.Errorf("recalled: %s", page.body)
	}
	w.work()
	stn.refused(http.StatusConflict, "recall_must_be_obeyed", stn.post("/changes/"+change()+"/decline", fields{"reason": "x"}))
	stn.want(http.StatusOK, stn.post("/changes/"+change()+"/decline", fields{"reason": "Đã thực hiện", "confirmed": true}))

	id = w.held("change_target_unknown", "H98.05,2026/11/01,9/SM-VP", "V/v một việc")
	box := vt.want(http.StatusOK, vt.get("/quarantine?limit=1"))
	if box.text(t, "rows", 0, "id") != id || box.at(t, "waiting") == 0.0 {
		t.Errorf("quarantine: %s", box.body)
	}
	raw := vt.want(http.StatusOK, vt.get("/quarantine/"+id+"/raw"))
	if h := raw.header; h.Get("Content-Type") != "application/octet-stream" || !strings.HasPrefix(h.Get("Content-Disposition"), "attachment") ||
		!strings.Contains(h.Get("Content-Security-Policy"), "sandbox") {
		t.Errorf("the raw message is served as %v", h)
	}
	vt.refused(http.StatusConflict, "no_earlier_document", vt.post("/quarantine/"+id+"/take-update", fields{}))
	taken := vt.want(http.StatusOK, vt.post("/quarantine/"+id+"/take-new", fields{}))
	vt.refused(http.StatusConflict, "action_not_now", vt.post("/quarantine/"+id+"/take-new", fields{}))
	id = w.held("same_id_other_content", "H98.05,2026/11/01,9/SM-VP", "V/v một việc khác")
	if got := vt.want(http.StatusOK, vt.get("/quarantine/"+id)); got.text(t, "earlier", "id") != taken.text(t, "incoming_id") {
		t.Errorf("the earlier document: %s", got.body)
	}
	vt.want(http.StatusOK, vt.post("/quarantine/"+id+"/take-update", fields{}))
	if got := vt.want(http.StatusOK, vt.get("/incoming/"+taken.text(t, "incoming_id"))); got.text(t, "document", "subject") != "V/v một việc khác" {
		t.Errorf("taken as an update: %s", got.body)
	}
	id = w.held("same_id_other_content", "H98.05,2026/11/01,9/SM-VP", "V/v việc thứ ba")
	back := vt.want(http.StatusOK, vt.post("/quarantine/"+id+"/send-back", fields{"reason": "Trùng mã định danh"}))
	if got := vt.want(http.StatusOK, vt.get("/incoming/"+back.text(t, "incoming_id"))); got.text(t, "document", "state") != "REFUSED" ||
		got.text(t, "previous", "id") != taken.text(t, "incoming_id") {
		t.Errorf("sent back: %s", got.body)
	}
	id = w.setAside(false)
	vt.refused(http.StatusConflict, "message_unread", vt.post("/quarantine/"+id+"/take-new", fields{}))
	vt.refused(http.StatusServiceUnavailable, "axis_not_configured", vt.post("/quarantine/"+id+"/read-again", fields{}))
	w.flow.Rereader = unread{fault.New(fault.Invalid, "edxml_syntax")}
	vt.refused(http.StatusUnprocessableEntity, "edxml_syntax", vt.post("/quarantine/"+id+"/read-again", fields{}))
	w.flow.Rereader = unread{}
	vt.want(http.StatusOK, vt.post("/quarantine/"+id+"/read-again", fields{}))
	id = w.setAside(false)
	vt.refused(http.StatusUnprocessableEntity, "field_required", vt.post("/quarantine/"+id+"/put-aside", fields{"note": " "}))
	vt.want(http.StatusOK, vt.post("/quarantine/"+id+"/put-aside", fields{"note": "Không đọc được, đã gọi điện"}))
	if got := vt.want(http.StatusOK, vt.get("/quarantine?settled=1")); got.text(t, "rows", 0, "settled_by") == "" {
		t.Errorf("settled: %s", got.body)
	}
}
