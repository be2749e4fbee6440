package main

import (
	"bytes"
	"fmt"
	"image/jpeg"
	"os"
)

// wrapScan writes a PDF of one A4 page that is nothing but the JPEG, as an
// office scanner without text recognition writes it.
func wrapScan(in, out string) error {
	jpg, err := os.ReadFile(in)
	if err != nil {
		return err
	}
	conf, err := jpeg.DecodeConfig(bytes.NewReader(jpg))
	if err != nil {
		return fmt.Errorf("%s: %w", in, err)
	}
	const page = "q 595.28 0 0 841.89 0 0 cm /Scan Do Q"
	objects := []string{
		"<< /Type /Catalog /Pages 2 0 R >>",
		"<< /Type /Pages /Kids [ 3 0 R ] /Count 1 >>",
		"<< /Type /Page /Parent 2 0 R /MediaBox [ 0 0 595.28 841.89 ] /Contents 4 0 R /Resources << /XObject << /Scan 5 0 R >> >> >>",
		fmt.Sprintf("<< /Length %d >>\nstream\n%s\nendstream", len(page), page),
		fmt.Sprintf("<< /Type /XObject /Subtype /Image /Width %d /Height %d /ColorSpace /DeviceRGB /BitsPerComponent 8 /Filter /DCTDecode /Length %d >>\nstream\n%s\nendstream",
			conf.Width, conf.Height, len(jpg), jpg),
	}
	var pdf bytes.Buffer
	pdf.WriteString("%PDF-1.4\n%\xe2\xe3\xcf\xd3\n")
	var xref bytes.Buffer
	fmt.Fprintf(&xref, "xref\n0 %d\n0000000000 65535 f \n", len(objects)+1)
	for i, o := range objects {
		fmt.Fprintf(&xref, "%010d 00000 n \n", pdf.Len())
		fmt.Fprintf(&pdf, "%d 0 obj\n%s\nendobj\n", i+1, o)
	}
	start := pdf.Len()
	pdf.Write(xref.Bytes())
	fmt.Fprintf(&pdf, "trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n", len(objects)+1, start)
	return os.WriteFile(out, pdf.Bytes(), 0o644)
}

// turnPage takes the QDF form of a one-page A4 letter and lays its page on the
// side: the content is turned a quarter counter-clockwise on a landscape
// MediaBox and /Rotate 90 turns it back for the reader. The letter looks as
// before, but page space and displayed space differ. The caller mends offsets
// and lengths with fix-qdf.
func turnPage(qdf []byte) ([]byte, error) {
	page := bytes.Index(qdf, []byte("%% Page 1\n"))
	content := bytes.Index(qdf, []byte("%% Contents for page 1\n"))
	if page < 0 || content < 0 || page > content {
		return nil, fmt.Errorf("not the QDF form of a letter: run qpdf --qdf --object-streams=disable first")
	}
	boxAt := bytes.Index(qdf[page:content], []byte("/MediaBox ["))
	start := bytes.Index(qdf[content:], []byte("stream\n"))
	if boxAt < 0 || start < 0 {
		return nil, fmt.Errorf("page 1 has no /MediaBox or no content of its own")
	}
	boxAt += page
	boxEnd := boxAt + bytes.IndexByte(qdf[boxAt:], ']') + 1
	start += content + len("stream\n")

	var out bytes.Buffer
	out.Write(qdf[:boxAt])
	out.WriteString("/MediaBox [ 0 0 842 595 ]\n  /Rotate 90")
	out.Write(qdf[boxEnd:start])
	out.WriteString("0 1 -1 0 842 0 cm\n")
	out.Write(qdf[start:])
	return out.Bytes(), nil
}
