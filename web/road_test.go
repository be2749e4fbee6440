package web

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"congvan/internal/document"
	"congvan/internal/flow"
	"congvan/internal/flowtest"
)

// One installation serves them all, since making its keys takes longest; the road comes
// first and finds its books empty.
func TestSite(t *testing.T) {
	s := newSite(t)
	for _, x := range []struct {
		name string
		test func(*testing.T, *site)
	}{
		{"Road", road},
		{"Secret is refused unread", secretIsRefusedUnread},
		{"Nothing typed is lost", nothingTypedIsLost},
		{"Places are checked", placesAreChecked},
		{"Rights on pages", rightsOnPages},
		{"Paper", paper},
		{"Bad files", badFiles},
		{"Recipients", recipients},
		{"List pages", listPages},
		{"Taken back", takenBack},
		{"Set aside", setAsidePages},
	} {
		t.Run(x.name, func(t *testing.T) {
			s.T = t
			x.test(t, s)
		})
	}
}

// The road over the pages alone, as a browser without scripts walks it (the hash that the
// viewer computes is written in by hand): a draft with its files, two approvals, signature,
// number, seal, issue; there registered, presented, assigned, answered for, completed.
func road(t *testing.T, s *site) {
	form := url.Values{
		"type_code": {"CV"}, "urgency": {"1"}, "subject": {"V/v cung cấp số liệu"}, "signer_id": {s.Who("gd.svd").PositionID},
		"recipients": {"H26.15"}, "due_date": {"5/1/2027"}, "to_places": {"Như trên\r\nLưu: VT"}, "do": {"save"},
	}
	kind, body := parts(t, form, [3]string{"main", "cong-van.pdf", string(flowtest.Sample(t, "cong-van-1.pdf"))}, [3]string{"annex", "phu-luc.pdf", string(flowtest.Sample(t, "phu-luc.pdf"))})
	out := s.send("cv.svd", http.MethodPost, "/van-ban-di/moi?mat=0", kind, body)
	at := out.Header().Get("Location")
	if out.Code != http.StatusSeeOther || !strings.HasPrefix(at, "/van-ban-di/out-") {
		t.Fatalf("draft: HTTP %d %s\n%s", out.Code, at, visible(out.Body.String()))
	}
	s.see("cv.svd", at, "V/v cung cấp số liệu", "cong-van.pdf", "phu-luc.pdf", "05/01/2027", "Lưu: VT", "Trình duyệt", "Sửa dự thảo")
	s.act("cv.svd", at+"/submit", nil)
	page := s.see("tp.svd", at, "Duyệt nội dung", "Trả lại…")
	s.act("tp.svd", at+"/approve-content", url.Values{"manifest": {hidden(t, page, "manifest")}})
	s.see("cv.svd", at, "Văn bản đang chờ người kiểm tra thể thức", "Vì sao tôi không làm được?")
	page = s.see("tt.svd", at, "Duyệt thể thức")
	s.act("tt.svd", at+"/approve-format", url.Values{"manifest": {hidden(t, page, "manifest")}})

	page = s.see("gd.svd", at, "Mã PIN của thiết bị ký số")
	if !strings.Contains(page, `<button class="main" disabled data-needs-hash>`) {
		t.Error("the sign button is open before the viewer has shown anything")
	}
	viewed := regexp.MustCompile(`data-sha256="([0-9a-f]{64})"`).FindStringSubmatch(s.withBuild(page, "gd.svd", at))[1]
	s.refused("gd.svd", at+"/sign", url.Values{"viewed_sha256": {viewed}, "pin": {"999999"}}, http.StatusUnprocessableEntity, "Mã PIN không đúng")
	s.refused("gd.svd", at+"/sign", url.Values{"viewed_sha256": {strings.Repeat("0", 64)}, "pin": {flowtest.PIN}}, http.StatusConflict, "không trùng với bản đã duyệt")
	s.refused("gd.svd", at+"/sign", url.Values{"pin": {flowtest.PIN}}, http.StatusConflict)
	s.act("gd.svd", at+"/sign", url.Values{"viewed_sha256": {viewed}, "pin": {flowtest.PIN}})
	s.see("gd.svd", at, "Đang kiểm tra chữ ký số")
	s.Work()

	s.act("vt.svd", at+"/number", url.Values{"issued_date": {""}})
	if !strings.HasPrefix(s.flash, "Đã cấp số 01/SVD-VP, ngày ") {
		t.Errorf("flash %q", s.flash)
	}
	s.act("vt.svd", at+"/seal", nil)
	s.act("vt.svd", at+"/issue", nil)
	s.Work()
	s.see("vt.svd", at, "01/SVD-VP", "Gửi đến", "Sở Thử nghiệm", "Đã đến", "Chờ gửi", "Quá trình gửi, nhận", "đã phát hành đến 1 nơi nhận", "không còn việc nào phải làm")

	in := s.first("vt.stn", "/van-ban-den?hop=to-register")
	s.see("vt.stn", in, "Đủ chữ ký số hợp lệ", "Tiếp nhận, vào sổ", "Sở Ví dụ", "đã nhận văn bản từ Sở Ví dụ")
	s.act("vt.stn", in+"/register", nil)
	s.act("vt.stn", in+"/present", url.Values{"leader_id": {s.Who("gd.stn").PositionID}})
	s.see("gd.stn", in, "Ý kiến chỉ đạo (bút phê)", "Đinh Văn Xử Lý")
	lead, other := s.Who("cv.stn").PositionID, s.Who("cv2.stn").PositionID
	direction := url.Values{
		"opinion": {"Phòng Tổng hợp chủ trì, báo cáo trước hạn"}, "deadline": {"1/12/2026"}, "position": {lead, other},
		"role." + lead: {"LEAD"}, "role." + other: {"FYI"},
	}
	s.act("gd.stn", in+"/assign", direction)
	s.see("cv2.stn", in, "Đã xem", "Nhận để biết")
	s.act("cv2.stn", in+"/start", nil)
	s.see("cv.stn", in, "Bắt đầu xử lý", "Soạn văn bản trả lời", "Phòng Tổng hợp chủ trì", "Hạn 01/12/2026")
	s.act("cv.stn", in+"/start", nil)
	reply := s.see("cv.stn", "/van-ban-di/moi?mat=0&tra-loi="+strings.TrimPrefix(in, "/van-ban-den/"), "Trả lời văn bản số 01/SVD-VP", "Sở Ví dụ H26.14")
	if hidden(t, reply, "reply_to") == "" {
		t.Error("the answer does not know what it answers")
	}
	s.act("cv.stn", in+"/complete", url.Values{"note": {"Đã gửi số liệu"}})
	s.Work()
	s.see("gd.stn", in, "Đã xử lý xong", "Đã gửi số liệu")
	s.see("vt.svd", at, "Nơi nhận đã hoàn thành", "Nơi nhận đang xử lý", "Nơi nhận đã phân công xử lý", "Nơi nhận đã tiếp nhận")
}

