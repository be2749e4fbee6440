package flatten

import (
	"fmt"
	"math"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"congvan/signing"
	"congvan/signing/pdf"
	"congvan/signing/text"
)

const (
	padding  = 2.0  // points between border and text
	leading  = 1.15 // line distance in font sizes
	capital  = 0.7  // height of capitals in font sizes
	largest  = 12.0 // of text whose size fits itself to the field, points
	smallest = 4.0
	maxRunes = 20_000
)

// value draws what the field holds.
func (s *sketch) value(w *widget, mk pdf.Dict) error {
	if s.field.Type == "Btn" {
		return s.button(w, mk)
	}
	lines, err := s.lines(w)
	if err != nil || len(lines) == 0 {
		return err
	}
	for _, line := range lines {
		if _, ok := text.WinAnsi(line); !ok {
			s.embedded = true // all of it: one field, one font
		}
	}
	if s.field.Flags&flagComb != 0 && s.field.Type == "Tx" && len(lines) == 1 {
		o, err := s.fl.inherited(w, "MaxLen")
		if n, ok := o.(int64); err == nil && ok && n > 0 && n <= 1000 {
			return s.comb(lines[0], int(n))
		}
	}
	if s.field.Type == "Tx" && s.field.Flags&flagMultiline == 0 || s.field.Type == "Ch" && s.field.Flags&flagCombo != 0 {
		return s.single(strings.Join(lines, " "))
	}
	return s.paragraph(lines, s.field.Type == "Tx")
}

// lines are the lines of the value; of a choice, what its options show for it.
func (s *sketch) lines(w *widget) ([]string, error) {
	value, err := s.fl.file.Resolve(s.field.Value)
	if err != nil {
		return nil, err
	}
	var values []string
	switch v := value.(type) {
	case nil:
		return nil, nil
	case pdf.String:
		values = []string{v.Text()}
	case pdf.Name:
		values = []string{string(v)}
	case *pdf.Stream:
		data, err := s.fl.file.Decode(v, 1<<20)
		if err != nil {
			return nil, err
		}
		values = []string{pdf.String(data).Text()}
	case pdf.Array:
		for _, o := range v {
			o, err := s.fl.file.Resolve(o)
			if err != nil {
				return nil, err
			}
			if t, ok := o.(pdf.String); ok {
				values = append(values, t.Text())
			}
		}
	default:
		return nil, fmt.Errorf("%w: the value is no text", signing.ErrTruncated)
	}
	if s.field.Type == "Ch" {
		if values, err = s.shown(w, values); err != nil {
			return nil, err
		}
	}
	if s.field.Flags&flagPassword != 0 && s.field.Type == "Tx" {
		for i, v := range values {
			values[i] = strings.Repeat("*", len([]rune(v)))
		}
	}
	all := norm.NFC.String(strings.Join(values, "\n"))
	all = strings.NewReplacer("\r\n", "\n", "\r", "\n", "\t", " ").Replace(all)
	if strings.TrimSpace(all) == "" {
		return nil, nil
	}
	all = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && r != '\n' {
			return -1
		}
		return r
	}, all)
	if n := utf8.RuneCountInString(all); n > maxRunes {
		return nil, fmt.Errorf("%w: a value of %d characters", signing.ErrResourceLimit, n)
	}
	return strings.Split(all, "\n"), nil
}

// shown replaces the values of a choice by what its options show for them.
func (s *sketch) shown(w *widget, values []string) ([]string, error) {
	o, err := s.fl.inherited(w, "Opt")
	if err != nil {
		return nil, err
	}
	options, _ := o.(pdf.Array)
	for _, o := range options {
		pair, err := s.fl.file.Resolve(o)
		if err != nil {
			return nil, err
		}
		a, ok := pair.(pdf.Array)
		if !ok || len(a) != 2 {
			continue
		}
		export, _ := s.fl.file.Resolve(a[0])
		display, _ := s.fl.file.Resolve(a[1])
		from, ok1 := export.(pdf.String)
		to, ok2 := display.(pdf.String)
		if !ok1 || !ok2 {
			continue
		}
		for i, v := range values {
			if v == from.Text() {
				values[i] = to.Text()
			}
		}
	}
	return values, nil
}

// run is text set in a font.
type run struct {
	font    pdf.Name
	operand string
	width   float64 // in font sizes
}

