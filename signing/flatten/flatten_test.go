package flatten_test

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"congvan/signing"
	"congvan/signing/flatten"
	"congvan/signing/pades"
	"congvan/signing/pdf"
	"congvan/signing/pdf/pdftest"
	"congvan/signing/text"
)

func fileOf(data []byte) signing.File {
	return signing.File{R: bytes.NewReader(data), Size: int64(len(data))}
}

func open(t testing.TB, data []byte) *pdf.File {
	t.Helper()
	f, err := pdf.Open(t.Context(), bytes.NewReader(data), int64(len(data)), pdf.DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// flat flattens a file and checks what must hold of every result: the update is
// needed, qpdf finds nothing wrong, no field is left.
func flat(t testing.TB, data []byte) []byte {
	t.Helper()
	e := pades.New(pades.Options{})
	tail, err := e.Flatten(t.Context(), fileOf(data))
	if err != nil {
		t.Fatal(err)
	}
	if len(tail) == 0 {
		t.Fatal("nothing was flattened")
	}
	out := slices.Concat(data, tail)
	in, err := e.Inspect(t.Context(), fileOf(out))
	if err != nil {
		t.Fatal(err)
	}
	if len(in.FormFields) > 0 {
		t.Errorf("fields left: %q", in.FormFields)
	}
	for _, f := range in.Findings {
		if f.Weight != "note" {
			t.Errorf("finding %+v", f)
		}
	}
	if again, err := e.Flatten(t.Context(), fileOf(out)); err != nil || len(again) > 0 {
		t.Errorf("a second time: %d bytes, %v", len(again), err)
	}
	if msg, err := exec.CommandContext(t.Context(), "qpdf", "--check", write(t, out)).CombinedOutput(); err != nil {
		t.Errorf("qpdf: %v: %s", err, msg)
	}
	return out
}

func write(t testing.TB, data []byte) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "a.pdf")
	if err := os.WriteFile(name, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

func render(t testing.TB, data []byte) image.Image {
	t.Helper()
	in := write(t, data)
	if msg, err := exec.CommandContext(t.Context(), "pdftoppm", "-r", "100", "-png", "-singlefile", in, in).CombinedOutput(); err != nil {
		t.Fatalf("pdftoppm: %v: %s", err, msg)
	}
	picture, err := os.Open(in + ".png")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = picture.Close() }()
	img, err := png.Decode(picture)
	if err != nil {
		t.Fatal(err)
	}
	return img
}

// differing counts the pixels of two pictures that differ to the eye.
func differing(t testing.TB, a, b image.Image) int {
	t.Helper()
	if a.Bounds() != b.Bounds() {
		t.Fatalf("pictures of %v and %v", a.Bounds(), b.Bounds())
	}
	n := 0
	for y := a.Bounds().Min.Y; y < a.Bounds().Max.Y; y++ {
		for x := a.Bounds().Min.X; x < a.Bounds().Max.X; x++ {
			p, _ := color.GrayModel.Convert(a.At(x, y)).(color.Gray)
			q, _ := color.GrayModel.Convert(b.At(x, y)).(color.Gray)
			if max(p.Y, q.Y)-min(p.Y, q.Y) > 24 {
				n++
			}
		}
	}
	return n
}

// form is a page with widgets from object 10 on.
type form struct {
	acroForm string // besides /Fields
	page     string
	content  string
	objects  []string
	fields   string // references; all objects when empty
	indirect bool   // the form is an object of its own, 40
	contents string // of the page; [4 0 R] when empty
	tree     string // what the page inherits; a font and a form XObject when empty
}

func (f form) bytes() []byte {
	b := pdftest.New()
	var all []string
	for i := range f.objects {
		all = append(all, fmt.Sprintf("%d 0 R", 10+i))
	}
	if f.fields == "" {
		f.fields = strings.Join(all, " ")
	}
	acroForm := "<< /Fields [" + f.fields + "] /DA (/He 10 Tf 0 0 1 rg) /DR << /Font << /He 5 0 R /Ti 6 0 R >> >> " + f.acroForm + " >>"
	if f.indirect {
		b.Obj(40, acroForm)
		acroForm = "40 0 R"
	}
	b.Obj(1, "<< /Type /Catalog /Pages 2 0 R /AcroForm "+acroForm+" >>")
	f.contents = cmp.Or(f.contents, "[4 0 R]")
	f.tree = cmp.Or(f.tree, "/Resources << /Font << /F 5 0 R >> /XObject << /Flat1 7 0 R >> >>")
	b.Obj(2, "<< /Type /Pages /Count 1 /Kids [3 0 R] "+f.tree+" >>")
	b.Obj(3, "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 300 200] /Contents "+f.contents+" /Annots ["+strings.Join(all, " ")+"] "+f.page+" >>")
	b.Stream(4, "", f.content)
	b.Obj(5, "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>")
	b.Obj(6, "<< /Type /Font /Subtype /Type1 /BaseFont /Times-Roman /Encoding /WinAnsiEncoding >>")
	b.Stream(7, "/Subtype /Form /BBox [0 0 300 200] /Resources << >>", "0.8 g 200 150 50 20 re f")
	b.Stream(8, "/Subtype /Form /BBox [10 20 60 40] /Resources << /Font << /F 5 0 R >> >>", "0.9 1 0.9 rg 10 20 50 20 re f 0 g BT /F 12 Tf 12 25 Td (Shown) Tj ET")
	b.Stream(9, "/Subtype /Form /BBox [0 0 50 20] /Matrix [0 1 -1 0 20 0] /Resources << /Font << /F 5 0 R >> >>", "1 0.9 0.9 rg 0 0 50 20 re f 0 g BT /F 12 Tf 2 5 Td (Turned) Tj ET")
	for i, o := range f.objects {
		b.Obj(10+i, o)
	}
	b.Table("")
	return b.Bytes()
}

const widget = "/Type /Annot /Subtype /Widget /F 4 "

func TestRenderingStaysEqual(t *testing.T) {
	fields := []string{
		"<< " + widget + "/FT /Tx /T (a) /V (Shown) /Rect [10 10 60 30] /AP << /N 8 0 R >> >>",
		"<< " + widget + "/FT /Tx /T (scaled) /V (Shown) /Rect [80 10 180 30] /AP << /N 8 0 R >> >>",
		"<< " + widget + "/FT /Tx /T (turned) /V (Turned) /Rect [200 10 220 60] /AP << /N 9 0 R >> >>",
		"<< " + widget + "/FT /Btn /T (on) /AS /Yes /Rect [10 50 60 70] /AP << /N << /Yes 8 0 R /Off 9 0 R >> >> >>",
		"<< " + widget + "/FT /Btn /T (off) /AS /Off /Rect [80 50 130 70] /AP << /N << /Yes 8 0 R >> >> >>",
		"<< /Type /Annot /Subtype /Widget /F 6 /FT /Tx /T (hidden) /V (x) /Rect [10 100 60 120] /AP << /N 8 0 R >> >>",
		"<< " + widget + "/FT /Tx /T (no room) /V (x) /Rect [10 100 10 120] /AP << /N 8 0 R >> >>",
	}
	content := "/Flat1 Do BT /F 12 Tf 10 180 Td (Page text) Tj ET"
	for name, f := range map[string]form{
		"plain":               {content: content},
		"state left open":     {content: "q 1 0 0 1 30 30 cm q 2 0 0 2 0 0 cm " + content},
		"matrix left changed": {content: content + " 0.5 0 0 0.5 30 30 cm 1 0 0 RG"},
		"state closed twice":  {content: "q " + content + " Q Q"},
		"no content":          {},
		"one stream":          {content: content, contents: "4 0 R"},
		"no resources":        {tree: "/Tree true"},
		"no form XObjects":    {content: "BT /F 12 Tf 10 180 Td (Page text) Tj ET", tree: "/Resources << /Font << /F 5 0 R >> >>"},
		"turned page":         {content: content, page: "/Rotate 90"},
		"cropped page":        {content: content, page: "/CropBox [5 5 250 150] /UserUnit 1.5"},
	} {
		t.Run(name, func(t *testing.T) {
			f.objects = fields
			before := f.bytes()
			after := flat(t, before)
			if n := differing(t, render(t, before), render(t, after)); n > 0 {
				t.Errorf("%d pixels differ", n)
			}
			if hits, err := text.Find(t.Context(), open(t, after), "Shown"); err != nil || len(hits) != 3 {
				t.Errorf("%d hits, %v", len(hits), err)
			}
		})
	}
}

// Values without a usable appearance are drawn where viewers draw them.
func TestValuesAreDrawn(t *testing.T) {
	type want struct {
		text   string
		x, y   float64 // of the text's left edge and middle, points from the lower left
		points float64
	}
	for name, tc := range map[string]struct {
		field string
		form  string
		want  []want
	}{
		"one line":         {"/FT /Tx /V (Abc) /Rect [20 20 120 40]", "", []want{{"Abc", 22, 30, 10}}},
		"size fits height": {"/FT /Tx /V (Abc) /DA (/He 0 Tf) /Rect [20 20 120 32]", "", []want{{"Abc", 22, 26, 9}}},
		"size fits width":  {"/FT /Tx /V (Abcdefgh) /DA (/He 0 Tf) /Rect [20 20 50 40]", "", []want{{"Abcdefgh", 22, 30, 6.15}}},
		"centred":          {"/FT /Tx /Q 1 /V (Abc) /Rect [20 20 120 40]", "", []want{{"Abc", 61.4, 30, 10}}},
		"right":            {"/FT /Tx /Q 2 /V (Abc) /Rect [20 20 120 40]", "", []want{{"Abc", 100.8, 30, 10}}},
		"border":           {"/FT /Tx /MK << /BC [1 0 0] /BG [0.9] >> /BS << /W 3 >> /V (Abc) /Rect [20 20 120 40]", "", []want{{"Abc", 25, 30, 10}}},
		"lines":            {"/FT /Tx /Ff 4096 /V (one two three\\rfour) /Rect [20 20 60 80]", "", []want{{"one two", 22, 72.5, 10}, {"three", 22, 61, 10}, {"four", 22, 49.5, 10}}},
		"comb":             {"/FT /Tx /Ff 16777216 /MaxLen 4 /V (12) /Rect [20 20 120 40]", "", []want{{"1", 29.7, 30, 10}, {"2", 54.7, 30, 10}}},
		"password":         {"/FT /Tx /Ff 8192 /V (abc) /Rect [20 20 120 40]", "", []want{{"***", 22, 30, 10}}},
		"Vietnamese":       {"/FT /Tx /V <FEFF00531ED10020> /Rect [20 20 120 40]", "", []want{{"Số", 22, 30, 10}}},
		"decomposed":       {"/FT /Tx /V <FEFF0053006F03020301> /Rect [20 20 120 40]", "", []want{{"Số", 22, 30, 10}}},
		"choice":           {"/FT /Ch /Ff 131072 /Opt [[(a) (First)] [(b) (Second)]] /V (b) /Rect [20 20 120 40]", "", []want{{"Second", 22, 30, 10}}},
		"list":             {"/FT /Ch /V [(a) (c)] /Rect [20 20 120 60]", "", []want{{"a", 22, 52.5, 10}, {"c", 22, 41, 10}}},
		"push button":      {"/FT /Btn /Ff 65536 /MK << /CA (Go) >> /Rect [20 20 120 40]", "", []want{{"Go", 63.3, 30, 10}}},
		"empty appearance": {"/FT /Tx /V (Abc) /AP << /N 20 0 R >> /Rect [20 20 120 40]", "/NeedAppearances true", []want{{"Abc", 22, 30, 10}}},
		"stale appearance": {"/FT /Tx /V (Abc) /AP << /N 8 0 R >> /Rect [20 20 120 40]", "/NeedAppearances true", []want{{"Abc", 22, 30, 10}}},
		"empty":            {"/FT /Tx /Rect [20 20 120 40]", "", nil},
		"turned": {
			"/FT /Tx /V (Abc) /MK << /R 180 >> /Rect [20 20 120 40]", "",
			[]want{{"Abc", 100.8, 30, 10}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			out := flat(t, form{acroForm: tc.form, objects: []string{"<< " + widget + "/T (field) " + tc.field + " >>"}}.bytes())
			lines, err := text.Lines(t.Context(), open(t, out), 1)
			if err != nil {
				t.Fatal(err)
			}
			var got []signing.TextHit
			for _, l := range lines {
				for _, word := range strings.Split(l.Text, "  ") {
					hits, err := text.Find(t.Context(), open(t, out), word)
					if err != nil {
						t.Fatal(err)
					}
					got = append(got, hits...)
				}
			}
			if name == "comb" { // its letters stand apart
				got = append(got[:0], find(t, out, "1")[0], find(t, out, "2")[0])
			}
			if len(got) != len(tc.want) {
				t.Fatalf("%d texts, want %d: %+v", len(got), len(tc.want), got)
			}
			const point = 25.4 / 72
			for i, w := range tc.want {
				g := got[i]
				x, top, bottom := g.X/point, 200-g.Y/point, 200-(g.Y+g.H)/point
				if g.Text != w.text || abs(x-w.x) > 0.3 || top < w.y || bottom > w.y || abs((top+bottom)/2-w.y) > 2 || abs(g.FontSize-w.points) > 0.1 {
					t.Errorf("%q at x %.1f, y %.1f to %.1f, %.2f points; want %+v", g.Text, x, bottom, top, g.FontSize, w)
				}
			}
		})
	}
}

func find(t testing.TB, data []byte, s string) []signing.TextHit {
	t.Helper()
	hits, err := text.Find(t.Context(), open(t, data), s)
	if err != nil || len(hits) == 0 {
		t.Fatalf("%q: %d hits, %v", s, len(hits), err)
	}
	return hits
}

func abs(v float64) float64 { return max(v, -v) }

// A button that is on and has no appearance gets its mark; one that is off stays empty.
func TestMarksAreDrawn(t *testing.T) {
	dark := func(field string) int {
		img := render(t, flat(t, form{objects: []string{"<< " + widget + "/T (b) /FT /Btn /Rect [100 80 140 120] " + field + " >>"}}.bytes()))
		n := 0
		// The field's middle at 100 dots per inch.
		for y := 200 * 100 / 72 * 80 / 200; y < 200*100/72*120/200; y++ {
			for x := 100 * 100 / 72; x < 140*100/72; x++ {
				if g, _ := color.GrayModel.Convert(img.At(x, y)).(color.Gray); g.Y < 128 {
					n++
				}
			}
		}
		return n
	}
	for _, sign := range []string{"4", "8", "l", "u", "n", "H"} {
		if n := dark("/V /Yes /AS /Yes /MK << /CA (" + sign + ") >>"); n < 100 || n > 2500 {
			t.Errorf("mark %s shows %d dark pixels", sign, n)
		}
	}
	if n := dark("/V /Off /AS /Off /MK << /CA (4) >>"); n > 0 {
		t.Errorf("an empty box shows %d dark pixels", n)
	}
}

func TestSignatureFieldsStay(t *testing.T) {
	data := form{
		acroForm: "/NeedAppearances true /SigFlags 1 /CO [10 0 R]",
		objects: []string{
			"<< " + widget + "/FT /Tx /T (text) /V (Abc) /Rect [10 10 90 30] >>",
			"<< " + widget + "/FT /Sig /T (sign) /Rect [100 10 190 30] >>",
			"<< " + widget + "/T (inner sign) /Parent 14 0 R /FT /Sig /Rect [200 10 290 30] >>",
			"<< " + widget + "/T (inner text) /Parent 14 0 R /FT /Tx /V (Def) /Rect [10 40 90 60] >>",
			"<< /T (group) /Kids [12 0 R 13 0 R] >>",
			"<< " + widget + "/FT /Tx /T (orphan) /V (Ghi) /Rect [100 40 190 60] >>",
		},
		fields: "10 0 R 11 0 R 14 0 R",
	}.bytes()
	out := flat(t, data)
	in, err := pades.New(pades.Options{}).Inspect(t.Context(), fileOf(out))
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(in.EmptySigFields, []string{"sign", "group.inner sign"}) {
		t.Errorf("signature fields %q", in.EmptySigFields)
	}
	f := open(t, out)
	dict, _, err := f.Form()
	if err != nil || dict["NeedAppearances"] != nil || dict["CO"] != nil || dict["SigFlags"] != int64(1) {
		t.Errorf("form %v, %v", dict, err)
	}
	page, err := f.Page(1)
	if err != nil {
		t.Fatal(err)
	}
	// The group stands in /Annots here too, which is no annotation and stays.
	if annots, err := f.Array(page.Dict["Annots"]); err != nil || len(annots) != 3 {
		t.Errorf("annotations %v, %v", annots, err)
	}
	for _, s := range []string{"Abc", "Def", "Ghi"} {
		find(t, out, s)
	}
	// Whatever else referred to a field finds none there.
	for num, gone := range map[int]bool{10: true, 11: false, 12: false, 13: true, 14: false, 15: true} {
		if o, err := f.Get(pdf.Ref{Num: num}); err != nil || (o == nil) != gone {
			t.Errorf("object %d is %v, %v", num, o, err)
		}
	}
}

func TestRefusals(t *testing.T) {
	e := pades.New(pades.Options{})
	plain := form{}.bytes()
	if tail, err := e.Flatten(t.Context(), fileOf(plain)); err != nil || len(tail) > 0 {
		t.Errorf("a file without fields: %d bytes, %v", len(tail), err)
	}
	signed := form{objects: []string{"<< " + widget + "/FT /Sig /T (s) /V << /Type /Sig >> /Rect [1 1 9 9] >>", "<< " + widget + "/FT /Tx /T (t) /V (x) /Rect [1 1 9 9] >>"}}.bytes()
	if _, err := e.Flatten(t.Context(), fileOf(signed)); !errors.Is(err, signing.ErrSigned) {
		t.Errorf("a signed file: %v", err)
	}
	text := func(value string) []byte {
		return form{objects: []string{"<< " + widget + "/FT /Tx /T (Ghi ch\\372) /V " + value + " /Rect [1 1 90 20] >>"}}.bytes()
	}
	var named *flatten.Error
	if _, err := e.Flatten(t.Context(), fileOf(text("<FEFF6F22>"))); !errors.Is(err, signing.ErrGlyphMissing) || !errors.As(err, &named) || named.Field != "Ghi chú" {
		t.Errorf("a character without a glyph: %v", err)
	}
	if _, err := flatten.Tail(t.Context(), open(t, text("<FEFF1ED1>")), nil); !errors.Is(err, signing.ErrGlyphMissing) || !errors.As(err, &named) {
		t.Errorf("no font for the text: %v", err)
	}
	if _, err := e.Flatten(t.Context(), fileOf(text("("+strings.Repeat("a ", 20_000)+")"))); !errors.Is(err, signing.ErrResourceLimit) {
		t.Errorf("a value without end: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := e.Flatten(ctx, fileOf(signed)); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	in := write(t, text("(a)"))
	locked := in + ".locked"
	if msg, err := exec.CommandContext(t.Context(), "qpdf", "--encrypt", "", "owner", "256", "--", in, locked).CombinedOutput(); err != nil {
		t.Fatalf("qpdf: %v: %s", err, msg)
	}
	data, err := os.ReadFile(locked)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := e.Flatten(t.Context(), fileOf(data)); !errors.Is(err, signing.ErrEncrypted) {
		t.Errorf("an encrypted file: %v", err)
	}
	if _, err := flatten.Tail(t.Context(), open(t, data), nil); !errors.Is(err, signing.ErrEncrypted) {
		t.Errorf("an encrypted file, opened: %v", err)
	}
}
