package edxml

import (
	"bytes"
	"context"
	"flag"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

var update = flag.Bool("update", false, "write the golden messages anew")

// emptyPDF is a one-page PDF.
const emptyPDF = "%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>> endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>> endobj\n" +
	"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 200]>> endobj\nxref\n0 4\n0000000000 65535 f \n0000000009 00000 n \n" +
	"0000000053 00000 n \n0000000103 00000 n \ntrailer<</Size 4/Root 1 0 R>>\nstartxref\n167\n%%EOF"

func attachment(id, name, description, content string) Attachment {
	return Attachment{
		ContentId: id, AttachmentName: name, Description: description,
		Open: func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(content)), nil },
	}
}

func sender() Agency {
	return Agency{
		OrganId: "H99.14", OrganizationInCharge: "UBND tỉnh Mẫu", OrganName: "Sở Ví dụ tỉnh Mẫu",
		OrganAdd: "Số 1 đường Mẫu, tỉnh Mẫu", Email: "vanthu@so-vidu.example",
	}
}

func recipients() []Agency {
	return []Agency{
		{OrganId: "H99.05", OrganizationInCharge: "UBND tỉnh Mẫu", OrganName: "Sở Tiếp nhận tỉnh Mẫu"},
		{OrganId: "H99.21.03", OrganizationInCharge: "UBND tỉnh Mẫu", OrganName: "UBND phường Mẫu"},
	}
}

const originalID = "H99.14,2026/11/20,145/SVD-VP"

// newMessage is a new document with two recipients and two files.
func newMessage() *Message {
	return &Message{
		MessageHeader: MessageHeader{
			From: sender(), To: recipients(),
			DocumentId:       originalID,
			Code:             Code{"145", "SVD-VP"},
			PromulgationInfo: PromulgationInfo{"Tỉnh Mẫu", "2026/11/20"},
			DocumentType:     AdministrativeType("Công văn"),
			Subject:          "V/v phối hợp triển khai kết nối liên thông văn bản điện tử",
			Content:          "V/v phối hợp triển khai kết nối liên thông văn bản điện tử",
			SignerInfo:       SignerInfo{"KT. GIÁM ĐỐC", "Phó Giám đốc", "Nguyễn Văn Mẫu"},
			DueDate:          "2026/11/30",
			OtherInfo: OtherInfo{
				Priority: "1", SphereOfPromulgation: "Liên thông văn bản", TyperNotation: "TTM",
				PromulgationAmount: "2", PageAmount: "3", Appendixes: Appendixes{[]string{"Phụ lục 01"}},
			},
			SteeringType: "1",
			ToPlaces:     ToPlaces{[]string{"Như trên", "Lưu: VT, VP"}},
		},
		TraceHeaderList: TraceHeaderList{
			TraceHeader: []TraceHeader{{"H99.14", "2026/11/20 10:15:30"}},
			Bussiness: Bussiness{
				BussinessDocType: DocNew, BussinessDocReason: "Văn bản điện tử mới", Paper: "0",
				StaffInfo: StaffInfo{"Văn phòng", "Trần Thị Mẫu", "vanthu@so-vidu.example", "0900000001"},
			},
		},
		Attachments: []Attachment{
			attachment("6f1c2a52-0d0e-4f0c-9a41-0a4f5c8f1d01", "145-SVD-VP.signed.pdf", "Văn bản chính đã ký số", emptyPDF),
			attachment("6f1c2a52-0d0e-4f0c-9a41-0a4f5c8f1d02", "phu-luc-01.xlsx", "Phụ lục 01", "placeholder, not a real workbook"),
		},
	}
}

