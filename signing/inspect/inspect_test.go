package inspect

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"congvan/signing"
	"congvan/signing/pdf"
	"congvan/signing/pdf/pdftest"
	"congvan/signing/signingtest"
)

func inspect(t testing.TB, data []byte) *signing.Inspection {
	t.Helper()
	f, err := pdf.Open(t.Context(), bytes.NewReader(data), int64(len(data)), pdf.DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	in, err := Look(t.Context(), f)
	if err != nil {
		t.Fatal(err)
	}
	return in
}

func codesOf(in *signing.Inspection) []string {
	var out []string
	for _, f := range in.Findings {
		out = append(out, f.Code)
	}
	return out
}

// page writes a file of one page; root and page are put into those dictionaries, more
// holds objects from number 5 on.
func page(root, page string, more ...string) *pdftest.Builder {
	b := pdftest.New()
	b.Obj(1, "<< /Type /Catalog /Pages 2 0 R "+root+" >>")
	b.Obj(2, "<< /Type /Pages /Count 1 /Kids [3 0 R] >>")
	if !strings.Contains(page, "/Contents") {
		page += " /Contents 4 0 R"
		b.Stream(4, "", "")
	}
	b.Obj(3, "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] "+page+" >>")
	for i, o := range more {
		b.Obj(5+i, o)
	}
	return b
}

// shown is a file with page content, a font F and an image I.
func shown(content string) *pdftest.Builder {
	b := page("", "/Contents 4 0 R /Resources << /Font << /F << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> >> /XObject << /I 5 0 R >> >>")
	dict := ""
	if strings.HasPrefix(content, "/Filter") {
		dict = content
	}
	b.Stream(4, dict, content)
	b.Stream(5, "/Subtype /Image /Width 1 /Height 1 /ColorSpace /DeviceGray /BitsPerComponent 8", "x")
	return b
}

// marked is a file whose text a white annotation of a kind covers.
func marked(kind string) *pdftest.Builder {
	fields := ""
	if strings.Contains(kind, "Widget") {
		fields = "/AcroForm << /Fields [6 0 R] >>"
	}
	b := page(fields, "/Contents 4 0 R /Annots [6 0 R] /Resources << /Font << /F << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> >> >>")
	b.Stream(4, "", "BT /F 12 Tf 50 700 Td (So tien) Tj ET")
	b.Obj(6, "<< /Type /Annot /Rect [40 690 240 720] /AP << /N 7 0 R >> "+kind+" >>")
	b.Stream(7, "/Subtype /Form /BBox [0 0 1 1]", "1 g 0 0 1 1 re f")
	return b
}

// A body that its number's cross-reference does not lead to waits for a later update
// to bring it back: refused where it doubles an object, told where it is one alone.
func TestStrayBodies(t *testing.T) {
	build := func(stray string) *signing.Inspection {
		b := page("/Extra 5 0 R", "", "(one)")
		b.Raw(stray)
		b.Obj(6, "(unused)")
		b.Table("")
		return inspect(t, b.Bytes())
	}
	for name, c := range map[string]struct{ stray, want string }{
		"none":          {"", "unused_object"}, // object 6
		"doubles":       {"5 0 obj\n(two)\nendobj\n", "duplicate_object unused_object"},
		"other spaces":  {"5\r0\x00 obj(two)endobj\n", "duplicate_object unused_object"},
		"unlisted":      {"9 0 obj\n(two)\nendobj\n", "unused_object"},
		"with a stream": {"5 0 obj\n<< /Length 3 >>\nstream\nabc\nendstream\nendobj\n", "duplicate_object unused_object"},
		"named for a part of the file's structure": {"5 0 obj\n<< /Linearized 1 /K (two) >>\nendobj\n", "duplicate_object unused_object"},
		"a stream named so":                        {"5 0 obj\n<< /S 1 /Length 3 >>\nstream\nabc\nendstream\nendobj\n", "duplicate_object unused_object"},
		"words, no body":                           {"%% see 5 0 objects\n", "unused_object"},
		"far into a gap":                           {"%" + strings.Repeat("x", 200_000) + "\n5 0 obj\n(two)\nendobj\n", "duplicate_object unused_object"},
	} {
		if got := strings.Join(codesOf(build(c.stray)), " "); got != c.want {
			t.Errorf("%s: findings %q, want %q", name, got, c.want)
		}
	}
	quiet := page("/Extra 5 0 R", "")
	quiet.Stream(5, "", "5 0 obj (data is no object) endobj")
	quiet.Raw("9 0 obj\n<< /Type /XRef /Length 0 >>\nstream\n\nendstream\nendobj\n")
	quiet.Table("")
	if got := codesOf(inspect(t, quiet.Bytes())); len(got) != 0 {
		t.Errorf("the data of a stream, a cross-reference of its own number: %q", got)
	}
	twice := pdftest.New()
	objects := map[int]string{1: "<< /Type /Catalog /Pages 2 0 R /Extra 5 0 R >>", 2: "<< /Type /Pages /Count 1 /Kids [3 0 R] >>", 3: "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 9 9] >>", 5: "(one)"}
	twice.ObjStm(50, objects)
	twice.Obj(5, "(two)") // its entry now leads here; the stream holds another
	twice.XrefStream(51, "")
	if got := codesOf(inspect(t, twice.Bytes())); !slices.Equal(got, []string{"duplicate_object"}) {
		t.Errorf("in an object stream: %q", got)
	}
}

func TestFindings(t *testing.T) {
	covered := map[string]bool{}
	for _, tc := range []struct {
		name string
		file *pdftest.Builder
		want string // codes
	}{
		{"nothing", page("", ""), ""},
		{"destination on opening", page("/OpenAction [3 0 R /Fit]", ""), ""},
		{"the same by an action", page("/OpenAction << /S /GoTo /D [3 0 R /Fit] >>", ""), ""},
		{"link", page("", "/Annots [<< /Subtype /Link /A << /S /URI /URI (https://example.org) >> >>]"), ""},
		{"script on opening", page("/OpenAction 5 0 R", "", "<< /S /JavaScript /JS (1) >>"), "javascript open_action"},
		{"script by name", page("/Names << /JavaScript << /Names [(a) 5 0 R] >> >>", "", "<< /S /JavaScript /JS 6 0 R >>", "(1)"), "javascript"},
		{"script in a chain", page("", "/Annots [<< /Subtype /Link /A << /S /URI /URI (x) /Next [<< /S /JavaScript /JS (1) >>] >> >>]"), "javascript"},
		{"script on an event", page("", "/AA << /O << /S /JavaScript /JS (1) >> >>"), "javascript additional_actions"},
		{"structure element called JavaScript", page("/StructTreeRoot << /K << /S /JavaScript /P 1 0 R /K [] >> >>", ""), ""},
		{"launch", page("", "/Annots [<< /Subtype /Link /A << /S /Launch /F (a.exe) >> >>]"), "launch"},
		{"submit", page("", "/Annots [<< /Subtype /Link /A << /S /SubmitForm /F (http://example.org) >> >>]"), "submit_form"},
		{"import", page("", "/Annots [<< /Subtype /Link /A << /S /ImportData /F (a.fdf) >> >>]"), "import_data"},
		{"XFA", page("/AcroForm << /Fields [] /XFA 5 0 R >>", "", "<< /Length 0 >>\nstream\n\nendstream"), "xfa"},
		{"video", page("", "/Annots [<< /Subtype /RichMedia >>]"), "rich_media"},
		{"sound", page("", "/Annots [<< /Subtype /Sound /Sound 5 0 R >>]", "<< /R 1 /Length 0 >>\nstream\n\nendstream"), "rich_media"},
		{"scene", page("", "/Annots [<< /Subtype /3D >>]"), "rich_media"},
		{"stream elsewhere", page("", "/Resources << /XObject << /X 5 0 R >> >>", "<< /Subtype /Form /F (other.bin) /Length 0 >>\nstream\n\nendstream"), "external_content"},
		{"page of another file", page("", "/Resources << /XObject << /X 5 0 R >> >>", "<< /Subtype /Form /Ref << /F (b.pdf) /Page 0 >> /Length 0 >>\nstream\n\nendstream"), "external_content"},
		{"mark of a tagged page", page("/StructTreeRoot << /K << /S /P /Ref [5 0 R] >> >>", "", "<< /S /P >>"), ""},
		{"PostScript", page("", "/Resources << /XObject << /X 5 0 R >> >>", "<< /Subtype /PS /Length 0 >>\nstream\n\nendstream"), "postscript"},
		{"shown layer", page("/OCProperties << /OCGs [5 0 R] /D << /ON [5 0 R] >> >>", "/Resources << /Properties << /L 5 0 R >> >>", "<< /Type /OCG /Name (L) >>"), "optional_content"},
		{"hidden layer", page("/OCProperties << /OCGs [5 0 R] /D << /OFF [5 0 R] >> >>", "/Resources << /Properties << /L 5 0 R >> >>", "<< /Type /OCG /Name (L) >>"), "hidden_content"},
		{"layer hidden on viewing", page("/OCProperties << /OCGs [5 0 R] /D << /AS [<< /Event /View /OCGs [5 0 R] /Category [/View] >>] >> >>",
			"/Resources << /Properties << /L 5 0 R >> >>", "<< /Type /OCG /Name (L) /Usage << /View << /ViewState /OFF >> >> >>"), "hidden_content"},
		{"layer hidden by membership", page("/OCProperties << /OCGs [5 0 R] /D << /BaseState /OFF >> >>",
			"/Annots [<< /Subtype /Stamp /OC << /Type /OCMD /OCGs 5 0 R >> >>]", "<< /Type /OCG /Name (L) >>"), "hidden_content"},
		{"stamp of a layer that is shown", page("/OCProperties << /OCGs [5 0 R] /D << >> >>", "/Annots [<< /Subtype /Stamp /OC 5 0 R >>]", "<< /Type /OCG /Name (L) >>"), "optional_content"},
		{"attachment", page("/Names << /EmbeddedFiles << /Names [(a) 5 0 R] >> >>", "", "<< /Type /Filespec /F (a) /EF << /F 6 0 R >> >>", "<< /Length 0 >>\nstream\n\nendstream"), "embedded_file"},
		{"attachment on the page", page("", "/Annots [<< /Subtype /FileAttachment >>]"), "embedded_file"},
		{"layer switch", page("", "/Annots [<< /Subtype /Link /A << /S /SetOCGState /State [/OFF] >> >>]"), "changing_action"},
		{"two values", page("/Extra 5 0 R", "", "<< /K 1 /K 2 >>"), "ambiguous_object"},
		{"broken object", page("/Extra 5 0 R", "", "<< /A"), "damaged_object"},
		{"remote link", page("", "/Annots [<< /Subtype /Link /A << /S /GoToR /F (b.pdf) /D [0 /Fit] >> >>]"), "remote_link"},
		{"unused", page("", "", "(nobody wants me)"), "unused_object"},
		{"unused, nothing in it", page("", "", "null"), ""},
		{"white box over text", shown("BT /F 12 Tf 50 700 Td (So tien) Tj ET 1 g 40 690 200 30 re f"), "covered_text"},
		{"image over text", shown("BT /F 12 Tf 50 700 Td (So tien) Tj ET q 595 0 0 842 0 0 cm /I Do Q"), "covered_text"},
		{"shaded cell", shown("0.8 g 40 690 200 30 re f 0 g BT /F 12 Tf 50 700 Td (So tien) Tj ET"), ""},
		{"scan with its text", shown("q 595 0 0 842 0 0 cm /I Do Q BT 3 Tr /F 12 Tf 50 700 Td (So tien) Tj ET"), "unseen_text"},
		{"text below a scan", shown("BT 3 Tr /F 12 Tf 50 700 Td (So tien) Tj ET q 595 0 0 842 0 0 cm /I Do Q"), "unseen_text"},
		{"note over text", marked("/Subtype /FreeText"), "covered_text"},
		{"text field over text", marked("/Subtype /Widget /FT /Tx /T (a)"), "covered_text"},
		{"seal over text", marked("/Subtype /Widget /FT /Sig /T (a)"), ""},
		{"page that cannot be decoded", shown("/Filter /FlateDecode"), "damaged_object"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			tc.file.Table("")
			in := inspect(t, tc.file.Bytes())
			if got := strings.Join(codesOf(in), " "); got != tc.want {
				t.Errorf("findings %q, want %q: %+v", got, tc.want, in.Findings)
			}
			for _, c := range codesOf(in) {
				covered[c] = true
			}
		})
	}
	// These have tests of their own below.
	for _, c := range []string{"encrypted", "duplicate_object", "too_complex", "trailing_data"} {
		covered[c] = true
	}
	for _, c := range Codes() {
		if !covered[c.Code] {
			t.Errorf("no case shows %s", c.Code)
		}
	}
}

