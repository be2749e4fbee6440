package pades

import (
	"fmt"
	"math"
	"strings"

	"golang.org/x/text/unicode/norm"

	"congvan/signing"
	"congvan/signing/pdf"
)

// readOnly is the field flag that keeps a person from typing into a filled field.
const readOnly = 1

// fill sets the value of an existing text field and draws it. Of the field only /V,
// /AP and /Ff change: more would break the signatures before.
func (u *update) fill(v signing.FieldValue) error {
	field, err := u.form.find(v.Name)
	switch {
	case err != nil:
		return err
	case field == nil:
		return signing.ErrFieldMissing
	case field.Type != "Tx":
		return fmt.Errorf("%w: it is no text field", signing.ErrFieldMissing)
	}
	if err := u.setValue(field, pdf.TextString(norm.NFC.String(v.Value))); err != nil {
		return err
	}
	style, err := u.style(field)
	if err != nil {
		return err
	}
	for _, w := range field.Widgets {
		draw := func(b box, p *page) (pdf.Object, error) {
			c := u.canvas(b, p)
			if err := c.value(u.subset(style.face), v.Value, style); err != nil {
				return nil, err
			}
			return pdf.Dict{"N": c.write(u.Update, p.rotate)}, nil
		}
		if err := u.redraw(w, draw); err != nil {
			return err
		}
	}
	return nil
}

// setValue changes /V of a field; of a text field also its read-only flag.
func (u *update) setValue(field *pdf.Field, value pdf.Object) error {
	if field.Ref == (pdf.Ref{}) {
		return fmt.Errorf("%w: the field is no object of its own", signing.ErrFieldMissing)
	}
	d, err := u.copyOf(field.Ref)
	if err != nil {
		return err
	}
	d["V"] = value
	if field.Type == "Tx" {
		d["Ff"] = int64(field.Flags | readOnly)
	}
	u.Set(field.Ref, d)
	return nil
}

// redraw gives an existing widget a new appearance, as upright as its page is shown.
func (u *update) redraw(w pdf.Widget, draw func(box, *page) (pdf.Object, error)) error {
	if w.Ref == (pdf.Ref{}) {
		return fmt.Errorf("%w: its widget is no object of its own", signing.ErrFieldMissing)
	}
	p, err := pageOfWidget(u.file, w)
	if err != nil {
		return err
	}
	rect, err := u.file.Rect(w.Dict["Rect"])
	if err != nil {
		return err
	}
	b := box(rect)
	if b.width() <= 0 || b.height() <= 0 {
		return fmt.Errorf("%w: the field has no size", signing.ErrPlace)
	}
	appearance, err := draw(b, p)
	if err != nil {
		return err
	}
	d, err := u.copyOf(w.Ref)
	if err != nil {
		return err
	}
	d["AP"] = appearance
	delete(d, "AS") // it chose among appearances that are gone
	u.Set(w.Ref, d)
	return nil
}

// style is how the value of a text field is set.
type style struct {
	face  *face
	size  float64 // user space units; 0: as fits
	align int64
}

// style reads a text field's default appearance and alignment, inherited or its own
// (12.7.4.3).
func (u *update) style(field *pdf.Field) (style, error) {
	s := style{face: u.engine.regular}
	appearance, err := u.inherited(field, "DA")
	if err != nil {
		return s, err
	}
	var font pdf.Name
	if text, ok := appearance.(pdf.String); ok {
		font, s.size = defaultAppearance(text)
	}
	if italic, err := u.italic(font); err != nil {
		return s, err
	} else if italic {
		s.face = u.engine.italic
	}
	align, err := u.inherited(field, "Q")
	if n, ok := align.(int64); ok {
		s.align = n
	}
	return s, err
}

// inherited looks a key up in a field, its parents and the form.
func (u *update) inherited(field *pdf.Field, key pdf.Name) (pdf.Object, error) {
	dicts := []pdf.Dict{u.form.dict}
	for _, ref := range field.Parents {
		d, err := u.file.Dict(ref)
		if err != nil {
			return nil, err
		}
		dicts = append(dicts, d)
	}
	dicts = append(dicts, field.Dict)
	if len(field.Widgets) > 0 {
		dicts = append(dicts, field.Widgets[0].Dict)
	}
	var found pdf.Object
	for _, d := range dicts {
		if d[key] != nil {
			found = d[key]
		}
	}
	return u.file.Resolve(found)
}

// defaultAppearance finds the font and size of the last Tf in a /DA string.
func defaultAppearance(text pdf.String) (font pdf.Name, size float64) {
	scan := pdf.NewScanner(text, pdf.DefaultLimits())
	var operands []pdf.Object
	for {
		o, err := scan.Next()
		if err != nil || o == pdf.Keyword("") { // the end
			return font, size
		}
		operator, ok := o.(pdf.Keyword)
		if !ok {
			operands = append(operands, o)
			continue
		}
		if n := len(operands); operator == "Tf" && n >= 2 {
			font, _ = operands[n-2].(pdf.Name)
			switch v := operands[n-1].(type) {
			case int64:
				size = float64(v)
			case float64:
				size = v
			}
		}
		operands = operands[:0]
	}
}

// italic tells whether a font of the form's resources is an italic one.
func (u *update) italic(font pdf.Name) (bool, error) {
	d := u.form.dict
	for _, key := range []pdf.Name{"DR", "Font", font} {
		var err error
		if d, err = u.file.Dict(d[key]); err != nil || d == nil {
			return false, err
		}
	}
	base, err := u.file.Resolve(d["BaseFont"])
	name, _ := base.(pdf.Name)
	return strings.Contains(string(name), "Italic"), err
}

// minShrink is how far a value may be made smaller to fit its field.
const minShrink = 0.7

// value draws one line of text, by its alignment.
func (c *canvas) value(s *subset, text string, st style) error {
	l, err := s.set(text)
	if err != nil {
		return err
	}
	size := st.size
	if size <= 0 {
		size = math.Min(12/c.unit, c.height*1000/(ascent+descent))
	}
	if fits := c.width * 1000 / float64(l.width); l.width > 0 && fits < size {
		if fits < size*minShrink {
			return fmt.Errorf("%w: %q needs %.1f mm, the field is %.1f mm wide",
				signing.ErrPlace, text, float64(l.width)*size/1000*c.unit*mmPerPoint, c.width*c.unit*mmPerPoint)
		}
		size = fits
	}
	x := 0.0
	switch rest := c.width - float64(l.width)*size/1000; st.align {
	case alignCentre:
		x = rest / 2
	case alignRight:
		x = rest
	}
	c.fonts["F"] = s.ref
	fmt.Fprintf(&c.content, "/Tx BMC q BT %s /F %s Tf %s %s Td %s Tj ET Q EMC", c.black(), num(size), num(x), num(c.baseline(size)), l.hex)
	return nil
}

// baseline puts a value on the line of the page's own text. A field made from a
// blank of that line reaches from the descent of the line's font to its ascent, so
// the baseline that centres the same metrics is the line's own, and a good one in a
// field of any other height. Where a page's font tells no metrics the blank is one
// font size high, a quarter of it below the baseline: so readers draw the line.
func (c *canvas) baseline(size float64) float64 {
	if math.Abs(c.height-size) < 0.02*size {
		return c.height / 4
	}
	return (c.height-size*(ascent+descent)/1000)/2 + size*descent/1000
}
