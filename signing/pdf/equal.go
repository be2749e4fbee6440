package pdf

import (
	"bytes"
	"errors"
	"io"
)

// Equal tells whether two objects are written alike: references are equal when
// they name the same object, whatever that holds; so are 612 and 612.0. Streams are
// never equal here.
func Equal(a, b Object) bool {
	switch a := a.(type) {
	case int64:
		if r, ok := b.(float64); ok {
			return sameNumber(a, r)
		}
		return a == b
	case float64:
		if n, ok := b.(int64); ok {
			return sameNumber(n, a)
		}
		return a == b
	case nil, bool, Name, Ref:
		return a == b
	case String:
		b, ok := b.(String)
		return ok && bytes.Equal(a, b)
	case Array:
		b, ok := b.(Array)
		if !ok || len(a) != len(b) {
			return false
		}
		for i := range a {
			if !Equal(a[i], b[i]) {
				return false
			}
		}
		return true
	case Dict:
		b, ok := b.(Dict)
		if !ok || len(a) != len(b) {
			return false
		}
		for k, v := range a {
			w, ok := b[k]
			if !ok || !Equal(v, w) {
				return false
			}
		}
		return true
	}
	return false
}

// sameNumber compares where every integer has a float of its own.
func sameNumber(n int64, r float64) bool {
	const exact = 1 << 53
	return n > -exact && n < exact && float64(n) == r
}

// SameObject tells whether an indirect object is the same in two views: written
// alike, and with the same data if it is a stream.
func SameObject(f, g *File, a, b Object) (bool, error) {
	s, ok := a.(*Stream)
	if !ok {
		return Equal(a, b), nil
	}
	t, ok := b.(*Stream)
	if !ok || !Equal(s.Dict, t.Dict) {
		return false, nil
	}
	x, err := f.Raw(s)
	if err != nil {
		return false, err
	}
	y, err := g.Raw(t)
	if err != nil || x.Size() != y.Size() {
		return false, err
	}
	return sameBytes(f, x, y)
}

func sameBytes(f *File, x, y io.Reader) (bool, error) {
	var p, q [16 << 10]byte
	for {
		n, err := io.ReadFull(x, p[:])
		m, err2 := io.ReadFull(y, q[:])
		if !bytes.Equal(p[:n], q[:m]) {
			return false, nil
		}
		if err != nil || err2 != nil {
			if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
				return true, nil
			}
			return false, err
		}
		if err := f.spend(int64(n)); err != nil {
			return false, err
		}
	}
}
