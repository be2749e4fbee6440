package images

import (
	"image/color"
	"math"
	"strings"
	"unicode"
)

// The signature picture, in pixels; on paper it is printed about 50 × 20 mm.
const (
	SignatureWidth  = 600
	SignatureHeight = 240
)

var blueInk = color.NRGBA{R: 0x1a, G: 0x3f, B: 0xb0, A: 235}

// signatureMark stands under every signature: what it is made with is a test certificate.
const (
	signatureMark = "CHỨNG THƯ THỬ NGHIỆM"
	markSize      = 19.0 // pixels
	markBase      = SignatureHeight - 14.0
)

// Signature draws an invented signature for a name: one blue stroke over the mark of a test
// certificate, 600 × 240 pixels, PNG with a transparent background. Different names give
// different strokes.
func Signature(name string) []byte {
	path := smooth(pen(name))
	fit(path, SignatureWidth, SignatureHeight-2*markSize, 12)
	mask := make([]float64, SignatureWidth*SignatureHeight)
	for i := 1; i < len(path); i++ {
		along := float64(i) / float64(len(path)-1)
		paint(mask, SignatureWidth, path[i-1], path[i], halfWidth(path[i-1], path[i], along))
	}
	for i, a := range marked() {
		mask[i] = max(mask[i], a)
	}
	return ink{blueInk, func(int, int) float64 { return 1 }}.png(mask, SignatureWidth)
}

// marked is the coverage of the mark, centred at the bottom.
func marked() []float64 {
	l := newLettering(SignatureWidth, SignatureHeight)
	left := (SignatureWidth - l.width(signatureMark, markSize)) / 2
	for _, g := range l.glyphs(signatureMark, markSize) {
		l.draw(g, markSize, 1, func(p point) point { return point{left + g.at + p.x, markBase + p.y} })
	}
	return l.mask()
}

// point is a place on the paper; y grows downwards, as in the picture.
type point struct{ x, y float64 }

// The pen's moves in units of a small letter's height, from the end of the
// letter before. Curves run through the points.
var (
	initials = [][]point{
		{{0, -2.2}, {0.9, -3.1}, {1.1, -1.6}, {0.4, 0.3}, {-0.3, 0.1}, {0.5, -1.4}, {1.7, -2.9}, {2.1, -2.4}, {1.6, -0.3}, {2.1, 0}},
		{{0.3, -2.4}, {1.4, -2.9}, {2.9, -3.2}, {2.0, -2.9}, {1.2, -1.2}, {0.6, 0.4}, {0, 0.2}, {0.5, -0.7}, {1.6, -0.9}, {1.9, 0}},
		{{1.8, -2.6}, {1.1, -3.2}, {0.2, -2.0}, {0.1, -0.4}, {0.9, 0.3}, {1.8, -0.5}, {1.9, -1.9}, {1.2, -2.7}, {0.9, -1.8}, {2.3, -0.3}},
		{{0.6, 0.2}, {0.4, -1.6}, {0.9, -3.2}, {1.3, -2.8}, {0.9, -0.8}, {0.2, 0.6}, {-0.5, 0.5}, {0.1, -0.4}, {1.4, -0.5}, {2.0, 0}},
		{{0, -1.4}, {0.6, -2.8}, {2.0, -3.0}, {2.2, -2.0}, {1.0, -1.4}, {2.1, -1.1}, {2.3, -0.1}, {1.0, 0.5}, {0.2, 0}, {1.2, -0.5}, {2.6, 0}},
	}
	letters = [][]point{
		{{0.35, -0.9}, {0.55, -0.1}, {0.75, 0}},                           // arch
		{{0.5, -0.5}, {0.4, -1.0}, {0.12, -0.6}, {0.55, 0.05}},            // eye
		{{0.5, -1.3}, {0.55, -2.4}, {0.25, -1.9}, {0.35, -0.2}, {0.7, 0}}, // ascender
		{{0.4, -0.8}, {0.45, 0.5}, {0.2, 1.5}, {-0.05, 1.1}, {0.7, -0.1}}, // descender
		{{0.2, -0.7}, {0.4, -0.05}, {0.7, -0.7}, {0.85, 0}},               // wave
	}
)

