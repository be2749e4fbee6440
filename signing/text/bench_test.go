package text

import (
	"bytes"
	"os"
	"testing"

	"congvan/signing/pdf"
)

// BenchmarkBlanks opens a letter of two pages and looks for the date line in it.
func BenchmarkBlanks(b *testing.B) {
	data, err := os.ReadFile("../../testdata/cong-van-2.pdf")
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		f, err := pdf.Open(b.Context(), bytes.NewReader(data), int64(len(data)), pdf.DefaultLimits())
		if err != nil {
			b.Fatal(err)
		}
		found, err := Blanks(b.Context(), f, []string{"ngày", "tháng", "năm"})
		if err != nil || len(found) == 0 {
			b.Fatal(found, err)
		}
	}
}
