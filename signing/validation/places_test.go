package validation

import (
	"fmt"
	"strings"
	"testing"
)

// What may happen to pages while a signature comes. The first step is part of the signed
// revision.
func TestChangedPages(t *testing.T) {
	b := newBench(t)
	page := func(num int, extra string, more ...string) func(d *doc) {
		return func(d *doc) {
			d.Obj(num, fmt.Sprintf("<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Resources << /Font << /F1 5 0 R >> >> %s /Annots [%s] >>",
				extra, strings.Join(append(d.annots, more...), " ")))
		}
	}
	signs := func(f ...func(d *doc)) func(d *doc) {
		return func(d *doc) {
			d.sign(sig{name: "b", before: func(d *doc) {
				d.Stream(90, "", forged)
				for _, f := range f {
					f(d)
				}
			}})
		}
	}
	const content = "/Contents 4 0 R"
	for name, c := range map[string]changed{
		"the widget":                          {steps{page(3, content), signs(page(3, content))}, "=form_updated; signature_added b; annotations_extended"},
		"the widget and another content":      {steps{page(3, content), signs(page(3, "/Contents 90 0 R"))}, ""},
		"the widget and a key behind":         {steps{page(3, content), signs(page(3, content+" /Tabs /S"))}, ""},
		"the widget twice":                    {steps{page(3, content), signs(page(3, content, "103 0 R"))}, ""},
		"the widget and another annotation":   {steps{page(3, content), signs(page(3, content, "90 0 R"))}, ""},
		"another content beside the widget's": {steps{page(30, content), signs(page(3, content), func(d *doc) { d.annots = d.annots[:4]; page(30, "/Contents 90 0 R")(d) })}, ""},
		"no page, but a list of widgets": {steps{func(d *doc) { page(3, content)(d); d.Obj(48, "<< /Type /Template /Annots [] >>") }, signs(func(d *doc) {
			d.Obj(48, "<< /Type /Template /Annots [103 0 R] >>")
			d.annots = d.annots[:4]
			page(3, content)(d)
		})}, ""},
		"the list in another object, no signature": {steps{page(3, content), func(d *doc) {
			d.Obj(46, "["+strings.Join(d.annots, " ")+"]")
			d.Obj(3, "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Resources << /Font << /F1 5 0 R >> >> "+content+" /Annots 46 0 R >>")
			d.end()
		}}, ""},
	} {
		t.Run(name, func(t *testing.T) { c.inside(t, b, sig{name: "a"}) })
	}
}

// What may happen to the document security store.
func TestChangedLongTermData(t *testing.T) {
	b := newBench(t)
	store := func(dss string) func(d *doc) {
		return func(d *doc) { d.Obj(1, "<< /Type /Catalog /Pages 2 0 R /AcroForm 6 0 R /DSS "+dss+" >>") }
	}
	then := func(f ...func(d *doc)) func(d *doc) {
		return func(d *doc) {
			d.Stream(50, "", "certificate")
			for _, f := range f {
				f(d)
			}
			d.end()
		}
	}
	object := func(num int, body string) func(d *doc) { return func(d *doc) { d.Obj(num, body) } }
	both := func(f ...func(d *doc)) func(d *doc) {
		return func(d *doc) {
			for _, f := range f {
				f(d)
			}
		}
	}
	const kept = "<< /Type /DSS /Certs 51 0 R >>"
	for name, c := range map[string]changed{
		"a list more":                          {steps{store("<< /Certs [] >>"), then(store("<< /Certs [] /CRLs [50 0 R] >>"))}, "=catalog_updated; long_term_data"},
		"another key":                          {steps{nil, then(store("<< /Certs [50 0 R] /Foo [50 0 R] >>"))}, ""},
		"a list that is none":                  {steps{nil, then(store("<< /Certs [(x)] >>"))}, ""},
		"a list dropped":                       {steps{store("<< /Certs [] /CRLs [] >>"), then(store("<< /Certs [] >>"))}, ""},
		"the type dropped":                     {steps{store("<< /Type /DSS /Certs [] >>"), then(store("<< /Certs [50 0 R] >>"))}, "=catalog_updated; long_term_data"},
		"the store dropped, empty":             {steps{store("<< /Type /DSS >>"), write(1, "<< /Type /Catalog /Pages 2 0 R /AcroForm 6 0 R >>")}, ""},
		"in an object of its own grows":        {steps{both(object(52, "<< /Certs [] >>"), store("52 0 R")), then(object(52, "<< /Certs [50 0 R] >>"))}, "=long_term_data"},
		"taken into the catalog":               {steps{both(object(52, "<< /Certs [] >>"), store("52 0 R")), then(store("<< /Certs [50 0 R] >>"))}, "=catalog_updated; long_term_data"},
		"moved to an old object":               {steps{both(object(52, "<< /Certs [] >>"), object(53, "<< /Certs [] >>"), store("52 0 R")), then(store("53 0 R"))}, ""},
		"a list in an object of its own grows": {steps{both(object(51, "[]"), store(kept)), then(object(51, "[50 0 R]"))}, "=long_term_data"},
		"such a list that a page names":        {steps{both(object(51, "[]"), store(kept), func(d *doc) { d.page("/XX 51 0 R") }), then(object(51, "[50 0 R]"))}, ""},
		"as it was":                            {steps{store("<< /Certs [] >>"), func(d *doc) { d.text(11, "so", "/V (1)"); d.end() }}, "=field_filled so"},
		"related information of another kind":  {steps{nil, then(store("<< /VRI << /ABCD << /Foo [50 0 R] >> >> >>"))}, ""},
		"related information with its time":    {steps{nil, then(store("<< /VRI << /ABCD << /OCSP [50 0 R] /CRL [50 0 R] /TU (D:2026) >> >> >>"))}, "=catalog_updated; long_term_data"},
		"related information that is none":     {steps{nil, then(store("<< /VRI << /ABCD << /Cert [(x)] >> >> >>"))}, ""},
	} {
		t.Run(name, func(t *testing.T) { c.inside(t, b, sig{name: "a"}) })
	}
}
