package edxmlcli

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"

	"congvan/internal/axis/edxml"
)

const testdata = "../axis/edxml/testdata"

// Every message that the codec knows is shown in words and in JSON that conforms.
func TestInspectEveryMessage(t *testing.T) {
	s := compiled(t, "edxml-inspect.schema.json")
	want := map[string]string{
		"new": KindNew, "recall": KindRecall, "update": KindUpdate, "replace": KindReplace,
		"sdk-odd": KindUpdate, "dotnet": KindNew, "other-zip": KindNew,
	}
	for _, pattern := range []string{"*.edxml", "foreign/*.edxml"} {
		files, err := filepath.Glob(filepath.Join(testdata, pattern))
		if err != nil || len(files) == 0 {
			t.Fatal(pattern, err)
		}
		for _, name := range files {
			raw, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			r := inspect(t, raw)
			base := strings.TrimSuffix(filepath.Base(name), ".edxml")
			kind := want[base]
			if strings.HasPrefix(base, "status") {
				kind = KindStatus
			}
			if r.Kind != kind || !r.Readable {
				t.Errorf("%s: kind %q, want %q", base, r.Kind, kind)
			}
			var asJSON, text bytes.Buffer
			if err := errors.Join(WriteJSON(&asJSON, r), WriteText(&text, r)); err != nil {
				t.Fatal(err)
			}
			if err := conforms(t, s, asJSON.Bytes()); err != nil {
				t.Errorf("%s: %v\n%s", base, err, asJSON.String())
			}
			if !strings.Contains(text.String(), kinds[kind].VI) || !strings.Contains(text.String(), r.SHA256) {
				t.Errorf("%s: %s", base, text.String())
			}
		}
	}
}

