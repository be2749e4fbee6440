package text

import (
	"math"
	"slices"

	"congvan/signing/pdf"
)

// operator follows paths, clips and what is painted with them (ISO 32000-2 8.5).
func (c *cover) operator(op string, args []pdf.Object, resources pdf.Dict) {
	switch op {
	case "m", "l", "c", "v", "y", "h", "re":
		c.build(op, args)
	case "W":
		c.closing = 'W'
	case "W*":
		c.closing = '*'
	case "f", "F", "f*", "S", "s", "B", "B*", "b", "b*", "n":
		c.paint(op)
	case "sh":
		k := &c.in.st.ink
		if k.solid(k.fill) {
			c.hide(k.window, 1, func(point) bool { return true })
		}
	case "EI":
		c.inline(args)
	case "w":
		c.in.st.ink.width = number(args, 0)
	case "g", "rg", "k", "cs", "sc":
		c.in.st.ink.tiled = false
	case "scn":
		c.in.st.ink.tiled = false
		if n := len(args); n > 0 {
			pattern := c.in.dict(c.in.entry(resources, "Pattern", args[n-1]))
			c.in.st.ink.tiled = c.in.resolve(pattern["PatternType"]) == pdf.Object(int64(1))
		}
	}
}

// at is an operand pair as a point of the page.
func (c *cover) at(args []pdf.Object, i int) point {
	x, y := c.in.st.ctm.Mul(c.in.toPage).Apply(number(args, i), number(args, i+1))
	return point{x, y}
}

// build adds to the path.
func (c *cover) build(op string, args []pdf.Object) {
	want := map[string]int{"m": 2, "l": 2, "c": 6, "v": 4, "y": 4, "h": 0, "re": 4}[op]
	if len(args) != want || !c.in.st.ctm.finite() {
		return
	}
	if c.points += chords; c.points > maxPoints {
		c.in.exceed(maxPoints, "points in one path")
		return
	}
	switch op {
	case "m":
		c.path = append(c.path, []point{c.at(args, 0)})
		return
	case "re":
		x, y, w, h := number(args, 0), number(args, 1), number(args, 2), number(args, 3)
		m := c.in.st.ctm.Mul(c.in.toPage)
		var corners []point
		for _, p := range [5]point{{x, y}, {x + w, y}, {x + w, y + h}, {x, y + h}, {x, y}} {
			px, py := m.Apply(p.x, p.y)
			corners = append(corners, point{px, py})
		}
		c.path = append(c.path, corners)
		return
	}
	n := len(c.path) - 1
	if n < 0 {
		return
	}
	sub := c.path[n]
	last := sub[len(sub)-1]
	switch op {
	case "l":
		sub = append(sub, c.at(args, 0))
	case "c":
		sub = append(sub, curve(last, c.at(args, 0), c.at(args, 2), c.at(args, 4))...)
	case "v":
		sub = append(sub, curve(last, last, c.at(args, 0), c.at(args, 2))...)
	case "y":
		sub = append(sub, curve(last, c.at(args, 0), c.at(args, 2), c.at(args, 2))...)
	case "h":
		sub = append(sub, sub[0])
	}
	c.path[n] = sub
}

// paint fills or strokes the path, makes it the clip if that was asked for, and drops it.
func (c *cover) paint(op string) {
	k := &c.in.st.ink
	fills, evenOdd := op[0] == 'f' || op[0] == 'F' || op[0] == 'B' || op[0] == 'b', op[len(op)-1] == '*'
	if fills && !k.tiled && k.solid(k.fill) {
		r := newRegion(c.path, evenOdd)
		c.hide(r.bounds, r.edges(), r.holds)
	}
	if op[0] != 'f' && op[0] != 'F' && op[0] != 'n' && k.solid(k.stroke) {
		c.strokes(op[0] == 's' || op[0] == 'b')
	}
	if c.closing != 0 {
		c.clip(newRegion(c.path, c.closing == '*'))
	}
	c.path, c.points, c.closing = nil, 0, 0
}

