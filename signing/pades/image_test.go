package pades

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"image"
	"image/color"
	"image/jpeg"
	"testing"

	"congvan/signing"
)

// A picture of every kind that PNG has shows on the page in its colours.
func TestEveryKindOfPNG(t *testing.T) {
	e, s := New(Options{}), newSigner(t, "A")
	const size = 60
	paint := func(m interface {
		image.Image
		Set(x, y int, c color.Color)
	}, c color.Color,
	) image.Image {
		for y := range size {
			for x := range size / 2 { // the left half; the right stays empty
				m.Set(x, y, c)
			}
		}
		return m
	}
	rect := image.Rect(0, 0, size, size)
	opaque := color.NRGBA{R: 215, G: 25, B: 30, A: 255}
	grey := func(r, g, b uint32) bool { return r == g && g == b && r > 60 && r < 140 }
	half := func(r, g, b uint32) bool { return r > 220 && g > 120 && g < 160 && b > 120 && b < 160 }
	black := func(r, g, b uint32) bool { return r+g+b < 30 }
	for name, c := range map[string]struct {
		m    image.Image
		seen func(r, g, b uint32) bool
	}{
		"8-bit with alpha":     {paint(image.NewNRGBA(rect), opaque), red},
		"8-bit half opaque":    {paint(image.NewNRGBA(rect), color.NRGBA{R: 215, G: 25, B: 30, A: 128}), half},
		"16-bit with alpha":    {paint(image.NewNRGBA64(rect), opaque), red},
		"8-bit opaque":         {paint(image.NewRGBA(rect), opaque), red},
		"16-bit opaque":        {paint(image.NewRGBA64(rect), opaque), red},
		"palette":              {paint(image.NewPaletted(rect, color.Palette{color.NRGBA{}, opaque}), opaque), red},
		"grey 8-bit":           {paint(image.NewGray(rect), color.Gray{Y: 100}), grey},
		"grey 16-bit":          {paint(image.NewGray16(rect), color.Gray16{Y: 100 << 8}), grey},
		"opaque black and red": {paint(opaqueBlack(rect), opaque), black},
	} {
		t.Run(name, func(t *testing.T) {
			signed := s.sign(t, e, formFile{}.build(), signing.Request{
				Field: "s", Place: signing.Place{Page: 1, X: 50, Y: 50, W: 40, H: 40},
				Appearance: signing.Appearance{Look: signing.LookAgency, Image: encodePNG(t, c.m)},
			})
			verified(t, signed, s)
			if opaque := c.m.(interface{ Opaque() bool }).Opaque(); opaque == bytes.Contains(signed, []byte("/SMask")) {
				t.Errorf("opaque is %v, and so is the mask", opaque)
			}
			n, at := pixels(render(t, signed, 1), c.seen)
			if want := 25_700; n < want*9/10 { // 40 × 20 mm
				t.Errorf("%d pixels at %v show the picture, want about %d", n, at, want)
			}
		})
	}
}

func opaqueBlack(r image.Rectangle) *image.RGBA {
	m := image.NewRGBA(r)
	for i := 3; i < len(m.Pix); i += 4 {
		m.Pix[i] = 255
	}
	return m
}

// The proportions of a picture are kept, whatever its place; one pixel is a picture.
func TestPictureIsContained(t *testing.T) {
	e, s := New(Options{}), newSigner(t, "A")
	one := image.NewNRGBA(image.Rect(0, 0, 1, 1))
	one.SetNRGBA(0, 0, sealRed)
	signed := s.sign(t, e, formFile{}.build(), signing.Request{
		Field: "s", Place: signing.Place{Page: 1, X: 50, Y: 50, W: 60, H: 20},
		Appearance: signing.Appearance{Look: signing.LookLeader, Image: encodePNG(t, one)},
	})
	_, at := pixels(render(t, signed, 1), red)
	mm := func(v int) float64 { return float64(v) / renderDPI * 25.4 }
	if x, w, h := mm(at.Min.X), mm(at.Dx()), mm(at.Dy()); x < 69 || x > 71 || w < 19 || w > 21 || h < 19 || h > 21 {
		t.Errorf("a square in 60 × 20 mm is drawn %.1f × %.1f mm at x = %.1f", w, h, x)
	}
}

func TestBadPicturesAreRefused(t *testing.T) {
	e := New(Options{})
	good := sealImage(t)
	var photo bytes.Buffer
	if err := jpeg.Encode(&photo, image.NewCMYK(image.Rect(0, 0, 10, 10)), nil); err != nil {
		t.Fatal(err)
	}
	for name, data := range map[string][]byte{
		"empty": nil, "text": []byte("seal"), "JPEG": photo.Bytes(),
		"truncated": good[:len(good)/2], "100 megapixels": bomb(10_000, 10_000), "one enormous row": bomb(1<<31-1, 1),
		"too many bytes": make([]byte, maxImageBytes+1),
	} {
		refused(t, name, e, formFile{}.build(), signing.Request{
			Field: "s", Time: signedAt, Place: signing.Place{Page: 1, X: 20, Y: 20, W: 36, H: 36},
			Appearance: signing.Appearance{Look: signing.LookAgency, Image: data},
		}, signing.ErrImage)
	}
}

// bomb is the head of a PNG that promises a size.
func bomb(w, h uint32) []byte {
	head := []byte("IHDR")
	head = binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(head, w), h)
	head = append(head, 8, 6, 0, 0, 0)
	out := append([]byte("\x89PNG\r\n\x1a\n"), 0, 0, 0, 13)
	out = append(out, head...)
	return binary.BigEndian.AppendUint32(out, crc32.ChecksumIEEE(head))
}

// What nobody sees is painted in the mean colour of what is seen, or a viewer that
// scales colour and alpha apart would draw a fringe of it.
func TestHiddenPixelsTakeTheMeanColour(t *testing.T) {
	m := image.NewNRGBA(image.Rect(0, 0, 3, 1))
	m.SetNRGBA(0, 0, color.NRGBA{R: 200, G: 0, B: 40, A: 255})
	m.SetNRGBA(1, 0, color.NRGBA{R: 100, G: 0, B: 20, A: 255})
	m.SetNRGBA(2, 0, color.NRGBA{R: 255, G: 255, B: 255, A: 0})
	p, err := decodePNG(encodePNG(t, m))
	if err != nil {
		t.Fatal(err)
	}
	if got := p.rgb[6:]; !bytes.Equal(got, []byte{150, 0, 30}) {
		t.Errorf("the hidden pixel is %v", got)
	}
}