// withBuild is the page with the viewer, whether or not the scripts have been built here.
func (s *site) withBuild(page, who, at string) string {
	if strings.Contains(page, "data-sha256") {
		return page
	}
	d, err := (&flowView{s}).outgoing(who, strings.TrimPrefix(at, "/van-ban-di/"))
	s.Must(err)
	return fmt.Sprintf(`data-sha256="%s"`, document.MainFile(d.Files).Version.Blob)
}

type flowView struct{ *site }

func (v *flowView) outgoing(_, id string) (d document.Outgoing, err error) {
	err = v.Store.Read(v.T.Context(), func(tx flow.ReadTx) error {
		d, err = tx.Outgoing(id)
		return err
	})
	return d, err
}

// hidden is the value of a field that a page sends along.
func hidden(t *testing.T, page, name string) string {
	t.Helper()
	m := regexp.MustCompile(`<input type="hidden" name="` + name + `" value="([^"]*)">`).FindStringSubmatch(page)
	if m == nil {
		t.Fatalf("no field %s", name)
	}
	return m[1]
}

// first is the address of the first document of a list.
func (s *site) first(who, list string) string {
	s.T.Helper()
	m := regexp.MustCompile(`<td class="doc"><a href="([^"]+)"`).FindStringSubmatch(s.see(who, list))
	if m == nil {
		s.T.Fatalf("%s: empty for %s", list, who)
	}
	return m[1]
}

