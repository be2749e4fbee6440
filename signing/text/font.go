package text

import (
	"math"
	"strings"
	"unicode/utf16"

	"congvan/signing/pdf"
)

// unknown stands for a glyph whose text the file does not tell.
const unknown = "\uFFFD"

// font turns the strings of a content stream into glyphs with text and widths.
type font struct {
	toUnicode *cmap
	codes     *cmap // composite fonts: code -> CID; nil for simple fonts
	utf16     bool  // codes are UTF-16 themselves (predefined Uni…-UCS2/UTF16 CMaps)
	enc       encoding
	widths    [256]float64 // simple fonts, in ems
	cidWidths []cidWidth   // composite fonts, in file order: the later one wins
	cidWidth  float64      // default
	vertical  bool
	originY   float64 // vertical fonts: the default position vector and advance, in ems
	advanceY  float64
	ascent    float64 // above the baseline, in ems
	descent   float64 // below it, negative
	single    map[uint32]float64
}

type cidWidth struct {
	lo, hi uint32
	w      float64
}

// letter is one shown code: its text, its width and whether word spacing applies.
type letter struct {
	text  string
	width float64
	space bool
}

// newFont reads a font dictionary. Whatever is missing or wrong has a default, as in
// viewers.
func newFont(d *source, dict pdf.Dict) *font {
	f := &font{ascent: 0.75, descent: -0.25}
	if s := d.stream(dict["ToUnicode"]); s != nil {
		if data, err := d.decode(s); err == nil {
			f.toUnicode = parseCMap(data, d.limits)
		}
	}
	if d.name(dict["Subtype"]) == "Type0" {
		f.composite(d, dict)
	} else {
		f.simple(d, dict)
	}
	return f
}

func (f *font) simple(d *source, dict pdf.Dict) {
	kind, base := d.name(dict["Subtype"]), string(d.name(dict["BaseFont"]))
	desc := d.dict(dict["FontDescriptor"])
	f.enc = simpleEncoding(d, dict, kind == "TrueType")
	scale := 0.001
	if kind == "Type3" {
		if m := d.numbers(dict["FontMatrix"]); len(m) == 6 && m[0] != 0 {
			scale = math.Abs(m[0])
		}
		f.box(scale, d.numbers(dict["FontBBox"]))
	} else {
		f.metrics(d, desc)
	}
	widths := d.array(dict["Widths"])
	first, missing := int(d.number(dict["FirstChar"])), d.number(desc["MissingWidth"])
	for c := range f.widths {
		switch i := c - first; {
		case i >= 0 && i < len(widths):
			f.widths[c] = d.number(widths[i]) * scale
		case len(widths) > 0:
			f.widths[c] = missing * scale
		case f.enc[c] != "":
			f.widths[c] = StandardWidth(base, []rune(f.enc[c])[0]) / 1000
		}
		if !usable(f.widths[c]) {
			f.widths[c] = 0
		}
	}
}

func simpleEncoding(d *source, dict pdf.Dict, trueType bool) encoding {
	fallback := "StandardEncoding"
	if trueType {
		fallback = "WinAnsiEncoding"
	}
	o := d.resolve(dict["Encoding"])
	if name, ok := o.(pdf.Name); ok {
		return baseEncoding(string(name))
	}
	var dif pdf.Dict
	if dif, _ = o.(pdf.Dict); dif == nil {
		return baseEncoding(fallback)
	}
	if name := d.name(dif["BaseEncoding"]); name != "" {
		fallback = string(name)
	}
	e := baseEncoding(fallback)
	at := 0
	for _, o := range d.array(dif["Differences"]) {
		switch v := d.resolve(o).(type) {
		case int64:
			at = int(v)
		case pdf.Name:
			if at >= 0 && at < 256 {
				e[at] = glyphText(string(v))
			}
			at++
		}
	}
	return e
}

