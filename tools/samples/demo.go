package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// writeDemo makes the letters of the demonstration that list (JSON) names: each agency's
// form with the subject given, signed by its head.
func writeDemo(list io.Reader, dir string) error {
	var letters []struct {
		File, Agency, Subject string
	}
	if err := json.NewDecoder(list).Decode(&letters); err != nil {
		return err
	}
	for _, x := range letters {
		l, ok := forms()[x.Agency]
		if !ok {
			return fmt.Errorf("no form of agency %q", x.Agency)
		}
		subject := strings.TrimPrefix(x.Subject, "V/v ")
		l.File, l.Subject = x.File, subject
		l.Body = []Block{
			p("Thực hiện chương trình công tác năm 2026 và Nghị định số 30/2020/NĐ-CP ngày 05 tháng 3 năm 2020 của Chính phủ về công tác văn thư, để bảo đảm tiến độ, chất lượng công việc " + subject + ", trân trọng đề nghị Quý cơ quan, đơn vị quan tâm, phối hợp thực hiện một số nội dung sau:"),
			p("1. Rà soát chức năng, nhiệm vụ và tình hình thực hiện của cơ quan, đơn vị; phân công lãnh đạo phụ trách và công chức làm đầu mối."),
			p("2. Xây dựng nội dung, tiến độ thực hiện cụ thể; chủ động tháo gỡ khó khăn, vướng mắc theo thẩm quyền."),
			p("3. Gửi kết quả bằng văn bản điện tử có ký số qua Hệ thống quản lý văn bản và điều hành **đúng thời hạn** để tổng hợp, báo cáo cấp có thẩm quyền."),
			p("Trong quá trình thực hiện, nếu có khó khăn, vướng mắc, đề nghị kịp thời phản ánh để được hướng dẫn, giải quyết./."),
		}
		doc, err := l.docx()
		if err != nil {
			return fmt.Errorf("%s: %w", l.File, err)
		}
		if err := os.WriteFile(filepath.Join(dir, l.File+".docx"), doc, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// forms are the agencies of the demonstration as their letterheads and signature blocks
// name them.
func forms() map[string]Letter {
	to := []string{"Các cơ quan, đơn vị có liên quan"}
	return map[string]Letter{
		"a-svd": {
			Superior: city, Agency: "SỞ VÍ DỤ", Notation: "/SVD-VP", Place: "Hà Nội", To: to,
			Capacity: []string{"GIÁM ĐỐC"}, Signer: "Nguyễn Văn Mẫu", Copies: []string{"Như trên;", "Lưu: VT, VP."},
		},
		"a-ubnd": {
			Agency: "ỦY BAN NHÂN DÂN\nTHÀNH PHỐ", Notation: "/UBND-KT", Place: "Hà Nội", To: to,
			Capacity: []string{"TM. ỦY BAN NHÂN DÂN", "CHỦ TỊCH"}, Signer: "Phạm Quốc Thí Dụ", Copies: []string{"Như trên;", "Lưu: VT, KT."},
		},
		"a-stn": {
			Superior: city, Agency: "SỞ THỬ NGHIỆM", Notation: "/STN-VP", Place: "Hà Nội", To: to,
			Capacity: []string{"GIÁM ĐỐC"}, Signer: "Hoàng Văn Kiểm Thử", Copies: []string{"Như trên;", "Lưu: VT, VP."},
		},
		"a-phuong": {
			Superior: city, Agency: "ỦY BAN NHÂN DÂN\nPHƯỜNG MẪU", Notation: "/UBND-VHXH", Place: "phường Mẫu", To: to,
			Capacity: []string{"TM. ỦY BAN NHÂN DÂN", "CHỦ TỊCH"}, Signer: "Nguyễn Thị Chủ Tịch Mẫu", Copies: []string{"Như trên;", "Lưu: VT, VHXH."},
		},
		"b-sm": {
			Superior: province, Agency: "SỞ MẪU", Notation: "/SM-VP", Place: "Tỉnh Mẫu", To: to,
			Capacity: []string{"GIÁM ĐỐC"}, Signer: "Lê Hoàng Ví Dụ", Copies: []string{"Như trên;", "Lưu: VT, VP."},
		},
	}
}
