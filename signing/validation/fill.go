package validation

import (
	"slices"

	"congvan/signing/pdf"
)

// existingField judges a field that was there before, with its widgets.
func (s *step) existingField(old, new *pdf.Field) error {
	if old.Type == "Sig" {
		return s.existingSignature(old, new)
	}
	allowed := permission(ChangeFieldFilled)
	filled, drawn := false, false
	said := !pdf.Equal(old.Value, new.Value)
	for _, p := range pairs(old, new) {
		if !s.fill(new.Name, p, allowed) {
			continue
		}
		filled = s.clear(p.num) || filled
		said = said || !pdf.Equal(p.old["AS"], p.new["AS"]) || s.changed[refNum(p.new["V"])]
		drawn = s.appearance(p) || drawn
	}
	if drawn && !said {
		s.forbidField(new.Name, "it looks different but says the same")
	}
	if filled {
		s.note(change{code: ChangeFieldFilled, field: new.Name, locked: allowed.Locked})
	}
	return nil
}

// pair is one dictionary of a field, the field's own or a widget's, before and after.
type pair struct {
	num      int
	old, new pdf.Dict
}

func pairs(old, new *pdf.Field) []pair {
	out := []pair{{new.Ref.Num, old.Dict, new.Dict}}
	for _, w := range new.Widgets {
		if w.Ref.Num == 0 || w.Ref == new.Ref {
			continue
		}
		i := slices.IndexFunc(old.Widgets, func(o pdf.Widget) bool { return o.Ref == w.Ref })
		if i >= 0 { // one that came new shows as a changed /Kids
			out = append(out, pair{w.Ref.Num, old.Widgets[i].Dict, w.Dict})
		}
	}
	return out
}

// fill checks the keys of one dictionary of a filled field.
func (s *step) fill(name string, p pair, allowed Permission) bool {
	ok := true
	refuse := func(format string, args ...any) {
		s.forbidField(name, format, args...)
		ok = false
	}
	for _, k := range diffKeys(p.old, p.new) {
		v := p.new[k]
		if k == "Type" && p.old[k] == nil && v == pdf.Name("Annot") {
			continue // said at last what a widget is
		}
		if !slices.Contains(allowed.Keys, k) {
			refuse("/%s was changed", k)
			continue
		}
		switch k {
		case "V", "I", "M":
			if r, isRef := v.(pdf.Ref); isRef && !s.fresh[r.Num] {
				refuse("/%s points at an existing object", k)
			}
			if v == nil {
				refuse("/%s was removed", k)
			}
		case "Ff":
			was, _ := p.old[k].(int64)
			is, _ := v.(int64)
			if is != was|1 {
				refuse("/Ff went from %d to %d", was, is)
			}
		case "F":
			was, _ := p.old[k].(int64)
			is, _ := v.(int64)
			const hiding = flagInvisible | flagHidden | flagNoView | flagToggleNoView
			if is&hiding != was&hiding {
				refuse("/F went from %d to %d", was, is)
			}
		case "AS":
			if _, isName := v.(pdf.Name); !isName {
				refuse("/AS is no name")
			}
		}
	}
	return ok
}

// appearance clears the appearance streams of a widget that were overwritten and
// tells whether it looks different now. What it looked like must be the widget's own.
func (s *step) appearance(p pair) (any bool) {
	defer func() {
		if r := refNum(p.old["AP"]); r != 0 && any {
			s.owners[r] = group{p.num: true}
		}
	}()
	any = !pdf.Equal(p.old["AP"], p.new["AP"])
	if len(s.changed) == 0 {
		return any
	}
	by := group{p.num: true}
	clear := func(o pdf.Object) {
		r, _ := o.(pdf.Ref)
		if s.changed[r.Num] && isForm(s.old, r) && isForm(s.new, r) {
			s.own(r.Num, by)
			any = true
		}
	}
	ap, err := s.new.Dict(p.new["AP"])
	if err != nil {
		return any
	}
	if r := refNum(p.new["AP"]); r != 0 {
		by[r] = true
		if s.changed[r] && r == refNum(p.old["AP"]) {
			s.own(r, group{p.num: true})
			any = true
		}
	}
	for _, k := range []pdf.Name{"N", "R", "D"} {
		clear(ap[k])
		by[refNum(ap[k])] = true
		state, _ := s.new.Resolve(ap[k])
		states, _ := state.(pdf.Dict)
		for _, v := range states {
			clear(v)
		}
	}
	return any
}

func isForm(f *pdf.File, r pdf.Ref) bool {
	o, err := f.Get(r)
	s, ok := o.(*pdf.Stream)
	return err == nil && ok && s.Dict["Subtype"] == pdf.Name("Form")
}

// existingSignature judges a signature field that was there before: an empty one
// may be signed, a signed one stays as it is.
func (s *step) existingSignature(old, new *pdf.Field) error {
	code, visible, err := s.signatureKind(new)
	if err != nil {
		return err
	}
	if code == ChangeSignatureAdded {
		code = ChangeSignatureFilled
	}
	allowed := permission(ChangeSignatureFilled)
	touched := false
	for _, p := range pairs(old, new) {
		if !s.changed[p.num] {
			continue
		}
		touched = true
		if old.Value != nil {
			s.forbidField(new.Name, "a signature that was there was changed")
			s.clear(p.num)
			continue
		}
		if s.fill(new.Name, p, allowed) {
			s.clear(p.num)
		}
		s.appearance(p)
	}
	if !touched || old.Value != nil {
		return nil
	}
	if new.Value == nil {
		s.forbidField(new.Name, "an empty signature field was changed")
		return nil
	}
	s.note(change{code: code, field: new.Name, locked: allowed.Locked && visible})
	return nil
}
