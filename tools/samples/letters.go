package main

const (
	city     = "ỦY BAN NHÂN DÂN\nTHÀNH PHỐ"
	blank    = "........................................"
	province = "ỦY BAN NHÂN DÂN\nTỈNH MẪU"
)

// letters are the sample documents: agencies, people and facts are invented,
// only the legal bases are real.
func letters() []Letter {
	return []Letter{request(), guidance(), answer(), paper(), decision(), notice(), form(), numberTwice(), annex()}
}

// request is the dispatch that the whole road sends: one page, signed by the
// director.
func request() Letter {
	return Letter{
		File: "cong-van-1", Superior: city, Agency: "SỞ VÍ DỤ", Notation: "/SVD-VP", Place: "Hà Nội",
		Subject: "phối hợp cung cấp số liệu\ngửi, nhận văn bản điện tử năm 2026",
		To:      []string{"Sở Thử nghiệm", "Sở Mẫu tỉnh Mẫu"},
		Body: []Block{
			p("Thực hiện Nghị định số 30/2020/NĐ-CP ngày 05 tháng 3 năm 2020 của Chính phủ về công tác văn thư, Sở Ví dụ đang tổng hợp báo cáo kết quả gửi, nhận văn bản điện tử có ký số giữa các cơ quan trong năm 2026. Để có căn cứ đối chiếu số liệu hai chiều, Sở Ví dụ trân trọng đề nghị Quý cơ quan phối hợp thực hiện một số nội dung sau:"),
			p("1. Rà soát số lượng văn bản điện tử đã gửi đến và nhận từ Sở Ví dụ từ ngày 01 tháng 01 năm 2026; đối chiếu với số liệu tại Phụ lục kèm theo Công văn này."),
			p("2. Thống kê các văn bản bị trả lại, nêu rõ lý do: thiếu chữ ký số của cơ quan, sai thể thức hoặc gửi không đúng thẩm quyền."),
			p("3. Cử 01 công chức văn thư làm đầu mối phối hợp, gửi kèm họ tên, chức vụ và số điện thoại liên hệ."),
			p("Văn bản trả lời gửi qua Trục liên thông văn bản quốc gia **trong thời hạn 07 ngày làm việc** kể từ ngày nhận được Công văn này để tổng hợp theo quy định."),
			p("Rất mong nhận được sự quan tâm, phối hợp của Quý cơ quan./."),
		},
		Capacity: []string{"GIÁM ĐỐC"}, Signer: "Nguyễn Văn Mẫu",
		Copies: []string{"Như trên;", "Giám đốc, các Phó Giám đốc Sở;", "Lưu: VT, VP."},
	}
}

