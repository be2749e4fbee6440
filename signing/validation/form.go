package validation

import (
	"bytes"
	"slices"

	"congvan/signing"
	"congvan/signing/pdf"
)

// form compares the interactive forms.
func (s *step) form(a, b pdf.Object) error {
	x, err := s.old.Dict(a)
	if err != nil {
		return err
	}
	y, err := s.new.Dict(b)
	if err != nil {
		return err
	}
	if x == nil && y == nil {
		return nil
	}
	if y == nil {
		s.forbid("the interactive form was removed")
		return nil
	}
	holder := s.new.RootRef().Num
	if n := refNum(b); n != 0 {
		holder = n
		if refNum(a) == n {
			s.own(n, s.catalogs())
		} else if !s.fresh[n] {
			s.forbid("catalog: /AcroForm points at another object")
		}
	}
	if keys := diffKeys(x, y); len(keys) > 0 && s.onlyKeys("interactive form", x, y, permission(ChangeForm)) {
		s.note(change{code: ChangeForm})
		s.formFlags(x, y)
	}
	if err := s.formResources(x["DR"], y["DR"], holder); err != nil {
		return err
	}
	return s.fields(x["Fields"], y["Fields"], holder)
}

func (s *step) formFlags(x, y pdf.Dict) {
	if !pdf.Equal(x["NeedAppearances"], y["NeedAppearances"]) && y["NeedAppearances"] == true {
		s.forbid("interactive form: /NeedAppearances was set")
	}
	old, _ := x["SigFlags"].(int64)
	new, _ := y["SigFlags"].(int64)
	if new|old != new || new&^3 != old&^3 {
		s.forbid("interactive form: /SigFlags went from %d to %d", old, new)
	}
	if x["DA"] != nil && !pdf.Equal(x["DA"], y["DA"]) {
		s.forbid("interactive form: /DA was changed")
	}
}

// signatureLayer is where older signers leave the look of the newest signature. Text in
// fields is drawn with fonts alone, so it shows nowhere else.
const signatureLayer pdf.Name = "FRM"

// formResources lets default resources gain names. Their dictionaries must be the
// form's own: shared with a page, a new name could fill a gap in its content.
func (s *step) formResources(a, b pdf.Object, holder int) error {
	if a == nil {
		return nil
	}
	x, err := s.old.Dict(a)
	if err != nil {
		return err
	}
	y, err := s.new.Dict(b)
	if err != nil {
		return err
	}
	by := group{holder: true}
	dr := refNum(b)
	by[dr] = true
	if s.own(dr, group{holder: true}) {
		s.note(change{code: ChangeForm})
	}
	for _, category := range sorted(x) {
		v, w := x[category], y[category]
		if pdf.Equal(v, w) && !s.changed[refNum(v)] {
			continue
		}
		names, err := s.old.Resolve(v)
		if err != nil {
			return err
		}
		more, err := s.new.Resolve(w)
		if err != nil {
			return err
		}
		old, ok1 := names.(pdf.Dict)
		new, ok2 := more.(pdf.Dict)
		if !ok1 || !ok2 {
			if category != "ProcSet" {
				s.forbid("interactive form: resources /%s were changed", category)
			}
			continue
		}
		for _, k := range sorted(old) {
			o := old[k]
			if pdf.Equal(o, new[k]) || category == "XObject" && k == signatureLayer && s.fresh[refNum(new[k])] {
				continue
			}
			s.forbid("interactive form: resource /%s /%s was changed", category, k)
		}
		if n := refNum(w); n == refNum(v) && s.own(n, by) {
			s.note(change{code: ChangeForm})
		}
	}
	return nil
}

// fields compares the field trees: nothing may vanish, new fields must be
// signatures, and values change by the rules of fill.go.
func (s *step) fields(a, b pdf.Object, holder int) error {
	x, err := s.old.Array(a)
	if err != nil {
		return err
	}
	y, err := s.new.Array(b)
	if err != nil {
		return err
	}
	if n := refNum(b); n == refNum(a) && s.own(n, group{holder: true}) {
		s.note(change{code: ChangeForm})
	}
	s.grown("interactive form: /Fields", x, y)
	before, err := s.old.Fields()
	if err != nil {
		return err
	}
	after, err := s.new.Fields()
	if err != nil {
		return err
	}
	known := make(map[int]*pdf.Field, len(before))
	for i := range before {
		known[before[i].Ref.Num] = &before[i]
	}
	names := map[string]int{}
	for i := range after {
		names[after[i].Name]++
	}
	for i := range after {
		f := &after[i]
		if s.isNew(f) {
			if names[f.Name] > 1 {
				s.forbidField(f.Name, "another field has this name")
			}
			if err := s.newField(f); err != nil {
				return err
			}
			continue
		}
		s.parents(f.Parents)
		if f.Ref.Num == 0 {
			continue // a direct dictionary: compared with the array that holds it
		}
		old := known[f.Ref.Num]
		if old == nil || old.Name != f.Name || old.Type != f.Type {
			s.forbidField(f.Name, "the field took another place, name or type")
			continue
		}
		if err := s.existingField(old, f); err != nil {
			return err
		}
	}
	return nil
}

// grown checks that an array of fields kept its items and gained only new objects.
func (s *step) grown(what string, x, y pdf.Array) {
	added, kept := appended(x, y)
	if !kept {
		s.forbid("%s lost an item", what)
	}
	for _, o := range added {
		if !s.fresh[refNum(o)] {
			s.forbid("%s gained an item that is no new object", what)
		}
	}
}

