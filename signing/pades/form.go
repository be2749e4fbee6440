package pades

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"congvan/signing"
	"congvan/signing/pdf"
)

// form is the interactive form of a file (ISO 32000-2, 12.7.3) while it is changed.
type form struct {
	dict    pdf.Dict // a copy that may be changed
	ref     pdf.Ref  // zero: direct in the catalog, or missing
	missing bool
	fields  []pdf.Field
	added   pdf.Array // new fields
	changed bool      // dict differs from the file's
}

func readForm(f *pdf.File) (*form, error) {
	d, ref, err := f.Form()
	if err != nil {
		return nil, err
	}
	fields, err := f.Fields()
	if err != nil {
		return nil, err
	}
	fm := &form{dict: maps.Clone(d), ref: ref, missing: d == nil, fields: fields}
	if d == nil {
		fm.dict, fm.ref = pdf.Dict{}, pdf.Ref{}
	}
	return fm, nil
}

// set changes an entry of the form dictionary where it differs.
func (f *form) set(key pdf.Name, value pdf.Object) {
	f.dict[key] = value
	f.changed = true
}

// find returns the field of a fully qualified name. Two fields of one name are one
// field to the standard and two to its readers: they are refused.
func (f *form) find(name string) (*pdf.Field, error) {
	var found *pdf.Field
	for i := range f.fields {
		if f.fields[i].Name != name {
			continue
		}
		if found != nil {
			return nil, fmt.Errorf("%w: it stands in the form twice", signing.ErrFieldExists)
		}
		found = &f.fields[i]
	}
	return found, nil
}

// free tells whether a new field may take a name: no field has it, nor does any use
// it as the name of a parent.
func (f *form) free(name string) error {
	if name == "" || strings.Contains(name, ".") {
		return fmt.Errorf("pades: %q cannot name a new field: it is empty or has a full stop", name)
	}
	taken := func(d pdf.Field) bool { return d.Name == name || strings.HasPrefix(d.Name, name+".") }
	if slices.ContainsFunc(f.fields, taken) {
		return signing.ErrFieldExists
	}
	return nil
}

// signed tells whether a field is a signature field with a value.
func signed(f *pdf.File, d pdf.Field) (bool, error) {
	if d.Type != "Sig" {
		return false, nil
	}
	v, err := f.Resolve(d.Value)
	return v != nil, err
}

// writeForm puts the changed form, and the new fields, into the update, each object
// where the file has it.
func (u *update) writeForm() error {
	f := u.form
	if flags, err := u.file.Int(f.dict["SigFlags"]); err != nil || flags&3 != 3 {
		f.set("SigFlags", flags|3) // signatures exist, append only
	}
	if needs, err := u.file.Resolve(f.dict["NeedAppearances"]); err == nil && needs == true && !u.locks.any {
		// Some viewers hide the signature while this is set. After the first
		// signature it must stay as it was signed.
		f.set("NeedAppearances", false)
	}
	if err := u.appendTo(f.dict, "Fields", f.added, &f.changed); err != nil {
		return err
	}
	if !f.changed {
		return nil
	}
	if f.ref != (pdf.Ref{}) {
		u.Set(f.ref, f.dict)
		return nil
	}
	root, err := u.root()
	if err != nil {
		return err
	}
	root["AcroForm"] = f.dict
	if f.missing {
		root["AcroForm"] = u.Add(f.dict)
	}
	u.Set(u.file.RootRef(), root)
	return nil
}

// root returns a copy of the catalog as the update has it.
func (u *update) root() (pdf.Dict, error) { return u.copyOf(u.file.RootRef()) }

// copyOf returns a copy of a dictionary object as the update has it.
func (u *update) copyOf(ref pdf.Ref) (pdf.Dict, error) {
	o, err := u.Get(ref)
	if err != nil {
		return nil, err
	}
	d, ok := o.(pdf.Dict)
	if !ok {
		return nil, fmt.Errorf("%w: object %d is not a dictionary", signing.ErrTruncated, ref.Num)
	}
	return maps.Clone(d), nil
}

// appendTo adds items to the array d[key], which may be missing, direct or an object
// of its own; only in the last case d itself stays as it is and changed is not set.
func (u *update) appendTo(d pdf.Dict, key pdf.Name, items pdf.Array, changed *bool) error {
	if len(items) == 0 {
		return nil
	}
	var at pdf.Ref
	o := d[key]
	for range 16 {
		ref, ok := o.(pdf.Ref)
		if !ok {
			break
		}
		var err error
		at = ref
		if o, err = u.Get(ref); err != nil {
			return err
		}
	}
	old, ok := o.(pdf.Array)
	if !ok && o != nil {
		return fmt.Errorf("%w: /%s is not an array", signing.ErrTruncated, key)
	}
	grown := slices.Concat(old, items)
	if ok && at != (pdf.Ref{}) {
		u.Set(at, grown)
		return nil
	}
	d[key] = grown
	*changed = true
	return nil
}

// annotate adds a widget to its page.
func (u *update) annotate(p *page, widget pdf.Ref) error {
	d, err := u.copyOf(p.ref)
	if err != nil {
		return err
	}
	changed := false
	if err := u.appendTo(d, "Annots", pdf.Array{widget}, &changed); err != nil {
		return err
	}
	if changed {
		u.Set(p.ref, d)
	}
	return nil
}

// child returns a copy of the dictionary d[key], empty when missing, and what puts it
// back once it is changed. That answers whether d itself changed: it does not when
// the file has the child as an object of its own.
func (u *update) child(d pdf.Dict, key pdf.Name) (child pdf.Dict, put func() bool, err error) {
	o := d[key]
	if ref, ok := o.(pdf.Ref); ok {
		if o, err = u.Get(ref); err != nil {
			return nil, nil, err
		}
		if o != nil {
			child, err = u.copyOf(ref)
			return child, func() bool { u.Set(ref, child); return false }, err
		}
	}
	old, ok := o.(pdf.Dict)
	if !ok && o != nil {
		return nil, nil, fmt.Errorf("%w: /%s is not a dictionary", signing.ErrTruncated, key)
	}
	if child = maps.Clone(old); child == nil {
		child = pdf.Dict{}
	}
	return child, func() bool { d[key] = child; return true }, nil
}