// guidance runs over two pages and is signed by a deputy for the director.
func guidance() Letter {
	return Letter{
		File: "cong-van-2", Superior: city, Agency: "SỞ VÍ DỤ", Notation: "/SVD-VP", Place: "Hà Nội",
		Subject: "hướng dẫn lập hồ sơ công việc điện tử và nộp lưu hồ sơ\nvào Lưu trữ cơ quan",
		To:      []string{"Các phòng, đơn vị trực thuộc Sở", "Sở Thử nghiệm", "Ủy ban nhân dân phường Mẫu"},
		Body: []Block{
			p("Căn cứ Nghị định số 30/2020/NĐ-CP ngày 05 tháng 3 năm 2020 của Chính phủ về công tác văn thư; trên cơ sở kết quả kiểm tra công tác văn thư, lưu trữ sáu tháng đầu năm, Sở Ví dụ nhận thấy việc lập hồ sơ công việc điện tử còn một số hạn chế: nhiều văn bản đã xử lý xong nhưng chưa được đưa vào hồ sơ; tiêu đề hồ sơ đặt chưa sát nội dung công việc; hồ sơ kết thúc chưa được nộp lưu đúng thời hạn."),
			p("Để khắc phục tình trạng trên, Sở Ví dụ hướng dẫn các cơ quan, đơn vị thực hiện thống nhất như sau:"),
			p("**1. Mở hồ sơ**"),
			p("a) Công chức, viên chức được giao chủ trì giải quyết công việc có trách nhiệm mở hồ sơ ngay khi nhận được văn bản giao việc hoặc khi bắt đầu soạn thảo văn bản đầu tiên của công việc."),
			p("b) Tiêu đề hồ sơ nêu ngắn gọn, rõ ràng tên loại văn bản chủ yếu, nội dung, thời gian và cơ quan ban hành. Ví dụ: “Hồ sơ về việc sửa chữa trụ sở làm việc năm 2026 của Sở Thử nghiệm”."),
			p("c) Số và ký hiệu hồ sơ lấy theo Danh mục hồ sơ của cơ quan đã được người đứng đầu phê duyệt vào đầu năm. Trường hợp phát sinh công việc chưa có trong Danh mục, đơn vị đề nghị Văn phòng Sở bổ sung trước khi mở hồ sơ."),
			p("**2. Thu thập, cập nhật văn bản vào hồ sơ**"),
			p("a) Văn bản đến, văn bản đi, bản thảo, ý kiến góp ý và các tài liệu có liên quan phải được đưa vào hồ sơ trong ngày, chậm nhất là ngày làm việc tiếp theo kể từ khi hoàn thành việc xử lý."),
			p("b) Văn bản điện tử đưa vào hồ sơ phải còn nguyên vẹn chữ ký số của người có thẩm quyền và của cơ quan; không in ra, quét lại để thay thế văn bản điện tử đã ký số."),
			p("c) Đối với văn bản giấy, văn thư cơ quan số hóa ở định dạng PDF, ảnh màu, độ phân giải tối thiểu 200 dpi, tỷ lệ 100% và ký số của cơ quan trước khi đưa vào hồ sơ."),
			p("**3. Kết thúc và nộp lưu hồ sơ**"),
			p("a) Hồ sơ được kết thúc khi công việc đã giải quyết xong. Người lập hồ sơ kiểm tra, loại bỏ bản trùng, xác định thời hạn bảo quản và biên mục theo mẫu trước khi trình lãnh đạo đơn vị phê duyệt."),
			p("b) Việc giao nhận hồ sơ giữa đơn vị và Lưu trữ cơ quan được lập thành biên bản; hồ sơ điện tử ghi rõ số lượng hồ sơ và số lượng tệp tin."),
			p("**4. Tổ chức thực hiện**"),
			p("a) Lãnh đạo các đơn vị chịu trách nhiệm đôn đốc, kiểm tra việc lập hồ sơ của công chức, viên chức thuộc phạm vi quản lý; đưa kết quả lập hồ sơ vào tiêu chí đánh giá hằng quý."),
			p("b) Văn phòng Sở theo dõi, tổng hợp, báo cáo Giám đốc Sở trước ngày 25 của tháng cuối quý."),
			p("Trong quá trình thực hiện, nếu có khó khăn, vướng mắc, đề nghị các cơ quan, đơn vị phản ánh về Sở Ví dụ (qua Văn phòng Sở) để được hướng dẫn, giải quyết./."),
		},
		Capacity: []string{"KT. GIÁM ĐỐC", "PHÓ GIÁM ĐỐC"}, Signer: "Trần Thị Thử",
		Copies: []string{"Như trên;", "Giám đốc Sở (để báo cáo);", "Các Phó Giám đốc Sở;", "Trang thông tin điện tử của Sở;", "Lưu: VT, VP."},
	}
}

