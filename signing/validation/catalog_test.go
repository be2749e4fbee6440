package validation

import (
	"fmt"
	"testing"
)

// What may happen to the trailer, the catalog and the objects of a file. The first step
// is part of the signed revision.
func TestChangedCatalogs(t *testing.T) {
	b := newBench(t)
	catalog := func(extra string) string { return "<< /Type /Catalog /Pages 2 0 R /AcroForm 6 0 R " + extra + " >>" }
	becomes := func(before, after string) steps {
		return steps{func(d *doc) { d.Obj(1, catalog(before)) }, write(1, catalog(after))}
	}
	extension := func(before, after string) steps {
		return becomes("/Extensions << /ESIC "+before+" >>", "/Extensions << /ESIC "+after+" >>")
	}
	const first = "<< /BaseVersion /1.7 /ExtensionLevel 1 >>"
	// shared has the extensions in an object of their own (42).
	shared := func(before, after string) steps {
		return steps{
			func(d *doc) { d.Obj(42, "<< >>"); d.Obj(43, "<< >>"); d.Obj(1, catalog(before)) },
			func(d *doc) {
				d.Obj(42, "<< /ESIC "+first+" >>")
				d.Obj(1, catalog(after))
				d.end()
			},
		}
	}
	trailer := func(extra string) func(d *doc) {
		return func(d *doc) { d.text(11, "so", "/V (1)"); d.Table(extra) }
	}
	raw := func(rows, trailer string) func(d *doc) { // a table written by hand
		return func(d *doc) {
			at := d.Len()
			d.Raw(fmt.Sprintf("xref\n%strailer\n<< /Size %d /Prev %d %s >>\nstartxref\n%d\n%%%%EOF\n", rows, d.Size(), d.Prev(), trailer, at))
		}
	}
	packed := func(d *doc) { // objects in a stream (52), and two that nobody names
		d.ObjStm(52, map[int]string{53: "(a)", 54: "(b)"})
		d.XrefStream(55, "/Info 14 0 R /ID [<01> <02>]")
	}
	// ends are the tables of the signed revision where the usual one does not serve.
	ends := map[string]func(d *doc){
		"an object stream is freed":                           packed,
		"document information beside cross-reference streams": packed,
		"an object that the trailer missed":                   func(d *doc) { d.Table("/Info 14 0 R /ID [<01> <02>] /Private 95 0 R") },
		"a file identifier at last":                           func(d *doc) { d.Table("/Info 14 0 R") },
	}
	for name, c := range map[string]changed{
		"a file identifier at last":                 {steps{nil, trailer("/Info 14 0 R /ID [<01> <02>]")}, "=field_filled so"},
		"an extension added":                        {becomes("", "/Extensions << /ESIC "+first+" >>"), "=catalog_updated"},
		"several extensions of one name":            {extension(first, "["+first+" "+first+"]"), "=catalog_updated"},
		"several, one of them none":                 {extension(first, "["+first+" (x)]"), ""},
		"an extension made a text":                  {extension(first, "(x)"), ""},
		"an extension removed":                      {becomes("/Extensions << /ESIC "+first+" >>", "/Extensions << >>"), ""},
		"an extension with a text more":             {extension(first, "<< /BaseVersion /1.7 /XX (x) >>"), ""},
		"a malformed extension as it was":           {becomes("/Extensions << /ESIC (x) >>", "/Version /2.0 /Extensions << /ESIC (x) >>"), "=catalog_updated"},
		"extensions in an object of their own":      {shared("/Extensions 42 0 R", "/Extensions 42 0 R /Version /2.0"), "=catalog_updated"},
		"extensions that another key names":         {shared("/Extensions 42 0 R /FooBar 42 0 R", "/Extensions 42 0 R /FooBar 42 0 R /Version /2.0"), ""},
		"extensions moved to an old object":         {shared("/Extensions 42 0 R", "/Extensions 43 0 R"), ""},
		"the version rises":                         {becomes("", "/Version /2.0"), "=catalog_updated"},
		"the version falls below the catalog's own": {becomes("/Version /2.0", "/Version /1.7"), ""},
		"the version removed":                       {becomes("/Version /2.0", ""), ""},
		"a version of more parts":                   {becomes("", "/Version /1.99"), ""},
		"a version that does not exist":             {becomes("", "/Version /9.9"), ""},
		"certified by a key alone":                  {becomes("", "/Perms << /DocMDP 100 0 R >>"), ""},
		"no file identifier any more":               {steps{nil, trailer("/Info 14 0 R")}, "=field_filled so"},
		"an empty file identifier":                  {steps{nil, trailer("/Info 14 0 R /ID []")}, "=field_filled so"},
		"another identifier and another date": {steps{nil, func(d *doc) {
			d.Obj(14, "<< /Title (Cong van) /ModDate (D:2026) >>")
			d.Table("/Info 14 0 R /ID [<07> <02>]")
		}}, "=metadata_updated"},
		"a trailer without a catalog":       {steps{nil, raw("0 0\n", "/Info 14 0 R")}, ""},
		"nothing":                           {steps{nil, raw("0 0\n", "/Root 1 0 R /Info 14 0 R")}, "=container_rewritten: nothing changed"},
		"an object that never was is freed": {steps{func(d *doc) { d.page("/Thumb 95 0 R") }, raw("95 1\n0000000000 00001 f \n", "/Root 1 0 R /Info 14 0 R")}, "=container_rewritten: nothing changed"},
		"the content in another generation": {steps{nil, func(d *doc) {
			at := d.Len()
			d.Raw("4 1 obj\n<< /Length 48 >>\nstream\nBT /F1 12 Tf 72 700 Td (So tien: 100 dong) Tj ET\nendstream\nendobj\n")
			raw(fmt.Sprintf("4 1\n%010d 00001 n \n", at), "/Root 1 0 R /Info 14 0 R")(d)
		}}, ""},
		"an object stream is freed": {steps{nil, func(d *doc) { d.Free(52); d.XrefStream(56, "/Info 14 0 R /ID [<01> <02>]") }}, ""},
		"document information beside cross-reference streams": {steps{nil, func(d *doc) {
			d.Obj(14, "<< /Title (Cong van) /ModDate (D:2026) >>")
			d.XrefStream(56, "/Info 14 0 R /ID [<01> <02>]")
		}}, "=metadata_updated"},
		"document information that a page names": {steps{func(d *doc) { d.page("/XX 14 0 R") }, write(14, "<< /Title (Cong van) /ModDate (D:2026) >>")}, "!an object that others refer to"},
		"an object that a page missed":           {steps{func(d *doc) { d.page("/Thumb 95 0 R") }, func(d *doc) { d.Stream(95, "/Subtype /Image", "x"); d.text(11, "so", "/V (1)"); d.end() }}, "!a new object fills a gap"},
		"an object that the trailer missed":      {steps{nil, func(d *doc) { d.Stream(95, "/Subtype /Image", "x"); d.text(11, "so", "/V (1)"); d.end() }}, "=field_filled so"},
		"more than can be told": {steps{
			func(d *doc) {
				for n := 60; n < 85; n++ {
					d.Obj(n, "(a)")
				}
			},
			func(d *doc) {
				for n := 60; n < 85; n++ {
					d.Obj(n, "(b)")
				}
				d.end()
			},
		}, "!and 5 objects more"},
	} {
		t.Run(name, func(t *testing.T) { c.inside(t, b, sig{name: "a", end: ends[name]}) })
	}
}
