package text

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"unicode"

	"congvan/signing"
	"congvan/signing/pdf"
)

// What hides a letter. A letter is watched at points of the body of its line, where
// neither the row above nor a rule or a border reaches; it is hidden when something
// opaque that was painted later covers all of them.
const (
	opaque     = 0.5  // opacity from which paint hides what is below it
	bodyLow    = 0.08 // of the em, above the baseline
	bodyHigh   = 0.42
	bodySide   = 0.2 // of the letter's width, from either side
	again      = 0.3 // of the em: the same letter set here once more is the letter seen
	maxPoints  = 1_000_000
	maxTests   = 100_000_000 // edges looked at
	maxMask    = 32 << 20    // pixels of one mask
	gridCell   = 8.0         // mm
	thinnest   = 0.8         // mm: a stroke that hides a letter is wider
	maxClips   = 64
	maxCovered = 200 // reported of one page
)

// Covered is a run of letters that something opaque hides.
type Covered struct {
	signing.TextHit
	// By is the annotation that hides it; zero: the page's own content.
	By pdf.Ref
}

// Concealed is what a page holds that a reader does not see.
type Concealed struct {
	Covered []Covered
	Unseen  int // letters set without being painted, as behind a scan
}

// Conceals finds the text of page n that opaque paint hides: fills, thick strokes,
// images and shadings of the page's content, and the appearances of its annotations
// that mind accepts. It follows clipping, transparency, masks and layers. What
// another letter covers is not looked at.
func Conceals(ctx context.Context, f *pdf.File, n int, mind func(annotation pdf.Dict, ref pdf.Ref) bool) (Concealed, error) {
	s, err := newSource(ctx, f)
	if err != nil {
		return Concealed{}, err
	}
	page, err := f.Page(n)
	if err != nil {
		return Concealed{}, err
	}
	return s.conceals(n, page, mind)
}

// EachConcealed is Conceals for every page, within one budget. A page whose content
// cannot be decoded is visited with the error.
func EachConcealed(ctx context.Context, f *pdf.File, mind func(annotation pdf.Dict, ref pdf.Ref) bool, visit func(page int, c Concealed, err error)) error {
	s, err := newSource(ctx, f)
	if err != nil {
		return err
	}
	return f.Pages(func(n int, page pdf.Page) (bool, error) {
		c, err := s.conceals(n, page, mind)
		if s.err == nil {
			visit(n, c, err)
		}
		return true, cmp.Or(s.err, ctx.Err())
	})
}

func (s *source) conceals(n int, page pdf.Page, mind func(pdf.Dict, pdf.Ref) bool) (Concealed, error) {
	in := &interpreter{source: s, tm: identity, line: identity}
	in.toPage, in.w, in.h = Display(page)
	c := &cover{in: in, cells: map[[2]int][]int{}}
	in.cover = c
	in.st = state{ctm: identity, stretch: 1, ink: newInk(extent{0, 0, in.w, in.h})}
	data, err := s.content(page.Dict["Contents"])
	if err != nil {
		return Concealed{}, fmt.Errorf("content of page %d: %w", n, err)
	}
	in.run(data, page.Resources, 0)
	for _, o := range s.array(page.Dict["Annots"]) {
		ref, _ := o.(pdf.Ref)
		if d := s.dict(o); d != nil && mind(d, ref) {
			c.annotation(d, ref)
		}
	}
	if s.err != nil {
		return Concealed{}, fmt.Errorf("page %d: %w", n, s.err)
	}
	return c.report(n), nil
}

// ink is the part of the graphics state that painting depends on. It is copied with
// the state, so that its clips are never changed in place.
type ink struct {
	fill, stroke float64 // opacity
	veil         float64 // opacity of the groups that are open
	plain        bool    // blend mode Normal and no soft mask
	blended      bool    // a group that is open is not plain
	tiled        bool    // the fill colour is a tiling pattern, which may have gaps
	width        float64 // of lines, user space
	window       extent  // of all upright clips
	clips        []*region
}

