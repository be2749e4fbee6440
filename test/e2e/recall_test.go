package e2e

import (
	"net/http"
	"strings"
	"testing"

	"congvan/internal/document"
	"congvan/internal/flow"
	"congvan/internal/query"
	"congvan/internal/testpdf"
	"congvan/internal/walk"
	"congvan/internal/workflow"
)

// TestTakenBack recalls a document from an agency here and one over the axis, and replaces
// another: both copies are frozen, the answers come back, the tombstone stays.
func TestTakenBack(t *testing.T) {
	t.Parallel()
	w := world(t)
	b := chromium(t, "recall-")
	issued := func(recipients ...string) string {
		t.Helper()
		id := draft(t, w.A.Base, "svd", recipients...)
		acts(t, w.A.Base, "svd", id, "submit", "approve-content", "approve-format", "sign", "number", "seal", "issue")
		eventually(t, "01 of all", func() bool {
			for _, v := range page(t, w.A.Base, "vt.svd", id).Deliveries {
				if v.State != workflow.Arrived {
					return false
				}
			}
			return true
		})
		return id
	}
	id := issued("H26.15", "H98.05")
	address := "/van-ban-di/" + id

	gd := b.person(t, w.A.Base, "gd.svd")
	gd.open(address)
	gd.value(`document.querySelectorAll("details.fold").forEach(d => d.open = true)`)
	gd.fill("#recall-reason", "Gửi nhầm phụ lục")
	gd.drawn()
	gd.shot("asking")
	gd.press("form[action$='/recall'] button")
	gd.sees(".frozen", "ĐÃ THU HỒI")
	gd.shot("asked")

	stn, sm := b.person(t, w.A.Base, "vt.stn"), b.person(t, w.B.Base, "vt.sm")
	for _, p := range []*person{stn, sm} {
		eventually(t, "the recall at "+p.name, func() bool {
			p.open("/")
			return strings.Contains(p.text(".boxes .some"), "Yêu cầu thu hồi") || strings.Contains(p.text(".boxes"), "1\nYêu cầu thu hồi")
		})
		p.shot("home")
		p.open("/van-ban-den?hop=asked")
		p.press("table.rows a")
		p.sees(".frozen", "ĐÃ THU HỒI")
		p.sees("#yeu-cau", "Gửi nhầm phụ lục")
		p.lacks("form[action$='/register']")
		p.drawn()
		p.shot("frozen")
		p.fill("#yeu-cau textarea[name=note]", "Đã hủy bản lưu")
		p.press("#yeu-cau form[action$='/agree'] button")
		p.sees("#yeu-cau", "Đã đồng ý")
		p.shot("agreed")
	}
	vt := b.person(t, w.A.Base, "vt.svd")
	eventually(t, "both answers at the sender", func() bool {
		vt.open(address)
		return strings.Count(vt.text(".deliveries"), "Đã đồng ý") == 2
	})
	vt.sees(".frozen", "ĐÃ THU HỒI")
	vt.sees(".timeline", "đã thu hồi văn bản ở 2 nơi nhận")
	vt.drawn()
	vt.shot("tombstone")
	vt.open("/cach-ly")
	vt.sees("h1", "Cách ly")
	vt.shot("set-aside")

	old := issued("H98.05")
	replacement(t, w, old)
	if got := page(t, w.A.Base, "vt.svd", old); got.Document.State != workflow.Replaced {
		t.Errorf("the replaced document is %s", got.Document.State)
	}
	eventually(t, "the replacement acknowledged", func() bool {
		got := page(t, w.A.Base, "vt.svd", old)
		return len(got.Changes) == 1 && got.Changes[0].State == workflow.Agreed
	})
	sm.open("/van-ban-den?hop=taken-back")
	sm.sees("table.rows", "ĐÃ BỊ THAY THẾ")
	sm.shot("taken-back")
	sm.press("table.rows tbody tr:first-child a")
	sm.sees(".frozen", "ĐÃ BỊ THAY THẾ")
	sm.drawn()
	sm.shot("replaced")
	vt.open("/van-ban-di/" + old)
	vt.sees(".frozen", "ĐÃ BỊ THAY THẾ")
	vt.shot("replaced")
}

// replacement takes a document that replaces another the whole way out.
func replacement(t *testing.T, w *walk.World, target string) {
	t.Helper()
	c := client(t, w.A.Base, "cv.svd")
	upload, err := c.Upload(t.Context(), testpdf.Path("cong-van-1.pdf"))
	if err != nil {
		t.Fatal(err)
	}
	in := letter("svd", "V/v phối hợp cung cấp số liệu (thay thế)", upload, []string{}...)
	in["effect"] = document.Effect{Kind: document.Replace, Targets: []string{target}, Reason: "Sai số liệu tại phụ lục"}
	in["recipients"] = []string{}
	in["files"] = []flow.FileInput{{Role: document.Main, UploadID: upload}}
	var p query.OutgoingPage
	if err := c.Do(t.Context(), http.MethodPost, "/outgoing?secrecy=0", in, &p); err != nil {
		t.Fatal(err)
	}
	acts(t, w.A.Base, "svd", p.Document.ID, "submit", "approve-content", "approve-format", "sign", "number", "seal", "issue")
}
