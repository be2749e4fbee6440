package vxp

import (
	"bufio"
	"encoding/json"
	"errors"
	"io"
	"strconv"
	"strings"
)

// dataString reads the "data" string of a JSON object as a stream, for it holds a whole
// message; encoding/json would hold it in memory several times over. The other members
// are kept, so that a refusal that stands after the data is not missed.
type dataString struct {
	op      string
	in      *bufio.Reader
	members row
	ended   error // what Read returns after the string's end
}

// maxMember bounds the text of any member besides data.
const maxMember = 64 << 10

// upToData reads the object up to the opening quote of data. Where there is none, the
// answer was a refusal or is not one of the axis's.
func (s *dataString) upToData() error {
	if err := s.expect('{'); err != nil {
		return err
	}
	found, err := s.next(true)
	if err != nil || found {
		return err
	}
	if err := s.members.failed(s.op); err != nil {
		return err
	}
	return errNotAnAnswer
}

// next reads members up to the string of data or the object's end and tells which.
func (s *dataString) next(first bool) (found bool, err error) {
	for ; ; first = false {
		c, err := s.token()
		if err != nil {
			return false, err
		}
		if c == '}' {
			return false, nil
		}
		if !first {
			if c != ',' {
				return false, errNotAnAnswer
			}
			if c, err = s.token(); err != nil {
				return false, err
			}
		}
		if c != '"' {
			return false, errNotAnAnswer
		}
		name, err := s.shortString()
		if err != nil {
			return false, err
		}
		if err := s.expect(':'); err != nil {
			return false, err
		}
		if c, err = s.token(); err != nil {
			return false, err
		}
		name = strings.ToLower(name)
		if name == "data" && c == '"' {
			return true, nil
		}
		if err := s.member(name, c); err != nil {
			return false, err
		}
	}
}

// member reads a value that begins with c; only scalars are kept.
func (s *dataString) member(name string, c byte) error {
	switch c {
	case '"':
		text, err := s.shortString()
		s.members[name] = text
		return err
	case '{', '[':
		return errNotAnAnswer // no operation that gives a message nests
	}
	text := []byte{c}
	for {
		c, err := s.byte()
		if err != nil {
			return err
		}
		if c == ',' || c == '}' || c <= ' ' {
			if value := string(text); value != "null" {
				s.members[name] = value
			}
			return s.in.UnreadByte()
		}
		if text = append(text, c); len(text) > maxMember {
			return ErrTooLarge
		}
	}
}

// shortString reads a string whose opening quote was read.
func (s *dataString) shortString() (string, error) {
	raw := []byte{'"'}
	for escaped := false; ; {
		c, err := s.byte()
		if err != nil {
			return "", err
		}
		if raw = append(raw, c); len(raw) > maxMember {
			return "", ErrTooLarge
		}
		if c == '"' && !escaped {
			break
		}
		escaped = c == '\\' && !escaped
	}
	var text string
	if err := json.Unmarshal(raw, &text); err != nil {
		return "", errNotAnAnswer
	}
	return text, nil
}

// Read gives the characters of the data string. After its closing quote it reads the
// rest of the object; a refusal there is its error instead of io.EOF.
func (s *dataString) Read(p []byte) (int, error) {
	if s.ended != nil {
		return 0, s.ended
	}
	for n := range p {
		c, err := s.byte()
		switch {
		case err != nil:
			s.ended = err
		case c == '"':
			s.ended = s.rest()
		case c == '\\':
			if p[n], s.ended = s.escape(); s.ended == nil {
				continue
			}
		default:
			p[n] = c
			continue
		}
		if n > 0 {
			return n, nil
		}
		return 0, s.ended
	}
	return len(p), nil
}

// rest reads what follows data.
func (s *dataString) rest() error {
	found, err := s.next(false)
	switch {
	case err != nil:
		return err
	case found:
		return errors.New("the answer has data twice")
	}
	if err := s.members.failed(s.op); err != nil {
		return err
	}
	return io.EOF
}

// escape is the character of an escape sequence; base64 has but ASCII.
func (s *dataString) escape() (byte, error) {
	c, err := s.byte()
	if err != nil {
		return 0, err
	}
	switch c {
	case '/', '\\', '"':
		return c, nil
	case 'n', 'r', 't':
		return '\n', nil
	case 'u':
		var digits [4]byte
		if _, err := io.ReadFull(s.in, digits[:]); err != nil {
			return 0, io.ErrUnexpectedEOF
		}
		if v, err := strconv.ParseUint(string(digits[:]), 16, 7); err == nil {
			return byte(v), nil
		}
	}
	return 0, errNotAnAnswer
}

func (s *dataString) expect(want byte) error {
	c, err := s.token()
	if err == nil && c != want {
		err = errNotAnAnswer
	}
	return err
}

// token is the next byte that is not white space.
func (s *dataString) token() (byte, error) {
	for {
		c, err := s.byte()
		if err != nil || c != ' ' && c != '\n' && c != '\r' && c != '\t' {
			return c, err
		}
	}
}

func (s *dataString) byte() (byte, error) {
	c, err := s.in.ReadByte()
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return c, err
}
