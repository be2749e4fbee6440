package text

import (
	"bytes"
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/text/unicode/norm"

	"congvan/signing"
	"congvan/signing/pdf"
	"congvan/signing/pdf/pdftest"
	"congvan/signing/signingtest"
)

func open(t testing.TB, data []byte) *pdf.File {
	t.Helper()
	f, err := pdf.Open(t.Context(), bytes.NewReader(data), int64(len(data)), pdf.DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// words returns poppler's idea of where the words of a PDF stand, in mm.
func words(t *testing.T, data []byte) []signing.TextHit {
	t.Helper()
	in := filepath.Join(t.TempDir(), "a.pdf")
	if err := os.WriteFile(in, data, 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), "pdftotext", "-bbox", "-cropbox", in, "-").Output()
	if err != nil {
		t.Fatal(err)
	}
	d := xml.NewDecoder(bytes.NewReader(out))
	d.Strict = false
	d.Entity = xml.HTMLEntity
	var hits []signing.TextHit
	page := 0
	for {
		tok, err := d.Token()
		if err != nil {
			return hits
		}
		el, ok := tok.(xml.StartElement)
		if !ok {
			continue
		}
		if el.Name.Local == "page" {
			page++
		}
		if el.Name.Local != "word" {
			continue
		}
		at := map[string]float64{}
		for _, a := range el.Attr {
			v, _ := strconv.ParseFloat(a.Value, 64)
			at[a.Name.Local] = v * mmPerPoint
		}
		var text string
		if err := d.DecodeElement(&text, &el); err != nil {
			t.Fatal(err)
		}
		hits = append(hits, signing.TextHit{Text: norm.NFC.String(text), Place: signing.Place{
			Page: page, X: at["xMin"], Y: at["yMin"], W: at["xMax"] - at["xMin"], H: at["yMax"] - at["yMin"],
		}})
	}
}

func near(a, b, tolerance float64) bool { return math.Abs(a-b) <= tolerance }

// checkWords finds every word that poppler sees, at the place where poppler sees it:
// exactly along the baseline; across it poppler's boxes are roomier. sideways is for
// pages turned by 90 or 270 degrees.
func checkWords(t *testing.T, data []byte, atLeast int, sideways bool) {
	t.Helper()
	f := open(t, data)
	seen := words(t, data)
	if len(seen) < atLeast {
		t.Fatalf("poppler sees %d words, at least %d expected", len(seen), atLeast)
	}
	found := map[string][]signing.TextHit{}
	for _, w := range seen {
		hits, ok := found[w.Text]
		if !ok {
			var err error
			if hits, err = Find(t.Context(), f, w.Text); err != nil {
				t.Fatal(err)
			}
			found[w.Text] = hits
		}
		match := false
		for _, h := range hits {
			tx, ty := 0.1, 1.0
			if sideways {
				tx, ty = ty, tx
			}
			match = match || h.Page == w.Page && near(h.X, w.X, tx) && near(h.X+h.W, w.X+w.W, tx) && near(h.Y, w.Y, ty) && near(h.Y+h.H, w.Y+w.H, ty)
		}
		if !match {
			t.Errorf("%q at %+v: found %+v", w.Text, w.Place, hits)
		}
	}
}

func TestFindAgreesWithPoppler(t *testing.T) {
	letter := signingtest.Office(t, signingtest.Source(signingtest.SampleLetter()), "")
	checkWords(t, letter, 100, false)
	for name, args := range map[string][]string{
		"object streams": {"--object-streams=generate"},
		"linearized":     {"--linearize"},
		"plain":          {"--qdf", "--object-streams=disable"},
		"rotated 90":     {"--rotate=90:1"},
		"rotated 180":    {"--rotate=180:1"},
		"rotated 270":    {"--rotate=270:1"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			in, out := filepath.Join(dir, "in.pdf"), filepath.Join(dir, "out.pdf")
			if err := os.WriteFile(in, letter, 0o600); err != nil {
				t.Fatal(err)
			}
			if msg, err := exec.CommandContext(t.Context(), "qpdf", append(args, in, out)...).CombinedOutput(); err != nil {
				t.Fatalf("qpdf: %v: %s", err, msg)
			}
			data, err := os.ReadFile(out)
			if err != nil {
				t.Fatal(err)
			}
			checkWords(t, data, 100, strings.HasSuffix(name, "90") || strings.HasSuffix(name, "270"))
		})
	}
}

