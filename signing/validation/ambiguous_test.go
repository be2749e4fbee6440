package validation

import (
	"slices"
	"strings"
	"testing"

	"congvan/signing"
)

// What names a key twice is read in two ways. The rules know one of them, so a revision
// after a signature may hold no such thing, wherever it lies.
func TestOneKeyTwiceAfterSigning(t *testing.T) {
	b := newBench(t)
	other := func(d *doc) { // another document within the file
		d.Obj(91, "<< /Type /Pages /Count 1 /Kids [92 0 R] >>")
		d.Obj(92, "<< /Type /Page /Parent 91 0 R /MediaBox [0 0 595 842] >>")
	}
	for name, build := range map[string]func(d *doc){
		"catalog with two page trees": func(d *doc) {
			other(d)
			d.Obj(1, "<< /Type /Catalog /Pages 91 0 R /Pages 2 0 R /AcroForm 6 0 R >>")
			d.end()
		},
		"new catalog with two page trees": func(d *doc) {
			other(d)
			d.Obj(93, "<< /Type /Catalog /Pages 91 0 R /Pages 2 0 R /AcroForm 6 0 R >>")
			d.Root = "93 0 R"
			d.end()
		},
		"trailer with two catalogs": func(d *doc) {
			other(d)
			d.Obj(93, "<< /Type /Catalog /Pages 91 0 R >>")
			d.Root = "93 0 R"
			d.Table("/Root 1 0 R /Info 14 0 R /ID [<01> <02>]")
		},
		"cross-reference stream with two catalogs": func(d *doc) {
			other(d)
			d.Obj(93, "<< /Type /Catalog /Pages 91 0 R >>")
			d.Root = "93 0 R"
			d.XrefStream(94, "/Root 1 0 R /Info 14 0 R /ID [<01> <02>]")
		},
		"filled field in two places": func(d *doc) {
			d.Obj(11, dictOf("/Rect [0 0 595 842] /V (1) /Rect [72 311 172 331]", "Type", "/Annot", "Subtype", "/Widget",
				"FT", "/Tx", "T", "(so)", "P", "3 0 R", "F", "4", "DA", "(/F1 12 Tf)", "AP", "<< /N 7 0 R >>"))
			d.end()
		},
		"new signature in two places": func(d *doc) {
			d.sign(sig{name: "b", field: "/Rect [0 0 595 842] /Rect [20 100 100 150]"})
		},
		"new signature's look of two sizes": func(d *doc) {
			d.sign(sig{name: "b", field: "/AP << /N 95 0 R >>", before: func(d *doc) {
				d.Stream(95, "/Subtype /Form /BBox [0 0 1000 1000] /BBox [0 0 9 9]", "0 0 999 999 re f")
			}})
		},
		"within an object": func(d *doc) {
			d.sign(sig{name: "b", field: "/MK << /BG [1 0 0] /BG [] >>"})
		},
		"within an object stream": func(d *doc) {
			d.sign(sig{name: "b", field: "/MK 95 0 R", end: func(d *doc) {
				d.ObjStm(96, map[int]string{95: "<< /BG [1 0 0] /BG [] >>"})
				d.XrefStream(97, "/Info 14 0 R /ID [<01> <02>]")
			}})
		},
		"an object as it was": func(d *doc) {
			d.Obj(5, "<< /Type /Font /Subtype /Type1 /BaseFont /ZapfDingbats /BaseFont /Helvetica >>")
			d.end()
		},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDoc(t, b)
			d.sign(sig{name: "a"})
			build(d)
			r := validate(t, b.validator(), d.Bytes())
			s := r.Signatures[0]
			if r.Verdict != signing.Invalid || !slices.Contains(s.Reasons, ReasonChanged) || !strings.Contains(strings.Join(s.Changes, "\n"), "one key twice") {
				t.Errorf("%s %v: %q", r.Verdict, r.Reasons, s.Changes)
			}
		})
	}
}
