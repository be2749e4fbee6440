package validation

import (
	"bytes"
	"encoding/hex"
	"fmt"

	"congvan/signing/pdf/pdftest"
)

// cutOff writes the document anew behind a signed one, without a way back.
func cutOff(d *doc, prev string) {
	d.Obj(1, "<< /Type /Catalog /Pages 2 0 R /AcroForm 6 0 R >>")
	d.Obj(2, "<< /Type /Pages /Count 1 /Kids [3 0 R] >>")
	d.fields, d.annots = nil, nil
	d.page("")
	d.form("")
	d.Stream(4, "", forged)
	d.Obj(5, "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>")
	d.Obj(14, "<< /Title (Cong van) >>")
	d.end()
	file := d.Bytes()
	i := bytes.LastIndex(file, []byte("/Prev "))
	n := bytes.IndexByte(file[i+6:], ' ') + 6
	copy(file[i:i+n], fmt.Sprintf("%-*s", n, prev))
	d.replace(file)
}

// shared signs a file whose field "so" has an appearance dictionary (42) that the catalog
// or the trailer names as well.
func shared(d *doc, catalog, trailer string) {
	d.Obj(1, "<< /Type /Catalog /Pages 2 0 R /AcroForm 6 0 R "+catalog+" >>")
	d.Stream(41, "/Subtype /Form /BBox [0 0 100 20]", "")
	d.Obj(42, "<< /N 41 0 R >>")
	d.text(11, "so", "/AP 42 0 R")
	d.Table("/Info 14 0 R /ID [<01> <02>] " + trailer)
	d.sign(sig{name: "a"})
}

// edit replaces bytes of the same number in the signed file.
func edit(old, new string) func(d *doc) {
	return func(d *doc) {
		file := d.Bytes()
		i := bytes.LastIndex(file, []byte(old))
		if i < 0 {
			d.t.Fatalf("%q is not there", old)
		}
		copy(file[i:], new)
		d.replace(file)
	}
}

// flipSignature changes the last byte of the CMS: of the signature value.
func flipSignature(d *doc) {
	file := d.Bytes()
	at := bytes.LastIndex(file, []byte("/Contents <")) + len("/Contents <")
	der, err := hex.DecodeString(string(file[at : at+reserve]))
	if err != nil {
		d.t.Fatal(err)
	}
	n := len(bytes.TrimRight(der, "\x00"))
	der[n-1] ^= 0xff
	copy(file[at:], hex.EncodeToString(der))
	d.replace(file)
}

// astray makes the newest revision name an older section than its own.
func astray(d *doc) {
	file := d.Bytes()
	i := bytes.LastIndex(file, []byte("startxref\n")) + len("startxref\n")
	n := bytes.IndexByte(file[i:], '\n')
	first := bytes.Index(file, []byte("\nxref\n")) + 1
	copy(file[i:], fmt.Sprintf("%0*d", n, first))
	d.replace(file)
}

// twice ends a revision whose table defines one object twice, with other bytes.
func twice(d *doc, num int) {
	d.Obj(num, "(a)")
	d.Obj(num, "(b)")
	d.end()
	file := d.Bytes()
	row := fmt.Sprintf("%d 1\n%010d 00000 n \n", num, d.first(num))
	i := bytes.LastIndex(file, []byte("trailer"))
	b := pdftest.Continue(append(append(bytes.Clone(file[:i]), row...), file[i:]...), d.Prev(), d.Size())
	d.Builder = b
}

func fillSo(d *doc) { d.text(11, "so", "/V (9)"); d.end() }

func freeText(d *doc) {
	d.annots = append(d.annots, "96 0 R")
	d.Obj(96, "<< /Type /Annot /Subtype /FreeText /Rect [72 690 300 720] /Contents (900 dong) >>")
	d.page("")
	d.end()
}

func addField(d *doc, entries string) {
	d.fields, d.annots = append(d.fields, "96 0 R"), append(d.annots, "96 0 R")
	d.Obj(96, "<< /Type /Annot /Subtype /Widget /Rect [72 690 300 720] /P 3 0 R "+entries+" >>")
	d.form("/SigFlags 3")
	d.page("")
	d.end()
}

// first is the offset of the first body of an object.
func (d *doc) first(num int) int {
	return bytes.Index(d.Bytes(), []byte(fmt.Sprintf("\n%d 0 obj", num))) + 1
}

// wrap moves the signed bytes behind forged ones and keeps them out of the way, so
// that the digest still holds (signature wrapping, variant 2).
func wrap(d *doc) {
	file := d.Bytes()
	dict := bytes.LastIndex(file, []byte("20 0 obj"))
	tail := bytes.LastIndex(file, []byte("xref\n11 "))
	if tail < 0 {
		tail = bytes.LastIndex(file, []byte("xref\n3 1"))
	}
	body := string(file[dict:tail])
	b := pdftest.Continue(file, d.Prev(), d.Size())
	b.Stream(4, "", forged)
	b.Entry(20, b.Len())
	b.Raw(body)
	b.Table("")
	d.Builder = b
}