func TestFindInLetter(t *testing.T) {
	l := signingtest.SampleLetter()
	f := open(t, signingtest.Office(t, signingtest.Source(l), ""))
	for text, want := range map[string]int{
		"Nguyễn Thị Ánh Tuyết":                   1,
		norm.NFD.String("Nguyễn Thị Ánh Tuyết"):  1,
		"Nguyễn  Thị\tÁnh\nTuyết":                1,
		"KT. GIÁM ĐỐC PHÓ GIÁM ĐỐC":              1, // over a line break
		"ỦY BAN NHÂN DÂN THÀNH PHỐ THỬ NGHIỆM":   1, // over a line break beside another column
		"PHÓ GIÁM ĐỐC":                           1,
		"GIÁM ĐỐC":                               2,
		"Ngày hội đọc sách ở cơ sở":              2,
		"Nguyen Thi Anh Tuyet":                   0,
		"nguyễn thị ánh tuyết":                   0,
		"Độc lập - Tự do - Hạnh phúc":            1,
		"SỞ VĂN HÓA VÀ THỂ THAO Độc lập":         0, // two columns
		"Trân trọng đề nghị quý đơn vị quan tâm": 1,
		"": 0,
	} {
		hits, err := Find(t.Context(), f, text)
		if err != nil {
			t.Fatal(err)
		}
		if len(hits) != want {
			t.Errorf("%q: %d hits, want %d: %+v", text, len(hits), want, hits)
		}
	}
	hits, err := Find(t.Context(), f, l.Signer)
	if err != nil || len(hits) != 1 {
		t.Fatal(hits, err)
	}
	if h := hits[0]; h.Text != l.Signer || !near(h.FontSize, 13, 0.05) || h.X < 110 || h.X+h.W > 195 || !near(h.H, 13*mmPerPoint*1.1, 0.5) {
		t.Errorf("signer at %+v", h)
	}
}

func TestBlanksInLetter(t *testing.T) {
	cases := []struct {
		name, number, date string
		want               [3]string // behind ngày, tháng, năm
		wantNumber         string
	}{
		{"spaces", "Số:          /SVHTT-VP", "Hà Nội, ngày       tháng       năm 2026", [3]string{"", "", "2026"}, ""},
		{"dots", "Số: ......./SVHTT-VP", "Hà Nội, ngày ..... tháng ..... năm 2026", [3]string{"", "", "2026"}, ""},
		{"ellipses", "Số: …… /SVHTT-VP", "Hà Nội, ngày … tháng … năm …", [3]string{"", "", ""}, ""},
		{"underscores", "Số: ______/SVHTT-VP", "Hà Nội, ngày ___ tháng ___ năm 20…", [3]string{"", "", "20"}, ""},
		{"filled", "Số: 123/SVHTT-VP", "Hà Nội, ngày 07 tháng 9 năm 2026", [3]string{"07", "9", "2026"}, "123/SVHTT-VP"},
		{"half filled", "Số:          /SVHTT-VP", "Hà Nội, ngày ...7... tháng       năm 2026", [3]string{"7", "", "2026"}, ""},
		{"open", "Số:", "Hà Nội, ngày       tháng       năm", [3]string{"", "", ""}, ""},
	}
	var letters []signingtest.Letter
	for _, tc := range cases {
		l := signingtest.SampleLetter()
		l.Number, l.Date = tc.number, tc.date
		letters = append(letters, l)
	}
	f := open(t, signingtest.Office(t, signingtest.Source(letters...), ""))
	dates, err := Blanks(t.Context(), f, []string{"ngày", "tháng", "năm"})
	if err != nil {
		t.Fatal(err)
	}
	numbers, err := Blanks(t.Context(), f, []string{"Số:"})
	if err != nil {
		t.Fatal(err)
	}
	labels, err := Find(t.Context(), f, "Số:")
	if err != nil {
		t.Fatal(err)
	}
	if len(dates) != 2*len(cases) || len(numbers) != len(cases) || len(labels) != len(cases) {
		t.Fatalf("%d dates, %d numbers, %d labels of %d letters", len(dates), len(numbers), len(labels), len(cases))
	}
	for i, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			checkDate(t, dates[2*i], i+1, 13, tc.want)
			checkDate(t, dates[2*i+1], i+1, 14, [3]string{"05", "6", "2026"})
			g := numbers[i][0]
			if len(numbers[i]) != 1 || g.Page != i+1 || g.Text != tc.wantNumber || g.Text == "" && g.W < 8 {
				t.Errorf("number: %+v, want %q", numbers[i], tc.wantNumber)
			}
			if l := labels[i]; !near(g.X, l.X+l.W, 0.01) || !near(g.Y, l.Y, 0.01) || !near(g.H, l.H, 0.01) {
				t.Errorf("gap %+v does not follow %+v", g, l)
			}
		})
	}
}

func checkDate(t *testing.T, gaps []signing.TextHit, page int, size float64, want [3]string) {
	t.Helper()
	if len(gaps) != 3 {
		t.Fatalf("%d gaps", len(gaps))
	}
	for i, g := range gaps {
		if g.Text != want[i] || g.Page != page || g.W <= 0 || !near(g.FontSize, size, 0.1) {
			t.Errorf("gap %d: %+v, want %q on page %d", i, g, want[i], page)
		}
	}
}

