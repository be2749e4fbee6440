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
