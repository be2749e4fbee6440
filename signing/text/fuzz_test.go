package text

import (
	"errors"
	"math"
	"testing"

	"congvan/signing"
	"congvan/signing/pdf"
)

func FuzzReader(f *testing.F) {
	for _, s := range []string{
		"q 1 0 0 1 0 0 cm BT /F 12 Tf (a\\(b) Tj [<00> -5 (x)] TJ ET Q",
		"BI /W 1 ID \x00EI EI Q", "/Span << /ActualText (x) >> BDC EMC", "[[[[((((<<<<", "%x\r1 0.5 -.5 +3 --4 5-6 true null",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		r := newReader(data, pdf.DefaultLimits())
		for n := 0; ; n++ {
			op, args := r.next()
			if op == "" {
				return
			}
			if len(args) > maxOperands || n > len(data) {
				t.Fatalf("%d operands, %d operators of %d bytes", len(args), n, len(data))
			}
		}
	})
}

func FuzzCMap(f *testing.F) {
	f.Add([]byte("1 begincodespacerange <0000> <FFFF> endcodespacerange 1 beginbfrange <0001> <00FF> <0041> endbfrange"), []byte("\x00\x01\x00"))
	f.Add([]byte("2 beginbfchar <41> <0041> <4142> /a endbfchar 1 begincidrange <00> <FF> 5 endcidrange /Identity-H usecmap"), []byte("AB"))
	f.Fuzz(func(t *testing.T, data, shown []byte) {
		c := parseCMap(data, pdf.DefaultLimits())
		for len(shown) > 0 {
			v, n := c.split(shown)
			if n < 1 || n > len(shown) {
				t.Fatalf("code of %d bytes in %x", n, shown)
			}
			_, _ = c.unicode(v, n), c.cid(v, n)
			shown = shown[n:]
		}
	})
}

func FuzzLines(f *testing.F) {
	f.Add("BT /F 10 Tf 10 50 Td (Hello) Tj 0 Tz (x) Tj 1e9 0 0 1e9 0 0 Tm (y) Tj ET", "a b")
	f.Add("q 0 0 0 0 0 0 cm BT /G 10 Tf -1 0 0 -1 50 50 Tm <004100320301> Tj T* (\\001\\002) ' ET Q", "2")
	f.Add("BT /F 10 Tf 10 50 Td (Hello) Tj ET q 0 0 m 9 9 99 99 150 0 c h W* n 20 w 0 50 m 99 50 l s 8 48 90 12 re f Q q 90 0 0 12 8 48 cm BI /W 1 ID a EI /X Do Q", "Hello")
	f.Add("/OC /H BDC BT /F 5 Tf [(a) -1e5 (b)] TJ ET EMC /X Do", "…")
	f.Fuzz(func(t *testing.T, content, needle string) {
		file := open(t, handmade("", content, ""))
		lines, err := Lines(t.Context(), file, 1)
		if err != nil {
			if !errors.Is(err, signing.ErrResourceLimit) && !errors.Is(err, signing.ErrTruncated) {
				t.Fatal(err)
			}
			return
		}
		hidden, err := Conceals(t.Context(), open(t, handmade("", content, "")), 1, nil)
		if err != nil && !errors.Is(err, signing.ErrResourceLimit) && !errors.Is(err, signing.ErrTruncated) {
			t.Fatal(err)
		}
		needle = fold(needle)
		if needle == "" {
			return
		}
		hits := findOn(lines, needle)
		for _, c := range hidden.Covered {
			hits = append(hits, c.TextHit)
		}
		for i := range lines {
			for _, gaps := range lines[i].blanks([]string{needle}) {
				hits = append(hits, gaps...)
			}
		}
		for _, h := range hits {
			if math.IsNaN(h.X+h.Y+h.W+h.H) || h.W < 0 || h.H < 0 || h.Page != 1 {
				t.Fatalf("%+v", h)
			}
		}
	})
}
