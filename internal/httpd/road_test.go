package httpd

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"congvan/internal/workflow"
	"congvan/signing"
)

// TestRoadOverTheAPI takes a document through every step that a program can call, each
// answer held against the specification, and makes sure that no route was left out.
func TestRoadOverTheAPI(t *testing.T) {
	w := newWorld(t)
	id := w.issued()
	out := "/outgoing/" + id

	vt := w.as("vt.svd")
	page := vt.want(http.StatusOK, vt.get(out))
	if got := page.text(t, "document", "state"); got != string(workflow.Issued) {
		t.Fatalf("state %s", got)
	}
	w.giveUp(id)
	page = vt.want(http.StatusOK, vt.get(out))
	for i, want := range []workflow.State{workflow.Arrived, workflow.Failed} {
		if got := page.text(t, "deliveries", i, "state"); got != string(want) {
			t.Errorf("delivery to %s is %s, want %s", page.text(t, "deliveries", i, "recipient", "organ_id"), got, want)
		}
	}
	list := vt.want(http.StatusOK, vt.get("/deliveries/failed"))
	if got := list.text(t, "rows", 0, "delivery", "id"); got != page.text(t, "deliveries", 1, "id") {
		t.Errorf("failed: %s", list.body)
	}
	if got := vt.want(http.StatusOK, vt.post("/deliveries/resend", fields{"outgoing_id": id})); got.at(t, "count") != 1.0 {
		t.Errorf("resent: %s", got.body)
	}
	w.giveUp(id)
	vt.want(http.StatusOK, vt.post("/deliveries/"+page.text(t, "deliveries", 1, "id")+"/resend", fields{}))
	file := out + "/files/" + page.text(t, "files", 0, "id")
	bytes := vt.want(http.StatusOK, vt.get(file+"/content"))
	if got := sum(bytes.body); got != bytes.header.Get("X-Content-SHA256") || got != page.text(t, "files", 0, "version", "blob") {
		t.Errorf("the bytes have hash %s, the header says %s", got, bytes.header.Get("X-Content-SHA256"))
	}
	if got := vt.want(http.StatusOK, vt.get(file+"/report")); got.text(t, "report", "verdict") != "VALID" || got.text(t, "sentences", 0) != "vi: VALID" {
		t.Errorf("report %s", got.body)
	}

	if got := vt.want(http.StatusOK, vt.get(file+"/evidence")); !strings.HasPrefix(string(got.body), "# judged as of ") || !strings.Contains(string(got.body), "X509 CRL") {
		t.Errorf("evidence %.200s", got.body)
	}

	inID := w.arrived()
	in := "/incoming/" + inID
	clerk, leader, official := w.as("vt.stn"), w.as("gd.stn"), w.as("cv.stn")
	page = clerk.want(http.StatusOK, clerk.get(in))
	if got := page.text(t, "document", "verdict"); got != "SUFFICIENT" {
		t.Fatalf("verdict %s: %s", got, page.body)
	}
	file = in + "/files/" + page.text(t, "files", 0, "id")
	if got := clerk.want(http.StatusOK, clerk.get(file+"/content")); sum(got.body) != sum(bytes.body) {
		t.Error("what arrived is not what was sent")
	}
	clerk.want(http.StatusOK, clerk.get(file+"/report"))
	clerk.want(http.StatusOK, clerk.get(file+"/evidence"))
	page = clerk.want(http.StatusOK, clerk.post(in+"/register", fields{}))
	if got := page.at(t, "document", "arrival_number"); got != 1.0 {
		t.Errorf("arrival number %v", got)
	}
	clerk.want(http.StatusOK, clerk.post(in+"/present", fields{"leader_id": w.staff("gd.stn").Position.ID}))
	leader.want(http.StatusOK, leader.post(in+"/assign", fields{"opinion": "Giao xử lý.", "to": []any{
		fields{"position_id": w.staff("cv.stn").Position.ID, "role": "LEAD", "deadline": "2026-12-01"},
	}}))
	official.want(http.StatusOK, official.post(in+"/start", fields{}))
	page = official.want(http.StatusOK, official.post(in+"/complete", fields{"note": "Đã trả lời bằng điện thoại."}))
	if got := page.text(t, "document", "state"); got != string(workflow.Resolved) {
		t.Errorf("state %s", got)
	}

	w.changes()
	w.otherRoutes()
	var missing []string
	for path, item := range loadSpec(t).Paths.Map() {
		for method := range item.Operations() {
			if !w.called[method+" "+path] {
				missing = append(missing, method+" "+path)
			}
		}
	}
	if slices.Sort(missing); len(missing) > 0 {
		t.Errorf("never answered with success here:\n%s", strings.Join(missing, "\n"))
	}
	for _, secret := range []string{testPIN, "24\\\"68", testPassword, "congvan_session"} {
		if strings.Contains(w.log.String(), secret) {
			t.Errorf("the log holds %q", secret)
		}
	}
}

// silent is a timestamp server that does not answer.
type silent struct{ signing.Augmenter }

func (silent) Timestamp(context.Context, []byte) ([]byte, error) {
	return nil, signing.ErrTimestampUnavailable
}

func (silent) TimestampLate(context.Context, signing.File, string) (signing.Patch, error) {
	return signing.Patch{}, signing.ErrTimestampUnavailable
}

