package validation

import (
	"fmt"
	"strings"
	"testing"

	"congvan/signing/signingtest"
)

// What may happen to the interactive form and its default resources. The first step is
// part of the signed revision.
func TestChangedForms(t *testing.T) {
	b := newBench(t)
	form := func(extra string) func(d *doc) { return func(d *doc) { d.form("/SigFlags 3 " + extra) } }
	// becomes is a form that is written again.
	becomes := func(before, after string) steps {
		return steps{form(before), func(d *doc) { d.form(after); d.end() }}
	}
	// stays is one that stays as it is while another signature comes.
	stays := func(f func(d *doc)) steps {
		return steps{f, func(d *doc) { d.sign(sig{name: "b", before: f}) }}
	}
	resources := func(before, after string) steps {
		return steps{
			func(d *doc) { d.Obj(60, before); d.form("/SigFlags 3 /DR 60 0 R") },
			func(d *doc) {
				d.Obj(62, "<< /Type /Font /Subtype /Type1 /BaseFont /Courier >>")
				write(60, after)(d)
			},
		}
	}
	array := func(num int) func(d *doc) {
		return func(d *doc) {
			d.Obj(num, "["+strings.Join(d.fields, " ")+"]")
			d.Obj(6, fmt.Sprintf("<< /Fields %d 0 R /SigFlags 3 >>", num))
		}
	}
	fields := func(more string) steps {
		return steps{nil, func(d *doc) { d.fields = append(d.fields, more); d.form("/SigFlags 3"); d.end() }}
	}
	moved := func(before string) steps {
		return steps{func(d *doc) { d.Obj(60, before) }, func(d *doc) {
			d.Obj(60, "<< /SigFlags 3 /Fields ["+strings.Join(d.fields, " ")+"] >>")
			d.Obj(1, "<< /Type /Catalog /Pages 2 0 R /AcroForm 60 0 R >>")
			d.end()
		}}
	}
	inside := func(d *doc) { // two fields in the form itself
		d.Obj(6, "<< /SigFlags 3 /Fields [<< /FT /Tx /T (x) >> << /FT /Tx /T (y) >> "+strings.Join(d.fields, " ")+"] >>")
	}
	for name, c := range map[string]changed{
		"nothing but a value":                   {steps{nil, func(d *doc) { d.text(11, "so", "/V (1)"); d.end() }}, "=field_filled so"},
		"an old object made the form":           {steps{nil, write(1, "<< /Type /Catalog /Pages 2 0 R /AcroForm 14 0 R >>")}, ""},
		"a copy made the form":                  {steps{func(d *doc) { d.Obj(60, "<< /SigFlags 3 /Fields ["+strings.Join(d.fields, " ")+"] >>") }, write(1, "<< /Type /Catalog /Pages 2 0 R /AcroForm 60 0 R >>")}, ""},
		"an old object overwritten as the form": {moved("(x)"), ""},
		"appearances needed as before":          {stays(form("/NeedAppearances true")), "signature_added b"},
		"appearances no longer needed":          {becomes("/NeedAppearances true", "/SigFlags 3 /NeedAppearances false"), "form_updated"},
		"signature flags unknown":               {becomes("", "/SigFlags 7"), ""},
		"default appearance added":              {becomes("", "/SigFlags 3 /DA (/F1 12 Tf)"), "=form_updated"},
		"default appearance kept":               {stays(form("/DA (/F1 12 Tf)")), "signature_added b"},
		"default appearance changed":            {becomes("/DA (/F1 12 Tf)", "/SigFlags 3 /DA (/F1 1 Tf)"), ""},
		"resources in an object grow":           {resources("<< /Font << /F1 5 0 R >> >>", "<< /Font << /F1 5 0 R /F2 62 0 R >> >>"), "=form_updated"},
		"resources where an old object was":     {steps{func(d *doc) { d.Obj(60, "(x)") }, func(d *doc) { d.form("/SigFlags 3 /DR 60 0 R"); write(60, "<< /Font << /F1 5 0 R >> >>")(d) }}, ""},
		"resources malformed as before":         {stays(form("/DR << /Font [5 0 R] >>")), "signature_added b"},
		"resources malformed, then mended":      {resources("<< /Font [5 0 R] >>", "<< /Font << /F1 62 0 R >> >>"), ""},
		"resources emptied of their kind":       {resources("<< /Font << >> >>", "<< /Font [62 0 R] >>"), ""},
		"procedure sets":                        {resources("<< /ProcSet [/PDF] >>", "<< /ProcSet [/PDF /Text] >>"), "=form_updated"},
		"a font named as the signature's layer": {resources("<< /Font << /FRM 5 0 R >> >>", "<< /Font << /FRM 62 0 R >> >>"), ""},
		"another drawing exchanged":             {resources("<< /XObject << /Im1 7 0 R >> >>", "<< /XObject << /Im1 62 0 R >> >>"), ""},
		"fonts moved to an old object": {steps{
			func(d *doc) {
				d.Obj(61, "<< /F1 5 0 R >>")
				d.Obj(63, "(x)")
				d.form("/SigFlags 3 /DR << /Font 61 0 R >>")
			},
			func(d *doc) { d.form("/SigFlags 3 /DR << /Font 63 0 R >>"); write(63, "<< /F1 5 0 R >>")(d) },
		}, ""},
		"fields in an array of their own":      {stays(array(60)), "signature_added b"},
		"fields in the array of an old object": {steps{func(d *doc) { d.Obj(61, "(x)"); array(60)(d) }, func(d *doc) { d.sign(sig{name: "b", before: array(61)}) }}, ""},
		"fields in the form itself":            {stays(inside), "signature_added b"},
		"the signature no longer listed":       {steps{nil, func(d *doc) { d.fields = d.fields[:3]; d.form("/SigFlags 3"); d.end() }}, ""},
		"a field that is no object":            {fields("7"), ""},
		"a field that is an old object":        {fields("14 0 R"), ""},
	} {
		t.Run(name, func(t *testing.T) { c.inside(t, b, sig{name: "a"}) })
	}
}

