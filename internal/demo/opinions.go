package demo

// Directions are invented directions of a leader on an incoming document (bút
// phê); the slice is the caller's.
func Directions() []string {
	return []string{
		"Giao Văn phòng chủ trì, phối hợp các phòng liên quan tham mưu văn bản trả lời đúng thời hạn.",
		"Phòng Nghiệp vụ nghiên cứu, đề xuất phương án, báo cáo Giám đốc trước khi trình ký.",
		"Văn phòng tổng hợp số liệu, gửi lại cơ quan đề nghị trong tuần này.",
		"Đồng chí Phó Giám đốc phụ trách chỉ đạo thực hiện; Văn phòng theo dõi, đôn đốc.",
		"Chuyển Phòng Kế hoạch - Tài chính thẩm định, có ý kiến trước ngày họp giao ban.",
		"Phòng Tổ chức cán bộ rà soát danh sách, tham mưu văn bản cử người đúng thành phần.",
		"Sao gửi các phòng, đơn vị trực thuộc để biết và thực hiện.",
		"Để biết. Văn phòng lưu hồ sơ theo dõi chung.",
		"Giao Phòng Nghiệp vụ chủ trì; Thanh tra phối hợp kiểm tra thực tế, báo cáo kết quả bằng văn bản.",
		"Văn phòng bố trí phòng họp, chuẩn bị tài liệu và mời đúng thành phần theo công văn.",
		"Xử lý ngay trong ngày, báo cáo tôi trước 16 giờ 30 phút.",
		"Phòng Công nghệ thông tin kiểm tra, khắc phục và báo cáo nguyên nhân sự cố.",
		"Thống nhất cử 02 công chức tham dự. Phòng Tổ chức cán bộ tham mưu danh sách.",
		"Tham mưu văn bản góp ý, lưu ý các nội dung thuộc chức năng quản lý của Sở.",
		"Giao chuyên viên theo dõi lĩnh vực dự họp, báo cáo kết quả sau cuộc họp.",
		"Đề nghị làm rõ căn cứ pháp lý và nguồn kinh phí trước khi trình.",
		"Văn phòng chủ trì dự thảo kế hoạch triển khai, xin ý kiến các phòng trong 03 ngày làm việc.",
		"Kiểm tra lại số liệu báo cáo kỳ trước, bảo đảm thống nhất giữa các biểu.",
		"Chuyển Thanh tra Sở xem xét, giải quyết theo thẩm quyền và trả lời công dân đúng hạn.",
		"Phối hợp với Ủy ban nhân dân phường Mẫu xác minh, thống nhất phương án giải quyết.",
		"Đồng ý về chủ trương. Giao Phòng Kế hoạch - Tài chính hướng dẫn thủ tục thanh toán.",
		"Nghiên cứu kinh nghiệm của đơn vị bạn, đề xuất nội dung có thể áp dụng tại Sở.",
		"Đưa vào nội dung họp giao ban lãnh đạo Sở sáng thứ Hai tuần tới.",
		"Phòng Nghiệp vụ chủ động tham dự và phát biểu ý kiến theo nội dung đã thống nhất.",
		"Yêu cầu các đơn vị chậm báo cáo giải trình bằng văn bản trước ngày 25 hằng tháng.",
		"Cập nhật vào hồ sơ công việc và theo dõi đến khi có kết quả cuối cùng.",
		"Văn phòng thông báo đến toàn thể công chức, viên chức và đăng trên trang thông tin điện tử của Sở.",
		"Giao Phòng Nghiệp vụ chủ trì, Văn phòng phối hợp; hoàn thành trước ngày 10 của tháng sau.",
		"Bổ sung phương án dự phòng và phân công trực ban trong các ngày nghỉ.",
		"Trả lời theo hướng: chưa đủ điều kiện giải quyết, hướng dẫn bổ sung hồ sơ.",
	}
}

