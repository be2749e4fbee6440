package textfold

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// letters is the order of the Vietnamese alphabet with the four Latin letters it lacks
// in their usual places. A letter's weight is 'A' plus its place here.
const letters = "aăâbcdđeêfghijklmnoôơpqrstuưvwxyz"

// tones in dictionary order: (level), huyền, hỏi, ngã, sắc, nặng. The weights '!'…'&'
// lie below '-', '/', digits and letters, so a shorter word comes first.
const (
	levelTone = '!'
	toneMarks = "\u0300\u0309\u0303\u0301\u0323"
)

// Key gives a sort key: comparing two keys byte by byte (SQLite BINARY, PostgreSQL "C")
// puts the texts in the order of a Vietnamese dictionary.
//
// Words are compared one after another; inside a word first the letters
// (a ă â b c d đ e ê … o ô ơ … u ư …), then the tone, which is written after the word's
// letters. So "ma" < "ma túy" < "mà" < "mả" < "mã" < "má" < "mạ" < "mai", and the place
// of the tone mark does not matter ("hoà" and "hòa" have one key). Digits come before
// letters and are compared as characters ("10" < "9"). Letter case, punctuation other
// than '/' and '-', and marks foreign to Vietnamese are ignored, so different texts may
// share a key: the caller breaks ties.
//
// The key is valid UTF-8 without control characters.
func Key(s string) string {
	var b, tone strings.Builder
	b.Grow(len(s) + len(s)/4)
	inWord := false
	endWord := func() {
		if !inWord {
			return
		}
		if tone.Len() == 0 {
			tone.WriteByte(levelTone)
		}
		b.WriteString(tone.String())
		tone.Reset()
		inWord = false
	}
	for _, r := range splitTones(s) {
		if i := strings.IndexRune(toneMarks, r); i >= 0 {
			if inWord {
				tone.WriteByte(byte(levelTone + 1 + i/2)) // each mark is two bytes long
			}
			continue
		}
		w := weight(r)
		if w < 0 {
			continue
		}
		if w == 0 {
			endWord()
			continue
		}
		if !inWord && b.Len() > 0 {
			b.WriteByte(' ')
		}
		inWord = true
		b.WriteRune(w)
	}
	endWord()
	return b.String()
}

// splitTones decomposes s, then joins again each vowel with its quality mark (breve,
// circumflex, horn), so that only tones and foreign marks stand alone. Plain NFC cannot
// be used: it joins the tone as well.
func splitTones(s string) []rune {
	out := make([]rune, 0, len(s))
	for _, r := range norm.NFD.String(strings.ToLower(s)) {
		if base, ok := lastLetter(out); ok {
			if q := qualified(out[base], r); q != 0 {
				out[base] = q
				continue
			}
		}
		out = append(out, r)
	}
	return out
}

// lastLetter finds the letter that the next mark belongs to: NFD may put a mark below
// (the nặng dot) between a vowel and its quality mark. It looks three runes back, so
// that a string of nothing but marks costs no more than any other.
func lastLetter(rs []rune) (int, bool) {
	for i := len(rs) - 1; i >= max(0, len(rs)-3); i-- {
		if !unicode.Is(unicode.Mn, rs[i]) {
			return i, true
		}
	}
	return 0, false
}

func qualified(base, mark rune) rune {
	switch string([]rune{base, mark}) {
	case "a\u0306":
		return 'ă'
	case "a\u0302":
		return 'â'
	case "e\u0302":
		return 'ê'
	case "o\u0302":
		return 'ô'
	case "o\u031B":
		return 'ơ'
	case "u\u031B":
		return 'ư'
	}
	return 0
}

// weight gives the rune that stands for r in a key, 0 for a word break, -1 to ignore r.
func weight(r rune) rune {
	if unicode.Is(unicode.Mn, r) || unicode.Is(unicode.Cf, r) {
		return -1
	}
	if isDStroke(r) {
		r = 'đ'
	}
	place := 0
	for _, l := range letters {
		if l == r {
			return 'A' + rune(place)
		}
		place++
	}
	switch {
	case r == '/' || r == '-' || '0' <= r && r <= '9':
		return r
	case r >= utf8.RuneSelf && r != utf8.RuneError && (unicode.IsLetter(r) || unicode.IsNumber(r)):
		return r // other scripts come after the Latin letters, by code point
	}
	return 0
}
