package text

import (
	"testing"

	"congvan/signing/pdf"
)

// Every parameter of the text state moves the last letter: its left edge and the
// bottom of its box, in points from the lower left, and its width are told.
func TestTextState(t *testing.T) {
	fonts := []string{
		"", // 9
		"<< /Type /Font /Subtype /TrueType /FirstChar 65 /Widths [500 700] /FontDescriptor 11 0 R >>",
		"<< /Type /FontDescriptor /MissingWidth 300 /Ascent 800 /Descent -200 >>",
		"<< /Type /Font /Subtype /Type3 /FontMatrix [0.01 0 0 0.01 0 0] /FontBBox [0 -10 100 90] /FirstChar 97 /Widths [60 40] /Encoding << /Differences [97 /a /b] >> /CharProcs << >> >>",
		"<< /Type /Font /Subtype /Type0 /BaseFont /V /Encoding /UniJIS-UTF16-V /DescendantFonts [14 0 R] >>",
		"<< /Type /Font /Subtype /CIDFontType0 /BaseFont /V /DW 1000 /DW2 [880 -500] /FontDescriptor 11 0 R >>",
	}
	resources := "/Resources << /Font << /F 5 0 R /W 10 0 R /T 12 0 R /V 13 0 R >> >>"
	for name, tc := range map[string]struct {
		content             string
		left, bottom, width float64
	}{
		"widths":          {"/W 10 Tf 10 50 Td (AB) Tj", 15, 48, 7},
		"missing width":   {"/W 10 Tf 10 50 Td (ACA) Tj", 18, 48, 5},
		"standard widths": {"/F 10 Tf 10 50 Td (Wi) Tj", 19.44, 47.5, 2.22},
		"char spacing":    {"/W 10 Tf 2 Tc 10 50 Td (AA) Tj", 17, 48, 5},
		"word spacing":    {"/W 10 Tf 4 Tw 10 50 Td (A A) Tj", 22, 48, 5},
		"stretching":      {"/W 10 Tf 50 Tz 2 Tc 10 50 Td (AA) Tj", 13.5, 48, 2.5},
		"rise":            {"/W 10 Tf 3 Ts 10 50 Td (A) Tj", 10, 51, 5},
		"leading":         {"/W 10 Tf 7 TL 10 50 Td (A) Tj T* (B) Tj", 10, 41, 7},
		"TJ moves back":   {"/W 10 Tf 10 50 Td [(A) 200 (A)] TJ", 13, 48, 5},
		"text matrix":     {"/W 10 Tf 2 0 0 2 10 50 Tm (A) Tj", 10, 46, 10},
		"Type 3":          {"/T 10 Tf 10 50 Td (ab) Tj", 16, 49, 4},
		"vertical":        {"/V 10 Tf 50 50 Td <00410042> Tj", 45, 34.2, 10},
		"font in gs":      {"/W 10 Tf q /F 99 Tf Q 10 50 Td (A) Tj", 10, 48, 5},
	} {
		t.Run(name, func(t *testing.T) {
			data := handmade(resources, "BT "+tc.content+" ET", fonts...)
			lines, err := Lines(t.Context(), open(t, data), 1)
			if err != nil || len(lines) == 0 {
				t.Fatal(lines, err)
			}
			l := lines[len(lines)-1]
			b := l.Glyphs[len(l.Glyphs)-1].Box
			left, bottom, width := b.X/mmPerPoint, 100-(b.Y+b.H)/mmPerPoint, b.W/mmPerPoint
			if !near(left, tc.left, 0.01) || !near(bottom, tc.bottom, 0.01) || !near(width, tc.width, 0.01) {
				t.Errorf("%q at %.2f, %.2f, %.2f wide; want %+v", l.Text, left, bottom, width, tc)
			}
		})
	}
}

func TestLayers(t *testing.T) {
	f := open(t, build(
		"<< /Type /Catalog /Pages 2 0 R /OCProperties << /OCGs [3 0 R 4 0 R] /D << /OFF [4 0 R] >> >> >>",
		"<< /Type /Pages /Count 0 /Kids [] >>", "<< /Type /OCG >>", "<< /Type /OCG >>"))
	layers, err := ReadLayers(f)
	if err != nil {
		t.Fatal(err)
	}
	on, off := pdf.Ref{Num: 3}, pdf.Ref{Num: 4}
	member := func(policy pdf.Name, groups ...pdf.Object) pdf.Dict {
		return pdf.Dict{"Type": pdf.Name("OCMD"), "P": policy, "OCGs": pdf.Array(groups)}
	}
	for name, tc := range map[string]struct {
		o    pdf.Object
		want bool
	}{
		"nothing":          {nil, true},
		"shown":            {on, true},
		"hidden":           {off, false},
		"any of both":      {member("AnyOn", on, off), true},
		"any of none":      {member("AnyOn", off), false},
		"all of both":      {member("AllOn", on, off), false},
		"any off of both":  {member("AnyOff", on, off), true},
		"any off of shown": {member("AnyOff", on), false},
		"all off":          {member("AllOff", off), true},
		"all off of both":  {member("AllOff", on, off), false},
		"no policy":        {pdf.Dict{"Type": pdf.Name("OCMD"), "OCGs": on}, true},
		"no group":         {member("AllOn"), true},
		"expression":       {pdf.Dict{"Type": pdf.Name("OCMD"), "OCGs": pdf.Array{on, off}, "VE": pdf.Array{}}, false},
	} {
		if got := layers.Shown(tc.o); got != tc.want {
			t.Errorf("%s: shown %v", name, got)
		}
	}
	if !layers.Any() {
		t.Error("no layers")
	}
}