// set sets text in the standard font of the style, or in the one for all other text.
func (s *sketch) set(t string) (run, error) {
	if b, ok := text.WinAnsi(t); ok && !s.embedded {
		width := 0.0
		for _, r := range t {
			width += text.StandardWidth(s.style.base, r)
		}
		s.fonts["F"] = s.fl.standardRef(s.style.base)
		return run{"F", fmt.Sprintf("<%X>", b), width / 1000}, nil
	}
	if s.fl.font == nil {
		if s.fl.newFont == nil {
			return run{}, fmt.Errorf("%w: %q", signing.ErrGlyphMissing, t)
		}
		s.fl.font = s.fl.newFont(s.fl.update)
	}
	operand, width, err := s.fl.font.Set(t)
	if err != nil {
		return run{}, err
	}
	s.fonts["U"] = s.fl.font.Ref()
	return run{"U", operand, float64(width) / 1000}, nil
}

// begin clips to the inside of the border and sets the colour; end undoes it.
func (s *sketch) begin() {
	b := s.border
	fmt.Fprintf(s, "/Tx BMC q %s re W n BT %s\n", operands(b, b, math.Max(s.w-2*b, 0), math.Max(s.h-2*b, 0)), s.style.colour)
}

func (s *sketch) end() { s.WriteString("ET Q EMC\n") }

func (s *sketch) show(r run, size, x, y float64) {
	fmt.Fprintf(s, "/%s %s Tf 1 0 0 1 %s Tm %s Tj\n", r.font, operands(size), operands(x, y), r.operand)
}

// left is where a run begins by the field's alignment.
func (s *sketch) left(width float64) float64 {
	inset := s.border + padding
	switch s.style.align {
	case 1:
		return (s.w - width) / 2
	case 2:
		return s.w - inset - width
	}
	return inset
}

func (s *sketch) single(t string) error {
	r, err := s.set(t)
	if err != nil {
		return err
	}
	size := s.style.size
	if size == 0 {
		size = min(largest, 0.75*(s.h-2*s.border))
		if room := s.w - 2*(s.border+padding); r.width*size > room && r.width > 0 {
			size = room / r.width
		}
		size = max(size, smallest)
	}
	s.begin()
	s.show(r, size, s.left(r.width*size), (s.h-capital*size)/2)
	s.end()
	return nil
}

// comb sets every character into the middle of its cell.
func (s *sketch) comb(t string, cells int) error {
	size := s.style.size
	if size == 0 {
		size = max(smallest, min(largest, 0.75*(s.h-2*s.border)))
	}
	s.begin()
	cell := s.w / float64(cells)
	for i, c := range []rune(t) {
		if i == cells {
			break
		}
		r, err := s.set(string(c))
		if err != nil {
			return err
		}
		s.show(r, size, (float64(i)+0.5)*cell-r.width*size/2, (s.h-capital*size)/2)
	}
	s.end()
	return nil
}

// paragraph sets lines from the top, broken at spaces where wrap is set.
func (s *sketch) paragraph(lines []string, wrap bool) error {
	size := s.style.size
	fixed := size != 0
	if !fixed {
		size = largest
	}
	room := s.w - 2*(s.border+padding)
	for {
		runs, err := s.breakLines(lines, room/size, wrap)
		if err != nil {
			return err
		}
		if !fixed && size > smallest && float64(len(runs))*leading*size > s.h-2*(s.border+padding) {
			size -= 0.5
			continue
		}
		s.begin()
		y := s.h - s.border - padding - 0.9*size
		for _, r := range runs {
			s.show(r, size, s.left(r.width*size), y)
			y -= leading * size
		}
		s.end()
		return nil
	}
}

// breakLines breaks lines so that none is wider than room, in font sizes, if it can
// be broken at a space.
func (s *sketch) breakLines(lines []string, room float64, wrap bool) ([]run, error) {
	var runs []run
	for _, line := range lines {
		words := strings.Split(line, " ")
		if !wrap {
			words = []string{line}
		}
		for at := 0; at < len(words); {
			n := 1
			r, err := s.set(words[at])
			for err == nil && at+n < len(words) {
				var longer run
				if longer, err = s.set(strings.Join(words[at:at+n+1], " ")); err != nil || longer.width > room {
					break
				}
				r = longer
				n++
			}
			if err != nil {
				return nil, err
			}
			runs = append(runs, r)
			at += n
		}
	}
	return runs, nil
}
