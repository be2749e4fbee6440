package text

import (
	"strings"
	"testing"

	"congvan/signing"
	"congvan/signing/pdf"
)

// What hides text and what does not. "Tien" stands at 10, 50 of a page of 200 × 100
// points, 10 points high.
func TestConceals(t *testing.T) {
	const text = "BT /F 10 Tf 10 50 Td (Tien) Tj ET "
	const over = "8 48 30 12 re f "
	everything := func(pdf.Dict, pdf.Ref) bool { return true }
	gs := func(entries string) string {
		return "/Resources << /Font << /F 5 0 R >> /ExtGState << /E << " + entries + " >> >> /XObject << /X 9 0 R /Y 10 0 R >> /Pattern << /P 9 0 R >> /Properties << /H 8 0 R >> /Shading << /S 9 0 R >> >>"
	}
	image := func(entries string) string {
		return stream("/Subtype /Image /Width 2 /Height 1 /ColorSpace /DeviceGray /BitsPerComponent 8 "+entries, "ab")
	}
	const place = "q 30 0 0 12 8 48 cm /X Do Q"
	mask := func(data string) string {
		return stream("/Subtype /Image /Width 2 /Height 1 /ColorSpace /DeviceGray /BitsPerComponent 8", data)
	}
	group := stream("/Subtype /Form /BBox [0 0 200 100] /Group << /S /Transparency >>", "1 g "+over)
	annot := func(entries, form string) (page, stream1 string) {
		return "/Annots [<< /Subtype /FreeText /Rect [8 48 38 60] " + entries + " /AP << /N 9 0 R >> >>]", stream("/Subtype /Form /BBox [0 0 30 12]", form)
	}
	box, boxForm := annot("", "1 g 0 0 30 12 re f")
	hiddenBox, _ := annot("/F 2", "")
	empty, emptyForm := annot("", "0 0 30 12 re S")
	for name, c := range map[string]struct {
		page, content string
		more          []string
		want          string // hidden text
		unseen        int
	}{
		"white box":           {"", text + "1 g " + over, nil, "Tien", 0},
		"box below":           {"", "1 g " + over + text, nil, "", 0},
		"half a box":          {"", text + "1 g 8 48 12.5 12 re f", nil, "Ti", 0},
		"frame":               {"", text + over[:len(over)-2] + "S", nil, "", 0},
		"row above":           {"", text + "0.9 g 0 57.5 200 12 re f", nil, "", 0},
		"rule through it":     {"", text + "1 w 8 53 m 40 53 l S", nil, "", 0},
		"bar over it":         {"", text + "14 w 8 53 m 40 53 l S", nil, "Tien", 0},
		"two strips":          {"", text + "8 48 30 4 re f 8 52 30 8 re f", nil, "Tien", 0},
		"bar and bar":         {"", text + "14 w 8 53 m 40 53 l s", nil, "Tien", 0},
		"triangle":            {"", text + "0 40 m 100 40 l 0 140 l f", nil, "Tien", 0},
		"ring around it":      {"", text + "0 0 m 200 0 l 200 100 l 0 100 l h 5 45 m 45 45 l 45 65 l 5 65 l h f*", nil, "", 0},
		"circle":              {"", text + "23 20 m 50 20 70 40 70 55 c 70 80 40 95 23 95 c 0 95 -30 80 -30 55 c -30 40 0 20 23 20 c f", nil, "Tien", 0},
		"clipped away":        {"", text + "q 100 0 100 100 re W n 1 g " + over + "Q", nil, "", 0},
		"clip by a shape":     {"", text + "q 100 0 m 200 0 l 150 100 l W n 1 g " + over + "Q", nil, "", 0},
		"clip around it":      {"", text + "q 0 40 m 100 40 l 100 100 l 0 100 l W* n 1 g 0 0 200 100 re f Q", nil, "Tien", 0},
		"text that was cut":   {"", "q 100 0 100 100 re W n " + text + "Q 1 g " + over, nil, "", 0},
		"set again":           {"", text + "1 g " + over + text, nil, "", 0},
		"other text on top":   {"", text + "1 g " + over + strings.Replace(text, "Tien", "Hai trieu", 1), nil, "Tien", 0},
		"dots":                {"", strings.Replace(text, "Tien", "....", 1) + "1 g " + over, nil, "", 0},
		"unseen":              {"", "3 Tr " + text + "1 g " + over, nil, "", 4},
		"image":               {"", text + place, []string{image("")}, "Tien", 0},
		"image over a scan":   {"", "3 Tr " + text + "q 200 0 0 100 0 0 cm /X Do Q", []string{image("")}, "", 4},
		"page under an image": {"", text + "q 200 0 0 100 0 0 cm /X Do Q", []string{image("")}, "Tien", 0},
		"mask all solid":      {"", text + place, []string{image("/SMask 10 0 R"), mask("\xFF\xFF")}, "Tien", 0},
		"mask all clear":      {"", text + place, []string{image("/SMask 10 0 R"), mask("\x10\x00")}, "", 0},
		"mask half clear":     {"", text + place, []string{image("/SMask 10 0 R"), mask("\xFF\x00")}, "Tie", 0},
		"mask inverted":       {"", text + place, []string{image("/SMask 10 0 R"), strings.Replace(mask("\x00\x00"), "/Width", "/Decode [1 0] /Width", 1)}, "Tien", 0},
		"mask too short":      {"", text + place, []string{image("/SMask 10 0 R"), mask("\xFF")}, "", 0},
		"stencil":             {"", text + place, []string{stream("/Subtype /Image /Width 8 /Height 1 /ImageMask true", "\x00")}, "Tien", 0},
		"stencil with gaps":   {"", text + place, []string{stream("/Subtype /Image /Width 8 /Height 1 /ImageMask true", "\xFF")}, "", 0},
		"cut by a stencil":    {"", text + place, []string{image("/Mask 10 0 R"), stream("/Subtype /Image /Width 8 /Height 1 /ImageMask true", "\x00")}, "Tien", 0},
		"colours left out":    {"", text + place, []string{image("/Mask [0 1]")}, "", 0},
		"inline image":        {"", text + "q 30 0 0 12 8 48 cm BI /W 1 /H 1 /BPC 8 /CS /G ID a EI Q", nil, "Tien", 0},
		"inline stencil":      {"", text + "q 30 0 0 12 8 48 cm BI /W 1 /H 1 /IM true ID a EI Q", nil, "", 0},
		"shading":             {"", text + "q " + over[:len(over)-2] + "W n /S sh Q", []string{""}, "Tien", 0},
		"see-through":         {gs("/ca 0.3"), text + "/E gs " + over, nil, "", 0},
		"nearly solid":        {gs("/ca 0.9"), text + "/E gs " + over, nil, "Tien", 0},
		"highlighter":         {gs("/BM /Multiply"), text + "/E gs 1 1 0 rg " + over, nil, "", 0},
		"blend mode reset":    {gs("/BM [/Normal]"), text + "/E gs " + over, nil, "Tien", 0},
		"soft mask":           {gs("/SMask << /S /Alpha /G 9 0 R >>"), text + "/E gs " + over, nil, "", 0},
		"tiles":               {gs(""), text + "/Pattern cs /P scn " + over, []string{stream("/PatternType 1", "")}, "", 0},
		"gradient":            {gs(""), text + "/Pattern cs /P scn " + over, []string{"<< /PatternType 2 >>"}, "Tien", 0},
		"group":               {gs(""), text + "/X Do", []string{group}, "Tien", 0},
		"group, see-through":  {gs("/ca 0.3"), text + "q /E gs /X Do Q", []string{group}, "", 0},
		"group, multiplied":   {gs("/BM /Multiply"), text + "/E gs /X Do", []string{group}, "", 0},
		"after such a group":  {gs("/ca 0.3"), text + "q /E gs /X Do Q 1 g " + over, []string{group}, "Tien", 0},
		"form cut by its box": {gs(""), text + "/X Do", []string{stream("/Subtype /Form /BBox [100 0 200 100]", over)}, "", 0},
		"hidden layer":        {gs(""), text + "/OC /H BDC " + over + "EMC", nil, "", 0},
		"layer of an image":   {gs(""), text + place, []string{image("/OC 8 0 R")}, "", 0},
		"text in a layer":     {gs(""), "/OC /H BDC " + text + "EMC " + over, nil, "", 0},
		"annotation":          {box, text, []string{boxForm}, "Tien by", 0},
		"annotation off":      {hiddenBox, text, []string{boxForm}, "", 0},
		"annotation, frame":   {empty, text, []string{emptyForm}, "", 0},
		"turned":              {"/Rotate 90", text + "1 g " + over, nil, "Tien", 0},
		"two words":           {"", strings.Replace(text, "Tien", "Tien mat", 1) + "1 g 8 48 60 12 re f", nil, "Tien mat", 0},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := Conceals(t.Context(), open(t, handmade(c.page, c.content, c.more...)), 1, everything)
			if err != nil {
				t.Fatal(err)
			}
			var hidden []string
			for _, h := range got.Covered {
				s := h.Text
				if c.page != "" && strings.Contains(c.page, "/Annots") {
					s += " by"
				}
				hidden = append(hidden, s)
				if h.Page != 1 || h.W <= 0 || h.H <= 0 {
					t.Errorf("%q at %+v", h.Text, h.Place)
				}
			}
			if s := strings.Join(hidden, "|"); s != c.want || got.Unseen != c.unseen {
				t.Errorf("hides %q, %d unseen; want %q, %d", s, got.Unseen, c.want, c.unseen)
			}
		})
	}
}

