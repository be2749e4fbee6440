package text

import "math"

// point is a place on the displayed page, in mm from its upper left corner.
type point struct{ x, y float64 }

// extent is an upright rectangle; the zero value holds nothing.
type extent struct{ x1, y1, x2, y2 float64 }

func emptyExtent() extent {
	return extent{math.Inf(1), math.Inf(1), math.Inf(-1), math.Inf(-1)}
}

func (e extent) empty() bool { return e.x1 >= e.x2 || e.y1 >= e.y2 }

func (e extent) holds(p point) bool { return p.x >= e.x1 && p.x <= e.x2 && p.y >= e.y1 && p.y <= e.y2 }

func (e *extent) add(p point) {
	e.x1, e.y1, e.x2, e.y2 = min(e.x1, p.x), min(e.y1, p.y), max(e.x2, p.x), max(e.y2, p.y)
}

func (e extent) cut(o extent) extent {
	return extent{max(e.x1, o.x1), max(e.y1, o.y1), min(e.x2, o.x2), min(e.y2, o.y2)}
}

// region is the inside of a path: closed polygons, curves as chords.
type region struct {
	polygons [][]point
	evenOdd  bool
	bounds   extent
	upright  bool // the region is its bounds
}

func newRegion(polygons [][]point, evenOdd bool) *region {
	r := &region{polygons: polygons, evenOdd: evenOdd, bounds: emptyExtent()}
	for _, poly := range polygons {
		for _, p := range poly {
			r.bounds.add(p)
		}
	}
	r.upright = len(polygons) == 1 && isUpright(polygons[0])
	return r
}

// isUpright tells an upright rectangle, closed or not.
func isUpright(p []point) bool {
	if len(p) == 5 && p[4] == p[0] {
		p = p[:4]
	}
	if len(p) != 4 {
		return false
	}
	same := func(a, b float64) bool { return math.Abs(a-b) < 1e-6 }
	return same(p[0].y, p[1].y) && same(p[1].x, p[2].x) && same(p[2].y, p[3].y) && same(p[3].x, p[0].x) ||
		same(p[0].x, p[1].x) && same(p[1].y, p[2].y) && same(p[2].x, p[3].x) && same(p[3].y, p[0].y)
}

// edges is what asking for one point costs.
func (r *region) edges() int {
	n := 1
	if !r.upright {
		for _, p := range r.polygons {
			n += len(p)
		}
	}
	return n
}

// holds tells whether a point lies inside (ISO 32000-2 8.5.3.3).
func (r *region) holds(p point) bool {
	if !r.bounds.holds(p) {
		return false
	}
	if r.upright {
		return true
	}
	winding, crossings := 0, 0
	for _, poly := range r.polygons {
		for i, a := range poly {
			b := poly[(i+1)%len(poly)]
			if (a.y <= p.y) == (b.y <= p.y) || a.x+(p.y-a.y)/(b.y-a.y)*(b.x-a.x) <= p.x {
				continue
			}
			crossings++
			if b.y > a.y {
				winding++
			} else {
				winding--
			}
		}
	}
	if r.evenOdd {
		return crossings%2 == 1
	}
	return winding != 0
}

// chords is how many straight pieces stand for a curve.
const chords = 6

func curve(from, c1, c2, to point) []point {
	out := make([]point, chords)
	for i := range out {
		t := float64(i+1) / chords
		u := 1 - t
		a, b, c, d := u*u*u, 3*u*u*t, 3*u*t*t, t*t*t
		out[i] = point{a*from.x + b*c1.x + c*c2.x + d*to.x, a*from.y + b*c1.y + c*c2.y + d*to.y}
	}
	return out
}