// Every action that does more than lead to a place in the file (ISO 32000-2 12.6.4), by
// each of the keys that make it one, and every annotation that is more than a mark.
func TestActionsAndAnnotations(t *testing.T) {
	for code, list := range map[string]string{
		"javascript":      "/S /JavaScript /JS (1)",
		"rich_media":      "/S /Rendition /OP 0,/S /Rendition /R 1 0 R,/S /Movie /T (a),/S /Movie /Annotation 3 0 R,/S /Movie /Operation /Play,/S /Sound /Sound 4 0 R,/S /GoTo3DView /TA 3 0 R,/S /GoTo3DView /V 0,/S /RichMediaExecute /TA 3 0 R,/S /RichMediaExecute /CMD 4 0 R,/Subtype /RichMedia,/Subtype /3D,/Subtype /Movie,/Subtype /Sound,/Subtype /Screen",
		"launch":          "/S /Launch /F (a),/S /Launch /Win << >>,/S /Launch /Mac 1,/S /Launch /Unix 1",
		"submit_form":     "/S /SubmitForm /F (a)",
		"import_data":     "/S /ImportData /F (a)",
		"changing_action": "/S /Hide /T (a),/S /Hide /H false,/S /SetOCGState /State [],/S /ResetForm /Fields [],/S /ResetForm /Flags 1",
		"remote_link":     "/S /GoToR /F (a),/S /GoToE /F (a),/S /GoToE /T << >>,/S /GoToDp /Dp 3 0 R",
		"embedded_file":   "/Subtype /FileAttachment,/EF << >>,/Collection << >>",
		"postscript":      "/Subtype /PS",
		"xfa":             "/XFA []",
	} {
		for dict := range strings.SplitSeq(list, ",") {
			b := page("/Extra << "+dict+" >>", "")
			b.Table("")
			if got := codesOf(inspect(t, b.Bytes())); !slices.Contains(got, code) {
				t.Errorf("%s: findings %q, want %s", dict, got, code)
			}
		}
	}
}

