package pades

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"congvan/signing"
	"congvan/signing/pdf"
	"congvan/signing/pdf/pdftest"
)

// formFile is a one-page file whose form and annotations are as the parts say; the
// parts may refer to objects 10 and up, given in extra.
type formFile struct {
	catalog string // entries of the catalog
	page    string // entries of the page
	extra   map[int]string
	stream  bool // with objects in an object stream and a cross-reference stream
}

func (f formFile) build() []byte {
	b := pdftest.New()
	objects := map[int]string{
		1: "<< /Type /Catalog /Pages 2 0 R " + f.catalog + " >>",
		2: "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
		3: "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] " + f.page + " >>",
	}
	for n, body := range f.extra {
		objects[n] = body
	}
	if f.stream {
		b.ObjStm(50, objects)
		b.XrefStream(51, "")
		return b.Bytes()
	}
	for _, n := range slices.Sorted(maps.Keys(objects)) {
		b.Obj(n, objects[n])
	}
	b.Table("")
	return b.Bytes()
}

const (
	textWidget  = "<< /Type /Annot /Subtype /Widget /FT /Tx /T (Ghi ch\\372) /V (c\\361n) /Rect [50 700 150 720] /F 4 /P 3 0 R /DA (/Helv 12 Tf 0 g) >>"
	emptySig    = "<< /Type /Annot /Subtype /Widget /FT /Sig /T (Sig1) /Rect [50 600 150 650] /F 4 /P 3 0 R >>"
	linkAnnot   = "<< /Type /Annot /Subtype /Link /Rect [10 10 60 20] /Border [0 0 0] >>"
	helvetica   = "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>"
	smallPlaces = 40 // mm
)

func simpleRequest(field string) signing.Request {
	return signing.Request{
		Field: field, Place: signing.Place{Page: 1, X: 120, Y: 20, W: 60, H: 25},
		Appearance: signing.Appearance{Look: signing.LookAttachment, Lines: []string{"125/SVD-VP", "21-11-2026 15:30:45 +07:00"}},
		Create: []signing.FieldSpec{
			{Name: "cv-number", Kind: signing.FieldText, Place: signing.Place{Page: 1, X: 30, Y: 50, W: smallPlaces, H: 6}},
			{Name: "cv-seal", Kind: signing.FieldSignature, Place: signing.Place{Page: 1, X: 30, Y: 80, W: 36, H: 36}},
		},
	}
}

// Whatever the shape of form and annotations: everything there is kept, our fields
// are added once, and a second signature fills what the first created.
func TestFormsOfEveryShape(t *testing.T) {
	e, first, second := New(Options{}), newSigner(t, "Người thứ nhất"), newSigner(t, "Người thứ hai")
	base := map[int]string{10: textWidget, 12: linkAnnot, 13: helvetica}
	with := func(more map[int]string) map[int]string {
		out := maps.Clone(base)
		maps.Copy(out, more)
		return out
	}
	for name, f := range map[string]struct {
		file   formFile
		annots int // there before
		fields []string
	}{
		"no form, no annotations": {formFile{}, 0, nil},
		"all direct": {formFile{
			catalog: "/AcroForm << /Fields [10 0 R] /DR << /Font << /Helv 13 0 R >> >> /DA (/Helv 0 Tf 0 g) >>",
			page:    "/Annots [10 0 R 12 0 R]", extra: base,
		}, 2, []string{"Ghi chú"}},
		"all indirect": {formFile{
			catalog: "/AcroForm 20 0 R", page: "/Annots 22 0 R",
			extra: with(map[int]string{
				20: "<< /Fields 21 0 R /DR 23 0 R /SigFlags 0 /NeedAppearances false >>", 21: "[10 0 R]", 22: "[12 0 R 10 0 R]",
				23: "<< /Font 24 0 R /Encoding << >> >>", 24: "<< /Helv 13 0 R >>",
			}),
		}, 2, []string{"Ghi chú"}},
		"form without fields": {formFile{
			catalog: "/AcroForm 20 0 R", page: "/Annots 22 0 R",
			extra: map[int]string{20: "<< /DA (/Helv 0 Tf) >>", 22: "[]"},
		}, 0, nil},
		"resources that are not there": {formFile{catalog: "/AcroForm << /Fields [] /DR 99 0 R >>"}, 0, nil},
		"annotations null":             {formFile{page: "/Annots 99 0 R", catalog: "/AcroForm null"}, 0, nil},
		"object streams": {formFile{
			stream:  true,
			catalog: "/AcroForm 20 0 R", page: "/Annots 22 0 R",
			extra: with(map[int]string{20: "<< /Fields 21 0 R /DR 23 0 R >>", 21: "[10 0 R]", 22: "[10 0 R]", 23: "<< >>"}),
		}, 1, []string{"Ghi chú"}},
		"nested field, inherited type": {formFile{
			catalog: "/AcroForm << /Fields [20 0 R] >>", page: "/Annots [21 0 R]",
			extra: map[int]string{
				20: "<< /T (nhom) /FT /Tx /Kids [21 0 R] >>",
				21: "<< /Type /Annot /Subtype /Widget /T (con) /Parent 20 0 R /Rect [0 0 10 10] /P 3 0 R >>",
			},
		}, 1, []string{"nhom.con"}},
	} {
		t.Run(name, func(t *testing.T) {
			base := f.file.build()
			once := first.sign(t, e, base, simpleRequest("cv-leader"))
			accepted(t, once, first)
			want := append(f.fields, "cv-leader", "cv-number", "cv-seal")
			if got := fieldNames(t, once); fmt.Sprint(got) != fmt.Sprint(want) {
				t.Errorf("fields %q, want %q", got, want)
			}
			file := open(t, once)
			page, err := file.Page(1)
			if err != nil {
				t.Fatal(err)
			}
			if annots, _ := file.Array(page.Dict["Annots"]); len(annots) != f.annots+3 {
				t.Errorf("%d annotations, want %d", len(annots), f.annots+3)
			}
			form, ref, _ := file.Form()
			if n, _ := file.Int(form["SigFlags"]); n != 3 {
				t.Errorf("SigFlags %d", n)
			}
			unchanged(t, file, f.file, ref)
			twice := second.sign(t, e, once, signing.Request{
				Field: "cv-seal", Fill: []signing.FieldValue{{Name: "cv-number", Value: "Số 125/SVD-VP"}},
				Appearance: signing.Appearance{Look: signing.LookAgency, Image: sealImage(t)},
			})
			accepted(t, twice, first, second)
			if text := run(t, "pdftotext", "-layout", save(t, "text.pdf", twice), "-"); !strings.Contains(text, "Số 125/SVD-VP") {
				t.Errorf("the number is not in the page's text: %q", text)
			}
		})
	}
}