// answer goes the road back, from the other province.
func answer() Letter {
	return Letter{
		File: "tra-loi", Superior: province, Agency: "SỞ MẪU", Notation: "/SM-VP", Place: "Tỉnh Mẫu",
		Subject: "cung cấp số liệu\ngửi, nhận văn bản điện tử năm 2026",
		To:      []string{"Sở Ví dụ, Thành phố"},
		Body: []Block{
			p("Phúc đáp đề nghị của Sở Ví dụ về việc phối hợp cung cấp số liệu gửi, nhận văn bản điện tử năm 2026, sau khi rà soát, đối chiếu trên Hệ thống quản lý văn bản và điều hành, Sở Mẫu tỉnh Mẫu có ý kiến như sau:"),
			p("1. Số lượng văn bản điện tử gửi, nhận giữa hai cơ quan cơ bản thống nhất với Phụ lục do Sở Ví dụ gửi kèm. Riêng tháng 6 năm 2026, Sở Mẫu ghi nhận 62 văn bản đến, nhiều hơn 01 văn bản so với số liệu của Sở Ví dụ do văn bản được gửi lại sau khi bị trả về."),
			p("2. Từ ngày 01 tháng 01 năm 2026, có 03 văn bản bị trả lại, gồm: 02 văn bản thiếu chữ ký số của cơ quan và 01 văn bản gửi không đúng thẩm quyền. Các văn bản này đã được cơ quan ban hành gửi lại hợp lệ."),
			p("3. Đầu mối phối hợp của Sở Mẫu: bà Vũ Thị Minh Họa, văn thư, Văn phòng Sở."),
			p("Sở Mẫu tỉnh Mẫu trân trọng gửi Sở Ví dụ để tổng hợp./."),
		},
		Capacity: []string{"GIÁM ĐỐC"}, Signer: "Lê Hoàng Ví Dụ",
		Copies: []string{"Như trên;", "Lãnh đạo Sở;", "Lưu: VT, VP."},
	}
}

// paper is the same answer numbered and dated: it is printed and scanned.
func paper() Letter {
	l := answer()
	l.File, l.Given = "van-ban-giay", [3]string{"27", "12", "11"}
	return l
}

// decision is a named type; its year is left blank too.
func decision() Letter {
	return Letter{
		File: "quyet-dinh", Superior: city, Agency: "SỞ VÍ DỤ", Notation: "/QĐ-SVD", Place: "Hà Nội", NoYear: true,
		Kind:    "QUYẾT ĐỊNH",
		Subject: "Về việc thành lập Tổ giúp việc triển khai\nký số văn bản điện tử của Sở Ví dụ",
		By:      "GIÁM ĐỐC SỞ VÍ DỤ",
		Body: []Block{
			cite("Căn cứ Nghị định số 30/2020/NĐ-CP ngày 05 tháng 3 năm 2020 của Chính phủ về công tác văn thư;"),
			cite("Căn cứ Nghị định số 68/2024/NĐ-CP ngày 25 tháng 6 năm 2024 của Chính phủ quy định về chữ ký số chuyên dùng công vụ;"),
			cite("Theo đề nghị của Chánh Văn phòng Sở."),
			title("QUYẾT ĐỊNH:"),
			p("**Điều 1.** Thành lập Tổ giúp việc triển khai ký số văn bản điện tử của Sở Ví dụ (sau đây gọi là Tổ giúp việc), gồm các ông, bà có tên sau:"),
			p("1. Bà Trần Thị Thử, Phó Giám đốc Sở, Tổ trưởng;"),
			p("2. Ông Phan Đức Giả Định, Chánh Văn phòng Sở, Tổ phó;"),
			p("3. Bà Ngô Thị Thí Dụ, văn thư Sở, Thành viên."),
			p("**Điều 2.** Tổ giúp việc có nhiệm vụ tham mưu Giám đốc Sở xây dựng kế hoạch, hướng dẫn các đơn vị ký số, phát hành văn bản điện tử và tự giải thể sau khi hoàn thành nhiệm vụ."),
			p("**Điều 3.** Quyết định này có hiệu lực kể từ ngày ký. Chánh Văn phòng Sở, Thủ trưởng các đơn vị thuộc Sở và các ông, bà có tên tại Điều 1 chịu trách nhiệm thi hành Quyết định này./."),
		},
		Capacity: []string{"GIÁM ĐỐC"}, Signer: "Nguyễn Văn Mẫu",
		Copies: []string{"Như Điều 3;", "Ủy ban nhân dân Thành phố (để báo cáo);", "Lưu: VT, VP."},
	}
}

