package edxmlcli

import (
	"strings"

	"congvan/internal/axis/edxml"
)

var refusals = map[edxml.ErrorCode]Words{
	edxml.CodeSyntax:    {"không phải XML đúng dạng", "not well-formed XML"},
	edxml.CodeEncoding:  {"bảng mã không phải UTF-8 hay UTF-16", "the encoding is neither UTF-8 nor UTF-16"},
	edxml.CodeForbidden: {"có thành phần XML bị cấm: DOCTYPE, chỉ thị xử lý hoặc XInclude", "holds what is forbidden: DOCTYPE, a processing instruction or XInclude"},
	edxml.CodeNotEdXML:  {"không theo định dạng edXML", "not an edXML message"},
	edxml.CodeAmbiguous: {"một phần tử lặp lại với nội dung khác nhau", "an element is given twice and differs"},
	edxml.CodeTooLarge:  {"vượt giới hạn dung lượng, số lượng hoặc cấp lồng", "over a limit of size, number or depth"},
	edxml.CodeBase64:    {"tệp đính kèm không đúng mã base64", "an attachment is not base64"},
	edxml.CodeZip:       {"tệp nén đính kèm bị hỏng hoặc bung quá lớn", "an attachment's ZIP is damaged or unpacks to too much"},
}

var notes = map[edxml.NoteCode]Words{
	edxml.NoteStrayText:   {"có chữ thừa trước phần XML", "stray text before the XML"},
	edxml.NoteMissing:     {"thiếu phần tử bắt buộc", "a required element is missing"},
	edxml.NoteForm:        {"giá trị sai dạng, giữ nguyên văn", "a value not of its form, kept verbatim"},
	edxml.NoteUnknown:     {"quá nhiều phần tử lạ, không liệt kê hết", "more unknown elements than are listed"},
	edxml.NoteRepeated:    {"phần chứa tệp lặp lại, đã đọc gộp", "a list or holder of files is repeated; read as one"},
	edxml.NoteNoContent:   {"tệp có tên mà không có nội dung", "a file is named but has no content"},
	edxml.NoteNoReference: {"tệp không có trong danh mục của thông điệp", "a file that the manifest does not list"},
	edxml.NoteBase64:      {"base64 dùng bảng ký tự của địa chỉ mạng", "base64 in the alphabet for addresses"},
	edxml.NoteType:        {"nội dung tệp không đúng loại mà tên tệp nêu, hoặc là chương trình", "the bytes are not of the type the name says, or are a program"},
	edxml.NoteContentType: {"khai là tệp nén nhưng không phải", "declared a ZIP and is none"},
	edxml.NoteZip:         {"tệp nén không phải vỏ bọc của một tệp, giữ nguyên", "a ZIP that does not wrap one file, kept as it came"},
}

var kinds = map[string]Words{
	KindNew:     {"văn bản mới", "new document"},
	KindRecall:  {"thu hồi văn bản", "recall of a document"},
	KindUpdate:  {"cập nhật văn bản", "update of a document"},
	KindReplace: {"thay thế văn bản", "replacement of documents"},
	KindStatus:  {"trạng thái xử lý", "status"},
	KindOther:   {"loại nghiệp vụ chưa biết", "unknown kind"},
}

var statuses = map[edxml.StatusCode]Words{
	edxml.StatusArrived:        {"đã đến", "arrived"},
	edxml.StatusRefused:        {"từ chối tiếp nhận", "refused"},
	edxml.StatusAccepted:       {"đã tiếp nhận", "accepted"},
	edxml.StatusAssigned:       {"phân công", "assigned"},
	edxml.StatusProcessing:     {"đang xử lý", "being processed"},
	edxml.StatusCompleted:      {"hoàn thành", "completed"},
	edxml.StatusRecallRequest:  {"bên gửi đề nghị lấy lại văn bản", "the sender asks for the document back"},
	edxml.StatusChangeAgreed:   {"đồng ý cập nhật, lấy lại", "agrees to the update or recall"},
	edxml.StatusChangeDeclined: {"từ chối cập nhật, lấy lại", "declines the update or recall"},
}

func statusWords(c edxml.StatusCode) Words {
	if w, ok := statuses[c]; ok {
		return w
	}
	return Words{"mã chưa biết, giữ nguyên", "unknown code, kept verbatim"}
}

var priorities = map[edxml.Number]Words{
	"0": {"thường", "normal"},
	"1": {"khẩn", "urgent"},
	"2": {"thượng khẩn", "very urgent"},
	"3": {"hỏa tốc", "express"},
	"4": {"hỏa tốc hẹn giờ", "express at a fixed time"},
}

var rules = map[edxml.Rule]Words{
	edxml.RuleRequired:   {"phải có", "must be given"},
	edxml.RuleLength:     {"dài quá", "is too long"},
	edxml.RuleFormat:     {"sai dạng", "is not of the right form"},
	edxml.RuleRange:      {"ngoài phạm vi", "is out of range"},
	edxml.RuleCharacters: {"có ký tự điều khiển", "holds a control character"},
	edxml.RuleDuplicate:  {"bị lặp", "is given twice"},
	edxml.RuleFuture:     {"sau thời điểm gửi", "is later than the time of sending"},
}

func (w Words) String() string { return w.VI + " / " + w.EN }

// printable shows characters that would steer a terminal or hide as what they are.
func printable(s string) string {
	var b strings.Builder
	for _, r := range s {
		switch {
		case r == '\n' || r == '\t' || r == '\r':
			b.WriteByte(' ')
		case hides(r):
			b.WriteString("\\u{")
			b.WriteString(strings.ToUpper(hexOf(r)))
			b.WriteByte('}')
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}
