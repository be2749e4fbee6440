// Package demo holds the invented data that the demonstration is made of. No
// person, case or figure in it is real; agencies are the demonstration's own
// (Sở Ví dụ, Sở Thử nghiệm, phường Mẫu, tỉnh Mẫu).
package demo

// Subject is what one invented document is about.
type Subject struct {
	Type    string // code of the document type (NĐ 30/2020 Annex III I); CV for a công văn
	Urgency int    // 0 thường, 1 khẩn, 2 thượng khẩn, 3 hỏa tốc
	Field   string // the field of work (lĩnh vực)
	Text    string // trích yếu, 60–250 characters, NFC; after the type's name in print
}

// The fields of work that the subjects come from.
const (
	Records      = "Văn thư, lưu trữ"
	Personnel    = "Tổ chức cán bộ"
	Reform       = "Cải cách hành chính"
	Digital      = "Chuyển đổi số"
	Finance      = "Tài chính, tài sản"
	Construction = "Đầu tư, xây dựng"
	Urban        = "Quản lý đô thị"
	Environment  = "Môi trường"
	Education    = "Giáo dục, đào tạo"
	Health       = "Y tế"
	Culture      = "Văn hóa, thể thao"
	Welfare      = "An sinh xã hội"
	Citizens     = "Tiếp công dân"
	Safety       = "An toàn, phòng chống thiên tai"
	Economy      = "Kinh tế, thương mại"
	Land         = "Đất đai"
)

// Subjects gives every subject, ordered by field; the slice is the caller's.
func Subjects() []Subject {
	return append(officeSubjects(), publicSubjects()...)
}
