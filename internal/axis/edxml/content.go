package edxml

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"io"
	"strconv"
)

// base64Text reads the text of the element just opened straight from the input: the
// base64 alphabet alone, white space dropped, missing padding added, up to the end tag,
// which stays for the decoder. CDATA sections, comments and character references count
// as XML says.
type base64Text struct {
	in      *input
	n       int // characters given
	pads    int // of these '='
	cdata   bool
	closed  bool
	urlSafe bool // '-' or '_' stood for '+' or '/' (RFC 4648 §5)
}

func (t *base64Text) Read(p []byte) (int, error) {
	n := 0
	for n < len(p) {
		if n += t.run(p[n:]); n == len(p) {
			break
		}
		c, err := t.next()
		if errors.Is(err, io.EOF) && n > 0 {
			break
		}
		if err != nil {
			return n, err
		}
		p[n] = c
		n++
	}
	return n, nil
}

// run copies what is at hand up to the first character that next must see to.
func (t *base64Text) run(p []byte) int {
	if t.closed || t.pads > 0 {
		return 0
	}
	ready, _ := t.in.br.Peek(min(t.in.br.Buffered(), len(p)))
	n := 0
	for n < len(ready) && plainBase64[ready[n]] {
		p[n] = ready[n]
		n++
	}
	t.skip(n)
	t.n += n
	return n
}

// plainBase64 tells the characters that stand for six bits.
var plainBase64 = func() (is [256]bool) {
	for _, c := range "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/" {
		is[c] = true
	}
	return is
}()

// next is the next character of the alphabet, or io.EOF at the end tag.
func (t *base64Text) next() (byte, error) {
	for !t.closed {
		c, err := t.in.br.ReadByte()
		if err != nil {
			return 0, t.ended(err)
		}
		t.in.pos++
		if c == '-' || c == '_' {
			t.urlSafe = true
			c = map[byte]byte{'-': '+', '_': '/'}[c]
		}
		if !isBase64OrSpace(c) {
			_ = t.in.br.UnreadByte()
			t.in.pos--
			if c, err = t.markup(c); err != nil {
				return 0, err
			}
		}
		switch {
		case c <= ' ': // white space, or markup that stands for nothing
			continue
		case c == '=':
			t.pads++
		case t.pads > 0:
			return 0, t.in.refuse(CodeBase64, "text after the end of the base64")
		}
		t.n++
		return c, nil
	}
	// One character of four holds less than a byte: no padding mends that.
	if t.n%4 < 2 {
		return 0, io.EOF
	}
	t.n++
	return '=', nil
}

func isBase64OrSpace(c byte) bool {
	return plainBase64[c] || c == '=' || c == ' ' || c == '\n' || c == '\r' || c == '\t'
}

// ended is the error for an input that ends within the content.
func (t *base64Text) ended(err error) error {
	if errors.Is(err, io.EOF) {
		return t.in.refuse(CodeSyntax, "the message ends within an attachment")
	}
	t.in.fail(err)
	return t.in.err
}

func (t *base64Text) skip(n int) {
	_, _ = t.in.br.Discard(n)
	t.in.pos += int64(n)
}

// markup handles what is neither base64 nor white space, standing at the input; it
// returns the character that a reference stands for, or 0.
func (t *base64Text) markup(c byte) (byte, error) {
	next, err := t.in.br.Peek(len("<![CDATA["))
	begins := func(s string) bool { return bytes.HasPrefix(next, []byte(s)) }
	switch {
	case t.cdata && begins("]]>"):
		t.skip(3)
		t.cdata = false
	case !t.cdata && begins("</"):
		t.closed = true
	case !t.cdata && begins("<![CDATA["):
		t.skip(len("<![CDATA["))
		t.cdata = true
	case !t.cdata && begins("<!--"):
		t.skip(len("<!--"))
		return 0, t.comment()
	case !t.cdata && begins("&#") && bytes.IndexByte(next, ';') > 2:
		return t.reference(next[:bytes.IndexByte(next, ';')+1])
	case err != nil && (c == '<' || c == '&' || c == ']'):
		return 0, t.ended(err)
	default:
		return 0, t.in.refuse(CodeBase64, "character %q in base64", c)
	}
	return 0, nil
}

// comment passes over a comment up to its end.
func (t *base64Text) comment() error {
	for {
		next, err := t.in.br.Peek(3)
		switch {
		case string(next) == "-->":
			t.skip(3)
			return nil
		case err != nil:
			return t.ended(err)
		}
		t.skip(1)
	}
}

// reference reads a numeric character reference, as writers put line ends into &#13; or
// &#xD;.
func (t *base64Text) reference(ref []byte) (byte, error) {
	digits, base := string(ref[2:len(ref)-1]), 10
	if digits[0] == 'x' {
		digits, base = digits[1:], 16
	}
	c, err := strconv.ParseUint(digits, base, 8)
	if err != nil || !isBase64OrSpace(byte(c)) {
		return 0, t.in.refuse(CodeBase64, "reference %q in base64", ref)
	}
	t.skip(len(ref))
	return byte(c), nil
}

// content decodes the attachment content at the input into a file of the spool.
func (r *reader) content() (*received, error) {
	if r.in.selfClosed() {
		return &received{}, nil
	}
	f, err := r.spool()
	if err != nil {
		return nil, err
	}
	h := sha256.New()
	w := &capped{w: io.MultiWriter(f, h), left: min(r.lim.File, r.filesLeft)}
	text := &base64Text{in: r.in}
	// The decoder hands out less than a kilobyte at a time.
	buffered := bufio.NewWriterSize(w, 32<<10)
	if _, err = buffered.ReadFrom(base64.NewDecoder(base64.StdEncoding, text)); err == nil {
		err = buffered.Flush()
	}
	switch {
	case errors.Is(err, errTooManyBytes):
		return nil, r.refuse(CodeTooLarge, "an attachment of more than %d bytes", min(r.lim.File, r.filesLeft))
	case errors.As(err, new(base64.CorruptInputError)) || errors.Is(err, io.ErrUnexpectedEOF) && text.closed:
		return nil, r.refuse(CodeBase64, "not base64")
	case err != nil:
		return nil, err
	}
	r.filesLeft -= w.n
	r.urlSafe = r.urlSafe || text.urlSafe
	return &received{file: f, size: w.n, sum: Digest(h.Sum(nil))}, nil
}

// capped writes up to a number of bytes and then fails with errTooManyBytes.
type capped struct {
	w    io.Writer
	n    int64
	left int64
}

func (c *capped) Write(p []byte) (int, error) {
	if int64(len(p)) > c.left {
		return 0, errTooManyBytes
	}
	n, err := c.w.Write(p)
	c.n += int64(n)
	c.left -= int64(n)
	return n, err
}
