package validation

import (
	"fmt"
	"testing"
)

// What filling a field may do to each of its dictionaries, and what it may not.
func TestFilledFields(t *testing.T) {
	b := newBench(t)
	// fill writes the text field "so" again, with other entries.
	fill := func(before, after string) steps {
		return steps{
			func(d *doc) { d.text(11, "so", before); d.end() },
			func(d *doc) { d.text(11, "so", after); d.end() },
		}
	}
	bared := func(before, after string) steps {
		return steps{
			func(d *doc) { d.Obj(11, bare(before)); d.end() },
			func(d *doc) { d.Obj(11, bare(after)); d.end() },
		}
	}
	own := func(d *doc) { // "so" with an appearance of its own
		d.Stream(41, "/Subtype /Form /BBox [0 0 100 20]", "")
		d.Obj(42, "<< /N 41 0 R >>")
		d.text(11, "so", "/AP 42 0 R")
		d.end()
	}
	// box is a check box (30) whose states (43) are drawn by 41 and 44.
	box := func(d *doc, as string) {
		d.Obj(30, "<< /Type /Annot /Subtype /Widget /FT /Btn /T (khan) /Rect [72 400 82 410] /P 3 0 R /F 4 /AP << /N 43 0 R >> /V /Off /AS "+as+" >>")
	}
	boxed := func(d *doc) {
		d.fields, d.annots = append(d.fields, "30 0 R"), append(d.annots, "30 0 R")
		d.Stream(41, "/Subtype /Form /BBox [0 0 10 10]", "")
		d.Stream(44, "/Subtype /Form /BBox [0 0 10 10]", "")
		d.Obj(43, "<< /On 41 0 R /Off 44 0 R >>")
		box(d, "/Off")
		d.form("")
		d.page("")
		d.end()
	}
	// twofold is a field (31) with two widgets (32, 33) of which one may show more.
	twofold := func(d *doc, value, second, kids string) {
		d.Obj(31, "<< /FT /Tx /T (nhan) /Kids ["+kids+"] "+value+" >>")
		d.Obj(32, "<< /Type /Annot /Subtype /Widget /Parent 31 0 R /Rect [72 400 172 420] /P 3 0 R /F 4 >>")
		d.Obj(33, "<< /Type /Annot /Subtype /Widget /Parent 31 0 R /Rect [72 430 172 450] /P 3 0 R /F 4 "+second+" >>")
	}
	doubled := func(kids string) func(d *doc) {
		return func(d *doc) {
			d.fields, d.annots = append(d.fields, "31 0 R"), append(d.annots, "32 0 R", "33 0 R")
			twofold(d, "", "", kids)
			d.form("")
			d.page("")
			d.end()
		}
	}
	const kids = "32 0 R 33 0 R"
	const direct = "<< /Subtype /Widget /Rect [1 1 2 2] >> << /Subtype /Widget /Rect [3 3 4 4] >>"
	twice := func(value, second, after string) steps {
		return steps{doubled(kids), func(d *doc) { twofold(d, value, second, after); d.end() }}
	}
	const drawn = "/AP << /N 90 0 R >>"
	look := func(d *doc) { d.Stream(90, "/Subtype /Form /BBox [0 0 100 20]", "0 0 9 9 re f") }
	// signs fills the signature field "trong" with other entries.
	signs := func(extra string) steps {
		return steps{nil, func(d *doc) { d.sign(sig{name: "trong", existing: 13, field: extra}) }}
	}
	// keeps writes it again, still empty.
	keeps := func(extra string) steps {
		return steps{nil, func(d *doc) {
			look(d)
			d.Obj(13, dictOf(extra, "Type", "/Annot", "Subtype", "/Widget", "FT", "/Sig", "T", "(trong)", "Rect", "[300 100 400 150]", "P", "3 0 R", "F", "4"))
			d.end()
		}}
	}
	const filled = "field_filled so"
	for name, c := range map[string]changed{
		"a value":                          {fill("", "/V (1)"), filled},
		"a value replaced":                 {fill("/V (1)", "/V (2)"), filled},
		"a value removed":                  {fill("/V (1)", ""), ""},
		"a value of an existing object":    {fill("", "/V 14 0 R"), ""},
		"a value of a new object":          {steps{nil, func(d *doc) { d.Obj(90, "(1)"); d.text(11, "so", "/V 90 0 R"); d.end() }}, filled},
		"read only from now on":            {fill("/Ff 4096", "/V (1) /Ff 4097"), filled},
		"another kind of field":            {fill("", "/V (1) /Ff 4096"), ""},
		"writable again":                   {fill("/Ff 1", "/V (1) /Ff 0"), ""},
		"a flag that hides nothing":        {fill("", "/V (1) /F 132"), filled},
		"a flag that hides on the screen":  {fill("", "/V (1) /F 36"), ""},
		"a flag that hides on being used":  {fill("", "/V (1) /F 260"), ""},
		"a state that is no name":          {fill("", "/V (1) /AS (On)"), ""},
		"another key named Annot":          {fill("", "/V (1) /TU /Annot"), ""},
		"another type":                     {bared("/F 4 /Type /Sunday", "/F 4 /V (1) /Type /Annot"), ""},
		"a type that is none":              {bared("/F 4", "/F 4 /V (1) /Type /Page"), ""},
		"a type said at last":              {bared("/F 4", "/F 4 /V (1) /Type /Annot"), filled},
		"a state of a box":                 {steps{boxed, func(d *doc) { box(d, "/On"); d.end() }}, "field_filled khan"},
		"the drawing of a state with it":   {steps{boxed, func(d *doc) { box(d, "/On"); d.Stream(41, "/Subtype /Form /BBox [0 0 10 10]", "q Q"); d.end() }}, "field_filled khan"},
		"the drawing of a state alone":     {steps{boxed, func(d *doc) { d.Stream(41, "/Subtype /Form /BBox [0 0 10 10]", "q Q"); d.end() }}, ""},
		"two widgets":                      {twice("/V (1)", "/M (D:2026)", kids), "field_filled nhan"},
		"two widgets and a look":           {steps{doubled(kids), func(d *doc) { look(d); twofold(d, "/V (1)", drawn, kids); d.end() }}, "field_filled nhan"},
		"a second widget alone looks else": {steps{doubled(kids), func(d *doc) { look(d); twofold(d, "", drawn, kids); d.end() }}, ""},
		"a second widget with an action":   {twice("/V (1)", "/A << /S /URI /URI (x) >>", kids), ""},
		"a widget more":                    {steps{doubled("32 0 R"), func(d *doc) { twofold(d, "/V (1)", "", kids); d.end() }}, ""},
		"widgets in the field itself":      {steps{doubled(direct), func(d *doc) { twofold(d, "/V (1)", "", direct); d.end() }}, "field_filled nhan"},
		"a look that is named twice": {steps{
			func(d *doc) { own(d); d.Obj(42, "<< /N 41 0 R /D 41 0 R >>"); d.end() },
			func(d *doc) {
				d.Stream(41, "/Subtype /Form /BBox [0 0 1 1]", "x")
				d.text(11, "so", "/V (1) /AP 42 0 R")
				d.end()
			},
		}, filled},
		"a look that another drawing holds": {steps{
			func(d *doc) {
				own(d)
				d.Stream(48, "/Subtype /Form /BBox [0 0 1 1] /Resources << /XObject << /X 41 0 R >> >>", "/X Do")
				d.end()
			},
			func(d *doc) {
				d.Stream(41, "/Subtype /Form /BBox [0 0 1 1]", "x")
				d.text(11, "so", "/V (1) /AP 42 0 R")
				d.end()
			},
		}, "!an object that others refer to"},
		"an image made its look": {steps{func(d *doc) { own(d); d.Stream(41, "/Subtype /Image", ""); d.end() }, func(d *doc) {
			d.Stream(41, "/Subtype /Form /BBox [0 0 1 1]", "x")
			d.text(11, "so", "/V (1) /AP 42 0 R")
			d.end()
		}}, ""},
		"its look made an image": {steps{own, func(d *doc) {
			d.Stream(41, "/Subtype /Image", "x")
			d.text(11, "so", "/V (1) /AP 42 0 R")
			d.end()
		}}, ""},
		"its look made states": {steps{own, func(d *doc) {
			d.Obj(41, "<< /On 7 0 R >>")
			d.text(11, "so", "/V (1) /AP 42 0 R")
			d.end()
		}}, ""},
		"states made a look": {steps{func(d *doc) { own(d); d.Obj(41, "<< /On 7 0 R >>"); d.end() }, func(d *doc) {
			d.Stream(41, "/Subtype /Form /BBox [0 0 1 1]", "x")
			d.text(11, "so", "/V (1) /AP 42 0 R")
			d.end()
		}}, ""},
		"another's appearance dictionary": {steps{func(d *doc) { own(d); d.Obj(45, "<< /N 7 0 R >>"); d.end() }, func(d *doc) {
			look(d)
			d.Obj(45, "<< /N 90 0 R >>")
			d.text(11, "so", "/V (1) /AP 45 0 R")
			d.end()
		}}, ""},
		"an appearance dictionary of two fields, as it was": {steps{func(d *doc) {
			own(d)
			d.text(12, "ngay", "/AP 42 0 R")
			d.end()
		}, func(d *doc) { d.sign(sig{name: "b"}) }}, "signature_added b"},

		"an empty signature field gets a look": {keeps(drawn), ""},
		"an empty signature field is hidden":   {keeps("/F 2"), ""},
		"a value that is no new object":        {keeps("/V 14 0 R"), ""},
		"signed, and locked against moving":    {signs("/F 132"), "signature_filled trong"},
		"signed, with an action":               {signs("/A << /S /URI /URI (x) >>"), ""},
		"signed in another place":              {signs("/Rect [0 0 595 842]"), ""},
		"signed, and hidden":                   {signs("/F 2"), ""},
	} {
		t.Run(name, func(t *testing.T) { c.judge(t, b, sig{name: "a"}) })
	}
}

// bare is the text field "so" of newDoc without its type and flags.
func bare(extra string) string {
	return fmt.Sprintf("<< /Subtype /Widget /FT /Tx /T (so) /Rect [72 311 172 331] /P 3 0 R /DA (/F1 12 Tf) %s >>", extra)
}
