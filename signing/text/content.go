package text

import (
	"bytes"

	"congvan/signing/pdf"
)

// maxOperands is how many operands are kept before an operator, at least half of it
// the newest; no operator takes as many.
const maxOperands = 64

// reader reads a content stream operator by operator. It steps over what it cannot
// read, as viewers do: what they show is what must be found.
type reader struct {
	data []byte
	scan *pdf.Scanner
	args []pdf.Object
	keep int // operands kept; maxOperands for page content
}

func newReader(data []byte, lim pdf.Limits) *reader {
	return &reader{data: data, scan: pdf.NewScanner(data, lim), keep: maxOperands}
}

// next returns the next operator with its operands, which are valid until the next
// call; op is empty at the end. An inline image is one operator, EI, its data skipped.
func (r *reader) next() (op string, args []pdf.Object) {
	r.args = r.args[:0]
	for {
		before := r.scan.Offset()
		t, err := r.scan.Next()
		if err != nil {
			r.scan.Seek(max(r.scan.Offset(), before+1))
			if r.scan.Offset() >= len(r.data) {
				return "", nil
			}
			continue
		}
		k, ok := t.(pdf.Keyword)
		switch {
		case !ok:
			if len(r.args) == r.keep {
				r.args = append(r.args[:0], r.args[r.keep/2:]...)
			}
			r.args = append(r.args, t)
		case k == "ID": // the operands are the image's dictionary
			r.skipImage()
			return "EI", r.args
		default:
			return string(k), r.args
		}
	}
}

// skipImage moves behind the data of an inline image: to an EI between white space
// that is followed by something that reads as content, since the data may hold
// those letters too.
func (r *reader) skipImage() {
	at := r.scan.Offset()
	for {
		i := bytes.Index(r.data[at:], []byte("EI"))
		if i < 0 {
			r.scan.Seek(len(r.data))
			return
		}
		at += i
		end := at + 2
		if at > 0 && isBlank(r.data[at-1]) && (end == len(r.data) || isBlank(r.data[end])) && readable(r.data[end:]) {
			r.scan.Seek(end)
			return
		}
		at = end
	}
}

func isBlank(c byte) bool {
	return c == ' ' || c == '\n' || c == '\r' || c == '\t' || c == '\f' || c == 0
}

// readable reports whether the first bytes could be content: printable ASCII.
func readable(b []byte) bool {
	for _, c := range b[:min(len(b), 12)] {
		if c >= 0x7F || c < ' ' && !isBlank(c) {
			return false
		}
	}
	return true
}

// number returns operand i as a number, 0 when it is none.
func number(args []pdf.Object, i int) float64 {
	if i < 0 || i >= len(args) {
		return 0
	}
	v, _ := toNumber(args[i])
	return v
}

func toNumber(o pdf.Object) (float64, bool) {
	switch v := o.(type) {
	case int64:
		return float64(v), true
	case float64:
		return v, true
	}
	return 0, false
}

// Nesting tells how the graphics states of a content stream nest: how many Q stand
// without a q before them, and how many states are still saved at the end.
func Nesting(data []byte) (unsaved, open int) {
	r := newReader(data, pdf.DefaultLimits())
	for {
		switch op, _ := r.next(); op {
		case "":
			return unsaved, open
		case "q":
			open++
		case "Q":
			if open == 0 {
				unsaved++
			} else {
				open--
			}
		}
	}
}

// Paints reports whether a content stream leaves any mark.
func Paints(data []byte) bool {
	r := newReader(data, pdf.DefaultLimits())
	for {
		switch op, _ := r.next(); op {
		case "":
			return false
		case "f", "F", "f*", "S", "s", "B", "B*", "b", "b*", "sh", "Do", "Tj", "TJ", "'", "\"", "EI", "BI":
			return true
		}
	}
}
