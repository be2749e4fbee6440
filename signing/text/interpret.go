package text

import (
	"math"
	"slices"

	"congvan/signing"
	"congvan/signing/pdf"
)

// glyph is one letter as it stands on the displayed page, in millimetres from its
// upper left corner.
type glyph struct {
	text   string
	x, y   float64 // start of the baseline
	ex, ey float64 // its end: start plus advance
	dx, dy float64 // unit vector along the baseline
	em     float64 // height of the em square, mm
	asc    float64 // mm above the baseline
	desc   float64 // mm below it, positive
	size   float64 // points
	unseen bool    // set without being painted (Tr 3 or 7), as behind a scan
}

// state is the part of the graphics state that text depends on (ISO 32000-2 9.3).
type state struct {
	ctm     Matrix
	font    *font
	size    float64
	char    float64 // Tc
	word    float64 // Tw
	stretch float64 // Tz, as a factor
	leading float64
	rise    float64
	mode    int // Tr
	ink     ink // what painting depends on
}

// mark is an open marked-content sequence.
type mark struct {
	hidden bool
	actual string // ActualText
	from   int    // first glyph inside
}

// interpreter runs content streams and collects the glyphs they show.
type interpreter struct {
	*source
	toPage Matrix // user space to millimetres as displayed
	w, h   float64
	st     state
	saved  []state
	tm     Matrix // text matrix
	line   Matrix // text line matrix
	marks  []mark
	hidden int       // open marks that hide their content
	active []pdf.Ref // forms being shown: one does not show itself
	out    []glyph
	glyphs int    // shown, on the page or off it
	cover  *cover // watches what is painted over text; nil to read text only
}

// run interprets one content stream with its resources.
func (in *interpreter) run(data []byte, resources pdf.Dict, depth int) {
	floor, marks := len(in.saved), len(in.marks)
	r := newReader(data, in.limits)
	for {
		op, args := r.next()
		if op == "" || !in.step() {
			break
		}
		in.operator(op, args, resources, depth, floor)
	}
	for len(in.marks) > marks {
		in.endMark()
	}
	if len(in.saved) > floor {
		in.st, in.saved = in.saved[floor], in.saved[:floor]
	}
}

func (in *interpreter) operator(op string, args []pdf.Object, resources pdf.Dict, depth, floor int) {
	switch op {
	case "q":
		if len(in.saved) < maxStates {
			in.saved = append(in.saved, in.st)
		}
	case "Q":
		if n := len(in.saved); n > floor {
			in.st, in.saved = in.saved[n-1], in.saved[:n-1]
		}
	case "cm":
		in.st.ctm = matrixOf(args).Mul(in.st.ctm)
	case "Do":
		in.paint(args, resources, depth)
	case "gs":
		if len(args) == 1 {
			in.graphicsState(in.dict(in.entry(resources, "ExtGState", args[0])))
		}
	case "BMC":
		in.marks = append(in.marks, mark{from: len(in.out)})
	case "BDC":
		in.beginMark(args, resources)
	case "EMC":
		in.endMark()
	default:
		in.textOperator(op, args, resources)
		if in.cover != nil {
			in.cover.operator(op, args, resources)
		}
	}
}

func (in *interpreter) textOperator(op string, args []pdf.Object, resources pdf.Dict) {
	switch op {
	case "BT":
		in.tm, in.line = identity, identity
	case "Tf":
		if len(args) == 2 {
			in.st.font = in.font(in.entry(resources, "Font", args[0]))
			in.st.size = number(args, 1)
		}
	case "Tc":
		in.st.char = number(args, 0)
	case "Tw":
		in.st.word = number(args, 0)
	case "Tz":
		in.st.stretch = number(args, 0) / 100
	case "TL":
		in.st.leading = number(args, 0)
	case "Ts":
		in.st.rise = number(args, 0)
	case "Tr":
		in.st.mode = int(number(args, 0))
	case "Td":
		in.move(number(args, 0), number(args, 1))
	case "TD":
		in.st.leading = -number(args, 1)
		in.move(number(args, 0), number(args, 1))
	case "Tm":
		in.tm = matrixOf(args)
		in.line = in.tm
	case "T*":
		in.move(0, -in.st.leading)
	case "Tj":
		in.showAll(args)
	case "TJ":
		if len(args) == 1 {
			if a, ok := args[0].(pdf.Array); ok {
				in.showAll(a)
			}
		}
	case "'":
		in.move(0, -in.st.leading)
		in.showAll(args)
	case "\"":
		if len(args) == 3 {
			in.st.word, in.st.char = number(args, 0), number(args, 1)
			in.move(0, -in.st.leading)
			in.showAll(args[2:])
		}
	}
}