// A secret grade ends the matter before a byte of the form is read.
func secretIsRefusedUnread(t *testing.T, s *site) {
	for _, path := range []string{"/van-ban-di/moi?mat=1", "/van-ban-di/moi?mat=3", "/van-ban-di/moi"} {
		out := s.send("cv.svd", http.MethodPost, path, "multipart/form-data; boundary=x", unread{t})
		if out.Code != http.StatusUnprocessableEntity {
			t.Errorf("%s: HTTP %d", path, out.Code)
		}
	}
	out := s.send("vt.svd", http.MethodPost, "/van-ban-den/giay?mat=2", "multipart/form-data; boundary=x", unread{t})
	if out.Code != http.StatusUnprocessableEntity {
		t.Errorf("paper: HTTP %d", out.Code)
	}
	page := s.send("cv.svd", http.MethodGet, "/van-ban-di/moi?mat=2", "", nil).Body.String()
	if text := visible(page); !strings.Contains(text, "117/2025/QH15") || strings.Contains(text, "Trích yếu") {
		t.Error("the refusal does not name the law, or asks on")
	}
	if text := visible(s.see("cv.svd", "/van-ban-di/moi")); strings.Contains(text, "Trích yếu") {
		t.Error("fields are asked for before the secrecy")
	}
}

type unread struct{ t *testing.T }

func (u unread) Read([]byte) (int, error) {
	u.t.Error("the body was read")
	return 0, io.EOF
}

// What was typed and uploaded is there again beside what was wrong.
func nothingTypedIsLost(t *testing.T, s *site) {
	form := url.Values{
		"type_code": {"TB"}, "urgency": {"2"}, "subject": {strings.Repeat("dài ", 200)}, "signer_id": {s.Who("pgd.svd").PositionID},
		"recipients": {"H26.15", "H98.05"}, "description": {"ghi chú <b>riêng</b>"}, "page_amount": {"12"},
	}
	kind, body := parts(t, form, [3]string{"main", "ban-chinh.pdf", string(flowtest.Sample(t, "thong-bao.pdf"))})
	out := s.send("cv.svd", http.MethodPost, "/van-ban-di/moi?mat=0", kind, body)
	page := out.Body.String()
	if out.Code != http.StatusUnprocessableEntity {
		t.Fatalf("HTTP %d", out.Code)
	}
	for _, want := range []string{
		`<option value="TB" selected>`, `<option value="2" selected>`, "Trích yếu nội dung:", "vượt quá 500", `value="H26.15" checked`, `value="H98.05" checked`,
		"ghi chú &lt;b&gt;riêng&lt;/b&gt;", `value="12"`, "ban-chinh.pdf", `name="main_upload" value="upl-`, `aria-invalid="true"`, `id="p-subject"`,
		`<option value="` + s.Who("pgd.svd").PositionID + `" selected>`,
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %s", want)
		}
	}
	// The upload that was kept goes with the corrected form.
	form.Set("subject", "V/v ngắn")
	form.Set("main_upload", regexp.MustCompile(`name="main_upload" value="(upl-[0-9a-f]+)"`).FindStringSubmatch(page)[1])
	kind, body = parts(t, form)
	at := s.send("cv.svd", http.MethodPost, "/van-ban-di/moi?mat=0", kind, body).Header().Get("Location")
	s.see("cv.svd", at, "ban-chinh.pdf", "V/v ngắn")

	s.act("cv.svd", at+"/places", places())
	s.act("cv.svd", at+"/submit", nil)
	long := strings.Repeat("x", 1001)
	s.refused("tp.svd", at+"/return", url.Values{"reason": {long}}, http.StatusUnprocessableEntity, long, "Lý do:")
	s.act("tp.svd", at+"/return", url.Values{"reason": {"Thiếu căn cứ"}})
	s.see("cv.svd", at, "Bị trả lại: Thiếu căn cứ")
	s.see("cv.svd", at+"/sua", "V/v ngắn", "Tệp hiện có")

	form = url.Values{"type_code": {"TB"}, "urgency": {"0"}, "subject": {"V/v sửa"}, "signer_id": {s.Who("gd.svd").PositionID}, "recipients": {"H26.15"}}
	s.act("cv.svd", at+"/sua?mat=0", form)
	s.see("cv.svd", at, "V/v sửa", "Nguyễn Văn Mẫu")
}

func places() url.Values {
	f := url.Values{}
	for name, at := range map[string][4]string{
		"number": {"48", "36", "14", "6"}, "day": {"142", "36", "9", "6"}, "month": {"163", "36", "9", "6"}, "leader": {"120", "200", "50", "22"}, "agency": {"100,5", "193", "36", "36"},
	} {
		f.Set("layout."+name+".page", "1")
		for i, part := range []string{"x", "y", "w", "h"} {
			f.Set("layout."+name+"."+part, at[i])
		}
	}
	return f
}