// later is a message of the same sender about the original.
func later(kind Number, number, subject, reason string) *Message {
	m := newMessage()
	h, b := &m.MessageHeader, &m.TraceHeaderList.Bussiness
	h.Code.CodeNumber = number
	h.PromulgationInfo.PromulgationDate = "2026/11/21"
	h.DocumentId = DocumentID(h.From.OrganId, "2026/11/21", h.Code)
	h.Subject, h.Content = subject, subject
	h.DueDate, h.OtherInfo.Appendixes, h.OtherInfo.PageAmount = "", Appendixes{}, "1"
	m.TraceHeaderList.TraceHeader[0].Timestamp = "2026/11/21 08:05:11"
	b.BussinessDocType, b.BussinessDocReason = kind, reason
	m.Attachments = []Attachment{
		attachment("9b0e7f3c-55d1-4c0a-8f3b-2d1c77aa9e10", number+"-SVD-VP.signed.pdf", subject, emptyPDF),
	}
	return m
}

func recall() *Message {
	m := later(DocRecall, "151", "V/v thu hồi Công văn số 145/SVD-VP ngày 20/11/2026", "Gửi nhầm phụ lục")
	m.MessageHeader.ResponseFor = []ResponseFor{{"H99.14", "145/SVD-VP", originalID, "2026/11/20"}}
	m.TraceHeaderList.Bussiness.DocumentId = originalID
	m.Attachments[0].Description = "Công văn thông báo thu hồi"
	return m
}

func updateOf() *Message {
	m := later(DocUpdate, "152", "V/v cập nhật nơi nhận Công văn số 145/SVD-VP", "Bổ sung nơi nhận")
	b := &m.TraceHeaderList.Bussiness
	b.DocumentId = originalID
	b.BussinessDocumentInfo = BussinessDocumentInfo{
		DocumentInfo: "0", DocumentReceiver: "1",
		ReceiverList: ReceiverList{[]Receiver{{"H99.05", "0"}, {"H99.22.07", "1"}}},
	}
	return m
}

func replace() *Message {
	m := later(DocReplace, "153", "V/v thay thế Công văn số 145/SVD-VP", "Đính chính số liệu")
	m.TraceHeaderList.Bussiness.ReplacementInfoList.ReplacementInfo = []ReplacementInfo{
		{originalID, OrganIdList{[]string{"H99.05", "H99.21.03"}}},
		{"H99.14,2026/10/02,99/SVD-VP", OrganIdList{[]string{"H99.05"}}},
	}
	return m
}

func statusOf(code StatusCode, description string) *Status {
	s := &Status{
		From: Agency{
			OrganId: "H99.05", OrganizationInCharge: "UBND tỉnh Mẫu", OrganName: "Sở Tiếp nhận tỉnh Mẫu",
			OrganAdd: "Số 9 đường Mẫu, tỉnh Mẫu", Email: "vanthu@so-tiepnhan.example",
		},
		ResponseFor: ResponseFor{"H99.14", "145/SVD-VP", originalID, "2026/11/20"},
		StaffInfo:   StaffInfo{"Văn thư", "Lê Văn Thư", "vanthu@so-tiepnhan.example", "0900000002"},
		StatusCode:  code, Description: description, Timestamp: "2026/11/20 10:42:07",
	}
	if code == StatusRecallRequest {
		s.From, s.ResponseFor.OrganId = sender(), "H99.05"
	}
	return s
}

// golden is every kind of message, by the name of its file.
func golden() map[string]any {
	return map[string]any{
		"new": newMessage(), "recall": recall(), "update": updateOf(), "replace": replace(),
		"status-01": statusOf("01", "Văn bản đã đến hệ thống"),
		"status-02": statusOf("02", "Từ chối tiếp nhận: gửi sai nơi nhận"),
		"status-03": statusOf("03", "Đã tiếp nhận, vào sổ văn bản đến số 812"),
		"status-04": statusOf("04", "Lãnh đạo: Phân công xử lý"),
		"status-05": statusOf("05", "Chuyên viên: Đang xử lý"),
		"status-06": statusOf("06", "Chuyên viên: Hoàn thành xử lý"),
		"status-13": statusOf("13", "Đề nghị thu hồi: gửi nhầm phụ lục"),
		"status-15": statusOf("15", "Đồng ý thu hồi, đã hủy văn bản"),
		"status-16": statusOf("16", "Từ chối cập nhật: văn bản đã xử lý xong"),
	}
}

