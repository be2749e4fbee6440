package flatten

import (
	"fmt"

	"congvan/signing/pdf"
)

// button draws the caption of a push button, or the mark of a check box or radio
// button that is on.
func (s *sketch) button(w *widget, mk pdf.Dict) error {
	caption, err := s.fl.file.Resolve(mk["CA"])
	if err != nil {
		return err
	}
	sign, _ := caption.(pdf.String)
	if s.field.Flags&flagPushButton != 0 {
		if len(sign) == 0 {
			return nil
		}
		s.style.align = 1
		return s.single(sign.Text())
	}
	if s.fl.state(w) == "Off" {
		return nil
	}
	shape := "4"
	if s.field.Flags&flagRadio != 0 {
		shape = "l"
	}
	if len(sign) == 1 {
		shape = string(sign)
	}
	s.mark(shape)
	return nil
}

// mark draws one of the marks that viewers take from ZapfDingbats, by its character
// there, as a path in the middle of the field.
func (s *sketch) mark(shape string) {
	side := min(s.w, s.h) - 2*(s.border+1)
	if side <= 0 {
		return
	}
	fmt.Fprintf(s, "q %s %s cm\n", s.style.colour, operands(side, 0, 0, side, (s.w-side)/2, (s.h-side)/2))
	fmt.Fprintf(s, "%s 0.12 w 1 J 1 j\n", stroking(s.style.colour))
	path, ok := marks[shape]
	if !ok {
		path = marks["4"]
	}
	s.WriteString(path + "\nQ\n")
}

// stroking is the stroking operator of a filling colour.
func stroking(colour string) string {
	b := []byte(colour)
	for i, c := range b {
		if c >= 'a' && c <= 'z' {
			b[i] = c - 'a' + 'A'
		}
	}
	return string(b)
}

// marks are paths in a square of side 1: check, cross, circle, diamond, square, star.
var marks = map[string]string{
	"4": "0.12 0.5 m 0.4 0.18 l 0.88 0.85 l S",
	"8": "0.15 0.15 m 0.85 0.85 l 0.15 0.85 m 0.85 0.15 l S",
	"l": "0.5 0.85 m 0.693 0.85 0.85 0.693 0.85 0.5 c 0.85 0.307 0.693 0.15 0.5 0.15 c 0.307 0.15 0.15 0.307 0.15 0.5 c 0.15 0.693 0.307 0.85 0.5 0.85 c f",
	"u": "0.5 0.1 m 0.9 0.5 l 0.5 0.9 l 0.1 0.5 l f",
	"n": "0.15 0.15 0.7 0.7 re f",
	"H": "0.5 0.95 m 0.606 0.646 l 0.928 0.639 l 0.671 0.444 l 0.765 0.136 l 0.5 0.32 l 0.235 0.136 l 0.329 0.444 l 0.072 0.639 l 0.394 0.646 l f",
}