func matrixOf(args []pdf.Object) Matrix {
	m := identity
	if len(args) == 6 {
		for i := range m {
			m[i] = number(args, i)
		}
	}
	return m
}

// entry finds a named resource; what the content names directly has none.
func (in *interpreter) entry(resources pdf.Dict, kind pdf.Name, name pdf.Object) pdf.Object {
	n, ok := name.(pdf.Name)
	if !ok {
		return nil
	}
	return in.dict(resources[kind])[n]
}

func (in *interpreter) graphicsState(gs pdf.Dict) {
	if a := in.array(gs["Font"]); len(a) == 2 {
		in.st.font, in.st.size = in.font(a[0]), in.number(a[1])
	}
	if in.cover != nil {
		in.cover.graphicsState(gs)
	}
}

// paint shows an external object.
func (in *interpreter) paint(args []pdf.Object, resources pdf.Dict, depth int) {
	if len(args) != 1 || depth >= maxForms {
		return
	}
	x := in.stream(in.entry(resources, "XObject", args[0]))
	if x == nil || !in.layers.Shown(x.Dict["OC"]) {
		return
	}
	switch in.name(x.Dict["Subtype"]) {
	case "Form":
		in.form(x, resources, depth)
	case "Image":
		if in.cover != nil && in.hidden == 0 {
			in.cover.image(x)
		}
	}
}

// form shows a form XObject that is not being shown already.
func (in *interpreter) form(form *pdf.Stream, resources pdf.Dict, depth int) {
	if slices.Contains(in.active, form.Ref()) {
		return
	}
	data, err := in.decode(form)
	if err != nil {
		return
	}
	outer, tm, line := in.st, in.tm, in.line
	if m := in.numbers(form.Dict["Matrix"]); len(m) == 6 {
		in.st.ctm = Matrix(m).Mul(in.st.ctm)
	}
	if own := in.dict(form.Dict["Resources"]); own != nil {
		resources = own
	}
	if in.cover != nil {
		in.cover.enter(form.Dict)
	}
	in.active = append(in.active, form.Ref())
	in.run(data, resources, depth+1)
	in.active = in.active[:len(in.active)-1]
	in.st, in.tm, in.line = outer, tm, line
}

func (in *interpreter) beginMark(args []pdf.Object, resources pdf.Dict) {
	m := mark{from: len(in.out)}
	if len(args) == 2 {
		props := args[1]
		if _, named := props.(pdf.Name); named {
			props = in.entry(resources, "Properties", props)
		}
		if args[0] == pdf.Name("OC") {
			m.hidden = !in.layers.Shown(props)
		} else if s, ok := in.resolve(in.dict(props)["ActualText"]).(pdf.String); ok {
			m.actual = s.Text()
		}
	}
	if m.hidden {
		in.hidden++
	}
	in.marks = append(in.marks, m)
}

func (in *interpreter) endMark() {
	n := len(in.marks) - 1
	if n < 0 {
		return
	}
	m := in.marks[n]
	in.marks = in.marks[:n]
	if m.hidden {
		in.hidden--
	}
	if m.actual != "" && m.from < len(in.out) {
		in.replace(m)
	}
}

// replace makes one glyph with the actual text of those inside a mark, if they stand
// on one baseline.
func (in *interpreter) replace(m mark) {
	g := in.out[m.from]
	for _, o := range in.out[m.from+1:] {
		if o.dx*g.dx+o.dy*g.dy < 0.99 || math.Abs((o.y-g.y)*g.dx-(o.x-g.x)*g.dy) > 0.3*g.em {
			return
		}
		if (o.ex-g.ex)*g.dx+(o.ey-g.ey)*g.dy > 0 {
			g.ex, g.ey = o.ex, o.ey
		}
	}
	g.text = m.actual
	in.out = append(in.out[:m.from], g)
}

