package inspect

import (
	"errors"
	"slices"

	"congvan/signing"
	"congvan/signing/pdf"
)

// item is an object to look at; owner is the indirect object that holds it.
type item struct {
	object pdf.Object
	owner  int
}

// walk visits everything that the trailer reaches, without recursion.
func (l *look) walk() error {
	stack := []item{{l.file.Trailer(), 0}}
	for len(stack) > 0 {
		it := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		if l.nodes++; l.nodes > maxNodes || len(l.seen) > maxObjects {
			l.find("too_complex", 0)
			return nil
		}
		if l.nodes%4096 == 0 && l.ctx.Err() != nil {
			return l.ctx.Err()
		}
		if ref, ok := it.object.(pdf.Ref); ok {
			if l.seen[ref.Num] {
				continue
			}
			l.seen[ref.Num] = true
			o, err := l.file.Get(ref)
			if errors.Is(err, signing.ErrResourceLimit) {
				l.find("too_complex", ref.Num)
				return nil
			}
			if err := l.ctx.Err(); err != nil {
				return err
			}
			if err != nil {
				l.find("damaged_object", ref.Num)
				continue
			}
			if l.file.Ambiguous(ref.Num) {
				l.find("ambiguous_object", ref.Num)
			}
			it = item{o, ref.Num}
		}
		stack = l.visit(it, stack)
	}
	return l.unused()
}

// visit judges one direct object and pushes what it holds.
func (l *look) visit(it item, stack []item) []item {
	switch o := it.object.(type) {
	case pdf.Array:
		for _, e := range o {
			if holds(e) {
				stack = append(stack, item{e, it.owner})
			}
		}
	case pdf.Dict:
		l.judge(o, it.owner)
		stack = l.push(o, it.owner, stack)
	case *pdf.Stream:
		if o.Dict["F"] != nil {
			l.find("external_content", it.owner)
		}
		l.judge(o.Dict, it.owner)
		stack = l.push(o.Dict, it.owner, stack)
	}
	return stack
}

func (l *look) push(d pdf.Dict, owner int, stack []item) []item {
	for _, e := range d {
		if holds(e) {
			stack = append(stack, item{e, owner})
		}
	}
	return stack
}

// holds reports whether an object can hold others.
func holds(o pdf.Object) bool {
	switch o.(type) {
	case pdf.Array, pdf.Dict, pdf.Ref:
		return true
	}
	return false
}

// keys that say what a dictionary is for.
var keys = []struct {
	key  pdf.Name
	code string
}{
	{"JS", "javascript"}, {"XFA", "xfa"}, {"EF", "embedded_file"}, {"Collection", "embedded_file"}, {"AA", "additional_actions"},
}

// judge looks at one dictionary.
func (l *look) judge(d pdf.Dict, owner int) {
	if d["Subtype"] == pdf.Name("Widget") && !l.widgets[owner] && len(l.orphans) < maxOrphans {
		l.orphans = append(l.orphans, d)
	}
	if a := actions[l.name(d["S"])]; hasOne(d, a.needs) {
		l.find(a.code, owner)
	}
	if code := subtypes[l.name(d["Subtype"])]; code != "" {
		l.find(code, owner)
	}
	for _, k := range keys {
		if d[k.key] != nil {
			l.find(k.code, owner)
		}
	}
	if a, err := l.file.Dict(d["OpenAction"]); err == nil && a["S"] != nil && a["S"] != pdf.Name("GoTo") {
		l.find("open_action", owner)
	}
	if d["Ref"] != nil && d["Subtype"] == pdf.Name("Form") {
		l.find("external_content", owner)
	}
	if !l.layers.Shown(d["OC"]) {
		l.find("hidden_content", owner)
	}
	if props, err := l.file.Dict(d["Properties"]); err == nil {
		for _, p := range props {
			if !l.layers.Shown(p) {
				l.find("hidden_content", owner)
			}
		}
	}
}

// name is empty for what is none.
func (l *look) name(o pdf.Object) string {
	if o == nil {
		return "" // of most dictionaries: no error is made for them
	}
	n, _ := l.file.Name(o)
	return string(n)
}

func hasOne(d pdf.Dict, keys []string) bool {
	for _, k := range keys {
		if d[pdf.Name(k)] != nil {
			return true
		}
	}
	return false
}

// unused counts objects that nothing reaches, except those that a file needs without
// a reference: cross-reference and object streams, and linearization data.
func (l *look) unused() error {
	checked := 0
	numbers := l.file.Numbers()
	slices.Sort(numbers)
	for _, num := range numbers {
		if l.seen[num] {
			continue
		}
		if checked++; checked > maxUnused {
			return nil
		}
		change, _ := l.file.Entry(num)
		o, err := l.file.Get(pdf.Ref{Num: num, Gen: change.Gen})
		if err := l.ctx.Err(); err != nil {
			return err
		}
		if err == nil && o != nil && !structural(o) {
			l.find("unused_object", num)
		}
	}
	return nil
}

// strays looks for bodies of objects that no cross-reference leads to. One that doubles
// another of its revision is how a file is prepared to show something else later.
func (l *look) strays() error {
	if len(l.file.Numbers()) > maxObjects {
		l.find("too_complex", 0)
		return nil
	}
	err := l.file.Strays(func(s pdf.Stray) error {
		switch {
		case s.Doubles: // whatever it calls itself: an entry or two make any object look structural
			l.find("duplicate_object", s.Num)
		case !structural(s.Object):
			l.find("unused_object", s.Num)
		}
		return l.ctx.Err()
	})
	if errors.Is(err, signing.ErrResourceLimit) {
		l.find("too_complex", 0)
		return nil
	}
	return err
}

func structural(o pdf.Object) bool {
	switch o := o.(type) {
	case pdf.Dict:
		return o["Linearized"] != nil
	case *pdf.Stream:
		// A hint stream (Annex F.3) names where its tables begin.
		return o.Dict["Type"] == pdf.Name("XRef") || o.Dict["Type"] == pdf.Name("ObjStm") || o.Dict["S"] != nil && o.Dict["Type"] == nil
	}
	return false
}
