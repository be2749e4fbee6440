package e2e

import (
	"encoding/json"
	"fmt"
	"image"
	"image/png"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"congvan/internal/calendar"
	"congvan/internal/flow"
	"congvan/internal/register"
	"congvan/signing"
	"congvan/signing/cms"
	"congvan/signing/pdf"
)

// inspectMain judges a received main file: accepted by others, with number and date where
// the blanks were and the seal over the left third of the signature (NĐ 30/2020 Annex I).
func inspectMain(t *testing.T, dir, file string, number int, day calendar.Date) {
	t.Helper()
	accepted(t, dir, file, 2)
	month := strconv.Itoa(int(day.Month))
	if day.Month <= 2 { // only these get a zero (NĐ 30/2020 Annex I)
		month = "0" + month
	}
	text := strings.Join(strings.Fields(tool(t, "pdftotext", "-layout", file, "-")), " ")
	for _, want := range []string{
		`Số: ` + register.FormatNumber(number) + ` ?/S`,
		fmt.Sprintf(`ngày %02d tháng %s năm %d`, day.Day, month, day.Year),
	} {
		if !regexp.MustCompile(want).MatchString(text) {
			t.Errorf("%s: the page does not read %q:\n%.600s", filepath.Base(file), want, text)
		}
	}
	places := fieldPlaces(t, file)
	leader, agency := places[flow.FieldSigner], places[flow.FieldAgency]
	page := render(t, file, leader.page)
	blue := page.within(leader, func(r, g, b int) bool { return b > 120 && b > r+40 && b > g+20 })
	red := page.within(agency, func(r, g, b int) bool { return r > 150 && r > g+60 && r > b+60 })
	switch {
	case blue.Empty():
		t.Errorf("%s: no blue signature in its field", filepath.Base(file))
	case red.Empty():
		t.Errorf("%s: no red seal in its field", filepath.Base(file))
	case centre(red) >= centre(blue):
		t.Errorf("%s: the seal %v is not left of the signature %v", filepath.Base(file), red, blue)
	case !red.Overlaps(blue):
		t.Errorf("%s: the seal %v does not touch the signature %v", filepath.Base(file), red, blue)
	}
}

// accepted has our own validator, with the root and nothing else, and pdfsig, openssl and
// qpdf judge every signature of a file and the document timestamp over them.
func accepted(t *testing.T, dir, file string, signatures int) {
	t.Helper()
	name, root, issuing := filepath.Base(file), filepath.Join(dir, "ca", "root.pem"), filepath.Join(dir, "ca", "issuing.pem")
	archived(t, root, file, signatures)
	out := tool(t, "pdfsig", "-nocert", file)
	if n := strings.Count(out, "Signature is Valid."); n != signatures || strings.Count(out, "Signature #") != signatures+1 {
		t.Errorf("%s: pdfsig finds %d valid signatures, want %d, and a timestamp:\n%s", name, n, signatures, out)
	}
	if !strings.Contains(out, "- Total document signed") || strings.Count(out, "ETSI.CAdES.detached") != signatures {
		t.Errorf("%s: the timestamp must cover all, each signature be PAdES:\n%s", name, out)
	}
	tool(t, "qpdf", "--check", file)
	found := containers(t, file)
	if len(found) != signatures+1 {
		t.Errorf("%s: %d signature values, want %d", name, len(found), signatures+1)
	}
	for _, c := range found {
		if c.timestamp {
			out = tool(t, "openssl", "ts", "-verify", "-token_in", "-in", c.der, "-data", c.covered, "-CAfile", root, "-untrusted", issuing)
			if !strings.Contains(out, "OK") {
				t.Errorf("%s %s: %s", name, c.field, out)
			}
			continue
		}
		out := tool(t, "openssl", "cms", "-verify", "-cades", "-binary", "-inform", "DER", "-in", c.der, "-content", c.covered,
			"-CAfile", root, "-certfile", issuing, "-purpose", "any", "-out", os.DevNull)
		if !strings.Contains(out, "successful") {
			t.Errorf("%s %s: %s", name, c.field, out)
		}
	}
}

// archived has the command line judge a file without a network: every signature is B-LTA.
func archived(t *testing.T, root, file string, signatures int) {
	t.Helper()
	code, out, errOut := program(t, "", "congvan", "verify", "--offline", "--trust", root, "--json", file)
	var rep signing.Report
	if err := json.Unmarshal([]byte(out), &rep); err != nil || code != 0 || rep.Verdict != signing.Valid || len(rep.Signatures) != signatures {
		t.Fatalf("%s: congvan verify: exit %d %v\n%s%s", filepath.Base(file), code, err, out, errOut)
	}
	for _, s := range rep.Signatures {
		if s.Level != string(signing.LevelLTA) || s.Verdict != signing.Valid {
			t.Errorf("%s: the signature of %s is %s %s", filepath.Base(file), s.Signer, s.Level, s.Verdict)
		}
	}
}

