package pades

import (
	"fmt"

	"congvan/signing"
	"congvan/signing/pdf"
)

// defaultFontSize of text fields: the size of number and date (NĐ 30/2020 Annex I).
const defaultFontSize = 13

// widget is a new field merged with its one widget.
type widget struct {
	ref  pdf.Ref
	dict pdf.Dict
	page *page
	box  box // zero: not visible
}

// newWidget starts a field of a type at a place; a place without size is a field
// that shows nothing.
func (u *update) newWidget(name string, kind pdf.Name, at signing.Place) (*widget, error) {
	p, err := loadPage(u.file, at.Page)
	if err != nil {
		return nil, err
	}
	w := &widget{ref: u.Reserve(), page: p}
	if at.W != 0 || at.H != 0 {
		if w.box, err = p.box(at); err != nil {
			return nil, err
		}
	}
	w.dict = pdf.Dict{
		"Type": pdf.Name("Annot"), "Subtype": pdf.Name("Widget"), "FT": kind, "T": pdf.TextString(name),
		"P": p.ref, "Rect": w.box.array(), "F": int64(flagPrint),
	}
	if p.rotate != 0 && w.box != (box{}) {
		w.dict["MK"] = pdf.Dict{"R": int64(p.rotate)}
	}
	return w, nil
}

// lock gives a signature field its lock.
func (w *widget) lock(u *update, l *signing.Lock) error {
	if l == nil {
		return nil
	}
	d, err := lockDict(l)
	if err != nil {
		return err
	}
	w.dict["Lock"] = u.Add(d)
	return nil
}

// unseen gives a field that shows nothing the empty appearance that some archives ask
// for.
func (w *widget) unseen(u *update) {
	if u.archive.bare() {
		w.dict["AP"] = pdf.Dict{"N": u.canvas(w.box, w.page).write(u.Update, 0)}
	}
}

// place puts the finished field into the update, the form and its page.
func (u *update) place(w *widget) error {
	u.Set(w.ref, w.dict)
	u.form.added = append(u.form.added, w.ref)
	return u.annotate(w.page, w.ref)
}

// create adds an empty field to be filled later. It has an appearance already, an
// empty one, so that no viewer draws its own.
func (u *update) create(spec signing.FieldSpec) error {
	if spec.Place.W <= 0 || spec.Place.H <= 0 {
		return fmt.Errorf("%w: a field to be filled needs width and height", signing.ErrPlace)
	}
	if spec.Kind == signing.FieldSignature {
		if err := u.uncovered(spec.Place); err != nil {
			return err
		}
	}
	kind := map[signing.FieldKind]pdf.Name{signing.FieldText: "Tx", signing.FieldSignature: "Sig"}[spec.Kind]
	w, err := u.newWidget(spec.Name, kind, spec.Place)
	if err != nil {
		return err
	}
	c := u.canvas(w.box, w.page)
	if spec.Kind == signing.FieldText {
		if err := u.textField(w, c, spec); err != nil {
			return err
		}
	} else {
		w.dict["F"] = int64(flagPrint | flagLocked)
		if err := w.lock(u, spec.Lock); err != nil {
			return err
		}
	}
	w.dict["AP"] = pdf.Dict{"N": c.write(u.Update, w.page.rotate)}
	return u.place(w)
}

// textField gives a new text field its font, size and alignment.
func (u *update) textField(w *widget, c *canvas, spec signing.FieldSpec) error {
	points := spec.FontSize
	if points == 0 {
		points = defaultFontSize
	}
	if points < 1 || points > 200 {
		return fmt.Errorf("pades: font size %g pt; 1 to 200", points)
	}
	face := u.engine.regular
	if spec.Italic {
		face = u.engine.italic
	}
	font, err := u.formFont(face)
	if err != nil {
		return err
	}
	size := points / w.page.unit
	w.dict["DA"] = pdf.String(fmt.Sprintf("/%s %s Tf 0 g", font, num(size)))
	w.dict["Q"] = int64(alignLeft)
	if c.width <= narrow*size {
		w.dict["Q"] = int64(alignCentre)
	}
	c.content.WriteString("/Tx BMC EMC")
	return nil
}

// Alignments of a text field (/Q).
const (
	alignLeft   = 0
	alignCentre = 1
	alignRight  = 2
)

// narrow is the width, in font sizes, up to which a text field is a blank between
// two words of a line (day, month, year, a short number), whose value stands in its
// middle. A wider one is open to the right: its value stands at the left.
const narrow = 4

// formChars are the characters of the font that fields name in /DA: what a number,
// a notation or a date is made of. It is for viewers that let a person type; what
// this package fills in brings a subset of its own.
const formChars = " !\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`" +
	"abcdefghijklmnopqrstuvwxyz{|}~ĂÂĐÊÔƠƯăâđêôơư"

// formFont names the face in the form's default resources (/DR), adding it when
// missing: each dictionary changes where it lies, in its parent or in an object of
// its own.
func (u *update) formFont(f *face) (pdf.Name, error) {
	resources, putResources, err := u.child(u.form.dict, "DR")
	if err != nil {
		return "", err
	}
	fonts, putFonts, err := u.child(resources, "Font")
	if err != nil {
		return "", err
	}
	name := pdf.Name("CV" + f.name)
	if fonts[name] != nil {
		return name, nil
	}
	s := newSubset(f, u.Reserve())
	if _, err := s.set(formChars); err != nil {
		return "", err
	}
	if err := s.write(u.Update); err != nil {
		return "", err
	}
	fonts[name] = s.ref
	if putFonts() && putResources() {
		u.form.changed = true
	}
	return name, nil
}
