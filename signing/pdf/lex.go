package pdf

import (
	"bytes"
	"errors"
	"io"
	"math"
	"slices"
	"strconv"
)

// lexer turns bytes into tokens. Its bytes come from memory or, block by block,
// from a file; pos is a file offset in the second case. It holds no recursion
// except over nesting, which Limits.Depth bounds.
type lexer struct {
	buf   []byte
	base  int64 // offset of buf[0]
	pos   int64
	end   int64 // first offset it must not read
	first int64 // where the current object began
	more  func(pos int64) (buf []byte, base int64, err error)
	err   error // of the source
	lim   *Limits
	items int // of the current object
	// ambiguous is set when a dictionary names one key twice: readers differ then.
	ambiguous bool
}

func memoryLexer(data []byte, lim *Limits) *lexer {
	return &lexer{buf: data, end: int64(len(data)), lim: lim}
}

const eof = -1

func (l *lexer) peek() int {
	if l.pos >= l.end {
		return eof
	}
	if i := l.pos - l.base; i >= 0 && i < int64(len(l.buf)) {
		return int(l.buf[i])
	}
	if l.more == nil || l.err != nil {
		return eof
	}
	if l.pos-l.first > l.lim.ObjectBytes {
		l.err = tooMuch("object at offset %d is larger than %d bytes", l.first, l.lim.ObjectBytes)
		return eof
	}
	l.buf, l.base, l.err = l.more(l.pos)
	if i := l.pos - l.base; l.err == nil && i >= 0 && i < int64(len(l.buf)) {
		return int(l.buf[i])
	}
	if l.err == nil {
		l.err = io.ErrUnexpectedEOF
	}
	return eof
}

func isSpace(c int) bool {
	return c == ' ' || c == '\n' || c == '\r' || c == '\t' || c == '\f' || c == 0
}

func isDelimiter(c int) bool {
	switch c {
	case '(', ')', '<', '>', '[', ']', '{', '}', '/', '%':
		return true
	}
	return false
}

func isRegular(c int) bool { return c != eof && !isSpace(c) && !isDelimiter(c) }

// blank skips white space and comments.
func (l *lexer) blank() {
	for {
		c := l.peek()
		switch {
		case isSpace(c):
			l.pos++
		case c == '%':
			for c != eof && c != '\n' && c != '\r' {
				l.pos++
				c = l.peek()
			}
		default:
			return
		}
	}
}

func (l *lexer) fail(format string, args ...any) error {
	if l.err != nil && !errors.Is(l.err, io.ErrUnexpectedEOF) {
		return l.err
	}
	return damaged("offset %d: "+format, append([]any{l.pos}, args...)...)
}

// token reads one token: an object that does not nest, or a Keyword. Keyword("")
// marks the end of the input.
func (l *lexer) token() (Object, error) {
	l.blank()
	c := l.peek()
	switch c {
	case eof:
		if l.err != nil && !errors.Is(l.err, io.ErrUnexpectedEOF) {
			return nil, l.err
		}
		return Keyword(""), nil
	case '/':
		return l.name()
	case '(':
		return l.literal()
	case '[', ']', '{', '}':
		l.pos++
		return Keyword([]byte{byte(c)}), nil
	case '<':
		l.pos++
		if l.peek() == '<' {
			l.pos++
			return Keyword("<<"), nil
		}
		return l.hex()
	case '>':
		l.pos++
		if l.peek() == '>' {
			l.pos++
			return Keyword(">>"), nil
		}
		return nil, l.fail("lone >")
	case ')':
		return nil, l.fail("lone )")
	}
	return l.word()
}

// word reads a number or a keyword.
func (l *lexer) word() (Object, error) {
	var space [64]byte
	w := space[:0]
	for c := l.peek(); isRegular(c); c = l.peek() {
		if len(w) >= 128 {
			return nil, l.fail("word is longer than 128 bytes")
		}
		w = append(w, byte(c))
		l.pos++
	}
	if w[0] == '+' || w[0] == '-' || w[0] == '.' || (w[0] >= '0' && w[0] <= '9') {
		if n, ok := number(w); ok {
			return n, nil
		}
	}
	return Keyword(w), nil
}

func number(w []byte) (Object, bool) {
	real := false
	for i, c := range w {
		switch {
		case c >= '0' && c <= '9', i == 0 && (c == '+' || c == '-'):
		case c == '.' && !real:
			real = true
		default:
			return nil, false
		}
	}
	if !real {
		if n, err := strconv.ParseInt(string(w), 10, 64); err == nil {
			return n, true
		}
	}
	if f, err := strconv.ParseFloat(string(w), 64); err == nil && !math.IsInf(f, 0) {
		return f, true
	}
	return nil, false
}

