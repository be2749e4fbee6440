package flatten_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"congvan/signing"
	"congvan/signing/pades"
	"congvan/signing/pdf"
	"congvan/signing/text"
)

// What a viewer does not show is not painted, and what it shows is, however oddly the
// field is made.
func TestShownOrNot(t *testing.T) {
	const at = "/FT /Tx /T (a) /V (Shown) /Rect [10 10 60 30] "
	const stream = "/Length 45 >>\nstream\nBT /F 12 Tf 2 5 Td (Shown) Tj ET              \nendstream"
	const layer = ">> /OCProperties << /OCGs [11 0 R] /D << /OFF [11 0 R] >>"
	const fonts = "/Resources << /Font << /F 5 0 R >> >> "
	for name, c := range map[string]struct {
		objects  []string
		acroForm string
		hits     int
	}{
		"as it is":                  {[]string{"<< " + widget + at + "/AP << /N 8 0 R >> >>"}, "", 1},
		"not to be viewed":          {[]string{"<< /Subtype /Widget /F 36 " + at + "/AP << /N 8 0 R >> >>"}, "", 0},
		"to be printed or not":      {[]string{"<< /Subtype /Widget " + at + "/AP << /N 8 0 R >> >>"}, "", 1},
		"of a hidden layer":         {[]string{"<< " + widget + at + "/OC 11 0 R /AP << /N 8 0 R >> >>", "<< /Type /OCG /Name (L) >>"}, layer, 0},
		"of a layer that is shown":  {[]string{"<< " + widget + at + "/OC 11 0 R /AP << /N 8 0 R >> >>", "<< /Type /OCG /Name (L) >>"}, strings.Replace(layer, "OFF", "ON", 1), 1},
		"a box without width":       {[]string{"<< " + widget + at + "/AP << /N 11 0 R >> >>", "<< /Subtype /Form /BBox [0 0 0 20] " + fonts + stream}, "", 0},
		"a box without height":      {[]string{"<< " + widget + at + "/AP << /N 11 0 R >> >>", "<< /Subtype /Form /BBox [0 0 50 0] " + fonts + stream}, "", 0},
		"a matrix of five":          {[]string{"<< " + widget + at + "/AP << /N 11 0 R >> >>", "<< /Subtype /Form /BBox [0 0 50 20] /Matrix [1 0 0 1 0] " + fonts + stream}, "", 1},
		"a matrix of seven":         {[]string{"<< " + widget + at + "/AP << /N 11 0 R >> >>", "<< /Subtype /Form /BBox [0 0 50 20] /Matrix [1 0 0 1 0 0 0] " + fonts + stream}, "", 1},
		"a matrix of words":         {[]string{"<< " + widget + at + "/AP << /N 11 0 R >> >>", "<< /Subtype /Form /BBox [0 0 50 20] /Matrix [9 0 0 /x 0 0] " + fonts + stream}, "", 1},
		"no form XObject yet":       {[]string{"<< " + widget + at + "/AP << /N 11 0 R >> >>", "<< /BBox [0 0 50 20] " + fonts + stream}, "", 1},
		"resources of the form":     {[]string{"<< " + widget + at + "/AP << /N 11 0 R >> >>", "<< /Subtype /Form /BBox [0 0 50 20] " + strings.Replace(stream, "/F 12", "/He 9", 1)}, "", 1},
		"a state that is not there": {[]string{"<< " + widget + "/FT /Btn /T (a) /AS /On /Rect [10 10 60 30] /AP << /N << /Off 8 0 R >> >> >>"}, "", 0},
		"a state told by the value": {[]string{"<< " + widget + "/FT /Btn /T (a) /V /On /Rect [10 10 60 30] /AP << /N << /On 8 0 R >> >> >>"}, "", 1},
		"off where nothing tells":   {[]string{"<< " + widget + "/FT /Btn /T (a) /Rect [10 10 60 30] /AP << /N << /On 8 0 R >> >> >>"}, "", 0},
	} {
		out := flat(t, form{objects: c.objects, fields: "10 0 R", acroForm: c.acroForm}.bytes())
		if hits, err := text.Find(t.Context(), open(t, out), "Shown"); err != nil || len(hits) != c.hits {
			t.Errorf("%s: %d hits, want %d: %v", name, len(hits), c.hits, err)
		}
	}
}

// A signature that stands in no field of the form is one all the same.
func TestSignedOrphanIsRefused(t *testing.T) {
	for value, want := range map[string]error{"/V << /Type /Sig >>": signing.ErrSigned, "": nil} {
		data := form{fields: "10 0 R", objects: []string{
			"<< " + widget + "/FT /Tx /T (t) /V (x) /Rect [1 1 9 9] >>", "<< " + widget + "/FT /Sig /T (s) " + value + " /Rect [1 1 9 9] >>",
		}}.bytes()
		if _, err := pades.New(pades.Options{}).Flatten(t.Context(), fileOf(data)); !errors.Is(err, want) {
			t.Errorf("%q: %v, want %v", value, err, want)
		}
	}
}

