package pdf

import (
	"slices"
	"strconv"
	"unicode/utf16"
)

// Placeholder is an object of fixed text, such as a zero-filled /Contents or the
// padded /ByteRange of a signature, whose place in the file is needed afterwards. Text is
// only read.
type Placeholder struct {
	Text   []byte
	Offset int64 // of the first byte of Text in the updated file; set by Update.Bytes
}

// newStream is a stream that Update.AddStream made; its bytes are as they will stand
// in the file.
type newStream struct {
	dict Dict
	data []byte
}

// writer serialises objects. Equal objects give equal bytes: keys are written in
// ascending order, with /Type first, where people look for it.
type writer struct {
	buf   []byte
	base  int64    // offset in the file of buf[0]
	holes [][2]int // begin and end in buf of each placeholder
}

func (w *writer) text(s string) { w.buf = append(w.buf, s...) }

func (w *writer) int(i int64) { w.buf = strconv.AppendInt(w.buf, i, 10) }

func (w *writer) object(o Object) {
	switch o := o.(type) {
	case bool:
		w.buf = strconv.AppendBool(w.buf, o)
	case int:
		w.int(int64(o))
	case int64:
		w.int(o)
	case float64:
		w.buf = strconv.AppendFloat(w.buf, o, 'f', -1, 64) // no exponent (7.3.3)
	case Name:
		w.name(o)
	case String:
		w.string(o)
	case Array:
		w.array(o)
	case Dict:
		w.dict(o)
	case Ref:
		w.text(o.String())
	case *Placeholder:
		o.Offset = w.base + int64(len(w.buf))
		w.holes = append(w.holes, [2]int{len(w.buf), len(w.buf) + len(o.Text)})
		w.buf = append(w.buf, o.Text...)
	case *newStream:
		w.dict(o.dict)
		w.text("\nstream\n")
		w.buf = append(w.buf, o.data...)
		w.text("\nendstream")
	default: // nil; Update.Set lets nothing else through
		w.text("null")
	}
}

func (w *writer) name(n Name) {
	w.buf = append(w.buf, '/')
	for _, c := range []byte(n) {
		if c < '!' || c > '~' || c == '#' || isDelimiter(int(c)) {
			w.buf = append(w.buf, '#', hexDigits[c>>4], hexDigits[c&15])
			continue
		}
		w.buf = append(w.buf, c)
	}
}

const hexDigits = "0123456789ABCDEF"

// string writes printable ASCII as a literal and everything else in hexadecimal, so
// that no byte of a UTF-16 string can be taken for a delimiter.
func (w *writer) string(s String) {
	if slices.ContainsFunc(s, func(c byte) bool { return c < ' ' || c > '~' }) {
		w.buf = append(w.buf, '<')
		for _, c := range s {
			w.buf = append(w.buf, hexDigits[c>>4], hexDigits[c&15])
		}
		w.buf = append(w.buf, '>')
		return
	}
	w.buf = append(w.buf, '(')
	for _, c := range s {
		if c == '(' || c == ')' || c == '\\' {
			w.buf = append(w.buf, '\\')
		}
		w.buf = append(w.buf, c)
	}
	w.buf = append(w.buf, ')')
}

func (w *writer) array(a Array) {
	w.buf = append(w.buf, '[')
	for i, o := range a {
		if i > 0 {
			w.buf = append(w.buf, ' ')
		}
		w.object(o)
	}
	w.buf = append(w.buf, ']')
}

func (w *writer) dict(d Dict) {
	w.text("<<")
	for _, key := range sortedKeys(d) {
		w.buf = append(w.buf, ' ')
		w.name(key)
		w.buf = append(w.buf, ' ')
		w.object(d[key])
	}
	w.text(" >>")
}

func sortedKeys(d Dict) []Name {
	keys := make([]Name, 0, len(d))
	for key, value := range d {
		if value != nil {
			keys = append(keys, key)
		}
	}
	slices.SortFunc(keys, func(a, b Name) int {
		switch {
		case a == b:
			return 0
		case a == "Type" || b != "Type" && a < b:
			return -1
		}
		return 1
	})
	return keys
}

// TextString encodes s as a text string (7.9.2.2): ASCII where that is enough,
// UTF-16BE with its mark otherwise.
func TextString(s string) String {
	ascii := true
	for _, r := range s {
		ascii = ascii && r >= ' ' && r <= '~'
	}
	if ascii {
		return String(s)
	}
	out := String{0xFE, 0xFF}
	for _, unit := range utf16.Encode([]rune(s)) {
		out = append(out, byte(unit>>8), byte(unit))
	}
	return out
}