// strokes hides what lies under lines that are as thick as letters are high.
func (c *cover) strokes(closed bool) {
	m := c.in.st.ctm.Mul(c.in.toPage)
	width := c.in.st.ink.width * math.Sqrt(math.Abs(m[0]*m[3]-m[1]*m[2]))
	if !(width >= thinnest) {
		return
	}
	for _, sub := range c.path {
		if closed && len(sub) > 0 {
			sub = append(slices.Clip(sub), sub[0])
		}
		for i := 1; i < len(sub); i++ {
			a, b := sub[i-1], sub[i]
			length := math.Hypot(b.x-a.x, b.y-a.y)
			if length == 0 {
				continue
			}
			dx, dy := (b.y-a.y)/length*width/2, (a.x-b.x)/length*width/2
			r := newRegion([][]point{{{a.x + dx, a.y + dy}, {b.x + dx, b.y + dy}, {b.x - dx, b.y - dy}, {a.x - dx, a.y - dy}}}, false)
			c.hide(r.bounds, r.edges(), r.holds)
		}
	}
}

// clip narrows where paint shows. Beyond a number of odd shapes only their bounds count.
func (c *cover) clip(r *region) {
	k := &c.in.st.ink
	k.window = k.window.cut(r.bounds)
	if !r.upright && len(k.clips) < maxClips {
		k.clips = append(slices.Clip(k.clips), r)
	}
}

// graphicsState takes opacity, blending and line width from a parameter dictionary.
func (c *cover) graphicsState(gs pdf.Dict) {
	k := &c.in.st.ink
	for key, to := range map[pdf.Name]*float64{"ca": &k.fill, "CA": &k.stroke, "LW": &k.width} {
		if v, ok := toNumber(c.in.resolve(gs[key])); ok {
			*to = v
		}
	}
	mode, soft := gs["BM"], gs["SMask"]
	if mode != nil || soft != nil {
		k.plain = true
	}
	if mode = c.in.resolve(mode); mode != nil {
		if a, ok := mode.(pdf.Array); ok && len(a) > 0 {
			mode = c.in.resolve(a[0])
		}
		k.plain = mode == pdf.Name("Normal") || mode == pdf.Name("Compatible")
	}
	if soft = c.in.resolve(soft); soft != nil && soft != pdf.Name("None") {
		k.plain = false
	}
}

// enter begins a form: its box clips, and as a transparency group it is painted with
// the opacity of the state outside.
func (c *cover) enter(form pdf.Dict) {
	k := &c.in.st.ink
	if b := c.in.numbers(form["BBox"]); len(b) == 4 {
		m := c.in.st.ctm.Mul(c.in.toPage)
		var corners []point
		for _, p := range [4]point{{b[0], b[1]}, {b[2], b[1]}, {b[2], b[3]}, {b[0], b[3]}} {
			x, y := m.Apply(p.x, p.y)
			corners = append(corners, point{x, y})
		}
		c.clip(newRegion([][]point{corners}, false))
	}
	if c.in.name(c.in.dict(form["Group"])["S"]) == "Transparency" {
		k.veil *= k.fill
		k.blended = k.blended || !k.plain
		k.fill, k.stroke, k.plain = 1, 1, true
	}
}

// solid tells whether paint of an opacity hides what is below it.
func (k *ink) solid(opacity float64) bool {
	return k.plain && !k.blended && opacity*k.veil >= opaque
}

// inline paints an inline image. A stencil has gaps; to cover with one a fill is
// enough, so its bits are not read.
func (c *cover) inline(dict []pdf.Object) {
	for i := 0; i+1 < len(dict); i += 2 {
		key, value := dict[i], dict[i+1]
		if (key == pdf.Name("IM") || key == pdf.Name("ImageMask")) && value == pdf.Object(true) {
			return
		}
	}
	c.square(nil)
}

