package testpdf

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"image/png"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const bigSize = 50 << 20

func TestBigIsAValidPDFOfThatSize(t *testing.T) {
	base, err := os.ReadFile(Path("cong-van-1.pdf"))
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "big.pdf")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := Big(f, bytes.NewReader(base), int64(len(base)), bigSize); err != nil {
		t.Fatal(err)
	}
	if info, err := f.Stat(); err != nil || info.Size() != bigSize {
		t.Fatalf("size %d, %v", info.Size(), err)
	}
	prefix := make([]byte, len(base))
	if _, err := f.ReadAt(prefix, 0); err != nil || !bytes.Equal(prefix, base) {
		t.Error("the base is not the prefix")
	}
	if out, err := pdf(t, "qpdf", "--check", path); err != nil {
		t.Errorf("qpdf --check: %s", out)
	}
	if text, err := pdf(t, "pdftotext", path, "-"); err != nil || !strings.Contains(text, "Nguyễn Văn Mẫu") {
		t.Errorf("the letter is gone: %s", text)
	}
	picture := filepath.Join(t.TempDir(), "page")
	if out, err := pdf(t, "pdftoppm", "-png", "-r", "40", "-f", "2", "-l", "2", "-singlefile", path, picture); err != nil || out != "" {
		t.Fatalf("pdftoppm: %v %s", err, out)
	}
	shot, err := os.Open(picture + ".png")
	if err != nil {
		t.Fatal(err)
	}
	defer shot.Close()
	img, err := png.Decode(shot)
	if err != nil {
		t.Fatal(err)
	}
	dark := 0
	for y := range img.Bounds().Dy() {
		for x := range img.Bounds().Dx() {
			if r, _, _, _ := img.At(x, y).RGBA(); r < 0xe800 {
				dark++
			}
		}
	}
	if all := img.Bounds().Dx() * img.Bounds().Dy(); dark < all/50 || dark > all/2 {
		t.Errorf("%d of %d pixels of the drawing are dark", dark, all)
	}
}

func TestBigIsTheSameEachTime(t *testing.T) {
	base, err := os.ReadFile(Path("quyet-dinh.pdf"))
	if err != nil {
		t.Fatal(err)
	}
	var sums [2][]byte
	for i := range sums {
		h := sha256.New()
		if err := Big(h, bytes.NewReader(base), int64(len(base)), 2<<20+int64(7)); err != nil {
			t.Fatal(err)
		}
		sums[i] = h.Sum(nil)
	}
	if !bytes.Equal(sums[0], sums[1]) {
		t.Error("two runs differ")
	}
}

func TestBigRefuses(t *testing.T) {
	for _, tt := range []struct {
		file   string
		target int64
	}{
		{"cong-van-1.pdf", 60_000},
		{"cong-van-1.pdf", 0},
		{"cong-van-1-xref-stream.pdf", bigSize},
		{"cong-van-1-linearized.pdf", bigSize},
		{"cong-van-1-user-password.pdf", bigSize},
		{"cong-van-1-truncated.pdf", bigSize},
		{"not-a-pdf.pdf", bigSize},
	} {
		base, err := os.ReadFile(Path(tt.file))
		if err != nil {
			t.Fatal(err)
		}
		if err := Big(io.Discard, bytes.NewReader(base), int64(len(base)), tt.target); err == nil {
			t.Errorf("%s to %d bytes: no error", tt.file, tt.target)
		}
	}
	base, err := os.ReadFile(Path("cong-van-1.pdf"))
	if err != nil {
		t.Fatal(err)
	}
	if err := Big(full{}, bytes.NewReader(base), int64(len(base)), bigSize); !errors.Is(err, errFull) {
		t.Errorf("a full disk gives %v", err)
	}
}

var errFull = errors.New("disk full")

type full struct{}

func (full) Write([]byte) (int, error) { return 0, errFull }
