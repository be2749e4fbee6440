package store

import (
	"strings"

	"congvan/internal/textfold"
)

// Bounds of a search: more words than these are not looked at.
const (
	maxSearchText  = 500 // bytes
	maxSearchWords = 16
)

// words is the form in which text is kept for searching: folded, the parts of a notation
// apart, so that "qd-ubnd" is found in "05/QĐ-UBND".
func words(text string) string {
	return strings.Join(strings.FieldsFunc(textfold.Fold(text), isSeparator), " ")
}

func isSeparator(r rune) bool { return r == ' ' || r == '/' || r == '-' }

// searched gives the words of a search, each in its parts; none means no restriction.
func searched(text string) [][]string {
	if len(text) > maxSearchText {
		text = strings.ToValidUTF8(text[:maxSearchText], "")
	}
	var out [][]string
	for _, w := range strings.Fields(textfold.Fold(text)) {
		if parts := strings.FieldsFunc(w, isSeparator); len(parts) > 0 && len(out) < maxSearchWords {
			out = append(out, parts)
		}
	}
	return out
}
