package edxmlcli

import (
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode"

	"congvan/internal/axis/edxml"
)

func hides(r rune) bool { return !unicode.IsPrint(r) && r != ' ' && r != '\u00a0' }

func hexOf(r rune) string { return strconv.FormatInt(int64(r), 16) }

// WriteJSON writes one report as one line.
func WriteJSON(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	return enc.Encode(v)
}

// page gathers lines of a label and a value; without a value there is no line.
type page struct{ strings.Builder }

func (p *page) line(label string, values ...string) {
	for _, v := range values {
		if v = strings.TrimSpace(v); v == "" {
			continue
		}
		pad := max(1, 30-len([]rune(label)))
		fmt.Fprintf(p, "  %s%s%s\n", label, strings.Repeat(" ", pad), shortText(printable(v)))
		label = ""
	}
}

// shortText keeps a value within a few lines of a screen.
func shortText(s string) string {
	const most = 1000
	if r := []rune(s); len(r) > most {
		return string(r[:most]) + " … (" + grouped(int64(len(r))) + " ký tự / characters)"
	}
	return s
}

// WriteText writes one report for people: Vietnamese and English.
func WriteText(w io.Writer, r *Report) error {
	p := &page{}
	fmt.Fprintf(p, "%s\n", printable(r.File))
	switch {
	case !r.Readable:
		p.line("KHÔNG ĐỌC ĐƯỢC / REFUSED", r.Error.sentence())
	case r.Status != nil:
		p.line("ĐỌC ĐƯỢC / READABLE", kinds[r.Kind].String())
		p.status(r)
	default:
		p.line("ĐỌC ĐƯỢC / READABLE", kinds[r.Kind].String())
		p.message(r)
	}
	p.rest(r)
	_, err := io.WriteString(w, p.String())
	return err
}

// sentence is the refusal on one line.
func (r *Refusal) sentence() string {
	where := fmt.Sprintf("byte %d", r.Offset)
	if r.Path != "" {
		where += ", " + r.Path
	}
	return fmt.Sprintf("%s [%s] %s (%s)", r.Words, r.Code, r.Detail, where)
}

// Sentence is why the message cannot be read, with its name, on one line.
func (r *Report) Sentence() string { return printable(r.File + ": " + r.Error.sentence()) }

func (p *page) message(r *Report) {
	h, t := &r.Message.MessageHeader, &r.Message.TraceHeaderList
	b := &t.Bussiness
	p.line("số, ký hiệu / reference", h.Code.String())
	p.line("loại / type", h.DocumentType.Name())
	p.line("trích yếu / subject", h.Subject)
	if h.Content != h.Subject {
		p.line("nội dung / content", h.Content)
	}
	p.line("ban hành / issued", joined(", ", h.PromulgationInfo.Place, day(h.PromulgationInfo.PromulgationDate)))
	p.line("hạn xử lý / due", day(h.DueDate))
	p.line("mã văn bản / DocumentId", h.DocumentId)
	p.line("bên gửi / from", agency(h.From))
	for i, to := range h.To {
		label := "bên nhận / to"
		if len(h.To) > 1 {
			label = fmt.Sprintf("bên nhận / to %d of %d", i+1, len(h.To))
		}
		if i == 20 {
			p.line("", fmt.Sprintf("… %d bên nhận nữa / more recipients", len(h.To)-i))
			break
		}
		p.line(label, agency(to))
	}
	p.line("người ký / signer", joined(", ", h.SignerInfo.Competence, h.SignerInfo.Position, h.SignerInfo.FullName))
	p.line("độ khẩn / priority", coded(string(h.OtherInfo.Priority), priorities[h.OtherInfo.Priority]))
	p.line("số trang / pages", string(h.OtherInfo.PageAmount))
	p.line("phụ lục / appendixes", h.OtherInfo.Appendixes.Appendix...)
	for _, x := range h.ResponseFor {
		p.line("trả lời / in response to", reference(x))
	}
	p.line("nơi nhận khác / copies to", h.ToPlaces.Place...)
	p.line("lý do / reason", b.BussinessDocReason)
	for _, x := range b.BussinessDocumentInfo.ReceiverList.Receiver {
		p.line("đổi nơi nhận / recipient", coded(x.OrganId, map[edxml.Number]Words{"0": {"bỏ", "removed"}, "1": {"thêm", "added"}}[x.ReceiverType]))
	}
	for _, x := range b.ReplacementInfoList.ReplacementInfo {
		p.line("thay thế / replaces", joined(" → ", x.DocumentId, strings.Join(x.OrganIdList.OrganId, ", ")))
	}
	if len(r.Targets) > 0 {
		p.line("nhắm tới / aimed at", strings.Join(r.Targets[0], "; "))
	}
	p.staff(b.StaffInfo)
	for _, x := range t.TraceHeader {
		p.line("đi qua / passed", joined("  ", moment(x.Timestamp), x.OrganId))
	}
	p.line("mã nội dung / content hash", r.ContentHash)
	p.files(r.Attachments)
}