func unhex(c int) (byte, bool) {
	switch {
	case c >= '0' && c <= '9':
		return byte(c - '0'), true
	case c >= 'a' && c <= 'f':
		return byte(c - 'a' + 10), true
	case c >= 'A' && c <= 'F':
		return byte(c - 'A' + 10), true
	}
	return 0, false
}

func (l *lexer) name() (Object, error) {
	l.pos++
	var w []byte
	for c := l.peek(); isRegular(c); c = l.peek() {
		if len(w) >= 4096 {
			return nil, l.fail("name is longer than 4096 bytes")
		}
		l.pos++
		if c == '#' {
			at := l.pos
			if hi, ok := unhex(l.peek()); ok {
				l.pos++
				if lo, ok := unhex(l.peek()); ok {
					l.pos++
					w = append(w, hi<<4|lo)
					continue
				}
			}
			l.pos = at // a lone # stands for itself
		}
		w = append(w, byte(c))
	}
	return Name(w), nil
}

// hexValue holds the digit's value plus one; 0 for no digit.
var hexValue = func() (t [256]byte) {
	for i := range byte(10) {
		t['0'+i] = i + 1
	}
	for i := range byte(6) {
		t['a'+i], t['A'+i] = i+11, i+11
	}
	return t
}()

func (l *lexer) hex() (Object, error) {
	w := String{}
	var half byte
	odd := false
	for {
		c := l.peek()
		if c == eof {
			return nil, l.fail("hexadecimal string has no end")
		}
		// The value of a signature is tens of thousands of digits: whole blocks at once.
		if !odd {
			w = l.hexPairs(w)
			if c = l.peek(); c == eof {
				continue
			}
		}
		l.pos++
		if c == '>' {
			break
		}
		d := hexValue[c]
		switch {
		case d > 0 && odd:
			w = append(w, half<<4|(d-1))
			odd = false
		case d > 0:
			half, odd = d-1, true
		case !isSpace(c):
			return nil, l.fail("%q in a hexadecimal string", byte(c))
		}
		if len(w) > l.lim.StringBytes {
			return nil, tooMuch("string at offset %d is longer than %d bytes", l.pos, l.lim.StringBytes)
		}
	}
	if odd {
		w = append(w, half<<4)
	}
	return w, nil
}

// hexPairs decodes pairs of digits as far as the block at hand has them.
func (l *lexer) hexPairs(w String) String {
	in := l.buf[l.pos-l.base:]
	if room := l.end - l.pos; int64(len(in)) > room {
		in = in[:room]
	}
	if end := bytes.IndexByte(in, '>'); end >= 0 {
		in = in[:end]
	}
	// room for all of them at once, so that the loop only looks and writes
	have, pairs := len(w), min(len(in)/2, max(0, l.lim.StringBytes+1-len(w)))
	w = slices.Grow(w, pairs)
	out, n := w[have:have+pairs], 0
	for n < pairs {
		hi, lo := hexValue[in[2*n]], hexValue[in[2*n+1]]
		if hi == 0 || lo == 0 {
			break
		}
		out[n] = (hi-1)<<4 | (lo - 1)
		n++
	}
	l.pos += int64(2 * n)
	return w[:have+n]
}

func (l *lexer) literal() (Object, error) {
	l.pos++
	w := String{}
	for nest := 1; ; {
		c := l.peek()
		if c == eof {
			return nil, l.fail("string has no end")
		}
		l.pos++
		switch c {
		case '(':
			nest++
		case ')':
			if nest--; nest == 0 {
				return w, nil
			}
		case '\\':
			var keep bool
			if c, keep = l.escape(); !keep {
				continue
			}
		case '\r':
			if l.peek() == '\n' {
				l.pos++
			}
			c = '\n'
		}
		if w = append(w, byte(c)); len(w) > l.lim.StringBytes {
			return nil, tooMuch("string at offset %d is longer than %d bytes", l.pos, l.lim.StringBytes)
		}
	}
}

// escape reads what follows a reverse solidus in a literal string.
func (l *lexer) escape() (c int, keep bool) {
	c = l.peek()
	if c == eof {
		return 0, false
	}
	l.pos++
	switch c {
	case 'n':
		return '\n', true
	case 'r':
		return '\r', true
	case 't':
		return '\t', true
	case 'b':
		return '\b', true
	case 'f':
		return '\f', true
	case '\r':
		if l.peek() == '\n' {
			l.pos++
		}
		return 0, false
	case '\n':
		return 0, false
	}
	if c < '0' || c > '7' {
		return c, true
	}
	v := c - '0'
	for range 2 {
		d := l.peek()
		if d < '0' || d > '7' {
			break
		}
		v = v<<3 | (d - '0')
		l.pos++
	}
	return v & 0xff, true
}
