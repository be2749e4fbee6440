package images

import (
	_ "embed"
	"fmt"
	"image"
	"image/color"
	"math"
	"strings"

	"golang.org/x/image/font"
	"golang.org/x/image/font/sfnt"
	"golang.org/x/image/math/fixed"
	"golang.org/x/image/vector"
	"golang.org/x/text/unicode/norm"
)

// Common seals are round and 36 mm across; at 300 dots per inch that is 425
// pixels.
const (
	SealSize       = 425
	SealDiameterMM = 36.0
)

// sealMark stands in every seal, so that none can be taken for a real one.
const sealMark = "THỬ NGHIỆM"

var redInk = color.NRGBA{R: 0xd8, G: 0x1e, B: 0x2c, A: 217}

//go:embed LiberationSans-Bold.ttf
var sealFont []byte

// SealText is what runs around the seal: the agency above on the upper arc,
// the agency itself on the lower one. Where there is none above, the agency
// takes the upper arc. Both are printed in capitals; texts too long for the
// ring are condensed.
type SealText struct{ Superior, Agency string }

// Seal draws a demonstration seal: double ring, the names around it, a star
// and THỬ NGHIỆM in the middle; red, 425 × 425 pixels (36 mm at 300 dpi), PNG
// with a transparent background.
func Seal(t SealText) []byte {
	const middle = SealSize / 2.0
	pen := newLettering(SealSize, SealSize)
	upper, lower := capitals(t.Superior), capitals(t.Agency)
	if upper == "" {
		upper, lower = lower, ""
	}
	pen.ring(upper, lower, middle)
	pen.star(middle, middle-16, 50, 0)
	width := pen.width(sealMark, 29)
	for _, g := range pen.glyphs(sealMark, 29) {
		pen.draw(g, 29, 1, func(p point) point { return point{middle - width/2 + g.at + p.x, middle + 76 + p.y} })
	}

	mask := pen.mask()
	for i := range mask {
		far := math.Hypot(float64(i%SealSize)+0.5-middle, float64(i/SealSize)+0.5-middle)
		mask[i] = max(mask[i], band(far, 206, 10), band(far, 194, 2.6), band(far, 136, 2.6))
	}
	return ink{redInk, grain(t.Superior + "\n" + t.Agency)}.png(mask, SealSize)
}

// capitals is the text as the ring prints it; what no ring could hold is cut.
func capitals(s string) string {
	letters := []rune(strings.ToUpper(norm.NFC.String(strings.Join(strings.Fields(s), " "))))
	return string(letters[:min(len(letters), 120)])
}

// band is how much a ring of the given radius and thickness covers at a
// distance from the middle.
func band(far, radius, thick float64) float64 {
	return min(max(thick/2+0.5-math.Abs(far-radius), 0), 1)
}

// grain makes the ink uneven, as a stamp leaves it: blots of some pixels where
// it is up to a fifth thinner.
func grain(seed string) func(x, y int) float64 {
	const cell = 5
	const side = SealSize/cell + 2
	d := newDice(seed)
	var lattice [side * side]float64
	for i := range lattice {
		lattice[i] = d.between(0, 1)
	}
	return func(x, y int) float64 {
		i, fx, fy := y/cell*side+x/cell, float64(x%cell)/cell, float64(y%cell)/cell
		top := lattice[i]*(1-fx) + lattice[i+1]*fx
		bottom := lattice[i+side]*(1-fx) + lattice[i+side+1]*fx
		v := top*(1-fy) + bottom*fy
		return 1 - 0.18*v*v
	}
}

// lettering draws letters and stars into one picture. Not for concurrent use.
type lettering struct {
	w, h int
	font *sfnt.Font
	buf  sfnt.Buffer
	em   fixed.Int26_6
	z    *vector.Rasterizer
}

func newLettering(w, h int) *lettering {
	f, err := sfnt.Parse(sealFont)
	if err != nil {
		panic(fmt.Sprintf("images: the embedded font is broken: %v", err)) // a broken build, not an input
	}
	return &lettering{w: w, h: h, font: f, em: fixed.I(int(f.UnitsPerEm())), z: vector.NewRasterizer(w, h)}
}

// glyph is a letter and its place on the line, in pixels.
type glyph struct {
	index       sfnt.GlyphIndex
	at, advance float64
}

func (l *lettering) glyphs(text string, size float64) []glyph {
	var out []glyph
	at := 0.0
	for _, r := range text {
		index, err := l.font.GlyphIndex(&l.buf, r)
		if err != nil {
			continue
		}
		units, err := l.font.GlyphAdvance(&l.buf, index, l.em, font.HintingNone)
		if err != nil {
			continue
		}
		g := glyph{index, at, size * float64(units) / float64(l.em)}
		at += g.advance
		out = append(out, g)
	}
	return out
}

