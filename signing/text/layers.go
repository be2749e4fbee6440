package text

import (
	"congvan/signing/pdf"
)

// Layers tells which optional content of a file is shown when it is opened (ISO
// 32000-2 8.11). The zero value shows everything.
type Layers struct {
	file   *pdf.File
	groups map[pdf.Ref]bool // every group of the catalog: shown by default?
	base   bool
}

// ReadLayers reads the default configuration of the optional-content groups. Its
// error is that of an exhausted budget; what is malformed counts as absent.
func ReadLayers(f *pdf.File) (*Layers, error) {
	root, err := f.Root()
	if err != nil {
		return nil, err
	}
	l := &Layers{file: f, base: true, groups: map[pdf.Ref]bool{}}
	props := l.dict(root["OCProperties"])
	config := l.dict(props["D"])
	if l.resolve(config["BaseState"]) == pdf.Name("OFF") {
		l.base = false
	}
	l.set(props["OCGs"], l.base)
	l.set(config["ON"], true)
	l.set(config["OFF"], false)
	l.automatic(config["AS"])
	return l, nil
}

// automatic applies the states that viewers set by themselves when they show a file
// (8.11.4.4).
func (l *Layers) automatic(o pdf.Object) {
	usages, _ := l.resolve(o).(pdf.Array)
	for _, o := range usages {
		usage := l.dict(o)
		if l.resolve(usage["Event"]) != pdf.Name("View") {
			continue
		}
		members, _ := l.resolve(usage["OCGs"]).(pdf.Array)
		for _, m := range members {
			view := l.dict(l.dict(l.dict(m)["Usage"])["View"])
			if state, ok := l.resolve(view["ViewState"]).(pdf.Name); ok {
				l.set(pdf.Array{m}, state != "OFF")
			}
		}
	}
}

func (l *Layers) resolve(o pdf.Object) pdf.Object {
	v, _ := l.file.Resolve(o)
	return v
}

func (l *Layers) dict(o pdf.Object) pdf.Dict {
	d, _ := l.resolve(o).(pdf.Dict)
	return d
}

func (l *Layers) set(list pdf.Object, shown bool) {
	a, _ := l.resolve(list).(pdf.Array)
	for _, o := range a {
		if ref, ok := o.(pdf.Ref); ok {
			l.groups[ref] = shown
		}
	}
}

// Any reports whether the file has optional content at all.
func (l *Layers) Any() bool { return len(l.groups) > 0 }

// Shown reports whether content marked with o, a group or a membership dictionary,
// is shown when the file is opened. Visibility expressions are not evaluated: such
// content counts as hidden when any of its groups is.
func (l *Layers) Shown(o pdf.Object) bool {
	if ref, ok := o.(pdf.Ref); ok {
		if shown, ok := l.groups[ref]; ok {
			return shown
		}
	}
	d := l.dict(o)
	if l.resolve(d["Type"]) != pdf.Name("OCMD") {
		return true
	}
	members := l.members(d["OCGs"])
	on := 0
	for _, m := range members {
		if l.groups[m] {
			on++
		}
	}
	if d["VE"] != nil || len(members) == 0 {
		return on == len(members)
	}
	switch l.resolve(d["P"]) {
	case pdf.Name("AllOn"):
		return on == len(members)
	case pdf.Name("AnyOff"):
		return on < len(members)
	case pdf.Name("AllOff"):
		return on == 0
	}
	return on > 0
}

func (l *Layers) members(o pdf.Object) []pdf.Ref {
	var refs []pdf.Ref
	add := func(o pdf.Object) {
		if ref, ok := o.(pdf.Ref); ok {
			if _, known := l.groups[ref]; known {
				refs = append(refs, ref)
			}
		}
	}
	add(o)
	if a, ok := l.resolve(o).(pdf.Array); ok {
		for _, e := range a {
			add(e)
		}
	}
	return refs
}