// Places are said where they are wrong, and typed values stay.
func placesAreChecked(t *testing.T, s *site) {
	at := "/van-ban-di/" + s.Draft().ID
	bad := places()
	bad.Set("layout.leader.page", "9")
	s.refused("cv.svd", at+"/places", bad, http.StatusUnprocessableEntity, "nằm ngoài trang", `name="layout.leader.page" value="9"`)
	bad.Set("layout.leader.page", "một")
	s.refused("cv.svd", at+"/places", bad, http.StatusUnprocessableEntity)
	s.act("cv.svd", at+"/places", places())
	s.see("cv.svd", at, "Vị trí số, ngày, chữ ký và dấu")
}

// Who may not know of a document gets what everybody gets for one that is not there; who
// may read it but not act is told who can.
func rightsOnPages(t *testing.T, s *site) {
	at := "/van-ban-di/" + s.Draft().ID
	absent := s.send("cv.stn", http.MethodGet, "/van-ban-di/out-khong-co", "", nil)
	foreign := s.send("cv.stn", http.MethodGet, at, "", nil)
	if foreign.Code != http.StatusNotFound || strings.ReplaceAll(foreign.Body.String(), at, "") != strings.ReplaceAll(absent.Body.String(), "/van-ban-di/out-khong-co", "") {
		t.Errorf("HTTP %d: a foreign document differs from one that is not there", foreign.Code)
	}
	s.refused("cv.stn", at+"/submit", nil, http.StatusNotFound)
	s.refused("tp.svd", at+"/submit", nil, http.StatusForbidden, "Người làm được: người soạn thảo")
	s.refused("cv.svd", at+"/approve-content", nil, http.StatusForbidden)
	s.refused("cv.svd", at+"/delete-everything", nil, http.StatusNotFound)
	if out := s.send("vt.svd", http.MethodGet, "/van-ban-di/moi?mat=0", "", nil); out.Code != http.StatusForbidden {
		t.Errorf("a clerk may draft: HTTP %d", out.Code)
	}
	if out := s.send("cv.svd", http.MethodGet, "/van-ban-den/giay?mat=0", "", nil); out.Code != http.StatusForbidden {
		t.Errorf("an official may register paper: HTTP %d", out.Code)
	}
	out := s.send("", http.MethodGet, at, "", nil)
	if out.Code != http.StatusSeeOther || out.Header().Get("Location") != "/dang-nhap?tiep="+url.QueryEscape(at) {
		t.Errorf("a stranger: HTTP %d %s", out.Code, out.Header().Get("Location"))
	}
	if out := s.send("cv.svd", http.MethodGet, at+"/submit", "", nil); out.Header().Get("Location") != at {
		t.Errorf("the address of an act leads to %s", out.Header().Get("Location"))
	}
	if out := s.send("", http.MethodGet, "/khong-co", "", nil); out.Code != http.StatusNotFound {
		t.Errorf("unknown address: HTTP %d", out.Code)
	}
}

// A paper document takes its number from the same book; its repetition is asked about.
func paper(t *testing.T, s *site) {
	form := url.Values{
		"from.organ_name": {"Sở Giấy"}, "code_number": {"12"}, "code_notation": {"SG-VP"}, "issued_date": {"02/11/2026"}, "type_code": {"CV"},
		"urgency": {"0"}, "subject": {"V/v mời họp"},
	}
	scan := [3]string{"main", "quet.pdf", string(flowtest.Sample(t, "phu-luc-scan.pdf"))}
	kind, body := parts(t, form, scan)
	at := s.send("vt.svd", http.MethodPost, "/van-ban-den/giay?mat=0", kind, body).Header().Get("Location")
	s.see("vt.svd", at, "12/SG-VP", "Sở Giấy", "Văn bản giấy", "Số đến 1", "quet.pdf")

	kind, body = parts(t, form, scan)
	page := s.send("vt.svd", http.MethodPost, "/van-ban-den/giay?mat=0", kind, body).Body.String()
	if !strings.Contains(page, `name="confirmed"`) || !strings.Contains(page, "đã vào sổ") {
		t.Error("a repetition is not asked about")
	}
	form.Set("confirmed", "1")
	kind, body = parts(t, form, scan)
	if out := s.send("vt.svd", http.MethodPost, "/van-ban-den/giay?mat=0", kind, body); out.Code != http.StatusSeeOther {
		t.Errorf("confirmed: HTTP %d", out.Code)
	}
}

