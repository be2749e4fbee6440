package pades

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"

	"congvan/signing"
	"congvan/signing/pdf/pdftest"
)

// Six people sign one after another, visibly and not, on every kind of
// cross-reference: each update follows the one before, and all hold.
func TestManySignaturesInARow(t *testing.T) {
	e := New(Options{})
	for name, base := range map[string][]byte{
		"table": formFile{}.build(), "stream": formFile{stream: true, catalog: "/AcroForm << /Fields [] >>"}.build(), "linearized": sample(t, "cong-van-1-linearized.pdf"),
	} {
		t.Run(name, func(t *testing.T) {
			var signers []*signer
			out := base
			for i := range 6 {
				s := newSigner(t, fmt.Sprintf("Người thứ %d", i+1))
				r := signing.Request{Field: fmt.Sprintf("s%d", i)}
				if i%2 == 0 {
					r.Place = signing.Place{Page: 1, X: 10 + 30*float64(i), Y: 255, W: 25, H: 20}
					r.Appearance = signing.Appearance{Look: signing.LookInitials, Image: signatureImage(t)}
				}
				out = s.sign(t, e, out, r)
				signers = append(signers, s)
			}
			accepted(t, out, signers...)
			if n := len(open(t, out).Revisions()); n != len(open(t, base).Revisions())+6 {
				t.Errorf("%d revisions", n)
			}
		})
	}
}

// Pages lie deep in the tree and inherit their box; a tree that turns on itself is
// refused and does not hang.
func TestNestedPageTree(t *testing.T) {
	e, s := New(Options{}), newSigner(t, "A")
	tree := func(last string) []byte {
		b := pdftest.New()
		b.Obj(1, "<< /Type /Catalog /Pages 2 0 R >>")
		b.Obj(2, "<< /Type /Pages /Count 3 /Kids [3 0 R 4 0 R] /MediaBox [0 0 400 300] /Rotate 90 >>")
		b.Obj(3, "<< /Type /Page /Parent 2 0 R >>")
		b.Obj(4, "<< /Type /Pages /Parent 2 0 R /Count 2 /Kids [5 0 R] >>")
		b.Obj(5, "<< /Type /Pages /Parent 4 0 R /Count 2 /Kids [6 0 R "+last+"] /CropBox [100 0 400 300] >>")
		b.Obj(6, "<< /Type /Page /Parent 5 0 R >>")
		b.Obj(7, "<< /Type /Page /Parent 5 0 R /Rotate 0 >>")
		b.Table("")
		return b.Bytes()
	}
	request := signing.Request{
		Field: "s", Place: signing.Place{Page: 3, X: 20, Y: 30, W: 30, H: 15}, Time: signedAt,
		Appearance: signing.Appearance{Look: signing.LookAgency, Image: sealImage(t)},
	}
	signed := s.sign(t, e, tree("7 0 R"), request)
	accepted(t, signed, s)
	n, at := pixels(render(t, signed, 3), red)
	if x := float64(at.Min.X+at.Max.X) / 2 / renderDPI * 25.4; n < 300 || math.Abs(x-35) > 1 {
		t.Errorf("%d red pixels at %v, middle %.1f mm", n, at, x)
	}
	for _, loop := range []string{"4 0 R", "5 0 R", "2 0 R"} {
		if _, err := e.Prepare(t.Context(), asFile(tree(loop)), request); !errors.Is(err, signing.ErrTruncated) && !errors.Is(err, signing.ErrResourceLimit) && !errors.Is(err, signing.ErrPlace) {
			t.Errorf("loop to %s: %v", loop, err)
		}
	}
}

// Every look by its name shows what NĐ 30/2020 Annex I says of it, in exact
// millimetres, and nothing else.
func TestEveryLook(t *testing.T) {
	e, s := New(Options{}), newSigner(t, "A")
	long := strings.TrimSpace(strings.Repeat("Nguyễn Thị ", 11)) // 120 letters with marks
	place := signing.Place{Page: 1, X: 60, Y: 100, W: 60, H: 30}
	for look, c := range map[signing.Look]struct {
		appearance     signing.Appearance
		colour         func(r, g, b uint32) bool
		x1, y1, x2, y2 float64 // mm, where its ink lies; a round seal touches the edges
	}{
		signing.LookAgency:     {signing.Appearance{Image: sealImage(t)}, red, 75, 100, 105, 130},
		signing.LookLeader:     {signing.Appearance{Image: signatureImage(t)}, blue, 60, 100, 120, 130},
		signing.LookInitials:   {signing.Appearance{Image: signatureImage(t)}, blue, 60, 100, 120, 130},
		signing.LookAttachment: {signing.Appearance{Lines: []string{"Sở Ví dụ", "125/SVD-VP", "21-11-2026 15:30:45 +07:00"}}, dark, 60, 100, 120, 130},
		signing.LookCopy:       {signing.Appearance{Lines: []string{"SAO Y", long}}, dark, 60, 100, 120, 130},
		signing.LookNone:       {signing.Appearance{}, func(r, g, b uint32) bool { return r+g+b < 700 }, 0, 0, 0, 0},
	} {
		t.Run(string(look), func(t *testing.T) {
			c.appearance.Look = look
			signed := s.sign(t, e, formFile{}.build(), signing.Request{Field: "s", Place: place, Appearance: c.appearance})
			accepted(t, signed, s)
			m := render(t, signed, 1)
			n, at := pixels(m, c.colour)
			mm := func(v int) float64 { return float64(v) / renderDPI * 25.4 }
			if look == signing.LookNone {
				if n != 0 {
					t.Errorf("%d pixels are not white", n)
				}
				return
			}
			if n < 100 || mm(at.Min.X) < c.x1-0.3 || mm(at.Max.X) > c.x2+0.3 || mm(at.Min.Y) < c.y1-0.3 || mm(at.Max.Y) > c.y2+0.3 {
				t.Errorf("%d pixels from %.1f, %.1f to %.1f, %.1f mm", n, mm(at.Min.X), mm(at.Min.Y), mm(at.Max.X), mm(at.Max.Y))
			}
			if look == signing.LookAgency && (math.Abs(mm(at.Dx())-30) > 0.5 || math.Abs(mm(at.Dy())-30) > 0.5) {
				t.Errorf("the seal is %.1f × %.1f mm, its place 30 mm high", mm(at.Dx()), mm(at.Dy()))
			}
			if look == signing.LookCopy && strings.Count(strings.Join(strings.Fields(run(t, "pdftotext", save(t, "a.pdf", signed), "-")), " "), "Nguyễn Thị") != 11 {
				t.Error("the long name lost a part")
			}
		})
	}
}

func dark(r, g, b uint32) bool { return r+g+b < 200 }
