package pades

import (
	"bytes"
	"testing"

	"congvan/signing"
	"congvan/signing/pdf"
)

// FuzzPrepare signs forms and pages of any shape that the reader lets through: it
// never panics, and what comes out can be read and holds the new signature.
func FuzzPrepare(f *testing.F) {
	f.Add("", "", "null", "null")
	f.Add("/AcroForm << /Fields [10 0 R] /DR << /Font << /Helv 11 0 R >> >> /NeedAppearances true >>", "/Annots [10 0 R] /Rotate 90", textWidget, helvetica)
	f.Add("/AcroForm 11 0 R", "/Annots [10 0 R] /CropBox [10 10 500 800] /UserUnit 2", textWidget, "<< /Fields [10 0 R] /DA (/F 0 Tf) /Q 2 >>")
	f.Add("/AcroForm << /Fields [10 0 R] >>", "/Annots 11 0 R", "<< /FT /Sig /T (s) /Subtype /Widget /Rect [50 600 150 650] /Lock << /Action /All >> /SV << /Ff 8 /Reasons [()] >> >>", "[10 0 R]")
	f.Add("/AcroForm << /Fields [11 0 R] >> /Perms << >>", "/Annots [10 0 R]", "<< /Parent 11 0 R /Subtype /Widget /Rect [0 0 9 9] >>", "<< /T (Ghi ch\\372) /FT /Tx /Kids [10 0 R] /V (x) >>")
	e := New(Options{})
	f.Fuzz(func(t *testing.T, catalog, page, ten, eleven string) {
		data := formFile{catalog: catalog, page: page, extra: map[int]string{10: ten, 11: eleven}}.build()
		r := simpleRequest("s")
		r.Time, r.Reserve = signedAt, 100
		r.Create = r.Create[1:] // the form's font costs more than all the rest
		r.Fill = []signing.FieldValue{{Name: "Ghi chú", Value: "điền"}}
		for range 2 { // with the field to fill, then without
			p, err := e.Prepare(t.Context(), asFile(data), r)
			r.Fill = nil
			if err != nil {
				continue
			}
			tail, err := p.Complete([]byte{0x30, 0x00})
			if err != nil {
				t.Fatal(err)
			}
			whole := append(bytes.Clone(data), tail...)
			file, err := pdf.Open(t.Context(), bytes.NewReader(whole), int64(len(whole)), pdf.DefaultLimits())
			if err != nil {
				t.Fatalf("the signed file cannot be opened: %v", err)
			}
			fields, err := file.Fields()
			if err != nil {
				t.Fatalf("the signed file's fields: %v", err)
			}
			found := 0
			for _, field := range fields {
				if is, err := signed(file, field); err == nil && is && field.Name == "s" {
					found++
				}
			}
			if found != 1 {
				t.Fatalf("the signed field stands there %d times", found)
			}
		}
	})
}