// container is a signature's value and the bytes it covers, each as a file.
type container struct {
	field, der, covered string
	timestamp           bool
}

func containers(t *testing.T, file string) []container {
	t.Helper()
	var out []container
	opened(t, file, func(r *os.File, f *pdf.File, fields []pdf.Field) {
		for _, x := range fields {
			if x.Type != "Sig" || x.Value == nil {
				continue
			}
			sig, err := f.Dict(x.Value)
			if err != nil {
				t.Fatal(err)
			}
			ranges, err := f.Array(sig["ByteRange"])
			if err != nil || len(ranges) != 4 {
				t.Fatalf("%s: ByteRange %v %v", x.Name, ranges, err)
			}
			der, ok := sig["Contents"].(pdf.String)
			if !ok {
				t.Fatalf("%s: no Contents", x.Name)
			}
			stem := filepath.Join(t.TempDir(), strconv.Itoa(len(out)))
			c := container{x.Name, stem + ".der", stem + ".bin", sig["SubFilter"] == pdf.Name("ETSI.RFC3161")}
			if sd, err := cms.Parse([]byte(der)); err == nil {
				der = sd.Raw() // openssl ts takes no padding
			}
			if err := os.WriteFile(c.der, der, 0o600); err != nil {
				t.Fatal(err)
			}
			w, err := os.Create(c.covered)
			if err != nil {
				t.Fatal(err)
			}
			for i := 0; i < 4; i += 2 {
				from, err1 := f.Int(ranges[i])
				n, err2 := f.Int(ranges[i+1])
				_, err3 := io.Copy(w, io.NewSectionReader(r, from, n))
				for _, err := range []error{err1, err2, err3} {
					if err != nil {
						t.Fatal(err)
					}
				}
			}
			if err := w.Close(); err != nil {
				t.Fatal(err)
			}
			out = append(out, c)
		}
	})
	return out
}

// spot is a field's place on its page, in points from the lower left corner.
type spot struct {
	page       int
	rect       [4]float64
	pageHeight float64
}

func fieldPlaces(t *testing.T, file string) map[string]spot {
	t.Helper()
	out := map[string]spot{}
	opened(t, file, func(_ *os.File, f *pdf.File, fields []pdf.Field) {
		err := f.Pages(func(n int, p pdf.Page) (bool, error) {
			for _, x := range fields {
				for _, w := range x.Widgets {
					if w.Dict["P"] != p.Ref {
						continue
					}
					rect, err := f.Rect(w.Dict["Rect"])
					if err != nil {
						return false, err
					}
					out[x.Name] = spot{n, rect, p.MediaBox[3]}
				}
			}
			return true, nil
		})
		if err != nil {
			t.Fatal(err)
		}
	})
	return out
}

func opened(t *testing.T, file string, use func(*os.File, *pdf.File, []pdf.Field)) {
	t.Helper()
	r, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = r.Close() }()
	info, err := r.Stat()
	if err != nil {
		t.Fatal(err)
	}
	f, err := pdf.Open(t.Context(), r, info.Size(), pdf.DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	fields, err := f.Fields()
	if err != nil {
		t.Fatal(err)
	}
	use(r, f, fields)
}

// picture is a rendered page.
type picture struct{ image.Image }

const dpi = 100

func render(t *testing.T, file string, page int) picture {
	t.Helper()
	stem, n := filepath.Join(t.TempDir(), "page"), strconv.Itoa(page)
	tool(t, "pdftoppm", "-png", "-singlefile", "-r", strconv.Itoa(dpi), "-f", n, "-l", n, file, stem)
	f, err := os.Open(stem + ".png")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	img, err := png.Decode(f)
	if err != nil {
		t.Fatal(err)
	}
	return picture{img}
}

// within is the smallest box around the pixels of a colour inside a field's place.
func (p picture) within(s spot, is func(r, g, b int) bool) image.Rectangle {
	px := func(points float64) int { return int(points * dpi / 72) }
	area := image.Rect(px(s.rect[0]), px(s.pageHeight-s.rect[3]), px(s.rect[2]), px(s.pageHeight-s.rect[1])).Intersect(p.Bounds())
	var box image.Rectangle
	for y := area.Min.Y; y < area.Max.Y; y++ {
		for x := area.Min.X; x < area.Max.X; x++ {
			r, g, b, _ := p.At(x, y).RGBA()
			if is(int(r>>8), int(g>>8), int(b>>8)) {
				box = box.Union(image.Rect(x, y, x+1, y+1))
			}
		}
	}
	return box
}

func centre(r image.Rectangle) int { return (r.Min.X + r.Max.X) / 2 }
