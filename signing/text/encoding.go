package text

import (
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
)

// encoding gives the text of each code of a simple font (ISO 32000-2 annex D).
// An empty entry is a code without a character.
type encoding [256]string

// baseEncoding builds the encoding of a PDF name; unknown names mean Standard.
func baseEncoding(name string) encoding {
	switch name {
	case "WinAnsiEncoding":
		return winAnsi()
	case "MacRomanEncoding":
		return fromCharmap(charmap.Macintosh)
	}
	return standard()
}

func fromCharmap(m *charmap.Charmap) encoding {
	var e encoding
	for c := 32; c < 256; c++ {
		if r := m.DecodeByte(byte(c)); r != utf8.RuneError && r >= ' ' && (r < 0x7F || r > 0x9F) {
			e[c] = string(r)
		}
	}
	return e
}

// winAnsi is code page 1252 where unused codes show a bullet (annex D.3, note).
func winAnsi() encoding {
	e := fromCharmap(charmap.Windows1252)
	for c := 0x7F; c < 256; c++ {
		if e[c] == "" {
			e[c] = "•"
		}
	}
	return e
}

// standard is Adobe's StandardEncoding: ASCII with typographic quotes, and an upper
// half of its own.
func standard() encoding {
	var e encoding
	for c := ' '; c <= '~'; c++ {
		e[c] = string(c)
	}
	e['\''], e['`'] = "’", "‘"
	upper := map[int]string{
		0xA1: "¡¢£⁄¥ƒ§¤'“«‹›", 0xB1: "–†‡·", 0xB6: "¶•‚„”»…‰", 0xBF: "¿", 0xC1: "`´ˆ˜¯˘˙¨",
		0xCA: "˚¸", 0xCD: "˝˛ˇ—", 0xE1: "Æ", 0xE3: "ª", 0xE8: "ŁØŒº", 0xF1: "æ", 0xF5: "ı",
		0xF8: "łøœß",
	}
	for from, run := range upper {
		for _, r := range run {
			e[from] = string(r)
			from++
		}
	}
	e[0xAE], e[0xAF] = "fi", "fl"
	return e
}

// WinAnsi encodes s for a font with WinAnsiEncoding; ok is false when s holds a
// character that the encoding lacks.
func WinAnsi(s string) (b []byte, ok bool) {
	for _, r := range s {
		c, found := charmap.Windows1252.EncodeRune(r)
		if !found || r < ' ' || r >= 0x7F && r <= 0x9F {
			return nil, false
		}
		b = append(b, c)
	}
	return b, true
}
