package edxml

import (
	"bufio"
	"io"
	"unicode/utf16"
	"unicode/utf8"
)

// utf16Reader brings UTF-16 that begins with its byte order mark to UTF-8, mark included.
// Half a character and surrogates that make no pair are refused, never replaced.
type utf16Reader struct {
	in   *input
	src  *bufio.Reader
	unit func(b []byte) rune // by the byte order; nil before the mark is read
	err  error
}

func (u *utf16Reader) Read(p []byte) (int, error) {
	n := 0
	for n+utf8.UTFMax <= len(p) && u.err == nil {
		var r rune
		if r, u.err = u.next(); u.err == nil {
			n += utf8.EncodeRune(p[n:], r)
		}
	}
	if n > 0 {
		return n, nil
	}
	if u.err == nil {
		return 0, io.ErrShortBuffer
	}
	return 0, u.err
}

func (u *utf16Reader) next() (rune, error) {
	r, err := u.half()
	if err != nil || !utf16.IsSurrogate(r) {
		return r, err
	}
	low, err := u.half()
	if err == nil || err == io.EOF { //nolint:errorlint // half gives io.EOF itself
		if r = utf16.DecodeRune(r, low); r == utf8.RuneError {
			return 0, u.in.refuse(CodeEncoding, "a broken character in UTF-16")
		}
		return r, nil
	}
	return 0, err
}

// half reads one 16-bit unit.
func (u *utf16Reader) half() (rune, error) {
	b, err := u.src.Peek(2)
	switch {
	case len(b) == 1 && err == io.EOF:
		return 0, u.in.refuse(CodeEncoding, "half a character at the end of UTF-16")
	case err != nil:
		return 0, err
	}
	if u.unit == nil {
		u.unit = func(b []byte) rune { return rune(b[0]) | rune(b[1])<<8 }
		if b[0] == 0xFE {
			u.unit = func(b []byte) rune { return rune(b[0])<<8 | rune(b[1]) }
		}
	}
	r := u.unit(b)
	_, _ = u.src.Discard(2)
	return r, nil
}
