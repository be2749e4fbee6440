package validation

import (
	"slices"

	"congvan/signing/pdf"
)

// pages lets pages gain the widgets of new signature fields, and nothing else.
func (s *step) pages() error {
	if len(s.widgets) == 0 {
		return nil
	}
	placed := map[int]bool{}
	for _, num := range sorted(s.changed) {
		r := s.current(num)
		a, err := s.old.Get(r)
		if fatal(err) {
			return err
		}
		b, err2 := s.new.Get(r)
		if fatal(err2) {
			return err2
		}
		x, _ := a.(pdf.Dict)
		y, _ := b.(pdf.Dict)
		if x["Type"] != pdf.Name("Page") {
			continue
		}
		keys := diffKeys(x, y)
		if len(keys) != 1 || !slices.Contains(permission(ChangeAnnotations).Keys, keys[0]) {
			continue
		}
		if err := s.annotations(x["Annots"], y["Annots"], placed); err != nil {
			return err
		}
		s.clear(num)
	}
	return s.annotationArrays(placed)
}

func (s *step) current(num int) pdf.Ref {
	e, _ := s.new.Entry(num)
	return pdf.Ref{Num: num, Gen: e.Gen}
}

func (s *step) annotations(a, b pdf.Object, placed map[int]bool) error {
	x, err := s.old.Array(a)
	if err != nil {
		return err
	}
	y, err := s.new.Array(b)
	if err != nil {
		return err
	}
	added, kept := appended(x, y)
	if !kept {
		s.forbid("page: /Annots lost an annotation")
	}
	for _, o := range added {
		n := refNum(o)
		if s.widgets[n] == "" || placed[n] {
			s.forbid("page: /Annots gained what is no new signature field")
			continue
		}
		placed[n] = true
	}
	s.note(change{code: ChangeAnnotations})
	return nil
}

// annotationArrays does the same for pages that keep /Annots in an object of its
// own, which is then all that changed.
func (s *step) annotationArrays(placed map[int]bool) error {
	arrays := false
	for num := range s.changed {
		o, err := s.old.Get(s.current(num))
		if fatal(err) {
			return err
		}
		_, isArray := o.(pdf.Array)
		arrays = arrays || isArray
	}
	if !arrays {
		return nil
	}
	return s.old.EachPage(func(_ int, ref pdf.Ref, page pdf.Dict) (bool, error) {
		n := refNum(page["Annots"])
		if !s.changed[n] {
			return true, nil
		}
		s.own(n, group{ref.Num: true})
		return true, s.annotations(page["Annots"], page["Annots"], placed)
	})
}

// longTerm lets the document security store grow (ISO 32000-2, 12.8.4.3). It holds
// nothing that is shown, and its members are checked for their types so that they
// cannot play a second part elsewhere.
func (s *step) longTerm(a, b pdf.Object) error {
	if b == nil {
		if a != nil {
			s.forbid("catalog: /DSS was removed")
		}
		return nil
	}
	by := s.catalogs()
	d, err := s.new.Dict(b)
	if err != nil {
		return err
	}
	if n := refNum(b); n != 0 && n != refNum(a) && !s.fresh[n] {
		s.forbid("catalog: /DSS points at an existing object")
	}
	was, err := s.old.Dict(a)
	if err != nil {
		return err
	}
	for _, k := range sorted(was) {
		if d[k] == nil && k != "Type" {
			s.forbid("document security store: /%s was removed", k)
		}
	}
	allowed := permission(ChangeLongTerm)
	before := len(s.owners)
	take := func(o pdf.Object) {
		n := refNum(o)
		by[n] = true
		s.own(n, by)
	}
	streams := func(o pdf.Object) error {
		take(o)
		list, err := s.new.Array(o)
		if err != nil {
			return err
		}
		for _, item := range list {
			v, err := s.new.Resolve(item)
			if fatal(err) {
				return err
			}
			if _, ok := v.(*pdf.Stream); !ok && err == nil {
				s.forbid("document security store holds what is no stream")
			}
		}
		return nil
	}
	take(b)
	for _, k := range sorted(d) {
		v := d[k]
		switch {
		case !slices.Contains(allowed.Keys, k):
			s.forbid("document security store with /%s", k)
		case k == "VRI":
			take(v)
			if err := s.related(v, take, streams); err != nil {
				return err
			}
		case k != "Type":
			if err := streams(v); err != nil {
				return err
			}
		}
	}
	if len(s.owners) > before || !pdf.Equal(a, b) {
		s.note(change{code: ChangeLongTerm})
	}
	return nil
}

// related walks validation-related information: one dictionary per signature.
func (s *step) related(o pdf.Object, take func(pdf.Object), streams func(pdf.Object) error) error {
	vri, err := s.new.Dict(o)
	if err != nil {
		return err
	}
	for _, k := range sorted(vri) {
		v := vri[k]
		if k == "Type" {
			continue
		}
		take(v)
		entry, err := s.new.Dict(v)
		if err != nil {
			return err
		}
		for _, k := range sorted(entry) {
			list := entry[k]
			switch k {
			case "Cert", "OCSP", "CRL":
				if err := streams(list); err != nil {
					return err
				}
			case "Type", "TU", "TS":
			default:
				s.forbid("validation-related information with /%s", k)
			}
		}
	}
	return nil
}
