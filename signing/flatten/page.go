package flatten

import (
	"fmt"
	"io"
	"maps"
	"math"
	"strconv"
	"strings"

	"congvan/signing"
	"congvan/signing/pdf"
	"congvan/signing/text"
)

// Bits of annotation flags (ISO 32000-2, 12.5.3).
const (
	flagHidden = 1 << 1
	flagNoView = 1 << 5
)

// maxContent bounds the content of one page and one appearance.
const maxContent = 64 << 20

// page paints the widgets of one page into its content and takes them off the page.
func (fl *flattener) page(page pdf.Page) error {
	annots, err := fl.file.Array(page.Dict["Annots"])
	if err != nil {
		return err
	}
	left := pdf.Array{}
	var shown []placed
	for _, o := range annots {
		d, err := fl.file.Dict(o)
		if err != nil {
			return err
		}
		at, _ := o.(pdf.Ref)
		if d["Subtype"] != pdf.Name("Widget") || fl.kept[at] {
			left = append(left, o)
			continue
		}
		w, err := fl.widget(at, d)
		if err != nil {
			return err
		}
		p, err := fl.appearance(w)
		if err != nil {
			return &Error{w.field.Name, err}
		}
		if p.form != (pdf.Ref{}) {
			shown = append(shown, p)
		}
		fl.drop(at, d)
	}
	if len(left) == len(annots) {
		return nil
	}
	changed := maps.Clone(page.Dict)
	changed["Annots"] = left
	if len(left) == 0 {
		delete(changed, "Annots")
	}
	if len(shown) > 0 {
		if err := fl.paint(changed, page.Resources, shown); err != nil {
			return err
		}
	}
	fl.update.Set(page.Ref, changed)
	return nil
}

// placed is a form XObject and the matrix that puts it into its rectangle.
type placed struct {
	form pdf.Ref
	at   text.Matrix
}

// paint shows forms after the content of a page.
func (fl *flattener) paint(page, inherited pdf.Dict, shown []placed) error {
	resources := maps.Clone(inherited)
	if resources == nil {
		resources = pdf.Dict{}
	}
	old, err := fl.file.Dict(resources["XObject"])
	if err != nil {
		return err
	}
	objects := maps.Clone(old)
	if objects == nil {
		objects = pdf.Dict{}
	}
	var content strings.Builder
	next := 0
	for _, p := range shown {
		name := pdf.Name("")
		for taken := true; taken; _, taken = objects[name] {
			next++
			name = pdf.Name("Flat" + strconv.Itoa(next))
		}
		objects[name] = p.form
		fmt.Fprintf(&content, "q %s cm /%s Do Q\n", operands(p.at[:]...), name)
	}
	resources["XObject"] = objects
	page["Resources"] = resources
	return fl.wrap(page, content.String())
}

// wrap puts content behind that of a page, in the graphics state in which the page
// began, whatever its own content leaves behind.
func (fl *flattener) wrap(page pdf.Dict, content string) error {
	streams, data, err := fl.content(page["Contents"])
	if err != nil {
		return err
	}
	unsaved, open := text.Nesting(data)
	before := pdf.Array{}
	if len(streams) > 0 {
		if unsaved == 0 && fl.save == (pdf.Ref{}) {
			fl.save = fl.update.AddStream(nil, []byte("q\n"), false)
		}
		save := fl.save
		if unsaved > 0 {
			save = fl.update.AddStream(nil, []byte(strings.Repeat("q\n", unsaved+1)), true)
		}
		before = append(before, save)
		content = strings.Repeat("Q\n", open+1) + content
	}
	after := fl.update.AddStream(nil, []byte("\n"+content), true)
	page["Contents"] = append(append(before, streams...), after)
	return nil
}

// content returns the content streams of a page and what they hold together.
func (fl *flattener) content(o pdf.Object) (pdf.Array, []byte, error) {
	value, err := fl.file.Resolve(o)
	if err != nil {
		return nil, nil, err
	}
	list, ok := value.(pdf.Array)
	if !ok {
		list = pdf.Array{o}
	}
	var refs pdf.Array
	var all []byte
	for _, e := range list {
		s, err := fl.file.Resolve(e)
		if err != nil {
			return nil, nil, err
		}
		stream, ok := s.(*pdf.Stream)
		if !ok {
			continue
		}
		data, err := fl.file.Decode(stream, maxContent)
		if err != nil {
			return nil, nil, err
		}
		if len(all)+len(data) > maxContent {
			return nil, nil, fmt.Errorf("%w: content of more than %d bytes", signing.ErrResourceLimit, maxContent)
		}
		refs, all = append(refs, stream.Ref()), append(append(all, data...), '\n')
	}
	return refs, all, nil
}

// widget is one place of a field with what it inherits.
type widget struct {
	dict  pdf.Dict
	field *pdf.Field
	rect  [4]float64
}

