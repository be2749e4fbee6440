package pdf_test

import (
	"bytes"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"congvan/signing/pdf"
	"congvan/signing/pdf/pdftest"
)

func openBytes(t testing.TB, data []byte) *pdf.File {
	t.Helper()
	f, err := pdf.Open(t.Context(), bytes.NewReader(data), int64(len(data)), pdf.DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// onePage is a file of one page, its last section of the given kind.
func onePage(kind pdf.XrefKind, trailer string) []byte {
	b := pdftest.New()
	b.Obj(1, "<< /Type /Catalog /Pages 2 0 R >>")
	b.Obj(2, "<< /Type /Pages /Kids [3 0 R] /Count 1 >>")
	page, extra := "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] >>", "<< /Note (packed) >>"
	if kind == pdf.XrefTable {
		b.Obj(3, page)
		b.Obj(4, extra)
		b.Table(trailer)
		return b.Bytes()
	}
	b.Obj(3, page)
	b.ObjStm(5, map[int]string{4: extra})
	if kind == pdf.XrefHybrid {
		b.Hybrid(6, trailer)
	} else {
		b.XrefStream(6, trailer)
	}
	return b.Bytes()
}

const testID = "/ID [<00112233445566778899AABBCCDDEEFF> <00112233445566778899AABBCCDDEEFF>]"

// update changes one object and adds two.
func update(t testing.TB, data []byte) (tail []byte, dict, stream pdf.Ref) {
	t.Helper()
	u := pdf.NewUpdate(openBytes(t, data))
	dict = u.Add(pdf.Dict{"Type": pdf.Name("Test"), "Name": pdf.TextString("Nguyễn (Văn) A\\")})
	stream = u.AddStream(pdf.Dict{"K": int64(1)}, []byte(strings.Repeat("ngày tháng ", 50)), true)
	u.Set(pdf.Ref{Num: 4}, pdf.Dict{"Note": pdf.String("changed")})
	tail, err := u.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	return tail, dict, stream
}

func TestUpdateKeepsTheKindOfTheFile(t *testing.T) {
	for kind, written := range map[pdf.XrefKind]pdf.XrefKind{
		pdf.XrefTable: pdf.XrefTable, pdf.XrefStream: pdf.XrefStream, pdf.XrefHybrid: pdf.XrefTable,
	} {
		t.Run(string(kind), func(t *testing.T) {
			base := onePage(kind, testID)
			tail, dict, stream := update(t, base)
			again, _, _ := update(t, base)
			if !bytes.Equal(tail, again) {
				t.Error("equal updates differ")
			}
			data := append(bytes.Clone(base), tail...)
			f := openBytes(t, data)
			if n := len(f.Revisions()); n != 2 {
				t.Fatalf("%d revisions", n)
			}
			if got := f.XrefKind(); got != written {
				t.Errorf("the update is a %s", got)
			}
			if self, ok := f.Entry(f.MaxObject()); kind == pdf.XrefStream && (!ok || self.Offset != f.StartXref()) {
				t.Errorf("the cross-reference stream lists itself at %d, not %d", self.Offset, f.StartXref())
			}
			note, _ := f.Dict(pdf.Ref{Num: 4})
			if got := note["Note"]; !reflect.DeepEqual(got, pdf.String("changed")) {
				t.Errorf("changed object: %v", got)
			}
			d, _ := f.Dict(dict)
			if got := d["Name"].(pdf.String).Text(); got != "Nguyễn (Văn) A\\" {
				t.Errorf("text string: %q", got)
			}
			o, _ := f.Get(stream)
			s, ok := o.(*pdf.Stream)
			if !ok {
				t.Fatalf("stream: %v", o)
			}
			if content, err := f.Decode(s, 1<<20); err != nil || !strings.HasPrefix(string(content), "ngày tháng ngày") {
				t.Errorf("stream: %q, %v", content, err)
			}
			old, _ := openBytes(t, base).Trailer()["ID"].(pdf.Array)
			id, _ := f.Trailer()["ID"].(pdf.Array)
			if len(id) != 2 || !reflect.DeepEqual(id[0], old[0]) || reflect.DeepEqual(id[1], old[1]) {
				t.Errorf("ID %x after %x", id, old)
			}
			path := filepath.Join(t.TempDir(), "out.pdf")
			if err := os.WriteFile(path, data, 0o600); err != nil {
				t.Fatal(err)
			}
			if out, err := exec.Command("qpdf", "--check", path).CombinedOutput(); err != nil {
				t.Errorf("qpdf: %v: %s", err, out)
			}
		})
	}
}

func TestUpdateOfAFileWithoutFinalNewlineOrID(t *testing.T) {
	base := bytes.TrimRight(onePage(pdf.XrefTable, ""), "\n")
	tail, _, _ := update(t, base)
	if tail[0] != '\n' {
		t.Errorf("the update begins with %q right behind %%%%EOF", tail[:4])
	}
	f := openBytes(t, append(bytes.Clone(base), tail...))
	if f.Trailer()["ID"] != nil {
		t.Error("an /ID came from nowhere")
	}
}

// Offsets of a file with bytes before its header count from the header.
func TestUpdateBehindLeadingBytes(t *testing.T) {
	base := append([]byte("mail header\r\n\r\n"), onePage(pdf.XrefTable, "")...)
	tail, dict, _ := update(t, base)
	d, err := openBytes(t, append(bytes.Clone(base), tail...)).Dict(dict)
	if err != nil || d["Type"] != pdf.Name("Test") {
		t.Errorf("%v, %v", d, err)
	}
}

func TestPlaceholderTellsItsOffset(t *testing.T) {
	base := onePage(pdf.XrefStream, "")
	u := pdf.NewUpdate(openBytes(t, base))
	hole := &pdf.Placeholder{Text: []byte("<000000>")}
	u.Add(pdf.Dict{"Type": pdf.Name("Sig"), "Contents": hole, "A": pdf.Array{int64(1), pdf.Dict{"B": true}}})
	tail, err := u.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	data := append(bytes.Clone(base), tail...)
	if got := string(data[hole.Offset:][:len(hole.Text)]); got != "<000000>" {
		t.Errorf("at the offset stands %q", got)
	}
}

// What is written reads back as it was, whatever bytes it holds.
func TestObjectsReadBack(t *testing.T) {
	every := make(pdf.String, 256)
	for i := range every {
		every[i] = byte(i)
	}
	object := pdf.Dict{
		"Int": int64(-42), "Real": 0.00001, "Big": 1234567890.5, "True": true, "False": false,
		"Name": pdf.Name("A#b /(c)\xE1\xBB\x87 d"), "Empty": pdf.String(""), "Bytes": every,
		"Brackets": pdf.String(`((\)a\\`), "UTF16": pdf.String{0xFE, 0xFF, 0x28, 0x29, 0x5C, 0x28},
		"Array":   pdf.Array{int64(1), nil, pdf.Ref{Num: 3}, pdf.Array{}, pdf.Dict{}},
		"Odd Key": pdf.Name("X"),
	}
	base := onePage(pdf.XrefTable, "")
	u := pdf.NewUpdate(openBytes(t, base))
	ref := u.Add(object)
	tail, err := u.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	got, err := openBytes(t, append(bytes.Clone(base), tail...)).Get(ref)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(pdf.Object(object), got, cmpopts.EquateEmpty()); diff != "" {
		t.Error(diff)
	}
}

func TestUpdateRefusesWhatCannotBeWritten(t *testing.T) {
	base := onePage(pdf.XrefStream, "")
	f := openBytes(t, base)
	o, err := f.Get(pdf.Ref{Num: 5})
	if err != nil {
		t.Fatal(err)
	}
	for name, bad := range map[string]pdf.Object{
		"another file's stream": o, "nested stream": pdf.Array{pdf.Dict{"S": o}},
		"keyword": pdf.Keyword("obj"), "Go string": pdf.Dict{"T": "text"}, "not a number": math.NaN(),
	} {
		u := pdf.NewUpdate(f)
		u.Add(bad)
		if _, err := u.Bytes(); err == nil {
			t.Errorf("%s was written", name)
		}
	}
}
