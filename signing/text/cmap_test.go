package text

import (
	"strings"
	"testing"

	"congvan/signing/pdf"
)

func TestCMap(t *testing.T) {
	c := parseCMap([]byte(`/CIDInit /ProcSet findresource begin 12 dict begin begincmap
/CMapName /Test def % a comment
2 begincodespacerange <00> <7F> <8140> <9FFC> endcodespacerange
2 beginbfchar <41> <1EA4> <8140> <00660066> endbfchar
3 beginbfrange
<50> <52> <1EBF>
<60> <62> [<0041> <0042> /acircumflexacute]
<8150> <8151> <D83DDE00>
endbfrange
1 begincidrange <8140> <81FF> 100 endcidrange
1 begincidchar <41> 7 endcidchar
/WMode 1 def endcmap`), pdf.DefaultLimits())
	for _, tc := range []struct {
		code uint32
		n    int
		want string
	}{
		{0x41, 1, "Ấ"},
		{0x8140, 2, "ff"},
		{0x50, 1, "ế"},
		{0x51, 1, "Ề"},
		{0x52, 1, "ề"},
		{0x53, 1, ""},
		{0x60, 1, "A"},
		{0x61, 1, "B"},
		{0x62, 1, ""},
		{0x8150, 2, "😀"},
		{0x8151, 2, "😁"},
		{0x41, 2, ""},
	} {
		if got := c.unicode(tc.code, tc.n); got != tc.want {
			t.Errorf("code %X of %d bytes: %q, want %q", tc.code, tc.n, got, tc.want)
		}
	}
	if c.cid(0x8142, 2) != 102 || c.cid(0x41, 1) != 7 || c.cid(0x42, 1) != 0 || !c.vertical {
		t.Error("CIDs or WMode are wrong")
	}
	for _, tc := range []struct {
		in   string
		code uint32
		n    int
	}{{"A\x81", 0x41, 1}, {"\x81\x40A", 0x8140, 2}, {"\x81\x20", 0x81, 1}, {"\xFF", 0xFF, 1}} {
		if v, n := c.split([]byte(tc.in)); v != tc.code || n != tc.n {
			t.Errorf("%x splits as %X of %d bytes", tc.in, v, n)
		}
	}
}

func TestGlyphNames(t *testing.T) {
	for name, want := range map[string]string{
		"A": "A", "space": " ", "acircumflexacute": "ấ", "Abrevehookabove": "Ẳ", "ohorngrave": "ờ",
		"uhorndotbelow": "ự", "ecircumflextilde": "ễ", "Dcroat": "Đ", "dcroat": "đ", "idotbelow": "ị",
		"ygrave": "ỳ", "dong": "₫", "uni1EF9": "ỹ", "uni00410309": "A\u0309", "u1F600": "😀", "f_f_i": "ffi",
		"a.sc": "a", "acutecomb": "\u0301", "commaaccent": "", "Scommaaccent": "Ș", "Gcommaaccent": "Ģ",
		"aeacute": "ǽ", "g123": "", "": "", ".notdef": "", "uniD800": "", "guillemotleft": "«",
	} {
		if got := glyphText(name); got != want {
			t.Errorf("%q: %q, want %q", name, got, want)
		}
	}
}

func TestEncodings(t *testing.T) {
	for name, want := range map[string]map[byte]string{
		"WinAnsiEncoding":  {'A': "A", 0x80: "€", 0x81: "•", 0x93: "“", 0xD0: "Ð", 0xE2: "â"},
		"MacRomanEncoding": {'A': "A", 0x80: "Ä", 0xD2: "“", 0xC9: "…"},
		"StandardEncoding": {'A': "A", '\'': "’", 0xA9: "'", 0xAE: "fi", 0xBC: "…", 0xFB: "ß", 0x80: ""},
	} {
		e := baseEncoding(name)
		for c, s := range want {
			if e[c] != s {
				t.Errorf("%s %#x: %q, want %q", name, c, e[c], s)
			}
		}
	}
	if b, ok := WinAnsi("Năm"); ok {
		t.Errorf("WinAnsi has no ă: %x", b)
	}
	if b, ok := WinAnsi("é–5"); !ok || string(b) != "\xE9\x965" {
		t.Errorf("%x %v", b, ok)
	}
}

// TestCMapIsBounded: a map without end ends.
func TestCMapIsBounded(t *testing.T) {
	block := strings.Repeat("<0041> <0041>\n", 100)
	data := strings.Repeat("100 beginbfchar\n"+block+"endbfchar\n", maxMappings/100+100)
	if c := parseCMap([]byte(data), pdf.DefaultLimits()); len(c.text) < maxMappings || len(c.text) > maxMappings+4096 {
		t.Errorf("%d mappings", len(c.text))
	}
}