func write(t testing.TB, doc any, d Dialect) []byte {
	t.Helper()
	var b bytes.Buffer
	var err error
	switch m := doc.(type) {
	case *Message:
		err = Write(&b, m, d)
	case *Status:
		err = WriteStatus(&b, m, d)
	}
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func read(t testing.TB, raw []byte) *Envelope {
	t.Helper()
	env, err := readWith(t, raw, Limits{})
	if err != nil {
		t.Fatal(err)
	}
	return env
}

func readWith(t testing.TB, raw []byte, lim Limits) (*Envelope, error) {
	t.Helper()
	spool := NewTemp(t.TempDir())
	t.Cleanup(func() {
		if err := spool.Close(); err != nil {
			t.Error(err)
		}
	})
	return Read(context.Background(), bytes.NewReader(raw), lim, spool.Open)
}

func contents(t testing.TB, m *Message) []string {
	t.Helper()
	var out []string
	for _, a := range m.Attachments {
		r, err := a.Open()
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, string(b))
	}
	return out
}

// sameMessage compares messages, the files by their bytes.
func sameMessage(t testing.TB, want, got *Message) {
	t.Helper()
	ignore := cmpopts.IgnoreFields(Attachment{}, "ContentType", "Size", "SHA256", "Sniffed", "Zipped", "Open")
	if diff := cmp.Diff(want, got, ignore, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("message (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(contents(t, want), contents(t, got)); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
}

func TestGolden(t *testing.T) {
	for name, doc := range golden() {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join("testdata", name+".edxml")
			raw := write(t, doc, SDK())
			if *update {
				if err := os.WriteFile(file, raw, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), string(raw)); diff != "" {
				t.Fatalf("written (-golden +got):\n%s", diff)
			}
			env := read(t, want)
			// The workbook is a placeholder, which the reader notices.
			env.Notes = slices.DeleteFunc(env.Notes, func(n Note) bool { return n.Code == NoteType })
			if len(env.Notes) > 0 || len(env.Unknown) > 0 || env.Signed {
				t.Errorf("notes %v, unknown %v, signed %v", env.Notes, env.Unknown, env.Signed)
			}
			switch doc := doc.(type) {
			case *Message:
				sameMessage(t, doc, env.Message)
				if again := write(t, env.Message, SDK()); !bytes.Equal(again, want) {
					t.Error("read and written again, the message differs")
				}
			case *Status:
				if diff := cmp.Diff(doc, env.Status); diff != "" {
					t.Errorf("status (-want +got):\n%s", diff)
				}
			}
		})
	}
}

// The dialects differ on the wire and read alike.
func TestDialects(t *testing.T) {
	raw := write(t, newMessage(), DotNet())
	for _, want := range []string{
		"<edXML:DigitalSignature/>", "    <ContentTransferEncoded>", "      <ContentId>6f1c2a52",
		"<edXML:ContentId>cid:6f1c2a52", "</edXML:ToPlaces>\n        <edXML:DocumentId>",
	} {
		if !bytes.Contains(raw, []byte(want)) {
			t.Errorf("no %q in\n%s", want, raw)
		}
	}
	sameMessage(t, newMessage(), read(t, raw).Message)
}

func TestMeasureIsWhatWriteWrites(t *testing.T) {
	raw := write(t, newMessage(), SDK())
	size, sum, err := Measure(newMessage(), SDK())
	if err != nil {
		t.Fatal(err)
	}
	if size != int64(len(raw)) || sum != sha(raw) {
		t.Errorf("measured %d %s, wrote %d %s", size, sum, len(raw), sha(raw))
	}
}