// ReturnReasons are invented reasons for which an official, checker, leader or
// clerk returns a draft; the slice is the caller's.
func ReturnReasons() []string {
	return []string{
		"Căn cứ pháp lý viện dẫn chưa đầy đủ, đề nghị bổ sung văn bản làm căn cứ ban hành.",
		"Trích yếu chưa nêu đúng nội dung chính của văn bản.",
		"Số liệu tại mục 2 chưa khớp với Phụ lục kèm theo.",
		"Thiếu Phụ lục đã được nhắc đến trong nội dung văn bản.",
		"Nơi nhận chưa có đơn vị phối hợp thực hiện.",
		"Sai thẩm quyền ký: nội dung này do Giám đốc trực tiếp phụ trách.",
		"Thể thức chưa đúng: phần quyền hạn, chức vụ của người ký phải viết chữ in hoa, đậm.",
		"Phông chữ và khoảng cách đoạn chưa thống nhất, đề nghị trình bày lại theo mẫu.",
		"Thời hạn thực hiện quá ngắn, đề nghị thống nhất lại với đơn vị được giao.",
		"Còn lỗi chính tả tại trang 2, đề nghị rà soát toàn văn.",
		"Chưa có ý kiến của phòng phối hợp về phương án kinh phí.",
		"Nội dung trùng với văn bản đã phát hành tháng trước, đề nghị giải trình.",
		"Tên cơ quan nhận chưa đúng tên gọi sau khi sắp xếp tổ chức.",
		"Chừa khoảng trống số và ngày, tháng chưa đúng vị trí, không điền được khi cấp số.",
		"Bản trình ký không phải bản cuối đã thống nhất tại cuộc họp.",
		"Văn phong chưa phù hợp với văn bản gửi cơ quan cấp trên.",
		"Đề nghị tách nội dung kiến nghị thành văn bản riêng.",
		"Phụ lục trình bày khổ ngang bị cắt cột, đề nghị chỉnh lại trước khi ký.",
		"Mức độ khẩn chưa phù hợp với thời hạn nêu trong văn bản.",
		"Chưa nêu đầu mối liên hệ và thời hạn nhận văn bản trả lời.",
	}
}

// RefusalReasons are invented reasons for which a clerk refuses an incoming
// document (status 02); the slice is the caller's.
func RefusalReasons() []string {
	return []string{
		"Văn bản chưa có chữ ký số của cơ quan ban hành.",
		"Chữ ký số của người ký không còn nguyên vẹn, tệp tin đã bị thay đổi sau khi ký.",
		"Văn bản gửi không đúng cơ quan có thẩm quyền giải quyết.",
		"Chứng thư chữ ký số của cơ quan đã bị thu hồi trước thời điểm ký.",
		"Tệp tin văn bản bị lỗi, không mở được nội dung.",
		"Thiếu Phụ lục được nhắc đến trong văn bản.",
		"Số, ký hiệu trên văn bản không trùng với thông tin gửi kèm.",
		"Văn bản gửi trùng với văn bản đã tiếp nhận trước đó.",
		"Chứng thư chữ ký số trên văn bản là của cơ quan khác.",
		"Văn bản chưa ghi ngày, tháng ban hành.",
		"Trích yếu trên hệ thống không đúng với nội dung văn bản gửi kèm.",
		"Phần ký chưa có chữ ký của người có thẩm quyền.",
		"Tệp tin gửi kèm không đúng định dạng quy định.",
		"Nơi nhận trên văn bản không có tên cơ quan được gửi.",
		"Văn bản thuộc thẩm quyền giải quyết của Ủy ban nhân dân phường Mẫu, đề nghị gửi lại đúng địa chỉ.",
		"Văn bản chưa được cấp số.",
		"Phụ lục gửi riêng chưa được ký số của cơ quan ban hành.",
		"Không xác minh được chữ ký số do chứng thư không thuộc hệ thống được tin cậy.",
		"Văn bản đã được cơ quan ban hành thông báo thay thế.",
		"Hồ sơ kèm theo còn thiếu tệp tin theo danh mục đã liệt kê.",
	}
}
