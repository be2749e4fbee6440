package edxml

import (
	"os"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/text/unicode/norm"
)

func foreign(t testing.TB, name string) *Envelope {
	t.Helper()
	raw, err := os.ReadFile("testdata/foreign/" + name + ".edxml")
	if err != nil {
		t.Fatal(err)
	}
	return read(t, raw)
}

func hasNote(env *Envelope, code NoteCode, path string) bool {
	return slices.ContainsFunc(env.Notes, func(n Note) bool { return n.Code == code && n.Path == path })
}

func TestReadOtherZip(t *testing.T) {
	sameMessage(t, newMessage(), foreign(t, "other-zip").Message)
}

func TestReadDotNet(t *testing.T) {
	env := foreign(t, "dotnet")
	want := &Message{
		MessageHeader: MessageHeader{
			From:             Agency{OrganId: "000.00.13.H99", OrganName: "Sở Ví dụ"},
			To:               []Agency{{OrganId: "000.00.05.H99"}},
			DocumentId:       "000.00.13.H99,2026-11-20,08/CTr/TU",
			Code:             Code{"08", "CTr/TU"},
			PromulgationInfo: PromulgationInfo{"Tỉnh Mẫu", "2026/11/20"},
			DocumentType:     DocumentType{"18", "0", ""},
			Subject:          "Chương trình hành động",
			OtherInfo:        OtherInfo{Priority: "0"},
			SteeringType:     "0",
		},
		TraceHeaderList: TraceHeaderList{
			TraceHeader: []TraceHeader{{"000.00.13.H99", "2026/11/20 07:05:09"}},
			Bussiness:   Bussiness{BussinessDocType: DocNew},
		},
		Attachments: []Attachment{attachment("b7", "08-CTr-TU.pdf", "Toàn văn", "%PDF-1.4\n%%EOF\n")},
	}
	sameMessage(t, want, env.Message)
	if got := env.Message.MessageHeader.DocumentType.Name(); got != "Công văn" {
		t.Errorf("type %q", got)
	}
	unknown := []Element{
		{"edXML/edXMLEnvelope/edXMLHeader/MessageHeader/OtherInfo/Direction", "false"},
		{"edXML/edXMLEnvelope/edXMLHeader/TraceHeaderList/TraceHeader/StaffInfo/Staff", "Trần Thị Mẫu"},
	}
	if diff := cmp.Diff(unknown, env.Unknown); diff != "" {
		t.Error(diff)
	}
	if env.Signed {
		t.Error("an empty DigitalSignature counts as a signature")
	}
}

func TestReadOddities(t *testing.T) {
	env := foreign(t, "sdk-odd")
	m := env.Message
	if m.MessageHeader.Subject != "Về việc A & B" || len(m.MessageHeader.To) != 2 ||
		m.MessageHeader.PromulgationInfo.PromulgationDate != "2026/03/05" {
		t.Errorf("header %+v", m.MessageHeader)
	}
	if len(m.TraceHeaderList.TraceHeader) != 2 || m.TraceHeaderList.Bussiness.DocumentId != "H98.01,2026/11/01,1/MAU" {
		t.Errorf("trace %+v", m.TraceHeaderList)
	}
	if !env.Signed || !hasNote(env, NoteStrayText, "") || !hasNote(env, NoteNoContent, "edXMLManifest/Reference") {
		t.Errorf("signed %v, notes %v", env.Signed, env.Notes)
	}
	got := contents(t, m)
	if len(got) != 2 || got[0] != "%PDF-1.4\n%%EOF\n" || got[1][:4] != "PK\x03\x04" {
		t.Fatalf("files %q", got)
	}
	// A Word file is a ZIP itself and stays one.
	if a := m.Attachments[1]; a.AttachmentName != "bang.docx" || a.ContentId != "2" || a.SHA256 != sha([]byte(got[1])) {
		t.Errorf("%+v", a)
	}
}

func TestReadForeignStatus(t *testing.T) {
	env := foreign(t, "status-qcvn")
	want := &Status{
		From: Agency{OrganId: "H99.05"}, ResponseFor: ResponseFor{"H99.14", "145/SVD-VP", originalID, "2026/11/20"},
		StatusCode: StatusAccepted, Description: "Đã tiếp nhận", Timestamp: "2026/11/20 10:42:07",
	}
	if diff := cmp.Diff(want, env.Status); diff != "" {
		t.Error(diff)
	}
}