func (f *font) composite(d *source, dict pdf.Dict) {
	var cid pdf.Dict
	if a := d.array(dict["DescendantFonts"]); len(a) > 0 {
		cid = d.dict(a[0])
	}
	f.metrics(d, d.dict(cid["FontDescriptor"]))
	switch e := d.resolve(dict["Encoding"]).(type) {
	case pdf.Name:
		f.codes = identityCMap(strings.HasSuffix(string(e), "-V") || e == "V")
		f.utf16 = strings.HasPrefix(string(e), "Uni") && (strings.Contains(string(e), "UCS2") || strings.Contains(string(e), "UTF16"))
	case *pdf.Stream:
		if data, err := d.decode(e); err == nil {
			f.codes = parseCMap(data, d.limits)
		}
	}
	if f.codes == nil {
		f.codes = identityCMap(false)
	}
	f.vertical = f.codes.vertical
	f.cidWidth = 1
	if w, ok := toNumber(d.resolve(cid["DW"])); ok && usable(w/1000) {
		f.cidWidth = w / 1000
	}
	f.originY, f.advanceY = 0.88, -1
	if v := d.numbers(cid["DW2"]); len(v) == 2 && usable(v[0]/1000) && usable(v[1]/1000) {
		f.originY, f.advanceY = v[0]/1000, v[1]/1000
	}
	f.readWidths(d, d.array(cid["W"]))
}

// readWidths reads the W array: "first [w …]" or "first last w" (9.7.4.3).
func (f *font) readWidths(d *source, w pdf.Array) {
	f.single = map[uint32]float64{}
	for len(w) >= 2 {
		lo := d.number(w[0])
		if lo < 0 || lo > 0xFFFF {
			return
		}
		if list, ok := d.resolve(w[1]).(pdf.Array); ok {
			for i, o := range list {
				if v := d.number(o) / 1000; usable(v) && i <= 0xFFFF {
					f.single[uint32(lo)+uint32(i)] = v
				}
			}
			w = w[2:]
			continue
		}
		if len(w) < 3 {
			return
		}
		hi, v := d.number(w[1]), d.number(w[2])/1000
		if hi >= lo && hi <= 0xFFFF && usable(v) && len(f.cidWidths) < 4096 {
			f.cidWidths = append(f.cidWidths, cidWidth{uint32(lo), uint32(hi), v})
		}
		w = w[3:]
	}
}

func (f *font) widthOf(cid uint32) float64 {
	if w, ok := f.single[cid]; ok {
		return w
	}
	for i := len(f.cidWidths) - 1; i >= 0; i-- {
		if r := f.cidWidths[i]; cid >= r.lo && cid <= r.hi {
			return r.w
		}
	}
	return f.cidWidth
}

// metrics takes ascent and descent from the descriptor where they are believable.
func (f *font) metrics(d *source, desc pdf.Dict) {
	if a := d.number(desc["Ascent"]) / 1000; a > 0.3 && a < 1.5 {
		f.ascent = a
	}
	if v := -math.Abs(d.number(desc["Descent"]) / 1000); v < -0.05 && v > -0.8 {
		f.descent = v
	}
}

func (f *font) box(scale float64, b []float64) {
	if len(b) != 4 {
		return
	}
	if top := b[3] * scale; top > 0.3 && top < 1.5 {
		f.ascent = top
	}
	if bottom := b[1] * scale; bottom <= 0 && bottom > -0.8 {
		f.descent = bottom
	}
}

// usable reports whether a width in ems can be believed.
func usable(w float64) bool { return !math.IsNaN(w) && math.Abs(w) < 100 }

// next takes the first letter off a shown string; n is the number of its bytes, at
// least 1.
func (f *font) next(s []byte) (l letter, n int) {
	if f.codes == nil {
		c := s[0]
		l = letter{text: f.enc[c], width: f.widths[c], space: c == ' '}
		if f.toUnicode != nil {
			if t := f.toUnicode.unicode(uint32(c), 1); t != "" {
				l.text = t
			} else if t := f.toUnicode.unicode(uint32(c), 2); t != "" {
				l.text = t
			}
		}
		if l.text == "" {
			l.text = unknown
		}
		return l, 1
	}
	v, n := f.codes.split(s)
	l = letter{text: unknown, width: f.widthOf(f.codes.cid(v, n)), space: n == 1 && v == ' '}
	if f.toUnicode != nil {
		if t := f.toUnicode.unicode(v, n); t != "" {
			l.text = t
		}
	} else if f.utf16 && n == 2 {
		l.text = string(utf16.Decode([]uint16{uint16(v)}))
	}
	return l, n
}
