package images

import (
	"bytes"
	"image"
	"image/png"
	"strings"
	"testing"

	"golang.org/x/text/unicode/norm"
)

func decode(t *testing.T, b []byte) *image.NRGBA {
	t.Helper()
	img, err := png.Decode(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	rgba, ok := img.(*image.NRGBA)
	if !ok {
		t.Fatalf("picture is %T, without an alpha channel", img)
	}
	return rgba
}

// inked counts the pixels of an area that carry ink and the densest of them.
func inked(img *image.NRGBA, area image.Rectangle) (count int, densest uint8) {
	for y := area.Min.Y; y < area.Max.Y; y++ {
		for x := area.Min.X; x < area.Max.X; x++ {
			if a := img.NRGBAAt(x, y).A; a > 0 {
				count++
				densest = max(densest, a)
			}
		}
	}
	return count, densest
}

func TestSignature(t *testing.T) {
	seen := map[string]string{}
	for _, name := range []string{"Nguyễn Văn Mẫu", "Trần Thị Thử", "Lê Hoàng Ví Dụ", "Đỗ Thị Minh Họa", "", "X", strings.Repeat("rất dài ", 2000)} {
		b := Signature(name)
		if other, ok := seen[string(b)]; ok {
			t.Errorf("%.20q signs like %.20q", name, other)
		}
		seen[string(b)] = name
		if !bytes.Equal(b, Signature(name)) {
			t.Errorf("%.20q signs differently the second time", name)
		}
		img := decode(t, b)
		if img.Rect != image.Rect(0, 0, SignatureWidth, SignatureHeight) {
			t.Fatalf("size %v", img.Rect)
		}
		count, densest := inked(img, img.Rect)
		if all := SignatureWidth * SignatureHeight; count < all/100 || count > all/4 {
			t.Errorf("%.20q: %d of %d pixels carry ink", name, count, all)
		}
		if densest != blueInk.A {
			t.Errorf("%.20q: densest ink %d", name, densest)
		}
		for _, edge := range []image.Rectangle{
			image.Rect(0, 0, SignatureWidth, 8), image.Rect(0, SignatureHeight-8, SignatureWidth, SignatureHeight),
			image.Rect(0, 0, 8, SignatureHeight), image.Rect(SignatureWidth-8, 0, SignatureWidth, SignatureHeight),
		} {
			if n, _ := inked(img, edge); n > 0 {
				t.Errorf("%.20q: the stroke is cut at %v", name, edge)
			}
		}
		for i := 0; i < len(img.Pix); i += 4 {
			if img.Pix[i+3] > 0 && (img.Pix[i] != 0x1a || img.Pix[i+1] != 0x3f || img.Pix[i+2] != 0xb0) {
				t.Fatalf("%.20q: a stroke is not blue", name)
			}
		}
	}
}

func TestSeal(t *testing.T) {
	seen := map[string]bool{}
	for _, text := range []SealText{
		{"Ủy ban nhân dân Thành phố", "Sở Ví dụ"},
		{"Ủy ban nhân dân Thành phố", "Sở Thử nghiệm"},
		{"Ủy ban nhân dân Thành phố", "Ủy ban nhân dân phường Mẫu"},
		{"", "Ủy ban nhân dân Thành phố"},
		{"", ""},
		{strings.Repeat("dài ", 5000), strings.Repeat("rộng ", 5000)},
	} {
		b := Seal(text)
		if seen[string(b)] {
			t.Errorf("%.40v: the seal of another agency", text)
		}
		seen[string(b)] = true
		if !bytes.Equal(b, Seal(text)) {
			t.Errorf("%.40v: differs the second time", text)
		}
		img := decode(t, b)
		if img.Rect != image.Rect(0, 0, SealSize, SealSize) {
			t.Fatalf("size %v", img.Rect)
		}
		if n, _ := inked(img, image.Rect(0, 0, 50, 50)); n > 0 {
			t.Error("the corner is not transparent")
		}
		if left, top := img.NRGBAAt(6, SealSize/2).A, img.NRGBAAt(SealSize/2, 6).A; left < 160 || top < 160 {
			t.Errorf("the outer ring is thin: %d, %d", left, top)
		}
		if _, densest := inked(img, img.Rect); densest > redInk.A {
			t.Errorf("ink %d hides what is under it", densest)
		}
		if a := img.NRGBAAt(SealSize/2, SealSize/2-16); a.A < 160 || a.R < 0xc0 || a.G > 0x40 {
			t.Errorf("no red star in the middle: %v", a)
		}
		if n, _ := inked(img, image.Rect(110, 245, 315, 300)); n < 2000 {
			t.Errorf("the seal does not say it is for testing: %d", n)
		}
	}
}

func TestSealNormalises(t *testing.T) {
	text := SealText{"Ủy ban nhân dân Thành phố", "Sở Ví dụ"}
	apart := SealText{norm.NFD.String(text.Superior), norm.NFD.String(text.Agency)}
	if capitals(text.Superior) != "ỦY BAN NHÂN DÂN THÀNH PHỐ" || capitals(apart.Agency) != capitals(text.Agency) {
		t.Error("composed and decomposed letters give other capitals")
	}
}

func TestSealFontHasEveryVietnameseCapital(t *testing.T) {
	pen := newLettering(SealSize, SealSize)
	for _, r := range "AĂÂBCDĐEÊGHIKLMNOÔƠPQRSTUƯVXYFJWZ0123456789-., " +
		"ÀẢÃÁẠẰẲẴẮẶẦẨẪẤẬÈẺẼÉẸỀỂỄẾỆÌỈĨÍỊÒỎÕÓỌỒỔỖỐỘỜỞỠỚỢÙỦŨÚỤỪỬỮỨỰỲỶỸÝỴ" {
		if index, err := pen.font.GlyphIndex(&pen.buf, r); err != nil || index == 0 {
			t.Errorf("no letter %c: %v", r, err)
		}
	}
}
