package pdf

import (
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// pdfDoc are the code points of PDFDocEncoding where it leaves Latin-1
// (ISO 32000-2, Annex D.3); 0 stands for undefined.
var pdfDoc = map[byte]rune{
	0x18: '˘', 0x19: 'ˇ', 0x1a: 'ˆ', 0x1b: '˙', 0x1c: '˝', 0x1d: '˛', 0x1e: '˚', 0x1f: '˜',
	0x80: '•', 0x81: '†', 0x82: '‡', 0x83: '…', 0x84: '—', 0x85: '–', 0x86: 'ƒ', 0x87: '⁄',
	0x88: '‹', 0x89: '›', 0x8a: '−', 0x8b: '‰', 0x8c: '„', 0x8d: '“', 0x8e: '”', 0x8f: '‘',
	0x90: '’', 0x91: '‚', 0x92: '™', 0x93: 'ﬁ', 0x94: 'ﬂ', 0x95: 'Ł', 0x96: 'Œ', 0x97: 'Š',
	0x98: 'Ÿ', 0x99: 'Ž', 0x9a: 'ı', 0x9b: 'ł', 0x9c: 'œ', 0x9d: 'š', 0x9e: 'ž', 0xa0: '€',
}

// Text decodes a text string: UTF-16 or UTF-8 behind a byte order mark, else
// PDFDocEncoding. What cannot be decoded becomes U+FFFD.
func (s String) Text() string {
	switch {
	case len(s) >= 2 && s[0] == 0xfe && s[1] == 0xff:
		return utf16Text(s[2:], 1)
	case len(s) >= 2 && s[0] == 0xff && s[1] == 0xfe:
		return utf16Text(s[2:], 0)
	case len(s) >= 3 && s[0] == 0xef && s[1] == 0xbb && s[2] == 0xbf:
		return strings.ToValidUTF8(string(s[3:]), string(utf8.RuneError))
	}
	var b strings.Builder
	for _, c := range s {
		if r, ok := pdfDoc[c]; ok {
			b.WriteRune(r)
		} else {
			b.WriteRune(rune(c))
		}
	}
	return b.String()
}

// utf16Text decodes pairs of bytes whose low half stands at index low.
func utf16Text(s []byte, low int) string {
	units := make([]uint16, len(s)/2)
	for i := range units {
		units[i] = uint16(s[2*i+1-low])<<8 | uint16(s[2*i+low])
	}
	return string(utf16.Decode(units))
}