// image paints an image XObject, with what its masks leave of it.
func (c *cover) image(x *pdf.Stream) {
	d := x.Dict
	switch mask := c.in.resolve(d["Mask"]).(type) {
	case pdf.Array: // a range of colours is left out
		return
	case *pdf.Stream:
		if m := c.bits(mask); m != nil {
			c.square(m.painted)
		}
		return
	}
	if n, _ := c.in.resolve(d["SMaskInData"]).(int64); n != 0 {
		return
	}
	if c.in.resolve(d["ImageMask"]) == pdf.Object(true) {
		if c.in.st.ink.tiled {
			return
		}
		if m := c.bits(x); m != nil {
			c.square(m.painted)
		}
		return
	}
	if soft := c.in.stream(d["SMask"]); soft != nil {
		if m := c.bits(soft); m != nil {
			c.square(m.dense)
		}
		return
	}
	c.square(nil)
}

// square hides what lies under an image: the unit square of user space. inside tells
// of a place in it, from the upper left corner, whether it is opaque there; nil: all is.
func (c *cover) square(inside func(u, v float64) bool) {
	k := &c.in.st.ink
	if !k.solid(k.fill) {
		return
	}
	m := c.in.st.ctm.Mul(c.in.toPage)
	det := m[0]*m[3] - m[1]*m[2]
	if !m.finite() || det == 0 {
		return
	}
	var corners []point
	for _, p := range [4]point{{0, 0}, {1, 0}, {1, 1}, {0, 1}} {
		x, y := m.Apply(p.x, p.y)
		corners = append(corners, point{x, y})
	}
	r := newRegion([][]point{corners}, false)
	c.hide(r.bounds, r.edges(), func(p point) bool {
		if !r.holds(p) || inside == nil {
			return inside == nil && r.holds(p)
		}
		dx, dy := p.x-m[4], p.y-m[5]
		return inside((dx*m[3]-dy*m[2])/det, 1-(dy*m[0]-dx*m[1])/det)
	})
}

// mask is the samples of a stencil or soft mask, read where they are asked for.
type mask struct {
	width, height, bits, row int
	data                     []byte
	inverted                 bool // /Decode [1 0]
}

// bits prepares a mask; nil for one that is too big or of another kind.
func (c *cover) bits(s *pdf.Stream) *mask {
	whole := func(key pdf.Name) int {
		n, _ := c.in.resolve(s.Dict[key]).(int64)
		return int(max(0, min(n, maxMask)))
	}
	m := &mask{width: whole("Width"), height: whole("Height"), bits: whole("BitsPerComponent")}
	if m.bits == 0 && c.in.resolve(s.Dict["ImageMask"]) == pdf.Object(true) {
		m.bits = 1
	}
	if m.width == 0 || m.height == 0 || m.width > maxMask/m.height || m.bits != 1 && m.bits != 8 || len(c.letters) == 0 {
		return nil
	}
	m.row = (m.width*m.bits + 7) / 8
	data, err := c.in.file.Decode(s, int64(m.row*m.height)+1024)
	if err != nil || len(data) < m.row*m.height {
		c.in.note(c.in.ctx.Err())
		return nil
	}
	m.data = data
	decode := c.in.numbers(s.Dict["Decode"])
	m.inverted = len(decode) == 2 && decode[0] > decode[1]
	return m
}

// sample is 0 to 255.
func (m *mask) sample(u, v float64) byte {
	x, y := min(max(int(u*float64(m.width)), 0), m.width-1), min(max(int(v*float64(m.height)), 0), m.height-1)
	var value byte
	if m.bits == 8 {
		value = m.data[y*m.row+x]
	} else if m.data[y*m.row+x/8]&(0x80>>(x%8)) != 0 {
		value = 255
	}
	if m.inverted {
		return 255 - value
	}
	return value
}

// painted tells of a stencil: a bit that is set stays clear.
func (m *mask) painted(u, v float64) bool { return m.sample(u, v) == 0 }

// dense tells of a soft mask.
func (m *mask) dense(u, v float64) bool { return float64(m.sample(u, v)) >= opaque*255 }