// build writes a PDF from the sources of its objects, numbered from 1, the catalog.
func build(objects ...string) []byte {
	b := pdftest.New()
	for i, source := range objects {
		if source != "" {
			b.Obj(i+1, source)
		}
	}
	b.Table("")
	return b.Bytes()
}

func stream(dict, data string) string {
	return fmt.Sprintf("<< %s /Length %d >>\nstream\n%s\nendstream", dict, len(data), data)
}

// handmade is one page of 200 × 100 points with two fonts: F, Helvetica, and G, a
// composite font whose codes are UTF-16.
func handmade(page, content string, more ...string) []byte {
	return build(append([]string{
		"<< /Type /Catalog /Pages 2 0 R /OCProperties << /OCGs [8 0 R] /D << /OFF [8 0 R] >> >> >>",
		"<< /Type /Pages /Count 1 /Kids [3 0 R] >>",
		"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 200 100] /Contents 4 0 R /Resources << /Font << /F 5 0 R /G 6 0 R >> " +
			"/Properties << /H 8 0 R >> /XObject << /X 9 0 R >> >> " + page + " >>",
		stream("", content),
		"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding << /Differences [1 /acircumflexdotbelow /Ohornacute /dcroat /uni1EB5 /f_i] >> >>",
		"<< /Type /Font /Subtype /Type0 /BaseFont /X /Encoding /UniCNS-UTF16-H /DescendantFonts [7 0 R] >>",
		"<< /Type /Font /Subtype /CIDFontType2 /BaseFont /X /DW 500 /W [65 [700 800] 97 99 600] >>",
		"<< /Type /OCG /Name (hidden) >>",
	}, more...)...)
}

func TestLinesOfHandmadePages(t *testing.T) {
	form := stream("/Type /XObject /Subtype /Form /BBox [0 0 200 100] /Matrix [1 0 0 1 10 0] /Resources << /Font << /Z 5 0 R >> /XObject << /X 9 0 R >> >>",
		"BT /Z 10 Tf 0 20 Td (form) Tj ET /X Do")
	for name, tc := range map[string]struct {
		page, content string
		want          []string
	}{
		"one string":         {"", "BT /F 10 Tf 10 50 Td (Hello) Tj ET", []string{"Hello@3.5,15.0"}},
		"differences":        {"", "BT /F 10 Tf 10 50 Td (\\001\\002\\003\\004\\005) Tj ET", []string{"ậỚđẵfi@3.5,15.0"}},
		"kerned":             {"", "BT /F 10 Tf 10 50 Td [(He) 40 (ll) -30 (o)] TJ ET", []string{"Hello@3.5,15.0"}},
		"gap is a space":     {"", "BT /F 10 Tf 10 50 Td [(Hel) -400 (lo)] TJ ET", []string{"Hel lo@3.5,15.0"}},
		"next lines":         {"", "BT /F 10 Tf 12 TL 10 50 Td (a) Tj T* (b) Tj (c) ' 1 2 (d e) \" ET", []string{"a@3.5,15.0", "b@3.5,19.2", "c@3.5,23.5", "d e@3.5,27.7"}},
		"TD sets leading":    {"", "BT /F 10 Tf 10 70 TD 0 -20 TD (a) Tj T* (b) Tj ET", []string{"a@3.5,15.0", "b@3.5,22.0"}},
		"lines sorted":       {"", "BT /F 10 Tf 10 30 Td (low) Tj 0 40 Td (high) Tj ET", []string{"high@3.5,7.9", "low@3.5,22.0"}},
		"one baseline":       {"", "BT /F 10 Tf 90 50 Td (right) Tj -80 0 Td (left) Tj ET", []string{"left right@3.5,15.0"}},
		"bold by doubling":   {"", "BT /F 10 Tf 10 50 Td (Bold) Tj 0.3 0 Td (Bold) Tj ET", []string{"Bold@3.5,15.0"}},
		"matrices":           {"", "q 2 0 0 2 10 20 cm BT /F 5 Tf 1 0 0 1 0 15 Tm (Hello) Tj ET Q BT /F 10 Tf 10 10 Td (x) Tj ET", []string{"Hello@3.5,15.0", "x@3.5,29.1"}},
		"rotate 90":          {"/Rotate 90", "BT /F 10 Tf 10 50 Td (Hello) Tj ET", []string{"Hello@16.8,3.5"}},
		"turned text":        {"/Rotate 90", "BT /F 10 Tf 0 1 -1 0 50 10 Tm (Hello) Tj ET", []string{"Hello@3.5,15.0"}},
		"crop and unit":      {"/CropBox [10 20 190 90] /UserUnit 2", "BT /F 10 Tf 10 50 Td (Hello) Tj ET", []string{"Hello@0.0,22.9"}},
		"outside":            {"/CropBox [100 0 200 100]", "BT /F 10 Tf 10 50 Td (Hello) Tj ET", nil},
		"hidden layer":       {"", "/OC /H BDC BT /F 10 Tf 10 50 Td (secret) Tj ET EMC BT /F 10 Tf 10 50 Td (shown) Tj ET", []string{"shown@3.5,15.0"}},
		"actual text":        {"", "BT /F 10 Tf 10 50 Td /Span << /ActualText <FEFF0110> >> BDC (xy) Tj EMC (z) Tj ET", []string{"Đz@3.5,15.0"}},
		"composite":          {"", "BT /G 10 Tf 10 50 Td <004100421EA5> Tj ET", []string{"ABấ@3.5,15.0"}},
		"form":               {"", "/X Do BT /F 10 Tf 10 50 Td (page) Tj ET", []string{"page@3.5,15.0", "form@3.5,25.6"}},
		"inline image":       {"", "BI /W 2 /H 2 /BPC 8 /CS /G ID \x01 EI\xFF EI BT /F 10 Tf 10 50 Td (after) Tj ET", []string{"after@3.5,15.0"}},
		"broken parts":       {"", ") >> ] q Q Q Q cm 1 2 3 Tm /Nope Tf BT /F 10 Tf 10 50 Td (a\\(b) Tj <4> Tj ET {", []string{"a(b@@3.5,15.0"}},
		"accent in two":      {"", "BT /G 10 Tf 10 50 Td <0065> Tj -3 0 Td <0302> Tj -1 0 Td <0301> Tj ET", []string{"ế@3.5,15.0"}},
		"spaces at the ends": {"", "BT /F 10 Tf 10 50 Td (  a  ) Tj ET", []string{"a@5.5,15.0"}},
	} {
		t.Run(name, func(t *testing.T) {
			lines, err := Lines(t.Context(), open(t, handmade(tc.page, tc.content, form)), 1)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, l := range lines {
				box := l.Glyphs[0].Box
				got = append(got, fmt.Sprintf("%s@%.1f,%.1f", norm.NFC.String(l.Text), box.X, box.Y))
			}
			if fmt.Sprint(got) != fmt.Sprint(tc.want) {
				t.Errorf("got  %q\nwant %q", got, tc.want)
			}
		})
	}
}