// A finding names the objects where it was found, five at most, and the first of the
// words on the first page that it is about, sixty letters at most.
func TestDetails(t *testing.T) {
	box := func(words string) *pdftest.Builder {
		return shown("BT /F 12 Tf 50 700 Td (" + words + ") Tj ET 1 g 40 690 550 30 re f BT /F 12 Tf 0 g 50 600 Td (Khac) Tj ET 1 g 40 590 200 30 re f")
	}
	five := page("", "/Annots [5 0 R 6 0 R 7 0 R 8 0 R 9 0 R]", slices.Repeat([]string{"<< /Subtype /Sound >>"}, 5)...)
	six := page("", "/Annots [10 0 R 5 0 R 6 0 R 7 0 R 8 0 R 9 0 R]", slices.Repeat([]string{"<< /Subtype /Sound >>"}, 6)...)
	for name, c := range map[string]struct {
		file         *pdftest.Builder
		append, want string
	}{
		"of the file":  {page("", ""), "%more", "bytes behind the end of the file"},
		"one object":   {page("", "/Annots [<< /Subtype /Sound >>]"), "", "video, sound or a 3D scene (object 3)"},
		"five objects": {five, "", "video, sound or a 3D scene (object 5, 6, 7, 8, 9)"},
		"six objects":  {six, "", "video, sound or a 3D scene (object 5, 6, 7, 8, 9 and 1 more)"},
		"words":        {box("So tien"), "", "text hidden by something opaque that is painted over it; page 1: “So tien”"},
		"sixty":        {box(strings.Repeat("i", 60)), "", "text hidden by something opaque that is painted over it; page 1: “" + strings.Repeat("i", 60) + "”"},
		"more":         {box(strings.Repeat("i", 61)), "", "text hidden by something opaque that is painted over it; page 1: “" + strings.Repeat("i", 60) + "…”"},
		"unseen":       {shown("BT 3 Tr /F 12 Tf 50 700 Td (So tien) Tj ET"), "", "text that is not painted, as behind a scanned page; page 1"},
	} {
		c.file.Table("")
		in := inspect(t, append(c.file.Bytes(), c.append...))
		if len(in.Findings) != 1 || in.Findings[0].Detail != c.want {
			t.Errorf("%s: %+v, want %q", name, in.Findings, c.want)
		}
	}
}

