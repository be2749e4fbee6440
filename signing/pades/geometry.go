package pades

import (
	"fmt"
	"math"
	"slices"

	"congvan/signing"
	"congvan/signing/pdf"
)

const mmPerPoint = 25.4 / 72

// box is a rectangle in user space: lower left and upper right corner.
type box [4]float64

func (b box) width() float64  { return b[2] - b[0] }
func (b box) height() float64 { return b[3] - b[1] }

func (b box) array() pdf.Array {
	return pdf.Array{round(b[0]), round(b[1]), round(b[2]), round(b[3])}
}

// page is what the module knows of a page that it draws on.
type page struct {
	number int // 1-based
	ref    pdf.Ref
	crop   box     // visible part
	rotate int     // 0, 90, 180, 270: clockwise turn for display
	unit   float64 // points in one user space unit (/UserUnit)
}

// sideways tells whether displayed width is user space height.
func (p *page) sideways() bool { return p.rotate%180 != 0 }

// size is the displayed size in mm.
func (p *page) size() (w, h float64) {
	w, h = p.crop.width()*p.unit*mmPerPoint, p.crop.height()*p.unit*mmPerPoint
	if p.sideways() {
		w, h = h, w
	}
	return w, h
}

// rightHalf tells whether a box lies in the right half of the page as displayed.
func (p *page) rightHalf(b box) bool {
	x, y := (b[0]+b[2]-p.crop[0]-p.crop[2])/2, (b[1]+b[3]-p.crop[1]-p.crop[3])/2
	switch p.rotate {
	case 90:
		return y > 0
	case 180:
		return x < 0
	case 270:
		return y < 0
	}
	return x > 0
}

// box turns a place, in mm from the upper left corner of the visible page, into user
// space. A place that does not lie on the page is signing.ErrPlace.
func (p *page) box(at signing.Place) (box, error) {
	w, h := p.size()
	const slack = 0.5 // mm; a scanned page's size is seldom exact
	for _, v := range []float64{at.X, at.Y, at.W, at.H} {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return box{}, fmt.Errorf("%w: a coordinate is no number", signing.ErrPlace)
		}
	}
	if at.W <= 0 || at.H <= 0 || at.X < -slack || at.Y < -slack || at.X+at.W > w+slack || at.Y+at.H > h+slack {
		return box{}, fmt.Errorf("%w: x %.1f, y %.1f, width %.1f, height %.1f mm; page %d is %.1f × %.1f mm",
			signing.ErrPlace, at.X, at.Y, at.W, at.H, p.number, w, h)
	}
	x1, y1 := p.point(at.X, at.Y)
	x2, y2 := p.point(at.X+at.W, at.Y+at.H)
	// Rounded as they are written: measured again from the file, when the field is
	// filled, the box has the same size to the last digit.
	return box{round(math.Min(x1, x2)), round(math.Min(y1, y2)), round(math.Max(x1, x2)), round(math.Max(y1, y2))}, nil
}

// point turns a displayed point in mm into user space.
func (p *page) point(x, y float64) (float64, float64) {
	perUnit := mmPerPoint * p.unit
	dx, dy := x/perUnit, y/perUnit
	switch p.rotate {
	case 90: // the lower left corner is displayed at the upper left
		return p.crop[0] + dy, p.crop[1] + dx
	case 180:
		return p.crop[2] - dx, p.crop[1] + dy
	case 270:
		return p.crop[2] - dy, p.crop[3] - dx
	}
	return p.crop[0] + dx, p.crop[3] - dy
}

// loadPage reads page n of a file.
func loadPage(f *pdf.File, n int) (*page, error) {
	count, err := f.PageCount()
	if err != nil {
		return nil, err
	}
	if n < 1 || n > count {
		return nil, fmt.Errorf("%w: page %d of %d", signing.ErrPlace, n, count)
	}
	p, err := f.Page(n)
	if err != nil {
		return nil, err
	}
	return &page{number: n, ref: p.Ref, crop: p.CropBox, rotate: p.Rotate, unit: p.UserUnit}, nil
}

// pageOfWidget finds the page that shows a widget: the one whose /Annots lists it.
func pageOfWidget(f *pdf.File, w pdf.Widget) (*page, error) {
	found := 0
	err := f.EachPage(func(n int, ref pdf.Ref, dict pdf.Dict) (bool, error) {
		annots, err := f.Array(dict["Annots"])
		if err != nil {
			return false, err
		}
		if slices.Contains(annots, pdf.Object(w.Ref)) {
			found = n
		}
		return found == 0, nil
	})
	if err != nil {
		return nil, err
	}
	if found == 0 {
		return nil, fmt.Errorf("%w: no page shows the field", signing.ErrFieldMissing)
	}
	return loadPage(f, found)
}
