package pdf

// Field is a terminal field of the interactive form with what it inherits
// (ISO 32000-2, 12.7.4).
type Field struct {
	Ref     Ref // zero when the field is a direct dictionary
	Dict    Dict
	Name    string // fully qualified
	Type    Name   // Tx, Btn, Ch, Sig or empty
	Flags   int    // Ff
	Value   Object // V as it stands: often a Ref
	Parents []Ref  // from the top
	Widgets []Widget
}

// Widget is a place where a field shows. It is the field itself when the two are
// merged.
type Widget struct {
	Ref  Ref
	Dict Dict
}

// Form is the interactive form dictionary; nil when the file has none. The
// reference is zero when the catalog holds it directly.
func (f *File) Form() (Dict, Ref, error) {
	root, err := f.Root()
	if err != nil {
		return nil, Ref{}, err
	}
	ref, _ := root["AcroForm"].(Ref)
	d, err := f.Dict(root["AcroForm"])
	return d, ref, err
}

// Fields walks the interactive form and returns its terminal fields in order. The
// slice is shared: do not change it.
func (f *File) Fields() ([]Field, error) {
	if !f.walked {
		f.fields, f.fieldsErr = f.walkFields()
		f.walked = true
	}
	return f.fields, f.fieldsErr
}

func (f *File) walkFields() ([]Field, error) {
	form, _, err := f.Form()
	if err != nil {
		return nil, err
	}
	o, err := f.Resolve(form["Fields"])
	if err != nil {
		return nil, err
	}
	kids, _ := o.(Array) // of anything else no reader makes fields
	w := fieldWalk{f: f, seen: map[Ref]bool{}}
	for _, k := range kids {
		if err := w.node(k, Field{}, 0); err != nil {
			return nil, err
		}
	}
	return w.found, nil
}

type fieldWalk struct {
	f     *File
	seen  map[Ref]bool
	found []Field
	nodes int
}

// node visits one field; above carries what it inherits.
func (w *fieldWalk) node(o Object, above Field, depth int) error {
	if depth > w.f.lim.Depth {
		return tooMuch("fields nest deeper than %d", w.f.lim.Depth)
	}
	if w.nodes++; w.nodes > w.f.lim.Fields {
		return tooMuch("more than %d form fields", w.f.lim.Fields)
	}
	ref, _ := o.(Ref)
	if ref != (Ref{}) {
		if w.seen[ref] {
			return damaged("form fields have a loop at %v", ref)
		}
		w.seen[ref] = true
	}
	d, err := w.f.Dict(o)
	if err != nil || d == nil {
		return err
	}
	field, err := w.inherit(above, ref, d)
	if err != nil {
		return err
	}
	kids, err := w.f.Array(d["Kids"])
	if err != nil {
		return err
	}
	children := false
	for _, k := range kids {
		kd, err := w.f.Dict(k)
		if err != nil {
			return err
		}
		if kd == nil {
			continue
		}
		if kd["T"] != nil || kd["Kids"] != nil {
			children = true
			down := field
			down.Parents = append(field.Parents[:len(field.Parents):len(field.Parents)], ref)
			down.Widgets = nil
			if err := w.node(k, down, depth+1); err != nil {
				return err
			}
			continue
		}
		if w.nodes++; w.nodes > w.f.lim.Fields {
			return tooMuch("more than %d form fields", w.f.lim.Fields)
		}
		kref, _ := k.(Ref)
		field.Widgets = append(field.Widgets, Widget{kref, kd})
	}
	if children && len(field.Widgets) == 0 {
		return nil
	}
	if d["Subtype"] == Name("Widget") || (len(kids) == 0 && d["Rect"] != nil) {
		field.Widgets = append(field.Widgets, Widget{ref, d})
	}
	w.found = append(w.found, field)
	return nil
}

func (w *fieldWalk) inherit(above Field, ref Ref, d Dict) (Field, error) {
	field := above
	field.Ref, field.Dict, field.Widgets = ref, d, nil
	if t, err := w.f.Resolve(d["T"]); err != nil {
		return field, err
	} else if s, ok := t.(String); ok {
		if field.Name != "" {
			field.Name += "."
		}
		field.Name += s.Text()
	}
	if d["FT"] != nil {
		t, err := w.f.Name(d["FT"])
		if err != nil {
			return field, err
		}
		field.Type = t
	}
	if d["Ff"] != nil {
		n, err := w.f.Int(d["Ff"])
		if err != nil {
			return field, err
		}
		field.Flags = int(n)
	}
	if d["V"] != nil {
		field.Value = d["V"]
	}
	return field, nil
}