// An object that is more than a field, whatever the form says, is left alone.
func TestMoreThanAFieldIsLeft(t *testing.T) {
	for name, fields := range map[string]string{"page": "10 0 R 3 0 R", "catalog": "10 0 R 1 0 R", "page tree": "10 0 R 2 0 R"} {
		data := form{fields: fields, objects: []string{"<< " + widget + "/FT /Tx /T (t) /V (Abc) /Rect [10 10 90 30] >>"}}.bytes()
		tail, err := pades.New(pades.Options{}).Flatten(t.Context(), fileOf(data))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		out := append(data, tail...)
		f := open(t, out)
		if page, err := f.Page(1); err != nil || page.Dict["Contents"] == nil {
			t.Errorf("%s: %v, %v", name, page.Dict, err)
		}
		if o, err := f.Get(pdf.Ref{Num: 10}); err != nil || o != nil {
			t.Errorf("%s: the field is %v, %v", name, o, err)
		}
		find(t, out, "Abc")
	}
}

// Of the form no more stays than its signature fields need, and what needs no change
// gets none.
func TestFormAfterwards(t *testing.T) {
	group := form{objects: []string{
		"<< " + widget + "/FT /Sig /T (sign) /Parent 12 0 R /Rect [100 10 190 30] >>",
		"<< " + widget + "/FT /Tx /T (text) /V (Abc) /Parent 12 0 R /Rect [10 10 90 30] >>",
		"<< /T (both) /Kids [10 0 R 11 0 R] >>",
		"<< " + widget + "/FT /Tx /T (text) /V (Def) /Parent 14 0 R /Rect [10 40 90 60] >>",
		"<< /T (texts) /Kids [13 0 R] >>",
		"<< " + widget + "/FT /Sig /T (sign) /Parent 16 0 R /Rect [100 40 190 60] >>",
		"<< /T (signs) /Kids [15 0 R] >>",
	}, fields: "12 0 R 14 0 R 16 0 R"}
	for _, group.indirect = range []bool{false, true} {
		f := open(t, flat(t, group.bytes()))
		dict, ref, err := f.Form()
		if err != nil || fmt.Sprint(dict["Fields"]) != "[12 0 R 16 0 R]" || (ref.Num == 40) != group.indirect {
			t.Errorf("form %v: %v, %v", ref, dict, err)
		}
		if d, err := f.Dict(pdf.Ref{Num: 12}); err != nil || fmt.Sprint(d["Kids"]) != "[10 0 R]" {
			t.Errorf("group %v, %v", d, err)
		}
		if o, err := f.Get(pdf.Ref{Num: 14}); err != nil || o != nil {
			t.Errorf("empty group %v, %v", o, err)
		}
		update := f.Revisions()[1]
		if _, changed := update.Changes(16); changed {
			t.Error("a group that stays is written anew")
		}
		if _, changed := update.Changes(1); changed == group.indirect {
			t.Errorf("the catalog is written anew: %v", changed)
		}
	}
	const place = "/Rect [10 10 90 30] >>"
	for name, c := range map[string]form{
		"text alone":        {objects: []string{"<< " + widget + "/FT /Tx /T (a) /V (Abc) " + place}},
		"text of no place":  {objects: []string{"<< /FT /Tx /T (a) /V (Abc) >>"}},
		"text of two":       {objects: []string{"<< " + widget + "/Parent 11 0 R " + place, "<< /FT /Tx /T (a) /V (Abc) /Kids [10 0 R] >>"}, fields: "11 0 R"},
		"text of its own":   {objects: []string{"<< " + widget + "/FT /Tx /T (a) /V (Abc) " + place}, indirect: true},
		"nothing to be set": {objects: []string{"<< " + widget + "/FT /Tx /T (a) " + place}},
	} {
		out := flat(t, c.bytes())
		if strings.Contains(c.objects[0], "Widget") && name != "nothing to be set" {
			find(t, out, "Abc")
		}
		f := open(t, out)
		if root, err := f.Root(); err != nil || root["AcroForm"] != nil {
			t.Errorf("%s: catalog %v, %v", name, root, err)
		}
	}
	sign := form{objects: []string{"<< " + widget + "/FT /Sig /T (s) " + place}}
	if tail, err := pades.New(pades.Options{}).Flatten(t.Context(), fileOf(sign.bytes())); err != nil || len(tail) > 0 {
		t.Errorf("a signature field alone: %d bytes, %v", len(tail), err)
	}
}