func inspect(t testing.TB, raw []byte) *Report {
	t.Helper()
	r, err := Inspect(context.Background(), "x.edxml", bytes.NewReader(raw), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestInspectSaysWhyNot(t *testing.T) {
	r := inspect(t, []byte(`<!DOCTYPE x><edXML/>`))
	if r.Readable || r.Error == nil || r.Error.Code != "forbidden" {
		t.Fatalf("%+v", r)
	}
	var asJSON bytes.Buffer
	if err := WriteJSON(&asJSON, r); err != nil {
		t.Fatal(err)
	}
	if err := conforms(t, compiled(t, "edxml-inspect.schema.json"), asJSON.Bytes()); err != nil {
		t.Error(err)
	}
	if got := r.Sentence(); !strings.Contains(got, "DOCTYPE") || !strings.Contains(got, "bị cấm") || strings.Contains(got, "\n") {
		t.Errorf("%q", got)
	}
}

// Every code has its words in both languages.
func TestWords(t *testing.T) {
	complete := func(code string, w Words) {
		if w.VI == "" || w.EN == "" {
			t.Errorf("no words for %s", code)
		}
	}
	for _, c := range edxml.ErrorCodes() {
		complete(string(c), refusals[c])
	}
	for _, c := range edxml.NoteCodes() {
		complete(string(c), notes[c])
	}
	for _, c := range []edxml.StatusCode{"01", "02", "03", "04", "05", "06", "13", "15", "16"} {
		complete(string(c), statuses[c])
	}
	for _, c := range []edxml.Rule{
		edxml.RuleRequired, edxml.RuleLength, edxml.RuleFormat, edxml.RuleRange, edxml.RuleCharacters, edxml.RuleDuplicate, edxml.RuleFuture,
	} {
		complete(string(c), rules[c])
	}
}

func TestPrintable(t *testing.T) {
	if got := printable("a\u202efdp.exe\u009b2J\u200bđ\n"); got != `a\u{202E}fdp.exe\u{9B}2J\u{200B}đ ` {
		t.Errorf("%q", got)
	}
}

func TestSize(t *testing.T) {
	for n, want := range map[int64]string{0: "0 byte", 1023: "1.023 byte", 1536: "1,5 KB (1.536 byte)", 209715200: "200,0 MB (209.715.200 byte)"} {
		if got := size(n); got != want {
			t.Errorf("%d: %q", n, got)
		}
	}
}

func TestSafeName(t *testing.T) {
	for raw, want := range map[string]string{
		"145-SVD-VP.signed.pdf": "145-SVD-VP.signed.pdf", "Phụ lục 01.xlsx": "Phụ lục 01.xlsx",
		"Phụ lục.pdf":      "Phụ lục.pdf", // normal form D
		"../../etc/passwd": "passwd", `..\..\Windows\system.ini`: "system.ini", "/etc/shadow": "shadow", "C:evil.exe": "C_evil.exe",
		`\\server\share\x.pdf`: "x.pdf", "..": "", ".": "", "": "", "...": "", "/": "", "a/": "", ".bashrc": "bashrc",
		"CON": "_CON", "nul.pdf": "_nul.pdf", "com1": "_com1", "COM¹.txt": "_COM¹.txt", "LPT9.tar.gz": "_LPT9.tar.gz", "console.pdf": "console.pdf",
		"aux .pdf": "_aux .pdf", "invoice\u202efdp.exe": "invoicefdp.exe", "a\u200b\ufeffb.pdf": "ab.pdf", "a\x00b.pdf": "ab.pdf",
		"a\nb\tc.pdf": "a b c.pdf", "x.pdf . ": "x.pdf", "-rf.pdf": "_-rf.pdf", `a<b>c:"d|e?f*.pdf`: "a_b_c__d_e_f_.pdf",
		"a\xff.pdf": "a_.pdf", "ﾃ／b.pdf": "ﾃ_b.pdf", "%2e%2e%2fx.pdf": "%2e%2e%2fx.pdf", "a\u2028b": "a b",
	} {
		if got := SafeName(raw); got != want {
			t.Errorf("SafeName(%q) = %q, want %q", raw, got, want)
		}
	}
	long := SafeName(strings.Repeat("ữ", 300) + ".pdf")
	if len(long) > maxName || !strings.HasSuffix(long, "ữ.pdf") {
		t.Errorf("%d bytes: %q", len(long), long)
	}
}

// FuzzSafeName: whatever the word, the name stays within its folder and shows its end.
func FuzzSafeName(f *testing.F) {
	for _, s := range []string{"a.pdf", "../x", "CON", "\u202e", "a\x00", strings.Repeat("đ", 300), ". .", "-"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		s := SafeName(raw)
		if s == "" {
			return
		}
		bad := strings.ContainsAny(s, `/\:`) || len(s) > maxName+1 || s[0] == '.' || s[0] == '-' || s == ".." || isDevice(s) ||
			strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) })
		if bad || !filepath.IsLocal(s) || filepath.Base(s) != s || SafeName(s) != s {
			t.Errorf("%q becomes %q, that %q", raw, s, SafeName(s))
		}
	})
}

// hostile is a message with these attachment names.
func hostile(names ...string) []byte {
	var b strings.Builder
	b.WriteString(`<edXML><edXMLEnvelope><edXMLHeader><MessageHeader><Subject>x</Subject></MessageHeader></edXMLHeader></edXMLEnvelope><AttachmentEncoded>`)
	for i, n := range names {
		b.WriteString("<Attachment><AttachmentName>" + n + "</AttachmentName><ContentTransferEncoded>" +
			base64.StdEncoding.EncodeToString([]byte{byte('0' + i)}) + "</ContentTransferEncoded></Attachment>")
	}
	return []byte(b.String() + "</AttachmentEncoded></edXML>")
}

