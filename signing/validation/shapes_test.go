package validation

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"congvan/signing"
	"congvan/signing/pdf"
)

// Shapes that files take: the same rules hold wherever a form keeps its parts.
func TestShapesOfForms(t *testing.T) {
	b := newBench(t)
	fillOwn := func(d *doc) {
		d.Stream(41, "/Subtype /Form /BBox [0 0 100 20]", "BT (9) Tj ET")
		d.text(11, "so", "/AP 42 0 R /V (9)")
		d.end()
	}
	own := func(d *doc) {
		d.Stream(41, "/Subtype /Form /BBox [0 0 100 20]", "")
		d.Obj(42, "<< /N 41 0 R >>")
		d.text(11, "so", "/AP 42 0 R")
		d.end()
		d.sign(sig{name: "a"})
	}
	nested := func(d *doc) {
		d.Obj(43, "<< /T (nhom) /Kids [11 0 R] >>")
		d.fields[0] = "43 0 R"
		d.text(11, "so", "/Parent 43 0 R")
		d.sign(sig{name: "a"})
	}
	for name, c := range map[string]struct {
		build   func(d *doc)
		verdict signing.Verdict
		change  string
	}{
		"a field's own appearance is overwritten": {func(d *doc) { own(d); fillOwn(d) }, signing.Valid, "field_filled so"},
		"an appearance that a page draws as well": {func(d *doc) {
			d.page("/XX 41 0 R")
			own(d)
			fillOwn(d)
		}, signing.Invalid, ""},
		"an appearance that became another kind of stream": {func(d *doc) {
			own(d)
			d.Stream(41, "/Subtype /Image", "x")
			d.end()
		}, signing.Invalid, ""},
		"the appearance dictionary is overwritten": {func(d *doc) {
			own(d)
			d.Stream(44, "/Subtype /Form /BBox [0 0 1 1]", "x")
			d.Obj(42, "<< /N 44 0 R >>")
			d.text(11, "so", "/AP 42 0 R /V (9)")
			d.end()
		}, signing.Valid, "field_filled so"},
		"a field below another is filled": {func(d *doc) {
			nested(d)
			d.text(11, "so", "/Parent 43 0 R /V (1)")
			d.end()
		}, signing.Valid, "field_filled nhom.so"},
		"a lock names the parent": {func(d *doc) {
			d.Obj(43, "<< /T (nhom) /Kids [11 0 R] >>")
			d.fields[0] = "43 0 R"
			d.text(11, "so", "/Parent 43 0 R")
			d.sign(sig{name: "a", field: "/Lock << /Action /Include /Fields [(nhom)] >>"})
			d.text(11, "so", "/Parent 43 0 R /V (1)")
			d.end()
		}, signing.Invalid, ""},
		"a signature below another field": {func(d *doc) {
			nested(d)
			d.Obj(43, "<< /T (nhom) /Kids [11 0 R 45 0 R] >>")
			d.Obj(45, "<< /T (ky) /FT /Sig /Parent 43 0 R >>")
			d.end()
		}, signing.Valid, "signature_field_added nhom.ky"},
		"a child taken away": {func(d *doc) {
			nested(d)
			d.Obj(43, "<< /T (nhom) /Kids [] >>")
			d.end()
		}, signing.Invalid, ""},
		"a parent renamed": {func(d *doc) {
			nested(d)
			d.Obj(43, "<< /T (khac) /Kids [11 0 R] >>")
			d.end()
		}, signing.Invalid, ""},
		"annotations in an array of their own": {func(d *doc) {
			array := func(d *doc) {
				d.Obj(46, "["+strings.Join(d.annots, " ")+"]")
				d.Obj(3, "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> /Annots 46 0 R >>")
			}
			array(d)
			d.end()
			d.sign(sig{name: "a", before: array})
			d.sign(sig{name: "b", before: array})
		}, signing.Valid, "annotations_extended"},
		"a foreign annotation in such an array": {func(d *doc) {
			array := func(d *doc) {
				d.Obj(46, "["+strings.Join(d.annots, " ")+"]")
				d.Obj(3, "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> /Annots 46 0 R >>")
			}
			array(d)
			d.end()
			d.sign(sig{name: "a", before: array})
			d.sign(sig{name: "b", before: func(d *doc) {
				d.annots = append(d.annots, "47 0 R")
				d.Obj(47, "<< /Subtype /FreeText /Rect [0 0 9 9] /Contents (x) >>")
				array(d)
			}})
		}, signing.Invalid, ""},
		"the form moved into the catalog": {func(d *doc) {
			d.sign(sig{name: "a"})
			d.Obj(1, fmt.Sprintf("<< /Type /Catalog /Pages 2 0 R /AcroForm << /SigFlags 3 /Fields [%s] >> >>", strings.Join(d.fields, " ")))
			d.end()
		}, signing.Valid, "catalog_updated"},
		"resources of the form grow": {func(d *doc) {
			d.form("/DR << /Font << /F1 5 0 R >> >>")
			d.end()
			d.sign(sig{name: "a", before: func(d *doc) { d.form("/SigFlags 3 /DR << /Font << /F1 5 0 R >> >>") }})
			d.form("/SigFlags 3 /DR << /Font << /F1 5 0 R /F2 48 0 R >> >>")
			d.Obj(48, "<< /Type /Font /Subtype /Type1 /BaseFont /Courier >>")
			d.end()
		}, signing.Valid, "form_updated"},
		"a resource of the form is exchanged": {func(d *doc) {
			d.sign(sig{name: "a", before: func(d *doc) { d.form("/SigFlags 3 /DR << /Font << /F1 5 0 R >> >>") }})
			d.form("/SigFlags 3 /DR << /Font << /F1 48 0 R >> >>")
			d.Obj(48, "<< /Type /Font /Subtype /Type1 /BaseFont /Courier >>")
			d.end()
		}, signing.Invalid, ""},
		"long-term data that is no data": {func(d *doc) {
			d.sign(sig{name: "a"})
			d.Obj(51, "<< /Certs [3 0 R] >>")
			d.Obj(1, "<< /Type /Catalog /Pages 2 0 R /AcroForm 6 0 R /DSS 51 0 R >>")
			d.end()
		}, signing.Invalid, ""},
		"long-term data removed": {func(d *doc) {
			d.sign(sig{name: "a"})
			d.longTerm(nil)
			d.Obj(1, "<< /Type /Catalog /Pages 2 0 R /AcroForm 6 0 R >>")
			d.end()
		}, signing.Invalid, ""},
		"an unsigned field without appearance": {func(d *doc) {
			d.sign(sig{name: "a"})
			addField(d, "/FT /Sig /T (moi)")
		}, signing.Valid, "signature_field_added moi"},
		"an object in use is freed":     {func(d *doc) { d.sign(sig{name: "a"}); d.Free(7); d.end() }, signing.Invalid, ""},
		"an object out of use is freed": {func(d *doc) { d.Obj(49, "(x)"); d.end(); d.sign(sig{name: "a"}); d.Free(49); d.end() }, signing.Valid, ""},
		"every revision has its own file identifier": {func(d *doc) {
			d.sign(sig{name: "a"})
			d.sign(sig{name: "b", end: func(d *doc) { d.Table("/Info 14 0 R /ID [<03> <04>]") }})
		}, signing.Valid, "metadata_updated"},
		"the catalog took another number": {func(d *doc) {
			d.sign(sig{name: "a"})
			d.sign(sig{name: "b", before: func(d *doc) {
				d.Obj(58, "<< /Type /Catalog /Pages 2 0 R /AcroForm 6 0 R /Extensions << /ESIC << /BaseVersion /1.7 /ExtensionLevel 1 >> >> >>")
				d.Root = "58 0 R"
			}})
		}, signing.Valid, "catalog_updated"},
		"the look of the newest signature among the form's resources": {func(d *doc) {
			layer := func(n int) func(d *doc) {
				return func(d *doc) {
					d.Stream(n, "/Subtype /Form /BBox [0 0 9 9]", "q Q")
					d.form(fmt.Sprintf("/SigFlags 3 /DR << /XObject << /FRM %d 0 R >> >>", n))
				}
			}
			d.sign(sig{name: "a", before: layer(70)})
			d.sign(sig{name: "b", before: layer(71)})
		}, signing.Valid, "form_updated"},
		"that look taken from the page": {func(d *doc) {
			d.sign(sig{name: "a", before: func(d *doc) { d.form("/SigFlags 3 /DR << /XObject << /FRM 7 0 R >> >>") }})
			d.form("/SigFlags 3 /DR << /XObject << /FRM 4 0 R >> >>")
			d.end()
		}, signing.Invalid, ""},
		"a widget that says what it is": {func(d *doc) {
			bare := "<< %s /Subtype /Widget /FT /Sig /T (trong) /Rect [300 100 400 150] /P 3 0 R /F 4 %s >>"
			d.Obj(13, fmt.Sprintf(bare, "", ""))
			d.end()
			d.sign(sig{name: "a"})
			d.sign(sig{name: "trong", existing: 13})
		}, signing.Valid, "signature_filled trong"},
		"an extension restated": {func(d *doc) {
			d.sign(sig{name: "a", before: func(d *doc) {
				d.Obj(1, "<< /Type /Catalog /Pages 2 0 R /AcroForm 6 0 R /Extensions << /ESIC << /BaseVersion /1.7 /ExtensionLevel 2 >> >> >>")
			}})
			d.Obj(1, "<< /Type /Catalog /Pages 2 0 R /AcroForm 6 0 R /Extensions << /ESIC << /BaseVersion /1.7 /ExtensionLevel 1 >> >> >>")
			d.end()
		}, signing.Valid, "catalog_updated"},
		"an extension that holds something else": {func(d *doc) {
			d.sign(sig{name: "a", before: func(d *doc) {
				d.Obj(1, "<< /Type /Catalog /Pages 2 0 R /AcroForm 6 0 R /Extensions << /ESIC << /BaseVersion /1.7 /ExtensionLevel 2 >> >> >>")
			}})
			d.Obj(1, "<< /Type /Catalog /Pages 2 0 R /AcroForm 6 0 R /Extensions << /ESIC << /BaseVersion /1.7 /XX 4 0 R >> >> >>")
			d.end()
		}, signing.Invalid, ""},
		"validation-related information that says its type": {func(d *doc) {
			d.sign(sig{name: "a"})
			d.Stream(50, "", "certificate")
			d.Obj(1, "<< /Type /Catalog /Pages 2 0 R /AcroForm 6 0 R /DSS << /Type /DSS /Certs [50 0 R] /VRI << /Type /VRI /ABCD << /Type /VRI /Cert [50 0 R] >> >> >> >>")
			d.end()
		}, signing.Valid, "long_term_data"},
		"the version falls": {func(d *doc) {
			d.sign(sig{name: "a"})
			d.Obj(1, "<< /Type /Catalog /Pages 2 0 R /AcroForm 6 0 R /Version /1.2 >>")
			d.end()
		}, signing.Invalid, ""},
		"an object stream is rewritten": {func(d *doc) {
			d.ObjStm(52, map[int]string{53: "(a)", 54: "(b)"})
			d.XrefStream(55, "")
			d.sign(sig{name: "a", end: func(d *doc) { d.XrefStream(56, "") }})
			d.ObjStm(52, map[int]string{53: "(a)", 54: "(forged)"})
			d.XrefStream(57, "")
		}, signing.Invalid, ""},
		"a number written another way": {func(d *doc) {
			d.sign(sig{name: "a"})
			d.sign(sig{name: "b", before: func(d *doc) {
				d.Obj(3, fmt.Sprintf("<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595.0 842.00] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> /Annots [%s] >>", strings.Join(d.annots, " ")))
			}})
		}, signing.Valid, "annotations_extended"},
		"a hybrid file whose stream the signer names again": {func(d *doc) {
			d.ObjStm(52, map[int]string{53: "(a)", 54: "(b)"})
			at := d.Len()
			d.Hybrid(55, "/Info 14 0 R")
			d.sign(sig{
				name:   "a",
				before: func(d *doc) { d.Obj(53, "(c)") },
				end:    func(d *doc) { d.Table(fmt.Sprintf("/Info 14 0 R /XRefStm %d", at)) },
			})
			d.sign(sig{name: "b"})
		}, signing.Valid, "signature_added b"},
		"a hybrid file whose stream a later update names again": {func(d *doc) {
			d.ObjStm(52, map[int]string{53: "(a)", 54: "(b)"})
			at := d.Len()
			d.Hybrid(55, "/Info 14 0 R")
			d.sign(sig{name: "a"})
			d.Obj(53, "(a)")
			d.Table(fmt.Sprintf("/Info 14 0 R /XRefStm %d", at))
		}, signing.Invalid, ""},
		"a hybrid file": {func(d *doc) {
			d.ObjStm(52, map[int]string{53: "(a)", 54: "(b)"})
			d.Hybrid(55, "")
			d.sign(sig{name: "a"})
			d.sign(sig{name: "b"})
		}, signing.Valid, "signature_added b"},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDoc(t, b)
			c.build(d)
			r := validate(t, b.validator(), d.Bytes())
			if len(r.Signatures) == 0 || r.Verdict != c.verdict {
				t.Fatalf("%s %v: %+v", r.Verdict, r.Reasons, r.Signatures)
			}
			if c.change != "" && !slices.Contains(r.Signatures[0].Changes, c.change) {
				t.Errorf("changes %q, want %q", r.Signatures[0].Changes, c.change)
			}
		})
	}
}

// Linearized and encrypted files, signed by an update and judged.
func TestSignedLinearizedFileKeepsItsFirstRevision(t *testing.T) {
	letter := readFile(t, "cong-van-1-linearized.pdf")
	f, err := pdf.Open(t.Context(), bytes.NewReader(letter), int64(len(letter)), pdf.DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	if revs := f.Revisions(); len(revs) != 1 || !revs[0].Linearized || revs[0].End != int64(len(letter)) {
		t.Errorf("%+v", revs)
	}
}