// What a new signature field may be, and what it and its parents may hold.
func TestNewSignatureFields(t *testing.T) {
	b := newBench(t)
	added := func(entries string) steps { return steps{nil, func(d *doc) { addField(d, entries) }} }
	drawn := func(content string) steps {
		return steps{nil, func(d *doc) {
			d.Stream(97, "/Subtype /Form /BBox [0 0 100 20]", content)
			addField(d, "/FT /Sig /T (moi) /AP << /N 97 0 R >>")
		}}
	}
	orphan := func(body string) func(d *doc) { return write(45, body) }
	// below puts field 11 under 43, that under 44, and lets 43 gain entries.
	below := func(after string) steps {
		return steps{func(d *doc) {
			d.Obj(44, "<< /T (to) /Kids [43 0 R] >>")
			d.Obj(43, "<< /T (nhom) /Parent 44 0 R /Kids [11 0 R] >>")
			d.text(11, "so", "/Parent 43 0 R")
			d.fields[0] = "44 0 R"
			d.form("")
			d.end()
		}, func(d *doc) {
			d.Obj(45, "<< /T (ky) /FT /Sig /Parent 43 0 R >>")
			d.Obj(43, "<< /T (nhom) /Parent 44 0 R "+after+" >>")
			d.end()
		}}
	}
	under := func(kids, field string) func(d *doc) { // a new field (94) with a child
		return func(d *doc) {
			d.fields = append(d.fields, "94 0 R")
			d.Obj(94, "<< /T (tren) "+field+" /Kids ["+kids+"] >>")
			d.form("/SigFlags 3")
			d.end()
		}
	}
	look := func(rect, content string) func(d *doc) { // a signature with two widgets
		return func(d *doc) {
			d.annots = append(d.annots, "86 0 R", "87 0 R")
			d.sign(sig{name: "b", rect: "0 0 0 0", field: "/Kids [86 0 R 87 0 R]", before: func(d *doc) {
				d.Stream(88, "/Subtype /Form /BBox [0 0 100 20]", content)
				d.Obj(101+2, dictOf("", "FT", "/Sig", "T", "(b)", "V", "102 0 R", "Kids", "[86 0 R 87 0 R]"))
				d.Obj(86, "<< /Type /Annot /Subtype /Widget /Parent 103 0 R /Rect [0 0 0 0] /F 4 >>")
				d.Obj(87, "<< /Type /Annot /Subtype /Widget /Parent 103 0 R /Rect ["+rect+"] /F 4 /AP << /N 88 0 R >> >>")
				d.annots = d.annots[:len(d.annots)-1] // the field itself is none
				d.page("")
			}})
		}
	}
	stamp := func(s sig) func(d *doc) {
		return func(d *doc) {
			s.subFilter, s.make = subFilterTimestamp, d.token(signingtest.TSASpec{})
			d.sign(s)
		}
	}
	for name, c := range map[string]changed{
		"empty":                 {added("/FT /Sig /T (moi)"), "signature_field_added moi"},
		"drawn on":              {drawn("q 0 0 9 9 re f Q"), ""},
		"drawn on with nothing": {drawn(" q Q "), "signature_field_added moi"},
		"drawn on where nobody sees it": {steps{nil, func(d *doc) {
			d.Stream(97, "/Subtype /Form /BBox [0 0 9 9]", "f")
			addField(d, "/F 2 /FT /Sig /T (moi) /AP << /N 97 0 R >>")
		}}, "signature_field_added moi"},
		"drawn on by states":          {added("/FT /Sig /T (moi) /AP << /N << /On 7 0 R >> >>"), ""},
		"of a name that another has":  {added("/FT /Sig /T (trong)"), ""},
		"with an old object as value": {steps{write(90, "<< /Type /Sig >>"), func(d *doc) { addField(d, "/FT /Sig /T (moi) /V 90 0 R") }}, ""},
		"with an old annotation as widget": {steps{func(d *doc) {
			d.annots = append(d.annots, "99 0 R")
			d.Obj(99, "<< /Subtype /Widget /Rect [0 0 0 0] >>")
			d.page("")
			d.end()
		}, under("99 0 R", "/FT /Sig")}, ""},
		"an old object under a new parent":        {steps{orphan("<< /FT /Sig /T (an) >>"), under("45 0 R", "")}, ""},
		"below a parent of long standing":         {below("/Kids [11 0 R 45 0 R]"), "signature_field_added to.nhom.ky"},
		"below a parent that says more":           {below("/Kids [11 0 R 45 0 R] /TU (x)"), ""},
		"a parent that says more":                 {below("/Kids [11 0 R] /TU (x)"), ""},
		"signed and not visible":                  {steps{nil, func(d *doc) { d.sign(sig{name: "b", field: "/F 2"}) }}, "signature_added b"},
		"signed without a place":                  {steps{nil, func(d *doc) { d.sign(sig{name: "b", rect: "0 0 0 0"}) }}, "signature_added b"},
		"signed, of two widgets on blank paper":   {steps{nil, look("300 100 400 120", "1 g 0 0 100 20 re f")}, "signature_added b"},
		"signed, of two widgets, one over text":   {steps{nil, look("60 690 300 720", "1 g 0 0 100 20 re f")}, ""},
		"a timestamp that shows":                  {steps{nil, stamp(sig{name: "t"})}, "signature_added t"},
		"a timestamp that does not":               {steps{nil, stamp(sig{name: "t", field: "/F 2"})}, "timestamp_added t"},
		"a timestamp in an empty field that does": {steps{nil, stamp(sig{name: "trong", existing: 13})}, "signature_filled trong"},
	} {
		t.Run(name, func(t *testing.T) { c.judge(t, b, sig{name: "a"}) })
	}
	for name, c := range map[string]struct {
		level int
		changed
	}{
		"not visible in a certified file":     {2, changed{added("/F 2 /FT /Sig /T (moi)"), "signature_field_added moi"}},
		"without a place in a certified file": {2, changed{steps{nil, under("", "/Subtype /Widget /FT /Sig")}, "signature_field_added tren"}},
		"visible in a certified file":         {2, changed{added("/FT /Sig /T (moi)"), ""}},
		"signed in a closed file":             {1, changed{steps{nil, func(d *doc) { d.sign(sig{name: "b", field: "/F 2"}) }}, ""}},
		"a timestamp in a closed file":        {1, changed{steps{nil, stamp(sig{name: "t", field: "/F 2"})}, "timestamp_added t"}},
		"a timestamp in its empty field": {1, changed{steps{
			func(d *doc) {
				d.fields = append(d.fields, "30 0 R")
				d.Obj(30, "<< /FT /Sig /T (dau) >>")
				d.form("")
				d.end()
			},
			stamp(sig{name: "dau", existing: 30, before: func(d *doc) { d.Obj(30, "<< /FT /Sig /T (dau) /V 102 0 R >>") }}),
		}, "timestamp_added dau"}},
	} {
		t.Run(name, func(t *testing.T) { c.judge(t, b, sig{name: "a", dict: docMDP(c.level)}) })
	}
}
