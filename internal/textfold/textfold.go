// Package textfold folds Vietnamese text for search and sorting.
//
// Stored text is NFC and keeps every diacritic; what this package makes is derived and
// never shown. All functions are pure and safe for concurrent use.
package textfold

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// NFC gives the composed form in which all text is stored and compared
// (TCVN 6909:2001 uses precomposed letters). It changes nothing else.
func NFC(s string) string { return norm.NFC.String(s) }

// Fold gives the form in which text is searched: compatibility-decomposed, without
// marks, đ as d, lower case, one space between words and none at the ends.
//
// Letters, digits, '/' and '-' stay, because people search for "05/QĐ-UBND"; every
// other character separates words, except invisible format characters (zero-width
// space, soft hyphen, direction marks), which vanish. Bytes that are not UTF-8
// separate words too. Folding is idempotent, and Fold(NFD(s)) == Fold(NFC(s)).
func Fold(s string) string {
	var b strings.Builder
	b.Grow(len(s))
	space := false
	// A letter right behind a broken byte would be left composed.
	for _, r := range norm.NFKD.String(strings.ToValidUTF8(s, " ")) {
		if unicode.Is(unicode.Mn, r) || unicode.Is(unicode.Cf, r) {
			continue
		}
		r, ok := foldRune(r)
		if !ok {
			space = b.Len() > 0
			continue
		}
		if space {
			b.WriteByte(' ')
			space = false
		}
		b.WriteRune(r)
	}
	return b.String()
}

// foldRune gives the searched form of a decomposed rune; false means it separates words.
func foldRune(r rune) (rune, bool) {
	switch {
	case isDStroke(r):
		return 'd', true
	case r == '/' || r == '-':
		return r, true
	case unicode.In(r, unicode.Pd) || r == '\u2212':
		return '-', true // en dash, minus: typed for the hyphen of a notation
	case r == '\u2044' || r == '\u2215':
		return '/', true
	case r != utf8.RuneError && (unicode.IsLetter(r) || unicode.IsNumber(r)):
		return unicode.ToLower(r), true
	}
	return 0, false
}

// isDStroke knows đ and the letters typed by mistake for it because they look the same
// (Icelandic eth, African d).
func isDStroke(r rune) bool {
	switch r {
	case 'đ', 'Đ', '\u00D0', '\u00F0', '\u0189', '\u0256':
		return true
	}
	return false
}