func TestExtract(t *testing.T) {
	base := t.TempDir()
	dir := filepath.Join(base, "new", "out")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	write := func(path, content string) {
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(filepath.Join(dir, "a.txt"), "here first")
	write(filepath.Join(base, "outside"), "untouched")
	if err := os.Symlink(filepath.Join(base, "outside"), filepath.Join(dir, "link.txt")); err != nil {
		t.Fatal(err)
	}
	raw := hostile("a.txt", "A.TXT", "../../outside", "link.txt", "", "NUL", "a&#x202E;fdp.txt", "a.txt")
	r, err := Extract(context.Background(), "x", bytes.NewReader(raw), dir)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for i, a := range r.Attachments {
		b, err := os.ReadFile(filepath.Join(dir, a.SafeName))
		if err != nil || string(b) != string(rune('0'+i)) {
			t.Errorf("%s holds %q: %v", a.SafeName, b, err)
		}
		got = append(got, a.SafeName)
	}
	want := []string{"a (2).txt", "A (2).TXT", "outside", "link (2).txt", "tep-5", "_NUL", "afdp.txt", "a (3).txt"}
	if !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	for path, want := range map[string]string{filepath.Join(dir, "a.txt"): "here first", filepath.Join(base, "outside"): "untouched"} {
		if b, _ := os.ReadFile(path); string(b) != want {
			t.Errorf("%s holds %q", path, b)
		}
	}
	var text bytes.Buffer
	if err := WriteExtracted(&text, dir, r); err != nil || !strings.Contains(text.String(), "../../outside") || !strings.Contains(text.String(), `\u{202E}`) {
		t.Errorf("%v\n%s", err, text.String())
	}
	// A refused message leaves no folder, a status has nothing to take out.
	none := filepath.Join(base, "none")
	if r, err := Extract(context.Background(), "x", strings.NewReader("<html/>"), none); err != nil || r.Error == nil {
		t.Errorf("%+v %v", r, err)
	}
	if _, err := os.Stat(none); !os.IsNotExist(err) {
		t.Error("a folder was made for a refused message")
	}
	status, err := os.ReadFile(testdata + "/status-03.edxml")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Extract(context.Background(), "x", bytes.NewReader(status), none); !errors.Is(err, ErrNoDocument) {
		t.Errorf("status: %v", err)
	}
}

var now = time.Date(2026, 11, 20, 3, 15, 30, 0, time.UTC)

func build(t testing.TB, description, dir string, d edxml.Dialect) ([]byte, error) {
	t.Helper()
	parsed, err := ParseDescription(strings.NewReader(description))
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	err = Build(context.Background(), &b, parsed, dir, d, now)
	return b.Bytes(), err
}

const described = `{"message": {"MessageHeader": {
	"From": {"OrganId": "H99.14", "OrganName": "Sở Ví dụ"}, "To": [{"OrganId": "H99.05"}],
	"Code": {"CodeNumber": "145", "CodeNotation": "SVD-VP"}, "PromulgationInfo": {"PromulgationDate": "2026/11/20"},
	"DocumentType": {"TypeName": "Công văn"}, "Subject": "V/v thử", "OtherInfo": {"Priority": 1}}},
	"files": [{"path": "a.pdf", "description": "Toàn văn"}, {"path": "sub/b.txt", "name": "Phụ lục.txt"}]}`

func TestBuild(t *testing.T) {
	dir := t.TempDir()
	for name, content := range map[string]string{"a.pdf": "%PDF-1.7", "sub/b.txt": "hai"} {
		if err := errors.Join(os.MkdirAll(filepath.Join(dir, filepath.Dir(name)), 0o700), os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	if err := conforms(t, compiled(t, "edxml-build.schema.json"), []byte(described)); err != nil {
		t.Error(err)
	}
	for _, d := range []edxml.Dialect{edxml.SDK(), edxml.DotNet()} {
		raw, err := build(t, described, dir, d)
		if err != nil {
			t.Fatal(err)
		}
		r := inspect(t, raw)
		if r.Kind != KindNew || r.Message.MessageHeader.DocumentId != "H99.14,2026/11/20,145/SVD-VP" || len(r.Notes) > 0 ||
			r.Message.MessageHeader.DocumentType.TypeDetail != "18" || r.Message.TraceHeaderList.TraceHeader[0].Timestamp != "2026/11/20 10:15:30" {
			t.Errorf("%s: %+v", d.Name, r)
		}
		if a := r.Attachments; len(a) != 2 || a[0].Name != "a.pdf" || a[0].Size != 8 || a[1].Name != "Phụ lục.txt" || !a[1].Zipped {
			t.Errorf("%s: %+v", d.Name, a)
		}
		// What inspect says can be built again.
		again, err := json.Marshal(Description{Message: r.Message})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := build(t, string(again), dir, d); err != nil {
			t.Errorf("built again: %v", err)
		}
	}
	status := `{"status": {"From": {"OrganId": "H99.05"}, "ResponseFor": {"OrganId": "H99.14", "DocumentId": "D"}, "StatusCode": "03"}}`
	raw, err := build(t, status, dir, edxml.SDK())
	if err != nil {
		t.Fatal(err)
	}
	if r := inspect(t, raw); r.Kind != KindStatus || r.Status.Timestamp != "2026/11/20 10:15:30" {
		t.Errorf("%+v", r)
	}
}

// What keeps a description from becoming a message is named, all of it at once.
func TestBuildNamesTheField(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(filepath.Dir(dir), "outside.pdf"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		description string
		want        []string
	}{
		"not JSON":      {"<edXML/>", []string{"description:"}},
		"two":           {described + "{}", []string{"description:"}},
		"neither":       {"{}", []string{"message, status:"}},
		"unknown":       {`{"message": {"MessageHeadre": {}}}`, []string{`unknown field "MessageHeadre"`}},
		"wrong kind":    {`{"message": {"MessageHeader": {"Subject": 5}}}`, []string{"Subject:"}},
		"not a number":  {`{"message": {"MessageHeader": {"SteeringType": 1.5}}}`, []string{"1.5"}},
		"status files":  {`{"status": {}, "files": [{"path": "x"}]}`, []string{"files:"}},
		"status fields": {`{"status": {"From": {"OrganId": "H99 05"}}}`, []string{"status/From/OrganId: sai dạng, ví dụ H99.14", "status/StatusCode: phải có", "status/ResponseFor/DocumentId: phải có"}},
		"no file":       {strings.Replace(described, "a.pdf", "khong-co.pdf", 1), []string{"files[1]/path:", "files[2]/path:"}},
		"outside":       {strings.Replace(described, "a.pdf", "../outside.pdf", 1), []string{"files[1]/path:"}},
		"absolute":      {strings.Replace(described, "a.pdf", filepath.Join(filepath.Dir(dir), "outside.pdf"), 1), []string{"files[1]/path:"}},
		"a folder":      {strings.Replace(described, "a.pdf", ".", 1), []string{"files[1]/path: không phải tệp"}},
		"fields": {
			strings.NewReplacer(`"V/v thử"`, `"`+strings.Repeat("ữ", 501)+`"`, `"Priority": 1`, `"Priority": 9`, "H99.05", "").Replace(described[:strings.Index(described, `,
	"files"`)]) + "}",
			[]string{"message/MessageHeader/Subject: dài quá (nhiều nhất 500 ký tự)", "message/MessageHeader/OtherInfo/Priority: ngoài phạm vi", "message/MessageHeader/To[1]/OrganId: phải có"},
		},
	} {
		raw, err := build(t, c.description, dir, edxml.SDK())
		var bad Problems
		if !errors.As(err, &bad) || len(raw) > 0 {
			t.Errorf("%s: %v, %d bytes", name, err, len(raw))
			continue
		}
		for _, want := range c.want {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%s: no %q in\n%s", name, want, err)
			}
		}
	}
}

func FuzzParseDescription(f *testing.F) {
	f.Add(described)
	f.Add(`{"status": {}}`)
	f.Fuzz(func(t *testing.T, s string) {
		d, err := ParseDescription(strings.NewReader(s))
		if err != nil {
			if bad := Problems(nil); !errors.As(err, &bad) || len(bad) == 0 {
				t.Fatal(err)
			}
			return
		}
		d.Files = nil
		_ = Build(context.Background(), io.Discard, d, ".", edxml.SDK(), now)
	})
}