// A file that is too large or none at all is told beside the files, the rest is kept.
func badFiles(t *testing.T, s *site) {
	form := url.Values{"type_code": {"CV"}, "subject": {"V/v thử tệp"}}
	for name, f := range map[string][2]string{
		"1,0 MB": {"lon.pdf", "%PDF-1.7" + strings.Repeat("x", 2<<20)}, "không phải PDF": {"gia.pdf", "hello"}, "Tệp rỗng": {"rong.pdf", ""},
	} {
		kind, body := parts(t, form, [3]string{"main", f[0], f[1]})
		out := s.send("cv.svd", http.MethodPost, "/van-ban-di/moi?mat=0", kind, body)
		if page := out.Body.String(); out.Code != http.StatusUnprocessableEntity || !strings.Contains(page, name) || !strings.Contains(page, "V/v thử tệp") {
			t.Errorf("%s: HTTP %d, %q not said", f[0], out.Code, name)
		}
	}
	out := s.send("cv.svd", http.MethodPost, "/van-ban-di/moi?mat=0", "multipart/form-data; boundary=x", strings.NewReader("--x\r\nContent-Disposition: form-data; name=\"subject\"\r\n\r\ncut"))
	if out.Code != http.StatusUnprocessableEntity {
		t.Errorf("a form that breaks off: HTTP %d", out.Code)
	}
	big := strings.NewReader("subject=" + strings.Repeat("x", 2<<20))
	if out := s.send("cv.svd", http.MethodPost, "/van-ban-di/moi?mat=0", "application/x-www-form-urlencoded", big); out.Code != http.StatusUnprocessableEntity {
		t.Errorf("an endless form: HTTP %d", out.Code)
	}
}

// Recipients are searched with and without scripts; the picked ones stay picked.
func recipients(t *testing.T, s *site) {
	out := s.send("cv.svd", http.MethodGet, "/van-ban-di/noi-nhan?tim=thu+nghiem", "", nil)
	if !strings.Contains(out.Body.String(), `value="H26.15"`) || strings.Contains(out.Body.String(), "<html") {
		t.Errorf("fragment: %s", out.Body)
	}
	out = s.send("cv.svd", http.MethodGet, "/van-ban-di/noi-nhan?tim=thu+nghiem&recipients=H26.15", "", nil)
	if strings.Contains(out.Body.String(), `value="H26.15"`) {
		t.Error("a picked agency is offered again")
	}
	form := url.Values{"recipient_search": {"mau"}, "do": {"search"}, "recipients": {"H26.15"}, "subject": {"giữ lại"}}
	kind, body := parts(t, form)
	page := s.send("cv.svd", http.MethodPost, "/van-ban-di/moi?mat=0", kind, body).Body.String()
	for _, want := range []string{`value="H26.15" checked`, "Sở Mẫu tỉnh Mẫu", "giữ lại"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %s", want)
		}
	}
}

// Lists page by key: the second page begins where the first ended.
func listPages(t *testing.T, s *site) {
	for range pageRows + 2 {
		_, err := s.Flow.Draft(t.Context(), s.Who("cv2.svd"), flow.DraftInput{Metadata: document.Metadata{TypeCode: "CV", Subject: "V/v số"}})
		s.Must(err)
	}
	page := s.see("cv2.svd", "/van-ban-di?hop=drafts", "Dự thảo của tôi 32", "Trang sau")
	next := regexp.MustCompile(`rel="next" href="([^"]+)"`).FindStringSubmatch(page)[1]
	second := s.see("cv2.svd", strings.ReplaceAll(next, "&amp;", "&"), "Về đầu danh sách")
	if n := strings.Count(page, `<td class="doc">`); n != pageRows {
		t.Errorf("%d rows", n)
	}
	if n := strings.Count(second, `<td class="doc">`); n != 2 {
		t.Errorf("%d rows on the second page", n)
	}
	s.see("cv2.svd", "/van-ban-di?tim=khong+co+gi", "Không tìm thấy văn bản nào")
	if out := s.send("cv2.svd", http.MethodGet, "/van-ban-di?hop=khong-co", "", nil); out.Code != http.StatusNotFound {
		t.Errorf("unknown box: HTTP %d", out.Code)
	}
	s.see("cv2.svd", "/van-ban-di?sau=xyz", "V/v số")
}