// widget finds the field of an annotation. One that belongs to no field of the form
// is flattened like a field of its own.
func (fl *flattener) widget(ref pdf.Ref, d pdf.Dict) (*widget, error) {
	w := &widget{dict: d, field: fl.fields[ref]}
	if w.field == nil || ref == (pdf.Ref{}) {
		w.field = &pdf.Field{Dict: d, Value: d["V"]}
		w.field.Type, _ = fl.file.Name(d["FT"])
		if name, err := fl.file.Resolve(d["T"]); err == nil {
			s, _ := name.(pdf.String)
			w.field.Name = s.Text()
		}
		flags, _ := fl.file.Int(d["Ff"])
		w.field.Flags = int(flags)
		if w.field.Type == "Sig" && d["V"] != nil {
			return nil, fmt.Errorf("%w: field %q", signing.ErrSigned, w.field.Name)
		}
	}
	rect, err := fl.file.Rect(d["Rect"])
	if err != nil {
		return nil, &Error{w.field.Name, err}
	}
	w.rect = rect
	return w, nil
}

// appearance returns what shows a widget; a zero form when nothing does.
func (fl *flattener) appearance(w *widget) (placed, error) {
	flags, _ := fl.file.Int(w.dict["F"])
	if flags&(flagHidden|flagNoView) != 0 || !fl.layers.Shown(w.dict["OC"]) ||
		w.rect[2] <= w.rect[0] || w.rect[3] <= w.rect[1] {
		return placed{}, nil
	}
	stream, err := fl.normal(w)
	if err != nil {
		return placed{}, err
	}
	draw, err := fl.mustDraw(w, stream)
	if err != nil {
		return placed{}, err
	}
	if draw {
		return fl.draw(w)
	}
	if stream == nil {
		return placed{}, nil
	}
	box, err := fl.file.Rect(stream.Dict["BBox"])
	if err != nil {
		return placed{}, err
	}
	at, ok := fit(box, fl.matrix(stream.Dict["Matrix"]), w.rect)
	if !ok {
		return placed{}, nil
	}
	form, err := fl.formOf(stream)
	return placed{form, at}, err
}

// normal is the normal appearance in the widget's state, nil when there is none.
func (fl *flattener) normal(w *widget) (*pdf.Stream, error) {
	ap, err := fl.file.Dict(w.dict["AP"])
	if err != nil {
		return nil, err
	}
	n, err := fl.file.Resolve(ap["N"])
	if err != nil {
		return nil, err
	}
	if states, ok := n.(pdf.Dict); ok {
		if n, err = fl.file.Resolve(states[fl.state(w)]); err != nil {
			return nil, err
		}
	}
	s, _ := n.(*pdf.Stream)
	return s, nil
}

// state is the appearance state of a button.
func (fl *flattener) state(w *widget) pdf.Name {
	for _, o := range []pdf.Object{w.dict["AS"], w.field.Value} {
		if name, err := fl.file.Name(o); err == nil {
			return name
		}
	}
	return "Off"
}

// formOf returns a form XObject of an appearance stream: itself, or a copy with what
// viewers add where it is missing.
func (fl *flattener) formOf(s *pdf.Stream) (pdf.Ref, error) {
	if s.Dict["Subtype"] == pdf.Name("Form") && s.Dict["Resources"] != nil {
		return s.Ref(), nil
	}
	raw, err := fl.file.Raw(s)
	if err != nil {
		return pdf.Ref{}, err
	}
	if raw.Size() > maxContent {
		return pdf.Ref{}, fmt.Errorf("%w: appearance of %d bytes", signing.ErrResourceLimit, raw.Size())
	}
	data, err := io.ReadAll(raw)
	if err != nil {
		return pdf.Ref{}, err
	}
	d := maps.Clone(s.Dict)
	d["Type"], d["Subtype"] = pdf.Name("XObject"), pdf.Name("Form")
	if d["Resources"] == nil && fl.form["DR"] != nil {
		d["Resources"] = fl.form["DR"]
	}
	return fl.update.AddStream(d, data, false), nil
}

func (fl *flattener) matrix(o pdf.Object) text.Matrix {
	m := text.Matrix{1, 0, 0, 1, 0, 0}
	a, err := fl.file.Array(o)
	if err != nil || len(a) != len(m) {
		return m
	}
	for i := range a {
		v, err := fl.file.Number(a[i])
		if err != nil {
			return text.Matrix{1, 0, 0, 1, 0, 0}
		}
		m[i] = v
	}
	return m
}

// fit is the matrix that puts an appearance into a rectangle (12.5.5, algorithm
// 8.1): the box around its transformed BBox is scaled and moved to be the rectangle.
func fit(box [4]float64, m text.Matrix, rect [4]float64) (text.Matrix, bool) {
	x1, y1, x2, y2 := math.Inf(1), math.Inf(1), math.Inf(-1), math.Inf(-1)
	for _, c := range [4][2]float64{{box[0], box[1]}, {box[2], box[1]}, {box[0], box[3]}, {box[2], box[3]}} {
		x, y := m.Apply(c[0], c[1])
		x1, x2, y1, y2 = min(x1, x), max(x2, x), min(y1, y), max(y2, y)
	}
	if !(x2-x1 > 1e-6) || !(y2-y1 > 1e-6) {
		return text.Matrix{}, false
	}
	sx, sy := (rect[2]-rect[0])/(x2-x1), (rect[3]-rect[1])/(y2-y1)
	return text.Matrix{sx, 0, 0, sy, rect[0] - sx*x1, rect[1] - sy*y1}, true
}

// operands writes numbers for a content stream.
func operands(v ...float64) string {
	var b strings.Builder
	for i, n := range v {
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(strconv.FormatFloat(math.Round(n*1e6)/1e6, 'f', -1, 64))
	}
	return b.String()
}
