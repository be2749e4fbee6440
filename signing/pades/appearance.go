package pades

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"strings"

	"congvan/signing"
	"congvan/signing/pdf"
)

// textSize is the size of the attachment and copy looks, in points (NĐ 30/2020 Annex I).
const textSize = 10

// leading is the distance of two baselines, in parts of the font size.
const leading = 1.15

// canvas is the drawing of one appearance: a form XObject as wide and high as the
// field is displayed, in user space units, upright as the page is displayed. The
// origin is its lower left corner.
type canvas struct {
	width, height float64
	unit          float64 // points in one user space unit
	right         bool    // text stands at the right edge
	archive       archive
	content       bytes.Buffer
	fonts, images pdf.Dict
	spaces        pdf.Dict // colour spaces
}

// canvas measures a field for drawing.
func (u *update) canvas(b box, p *page) *canvas {
	c := &canvas{
		width: b.width(), height: b.height(), unit: p.unit, right: p.rightHalf(b), archive: u.archive,
		fonts: pdf.Dict{}, images: pdf.Dict{}, spaces: pdf.Dict{},
	}
	if p.sideways() {
		c.width, c.height = c.height, c.width
	}
	return c
}

// write puts the drawing into the update as a form XObject (ISO 32000-2, 8.10) that
// is turned against the rotation of its page. It is not compressed: EU DSS takes a
// /Filter that the empty appearance did not have for a change of the file.
func (c *canvas) write(u *pdf.Update, rotate int) pdf.Ref {
	d := pdf.Dict{
		"Type": pdf.Name("XObject"), "Subtype": pdf.Name("Form"),
		"BBox":      pdf.Array{int64(0), int64(0), round(c.width), round(c.height)},
		"Resources": pdf.Dict{},
	}
	resources := pdf.Dict{}
	if len(c.fonts) > 0 {
		resources["Font"] = c.fonts
	}
	if len(c.images) > 0 {
		resources["XObject"] = c.images
	}
	if len(c.spaces) > 0 {
		resources["ColorSpace"] = c.spaces
	}
	d["Resources"] = resources
	switch rotate { // 12.5.5 scales and moves the turned box onto /Rect
	case 90:
		d["Matrix"] = pdf.Array{int64(0), int64(1), int64(-1), int64(0), int64(0), int64(0)}
	case 180:
		d["Matrix"] = pdf.Array{int64(-1), int64(0), int64(0), int64(-1), int64(0), int64(0)}
	case 270:
		d["Matrix"] = pdf.Array{int64(0), int64(-1), int64(1), int64(0), int64(0), int64(0)}
	}
	return u.AddStream(d, c.content.Bytes(), false)
}

// black sets the colour of text.
func (c *canvas) black() string {
	operator, space := c.archive.black()
	if space != nil {
		c.spaces["Grey"] = space
	}
	return operator
}

// image draws a picture as large as fits, centred, with its own proportions.
func (c *canvas) image(ref pdf.Ref, p *picture) {
	scale := math.Min(c.width/float64(p.width), c.height/float64(p.height))
	w, h := scale*float64(p.width), scale*float64(p.height)
	c.images["Im"] = ref
	fmt.Fprintf(&c.content, "q %s 0 0 %s %s %s cm /Im Do Q", num(w), num(h), num((c.width-w)/2), num((c.height-h)/2))
}

// block is text set in lines, from the top down.
type block struct {
	lines         []line
	size          float64 // of the font, user space units
	width, height float64 // user space units
}

// block sets lines of text, wrapping those that are too wide. It is signing.ErrPlace
// when they do not fit.
func (c *canvas) block(s *subset, lines []string) (*block, error) {
	if strings.TrimSpace(strings.Join(lines, "")) == "" {
		return nil, errors.New("pades: the look has no text to show")
	}
	b := &block{size: textSize / c.unit}
	for _, text := range lines {
		wrapped, err := wrap(s, text, c.width*1000/b.size)
		if err != nil {
			return nil, err
		}
		b.lines = append(b.lines, wrapped...)
	}
	for _, l := range b.lines {
		b.width = max(b.width, float64(l.width)*b.size/1000)
	}
	b.height = b.size * ((tallest+descent)/1000.0 + leading*float64(len(b.lines)-1))
	if b.height > c.height+0.01 {
		return nil, fmt.Errorf("%w: %d lines of text need %.1f mm in height, the place has %.1f mm",
			signing.ErrPlace, len(b.lines), b.height*c.unit*mmPerPoint, c.height*c.unit*mmPerPoint)
	}
	return b, nil
}

// text draws lines of black text at the upper edge.
func (c *canvas) text(s *subset, lines []string) error {
	b, err := c.block(s, lines)
	if err != nil {
		return err
	}
	c.fonts["F"] = s.ref
	fmt.Fprintf(&c.content, "BT %s /F %s Tf", c.black(), num(b.size))
	for i, l := range b.lines {
		x, y := 0.0, c.height-b.size*(tallest/1000.0+leading*float64(i))
		if c.right {
			x = c.width - float64(l.width)*b.size/1000
		}
		fmt.Fprintf(&c.content, " 1 0 0 1 %s %s Tm %s Tj", num(x), num(y), l.hex)
	}
	c.content.WriteString(" ET")
	return nil
}

// trimmed narrows the place of a text look to what its lines take: the field is no
// larger than what it shows, so that it stands over nothing for no reason.
func (u *update) trimmed(at signing.Place) (signing.Place, error) {
	look := u.request.Appearance.Look
	if look != signing.LookAttachment && look != signing.LookCopy {
		return at, nil
	}
	p, err := loadPage(u.file, at.Page)
	if err != nil {
		return at, err
	}
	box, err := p.box(at)
	if err != nil {
		return at, err
	}
	c := u.canvas(box, p)
	b, err := c.block(u.subset(u.engine.regular), u.request.Appearance.Lines)
	if err != nil {
		return at, err
	}
	const slack = 0.02 // mm: what rounding may take must not break a line anew
	w, h := min(at.W, b.width*p.unit*mmPerPoint+slack), min(at.H, b.height*p.unit*mmPerPoint+slack)
	if c.right {
		at.X += at.W - w
	}
	at.W, at.H = w, h
	return at, nil
}

// wrap breaks text at spaces into lines of at most width thousandths of the font
// size. A single word that is wider is signing.ErrPlace.
func wrap(s *subset, text string, width float64) ([]line, error) {
	var out []line
	current := line{hex: "<>"}
	words := strings.Fields(text)
	for from, to := 0, 1; to <= len(words); to++ {
		l, err := s.set(strings.Join(words[from:to], " "))
		if err != nil {
			return nil, err
		}
		if float64(l.width) > width {
			if to-from == 1 {
				return nil, fmt.Errorf("%w: the word %q is wider than the place", signing.ErrPlace, words[from])
			}
			out = append(out, current)
			from, to = to-1, to-1
			continue
		}
		current = l
	}
	return append(out, current), nil
}

// num writes a coordinate; a ten-thousandth of a point is finer than any device.
func num(f float64) string {
	s := fmt.Sprintf("%.4f", f)
	s = strings.TrimRight(strings.TrimRight(s, "0"), ".")
	if s == "-0" {
		return "0"
	}
	return s
}

// round gives a coordinate for a dictionary the precision of num.
func round(f float64) float64 { return math.Round(f*1e4)/1e4 + 0 }