func (in *interpreter) move(x, y float64) {
	in.line = Matrix{1, 0, 0, 1, x, y}.Mul(in.line)
	in.tm = in.line
}

// showAll shows the strings of a Tj or TJ operand list; numbers between them move.
func (in *interpreter) showAll(items []pdf.Object) {
	for _, o := range items {
		if s, ok := o.(pdf.String); ok {
			in.show(s)
			continue
		}
		if v, ok := toNumber(o); ok {
			in.advance(-v / 1000 * in.st.size)
		}
	}
}

// advance moves the text position along the writing direction.
func (in *interpreter) advance(t float64) {
	if in.st.font != nil && in.st.font.vertical {
		in.tm = Matrix{1, 0, 0, 1, 0, t}.Mul(in.tm)
		return
	}
	in.tm = Matrix{1, 0, 0, 1, t * in.st.stretch, 0}.Mul(in.tm)
}

func (in *interpreter) show(s []byte) {
	f := in.st.font
	if f == nil {
		return
	}
	for len(s) > 0 {
		if in.glyphs++; in.glyphs > maxGlyphs {
			in.exceed(maxGlyphs, "glyphs on one page")
			return
		}
		l, n := f.next(s)
		s = s[n:]
		in.place(f, l)
		step := l.width
		if f.vertical {
			step = f.advanceY
		}
		t := step*in.st.size + in.st.char
		if l.space {
			t += in.st.word
		}
		in.advance(t)
	}
}

// place records a glyph where the text matrix stands, if it is on the page.
func (in *interpreter) place(f *font, l letter) {
	if in.hidden > 0 || l.text == "" {
		return
	}
	st := &in.st
	m := Matrix{st.size * st.stretch, 0, 0, st.size, 0, st.rise}.Mul(in.tm).Mul(st.ctm).Mul(in.toPage)
	if !m.finite() {
		return
	}
	g := glyph{text: l.text, unseen: st.mode == 3 || st.mode == 7}
	ox, oy := 0.0, 0.0
	if f.vertical {
		ox, oy = -l.width/2, -f.originY
	}
	g.x, g.y = m.Apply(ox, oy)
	g.ex, g.ey = m.Apply(ox+l.width, oy)
	g.dx, g.dy = m.linear(1, 0)
	ux, uy := m.linear(0, 1)
	length := math.Hypot(g.dx, g.dy)
	if length == 0 {
		return
	}
	g.dx, g.dy = g.dx/length, g.dy/length
	// Slanted text (a skewed matrix) is as high as it rises off the baseline.
	g.em = math.Abs(ux*g.dy - uy*g.dx)
	g.asc, g.desc = g.em*f.ascent, -g.em*f.descent
	g.size = g.em / mmPerPoint
	if g.em < 0.01 || !in.onPage(&g) {
		return
	}
	if in.cover != nil {
		in.cover.glyph(&g, m, l.width)
	}
	in.out = append(in.out, g)
}

// angle is that of the baseline as displayed, degrees clockwise.
func (g *glyph) angle() int {
	return (int(math.Round(math.Atan2(g.dy, g.dx)*180/math.Pi)) + 360) % 360
}

// box is the upright rectangle around a glyph.
func (g *glyph) box(page int) signing.Place {
	a := newAxis(g.angle())
	base, lo, hi := a.across(g.x, g.y), a.along(g.x, g.y), a.along(g.ex, g.ey)
	return a.box(page, min(lo, hi), max(lo, hi), base-g.asc, base+g.desc)
}

// onPage reports whether any of the glyph's box lies on the visible page.
func (in *interpreter) onPage(g *glyph) bool {
	reach := g.asc + g.desc
	return max(g.x, g.ex) > -reach && max(g.y, g.ey) > -reach && min(g.x, g.ex) < in.w+reach && min(g.y, g.ey) < in.h+reach
}