// unchanged checks that form, fonts and annotations are written where the file had them,
// and that what refers to them stays as it is.
func unchanged(t testing.TB, f *pdf.File, was formFile, form pdf.Ref) {
	t.Helper()
	direct := strings.Contains(was.catalog, "/AcroForm <<")
	if direct != (form == (pdf.Ref{})) || strings.Contains(was.catalog, "/AcroForm 20 0 R") && form.Num != 20 {
		t.Errorf("the form is object %v", form)
	}
	revisions := f.Revisions()
	update := revisions[len(revisions)-1]
	if _, ok := update.Changes(3); ok && strings.Contains(was.page, "/Annots 22 0 R") {
		t.Error("the page is written anew")
	}
	if _, ok := update.Changes(23); ok && was.extra[24] != "" {
		t.Error("the resources are written anew")
	}
	if _, ok := update.Changes(1); ok && form.Num == 20 {
		t.Error("the catalog is written anew")
	}
	d, _, err := f.Form()
	if err != nil {
		t.Fatal(err)
	}
	if ref, _ := d["DR"].(pdf.Ref); was.extra[23] != "" && ref.Num != 23 {
		t.Errorf("the resources are %v", d["DR"])
	}
	resources, err := f.Dict(d["DR"])
	if err != nil {
		t.Fatal(err)
	}
	fonts, err := f.Dict(resources["Font"])
	if err != nil {
		t.Fatal(err)
	}
	if had := strings.Contains(was.catalog+was.extra[24], "/Helv 13 0 R"); (fonts["Helv"] == pdf.Ref{Num: 13}) != had || fonts["CVLiberationSerif"] == nil {
		t.Errorf("fonts %v", fonts)
	}
}

func fieldNames(t testing.TB, data []byte) []string {
	t.Helper()
	fields, err := open(t, data).Fields()
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, f := range fields {
		names = append(names, f.Name)
	}
	return names
}

// A foreign text field, and its value, stays as it was.
func TestForeignFieldIsKept(t *testing.T) {
	base := formFile{catalog: "/AcroForm << /Fields [10 0 R] >>", page: "/Annots [10 0 R]", extra: map[int]string{10: textWidget}}.build()
	signed := newSigner(t, "A").sign(t, New(Options{}), base, simpleRequest("s"))
	f := open(t, signed)
	if c, ok := f.Revisions()[1].Changes(10); ok {
		t.Errorf("the update writes the foreign field: %+v", c)
	}
	d, err := f.Dict(pdf.Ref{Num: 10})
	if err != nil || d["V"].(pdf.String).Text() != "cñn" {
		t.Errorf("%v, %v", d, err)
	}
}

