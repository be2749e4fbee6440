package pades

import (
	"fmt"
	"image"
	"math"
	"strings"
	"testing"

	"congvan/signing"
	"congvan/signing/pdf"
)

// A place means the same millimetres of the visible page whatever the page's turn,
// crop box and unit, and the picture on it stands upright: seen in what poppler draws.
func TestPlaceOnEveryKindOfPage(t *testing.T) {
	e, s := New(Options{}), newSigner(t, "A")
	// A right triangle: its ink is heavy at the lower left, so a turn shows.
	triangle := encodePNG(t, drawn(200, 100, sealRed, func(x, y float64) float64 { return y - x/2 }))
	for _, rotate := range []int{0, 90, 180, 270, -90, 450} {
		for _, crop := range []string{"", "/CropBox [40 60 440 760]"} {
			for _, unit := range []float64{1, 2.5} {
				if (rotate < 0 || rotate > 270) && (crop != "" || unit != 1) {
					continue // another way to write 270 or 90 needs one test each
				}
				t.Run(fmt.Sprintf("rotate %d%s unit %g", rotate, crop, unit), func(t *testing.T) {
					base := formFile{page: fmt.Sprintf("/Rotate %d %s /UserUnit %g", rotate, crop, unit)}.build()
					place := signing.Place{Page: 1, X: 100, Y: 40, W: 30, H: 15}
					signed := s.sign(t, e, base, signing.Request{
						Field: "s", Place: place,
						Appearance: signing.Appearance{Look: signing.LookAgency, Image: triangle},
					})
					page, err := loadPage(open(t, signed), 1)
					if err != nil {
						t.Fatal(err)
					}
					w, h := page.size()
					m := render(t, signed, 1)
					toX, toY := w/float64(m.Bounds().Dx()), h/float64(m.Bounds().Dy())
					_, at := pixels(m, red)
					for _, d := range []struct {
						edge      string
						got, want float64
					}{
						{"left", float64(at.Min.X) * toX, place.X},
						{"top", float64(at.Min.Y) * toY, place.Y},
						{"right", float64(at.Max.X) * toX, place.X + place.W},
						{"bottom", float64(at.Max.Y) * toY, place.Y + place.H},
					} {
						if math.Abs(d.got-d.want) > 0.8*unit {
							t.Errorf("%s edge at %.1f mm, want %.1f", d.edge, d.got, d.want)
						}
					}
					quarter := image.Rect(at.Min.X, at.Max.Y-at.Dy()/3, at.Min.X+at.Dx()/3, at.Max.Y)
					n, _ := pixels(m.SubImage(quarter).(*image.RGBA), red)
					if n < quarter.Dx()*quarter.Dy()*3/4 {
						t.Errorf("the picture is turned: %d of %d pixels at its lower left", n, quarter.Dx()*quarter.Dy())
					}
				})
			}
		}
	}
}

// The value of a field stands on the line of the page's text, upright on a turned
// page: pdftotext tells the place of every word, pdftoppm where its ink ends.
func TestValueStandsOnTheLine(t *testing.T) {
	e, leader, agency := New(Options{}), newSigner(t, "Nguyễn Văn Mẫu"), newSigner(t, "Sở Ví dụ")
	for _, name := range []string{"cong-van-1.pdf", "cong-van-1-rotated.pdf"} {
		letter := sample(t, name)
		signed := agency.sign(t, e, leader.sign(t, e, letter, leaderRequest(t, letter, "Nguyễn Văn Mẫu")), agencyRequest(t))
		words, m := words(t, signed), render(t, signed, 1)
		for value, beside := range map[string]string{"125": "/SVD-VP", "21": "năm", "11": "năm"} {
			if d := inkBottom(m, words[value]) - inkBottom(m, words[beside]); math.Abs(d) > 0.75 {
				t.Errorf("%s: %q stands %.2f pt under the line of %q", name, value, d, beside)
			}
		}
		if v, from, to := words["125"], words["Số:"], words["/SVD-VP"]; v[0] < from[2] || v[2] > to[0] {
			t.Errorf("%s: the number %v overlaps its neighbours %v %v", name, v, from, to)
		}
	}
}

