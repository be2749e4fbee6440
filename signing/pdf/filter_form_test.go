package pdf

import (
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"

	"congvan/signing"
	"congvan/signing/pdf/pdftest"
)

// TestFilterForm: data that are not as their filter has them, and what costs more than it may.
func TestFilterForm(t *testing.T) {
	sum := zipped("nội dung")
	damagedSum := sum[:len(sum)-1] + string(sum[len(sum)-1]^1)
	png := func(change Dict) Dict {
		d := Dict{"Predictor": int64(15), "Columns": int64(2)}
		for k, v := range change {
			d[k] = v
		}
		return d
	}
	for name, c := range map[string]struct {
		filter     Name
		parms      Dict
		data, want string
		fails      error
	}{
		"nothing deflated":      {"FlateDecode", nil, "", "", nil},
		"wrong checksum":        {"FlateDecode", nil, damagedSum, "nội dung", nil},
		"cut off":               {"FlateDecode", nil, sum[:len(sum)-6], "", signing.ErrTruncated},
		"as much as may be":     {"FlateDecode", nil, zipped(strings.Repeat("x", 100)), strings.Repeat("x", 100), nil},
		"more than may be":      {"FlateDecode", nil, zipped(strings.Repeat("x", 101)), "", signing.ErrResourceLimit},
		"runs, as much":         {"RunLengthDecode", nil, "\x9dx", strings.Repeat("x", 100), nil},
		"runs, more":            {"RunLengthDecode", nil, "\x9cx", "", signing.ErrResourceLimit},
		"run without its byte":  {"RunLengthDecode", nil, "\x9d", "", signing.ErrTruncated},
		"LZW, behind its end":   {"LZWDecode", nil, "\x80\x0b\x60\x50\x22\x0c\x0c\x85\x01\x00\x00", "-----A---B", nil},
		"LZW, a code too early": {"LZWDecode", nil, "\x80\x40\xbf", "", signing.ErrTruncated},
		"LZW, more":             {"LZWDecode", nil, lzwEarly([]byte(strings.Repeat("x", 101))), "", signing.ErrResourceLimit},
		"hex, half a byte":      {"ASCIIHexDecode", nil, "4 8 7", "Hp", nil},
		"hex, behind its end":   {"ASCIIHexDecode", nil, "48>zz", "H", nil},
		"85, without an end":    {"ASCII85Decode", nil, "87cURD_*#TDf", "Hello, wo", nil},
		"85, white space":       {"ASCII85Decode", nil, "87c UR\n", "Hell", nil},
		"85, a digit left over": {"ASCII85Decode", nil, "87cUR8~>", "", signing.ErrTruncated},
		"85, nothing left over": {"ASCII85Decode", nil, "87cUR~>", "Hell", nil},
		"85, zeros in a group":  {"ASCII85Decode", nil, "87zcUR~>", "", signing.ErrTruncated},
		"85, no digit":          {"ASCII85Decode", nil, "87cU\x01", "", signing.ErrTruncated},
		"crypt without a name":  {"Crypt", nil, "x", "x", nil},
		"crypt by none":         {"Crypt", Dict{"Name": Name("Identity")}, "x", "x", nil},
		"crypt by another":      {"Crypt", Dict{"Name": Name("StdCF")}, "x", "", ErrFilter},
		"no colours":            {"FlateDecode", png(Dict{"Colors": int64(0)}), zipped("\x00ab"), "", signing.ErrTruncated},
		"too many colours":      {"FlateDecode", png(Dict{"Colors": int64(33)}), zipped("\x00ab"), "", signing.ErrTruncated},
		"as many colours":       {"FlateDecode", png(Dict{"Colors": int64(32)}), zipped("\x00ab"), "ab", nil},
		"no columns":            {"FlateDecode", png(Dict{"Columns": int64(0)}), zipped("\x00ab"), "", signing.ErrTruncated},
		"too many columns":      {"FlateDecode", png(Dict{"Columns": int64(1<<24 + 1)}), zipped("\x00ab"), "", signing.ErrTruncated},
		"1 bit":                 {"FlateDecode", png(Dict{"BitsPerComponent": int64(1)}), zipped("\x00a\x00b"), "ab", nil},
		"2 bits":                {"FlateDecode", png(Dict{"BitsPerComponent": int64(2)}), zipped("\x00a\x00b"), "ab", nil},
		"4 bits":                {"FlateDecode", png(Dict{"BitsPerComponent": int64(4)}), zipped("\x00a\x00b"), "ab", nil},
		"16 bits":               {"FlateDecode", png(Dict{"BitsPerComponent": int64(16)}), zipped("\x00abcd"), "abcd", nil},
		"3 bits":                {"FlateDecode", png(Dict{"BitsPerComponent": int64(3)}), zipped("\x00ab"), "", signing.ErrTruncated},
		"PNG of no kind":        {"FlateDecode", png(nil), zipped("\x05ab"), "", signing.ErrTruncated},
	} {
		got, err := undo(c.filter, c.parms, []byte(c.data), 100, 1000)
		if !errors.Is(err, c.fails) || err == nil && string(got) != c.want {
			t.Errorf("%s: %q, %v; want %q, %v", name, got, err, c.want, c.fails)
		}
	}
	if got, err := undo("LZWDecode", nil, literals(5000), 5000, 1000); err != nil || string(got) != strings.Repeat("a", 5000) {
		t.Errorf("LZW with a full table: %d bytes, %v", len(got), err)
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	wide := png(Dict{"Colors": int64(32), "BitsPerComponent": int64(16), "Columns": int64(1 << 24)})
	if got, err := undo("FlateDecode", wide, []byte(zipped("\x00ab")), 100, 1000); err != nil || string(got) != "ab" {
		t.Errorf("a row of a gigabyte: %q, %v", got, err)
	}
	if runtime.ReadMemStats(&after); after.TotalAlloc-before.TotalAlloc > 64<<20 {
		t.Errorf("a row of a gigabyte takes %d bytes", after.TotalAlloc-before.TotalAlloc)
	}
	b, _ := catalogued()
	b.Stream(3, "", strings.Repeat("x", 101))
	b.Stream(4, "/Filter ["+strings.Repeat("/AHx ", 8)+"]", "78>")
	b.Stream(5, "/Filter ["+strings.Repeat("/AHx ", 9)+"]", "78>")
	b.Stream(6, "/Filter /AHx", strings.Repeat("78", 50))
	b.Stream(7, "/Filter /AHx", strings.Repeat(" ", 100)+"78>")
	b.Table("")
	f := open(t, b.Bytes())
	f.lim.Inflate = 102
	for n, c := range map[int]struct {
		limit int64
		fails error
	}{3: {100, signing.ErrResourceLimit}, 4: {100, signing.ErrTruncated}, 5: {100, signing.ErrResourceLimit}, 6: {10, nil}, 7: {1000, signing.ErrResourceLimit}} {
		o, err := f.Get(Ref{n, 0})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.Decode(o.(*Stream), c.limit); !errors.Is(err, c.fails) {
			t.Errorf("stream %d: %v, want %v", n, err, c.fails)
		}
	}
}

// TestTextOfString: what a reader shows of a string, by its first bytes.
func TestTextOfString(t *testing.T) {
	for in, want := range map[string]string{
		"": "", "\xfe": "þ", "\xff": "ÿ", "\xef\xbb": "ï»", "\xfe\xff": "", "\xfe\xff\x1e\xa1": "ạ", "\xff\xfe\xa1\x1e": "ạ", "\xef\xbb\xbfạ": "ạ",
		"\xfeA": "þA", "A\xff": "Aÿ", "\xffA": "ÿA", "A\xfe": "Aþ", "\xefA\xbf": "ïA¿", "A\xbb\xbf": "A»¿", "\xef\xbbA": "ï»A",
		"\xef\xbb\xbf\xff": "\ufffd", "\x8d": "“", "\xa0": "€", "\xfe\xffA": "",
	} {
		if got := String(in).Text(); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

// TestTreesAreBounded: fields and pages, as deep and as many as the limits say and no more.
func TestTreesAreBounded(t *testing.T) {
	build := func(deep, widgets int) *File {
		b := pdftest.New()
		b.Obj(1, "<< /Type /Catalog /Pages 30 0 R /AcroForm << /Fields [100 0 R] >> >>")
		b.Obj(100, "<< /T (w) /FT /Tx /Kids [101 0 R "+strings.Repeat("<< /Subtype /Widget >> ", widgets)+"] >>")
		for i := range deep {
			b.Obj(101+i, "<< /T (d) /FT /Tx /Kids ["+fmt.Sprintf("%d 0 R", 102+i)+"] >>")
			b.Obj(30+i, "<< /Type /Pages /Kids ["+fmt.Sprintf("%d 0 R", 31+i)+"] >>")
		}
		b.Obj(101+deep, "<< /T (e) /FT /Tx >>")
		b.Obj(30+deep, "<< /Type /Page /MediaBox [0 0 9 9] >>")
		b.Table("")
		f := open(t, b.Bytes())
		f.lim.Depth, f.lim.Fields = 10, 30
		return f
	}
	for name, c := range map[string]struct {
		deep, widgets int
		fields, pages error
	}{
		"as much":      {9, 19, nil, nil},
		"too many":     {9, 20, signing.ErrResourceLimit, nil},
		"far too many": {1, 300, signing.ErrResourceLimit, nil},
		"too deep":     {11, 0, signing.ErrResourceLimit, signing.ErrResourceLimit},
	} {
		f := build(c.deep, c.widgets)
		if _, err := f.Fields(); !errors.Is(err, c.fields) {
			t.Errorf("%s: fields: %v, want %v", name, err, c.fields)
		}
		if _, err := f.Page(1); !errors.Is(err, c.pages) {
			t.Errorf("%s: pages: %v, want %v", name, err, c.pages)
		}
	}
}

// literals is n times the letter a, as LZW that never clears its table.
func literals(n int) []byte {
	var out []byte
	bits, have, width := uint32(0), 0, 9
	for next := 258; n > 0; n-- {
		bits, have = bits<<width|'a', have+width
		for ; have >= 8; have -= 8 {
			out = append(out, byte(bits>>(have-8)))
		}
		if next < 4096 {
			next++
		}
		if next+1 > 1<<width && width < 12 {
			width++
		}
	}
	return append(out, byte(bits<<(8-have)))
}