func (l *lettering) width(text string, size float64) float64 {
	all := l.glyphs(text, size)
	if len(all) == 0 {
		return 0
	}
	return all[len(all)-1].at + all[len(all)-1].advance
}

// draw adds a letter; place maps its own pixels (baseline at 0, y downwards)
// to the picture's. Condense narrows it.
func (l *lettering) draw(g glyph, size, condense float64, place func(point) point) {
	segments, err := l.font.LoadGlyph(&l.buf, g.index, l.em, nil)
	if err != nil {
		return
	}
	scale := size / float64(l.em)
	xy := func(p fixed.Point26_6) (float32, float32) {
		q := place(point{float64(p.X) * scale * condense, float64(p.Y) * scale})
		return float32(q.x), float32(q.y)
	}
	for _, s := range segments {
		ax, ay := xy(s.Args[0])
		switch s.Op {
		case sfnt.SegmentOpMoveTo:
			l.z.ClosePath()
			l.z.MoveTo(ax, ay)
		case sfnt.SegmentOpLineTo:
			l.z.LineTo(ax, ay)
		case sfnt.SegmentOpQuadTo:
			bx, by := xy(s.Args[1])
			l.z.QuadTo(ax, ay, bx, by)
		case sfnt.SegmentOpCubeTo:
			bx, by := xy(s.Args[1])
			cx, cy := xy(s.Args[2])
			l.z.CubeTo(ax, ay, bx, by, cx, cy)
		}
	}
	l.z.ClosePath()
}

// The ring of text lies between the inner circles; marks over and under the
// capitals need the rest of its height.
const (
	ringSize  = 32.0
	upperBase = 153.0 // radius of the baseline, letters point outwards
	lowerBase = 176.0 // letters point inwards
	lowerStep = 164.0 // radius at which they are spaced: their heads are closer than their feet
	ringGap   = 0.32  // radians kept free at each side, for the small stars
)

// ring writes upper and lower around the middle, with a small star at each
// side between them.
func (l *lettering) ring(upper, lower string, middle float64) {
	wide := func(text string, radius float64) float64 { return l.width(text, ringSize) / radius }
	room := 2 * (math.Pi - ringGap)
	if lower == "" {
		room += ringGap
	}
	condense := min(1, room/(wide(upper, upperBase)+wide(lower, lowerStep)))
	spread := func(text string, base, step float64) (half float64) {
		all := l.glyphs(text, ringSize)
		half = wide(text, step) * condense / 2
		for _, g := range all {
			// Clockwise from the top, or counter-clockwise from the bottom.
			mid := (g.at+g.advance/2)*condense/step - half
			sin, cos := math.Sincos(mid)
			l.draw(g, ringSize, condense, func(p point) point {
				x := p.x - g.advance*condense/2
				if base == lowerBase {
					return point{middle + (base+p.y)*sin + x*cos, middle + (base+p.y)*cos - x*sin}
				}
				return point{middle + (base-p.y)*sin + x*cos, middle - (base-p.y)*cos + x*sin}
			})
		}
		return half
	}
	a := spread(upper, upperBase, upperBase)
	if lower == "" {
		l.star(middle, middle+165, 13, 0)
		return
	}
	b := spread(lower, lowerBase, lowerStep)
	side := (a + math.Pi - b) / 2
	for _, angle := range []float64{side, -side} {
		l.star(middle+165*math.Sin(angle), middle-165*math.Cos(angle), 13, angle)
	}
}

// star adds a five-pointed star, turned clockwise.
func (l *lettering) star(x, y, radius, turn float64) {
	for i := range 10 {
		r := radius
		if i%2 == 1 {
			r *= 0.381966 // the inner corners of a pentagram
		}
		sin, cos := math.Sincos(turn + float64(i)*math.Pi/5)
		px, py := float32(x+r*sin), float32(y-r*cos)
		if i == 0 {
			l.z.MoveTo(px, py)
		} else {
			l.z.LineTo(px, py)
		}
	}
	l.z.ClosePath()
}

// mask is the coverage of all that was drawn.
func (l *lettering) mask() []float64 {
	cover := image.NewAlpha(image.Rect(0, 0, l.w, l.h))
	l.z.Draw(cover, cover.Bounds(), image.Opaque, image.Point{})
	mask := make([]float64, len(cover.Pix))
	for i, a := range cover.Pix {
		mask[i] = float64(a) / 255
	}
	return mask
}