func newInk(window extent) ink {
	return ink{fill: 1, stroke: 1, veil: 1, plain: true, width: 1, window: window}
}

// letters that are watched.
type watched struct {
	text   string
	at     glyph
	points [6]point
	hidden uint8 // a bit for each point
	by     pdf.Ref
}

const allHidden = 1<<6 - 1

// cover watches what an interpreter paints.
type cover struct {
	in      *interpreter
	by      pdf.Ref // annotation being shown
	letters []watched
	cells   map[[2]int][]int // letters by where they stand
	unseen  int
	path    [][]point
	points  int
	closing byte // W or *: the path becomes a clip when it is done
	tests   int
}

// glyph takes notice of a letter that is painted.
func (c *cover) glyph(g *glyph, m Matrix, width float64) {
	if !counts(g.text) {
		return
	}
	if g.unseen {
		c.unseen++
		return
	}
	w := watched{text: g.text, at: *g, by: c.by}
	side := bodySide * width
	for i := range w.points {
		x, y := side+float64(i%3)/2*(width-2*side), bodyLow
		if i >= 3 {
			y = bodyHigh
		}
		w.points[i].x, w.points[i].y = m.Apply(x, y)
		if !c.shows(w.points[i]) {
			return // cut off already: nobody reads it
		}
	}
	cell := cellOf(w.points[0])
	c.cells[cell] = append(c.cells[cell], len(c.letters))
	c.letters = append(c.letters, w)
}

// counts tells letters and digits, and what a font does not name, from dots, rules
// and signs.
func counts(s string) bool {
	for _, r := range s {
		if unicode.IsLetter(r) || unicode.IsNumber(r) || string(r) == unknown {
			return true
		}
	}
	return false
}

func cellOf(p point) [2]int {
	return [2]int{int(math.Floor(p.x / gridCell)), int(math.Floor(p.y / gridCell))}
}

// shows tells whether paint at a point reaches the page.
func (c *cover) shows(p point) bool {
	k := &c.in.st.ink
	if !k.window.holds(p) {
		return false
	}
	for _, r := range k.clips {
		if c.cost(r.edges()); !r.holds(p) {
			return false
		}
	}
	return true
}

// cost counts work; beyond the bound the result is incomplete and says so.
func (c *cover) cost(n int) {
	if c.tests += n; c.tests > maxTests {
		c.in.exceed(maxTests, "edges to compare")
	}
}

// hide marks the points of letters that an opaque region holds. Only letters that
// were there before are: what is painted later stays on top.
func (c *cover) hide(bounds extent, edges int, holds func(point) bool) {
	if c.in.hidden > 0 || c.in.err != nil {
		return
	}
	bounds = bounds.cut(c.in.st.ink.window)
	if bounds.empty() || len(c.letters) == 0 {
		return
	}
	from, to := cellOf(point{bounds.x1, bounds.y1}), cellOf(point{bounds.x2, bounds.y2})
	if cells := (to[0] - from[0] + 3) * (to[1] - from[1] + 3); cells > len(c.letters) {
		for i := range c.letters {
			c.hideLetter(&c.letters[i], bounds, edges, holds)
		}
		return
	}
	// A letter's points may lie one cell beside the one that it is kept under.
	for x := from[0] - 1; x <= to[0]+1; x++ {
		for y := from[1] - 1; y <= to[1]+1; y++ {
			for _, i := range c.cells[[2]int{x, y}] {
				c.hideLetter(&c.letters[i], bounds, edges, holds)
			}
		}
	}
}

func (c *cover) hideLetter(w *watched, bounds extent, edges int, holds func(point) bool) {
	if w.hidden == allHidden {
		return
	}
	for i, p := range w.points {
		if w.hidden&(1<<i) != 0 || !bounds.holds(p) {
			continue
		}
		if c.cost(edges); c.in.err != nil {
			return
		}
		if holds(p) && c.shows(p) {
			w.hidden |= 1 << i
		}
	}
	if w.hidden == allHidden {
		w.by = c.by
	}
}

