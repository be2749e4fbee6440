package pades

import (
	"fmt"
	"slices"
	"strings"

	"congvan/signing"
	"congvan/signing/pdf"
)

// locks is what the signatures in a file forbid: to fields by FieldMDP, to the whole
// file by DocMDP (ISO 32000-2, 12.8.2).
type locks struct {
	any    bool // the file is signed
	fields []signing.Lock
	docMDP int64 // P of the certification, 0 without
}

func readLocks(f *pdf.File, fm *form) (*locks, error) {
	l := &locks{}
	for _, field := range fm.fields {
		is, err := signed(f, field)
		if err != nil {
			return nil, err
		}
		if !is {
			continue
		}
		l.any = true
		sig, err := f.Dict(field.Value)
		if err != nil {
			return nil, err
		}
		references, err := f.Array(sig["Reference"])
		if err != nil {
			return nil, err
		}
		for _, r := range references {
			if err := l.add(f, r); err != nil {
				return nil, err
			}
		}
	}
	return l, nil
}

// add takes in one signature reference dictionary.
func (l *locks) add(f *pdf.File, reference pdf.Object) error {
	d, err := f.Dict(reference)
	if err != nil {
		return err
	}
	params, err := f.Dict(d["TransformParams"])
	if err != nil {
		return err
	}
	switch method, _ := f.Resolve(d["TransformMethod"]); method {
	case pdf.Name("DocMDP"):
		l.docMDP = 2
		if p, err := f.Int(params["P"]); err == nil {
			l.docMDP = p
		}
	case pdf.Name("FieldMDP"):
		lock, err := readLock(f, params)
		if err != nil {
			return err
		}
		l.fields = append(l.fields, *lock)
	}
	return nil
}

// readLock reads the /Action and /Fields of a lock or of FieldMDP parameters.
func readLock(f *pdf.File, d pdf.Dict) (*signing.Lock, error) {
	action, err := f.Name(d["Action"])
	if err != nil {
		return nil, err
	}
	lock := &signing.Lock{Action: signing.LockAction(action)}
	names, err := f.Array(d["Fields"])
	if err != nil {
		return nil, err
	}
	for _, n := range names {
		o, err := f.Resolve(n)
		if err != nil {
			return nil, err
		}
		s, ok := o.(pdf.String)
		if !ok {
			return nil, fmt.Errorf("%w: a lock names a field by something that is no string", signing.ErrTruncated)
		}
		lock.Fields = append(lock.Fields, s.Text())
	}
	return lock, nil
}

// covers tells whether a lock holds a field: by its own name or by that of a parent.
// An unknown action holds every field.
func covers(l signing.Lock, name string) bool {
	named := slices.ContainsFunc(l.Fields, func(f string) bool { return name == f || strings.HasPrefix(name, f+".") })
	switch l.Action {
	case signing.LockInclude:
		return named
	case signing.LockExclude:
		return !named
	}
	return true
}

// forbid is signing.ErrLocked when a signature in the file holds the field.
func (l *locks) forbid(name string) error {
	if slices.ContainsFunc(l.fields, func(k signing.Lock) bool { return covers(k, name) }) {
		return signing.ErrLocked
	}
	return nil
}

// shown is signing.ErrLocked for a new field that shows on the page of a certified
// file, whatever the level: validators take it for the sneaky signature attack.
func (l *locks) shown() error {
	if l.docMDP == 0 {
		return nil
	}
	return fmt.Errorf("%w: the file is certified; fill a field that it has, or sign without a look", signing.ErrLocked)
}

// lockDict writes a signature field lock (12.7.5.5).
func lockDict(l *signing.Lock) (pdf.Dict, error) {
	d, err := lockParams(l)
	if err != nil {
		return nil, err
	}
	d["Type"] = pdf.Name("SigFieldLock")
	return d, nil
}

// lockParams writes what a lock and FieldMDP parameters have in common.
func lockParams(l *signing.Lock) (pdf.Dict, error) {
	d := pdf.Dict{"Action": pdf.Name(l.Action)}
	switch l.Action {
	case signing.LockAll:
		return d, nil
	case signing.LockInclude, signing.LockExclude:
		names := make(pdf.Array, len(l.Fields))
		for i, n := range l.Fields {
			names[i] = pdf.TextString(n)
		}
		d["Fields"] = names
		return d, nil
	}
	return nil, fmt.Errorf("pades: unknown lock action %q", l.Action)
}