// The work for a page is bounded, whatever its content asks for.
func TestConcealsIsBounded(t *testing.T) {
	text := "BT /F 10 Tf 10 50 Td (" + strings.Repeat("a", 2000) + ") Tj ET "
	path := "0 0 m " + strings.Repeat("200 100 l 0 0 l ", 40_000) + "f "
	_, err := Conceals(t.Context(), open(t, handmade("", text+strings.Repeat(path, 40))), 1, func(pdf.Dict, pdf.Ref) bool { return false })
	if err != nil && !isLimit(err) {
		t.Errorf("%v", err)
	}
	_, err = Conceals(t.Context(), open(t, handmade("", "0 0 m "+strings.Repeat("1 1 l ", maxPoints/chords+1)+"f")), 1, func(pdf.Dict, pdf.Ref) bool { return false })
	if !isLimit(err) {
		t.Errorf("a path without end: %v", err)
	}
}

func isLimit(err error) bool {
	return err != nil && strings.Contains(err.Error(), signing.ErrResourceLimit.Error())
}

// Where a mark may stand: over blank paper, rules and dots, a signer's block, and what
// nobody sees; never over other text.
func TestUnder(t *testing.T) {
	block := "BT /F 8 Tf 90 90 Td (KT. CHU TICH) Tj 0 -10 Td (PHO CHU TICH) Tj 0 -40 Td (Nguyen Van An) Tj ET "
	for name, c := range map[string]struct {
		content string
		at      signing.Place
		names   []string
		want    string
	}{
		"blank":              {"BT /F 10 Tf 10 50 Td (Tien) Tj ET", signing.Place{X: 30, Y: 5, W: 30, H: 25}, nil, ""},
		"over it":            {"BT /F 10 Tf 10 50 Td (Tien) Tj ET", signing.Place{X: 2, Y: 10, W: 30, H: 12}, nil, "Tien"},
		"half of it":         {"BT /F 10 Tf 10 50 Td (Tien) Tj ET", signing.Place{X: 6.5, Y: 10, W: 30, H: 12}, nil, "en"},
		"touches":            {"BT /F 10 Tf 10 50 Td (Tien) Tj ET", signing.Place{X: 2, Y: 0, W: 30, H: 16}, nil, ""},
		"dotted line":        {"BT /F 10 Tf 10 50 Td (.......____) Tj ET 10 50 m 90 50 l S", signing.Place{X: 2, Y: 10, W: 30, H: 12}, nil, ""},
		"unseen":             {"BT 3 Tr /F 10 Tf 10 50 Td (Tien) Tj ET", signing.Place{X: 2, Y: 10, W: 30, H: 12}, nil, ""},
		"signer's block":     {block, signing.Place{X: 25, Y: 1, W: 36, H: 32}, nil, ""},
		"text beside it":     {block + "BT /F 8 Tf 60 30 Td (Luu) Tj ET", signing.Place{X: 18, Y: 1, W: 36, H: 32}, nil, "Luu"},
		"no room in between": {strings.Replace(block, "-40", "-16", 1), signing.Place{X: 25, Y: 1, W: 36, H: 32}, nil, "KT. CHU TICH|PHO CHU TICH|Nguyen Van An"},
		"hint between":       {block + "BT /F 6 Tf 95 68 Td (\\(Ky\\)) Tj ET", signing.Place{X: 25, Y: 1, W: 36, H: 32}, nil, ""},
		"a sum is no name":   {strings.Replace(block, "Nguyen Van An", "500 trieu", 1), signing.Place{X: 25, Y: 20, W: 36, H: 12}, nil, "500 trieu"},
		"known name":         {"BT /F 10 Tf 10 50 Td (nguyen van an) Tj ET", signing.Place{X: 2, Y: 10, W: 30, H: 12}, []string{"nguyen  van an"}, ""},
		"a third line above": {block + "BT /F 8 Tf 90 20 Td (Body of the text) Tj ET", signing.Place{X: 25, Y: 1, W: 36, H: 34}, nil, "Body of the text"},
	} {
		t.Run(name, func(t *testing.T) {
			c.at.Page = 1
			hits, err := Under(t.Context(), open(t, handmade("", c.content)), c.at, c.names...)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, h := range hits {
				got = append(got, h.Text)
			}
			if s := strings.Join(got, "|"); s != c.want {
				t.Errorf("under it stands %q, want %q", s, c.want)
			}
		})
	}
}