func TestUnknownStatusCodeIsKept(t *testing.T) {
	s := statusOf("14", "")
	if got := read(t, write(t, s, SDK())).Status; got.StatusCode != "14" || got.StatusCode.Known() {
		t.Errorf("%+v", got)
	}
}

func TestTargets(t *testing.T) {
	for name, c := range map[string]struct {
		m    *Message
		want [][]string
	}{
		"new":     {newMessage(), nil},
		"recall":  {recall(), [][]string{{originalID}, {originalID}, {"H99.14,2026/11/21,151/SVD-VP"}}},
		"update":  {updateOf(), [][]string{{originalID}, {"H99.14,2026/11/21,152/SVD-VP"}}},
		"replace": {replace(), [][]string{{originalID, "H99.14,2026/10/02,99/SVD-VP"}, {"H99.14,2026/11/21,153/SVD-VP"}}},
	} {
		if diff := cmp.Diff(c.want, c.m.Targets()); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
	other := recall()
	other.TraceHeaderList.Bussiness.DocumentId = ""
	other.MessageHeader.ResponseFor[0].OrganId = "H98.01"
	if got := other.Targets(); len(got) != 1 {
		t.Errorf("a ResponseFor of another sender became a target: %v", got)
	}
}

func TestDatesAndTimes(t *testing.T) {
	for in, want := range map[string]Date{
		"2026/11/05": "2026/11/05", "2026-11-5": "2026/11/05", "05/11/2026": "2026/11/05",
		"2026/11/05 23:59:00": "2026/11/05", "2026-11-05T20:00:00Z": "2026/11/06",
		"2026-11-05T20:00:00": "2026/11/05", "hôm qua": "hôm qua", "": "",
	} {
		if got := ParseDate(in); got != want {
			t.Errorf("ParseDate(%q) = %q, want %q", in, got, want)
		}
	}
	at := time.Date(2026, 11, 20, 17, 30, 1, 0, time.UTC)
	if got := TimestampOf(at); got != "2026/11/21 00:30:01" {
		t.Errorf("TimestampOf = %q", got)
	}
	back, ok := TimestampOf(at).Time()
	if !ok || !back.Equal(at) {
		t.Errorf("back %v %v", back, ok)
	}
	if DateOf(at) != "2026/11/21" {
		t.Errorf("DateOf = %q", DateOf(at))
	}
	if _, ok := ParseTimestamp("sáng nay").Time(); ok {
		t.Error("words read as a time")
	}
}

func TestDocumentID(t *testing.T) {
	id := DocumentID("H99.14", "2026/11/20", Code{"145", "SVD-VP"})
	if id != originalID {
		t.Fatal(id)
	}
	organ, day, code, ok := ParseDocumentID("H99.14,2026-11-20,145/SVD-VP")
	if organ != "H99.14" || day != "2026/11/20" || code != "145/SVD-VP" || !ok {
		t.Error(organ, day, code, ok)
	}
	if _, _, _, ok := ParseDocumentID("5c1f9a34-1111-4222-8333-944455566677"); ok {
		t.Error("a UUID parsed")
	}
}

func TestHashForms(t *testing.T) {
	d := sha([]byte("abc"))
	if got := d.Unpadded(); got != "ba7816bf8f1cfea414140de5dae2223b0361a396177a9cb410ff61f2015ad" {
		t.Error(got)
	}
	if got := d.String(); got != "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" {
		t.Error(got)
	}
}

func TestCheckNamesTheField(t *testing.T) {
	long := func(n int) string { return string(slices.Repeat([]rune("ữ"), n)) }
	for name, c := range map[string]struct {
		change func(*Message)
		want   FieldError
	}{
		"subject":      {func(m *Message) { m.MessageHeader.Subject = "" }, FieldError{"MessageHeader/Subject", RuleRequired, 0}},
		"long":         {func(m *Message) { m.MessageHeader.Subject = long(501) }, FieldError{"MessageHeader/Subject", RuleLength, 500}},
		"no recipient": {func(m *Message) { m.MessageHeader.To = nil }, FieldError{"MessageHeader/To", RuleRequired, 0}},
		"recipient": {
			func(m *Message) { m.MessageHeader.To[1].OrganId = "H99 05" },
			FieldError{"MessageHeader/To[2]/OrganId", RuleFormat, 0},
		},
		"twice": {
			func(m *Message) { m.MessageHeader.To[1].OrganId = "h99.05" },
			FieldError{"MessageHeader/To[2]/OrganId", RuleDuplicate, 0},
		},
		"type": {func(m *Message) { m.MessageHeader.DocumentType.Type = "18" }, FieldError{"MessageHeader/DocumentType/Type", RuleRange, 2}},
		"date": {func(m *Message) { m.MessageHeader.DueDate = "30/11/2026" }, FieldError{"MessageHeader/DueDate", RuleFormat, 0}},
		"future": {
			func(m *Message) { m.MessageHeader.PromulgationInfo.PromulgationDate = "2026/11/21" },
			FieldError{"MessageHeader/PromulgationInfo/PromulgationDate", RuleFuture, 0},
		},
		"control": {func(m *Message) { m.MessageHeader.Subject = "a\x00b" }, FieldError{"MessageHeader/Subject", RuleCharacters, 0}},
		"no target": {
			func(m *Message) { m.TraceHeaderList.Bussiness.BussinessDocType = DocRecall },
			FieldError{"TraceHeaderList/Bussiness/DocumentId", RuleRequired, 0},
		},
		"content id": {
			func(m *Message) { m.Attachments[1].ContentId = m.Attachments[0].ContentId },
			FieldError{"Attachments[2]/ContentId", RuleDuplicate, 0},
		},
	} {
		m := newMessage()
		c.change(m)
		err := Write(failWriter{}, m, SDK())
		if diff := cmp.Diff(error(FieldErrors{&c.want}), err); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

// failWriter shows that nothing is written before the check.
type failWriter struct{}

func (failWriter) Write([]byte) (int, error) { panic("written") }

func TestRelayAddsItsTrace(t *testing.T) {
	raw := write(t, newMessage(), SDK())
	env := read(t, raw)
	relayed := relay(t, raw, env.TraceEnd)
	again := read(t, relayed)
	want := []TraceHeader{{"H99.14", "2026/11/20 10:15:30"}, {"H99.00", "2026/11/20 10:16:00"}}
	if diff := cmp.Diff(want, again.Message.TraceHeaderList.TraceHeader); diff != "" {
		t.Error(diff)
	}
	if env.Message.Fingerprint() != again.Message.Fingerprint() {
		t.Error("a relayed message has another fingerprint")
	}
}

func TestFingerprint(t *testing.T) {
	of := func(m *Message) string { return read(t, write(t, m, SDK())).Message.Fingerprint() }
	base := of(newMessage())
	dot := read(t, write(t, newMessage(), DotNet())).Message
	for i := range dot.Attachments {
		dot.Attachments[i].ContentId += "x"
	}
	dot.TraceHeaderList.TraceHeader[0].Timestamp = "2026/11/20 11:00:00"
	dot.MessageHeader.Subject += " "
	dot.MessageHeader.From.Fax = "N/A"
	dot.MessageHeader.From.OrganId = "h99.14"
	dot.MessageHeader.From.OrganName = norm.NFD.String(dot.MessageHeader.From.OrganName)
	dot.MessageHeader.To = dot.MessageHeader.To[:1]
	if dot.Fingerprint() != base {
		t.Error("layout, times, content ids, recipients or normal forms count")
	}
	for name, change := range map[string]func(*Message){
		"subject": func(m *Message) { m.MessageHeader.Subject += "." },
		"file": func(m *Message) {
			m.Attachments[0] = attachment("6f1c2a52-0d0e-4f0c-9a41-0a4f5c8f1d01", "145-SVD-VP.signed.pdf", "", emptyPDF+"\n")
		},
		"shifted": func(m *Message) {
			m.MessageHeader.SignerInfo.Position, m.MessageHeader.SignerInfo.FullName = m.MessageHeader.SignerInfo.FullName, m.MessageHeader.SignerInfo.Position
		},
	} {
		m := newMessage()
		change(m)
		if of(m) == base {
			t.Errorf("%s does not count", name)
		}
	}
	a, b := recall(), recall()
	b.TraceHeaderList.Bussiness.DocumentId = "H99.14,2026/10/02,99/SVD-VP"
	if of(a) == of(b) {
		t.Error("the target of a recall does not count")
	}
}