func TestWidthsOfCompositeFont(t *testing.T) {
	f := open(t, handmade("", "BT /G 10 Tf 0 50 Td <00410042006100640020> Tj ET", ""))
	lines, err := Lines(t.Context(), f, 1)
	if err != nil || len(lines) != 1 {
		t.Fatal(lines, err)
	}
	for i, want := range []float64{7, 8, 6, 5} {
		if w := lines[0].Glyphs[i].Box.W / mmPerPoint; !near(w, want, 0.001) {
			t.Errorf("glyph %d is %.3f points wide, want %g", i, w, want)
		}
	}
}

func TestCostIsBounded(t *testing.T) {
	// Every form shows the next one ten times: 10^12 forms.
	objects := make([]string, 0, maxForms+1)
	for i := range maxForms + 1 {
		objects = append(objects, stream(
			fmt.Sprintf("/Subtype /Form /BBox [0 0 9 9] /Resources << /XObject << /X %d 0 R >> >>", 10+i), strings.Repeat("/X Do ", 10)))
	}
	f := open(t, handmade("", "/X Do", objects...))
	s, err := newSource(t.Context(), f)
	if err != nil {
		t.Fatal(err)
	}
	s.operators = 100_000
	page, err := f.Page(1)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.lines(1, page); !errors.Is(err, signing.ErrResourceLimit) {
		t.Errorf("error %v, want a resource limit", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Find(ctx, f, "x"); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want the context's", err)
	}
}

// A flat tree of many pages must not be walked from its root for every page.
func TestManyPages(t *testing.T) {
	const pages = 5000
	objects := []string{"<< /Type /Catalog /Pages 2 0 R >>", "", "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>", stream("", "BT /F 12 Tf 10 10 Td (Hello world) Tj ET")}
	var kids strings.Builder
	for i := range pages {
		fmt.Fprintf(&kids, "%d 0 R ", 5+i)
		objects = append(objects, "<< /Type /Page /Parent 2 0 R /Contents 4 0 R /Resources << /Font << /F 3 0 R >> >> >>")
	}
	objects[1] = fmt.Sprintf("<< /Type /Pages /MediaBox [0 0 100 100] /Count %d /Kids [%s] >>", pages, kids.String())
	hits, err := Find(t.Context(), open(t, build(objects...)), "Hello world")
	if err != nil || len(hits) != pages || hits[pages-1].Page != pages {
		t.Errorf("%d hits, %v", len(hits), err)
	}
}
