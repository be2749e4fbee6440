package flatten

import (
	"fmt"
	"strings"

	"congvan/signing/pdf"
	"congvan/signing/text"
)

// Bits of field flags (ISO 32000-2, 12.7.5).
const (
	flagMultiline  = 1 << 12
	flagPassword   = 1 << 13
	flagRadio      = 1 << 15
	flagPushButton = 1 << 16
	flagCombo      = 1 << 17
	flagComb       = 1 << 24
)

// mustDraw reports whether viewers make a widget's appearance themselves: when it has
// none, or when the form says so. A button's own appearance stays if it shows anything.
func (fl *flattener) mustDraw(w *widget, own *pdf.Stream) (bool, error) {
	kind := w.field.Type
	if kind == "Btn" && own == nil {
		// Of states that have appearances, one without shows nothing.
		ap, err := fl.file.Dict(w.dict["AP"])
		return ap["N"] == nil, err
	}
	if own == nil {
		return true, nil
	}
	if !fl.needs || kind != "Tx" && kind != "Ch" && kind != "Btn" {
		return false, nil
	}
	if kind != "Btn" {
		return true, nil
	}
	data, err := fl.file.Decode(own, maxContent)
	return err == nil && !text.Paints(data), err
}

// sketch collects the content of an appearance of w by h points.
type sketch struct {
	strings.Builder
	fl       *flattener
	field    *pdf.Field
	w, h     float64
	border   float64
	style    style
	embedded bool // the standard fonts cannot show the value
	fonts    pdf.Dict
}

// draw makes the appearance of a widget from its value, as viewers do: background,
// border, and the value in the style of its default appearance.
func (fl *flattener) draw(w *widget) (placed, error) {
	mk, err := fl.file.Dict(w.dict["MK"])
	if err != nil {
		return placed{}, err
	}
	width, height := w.rect[2]-w.rect[0], w.rect[3]-w.rect[1]
	turn, _ := fl.file.Int(mk["R"])
	at := turned(int(turn))
	if turn%180 != 0 {
		width, height = height, width
	}
	s := &sketch{fl: fl, field: w.field, w: width, h: height, fonts: pdf.Dict{}}
	if s.style, err = fl.style(w); err != nil {
		return placed{}, err
	}
	if err := s.frame(w, mk); err != nil {
		return placed{}, err
	}
	if err := s.value(w, mk); err != nil {
		return placed{}, err
	}
	if s.Len() == 0 {
		return placed{}, nil
	}
	box := [4]float64{0, 0, width, height}
	place, ok := fit(box, at, w.rect)
	if !ok {
		return placed{}, nil
	}
	form := fl.update.AddStream(pdf.Dict{
		"Type": pdf.Name("XObject"), "Subtype": pdf.Name("Form"),
		"BBox": pdf.Array{0.0, 0.0, width, height}, "Matrix": array(at),
		"Resources": pdf.Dict{"Font": s.fonts},
	}, []byte(s.String()), true)
	return placed{form, place}, nil
}

func array(m text.Matrix) pdf.Array {
	a := make(pdf.Array, len(m))
	for i, v := range m {
		a[i] = v
	}
	return a
}

// turned is the matrix of a widget whose content is turned counterclockwise (MK R);
// fit moves it to its place.
func turned(degrees int) text.Matrix {
	switch (degrees%360 + 360) % 360 {
	case 90:
		return text.Matrix{0, 1, -1, 0, 0, 0}
	case 180:
		return text.Matrix{-1, 0, 0, -1, 0, 0}
	case 270:
		return text.Matrix{0, -1, 1, 0, 0, 0}
	}
	return text.Matrix{1, 0, 0, 1, 0, 0}
}

// frame draws background and border.
func (s *sketch) frame(w *widget, mk pdf.Dict) error {
	s.border = 0
	if paint, err := s.fl.colour(mk["BG"], "g", "rg", "k"); err != nil {
		return err
	} else if paint != "" {
		fmt.Fprintf(s, "%s %s re f\n", paint, operands(0, 0, s.w, s.h))
	}
	paint, err := s.fl.colour(mk["BC"], "G", "RG", "K")
	if err != nil || paint == "" {
		return err
	}
	s.border = 1
	if bs, err := s.fl.file.Dict(w.dict["BS"]); err == nil && bs["W"] != nil {
		s.border, _ = s.fl.file.Number(bs["W"])
	}
	if b := s.border; b > 0 && b < s.w/2 && b < s.h/2 {
		fmt.Fprintf(s, "%s %s w %s re S\n", paint, operands(b), operands(b/2, b/2, s.w-b, s.h-b))
	}
	return nil
}