func sum(b []byte) string {
	h := sha256.Sum256(b)
	return hex.EncodeToString(h[:])
}

// giveUp lets every delivery over the axis, which is not there, run out of attempts.
func (w *world) giveUp(id string) {
	w.t.Helper()
	vt := w.as("vt.svd")
	for range w.flow.MaxAttempts {
		page := vt.want(http.StatusOK, vt.get("/outgoing/"+id))
		_ = w.flow.Deliver(w.t.Context(), page.text(w.t, "deliveries", 1, "id"))
	}
}

// otherRoutes walks what the main road does not touch.
func (w *world) otherRoutes() {
	t := w.t
	t.Helper()
	cv, tp, vt := w.as("cv.svd"), w.as("tp.svd"), w.as("vt.svd")

	// A draft that is revised, submitted, withdrawn, returned and given up.
	id := w.draft()
	at := "/outgoing/" + id
	in := draftInput(w, cv.upload("a.pdf", sample(t, "cong-van-1.pdf")), cv.upload("b.pdf", sample(t, "phu-luc.pdf")))
	in["subject"] = "V/v sửa đổi nội dung phối hợp cung cấp số liệu"
	if got := cv.want(http.StatusOK, cv.send(http.MethodPut, at+"?secrecy=0", in)); got.at(t, "document", "edition") != 2.0 {
		t.Errorf("edition %v", got.at(t, "document", "edition"))
	}
	cv.want(http.StatusOK, cv.post(at+"/submit", fields{}))
	cv.want(http.StatusOK, cv.post(at+"/withdraw", fields{}))
	manifest := cv.want(http.StatusOK, cv.post(at+"/submit", fields{})).text(t, "manifest")
	tp.want(http.StatusOK, tp.post(at+"/approve-content", fields{"manifest": manifest}))
	w.step("tt.svd", at+"/return", fields{"reason": "Sai thể thức."}) // 204: a draft is not the checker's to see
	if got := cv.want(http.StatusOK, cv.get(at)).text(t, "document", "return_reason"); got != "Sai thể thức." {
		t.Errorf("return reason %q", got)
	}
	cv.want(http.StatusOK, cv.post(at+"/cancel", fields{}))

	// A numbered document that is voided.
	id = w.reviewed()
	at = "/outgoing/" + id
	gd := w.as("gd.svd")
	viewed := gd.want(http.StatusOK, gd.get(at)).text(t, "files", 0, "version", "blob")
	gd.want(http.StatusOK, gd.post(at+"/sign", fields{"viewed_sha256": viewed, "pin": testPIN}))
	vt.want(http.StatusOK, vt.post(at+"/number", nil))
	vt.want(http.StatusOK, vt.post(at+"/void", fields{"reason": "Ban hành nhầm."}))

	// A signature that waits for its timestamp: no number yet, tried again at a wish.
	w.flow.Level, w.flow.Grace, w.flow.Augmenter = signing.LevelT, time.Hour, silent{}
	at = "/outgoing/" + w.reviewed()
	viewed = gd.want(http.StatusOK, gd.get(at)).text(t, "files", 0, "version", "blob")
	page := gd.want(http.StatusOK, gd.post(at+"/sign", fields{"viewed_sha256": viewed, "pin": testPIN}))
	if page.text(t, "document", "level", "code") != "timestamp_unavailable" || page.text(t, "document", "level", "since") == "" {
		t.Errorf("level %v", page.at(t, "document", "level"))
	}
	vt.refused(http.StatusConflict, "timestamp_pending", vt.post(at+"/number", nil))
	page = vt.want(http.StatusOK, vt.post(at+"/retry-level", nil))
	if acts := fmt.Sprint(page.at(t, "acts")); strings.Contains(acts, "NUMBER") || !strings.Contains(acts, "RETRY_LEVEL") {
		t.Errorf("acts %s", acts)
	}
	w.flow.Level = signing.LevelB

	// Another arrival that is refused, and a paper one.
	w.issued()
	clerk := w.as("vt.stn")
	clerk.want(http.StatusOK, clerk.post("/incoming/"+w.arrived()+"/refuse", fields{"reason": "Gửi nhầm nơi nhận."}))
	scan := clerk.upload("scan.pdf", sample(t, "van-ban-giay-scan.pdf"))
	clerk.want(http.StatusCreated, clerk.post("/incoming/paper?secrecy=0", fields{
		"type_code": "CV", "subject": "V/v mời dự hội nghị", "from": fields{"organ_name": "Công ty thử nghiệm"},
		"code_number": "12", "code_notation": "CV-CT", "issued_date": "2026-11-10",
		"files": []any{fields{"role": "MAIN", "upload_id": scan}},
	}))

	for _, path := range []string{
		"/me", "/home", "/outgoing", "/incoming", "/outgoing?box=issued&q=so+lieu&limit=1", "/directory/agencies?q=so+thu",
		"/directory/staff?role=LEADER", "/directory/types", "/outgoing/layout-proposal?pages=3", "/openapi.yaml", "/health",
	} {
		vt.want(http.StatusOK, vt.get(path))
	}
	vt.want(http.StatusOK, vt.post("/session/position", fields{"position_id": w.staff("vt.svd").Position.ID}))
	vt.want(http.StatusNoContent, vt.do(http.MethodDelete, "/session", "", nil))
	vt.refused(http.StatusUnauthorized, "not_signed_in", vt.get("/me"))
}