// notice is signed on behalf of a collective body: three lines over the name.
func notice() Letter {
	return Letter{
		File: "thong-bao", Superior: city, Agency: "ỦY BAN NHÂN DÂN\nPHƯỜNG MẪU", Notation: "/TB-UBND", Place: "Phường Mẫu",
		Kind:    "THÔNG BÁO",
		Subject: "Về việc tiếp nhận hồ sơ thủ tục hành chính\ntrong thời gian bảo trì hệ thống",
		Body: []Block{
			p("Để phục vụ công tác bảo trì, nâng cấp phần mềm một cửa điện tử, Ủy ban nhân dân phường Mẫu thông báo việc tiếp nhận và trả kết quả giải quyết thủ tục hành chính như sau:"),
			p("1. Từ 17 giờ 00 phút ngày 11 tháng 12 năm 2026 đến hết ngày 13 tháng 12 năm 2026, hệ thống tạm ngừng tiếp nhận hồ sơ trực tuyến. Hồ sơ đã nộp trước thời điểm này được giải quyết đúng thời hạn ghi trên giấy hẹn."),
			p("2. Bộ phận tiếp nhận và trả kết quả của phường làm việc bình thường vào sáng thứ Bảy, ngày 12 tháng 12 năm 2026 để tiếp nhận hồ sơ giấy đối với các thủ tục về hộ tịch và chứng thực."),
			p("3. Tổ dân phố, các đoàn thể phối hợp thông báo rộng rãi đến nhân dân trên địa bàn; cán bộ, công chức phường bố trí người trực để hướng dẫn, giải đáp kịp thời cho người dân và doanh nghiệp."),
			p("Ủy ban nhân dân phường Mẫu thông báo để các cơ quan, đơn vị và nhân dân biết, thực hiện./."),
		},
		Capacity: []string{"TM. ỦY BAN NHÂN DÂN", "KT. CHỦ TỊCH", "PHÓ CHỦ TỊCH"}, Signer: "Đỗ Thị Minh Họa",
		Copies: []string{"Ủy ban nhân dân Thành phố (để báo cáo);", "Đảng ủy, Hội đồng nhân dân phường;", "Các tổ dân phố;", "Lưu: VT, VP."},
	}
}

// form has lines and boxes to fill in; its PDF carries them as fields of its own,
// which the draft must flatten.
func form() Letter {
	return Letter{
		File: "cong-van-bieu-mau", Superior: city, Agency: "SỞ THỬ NGHIỆM", Notation: "/STN-VP", Place: "Hà Nội",
		Subject: "xác nhận tham dự hội nghị\ntập huấn văn thư, lưu trữ",
		To:      []string{"Các sở, ban, ngành Thành phố"},
		Body: []Block{
			p("Sở Thử nghiệm tổ chức Hội nghị tập huấn nghiệp vụ văn thư, lưu trữ và ký số văn bản điện tử tại Hội trường tầng 2, trụ sở Sở Thử nghiệm. Để công tác tổ chức được chu đáo, đề nghị Quý cơ quan điền thông tin xác nhận dưới đây và gửi lại trước ngày khai mạc 05 ngày làm việc:"),
			p("1. Tên cơ quan, đơn vị: " + blank),
			p("2. Họ và tên người tham dự: " + blank),
			p("3. Chức vụ, đơn vị công tác: " + blank),
			p("4. Số điện thoại liên hệ: " + blank),
			p("5. Hình thức tham dự:   ☐ Trực tiếp     ☐ Trực tuyến"),
			p("Mọi thông tin xin liên hệ Văn phòng Sở Thử nghiệm để được hướng dẫn. Rất mong Quý cơ quan quan tâm, cử đúng thành phần tham dự./."),
		},
		Capacity: []string{"GIÁM ĐỐC"}, Signer: "Hoàng Văn Kiểm Thử",
		Copies: []string{"Như trên;", "Lãnh đạo Sở;", "Lưu: VT, VP."},
	}
}

