package validation

import (
	"slices"
	"strings"
	"testing"

	"congvan/signing"
)

// Where a signature that came later stands: over blank paper and a signer's block it
// may show what it likes; over other text it must let that through, and is named.
func TestLaterSignatureOverText(t *testing.T) {
	b := newBench(t)
	const overText = "60 690 300 720"
	const block = "BT /F1 10 Tf 300 500 Td (KT. CHU TICH) Tj 0 -12 Td (PHO CHU TICH) Tj 0 -60 Td (Nguyen Van An) Tj ET"
	for name, c := range map[string]struct {
		content, rect, draws string
		page                 string
		forbidden            string // a part of the change
		told                 string // the change that is permitted
	}{
		"blank paper":             {"", "60 100 300 150", "1 g 0 0 100 20 re f", "", "", "signature_added b"},
		"white over the text":     {"", overText, "1 g 0 0 100 20 re f", "", "hides “So tien: 100 dong” on page 1", ""},
		"white over the sum":      {"", "116 690 300 720", "1 g 0 0 100 20 re f", "", "hides “100 dong”", ""},
		"see-through over text":   {"", overText, "0 G 1 1 98 18 re S", "", "", "signature_added b: it stands over “So tien: 100 dong” on page 1"},
		"beside the text":         {"", "60 640 300 696", "1 g 0 0 100 20 re f", "", "", "signature_added b"},
		"white over a block":      {block, "290 420 400 515", "1 g 0 0 100 20 re f", "", "", "signature_added b"},
		"a block, and beyond it":  {block + " BT /F1 10 Tf 240 460 Td (Luu) Tj ET", "230 420 400 515", "1 g 0 0 100 20 re f", "", "hides “Luu”", ""},
		"white over a value":      {"", "60 305 300 335", "1 g 0 0 100 20 re f", "", "hides “9”", ""},
		"see-through over values": {"", "60 305 300 335", "0 G 1 1 98 18 re S", "", "", "signature_added b: it stands over “9” on page 1"},
		"on a turned page":        {"", overText, "1 g 0 0 100 20 re f", "/Rotate 90", "hides “So tien: 100 dong” on page 1", ""},
		"undecodable page":        {"/Filter /FlateDecode", overText, "1 g 0 0 100 20 re f", "", "cannot be read", ""},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDoc(t, b)
			dict := ""
			if strings.HasPrefix(c.content, "/") {
				dict = c.content
			}
			d.Stream(4, dict, "BT /F1 12 Tf 72 700 Td (So tien: 100 dong) Tj ET "+c.content)
			if c.page != "" {
				d.Obj(2, "<< /Type /Pages /Count 1 /Kids [3 0 R] "+c.page+" >>")
			}
			d.Stream(15, "/Subtype /Form /BBox [0 0 100 20] /Resources << /Font << /F1 5 0 R >> >>", "BT /F1 12 Tf 2 5 Td (9) Tj ET")
			d.Obj(11, "<< /Type /Annot /Subtype /Widget /FT /Tx /T (so) /Rect [72 311 172 331] /P 3 0 R /F 4 /DA (/F1 12 Tf) /AP << /N 15 0 R >> /V (9) >>")
			d.end()
			d.sign(sig{name: "a"})
			later := sig{name: "b", by: b.agency, rect: c.rect, field: "/AP << /N 30 0 R >>", before: func(d *doc) {
				d.Stream(30, "/Subtype /Form /BBox [0 0 100 20]", c.draws)
			}}
			d.next = 40
			d.sign(later)
			r := validate(t, b.validator(), d.Bytes())
			first := r.Signatures[0]
			if c.forbidden != "" {
				if r.Verdict != signing.Invalid || !slices.Contains(r.Reasons, ReasonChanged) || !strings.Contains(strings.Join(first.Changes, "\n"), c.forbidden) {
					t.Errorf("%s %v, changes %q; want %q", r.Verdict, r.Reasons, first.Changes, c.forbidden)
				}
				return
			}
			if r.Verdict != signing.Valid || !slices.Contains(first.Changes, c.told) {
				t.Errorf("%s %v, changes %q; want %q", r.Verdict, r.Reasons, first.Changes, c.told)
			}
		})
	}
}

// What is looked at is the widget that shows, on its page, and what that alone hides.
func TestPlaceOfALaterSignature(t *testing.T) {
	b := newBench(t)
	const white, open = "1 g 0 0 100 20 re f", "0 G 1 1 98 18 re S"
	look := func(content string) func(d *doc) {
		return func(d *doc) { d.Stream(88, "/Subtype /Form /BBox [0 0 100 20]", content) }
	}
	signs := func(content, extra string, also func(d *doc)) func(d *doc) {
		return func(d *doc) {
			d.sign(sig{name: "b", rect: "60 690 300 720", field: "/AP << /N 88 0 R >> " + extra, before: func(d *doc) {
				look(content)(d)
				if also != nil {
					also(d)
				}
			}})
		}
	}
	second := func(d *doc) { // a page before the one with the text, with an annotation
		d.Obj(2, "<< /Type /Pages /Count 2 /Kids [30 0 R 3 0 R] >>")
		d.Obj(30, "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Annots [31 0 R] >>")
		d.Obj(31, "<< /Type /Annot /Subtype /Link /Rect [0 0 9 9] >>")
	}
	covered := func(d *doc) { // an annotation that covers the text already
		d.annots = append(d.annots, "31 0 R")
		d.Obj(31, "<< /Type /Annot /Subtype /Stamp /F 4 /Rect [60 690 300 720] /AP << /N 32 0 R >> >>")
		d.Stream(32, "/Subtype /Form /BBox [0 0 100 20]", white)
		d.page("")
	}
	for name, c := range map[string]changed{
		"over the text":                 {steps{nil, signs(white, "", nil)}, "!hides “So tien: 100 dong” on page 1"},
		"over the text, hidden":         {steps{nil, signs(white, "/F 2", nil)}, "signature_added b"},
		"over the text, on no page":     {steps{nil, signs(white, "", func(d *doc) { d.annots = d.annots[:4]; d.page("") })}, "signature_added b"},
		"over the text of page 2":       {steps{second, signs(white, "", nil)}, "!on page 2"},
		"where another covers the text": {steps{covered, signs(open, "", nil)}, "signature_added b: it stands over “So tien: 100 dong” on page 1"},
	} {
		t.Run(name, func(t *testing.T) { c.inside(t, b, sig{name: "a"}) })
	}
}

func TestTouchedText(t *testing.T) {
	place := signing.Place{X: 10, Y: 10, W: 10, H: 10}
	for want, places := range map[bool][]signing.Place{
		true:  {{X: 12, Y: 12, W: 1, H: 1}, {X: 0, Y: 0, W: 11, H: 11}, {X: 19, Y: 19, W: 9, H: 9}, {X: 0, Y: 0, W: 50, H: 50}},
		false: {{X: 20, Y: 12, W: 5, H: 5}, {X: 5, Y: 12, W: 5, H: 5}, {X: 12, Y: 20, W: 5, H: 5}, {X: 12, Y: 5, W: 5, H: 5}},
	} {
		for _, at := range places {
			if _, got := touched(place, []signing.TextHit{{Place: at}}); got != want {
				t.Errorf("%+v: %v", at, got)
			}
		}
	}
	if long := quote(strings.Repeat("ố", quoted+1)); long != strings.Repeat("ố", quoted)+"…" || quote("ngắn") != "ngắn" {
		t.Error(long)
	}
}
