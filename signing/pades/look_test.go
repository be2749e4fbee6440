package pades

import (
	"math"
	"strings"
	"testing"

	"congvan/signing"
	"congvan/signing/pdf"
)

// An annex in a file of its own carries the text block at the top right of page 1,
// black, no seal; also a scan, and one that someone else signed before.
func TestAttachmentLook(t *testing.T) {
	e, clerk, other := New(Options{}), newSigner(t, "Sở Ví dụ"), newSigner(t, "Cơ quan khác")
	r := signing.Request{
		Field: "cv-annex", Place: signing.Place{Page: 1, X: 120, Y: 8, W: 80, H: 14},
		Appearance: signing.Appearance{Look: signing.LookAttachment, Lines: []string{
			"Sở Ví dụ Thành phố Thử nghiệm", "125/SVD-VP", "21-11-2026 15:30:45 +07:00",
		}},
		Lock: &signing.Lock{Action: signing.LockAll},
	}
	scan, annex := sample(t, "phu-luc-scan.pdf"), sample(t, "phu-luc.pdf")
	for name, c := range map[string]struct {
		base    []byte
		signers []*signer
	}{
		"annex":         {annex, []*signer{clerk}},
		"scan":          {scan, []*signer{clerk}},
		"signed before": {other.sign(t, e, annex, signing.Request{Field: "Signature1"}), []*signer{other, clerk}},
	} {
		t.Run(name, func(t *testing.T) {
			out := clerk.sign(t, e, c.base, r)
			accepted(t, out, c.signers...)
			text := run(t, "pdftotext", "-layout", "-f", "1", "-l", "1", save(t, "annex.pdf", out), "-")
			for _, line := range r.Appearance.Lines {
				if !strings.Contains(text, line) {
					t.Errorf("%q is not on page 1", line)
				}
			}
			m := render(t, out, 1)
			if n, at := pixels(m, red); n > 50 {
				t.Errorf("%d red pixels at %v on an annex", n, at)
			}
		})
	}
}

// A long name wraps inside its place, and stands at the edge that is nearer.
func TestTextBlockWraps(t *testing.T) {
	e, s := New(Options{}), newSigner(t, "A")
	long := "Ủy ban nhân dân thành phố Thử nghiệm, Văn phòng Đoàn đại biểu và Hội đồng nhân dân"
	for side, x := range map[string]float64{"left": 15, "right": 130} {
		out := s.sign(t, e, formFile{}.build(), signing.Request{
			Field: "s", Place: signing.Place{Page: 1, X: x, Y: 10, W: 65, H: 30},
			Appearance: signing.Appearance{Look: signing.LookCopy, Lines: []string{"Sao y", long}},
		})
		words := words(t, out)
		first, last := words["Sao"], words["Ủy"]
		if last[1] <= first[1] || words["dân"][1] < last[1] || words["Hội"][1] <= last[1] {
			t.Errorf("%s: the text does not run down the lines: %v", side, words)
		}
		left, right := x/mmPerPoint, (x+65)/mmPerPoint
		for word, at := range words {
			if at[0] < left-0.1 || at[2] > right+0.1 {
				t.Errorf("%s: %q leaves its place: %v", side, word, at)
			}
		}
		if side == "left" && first[0] > left+0.5 || side == "right" && words["y"][2] < right-0.5 {
			t.Errorf("%s: the block stands at %v", side, first)
		}
	}
}

// In a blank between two words the value stands in the middle, in an open one at the
// left.
func TestAlignmentFollowsTheWidth(t *testing.T) {
	e, s := New(Options{}), newSigner(t, "A")
	once := s.sign(t, e, formFile{}.build(), signing.Request{Field: "s", Create: []signing.FieldSpec{
		{Name: "narrow", Kind: signing.FieldText, Place: signing.Place{Page: 1, X: 50, Y: 50, W: 15, H: 5}},
		{Name: "wide", Kind: signing.FieldText, Place: signing.Place{Page: 1, X: 50, Y: 70, W: 50, H: 5}},
		{Name: "cv-seal", Kind: signing.FieldSignature, Place: signing.Place{Page: 1, X: 50, Y: 90, W: 36, H: 36}},
	}})
	words := words(t, s.sign(t, e, once, signing.Request{
		Field: "cv-seal",
		Fill:  []signing.FieldValue{{Name: "narrow", Value: "125"}, {Name: "wide", Value: "126"}},
	}))
	const from, to = 50 / mmPerPoint, 65 / mmPerPoint
	if at := words["125"]; math.Abs(at[0]-from-(to-at[2])) > 0.5 {
		t.Errorf("%v is not in the middle of %.1f to %.1f", at, from, to)
	}
	if at := words["126"]; math.Abs(at[0]-from) > 0.5 {
		t.Errorf("%v is not at the left, %.1f", at, from)
	}
}

// A field is set upright or slanted as its spec says, and fields of one face share one
// font.
func TestFontsOfFields(t *testing.T) {
	e, s := New(Options{}), newSigner(t, "A")
	spec := func(name string, y float64, italic bool) signing.FieldSpec {
		return signing.FieldSpec{Name: name, Kind: signing.FieldText, Italic: italic, Place: signing.Place{Page: 1, X: 50, Y: y, W: 50, H: 5}}
	}
	once := s.sign(t, e, formFile{}.build(), signing.Request{Field: "s", Create: []signing.FieldSpec{
		spec("a", 50, false), spec("b", 60, true), spec("c", 70, false), spec("d", 80, true),
	}})
	if n := strings.Count(string(once), "/Type0"); n != 2 {
		t.Errorf("%d fonts for two faces", n)
	}
	signed := s.sign(t, e, once, signing.Request{Field: "s2", Fill: []signing.FieldValue{{Name: "a", Value: "125"}, {Name: "b", Value: "21"}, {Name: "c", Value: "126"}}})
	if added := string(signed[len(once):]); strings.Count(added, "/Type0") != 2 || strings.Count(added, "LiberationSerif-Italic") == 0 || strings.Count(added, "+LiberationSerif ") == 0 {
		t.Errorf("%d fonts for the values", strings.Count(added, "/Type0"))
	}
	fields, err := open(t, once).Fields()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range fields {
		da, _ := f.Dict["DA"].(pdf.String)
		if want := map[string]string{"a": "/CVLiberationSerif ", "b": "/CVLiberationSerif-Italic ", "c": "/CVLiberationSerif ", "d": "/CVLiberationSerif-Italic "}[f.Name]; !strings.HasPrefix(string(da), want) {
			t.Errorf("field %s is set in %q", f.Name, da)
		}
	}
}