// The catalog may raise the version, and only that (ISO 32000-2 7.7.2).
func TestVersion(t *testing.T) {
	for version, want := range map[string]string{"": "1.7", "/Version /2.0": "2.0", "/Version /1.2": "1.7", "/Version /2.0.1": "1.7", "/Version (2.0)": "1.7"} {
		b := page(version, "")
		b.Table("")
		if in := inspect(t, b.Bytes()); in.Version != want {
			t.Errorf("%q: %s, want %s", version, in.Version, want)
		}
	}
}

func TestCodesAreATable(t *testing.T) {
	weights := []string{Refuse, Ask, Note}
	seen := map[string]bool{}
	last := 0
	for _, c := range Codes() {
		w := slices.Index(weights, c.Weight)
		if w < last || seen[c.Code] || c.Meaning == "" {
			t.Errorf("%+v is twice, out of order or without a meaning", c)
		}
		last, seen[c.Code] = w, true
	}
	for name, a := range actions {
		if !seen[a.code] || len(a.needs) == 0 {
			t.Errorf("action %s has code %q and needs %v", name, a.code, a.needs)
		}
	}
	for name, code := range subtypes {
		if !seen[code] {
			t.Errorf("subtype %s has code %q", name, code)
		}
	}
}

func TestObjectDefinedTwice(t *testing.T) {
	b := page("/Extra 5 0 R", "")
	first := b.Len()
	b.Obj(5, "(one)")
	second := b.Len()
	b.Obj(5, "(two)")
	b.Table("")
	file := b.Bytes()
	// The table names the second; a subsection before it names the first too.
	line := fmt.Sprintf("5 1\n%010d 00000 n \n", second)
	file = bytes.Replace(file, []byte(line), fmt.Appendf(nil, "5 1\n%010d 00000 n \n%s", first, line), 1)
	if got := codesOf(inspect(t, file)); !slices.Equal(got, []string{"duplicate_object"}) {
		t.Errorf("findings %q", got)
	}
}

