package validation

import (
	"slices"
	"strings"

	"congvan/signing"
	"congvan/signing/pdf"
)

// limits are what a signature allows to happen after it: the DocMDP level that is
// in force (0 for none) and its field locks (ISO 32000-2, 12.8.2.2, 12.8.2.4).
type limits struct {
	p     int
	locks []signing.Lock
}

// permits tells whether a change respects the limits.
func (l limits) permits(c change) bool {
	allowed := permission(c.code)
	if c.code == ChangeForbidden || l.p > 0 && (allowed.CertifyP > l.p || c.shown) {
		return false
	}
	return !c.locked || !slices.ContainsFunc(l.locks, func(k signing.Lock) bool { return locks(k, c.field) })
}

// locks tells whether a lock covers a field. A name covers all fields below it.
func locks(k signing.Lock, field string) bool {
	named := slices.ContainsFunc(k.Fields, func(n string) bool {
		return n == field || strings.HasPrefix(field, n+".")
	})
	switch k.Action {
	case signing.LockInclude:
		return named
	case signing.LockExclude:
		return !named
	}
	return true // All, and whatever is unknown
}

// readLimits reads the DocMDP and FieldMDP references of a signature and the /Lock
// of its field. What cannot be read locks everything.
func readLimits(view *pdf.File, s *found) (limits, error) {
	var l limits
	refs, err := view.Array(s.dict["Reference"])
	if err != nil {
		return limits{p: 1}, pass(err)
	}
	for _, o := range refs {
		d, err := view.Dict(o)
		if err != nil {
			return limits{p: 1}, pass(err)
		}
		params, err := view.Dict(d["TransformParams"])
		if err != nil {
			return limits{p: 1}, pass(err)
		}
		switch d["TransformMethod"] {
		case pdf.Name("DocMDP"):
			l.restrict(level(view, params["P"], 2))
		case pdf.Name("FieldMDP"):
			l.locks = append(l.locks, readLock(view, params))
		}
	}
	lock, err := view.Dict(s.field.Dict["Lock"])
	if err != nil {
		return limits{p: 1}, pass(err)
	}
	if lock != nil {
		l.locks = append(l.locks, readLock(view, lock))
		if lock["P"] != nil {
			l.restrict(level(view, lock["P"], 1))
		}
	}
	return l, nil
}

func (l *limits) restrict(p int) {
	if l.p == 0 || p < l.p {
		l.p = p
	}
}

func level(view *pdf.File, o pdf.Object, absent int) int {
	if o == nil {
		return absent
	}
	n, err := view.Int(o)
	if err != nil || n < 1 || n > 3 {
		return 1
	}
	return int(n)
}

func readLock(view *pdf.File, d pdf.Dict) signing.Lock {
	all := signing.Lock{Action: signing.LockAll}
	action, err := view.Name(d["Action"])
	if err != nil {
		return all
	}
	k := signing.Lock{Action: signing.LockAction(action)}
	list, err := view.Array(d["Fields"])
	if err != nil {
		return all
	}
	for _, o := range list {
		v, err := view.Resolve(o)
		name, ok := v.(pdf.String)
		if err != nil || !ok {
			return all
		}
		k.Fields = append(k.Fields, name.Text())
	}
	return k
}