// inkBottom is the lowest dark point of a word, in points from the top of the page.
func inkBottom(m *image.RGBA, word [4]float64) float64 {
	scale := renderDPI / 72
	around := image.Rect(int(word[0]*scale), int((word[1]-4)*scale), int(word[2]*scale)+1, int((word[3]+4)*scale))
	_, at := pixels(m.SubImage(around).(*image.RGBA), func(r, g, b uint32) bool { return r+g+b < 300 })
	return float64(at.Max.Y) / scale
}

// words reads left, top, right and bottom of the words of page 1, in points; of equal
// words the first counts.
func words(t testing.TB, data []byte) map[string][4]float64 {
	t.Helper()
	out := map[string][4]float64{}
	for _, l := range strings.Split(run(t, "pdftotext", "-bbox", save(t, "words.pdf", data), "-"), "\n") {
		var b [4]float64
		if n, _ := fmt.Sscanf(strings.TrimSpace(l), `<word xMin="%f" yMin="%f" xMax="%f" yMax="%f">`, &b[0], &b[1], &b[2], &b[3]); n != 4 {
			continue
		}
		_, word, _ := strings.Cut(l, ">")
		word = strings.TrimSuffix(strings.TrimSpace(word), "</word>")
		if _, ok := out[word]; !ok {
			out[word] = b
		}
	}
	return out
}

func TestPlaceOffThePageIsRefused(t *testing.T) {
	e := New(Options{})
	base := formFile{}.build()
	for name, place := range map[string]signing.Place{
		"page 0":      {Page: 0, X: 10, Y: 10, W: 10, H: 10},
		"page 2 of 1": {Page: 2, X: 10, Y: 10, W: 10, H: 10},
		"too far":     {Page: 1, X: 190, Y: 10, W: 36, H: 36},
		"too low":     {Page: 1, X: 10, Y: 280, W: 36, H: 36},
		"negative":    {Page: 1, X: -10, Y: 10, W: 36, H: 36},
		"no width":    {Page: 1, X: 10, Y: 10, W: 0, H: 36},
		"not a size":  {Page: 1, X: 10, Y: 10, W: math.NaN(), H: 36},
		"infinite":    {Page: 1, X: 10, Y: 10, W: math.Inf(1), H: 36},
	} {
		r := signing.Request{
			Field: "s", Place: place, Time: signedAt,
			Appearance: signing.Appearance{Look: signing.LookAgency, Image: sealImage(t)},
		}
		refused(t, name, e, base, r, signing.ErrPlace)
		r = signing.Request{Field: "s", Time: signedAt, Create: []signing.FieldSpec{{Name: "t", Kind: signing.FieldText, Place: place}}}
		refused(t, name+" of a text field", e, base, r, signing.ErrPlace)
	}
}

// A field tells how its page is turned, for viewers that draw it anew; one that shows
// nothing has nothing to tell.
func TestFieldTellsTheTurnOfItsPage(t *testing.T) {
	e, s := New(Options{}), newSigner(t, "A")
	for page, want := range map[string]string{"": "<nil>", "/Rotate 90": "map[R:90]", "/Rotate 270": "map[R:270]"} {
		r := simpleRequest("s")
		r.Appearance = signing.Appearance{}
		fields, err := open(t, s.sign(t, e, formFile{page: page}.build(), r)).Fields()
		if err != nil || len(fields) != 3 {
			t.Fatalf("%q: %v, %v", page, fields, err)
		}
		for _, f := range fields {
			if got := fmt.Sprint(f.Dict["MK"]); f.Name == "s" && got != "<nil>" || f.Name != "s" && got != want {
				t.Errorf("%q: field %s has /MK %s, want %s", page, f.Name, got, want)
			}
		}
	}
}

// An invisible signature has a field without size on the page, and no appearance.
func TestInvisibleSignature(t *testing.T) {
	e, s := New(Options{}), newSigner(t, "A")
	for _, look := range []signing.Look{"", signing.LookNone} { // a place is not asked for, and not taken
		signed := s.sign(t, e, formFile{}.build(), signing.Request{Field: "s", Place: signing.Place{Page: 1, X: 20, Y: 20, W: 30, H: 30}, Appearance: signing.Appearance{Look: look}})
		accepted(t, signed, s)
		fields, _ := open(t, signed).Fields()
		d := fields[0].Dict
		if fmt.Sprint(d["Rect"]) != "[0 0 0 0]" || d["AP"] != nil || d["P"] != (pdf.Ref{Num: 3}) {
			t.Errorf("%q: %v", look, d)
		}
	}
}
