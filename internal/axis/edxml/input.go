package edxml

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
)

// input feeds the XML decoder byte by byte. Being an io.ByteReader it is never read
// ahead of the token the decoder is on, so that the content of an attachment can be
// taken from it directly, without passing through the decoder's buffers.
type input struct {
	ctx        context.Context
	br         *bufio.Reader
	pos        int64 // bytes of the message taken so far
	markup     int64 // of these outside attachments' content
	token      int   // since the last token began
	last, prev byte  // the two bytes taken last
	lim        Limits
	err        error // sticky: what ended the input, io.EOF included
	recoded    bool  // the message was UTF-16: offsets are not those of the bytes as they came
}

func newInput(ctx context.Context, r io.Reader, lim Limits) *input {
	return &input{ctx: ctx, br: bufio.NewReaderSize(&source{ctx, r, lim.Bytes}, 64<<10), lim: lim}
}

func (in *input) refuse(code ErrorCode, format string, args ...any) *Error {
	return &Error{Code: code, Offset: in.pos, Detail: fmt.Sprintf(format, args...)}
}

func (in *input) ReadByte() (byte, error) {
	if in.err != nil {
		return 0, in.err
	}
	if in.token >= in.lim.Token {
		in.err = in.refuse(CodeTooLarge, "a tag, text or comment of more than %d bytes", in.lim.Token)
		return 0, in.err
	}
	if in.markup >= in.lim.Markup {
		in.err = in.refuse(CodeTooLarge, "more than %d bytes besides the attachments", in.lim.Markup)
		return 0, in.err
	}
	b, err := in.br.ReadByte()
	if err != nil {
		in.fail(err)
		return 0, in.err
	}
	in.pos++
	in.markup++
	in.token++
	in.prev, in.last = in.last, b
	return b, nil
}

// fail keeps the error that ended the input, with the place if it is the message's.
func (in *input) fail(err error) {
	if errors.Is(err, errTooManyBytes) {
		err = in.refuse(CodeTooLarge, "more than %d bytes", in.lim.Bytes)
	}
	in.err = err
}

// Read exists because the decoder wants an io.Reader; it reads by ReadByte.
func (in *input) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	b, err := in.ReadByte()
	if err != nil {
		return 0, err
	}
	p[0] = b
	return 1, nil
}

// selfClosed reports whether the tag just read was <name/>, for which the decoder has
// the end tag ready without reading on.
func (in *input) selfClosed() bool { return in.prev == '/' && in.last == '>' }

// maxPreamble is how much stray text before the first tag is passed over; a sample of
// the operator's own library starts with a stray "1212".
const maxPreamble = 64

// preamble passes over a byte order mark and stray text before the first tag and
// reports whether there was any such text.
func (in *input) preamble() (stray bool, err error) {
	head, err := in.br.Peek(maxPreamble + 1)
	if err != nil && !errors.Is(err, io.EOF) {
		in.fail(err)
		return false, in.err
	}
	if bytes.HasPrefix(head, []byte("\xff\xfe")) || bytes.HasPrefix(head, []byte("\xfe\xff")) {
		in.br = bufio.NewReaderSize(&utf16Reader{in: in, src: in.br}, 64<<10)
		in.recoded = true
		if head, err = in.br.Peek(maxPreamble + 1); err != nil && !errors.Is(err, io.EOF) {
			in.fail(err)
			return false, in.err
		}
	}
	n := 0
	if bytes.HasPrefix(head, []byte("\xef\xbb\xbf")) {
		n = 3
	}
	for ; n < len(head) && head[n] != '<'; n++ {
		switch c := head[n]; {
		case c == 0 || c >= 0x80:
			return false, in.refuse(CodeEncoding, "not XML in UTF-8")
		case c != ' ' && c != '\t' && c != '\r' && c != '\n':
			stray = true
		}
	}
	if n+1 < len(head) && head[n+1] == 0 {
		return false, in.refuse(CodeEncoding, "UTF-16 without its byte order mark")
	}
	if n == len(head) {
		return false, in.refuse(CodeNotEdXML, "no XML in the first %d bytes", n)
	}
	discarded, _ := in.br.Discard(n)
	in.pos += int64(discarded)
	return stray, nil
}

var errTooManyBytes = errors.New("too many bytes")

// source stops at the context's end and at the limit of the whole message.
type source struct {
	ctx  context.Context
	r    io.Reader
	left int64
}

func (s *source) Read(p []byte) (int, error) {
	if err := s.ctx.Err(); err != nil {
		return 0, err
	}
	if s.left < 0 {
		return 0, errTooManyBytes
	}
	if int64(len(p)) > s.left+1 {
		p = p[:s.left+1]
	}
	n, err := s.r.Read(p)
	s.left -= int64(n)
	if s.left < 0 {
		return n - 1, errTooManyBytes
	}
	return n, err
}