// colour writes a colour array with the operator of its length.
func (fl *flattener) colour(o pdf.Object, grey, rgb, cmyk string) (string, error) {
	a, err := fl.file.Array(o)
	if err != nil {
		return "", err
	}
	op := map[int]string{1: grey, 3: rgb, 4: cmyk}[len(a)]
	if op == "" {
		return "", nil
	}
	v := make([]float64, len(a))
	for i := range a {
		if v[i], err = fl.file.Number(a[i]); err != nil {
			return "", err
		}
	}
	return operands(v...) + " " + op, nil
}

// inherited finds an entry of a widget, its field, the fields above or the form.
func (fl *flattener) inherited(w *widget, key pdf.Name) (pdf.Object, error) {
	places := []pdf.Dict{w.dict, w.field.Dict}
	for i := len(w.field.Parents) - 1; i >= 0; i-- {
		d, err := fl.file.Dict(w.field.Parents[i])
		if err != nil {
			return nil, err
		}
		places = append(places, d)
	}
	for _, d := range append(places, fl.form) {
		if d[key] != nil {
			return fl.file.Resolve(d[key])
		}
	}
	return nil, nil
}

// style is how the text of a field looks.
type style struct {
	size   float64 // points; 0 lets it fit
	colour string  // operands and operator
	base   string  // standard font
	align  int     // Q: 0 left, 1 centre, 2 right
}

// style reads the default appearance string: the last font and the last colour in it.
func (fl *flattener) style(w *widget) (style, error) {
	st := style{colour: "0 g", base: "Helvetica"}
	o, err := fl.inherited(w, "DA")
	if err != nil {
		return st, err
	}
	da, _ := o.(pdf.String)
	scan := pdf.NewScanner(da, pdf.DefaultLimits())
	var args []pdf.Object
	for {
		t, err := scan.Next()
		if err != nil || t == pdf.Object(pdf.Keyword("")) || len(args) > 16 {
			break
		}
		op, ok := t.(pdf.Keyword)
		if !ok {
			args = append(args, t)
			continue
		}
		switch op {
		case "Tf":
			if len(args) == 2 {
				st.size, _ = fl.file.Number(args[1])
				name, _ := args[0].(pdf.Name)
				st.base = fl.standardFont(name)
			}
		case "g", "rg", "k":
			if c, err := fl.colour(pdf.Array(args), "g", "rg", "k"); err == nil && c != "" {
				st.colour = c
			}
		}
		args = nil
	}
	if st.size < 0 || st.size > 1000 {
		st.size = 0
	}
	q, err := fl.inherited(w, "Q")
	if n, ok := q.(int64); ok {
		st.align = int(n)
	}
	return st, err
}

// standardFont is the standard font nearest to one of the form's fonts.
func (fl *flattener) standardFont(name pdf.Name) string {
	base := string(name)
	if dr, err := fl.file.Dict(fl.form["DR"]); err == nil {
		if fonts, err := fl.file.Dict(dr["Font"]); err == nil {
			if font, err := fl.file.Dict(fonts[name]); err == nil {
				if n, err := fl.file.Name(font["BaseFont"]); err == nil {
					base = string(n)
				}
			}
		}
	}
	base = strings.ToLower(base)
	bold := strings.Contains(base, "bold")
	switch {
	case strings.Contains(base, "cour") || strings.Contains(base, "mono"):
		return "Courier"
	case strings.Contains(base, "times") || strings.Contains(base, "serif") || strings.Contains(base, "roman"):
		if bold {
			return "Times-Bold"
		}
		return "Times-Roman"
	case bold:
		return "Helvetica-Bold"
	}
	return "Helvetica"
}

// standardRef is the dictionary of a standard font, made once.
func (fl *flattener) standardRef(base string) pdf.Ref {
	ref, ok := fl.standard[base]
	if !ok {
		ref = fl.update.Add(pdf.Dict{
			"Type": pdf.Name("Font"), "Subtype": pdf.Name("Type1"), "BaseFont": pdf.Name(base), "Encoding": pdf.Name("WinAnsiEncoding"),
		})
		fl.standard[base] = ref
	}
	return ref
}