func (p *page) status(r *Report) {
	s := r.Status
	p.line("mã trạng thái / code", coded(string(s.StatusCode), *r.Meaning))
	p.line("mô tả / description", s.Description)
	p.line("thời điểm / time", moment(s.Timestamp))
	p.line("bên báo / reported by", agency(s.From))
	p.line("gửi đến / addressed to", s.ResponseFor.OrganId)
	p.line("về văn bản / about", reference(s.ResponseFor))
	p.staff(s.StaffInfo)
}

func (p *page) staff(s edxml.StaffInfo) {
	p.line("cán bộ / clerk", joined(", ", s.Staff, s.Department, s.Email, s.Mobile))
}

func (p *page) files(files []Attached) {
	p.line("tệp đính kèm / attachments", strconv.Itoa(len(files)))
	for i, a := range files {
		fmt.Fprintf(p, "  %3d. %s\n", i+1, printable(a.Name))
		detail := func(label, value string) {
			if value != "" {
				fmt.Fprintf(p, "       %s%s%s\n", label, strings.Repeat(" ", max(1, 25-len([]rune(label)))), shortText(printable(value)))
			}
		}
		detail("loại / type", a.Type)
		if a.Declared != "" && a.Declared != a.Type {
			detail("khai là / declared", a.Declared)
		}
		if a.Zipped {
			detail("", "đã bỏ vỏ ZIP / taken out of its ZIP")
		}
		detail("dung lượng / size", size(a.Size))
		detail("SHA-256", a.SHA256)
		if a.SafeName != a.Name {
			detail("lưu thành / saved as", a.SafeName)
		}
		detail("mô tả / description", a.Description)
	}
}

// rest is what both messages have: oddities, and the file itself.
func (p *page) rest(r *Report) {
	for _, u := range r.Unknown {
		p.line("phần tử lạ / unknown", u.Path+" = "+strconv.Quote(u.Text))
	}
	for _, n := range r.Notes {
		p.line("lưu ý / note", joined(": ", n.Words.String()+" ["+n.Code+"]", joined(" ", n.Path, n.Detail)))
	}
	if r.Signed {
		p.line("chữ ký thông điệp / signature", "có, không kiểm tra / present, not verified")
	}
	if r.Readable {
		p.line("thông điệp / message", size(r.Size)+", SHA-256 "+r.SHA256)
	}
}

func agency(a edxml.Agency) string {
	return joined("  ", a.OrganId, a.OrganName, joined(", ", a.OrganizationInCharge, a.OrganAdd, a.Email, a.Telephone))
}

func reference(x edxml.ResponseFor) string {
	return joined("  ", x.Code, day(x.PromulgationDate), x.DocumentId, x.OrganId)
}

func coded(code string, w Words) string {
	if code == "" || w == (Words{}) {
		return code
	}
	return code + "  " + w.String()
}

func joined(by string, parts ...string) string {
	var out []string
	for _, p := range parts {
		if p != "" {
			out = append(out, p)
		}
	}
	return strings.Join(out, by)
}

// day is a date as people write it; what is none stays as it came.
func day(d edxml.Date) string {
	if t, ok := d.Time(); ok {
		return t.Format("02/01/2006")
	}
	return string(d)
}

func moment(s edxml.Timestamp) string {
	if t, ok := s.Time(); ok {
		return t.Format("02/01/2006 15:04:05")
	}
	return string(s)
}

// size is a number of bytes for people, with the exact one behind.
func size(n int64) string {
	const unit = 1024
	exact := grouped(n) + " byte"
	if n < unit {
		return exact
	}
	value, name := float64(n)/unit, "KB"
	for _, next := range []string{"MB", "GB"} {
		if value < unit {
			break
		}
		value, name = value/unit, next
	}
	return strings.Replace(strconv.FormatFloat(value, 'f', 1, 64), ".", ",", 1) + " " + name + " (" + exact + ")"
}

// grouped is a number with points between thousands, as Vietnamese writes it.
func grouped(n int64) string {
	s := strconv.FormatInt(n, 10)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "." + s[i:]
	}
	return s
}
