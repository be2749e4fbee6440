package web

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"congvan/internal/document"
	"congvan/internal/flow"
	"congvan/internal/workflow"
)

// takenBack goes over the pages: a recall, the refusal behind its warning, the agreement, the
// tombstone on both sides; an update with what it would change; a draft that replaces.
func takenBack(t *testing.T, s *site) {
	ctx := t.Context()
	d, err := s.Flow.Issue(ctx, s.Who("vt.svd"), s.Sealed("H26.15", "H26.31").ID)
	s.Must(err)
	s.Work()
	at := "/van-ban-di/" + d.ID
	in := s.first("vt.stn", "/van-ban-den?hop=to-register")

	s.see("vt.svd", at, "Cập nhật thông tin, nơi nhận…", "người ký văn bản hoặc lãnh đạo cơ quan")
	s.act("vt.svd", at+"/update", url.Values{"subject": {"V/v phối hợp, bản sửa trích yếu"}, "due_date": {""}, "reason": {"Sai trích yếu"}})
	s.Work()
	s.see("vt.stn", "/", "Yêu cầu thu hồi, cập nhật chờ trả lời")
	page := s.see("vt.stn", in, "Yêu cầu của nơi gửi", "cập nhật", "Sai trích yếu", "V/v phối hợp, bản sửa trích yếu")
	s.act("vt.stn", answer(t, page, "agree"), nil)
	s.see("vt.stn", in, "Đã đồng ý")

	s.refused("gd.svd", at+"/recall", url.Values{"reason": {" "}}, http.StatusUnprocessableEntity)
	page = s.see("gd.svd", at, "Thu hồi văn bản…", "Không chọn nơi nào là thu hồi ở tất cả")
	if !strings.Contains(page, `name="recipients" value="H26.31"`) {
		t.Error("the recipients cannot be chosen")
	}
	s.act("gd.svd", at+"/recall", url.Values{"reason": {"Gửi nhầm phụ lục"}})
	s.Work()
	s.see("vt.svd", at, "ĐÃ THU HỒI", "Đã gửi yêu cầu, chờ trả lời", "Gửi nhầm phụ lục", "cong-van.pdf")
	s.see("vt.svd", "/van-ban-di?hop=taken-back", "ĐÃ THU HỒI")
	page = s.see("vt.stn", in, "ĐÃ THU HỒI", "Gửi nhầm phụ lục", "Nghị định 30/2020/NĐ-CP (Điều 18)")
	decline := answer(t, page, "decline")
	s.refused("vt.stn", decline, url.Values{"reason": {"Đã thực hiện"}}, http.StatusConflict, "Chỉ từ chối khi có căn cứ", "Đã thực hiện")
	s.act("vt.stn", answer(t, page, "agree"), url.Values{"note": {"Đã hủy bản lưu"}})
	s.Work()
	s.see("vt.svd", at, "Đã đồng ý", "Đã hủy bản lưu")
	s.see("tra.stn", in, "ĐÃ THU HỒI", "đã đồng ý: thu hồi")
	if s.send("gd.stn", http.MethodGet, in, "", nil).Code != http.StatusNotFound {
		t.Error("what the clerk never took in is shown to a leader")
	}

	d, err = s.Flow.Issue(ctx, s.Who("vt.svd"), s.Sealed("H26.15").ID)
	s.Must(err)
	s.Work()
	s.see("cv.svd", "/van-ban-di/"+d.ID, "Soạn văn bản thay thế", "Soạn thông báo thu hồi")
	page = s.see("cv.svd", "/van-ban-di/moi?thay-the="+d.ID, "Độ mật")
	if hidden(t, page, "thay-the") != d.ID {
		t.Error("the question of secrecy forgets what is replaced")
	}
	page = s.see("cv.svd", "/van-ban-di/moi?mat=0&thay-the="+d.ID, "Văn bản được thay thế khi phát hành", "Sở Thử nghiệm H26.15", d.Subject)
	if hidden(t, page, "effect_target") != d.ID || hidden(t, page, "effect_kind") != "REPLACE" {
		t.Error("the draft does not carry what it replaces")
	}
	s.see("cv.svd", "/van-ban-di/moi?mat=0&thu-hoi="+d.ID, "Thông báo thu hồi văn bản số")
}

// answer is the address of an answer's form.
func answer(t *testing.T, page, act string) string {
	t.Helper()
	m := regexp.MustCompile(`action="(/yeu-cau/chg-[0-9a-f]+/` + act + `)"`).FindStringSubmatch(page)
	if m == nil {
		t.Fatalf("no form to %s", act)
	}
	return m[1]
}

// setAsidePages: what was set aside, with its reason in words and its acts.
func setAsidePages(t *testing.T, s *site) {
	d := s.Sealed()
	c := document.Consignment{
		From: document.Party{OrganID: "H98.05", OrganName: "Sở Mẫu tỉnh Mẫu"}, DocumentID: "H98.05,2026/11/19,77/SM-VP", CodeNumber: "77", CodeNotation: "SM-VP",
		TypeName: "Công văn", Subject: "V/v trao đổi số liệu", SentAt: s.Now(),
		Files: []document.ConsignedFile{{Role: document.Main, Name: "a.pdf", MediaType: "application/pdf", Blob: d.Files[0].Version.Blob, Size: d.Files[0].Version.Size}},
	}
	take := func(subject, mark string) {
		c.Subject, c.SecrecyMark = subject, mark
		s.Must(s.Flow.Receive(t.Context(), document.Parcel{AxisDocID: "ax-" + subject, From: c.From.OrganID, To: "H26.14", RawKey: d.Files[0].Version.Blob}, c))
	}
	take("V/v trao đổi số liệu", "")
	take("V/v trao đổi số liệu khác", "")
	take("V/v việc thứ ba", "")
	take("V/v việc kín", "Tối mật")
	s.see("vt.svd", "/", "Thông điệp cách ly")
	page := s.see("vt.svd", "/cach-ly", "V/v trao đổi số liệu khác", "trùng mã định danh", "1 thông điệp có dấu độ mật", "Tiếp nhận như bản cập nhật", "Sở Mẫu tỉnh Mẫu")
	if strings.Contains(page, "V/v việc kín") {
		t.Error("a secret can be read")
	}
	form := func(subject, act string) string {
		var all []flow.Quarantined
		all, err := s.Store.Quarantine(t.Context(), 100)
		s.Must(err)
		for _, q := range all {
			if q.Consignment != nil && q.Consignment.Subject == subject && q.State == workflow.Held {
				return "/cach-ly/" + q.ID + "/" + act
			}
		}
		t.Fatalf("%s is not set aside", subject)
		return ""
	}
	s.refused("vt.svd", form("V/v việc thứ ba", "send-back"), url.Values{"reason": {""}}, http.StatusUnprocessableEntity)
	s.act("vt.svd", form("V/v trao đổi số liệu khác", "take-update"), nil)
	s.act("vt.svd", form("V/v việc thứ ba", "put-aside"), url.Values{"note": {"Đã gọi điện cho nơi gửi"}})
	s.see("vt.svd", "/cach-ly?xong=1", "Đã cất, không xử lý", "Đã gọi điện cho nơi gửi", "Đã áp dụng vào văn bản có trước")
	for _, who := range []string{"cv.svd", "gd.svd", "qt.svd"} {
		if got := s.send(who, http.MethodGet, "/cach-ly", "", nil).Code; got != http.StatusForbidden {
			t.Errorf("%s sees what is set aside: %d", who, got)
		}
	}
}