// numberTwice quotes the number and date lines in its body, so that the blanks
// are found twice and the drafter must say which.
func numberTwice() Letter {
	return Letter{
		File: "cong-van-so-lap", Superior: city, Agency: "SỞ THỬ NGHIỆM", Notation: "/STN-VP", Place: "Hà Nội",
		Subject: "chấn chỉnh cách ghi số, ký hiệu\nvà thời gian ban hành văn bản",
		To:      []string{"Các phòng, đơn vị trực thuộc Sở"},
		Body: []Block{
			p("Qua kiểm tra thể thức văn bản quý III năm 2026, Văn phòng Sở nhận thấy một số đơn vị còn tự điền số hoặc ngày, tháng vào dự thảo trước khi trình ký. Sở Thử nghiệm đề nghị các phòng, đơn vị thống nhất thực hiện như sau:"),
			p("1. Dự thảo công văn để trống số và thời gian ban hành đúng theo mẫu dưới đây; văn thư cấp số, ngày, tháng sau khi người có thẩm quyền ký:"),
			{Style: centred, Text: "Số:             /STN-VP"},
			{Style: centred, Text: "Hà Nội, ngày        tháng        năm 2026"},
			p("2. Ký hiệu công văn gồm chữ viết tắt tên cơ quan ban hành và chữ viết tắt tên đơn vị soạn thảo, giữa các nhóm chữ có dấu gạch nối, không cách chữ."),
			p("Yêu cầu Trưởng các phòng, đơn vị nghiêm túc thực hiện./."),
		},
		Capacity: []string{"GIÁM ĐỐC"}, Signer: "Hoàng Văn Kiểm Thử",
		Copies: []string{"Như trên;", "Lãnh đạo Sở;", "Lưu: VT, VP."},
	}
}

// annex is a file of its own, sent with request; its top right corner is free
// for the agency's text block, and the reference line is blank as on every
// electronic annex.
func annex() Letter {
	rows := [][]string{
		{"TT", "Tháng", "Văn bản gửi đi", "Văn bản nhận về", "Đã ký số đủ", "Bị trả lại", "Ghi chú"},
		{"1", "Tháng 01", "38", "41", "79", "0", ""},
		{"2", "Tháng 02", "29", "33", "62", "0", ""},
		{"3", "Tháng 3", "52", "48", "99", "1", "Thiếu chữ ký số của cơ quan"},
		{"4", "Tháng 4", "47", "50", "97", "0", ""},
		{"5", "Tháng 5", "55", "44", "99", "0", ""},
		{"6", "Tháng 6", "61", "46", "106", "1", "Thiếu chữ ký số của cơ quan"},
		{"7", "Tháng 7", "58", "53", "111", "0", ""},
		{"8", "Tháng 8", "49", "57", "105", "1", "Gửi không đúng thẩm quyền"},
		{"9", "Tháng 9", "64", "60", "124", "0", ""},
		{"10", "Tháng 10", "66", "59", "125", "0", ""},
		{"", "Tổng cộng", "519", "491", "1.007", "3", ""},
	}
	return Letter{
		File: "phu-luc", Annex: true,
		Body: []Block{
			title("PHỤ LỤC"),
			title("THỐNG KÊ VĂN BẢN ĐIỆN TỬ GỬI, NHẬN\nGIỮA SỞ VÍ DỤ VÀ SỞ MẪU TỈNH MẪU NĂM 2026"),
			p("Số liệu tính từ ngày 01 tháng 01 năm 2026 đến hết ngày 31 tháng 10 năm 2026, chỉ gồm văn bản gửi, nhận qua Trục liên thông văn bản quốc gia."),
			{Style: table, Width: []int{10, 24, 22, 22, 22, 18, 47}, Table: rows},
			p("**Ghi chú:** Cột “Đã ký số đủ” gồm văn bản có chữ ký số hợp lệ của người có thẩm quyền và của cơ quan ban hành tại thời điểm tiếp nhận."),
		},
	}
}
