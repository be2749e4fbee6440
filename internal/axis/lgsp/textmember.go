package lgsp

import (
	"bufio"
	"encoding/json"
	"errors"
	"io"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// textMember reads the string data.edxml of a JSON object as a stream, for it holds a whole
// message; all other members are passed over but for those that tell a refusal, which may
// stand before or behind it.
type textMember struct {
	op      string
	in      *bufio.Reader
	depth   int
	refusal sent
	pending []byte // of a character that was escaped
	ended   error
}

// maxShort bounds the text of any member that is kept.
const maxShort = 64 << 10

// maxNesting bounds objects and lists within each other.
const maxNesting = 32

// open reads up to the opening quote of data.edxml. An answer without one is a refusal or
// none of the façade's.
func (t *textMember) open() error {
	if err := t.expect('{'); err != nil {
		return err
	}
	t.depth = 1
	found, err := t.next(true)
	switch {
	case err != nil || found:
		return err
	default:
		if err := t.refusal.failed(t.op); err != nil {
			return err
		}
		return errNotAnAnswer
	}
}

// next goes through members up to data.edxml or the end of the answer.
func (t *textMember) next(first bool) (found bool, err error) {
	for ; ; first = false {
		c, err := t.token()
		if err != nil {
			return false, err
		}
		if c == '}' {
			if t.depth--; t.depth == 0 {
				return false, nil
			}
			continue
		}
		if !first && c == ',' {
			if c, err = t.token(); err != nil {
				return false, err
			}
		}
		if c != '"' {
			return false, errNotAnAnswer
		}
		name, err := t.short()
		if err != nil {
			return false, err
		}
		if err = t.expect(':'); err != nil {
			return false, err
		}
		if c, err = t.token(); err != nil {
			return false, err
		}
		switch name = strings.ToLower(name); {
		case t.depth == 2 && name == "edxml" && c == '"':
			return true, nil
		case t.depth == 1 && name == "data" && c == '{':
			t.depth = 2
			return t.next(true) // the first member of data, or its end
		default:
			if err := t.member(name, c); err != nil {
				return false, err
			}
		}
	}
}

// member passes over a value that begins with c, keeping what a refusal may say.
func (t *textMember) member(name string, c byte) error {
	kept := name == "success" || name == "message" || name == "errorcode" || name == "errordesc"
	if !kept || c == '{' || c == '[' {
		return t.skip(c, 0)
	}
	text := ""
	if c == '"' {
		s, err := t.short()
		if err != nil {
			return err
		}
		text = s
	} else {
		raw := []byte{c}
		for {
			b, err := t.in.Peek(1)
			if err != nil {
				return unexpected(err)
			}
			if b[0] <= ' ' || b[0] == ',' || b[0] == '}' {
				break
			}
			if raw = append(raw, b[0]); len(raw) > maxShort {
				return errNotAnAnswer
			}
			_, _ = t.in.Discard(1)
		}
		text = string(raw)
	}
	switch name {
	case "success":
		ok := text == "true"
		t.refusal.Success = &ok
	case "message":
		t.refusal.Message = text
	case "errorcode":
		t.refusal.Data.ErrorCode = word(text)
	case "errordesc":
		t.refusal.Data.ErrorDesc = text
	}
	return nil
}

// skip passes over a value that begins with c.
func (t *textMember) skip(c byte, depth int) error {
	if depth > maxNesting {
		return errNotAnAnswer
	}
	switch c {
	case '"':
		return t.skipString()
	case '{', '[':
		for {
			b, err := t.token()
			switch {
			case err != nil:
				return err
			case b == '}' || b == ']':
				return nil
			case b == ',' || b == ':':
			default:
				if err := t.skip(b, depth+1); err != nil {
					return err
				}
			}
		}
	}
	for {
		b, err := t.in.Peek(1)
		if err != nil {
			return unexpected(err)
		}
		if strings.IndexByte(",}] \t\r\n:", b[0]) >= 0 {
			return nil
		}
		_, _ = t.in.Discard(1)
	}
}

func (t *textMember) skipString() error {
	for escaped := false; ; {
		b, err := t.byte()
		if err != nil {
			return err
		}
		if b == '"' && !escaped {
			return nil
		}
		escaped = b == '\\' && !escaped
	}
}

// short reads a string whose opening quote was read.
func (t *textMember) short() (string, error) {
	raw := []byte{'"'}
	for escaped := false; ; {
		b, err := t.byte()
		if err != nil {
			return "", err
		}
		if raw = append(raw, b); len(raw) > maxShort {
			return "", errNotAnAnswer
		}
		if b == '"' && !escaped {
			break
		}
		escaped = b == '\\' && !escaped
	}
	var s string
	if json.Unmarshal(raw, &s) != nil {
		return "", errNotAnAnswer
	}
	return s, nil
}

// Read gives the text of the string. After its closing quote it reads the rest of the
// answer; a refusal there is its error instead of io.EOF.
func (t *textMember) Read(p []byte) (int, error) {
	n := 0
	for n < len(p) {
		if len(t.pending) > 0 {
			k := copy(p[n:], t.pending)
			t.pending = t.pending[k:]
			n += k
			continue
		}
		if t.ended != nil {
			break
		}
		c, err := t.byte()
		switch {
		case err != nil:
			t.ended = err
		case c == '"':
			t.ended = t.rest()
		case c == '\\':
			t.pending, t.ended = t.escape()
		default:
			p[n] = c
			n++
		}
	}
	if n > 0 {
		return n, nil
	}
	return 0, t.ended
}

// rest reads what follows the text.
func (t *textMember) rest() error {
	found, err := t.next(false)
	switch {
	case err != nil:
		return err
	case found:
		return errors.New("the answer holds the message twice")
	}
	if err := t.refusal.failed(t.op); err != nil {
		return err
	}
	return io.EOF
}

// escape is the text that an escape sequence stands for (RFC 8259 §7).
func (t *textMember) escape() ([]byte, error) {
	c, err := t.byte()
	if err != nil {
		return nil, err
	}
	if i := strings.IndexByte(`"\/bfnrt`, c); i >= 0 {
		return []byte{"\"\\/\b\f\n\r\t"[i]}, nil
	}
	if c != 'u' {
		return nil, errNotAnAnswer
	}
	r, err := t.unit()
	if err != nil {
		return nil, err
	}
	if utf16.IsSurrogate(r) {
		for _, want := range []byte(`\u`) {
			if c, err := t.byte(); err != nil || c != want {
				return nil, errNotAnAnswer
			}
		}
		low, err := t.unit()
		if err != nil {
			return nil, err
		}
		if r = utf16.DecodeRune(r, low); r == utf8.RuneError {
			return nil, errNotAnAnswer
		}
	}
	return utf8.AppendRune(nil, r), nil
}

func (t *textMember) unit() (rune, error) {
	var digits [4]byte
	if _, err := io.ReadFull(t.in, digits[:]); err != nil {
		return 0, unexpected(err)
	}
	v, err := strconv.ParseUint(string(digits[:]), 16, 16)
	if err != nil {
		return 0, errNotAnAnswer
	}
	return rune(v), nil
}

func (t *textMember) expect(want byte) error {
	c, err := t.token()
	if err == nil && c != want {
		err = errNotAnAnswer
	}
	return err
}

// token is the next byte that is not white space.
func (t *textMember) token() (byte, error) {
	for {
		c, err := t.byte()
		if err != nil || c != ' ' && c != '\n' && c != '\r' && c != '\t' {
			return c, err
		}
	}
}

func (t *textMember) byte() (byte, error) {
	c, err := t.in.ReadByte()
	return c, unexpected(err)
}

func unexpected(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}
