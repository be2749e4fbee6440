package text

import (
	"cmp"
	"context"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"congvan/signing"
	"congvan/signing/pdf"
)

// Find returns every place where text stands in the page content, in reading order.
// Comparison is exact on NFC; any run of white space in text matches any run on the
// page. A match may run over a line break: it continues on the next line below that
// begins under it. The hit's rectangle encloses exactly the matched letters, from
// the lowest descent to the highest ascent; its FontSize is that of the first letter.
func Find(ctx context.Context, f *pdf.File, text string) ([]signing.TextHit, error) {
	needle := fold(text)
	if needle == "" {
		return nil, nil
	}
	var hits []signing.TextHit
	err := eachPage(ctx, f, func(lines []Line) {
		hits = append(hits, findOn(lines, needle)...)
	})
	return hits, err
}

// eachPage reads the lines of every page within one budget.
func eachPage(ctx context.Context, f *pdf.File, visit func([]Line)) error {
	s, err := newSource(ctx, f)
	if err != nil {
		return err
	}
	return f.Pages(func(n int, page pdf.Page) (bool, error) {
		lines, err := s.lines(n, page)
		if err == nil {
			visit(lines)
		}
		return true, cmp.Or(err, ctx.Err())
	})
}

// fold brings text to the form in which it is compared: NFC, one space for a run of
// white space, nothing for characters without width.
func fold(s string) string {
	return strings.Join(strings.FieldsFunc(norm.NFC.String(s), func(r rune) bool { return isSpace(string(r)) }), " ")
}

// index is a run of glyphs as folded text, with the glyphs behind every byte.
type index struct {
	text   string
	glyphs []Glyph
	lo, hi []int // per byte of text: the glyphs [lo, hi) that it comes from
}

func newIndex(glyphs []Glyph) *index {
	raw, owner := make([]byte, 0, len(glyphs)*2), make([]int, 0, len(glyphs)*2)
	for i, g := range glyphs {
		raw = append(raw, g.Text...)
		for range len(g.Text) {
			owner = append(owner, i)
		}
	}
	ix := &index{glyphs: glyphs}
	var text []byte
	for at := 0; at < len(raw); {
		n := norm.NFC.NextBoundary(raw[at:], true)
		n = max(n, 1)
		chunk := norm.NFC.Bytes(raw[at : at+n])
		lo, hi := owner[at], owner[at+n-1]+1
		if isSpace(string(chunk)) {
			if len(text) > 0 && text[len(text)-1] != ' ' {
				chunk = []byte{' '}
			} else {
				chunk = nil
			}
		}
		for _, b := range chunk {
			text = append(text, b)
			ix.lo, ix.hi = append(ix.lo, lo), append(ix.hi, hi)
		}
		at += n
	}
	ix.text = string(text)
	return ix
}

// next finds needle at or behind a byte offset; -1 when there is none. A match that
// ends before a combining accent is none: the last letter is another one.
func (ix *index) next(needle string, from int) int {
	for from <= len(ix.text) {
		i := strings.Index(ix.text[from:], needle)
		if i < 0 {
			return -1
		}
		at, end := from+i, from+i+len(needle)
		if !isMark(ix.text[end:]) {
			return at
		}
		_, size := utf8.DecodeRuneInString(ix.text[at:])
		from = at + size
	}
	return -1
}

// hit is the rectangle of the bytes [from, to).
func (l *Line) hit(ix *index, from, to int) signing.TextHit {
	first, last := ix.lo[from], ix.hi[to-1]
	h := signing.TextHit{Place: ix.glyphs[first].Box, Text: ix.text[from:to], FontSize: ix.glyphs[first].Size}
	for _, g := range ix.glyphs[first:last] {
		if !g.gap && !isSpace(g.Text) {
			h.Place = enclose(h.Place, g.Box)
		}
	}
	return h
}

func enclose(a, b signing.Place) signing.Place {
	x, y := min(a.X, b.X), min(a.Y, b.Y)
	a.W, a.H = max(a.X+a.W, b.X+b.W)-x, max(a.Y+a.H, b.Y+b.H)-y
	a.X, a.Y = x, y
	return a
}

// findOn finds needle on the lines of one page.
func findOn(lines []Line, needle string) []signing.TextHit {
	var hits []signing.TextHit
	var parts []part
	for i := range lines {
		l := &lines[i]
		ix := newIndex(l.Glyphs)
		for at := ix.next(needle, 0); at >= 0; at = ix.next(needle, at+len(needle)) {
			hits = append(hits, l.hit(ix, at, at+len(needle)))
		}
		parts = append(parts, l.parts()...)
	}
	if !strings.Contains(needle, " ") {
		return hits
	}
	for i := range parts {
		if h, ok := wrapped(parts, i, needle); ok {
			hits = append(hits, h)
		}
	}
	return hits
}

// maxBeside bounds the search for what stands below.
const maxBeside = 500

// part is a column's share of a line.
type part struct {
	line *Line
	ix   *index
	lo   float64
	hi   float64
	up   float64
	down float64
}

func (l *Line) parts() []part {
	var out []part
	start := 0
	for i := 0; i <= len(l.Glyphs); i++ {
		if i < len(l.Glyphs) && !l.Glyphs[i].column {
			continue
		}
		if g := l.Glyphs[start:i]; len(g) > 0 {
			p := part{line: l, ix: newIndex(g), lo: g[0].lo, hi: g[len(g)-1].hi, up: g[0].up, down: g[0].down}
			out = append(out, p)
		}
		start = i + 1
	}
	return out
}

// wrapped matches needle where it begins at the end of parts[i] and goes on below.
func wrapped(parts []part, i int, needle string) (signing.TextHit, bool) {
	var hit signing.TextHit
	p := &parts[i]
	for cut := strings.LastIndexByte(needle, ' '); cut > 0; cut = strings.LastIndexByte(needle[:cut], ' ') {
		if !strings.HasSuffix(p.ix.text, needle[:cut]) {
			continue
		}
		at := len(p.ix.text) - cut
		hit = p.line.hit(p.ix, at, len(p.ix.text))
		if rest, ok := continued(parts, i, needle[cut+1:]); ok {
			hit.Place, hit.Text = enclose(hit.Place, rest), needle
			return hit, true
		}
	}
	return hit, false
}

// continued matches the rest of a needle at the start of the part below parts[i],
// which may be the whole of it with more to come.
func continued(parts []part, i int, rest string) (signing.Place, bool) {
	j := below(parts, i)
	if j < 0 {
		return signing.Place{}, false
	}
	q := &parts[j]
	if strings.HasPrefix(q.ix.text, rest) && !isMark(q.ix.text[len(rest):]) {
		return q.line.hit(q.ix, 0, len(rest)).Place, true
	}
	if whole := q.ix.text + " "; strings.HasPrefix(rest, whole) {
		if more, ok := continued(parts, j, rest[len(whole):]); ok {
			return enclose(q.line.hit(q.ix, 0, len(q.ix.text)).Place, more), true
		}
	}
	return signing.Place{}, false
}

// below is the nearest part under parts[i] that overlaps it sideways and is no
// further than a line and a half away; -1 when there is none.
func below(parts []part, i int) int {
	p := &parts[i]
	height := p.down - p.up
	for j := i + 1; j < min(len(parts), i+maxBeside); j++ {
		q := &parts[j]
		if q.line.Angle != p.line.Angle || q.up > p.down+1.5*height {
			return -1
		}
		if q.line != p.line && q.lo < p.hi && q.hi > p.lo {
			return j
		}
	}
	return -1
}
