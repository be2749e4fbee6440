package transport_test

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"congvan/internal/axis/transport"
)

var errRefused = errors.New("refused")

// text reads an answer whose message stands at a.b; "no": true beside it refuses.
func text(answer string) (string, error) {
	t, err := transport.OpenText(bufio.NewReader(strings.NewReader(answer)), []string{"a", "b"}, func(m map[string]string) error {
		if m["no"] == "true" {
			return errRefused
		}
		return nil
	})
	if err != nil {
		return "", err
	}
	b, err := io.ReadAll(t)
	return string(b), err
}

func TestText(t *testing.T) {
	many := strings.Repeat(`"x":"`+strings.Repeat("y", 1000)+`",`, 100)
	for _, c := range []struct {
		answer, want string
		err          error
	}{
		{`{"a":{"b":"Đỗ\n\u0110\ud83d\ude00"}}`, "Đỗ\nĐ😀", nil},
		{` {"x":[{"b":"}"},1],"A":{"c":null,"B":"m"},"y":-1.5e3} `, "m", nil},
		{`{"b":"not here","a":{"b":"m"}}`, "m", nil},
		{`{"a":"text","a":{"b":"m"}}`, "m", nil},
		{`{"no":true,"a":{"b":"m"}}`, "m", errRefused},
		{`{"a":{"b":"m","no":true}}`, "m", errRefused},
		{`{"no":true}`, "", errRefused},
		{`{"a":{"c":1}}`, "", transport.ErrNotAnAnswer},
		{`{"a":{"c":1}"d":2}`, "", transport.ErrNotAnAnswer},
		{`{"a":{"b":"m"}`, "m", io.ErrUnexpectedEOF},
		{`{"a":{"b":"m`, "m", io.ErrUnexpectedEOF},
		{`{"a":{"b":"\ud83d"}}`, "", transport.ErrNotAnAnswer},
		{`{"q":` + strings.Repeat("[", 100), "", transport.ErrNotAnAnswer},
		{`{` + many + `"a":{"b":"m"}}`, "", transport.ErrTooLarge},
		{`{"a":{"b":"m",` + many + `"z":1}}`, "m", transport.ErrTooLarge},
	} {
		if got, err := text(c.answer); got != c.want || !errors.Is(err, c.err) {
			t.Errorf("%.60s: %q, %v; want %q, %v", c.answer, got, err, c.want, c.err)
		}
	}
	if _, err := text(`{"a":{"b":"m","b":"m"}}`); err == nil {
		t.Error("two messages in one answer")
	}
}

// A body comes whole only if the message is the one announced.
func TestMessage(t *testing.T) {
	const announced = "<edXML/>"
	broken := errors.New("storage")
	for name, c := range map[string]struct {
		written string
		err     error
		fault   string
	}{
		"as announced": {announced, nil, ""},
		"shorter":      {"<edXML", nil, "not the one measured"},
		"other bytes":  {"<edxml/>", nil, "not the one measured"},
		"broken off":   {"<ed", broken, "storage"},
	} {
		m := transport.Message{Head: "h:", Tail: ":t", Size: int64(len(announced)), SHA256: sha256.Sum256([]byte(announced)), Write: func(w io.Writer) error {
			_, err := io.WriteString(w, c.written)
			return errors.Join(err, c.err)
		}}
		r, done := m.Open()
		got, err := io.ReadAll(r)
		if fault := done(); c.fault == "" {
			if want := "h:" + announced + ":t"; string(got) != want || int64(len(want)) != m.Length() || err != nil || fault != nil {
				t.Errorf("%s: %q %v %v", name, got, err, fault)
			}
		} else if err == nil || fault == nil || !strings.Contains(fault.Error(), c.fault) || bytes.HasSuffix(got, []byte(m.Tail)) {
			t.Errorf("%s: %q %v %v", name, got, err, fault)
		}
	}
	m := transport.Message{Size: 1 << 20, Write: func(w io.Writer) error { _, err := w.Write(make([]byte, 1<<20)); return err }}
	if _, done := m.Open(); done() != nil {
		t.Error("a request that took nothing is told as the message's fault")
	}
}

func TestAtMost(t *testing.T) {
	for n := range int64(8) {
		b, err := io.ReadAll(transport.AtMost(strings.NewReader("12345"), n))
		if want := "12345"[:min(n, 5)]; string(b) != want || (n < 5) != errors.Is(err, transport.ErrTooLarge) {
			t.Error(fmt.Sprint(n), string(b), err)
		}
	}
}
