package register

import (
	"strconv"
	"strings"
	"unicode"

	"congvan/internal/textfold"
)

// Reference is what can be derived from the number and notation that another agency
// printed (số và ký hiệu của văn bản đến). The printed text itself is kept verbatim
// beside it; this serves search and the warning about duplicates only.
type Reference struct {
	Number   string `json:"number"`   // digits without leading zeros, with a letter if the sender has one ("12a"); empty if none was found
	Year     int    `json:"year"`     // 0 if the reference names none
	Notation string `json:"notation"` // "CTr/TU", "NĐ-CP"
}

// maxReference bounds what is read of a foreign reference, in bytes.
const maxReference = 512

// ParseNotation reads a reference with '/' and '-' treated alike:
// "08-CTr/TU" → 8, CTr/TU; "30/2020/NĐ-CP" → 30, 2020, NĐ-CP. It never fails: what has
// no number in front is all notation.
func ParseNotation(s string) Reference {
	s = tidy(s)
	head, rest := cutSeparator(s)
	number, ok := foreignNumber(head)
	if !ok {
		return Reference{Notation: s}
	}
	ref := Reference{Number: number, Notation: rest}
	if group, after := cutSeparator(rest); isYear(group) {
		ref.Year, _ = strconv.Atoi(group)
		ref.Notation = after
	}
	return ref
}

// Key is equal for two references that mean the same: letter case, separators, the kind
// of dash and leading zeros do not count; diacritics do (HĐ is not HD). Empty if there is
// no number.
func (r Reference) Key() string {
	if r.Number == "" {
		return ""
	}
	notation := strings.ReplaceAll(strings.ToLower(r.Notation), "/", "-")
	return r.Number + "/" + strconv.Itoa(r.Year) + "/" + notation
}

// SameReference tells whether two printed references mean the same document of one
// issuer; a reference without a number is the same as no other.
func SameReference(a, b string) bool {
	key := ParseNotation(a).Key()
	return key != "" && key == ParseNotation(b).Key()
}

// tidy removes what only typing brought in: the words before the number, spaces, other
// dashes, letters that look like Đ.
func tidy(s string) string {
	if len(s) > maxReference {
		s = strings.ToValidUTF8(s[:maxReference], "")
	}
	s = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r) || unicode.Is(unicode.Cf, r) || unicode.IsControl(r):
			return -1
		case unicode.Is(unicode.Pd, r) || r == '\u2212':
			return '-'
		case r == '\u00D0' || r == '\u0189':
			return 'Đ'
		case r == '\u00F0' || r == '\u0256':
			return 'đ'
		}
		return r
	}, textfold.NFC(s))
	if len(s) >= len("Số") && strings.EqualFold(s[:len("Số")], "Số") {
		s = strings.TrimLeft(s[len("Số"):], ":.")
	}
	return strings.Trim(s, "/-")
}

func cutSeparator(s string) (before, after string) {
	i := strings.IndexAny(s, "/-")
	if i < 0 {
		return s, ""
	}
	return s[:i], strings.TrimLeft(s[i:], "/-")
}

// foreignNumber accepts digits with at most one letter after them.
func foreignNumber(s string) (string, bool) {
	digits := strings.TrimRight(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
	if digits == "" || len(digits) > 11 || len(s)-len(digits) > 1 || strings.Trim(digits, "0123456789") != "" {
		return "", false
	}
	n := strings.TrimLeft(digits, "0")
	if n == "" {
		n = "0"
	}
	return n + strings.ToLower(s[len(digits):]), true
}

func isYear(s string) bool {
	return len(s) == 4 && strings.Trim(s, "0123456789") == "" && s >= "1900" && s <= "2199"
}