// NeedAppearances hides signatures in some viewers; it is reset while that is still
// allowed, and never under a signature.
func TestNeedAppearances(t *testing.T) {
	e, s := New(Options{}), newSigner(t, "A")
	base := formFile{catalog: "/AcroForm << /Fields [10 0 R] /NeedAppearances true >>", page: "/Annots [10 0 R]", extra: map[int]string{10: textWidget}}.build()
	r := simpleRequest("s")
	r.Appearance = signing.Appearance{Look: signing.LookAgency, Image: sealImage(t)}
	once := s.sign(t, e, base, r)
	if form, _, _ := open(t, once).Form(); form["NeedAppearances"] != false {
		t.Errorf("NeedAppearances is %v after the first signature", form["NeedAppearances"])
	}
	if n, _ := pixels(render(t, once, 1), red); n < 500 {
		t.Errorf("the seal shows %d red pixels", n)
	}
	// Someone signed it with NeedAppearances left on: a second signature leaves it.
	at := bytes.LastIndex(once, []byte("/NeedAppearances false"))
	copy(once[at:], "/NeedAppearances true ")
	twice := s.sign(t, e, once, signing.Request{Field: "cv-seal"})
	if form, _, _ := open(t, twice).Form(); form["NeedAppearances"] != true {
		t.Errorf("NeedAppearances is %v after the second signature", form["NeedAppearances"])
	}
}

// emptyField is a file with a signature field Sig1 that waits to be signed.
func emptyField(entries string) []byte {
	return formFile{
		catalog: "/AcroForm << /Fields [10 0 R] >>", page: "/Annots [10 0 R]",
		extra: map[int]string{10: strings.Replace(emptySig, " >>", " "+entries+" >>", 1)},
	}.build()
}

func TestExistingEmptyField(t *testing.T) {
	e, s := New(Options{}), newSigner(t, "A")
	request := signing.Request{Field: "Sig1", Appearance: signing.Appearance{Look: signing.LookAgency, Image: sealImage(t)}, Reason: "Phát hành"}

	t.Run("merged", func(t *testing.T) {
		out := s.sign(t, e, emptyField(""), request)
		accepted(t, out, s)
		if n, at := pixels(render(t, out, 1), red); n < 300 || at.Min.X < 2*50 || at.Max.X > 2*150 {
			t.Errorf("%d red pixels at %v", n, at)
		}
	})
	t.Run("separate widget", func(t *testing.T) {
		base := formFile{catalog: "/AcroForm << /Fields [10 0 R] >>", page: "/Annots [11 0 R]", extra: map[int]string{
			10: "<< /FT /Sig /T (Sig1) /Kids [11 0 R] >>",
			11: "<< /Type /Annot /Subtype /Widget /Parent 10 0 R /Rect [50 600 150 650] /F 4 >>",
		}}.build()
		out := s.sign(t, e, base, request)
		verified(t, out, s) // pdfsig looks for /V in the widget only
		f := open(t, out)
		d, _ := f.Dict(pdf.Ref{Num: 10})
		w, _ := f.Dict(pdf.Ref{Num: 11})
		if d["V"] == nil || d["AP"] != nil || w["V"] != nil || w["AP"] == nil {
			t.Errorf("field %v\nwidget %v", d, w)
		}
	})
	t.Run("invisible on request", func(t *testing.T) {
		accepted(t, s.sign(t, e, emptyField(""), signing.Request{Field: "Sig1"}), s)
		small := bytes.Replace(emptyField(""), []byte("[50 600 150 650]"), []byte("[50 600 050 600]"), 1)
		for _, look := range []signing.Look{"", signing.LookNone} { // what a field of no size can be
			accepted(t, s.sign(t, e, small, signing.Request{Field: "Sig1", Appearance: signing.Appearance{Look: look}}), s)
		}
	})
	t.Run("lock", func(t *testing.T) {
		out := s.sign(t, e, emptyField("/Lock << /Type /SigFieldLock /Action /Include /Fields [(Sig1) (a)] >>"), request)
		accepted(t, out, s)
		refs := signatures(t, out)[0].dict["Reference"].(pdf.Array)
		params := refs[0].(pdf.Dict)["TransformParams"].(pdf.Dict)
		if params["Action"] != pdf.Name("Include") || len(params["Fields"].(pdf.Array)) != 2 {
			t.Errorf("FieldMDP %v does not match the lock", params)
		}
	})
}
