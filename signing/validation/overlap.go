package validation

import (
	"fmt"
	"unicode/utf8"

	"congvan/signing"
	"congvan/signing/pdf"
	"congvan/signing/text"
)

// quoted is how many letters of the page's text a change shows.
const quoted = 40

// overlap judges where the widgets of a new visible signature stand (the sneaky
// signature attack). Over blank paper, other signatures and a signer's block of title
// and name all is well (text.Under). Over other text the appearance must not hide it:
// that is forbidden. One that lets the text through, as a seal of the wrong size does,
// is told in the returned detail.
func (s *step) overlap(f *pdf.Field) (detail string, err error) {
	for _, w := range f.Widgets {
		visible, err := shows(s.new, w.Dict)
		if err != nil {
			return "", err
		}
		if !visible {
			continue // another widget of the field may be
		}
		at, err := s.placeOf(w)
		if err != nil {
			return "", s.unread(f, err)
		}
		if at.Page == 0 {
			continue
		}
		under, err := text.Under(s.ctx, s.new, at)
		if err != nil {
			return "", s.unread(f, err)
		}
		if len(under) == 0 {
			continue
		}
		hidden, err := text.Conceals(s.ctx, s.new, at.Page, func(pdf.Dict, pdf.Ref) bool { return true })
		if err != nil {
			return "", s.unread(f, err)
		}
		for _, h := range hidden.Covered {
			if t, ok := touched(h.Place, under); ok && h.By == w.Ref {
				s.forbidField(f.Name, "its appearance hides “%s” on page %d", quote(t.Text), at.Page)
				return "", nil
			}
		}
		detail = fmt.Sprintf("it stands over “%s” on page %d", quote(under[0].Text), at.Page)
	}
	return detail, nil
}

// unread forbids a signature over a page whose text cannot be read: nobody can tell
// what it hides.
func (s *step) unread(f *pdf.Field, err error) error {
	if fatal(err) {
		return err
	}
	s.forbidField(f.Name, "the text below it cannot be read: %v", err)
	return nil
}

// placeOf finds a widget on the page that lists it; page 0 when none does.
func (s *step) placeOf(w pdf.Widget) (at signing.Place, err error) {
	number := 0
	err = s.new.EachPage(func(n int, _ pdf.Ref, page pdf.Dict) (bool, error) {
		annots, err := s.new.Array(page["Annots"])
		for _, o := range annots {
			if o == pdf.Object(w.Ref) {
				number = n
			}
		}
		return number == 0, pass(err)
	})
	if err != nil || number == 0 {
		return at, err
	}
	page, err := s.new.Page(number)
	if err != nil {
		return at, err
	}
	at, ok := text.PlaceOf(s.new, page, number, w.Dict["Rect"])
	if !ok {
		at.Page = 0
	}
	return at, nil
}

// touched is the first piece of text that a place reaches.
func touched(p signing.Place, pieces []signing.TextHit) (signing.TextHit, bool) {
	for _, t := range pieces {
		if p.X < t.X+t.W && t.X < p.X+p.W && p.Y < t.Y+t.H && t.Y < p.Y+p.H {
			return t, true
		}
	}
	return signing.TextHit{}, false
}

func quote(s string) string {
	if utf8.RuneCountInString(s) > quoted {
		return string([]rune(s)[:quoted]) + "…"
	}
	return s
}
