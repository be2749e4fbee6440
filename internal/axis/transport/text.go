package transport

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

// Text reads one string of a JSON object as a stream, for it holds a whole message;
// encoding/json would hold it in memory several times over. The scalars around it are kept,
// so that a refusal that stands behind the message is not missed.
type Text struct {
	path []string // lower-case names of the members down to the string
	// members are the scalars that stand beside the path, by lower-case name; null is left out.
	members map[string]string
	// refused judges members when the answer has ended.
	refused func(members map[string]string) error

	in      *bufio.Reader
	depth   int // objects of the path that are open
	kept    int // bytes of members
	pending []byte
	ended   error
}

const (
	maxKept    = 64 << 10 // bytes of all that is kept
	maxNesting = 32       // objects and lists within each other
)

// OpenText reads in up to the opening quote of the string. Where there is none, the answer
// was a refusal or is not one of the protocol's.
func OpenText(in *bufio.Reader, path []string, refused func(map[string]string) error) (*Text, error) {
	t := &Text{path: path, members: map[string]string{}, refused: refused, in: in}
	if err := t.expect('{'); err != nil {
		return nil, err
	}
	t.depth = 1
	found, err := t.next(true)
	switch {
	case err != nil:
		return nil, err
	case found:
		return t, nil
	}
	if err := t.refused(t.members); err != nil {
		return nil, err
	}
	return nil, ErrNotAnAnswer
}

// next goes through members up to the string or the end of the answer.
func (t *Text) next(first bool) (found bool, err error) {
	for {
		c, err := t.token()
		if err != nil {
			return false, err
		}
		if c == '}' {
			if t.depth--; t.depth == 0 {
				return false, nil
			}
			first = false
			continue
		}
		if !first {
			if c != ',' {
				return false, ErrNotAnAnswer
			}
			if c, err = t.token(); err != nil {
				return false, err
			}
		}
		name, c, err := t.name(c)
		if err != nil {
			return false, err
		}
		onPath := name == t.path[t.depth-1]
		switch {
		case onPath && t.depth == len(t.path) && c == '"':
			return true, nil
		case onPath && t.depth < len(t.path) && c == '{':
			t.depth++
			first = true
			continue
		}
		if err := t.member(name, c); err != nil {
			return false, err
		}
		first = false
	}
}

// name reads a member's name, whose quote is c, and the first byte of its value.
func (t *Text) name(c byte) (string, byte, error) {
	if c != '"' {
		return "", 0, ErrNotAnAnswer
	}
	name, err := t.short()
	if err == nil {
		err = t.expect(':')
	}
	if err != nil {
		return "", 0, err
	}
	c, err = t.token()
	return strings.ToLower(name), c, err
}

// member reads a value that begins with c; only scalars are kept.
func (t *Text) member(name string, c byte) error {
	var value string
	switch c {
	case '{', '[':
		return t.skip(c, 0)
	case '"':
		s, err := t.short()
		if err != nil {
			return err
		}
		value = s
	default:
		raw, err := t.bare(c)
		if err != nil || raw == "null" {
			return err
		}
		value = raw
	}
	if t.kept += len(name) + len(value); t.kept > maxKept {
		return ErrTooLarge
	}
	t.members[name] = value
	return nil
}

// bare reads a number or a word that begins with c.
func (t *Text) bare(c byte) (string, error) {
	raw := []byte{c}
	for {
		b, err := t.in.Peek(1)
		if err != nil {
			return "", Malformed(err)
		}
		if b[0] <= ' ' || strings.IndexByte(",]}", b[0]) >= 0 {
			return string(raw), nil
		}
		if raw = append(raw, b[0]); len(raw) > maxKept {
			return "", ErrTooLarge
		}
		_, _ = t.in.Discard(1)
	}
}

// skip passes over a value that begins with c.
func (t *Text) skip(c byte, depth int) error {
	if depth > maxNesting {
		return ErrNotAnAnswer
	}
	switch c {
	case '"':
		return t.toQuote(func(byte) error { return nil })
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
			return Malformed(err)
		}
		if b[0] <= ' ' || strings.IndexByte(",:]}", b[0]) >= 0 {
			return nil
		}
		_, _ = t.in.Discard(1)
	}
}

// toQuote gives the bytes of a string whose opening quote was read, the closing one included.
func (t *Text) toQuote(each func(byte) error) error {
	for escaped := false; ; {
		b, err := t.byte()
		if err == nil {
			err = each(b)
		}
		if err != nil || b == '"' && !escaped {
			return err
		}
		escaped = b == '\\' && !escaped
	}
}

// short reads a string whose opening quote was read.
func (t *Text) short() (string, error) {
	raw := []byte{'"'}
	err := t.toQuote(func(b byte) error {
		if raw = append(raw, b); len(raw) > maxKept {
			return ErrTooLarge
		}
		return nil
	})
	if err != nil {
		return "", err
	}
	var s string
	if json.Unmarshal(raw, &s) != nil {
		return "", ErrNotAnAnswer
	}
	return s, nil
}

// Read gives the text of the string. After its closing quote it reads the rest of the
// answer; a refusal there is its error instead of io.EOF.
func (t *Text) Read(p []byte) (int, error) {
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
func (t *Text) rest() error {
	found, err := t.next(false)
	switch {
	case err != nil:
		return err
	case found:
		return errors.New("the answer holds the message twice")
	}
	if err := t.refused(t.members); err != nil {
		return err
	}
	return io.EOF
}

// escape is the text that an escape sequence stands for (RFC 8259 §7).
func (t *Text) escape() ([]byte, error) {
	c, err := t.byte()
	if err != nil {
		return nil, err
	}
	if i := strings.IndexByte(`"\/bfnrt`, c); i >= 0 {
		return []byte{"\"\\/\b\f\n\r\t"[i]}, nil
	}
	if c != 'u' {
		return nil, ErrNotAnAnswer
	}
	r, err := t.unit()
	if err != nil {
		return nil, err
	}
	if utf16.IsSurrogate(r) {
		for _, want := range []byte(`\u`) {
			if c, err := t.byte(); err != nil || c != want {
				return nil, ErrNotAnAnswer
			}
		}
		low, err := t.unit()
		if err != nil {
			return nil, err
		}
		if r = utf16.DecodeRune(r, low); r == utf8.RuneError {
			return nil, ErrNotAnAnswer
		}
	}
	return utf8.AppendRune(nil, r), nil
}

func (t *Text) unit() (rune, error) {
	var digits [4]byte
	if _, err := io.ReadFull(t.in, digits[:]); err != nil {
		return 0, Malformed(err)
	}
	v, err := strconv.ParseUint(string(digits[:]), 16, 16)
	if err != nil {
		return 0, ErrNotAnAnswer
	}
	return rune(v), nil
}

func (t *Text) expect(want byte) error {
	c, err := t.token()
	if err == nil && c != want {
		err = ErrNotAnAnswer
	}
	return err
}

// token is the next byte that is not white space.
func (t *Text) token() (byte, error) {
	for {
		c, err := t.byte()
		if err != nil || c != ' ' && c != '\n' && c != '\r' && c != '\t' {
			return c, err
		}
	}
}

func (t *Text) byte() (byte, error) {
	c, err := t.in.ReadByte()
	return c, Malformed(err)
}
