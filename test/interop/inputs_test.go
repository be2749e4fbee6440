//go:build interop

package interop

import (
	"bytes"
	"fmt"
	"path/filepath"
	"testing"

	"congvan/signing/pdf/pdftest"
	"congvan/signing/signingtest"
)

// inputs are the kinds of file that are signed, in the order of the table.
var inputs = []string{
	"LibreOffice", "xref stream", "object streams", "hybrid", "linearized", "AcroForm", "rotated",
	"PDF/A-1b", "PDF/A-2b", "PDF/A-3b",
}

// inputFiles makes or fetches one file of every kind. The lower fifth of each first page
// is empty: that is where the visible marks go.
func (w *world) inputFiles() map[string]string {
	sample := func(name string) string { return filepath.Join("..", "..", "testdata", name) }
	out := map[string]string{
		"LibreOffice":    sample("cong-van-1.pdf"),
		"object streams": sample("cong-van-1-xref-stream.pdf"),
		"linearized":     sample("cong-van-1-linearized.pdf"),
		"AcroForm":       sample("cong-van-bieu-mau.pdf"),
		"rotated":        sample("cong-van-1-rotated.pdf"),
		"xref stream":    w.save("in-xref-stream.pdf", handMade(false)),
		"hybrid":         w.save("in-hybrid.pdf", handMade(true)),
	}
	source := signingtest.Source(signingtest.SampleLetter())
	for part := 1; part <= 3; part++ {
		options := fmt.Sprintf(`{"SelectPdfVersion":{"type":"long","value":"%d"},"UseTaggedPDF":{"type":"boolean","value":"false"}}`, part)
		made := signingtest.Office(w.t, source, options)
		// LibreOffice 7.4 tags every PDF/A-1 and calls it 1a; less is claimed here.
		made = bytes.ReplaceAll(made, []byte("<pdfaid:conformance>A<"), []byte("<pdfaid:conformance>B<"))
		out[fmt.Sprintf("PDF/A-%db", part)] = w.save(fmt.Sprintf("in-pdfa-%d.pdf", part), made)
	}
	if len(out) != len(inputs) {
		w.t.Fatalf("%d input files for %d kinds", len(out), len(inputs))
	}
	return out
}

// handMade is a one-page file with a cross-reference stream, or a hybrid one whose font
// and resources only readers of streams see.
func handMade(hybrid bool) []byte {
	b := pdftest.New()
	resources, font := "<< /Font << /F1 6 0 R >> >>", "<< /Type /Font /Subtype /Type1 /BaseFont /Times-Roman >>"
	b.Obj(1, "<< /Type /Catalog /Pages 2 0 R >>")
	b.Obj(2, "<< /Type /Pages /Kids [3 0 R] /Count 1 >>")
	b.Obj(3, "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources 5 0 R >>")
	b.Stream(4, "", "BT /F1 14 Tf 72 760 Td (DU LIEU THU NGHIEM) Tj 0 -24 Td (Mot van ban de ky thu.) Tj ET")
	if hybrid {
		b.ObjStm(7, map[int]string{5: resources, 6: font})
		b.Hybrid(8, "")
		return b.Bytes()
	}
	b.Obj(5, resources)
	b.Obj(6, font)
	b.XrefStream(8, "")
	return b.Bytes()
}

// What the kinds are called is what they are.
func TestInputsAreWhatTheySay(t *testing.T) {
	if !bytes.Contains(handMade(true), []byte("/XRefStm ")) || bytes.Contains(handMade(false), []byte("trailer")) {
		t.Error("the hand-made files are not a hybrid and a stream one")
	}
}
