// Package text reads the text of PDF pages with the place of every letter: what the
// signing flow needs to find a signer's name and the blanks that a clerk fills. It
// interprets content streams as far as text depends on them (ISO 32000-2, 9) within
// fixed bounds, and joins letters that stand on one baseline into lines.
//
// Functions are safe for concurrent use as long as each call has a pdf.File of its
// own. Errors wrap those of package signing: ErrResourceLimit where a page costs too
// much, ErrTruncated where its content cannot be decoded.
package text

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"congvan/signing"
	"congvan/signing/pdf"
)

const mmPerPoint = 25.4 / 72

// Line is the text on one baseline of a page, in writing direction. Columns that
// stand beside each other share a line: a wide gap is one space in its text.
type Line struct {
	Page   int // 1-based
	Angle  int // of the baseline as displayed, degrees clockwise: 0 reads left to right
	Text   string
	Glyphs []Glyph

	marginRight float64 // right edge of all text of the page along Angle, mm
}

// Glyph is one letter of a line, or a space between letters that the file does not
// write. Its box reaches from the font's descent to its ascent.
type Glyph struct {
	Text string
	Size float64 // points, as displayed
	Box  signing.Place
	// Unseen: set without being painted (text rendering mode 3 or 7), as behind a scan.
	Unseen bool

	lo, hi   float64 // along the baseline, mm
	up, down float64 // across it, mm, growing downwards
	gap      bool    // not in the file
	column   bool    // a gap that parts columns
}

// Lines returns the lines of page n in reading order: by angle, then from top to
// bottom. Content of layers that are hidden when the file is opened does not count,
// nor does text outside the CropBox.
func Lines(ctx context.Context, f *pdf.File, n int) ([]Line, error) {
	s, err := newSource(ctx, f)
	if err != nil {
		return nil, err
	}
	page, err := f.Page(n)
	if err != nil {
		return nil, err
	}
	return s.lines(n, page)
}

func (s *source) lines(n int, page pdf.Page) ([]Line, error) {
	in := &interpreter{source: s, tm: identity, line: identity}
	in.toPage, in.w, in.h = Display(page)
	in.st = state{ctm: identity, stretch: 1}
	data, err := s.content(page.Dict["Contents"])
	if err != nil {
		return nil, fmt.Errorf("content of page %d: %w", n, err)
	}
	in.run(data, page.Resources, 0)
	if s.err != nil {
		return nil, fmt.Errorf("page %d: %w", n, s.err)
	}
	return assemble(n, in.out), nil
}

// content joins the content streams of a page; a letter may not straddle them, so
// white space goes between.
func (s *source) content(o pdf.Object) ([]byte, error) {
	if st := s.stream(o); st != nil {
		return s.decode(st)
	}
	var all []byte
	for _, e := range s.array(o) {
		st := s.stream(e)
		if st == nil {
			continue
		}
		data, err := s.decode(st)
		if err != nil {
			return nil, err
		}
		all = append(append(all, data...), '\n')
	}
	return all, s.err
}

// Display maps a page's user space to millimetres from the upper left corner of what
// is shown, and gives the size of that.
func Display(p pdf.Page) (m Matrix, w, h float64) {
	k := mmPerPoint * p.UserUnit
	b := p.CropBox
	w, h = (b[2]-b[0])*k, (b[3]-b[1])*k
	switch p.Rotate {
	case 90:
		return Matrix{0, k, k, 0, -b[1] * k, -b[0] * k}, h, w
	case 180:
		return Matrix{-k, 0, 0, k, b[2] * k, -b[1] * k}, w, h
	case 270:
		return Matrix{0, -k, -k, 0, b[3] * k, b[2] * k}, h, w
	}
	return Matrix{k, 0, 0, -k, -b[0] * k, b[3] * k}, w, h
}

// axis turns a page so that text at one angle runs to the right.
type axis struct {
	angle    int
	cos, sin float64
}

func newAxis(angle int) axis {
	sin, cos := math.Sincos(float64(angle) * math.Pi / 180)
	return axis{angle, cos, sin}
}

func (a axis) along(x, y float64) float64  { return x*a.cos + y*a.sin }
func (a axis) across(x, y float64) float64 { return y*a.cos - x*a.sin }

// box is the upright rectangle on the page around one given along and across the axis.
func (a axis) box(page int, lo, hi, up, down float64) signing.Place {
	minX, minY, maxX, maxY := math.Inf(1), math.Inf(1), math.Inf(-1), math.Inf(-1)
	for _, c := range [4][2]float64{{lo, up}, {hi, up}, {lo, down}, {hi, down}} {
		x, y := c[0]*a.cos-c[1]*a.sin, c[0]*a.sin+c[1]*a.cos
		minX, maxX, minY, maxY = min(minX, x), max(maxX, x), min(minY, y), max(maxY, y)
	}
	return signing.Place{Page: page, X: minX, Y: minY, W: maxX - minX, H: maxY - minY}
}