func TestTrailingData(t *testing.T) {
	b := page("", "")
	b.Table("")
	if got := codesOf(inspect(t, append(b.Bytes(), "hidden after the end"...))); !slices.Equal(got, []string{"trailing_data"}) {
		t.Errorf("findings %q", got)
	}
}

func TestFieldsAndPages(t *testing.T) {
	b := page("/Version /2.0 /AcroForm << /Fields [5 0 R 6 0 R 7 0 R 9 0 R] >>", "/Rotate 90 /UserUnit 2 /Annots [5 0 R 6 0 R 7 0 R 8 0 R 10 0 R]",
		"<< /Subtype /Widget /FT /Tx /T (Ghi chu) /V (a) /Rect [0 0 9 9] >>",
		"<< /Subtype /Widget /FT /Sig /T (empty) /Rect [0 0 9 9] >>",
		"<< /Subtype /Widget /FT /Sig /T (filled) /V << /Type /Sig >> /Rect [0 0 9 9] >>",
		"<< /Subtype /Widget /T (no field) /Rect [0 0 9 9] >>",
		"<< /T (group) /FT /Btn /Kids [10 0 R] >>",
		"<< /Subtype /Widget /Parent 9 0 R /T (choice) /Rect [0 0 9 9] >>")
	b.Table("")
	in := inspect(t, b.Bytes())
	if in.Version != "2.0" || in.Pages != 1 || in.Signatures != 1 ||
		!slices.Equal(in.EmptySigFields, []string{"empty"}) || !slices.Equal(in.FormFields, []string{"Ghi chu", "group.choice", "no field"}) {
		t.Errorf("%+v", in)
	}
	if s := in.PageSizes[0]; s.Page != 1 || fmt.Sprintf("%.1f × %.1f", s.W, s.H) != "594.1 × 419.8" {
		t.Errorf("page of %+v", s)
	}
}

// No draft that LibreOffice makes may be stopped by a finding.
func TestOfficeFilesAreClean(t *testing.T) {
	letter := signingtest.SampleLetter()
	letter.Fields = true
	for name, options := range map[string]string{
		"form":          `{"ExportFormFields":{"type":"boolean","value":"true"}}`,
		"tagged PDF/A2": `{"SelectPdfVersion":{"type":"long","value":"2"},"UseTaggedPDF":{"type":"boolean","value":"true"}}`,
		"flat, notes":   `{"ExportFormFields":{"type":"boolean","value":"false"},"ExportBookmarks":{"type":"boolean","value":"true"}}`,
	} {
		t.Run(name, func(t *testing.T) {
			in := inspect(t, signingtest.Office(t, signingtest.Source(letter), options))
			for _, f := range in.Findings {
				if f.Weight != Note {
					t.Errorf("%+v", f)
				}
			}
			if in.Pages != 1 || len(in.PageSizes) != 1 {
				t.Errorf("%+v", in)
			}
		})
	}
}

func FuzzLook(f *testing.F) {
	for _, b := range []*pdftest.Builder{
		page("/OpenAction << /S /JavaScript /JS (1) >> /AcroForm << /Fields [5 0 R] >>", "/Annots [5 0 R]", "<< /Subtype /Widget /FT /Sig /T (a) >>"),
		page("/OCProperties << /OCGs [5 0 R] /D << /OFF [5 0 R] >> >>", "/Resources << /Properties << /L 5 0 R >> >>", "<< /Type /OCG >>"),
	} {
		b.Table("")
		f.Add(b.Bytes())
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		file, err := pdf.Open(t.Context(), bytes.NewReader(data), int64(len(data)), pdf.DefaultLimits())
		if err != nil {
			return
		}
		in, err := Look(t.Context(), file)
		if (in == nil) == (err == nil) {
			t.Fatalf("%v, %v", in, err)
		}
	})
}