// report joins what is hidden into runs, without the letters that were set again.
func (c *cover) report(page int) Concealed {
	out := Concealed{Unseen: c.unseen}
	last := -2
	for i := range c.letters {
		w := &c.letters[i]
		if w.hidden != allHidden || c.setAgain(i) {
			continue
		}
		box := w.at.box(page)
		n := len(out.Covered) - 1
		if n >= 0 && last == i-1 && out.Covered[n].By == w.by && w.at.follows(&c.letters[last].at) {
			run := &out.Covered[n]
			if previous := &c.letters[last].at; math.Hypot(w.at.x-previous.ex, w.at.y-previous.ey) > wordGap*w.at.em {
				run.Text += " "
			}
			run.Text += w.text
			run.Place = enclose(run.Place, box)
		} else if n+1 < maxCovered {
			out.Covered = append(out.Covered, Covered{signing.TextHit{Place: box, Text: w.text, FontSize: w.at.size}, w.by})
		}
		last = i
	}
	return out
}

// follows tells whether a letter goes on in the line and column of another.
func (g *glyph) follows(o *glyph) bool {
	along, across := (g.x-o.ex)*o.dx+(g.y-o.ey)*o.dy, (g.y-o.ey)*o.dx-(g.x-o.ex)*o.dy
	return math.Abs(across) < sameLine*o.em && along > -o.em && along < columnGap*o.em
}

// setAgain tells whether the same letter was painted once more in its place later.
func (c *cover) setAgain(i int) bool {
	w := &c.letters[i]
	cell := cellOf(w.points[0])
	for x := cell[0] - 1; x <= cell[0]+1; x++ {
		for y := cell[1] - 1; y <= cell[1]+1; y++ {
			for _, j := range c.cells[[2]int{x, y}] {
				o := &c.letters[j]
				if j > i && o.hidden != allHidden && o.text == w.text && math.Hypot(o.at.x-w.at.x, o.at.y-w.at.y) < again*w.at.em {
					return true
				}
			}
		}
	}
	return false
}

// annotation shows an annotation's normal appearance where a viewer puts it (ISO
// 32000-2 12.5.5).
func (c *cover) annotation(d pdf.Dict, ref pdf.Ref) {
	const hidden, noView = 1 << 1, 1 << 5
	in := c.in
	if flags, _ := in.resolve(d["F"]).(int64); flags&(hidden|noView) != 0 || !in.layers.Shown(d["OC"]) {
		return
	}
	form := in.stream(in.dict(d["AP"])["N"])
	if form == nil {
		form = in.stream(in.dict(in.dict(d["AP"])["N"])[in.name(d["AS"])])
	}
	rect, bbox := in.numbers(d["Rect"]), []float64(nil)
	if form != nil {
		bbox = in.numbers(form.Dict["BBox"])
	}
	if len(rect) != 4 || len(bbox) != 4 {
		return
	}
	m := identity
	if v := in.numbers(form.Dict["Matrix"]); len(v) == 6 {
		m = Matrix(v)
	}
	turned := emptyExtent()
	for _, corner := range [4]point{{bbox[0], bbox[1]}, {bbox[2], bbox[1]}, {bbox[2], bbox[3]}, {bbox[0], bbox[3]}} {
		x, y := m.Apply(corner.x, corner.y)
		turned.add(point{x, y})
	}
	if turned.empty() {
		return
	}
	x1, y1 := min(rect[0], rect[2]), min(rect[1], rect[3])
	sx, sy := (max(rect[0], rect[2])-x1)/(turned.x2-turned.x1), (max(rect[1], rect[3])-y1)/(turned.y2-turned.y1)
	in.st = state{stretch: 1, ink: newInk(extent{0, 0, in.w, in.h}), ctm: Matrix{sx, 0, 0, sy, x1 - sx*turned.x1, y1 - sy*turned.y1}}
	c.by = ref
	in.form(form, nil, 0)
	c.by = pdf.Ref{}
}