// piece is a glyph on its axis.
type piece struct {
	Glyph
	base float64 // across the axis
	em   float64
	seq  int
}

func assemble(page int, glyphs []glyph) []Line {
	byAngle := map[int][]piece{}
	for i, g := range glyphs {
		a := newAxis(g.angle())
		base, lo, hi := a.across(g.x, g.y), a.along(g.x, g.y), a.along(g.ex, g.ey)
		p := piece{base: base, em: g.em, seq: i}
		p.Glyph = Glyph{Text: g.text, Size: g.size, Unseen: g.unseen, lo: min(lo, hi), hi: max(lo, hi), up: base - g.asc, down: base + g.desc}
		if isMark(g.text) {
			p.attach(byAngle[a.angle])
		}
		byAngle[a.angle] = append(byAngle[a.angle], p)
	}
	angles := make([]int, 0, len(byAngle))
	for a := range byAngle {
		angles = append(angles, a)
	}
	slices.Sort(angles)
	var lines []Line
	for _, a := range angles {
		lines = append(lines, linesAt(page, newAxis(a), byAngle[a])...)
	}
	return lines
}

// isMark reports whether a glyph is a combining accent: it belongs to a letter.
func isMark(s string) bool {
	r, _ := utf8.DecodeRuneInString(s)
	return unicode.Is(unicode.Mn, r)
}

// attach gives an accent the place of the letter it was drawn over: the one before
// it in the content, if it stands there.
func (p *piece) attach(before []piece) {
	if len(before) == 0 {
		return
	}
	last := &before[len(before)-1]
	if math.Abs(last.base-p.base) < 0.5*p.em && p.lo < last.hi+0.5*p.em && p.hi > last.lo-0.5*p.em {
		p.base, p.lo, p.hi = last.base, last.lo, last.hi
	}
}

// sameLine is how far, in ems, baselines of one line may lie apart.
const sameLine = 0.3

func linesAt(page int, a axis, pieces []piece) []Line {
	slices.SortStableFunc(pieces, func(p, q piece) int { return compare(p.base, q.base) })
	var lines []Line
	margin := math.Inf(-1)
	for len(pieces) > 0 {
		n := 1
		for n < len(pieces) && pieces[n].base-pieces[0].base < sameLine*min(pieces[0].em, pieces[n].em) {
			n++
		}
		if l := joinLine(page, a, pieces[:n]); l.Text != "" {
			lines = append(lines, l)
			margin = max(margin, l.Glyphs[len(l.Glyphs)-1].hi)
		}
		pieces = pieces[n:]
	}
	for i := range lines {
		lines[i].marginRight = margin
	}
	return lines
}

func compare(a, b float64) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// wordGap is the free room between letters, in ems, that reads as a space: below the
// narrowest space of justified text, above what letter spacing and kerning leave.
const wordGap = 0.2

// columnGap is the free room, in ems, that parts columns on one baseline; a smaller
// gap does where the file writes something else between its two sides.
const columnGap = 2

// joinLine orders the pieces of one baseline and puts spaces into the gaps.
func joinLine(page int, a axis, pieces []piece) Line {
	slices.SortStableFunc(pieces, func(p, q piece) int {
		if p.lo == q.lo {
			return p.seq - q.seq
		}
		return compare(p.lo, q.lo)
	})
	l := Line{Page: page, Angle: a.angle}
	var text strings.Builder
	for i, p := range pieces {
		if n := len(l.Glyphs); n > 0 {
			last := l.Glyphs[n-1]
			if last.Text == p.Text && math.Abs(last.lo-p.lo) < 0.1*p.em && !isMark(p.Text) {
				continue // drawn twice to look bold
			}
			if gap := p.lo - last.hi; gap > wordGap*p.em && !isSpace(last.Text) && !isSpace(p.Text) {
				g := Glyph{Text: " ", Size: p.Size, lo: last.hi, hi: p.lo, up: p.up, down: p.down, gap: true}
				g.column = gap > columnGap*p.em || p.seq != pieces[i-1].seq+1
				g.Box = a.box(page, g.lo, g.hi, g.up, g.down)
				l.Glyphs = append(l.Glyphs, g)
				text.WriteString(g.Text)
			}
		}
		p.Box = a.box(page, p.lo, p.hi, p.up, p.down)
		l.Glyphs = append(l.Glyphs, p.Glyph)
		text.WriteString(p.Text)
	}
	l.Glyphs = trimSpaces(l.Glyphs)
	if len(l.Glyphs) > 0 {
		l.Text = strings.TrimSpace(text.String())
	}
	return l
}

func isSpace(s string) bool {
	for _, r := range s {
		if !unicode.IsSpace(r) && r != '\u200B' && r != '\uFEFF' {
			return false
		}
	}
	return true
}

func trimSpaces(g []Glyph) []Glyph {
	for len(g) > 0 && isSpace(g[0].Text) {
		g = g[1:]
	}
	for len(g) > 0 && isSpace(g[len(g)-1].Text) {
		g = g[:len(g)-1]
	}
	return g
}
