package pdf

import (
	"bytes"
	"compress/lzw"
	"compress/zlib"
	"math/rand/v2"
	"strings"
	"testing"
)

func zipped(s string) string {
	var b bytes.Buffer
	z := zlib.NewWriter(&b)
	_, _ = z.Write([]byte(s))
	_ = z.Close()
	return b.String()
}

func TestFilters(t *testing.T) {
	noise := make([]byte, 200_000)
	r := rand.New(rand.NewPCG(1, 2))
	for i := range noise {
		noise[i] = byte(r.IntN(5))
	}
	var packed bytes.Buffer
	w := lzw.NewWriter(&packed, lzw.MSB, 8)
	_, _ = w.Write(noise)
	_ = w.Close()
	cases := []struct {
		name       string
		filter     Name
		parms      Dict
		data, want string
	}{
		{"flate", "FlateDecode", nil, zipped("Hà Nội"), "Hà Nội"},
		{"hex", "ASCIIHexDecode", nil, "48 656C6c\n6F7>", "Hellop"},
		{"base 85", "ASCII85Decode", nil, "87cURD_*#TDfTZ)z+T~>", "Hello, world\x00\x00\x00\x00!"},
		{"run length", "RunLengthDecode", nil, "\x02abc\xfed\x80junk", "abcddd"},
		{"lzw of the standard", "LZWDecode", nil, "\x80\x0b\x60\x50\x22\x0c\x0c\x85\x01", "-----A---B"},
		{"lzw, late change", "LZWDecode", Dict{"EarlyChange": int64(0)}, packed.String(), string(noise)},
		{"lzw, early change", "LZWDecode", nil, lzwEarly(noise), string(noise)},
		{
			"png none, sub, up, average, paeth", "FlateDecode",
			Dict{"Predictor": int64(15), "Columns": int64(3)},
			zipped("\x00\x01\x02\x03" + "\x01\x01\x01\x01" + "\x02\x01\x01\x01" + "\x03\x01\x01\x01" + "\x04\x01\x01\x01"),
			"\x01\x02\x03" + "\x01\x02\x03" + "\x02\x03\x04" + "\x02\x03\x04" + "\x03\x04\x05",
		},
		{"tiff", "FlateDecode", Dict{"Predictor": int64(2), "Columns": int64(3)}, zipped("\x01\x01\x01\x05\x01\x01"), "\x01\x02\x03\x05\x06\x07"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got, err := undo(c.filter, c.parms, []byte(c.data), 1<<20, 1000)
			if err != nil || string(got) != c.want {
				t.Errorf("got %.40q, %v; want %.40q", got, err, c.want)
			}
		})
	}
	for _, bad := range []struct{ filter, data string }{
		{"FlateDecode", "not zlib"},
		{"FlateDecode", zipped("truncated")[:12]},
		{"ASCIIHexDecode", "4g"},
		{"ASCII85Decode", "\x80"},
		{"RunLengthDecode", "\x05ab"},
		{"LZWDecode", "\xff\xff"},
		{"LZWDecode", strings.Repeat("\x80\x3f", 9)},
	} {
		if got, err := undo(Name(bad.filter), nil, []byte(bad.data), 1<<20, 1000); err == nil {
			t.Errorf("%s of %q gave %q", bad.filter, bad.data, got)
		}
	}
}

// lzwEarly encodes with the early change of code width that PDF has by default.
func lzwEarly(data []byte) string {
	var out []byte
	var bits uint64
	have, width := 0, 9
	put := func(code int) {
		bits, have = bits<<width|uint64(code), have+width
		for have >= 8 {
			out = append(out, byte(bits>>(have-8)))
			have -= 8
		}
	}
	table := map[string]int{}
	code := func(s string) int {
		if len(s) == 1 {
			return int(s[0])
		}
		return table[s]
	}
	put(256)
	cur := ""
	for _, c := range data {
		next := cur + string([]byte{c})
		if _, ok := table[next]; ok || len(next) == 1 {
			cur = next
			continue
		}
		put(code(cur))
		table[next] = 258 + len(table)
		cur = string([]byte{c})
		switch n := 258 + len(table); {
		case n >= 4094:
			put(256)
			table, width = map[string]int{}, 9
		case n+1 > 1<<width:
			width++
		}
	}
	put(code(cur))
	put(257)
	return string(append(out, byte(bits<<(8-have))))
}
