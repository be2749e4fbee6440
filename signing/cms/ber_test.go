package cms

import (
	"bytes"
	"errors"
	"testing"
)

// BER of every length comes out as DER; what has no end, or no sense, is refused.
func TestNormalise(t *testing.T) {
	for _, n := range []int{0, 1, 0x7f, 0x80, 0xff, 0x100, 0xffff, 0x10000, 0x20000} {
		der := element(4, make([]byte, n))
		streamed := append(append([]byte{0x24, 0x80}, der...), 0, 0)
		for _, in := range [][]byte{der, streamed} {
			if out, rest, err := normalise(append(bytes.Clone(in), 7)); err != nil || !bytes.Equal(out, der) || !bytes.Equal(rest, []byte{7}) {
				t.Errorf("%d bytes: %d, %x behind, %v", n, len(out), rest, err)
			}
		}
	}
	nest := func(n int) []byte {
		in := []byte{5, 0}
		for range n {
			in = append(append([]byte{0x30, 0x80}, in...), 0, 0)
		}
		return in
	}
	for name, c := range map[string]struct {
		in, out []byte
	}{
		"a NULL without end":                 {[]byte{0x30, 0x80, 5, 0, 0, 0}, []byte{0x30, 2, 5, 0}},
		"more octets than there need be":     {[]byte{0x30, 0x83, 0, 0, 2, 5, 0}, []byte{0x30, 2, 5, 0}},
		"as deep as may be":                  {nest(maxDepth), nil},
		"too deep":                           {nest(maxDepth + 1), nil},
		"nothing":                            {nil, nil},
		"a tag alone":                        {[]byte{0x30}, nil},
		"no end":                             {[]byte{0x30, 0x80}, nil},
		"half an end":                        {[]byte{0x30, 0x80, 0}, nil},
		"a primitive without end":            {[]byte{4, 0x80, 0, 0}, nil},
		"an end within a length":             {[]byte{0x30, 2, 0, 0}, nil},
		"an end that is none":                {[]byte{0x30, 0x80, 0, 1, 5, 0, 0}, nil},
		"a string of numbers":                {[]byte{0x24, 3, 2, 1, 1}, nil},
		"a tag of many bytes":                {[]byte{0x1f, 1, 0}, nil},
		"a tag of none":                      {[]byte{0, 1, 5}, nil},
		"a length cut off":                   {[]byte{0x30, 0x84, 0}, nil},
		"longer than what is there":          {[]byte{0x30, 3, 5, 0}, nil},
		"so long that it is less than none":  {[]byte{0x30, 0x88, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 5, 0, 0, 0}, nil},
		"a small one in too much beside it":  {append([]byte{5, 0}, make([]byte, MaxSize)...), nil},
		"longer than the limit, all of them": {append([]byte{4, 0x84, 1, 0, 0, 0}, make([]byte, 1<<24)...), nil},
	} {
		out, _, err := normalise(c.in)
		if good := c.out != nil || name == "as deep as may be"; good != (err == nil) || err != nil && !errors.Is(err, ErrMalformed) || c.out != nil && !bytes.Equal(out, c.out) {
			t.Errorf("%s: %x, %v", name, out, err)
		}
	}
}