// pen writes the name: a large first letter, quick small ones that shrink
// towards the end, and a flourish.
func pen(name string) []point {
	d := newDice(name)
	words := strings.FieldsFunc(name, func(r rune) bool { return !unicode.IsLetter(r) })
	count := 5
	if len(words) > 0 {
		count = min(max(2+len([]rune(words[len(words)-1])), 4), 8)
	}
	var path []point
	at := point{}
	write := func(moves []point, wide, high float64) {
		from := at
		for _, m := range moves {
			at = point{from.x + m.x*wide*d.between(0.92, 1.08), from.y + m.y*high*d.between(0.92, 1.08)}
			path = append(path, at)
		}
	}
	write(initials[d.pick(len(initials))], d.between(0.9, 1.25), d.between(0.85, 1.1))
	at.y = 0
	last := -1
	for i := range count {
		kind := d.pick(len(letters))
		if kind == last { // two alike in a row look like a spring
			kind = (kind + 1 + d.pick(len(letters)-1)) % len(letters)
		}
		last = kind
		shrink := 1 - 0.5*float64(i)/float64(count)
		write(letters[kind], d.between(1.0, 1.4), shrink*d.between(0.85, 1.15))
		at.y *= 0.5
	}
	long := at.x
	flourishes := [][]point{
		{{1.2, -0.5}, {1.7, 0.3}, {0.4, 1.1}, {-0.55 * long, 1.5}, {-0.6 * long, 1.9}, {-0.2 * long, 1.7}, {1.5, 1.2}},
		{{0.8, 0.3}, {2.0, -0.2}, {3.4, -1.0}},
		{{0.9, -0.9}, {0.6, -2.2}, {-0.4 * long, -1.9}, {-0.75 * long, -0.2}, {-0.45 * long, 1.5}, {0.6, 1.0}, {2.4, 0.1}},
		{{0.7, 0.2}, {1.6, -0.9}, {1.3, -1.5}, {0.8, -0.6}, {1.5, 0.6}, {3.2, 0.2}},
	}
	write(flourishes[d.pick(len(flourishes))], 1, 1)

	// A hand leans to the right and climbs a little along the line.
	lean, climb := d.between(0.18, 0.42), d.between(0.02, 0.12)
	for i, p := range path {
		path[i] = point{p.x - lean*p.y, p.y - climb*p.x}
	}
	return path
}

// smooth lays cubic Bézier curves (Catmull–Rom tangents) through the points
// and returns them as short steps.
func smooth(through []point) []point {
	const steps = 40
	at := func(i int) point { return through[min(max(i, 0), len(through)-1)] }
	var out []point
	for i := 0; i+1 < len(through); i++ {
		p0, p3 := at(i), at(i+1)
		p1 := point{p0.x + (p3.x-at(i-1).x)/6, p0.y + (p3.y-at(i-1).y)/6}
		p2 := point{p3.x - (at(i+2).x-p0.x)/6, p3.y - (at(i+2).y-p0.y)/6}
		for s := range steps {
			t := float64(s) / steps
			u := 1 - t
			a, b, c, e := u*u*u, 3*u*u*t, 3*u*t*t, t*t*t
			out = append(out, point{a*p0.x + b*p1.x + c*p2.x + e*p3.x, a*p0.y + b*p1.y + c*p2.y + e*p3.y})
		}
	}
	return append(out, at(len(through)-1))
}

// fit scales and centres the path into the picture, leaving a margin.
func fit(path []point, width, height, margin float64) {
	lo, hi := path[0], path[0]
	for _, p := range path {
		lo = point{min(lo.x, p.x), min(lo.y, p.y)}
		hi = point{max(hi.x, p.x), max(hi.y, p.y)}
	}
	scale := min((width-2*margin)/(hi.x-lo.x), (height-2*margin)/(hi.y-lo.y))
	for i, p := range path {
		path[i] = point{width/2 + (p.x-(lo.x+hi.x)/2)*scale, height/2 + (p.y-(lo.y+hi.y)/2)*scale}
	}
}

// halfWidth is the pen's: heavier downwards, light upwards, thin at both ends.
func halfWidth(from, to point, along float64) float64 {
	length := math.Hypot(to.x-from.x, to.y-from.y)
	if length == 0 {
		return 0
	}
	down := (to.y - from.y) / length // -1 … 1
	quick := min(length/12, 1)       // long steps are drawn fast and thin
	ends := min(along*14, (1-along)*9, 1)
	return (2.1 + 1.0*down - 0.5*quick) * (0.35 + 0.65*ends)
}

// paint covers the pixels of one short step with a soft edge of one pixel; the
// densest stroke wins, so crossings do not darken.
func paint(mask []float64, width int, from, to point, half float64) {
	height := len(mask) / width
	reach := half + 1
	for y := max(int(min(from.y, to.y)-reach), 0); y <= min(int(max(from.y, to.y)+reach), height-1); y++ {
		for x := max(int(min(from.x, to.x)-reach), 0); x <= min(int(max(from.x, to.x)+reach), width-1); x++ {
			cover := half + 0.5 - distance(point{float64(x) + 0.5, float64(y) + 0.5}, from, to)
			if i := y*width + x; cover > mask[i] {
				mask[i] = min(cover, 1)
			}
		}
	}
}

// distance is from p to the segment a–b.
func distance(p, a, b point) float64 {
	dx, dy := b.x-a.x, b.y-a.y
	t := 0.0
	if l := dx*dx + dy*dy; l > 0 {
		t = min(max(((p.x-a.x)*dx+(p.y-a.y)*dy)/l, 0), 1)
	}
	return math.Hypot(p.x-a.x-t*dx, p.y-a.y-t*dy)
}