// parents lets a node above fields gain children.
func (s *step) parents(refs []pdf.Ref) {
	for _, r := range refs {
		if !s.changed[r.Num] {
			continue
		}
		a, err := s.old.Dict(r)
		b, err2 := s.new.Dict(r)
		if err != nil || err2 != nil {
			return // stays uncleared
		}
		if keys := diffKeys(a, b); len(keys) != 1 || keys[0] != "Kids" {
			return
		}
		x, err := s.old.Array(a["Kids"])
		y, err2 := s.new.Array(b["Kids"])
		if err != nil || err2 != nil {
			return
		}
		s.clear(r.Num)
		s.grown("field: /Kids", x, y)
	}
}

func (s *step) isNew(f *pdf.Field) bool {
	return s.fresh[f.Ref.Num] || slices.ContainsFunc(f.Parents, func(r pdf.Ref) bool { return s.fresh[r.Num] })
}

// newField judges a field that this revision created.
func (s *step) newField(f *pdf.Field) error {
	created := f.Type == "Tx" && s.creates(f)
	if f.Type != "Sig" && !created {
		s.forbidField(f.Name, "a field of type %q was created", f.Type)
		return nil
	}
	code, visible, err := s.signatureKind(f)
	if err != nil {
		return err
	}
	allowed := permission(code)
	if created {
		code = changeFieldCreated
	}
	below := false // a new node above means that everything under it is new
	for _, r := range f.Parents {
		if below = below || s.fresh[r.Num]; below && !s.fresh[r.Num] {
			s.forbidField(f.Name, "an existing object was put under a new field")
		}
	}
	if !s.fresh[f.Ref.Num] {
		s.forbidField(f.Name, "an existing object became a field")
	}
	if r, ok := f.Value.(pdf.Ref); ok && !s.fresh[r.Num] {
		s.forbidField(f.Name, "the value of a new signature field is an existing object")
	}
	dicts := []pdf.Dict{f.Dict}
	for _, w := range f.Widgets {
		if !s.fresh[w.Ref.Num] {
			s.forbidField(f.Name, "the widget is no new object")
			continue
		}
		dicts = append(dicts, w.Dict)
		s.widgets[w.Ref.Num] = f.Name
	}
	for _, d := range dicts {
		for _, k := range sorted(d) {
			if !slices.Contains(allowed.Keys, k) {
				s.forbidField(f.Name, "a new signature field with /%s", k)
			}
		}
	}
	for _, d := range dicts {
		draws, err := s.draws(d["AP"])
		if err != nil {
			return err
		}
		if draws && code == ChangeSignatureField && visible {
			s.forbidField(f.Name, "an unsigned signature field shows something")
			return nil
		}
	}
	detail := ""
	if code == ChangeSignatureAdded {
		if detail, err = s.overlap(f); err != nil {
			return err
		}
	}
	s.note(change{code: code, field: f.Name, locked: allowed.Locked && visible, shown: visible, detail: detail})
	return nil
}

// creates tells whether the signing path asked for an empty text field.
func (s *step) creates(f *pdf.Field) bool {
	return s.asked != nil && f.Value == nil && slices.ContainsFunc(s.asked.Create, func(c signing.FieldSpec) bool {
		return c.Kind == signing.FieldText && c.Name == f.Name
	})
}

// signatureKind tells what a signature field that came or was filled amounts to.
func (s *step) signatureKind(f *pdf.Field) (code string, visible bool, err error) {
	for _, w := range f.Widgets {
		v, err := shows(s.new, w.Dict)
		if err != nil {
			return "", false, err
		}
		visible = visible || v
	}
	if f.Value == nil {
		return ChangeSignatureField, visible, nil
	}
	d, err := s.new.Dict(f.Value)
	if err != nil {
		return "", false, err
	}
	if !visible && d["SubFilter"] == pdf.Name(subFilterTimestamp) {
		return ChangeTimestampAdded, visible, nil
	}
	return ChangeSignatureAdded, visible, nil
}

// draws tells whether an appearance may paint: anything but a stream without
// operators other than q and Q.
func (s *step) draws(ap pdf.Object) (bool, error) {
	d, err := s.new.Dict(ap)
	if err != nil {
		return true, pass(err)
	}
	for _, o := range d {
		v, err := s.new.Resolve(o)
		if err != nil {
			return true, pass(err)
		}
		stm, ok := v.(*pdf.Stream)
		if !ok {
			return true, nil
		}
		data, err := s.new.Decode(stm, 4<<10)
		if err != nil {
			return true, nil // too much or unknown: not blank
		}
		for _, word := range bytes.Fields(data) {
			if !bytes.Equal(word, []byte("q")) && !bytes.Equal(word, []byte("Q")) {
				return true, nil
			}
		}
	}
	return false, nil
}

// Annotation flags (ISO 32000-2, Table 167).
const (
	flagInvisible    = 1 << 0
	flagHidden       = 1 << 1
	flagNoView       = 1 << 5
	flagToggleNoView = 1 << 8
)

// shows tells whether a widget can be seen.
func shows(f *pdf.File, widget pdf.Dict) (bool, error) {
	if widget["Rect"] == nil {
		return false, nil
	}
	r, err := f.Rect(widget["Rect"])
	if fatal(err) {
		return false, err
	}
	flags, _ := widget["F"].(int64)
	return err != nil || (r[2] > r[0] && r[3] > r[1] && flags&(flagHidden|flagNoView) == 0), nil
}
